#ifndef HTTP_FORWARDED_H
#define HTTP_FORWARDED_H

#include "net/address.h"

struct http_head;

/*
 * Who asks: the peer, or, when that is a trusted proxy, the last address of
 * X-Forwarded-For that is not one.  What stands before it was written by a stranger.
 */
struct address http_client(const struct http_head *h, const struct address *peer,
			   const struct network_set *proxies);

#endif
