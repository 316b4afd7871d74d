#ifndef STORE_SUBSCRIBE_H
#define STORE_SUBSCRIBE_H

#include "name.h"
#include "store/store.h"

/* Maildir/subscriptions, as Dovecot keeps it.  Blocking: the mail lane's. */
struct subscriptions {
	struct folder_name *names;
	size_t count, cap;
};

/* More than anybody has folders. */
enum { SUBSCRIPTIONS_MAX = 10000 };

/* False: these are not all (logged). */
bool subscriptions_read(struct subscriptions *s, const char *root);
void subscriptions_release(struct subscriptions *s);
bool subscriptions_have(const struct subscriptions *s, const char *name);

enum store_status subscribe_change(const char *root, const char *name, bool on);

#endif
