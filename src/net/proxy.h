#ifndef PROXY_H
#define PROXY_H

#include <stddef.h>

#include "base/slice.h"
#include "net/address.h"

/*
 * HAProxy's PROXY protocol, versions 1 and 2 (proxy-protocol.txt): what a proxy
 * in front of us writes first, to say who its client is.  Whether the peer may
 * write one is the caller's business.  Pure; any thread.
 */

/*
 * The longest header accepted.  Version 1 is at most 107 bytes by definition;
 * version 2 promises to fit in 536 bytes without its extras (TLVs), which may
 * make it 64 KiB.  The real ones (TLS version, certificate name, unique id, a
 * cloud's endpoint id) add a few hundred; we skip them all, and do not wait for
 * more of them than this.  Whoever calls keeps at least this much unread input.
 */
enum { PROXY_HEADER_MAX = 2048 };

enum proxy_result {
	PROXY_NEED_MORE,     /* a header so far, not all of it */
	PROXY_NONE,          /* does not begin like one */
	PROXY_BAD,           /* a wrong one: close the connection */
	PROXY_DONE,
};

/*
 * Give it everything unread since the connection began, each time from the
 * first byte.  PROXY_DONE: the header was the first *used bytes; *source is the
 * client's address and port, or has len 0 when the header does not name one (a
 * health check of the proxy's own, an unknown protocol, a local socket): then
 * the connection's own peer is the client.  Otherwise *used is 0.
 */
enum proxy_result proxy_read(struct slice unread, size_t *used, struct address *source);

#endif
