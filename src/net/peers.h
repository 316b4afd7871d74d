#ifndef PEERS_H
#define PEERS_H

#include "net/address.h"

/* How many connections each client network has open.  Loop thread. */
struct peers;
struct peer_count;

struct peers *peers_new(unsigned most);
void peers_free(struct peers *p);          /* NULL is fine */

/* NULL: the network has its share.  Else to be given back with peers_leave(). */
struct peer_count *peers_enter(struct peers *p, const struct address *peer);
void peers_leave(struct peers *p, struct peer_count *c);

#endif
