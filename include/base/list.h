#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* A circular doubly linked list whose nodes are embedded in their owners. */
struct list {
	struct list *next, *prev;
};

/* The struct that `node` is the `member` of. */
#define container_of(node, type, member) \
	((type *)(void *)((char *)(node) - offsetof(type, member)))

static inline void list_init(struct list *l) { l->next = l->prev = l; }
static inline bool list_empty(const struct list *l) { return l->next == l; }

static inline void list_append(struct list *head, struct list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

/* Afterwards the node is a list of its own: removing it again is harmless. */
static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/* Safe against removal of the current node, not of the one behind it. */
#define list_each(node, after, head) \
	for (struct list *node = (head)->next, *after = node->next; \
	     node != (head); node = after, after = node->next)

#endif
