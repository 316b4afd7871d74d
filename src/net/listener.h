#ifndef LISTENER_H
#define LISTENER_H

#include "net/address.h"
#include "net/loop.h"

struct service;

/* One listening socket.  Zero it, set loop, service and accepted, then open. */
struct listener {
	struct loop *loop;
	struct service *service;
	/* `fd` is non-blocking and the callee's. */
	void (*accepted)(struct service *s, int fd, const struct address *peer);

	struct address bound;            /* with the real port */
	struct watch watch;
	struct timer rest;               /* set: not accepting for a second */
	int spare;                       /* given up to take a connection when none is left */
	uint64_t complain_ms;            /* next time that the log hears of it */
};

/* False: `error` says which address and why. */
bool listener_open(struct listener *l, const struct listen_at *at,
		   char *error, size_t error_size);
void listener_close(struct listener *l);   /* harmless when not open */

enum { LISTENER_TEXT = ADDRESS_TEXT + 10 };
void listener_print(const struct address *a, char out[LISTENER_TEXT]);   /* "[::1]:25" */

#endif
