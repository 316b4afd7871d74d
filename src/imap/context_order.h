#ifndef IMAP_CONTEXT_ORDER_H
#define IMAP_CONTEXT_ORDER_H

#include "base/buf.h"
#include "order_run.h"
#include "session.h"

/*
 * The results of a context that a SORT began, in their order, and what changes of them
 * looks like then: positions with UIDs or numbers (RFC 5267 4.3.3, 4.3.4).
 */
struct context_order;

/* Called when context_order_sort() is done. */
typedef void context_sorted_fn(void *owner);

/* With `found` of the view, in their order. */
struct context_order *context_order_new(struct imap_session *s, const struct sort_program *program,
					const uint32_t *found, size_t count,
					context_sorted_fn *sorted, void *owner);
void context_order_free(struct context_order *o);        /* NULL is fine */

/* Hands on "pos set pos set", in pieces that are whole pairs. */
typedef void context_pairs_fn(void *owner, const char *what, struct slice pairs);

/* Takes those out that are in `go` and in the order. */
void context_order_remove(struct context_order *o, const struct uid_set *go, bool uid,
			  context_pairs_fn *fn);

/* Sorts all of `uids` that are in the session's view: on the readers lane. */
void context_order_sort(struct context_order *o, const struct uid_set *uids);
/* There is too much to be sorted, and will be. */
bool context_order_over(const struct context_order *o);
/* Then puts those of `come` in at their places among those of `stay`, which are the rest
 * of the results and keep their order. */
void context_order_insert(struct context_order *o, const struct uid_set *stay,
			  const struct uid_set *come, bool uid, context_pairs_fn *fn);

#endif
