/*
 * The shape of the forest is kept as one number a node, its parent.  That makes the
 * steps of the RFC short: linking sets it, taking dummies out replaces it, merging
 * threads sets it again; and since every set of siblings is in the order of dates, one
 * sort of all messages, walked from the end, hangs each into its parent's list in the
 * right place.
 *
 * A link may not close a loop.  To look for one by walking up from each new parent is
 * quadratic in a deep thread, so it is done only when it can be: the child has
 * children, and both were joined to one tree before (`set`, which is never split again,
 * though a link may be).  Mail that is made so that it is needed all the same gets
 * WALKS_MAX steps; after them such links count as loops.
 */
#include "thread.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"

enum { WALKS_MAX = 50000000, BETWEEN_LOOKS = 256 };

struct thread_message {
	uint64_t id;
	size_t references;               /* the first of them in threader.references */
	struct slice subject;
	uint8_t reference_count;
	bool reply;
};

struct thread_node {
	uint64_t id;                     /* Message-ID; 0: none */
	uint32_t parent;
	uint32_t set;                    /* towards the set's own node */
	uint32_t children;               /* how many have it for a parent */
	uint32_t child, next;            /* lists; before them, of dates: `next` is scratch */
	uint32_t instead;                /* the dummy that took its children over */
};

void threader_init(struct threader *t, enum thread_algorithm algorithm)
{
	static const struct sort_program by_date = { .count = 1, .at = { { SORT_DATE, false } } };

	*t = (struct threader){ .algorithm = algorithm };
	t->texts = arena_new(THREAD_TEXTS_MAX);
	sorter_init(&t->by_date, &by_date);
}

void threader_release(struct threader *t)
{
	arena_free(t->texts);
	sorter_release(&t->by_date);
	free(t->messages);
	free(t->references);
	free(t->nodes);
	free(t->slots);
	free(t->roots);
	*t = (struct threader){ .texts = NULL };
}

void threader_add(struct threader *t, const struct message_info *m, const struct mime_keys *k)
{
	struct thread_message *message;

	t->too_many = t->too_many || arena_room(t->texts) < k->texts[KEYS_SUBJECT].len ||
		      t->reference_count + k->reference_count > THREAD_REFERENCES_TOTAL;
	if (t->too_many)
		return;
	if (t->count == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 64;
		t->messages = mem_grow(t->messages, t->cap, sizeof(*t->messages));
	}
	message = &t->messages[t->count++];
	*message = (struct thread_message){
		.id = k->id, .references = t->reference_count, .reply = k->reply,
		.reference_count = (uint8_t)k->reference_count,
	};
	sorter_add(&t->by_date, t->count, m, k);
	if (t->algorithm != THREAD_REFS)
		message->subject = arena_copy(t->texts, k->texts[KEYS_SUBJECT]);
	if (t->algorithm == THREAD_ORDEREDSUBJECT || !k->reference_count)
		return;
	while (t->reference_count + k->reference_count > t->reference_cap) {
		t->reference_cap = t->reference_cap ? 2 * t->reference_cap : 256;
		t->references = mem_grow(t->references, t->reference_cap, sizeof(*t->references));
	}
	memcpy(t->references + t->reference_count, k->references,
	       k->reference_count * sizeof(*k->references));
	t->reference_count += k->reference_count;
}

/* ---- Nodes ---- */

static bool is_dummy(const struct threader *t, uint32_t node)
{
	return node > t->count;
}

static const struct thread_message *message_of(const struct threader *t, uint32_t node)
{
	return &t->messages[node - 1];
}

static uint32_t add_node(struct threader *t)
{
	if (t->node_count == t->node_cap) {
		t->node_cap = 2 * t->node_cap + 1024;
		t->nodes = mem_grow(t->nodes, t->node_cap, sizeof(*t->nodes));
	}
	t->nodes[t->node_count] = (struct thread_node){ .set = t->node_count };
	return t->node_count++;
}

/* Under a key that nobody knows: the ids are made with one that everybody does. */
static uint32_t slot_of_id(const struct threader *t, uint64_t id)
{
	return (uint32_t)hash_keyed(slice_make((const char *)&id, sizeof(id))) &
	       (t->slot_count - 1);
}

static uint32_t *find_id(const struct threader *t, uint64_t id)
{
	uint32_t at = slot_of_id(t, id);

	while (t->slots[at] && t->nodes[t->slots[at]].id != id)
		at = (at + 1) & (t->slot_count - 1);
	return &t->slots[at];
}

static void new_slots(struct threader *t, uint32_t least)
{
	free(t->slots);
	for (t->slot_count = 1024; t->slot_count < 2 * least; t->slot_count *= 2)
		;
	t->slots = mem_array(t->slot_count, sizeof(*t->slots));
}

static void grow_slots(struct threader *t)
{
	new_slots(t, 2 * t->node_count);
	for (uint32_t i = 1; i < t->node_count; i++)
		if (t->nodes[i].id)
			*find_id(t, t->nodes[i].id) = i;
}

/* The node with that Message-ID; a dummy is made when there is none. */
static uint32_t node_of_id(struct threader *t, uint64_t id)
{
	uint32_t *slot = find_id(t, id), node = *slot;

	if (node)
		return node;
	node = *slot = add_node(t);
	t->nodes[node].id = id;
	if (t->node_count > t->slot_count / 2)
		grow_slots(t);
	return node;
}

/* RFC 5256 3, REFERENCES (1)(A): of messages with one ID the first has it. */
static void begin_nodes(struct threader *t)
{
	t->node_cap = t->count + t->count / 4 + 1024;
	t->nodes = mem_array(t->node_cap, sizeof(*t->nodes));
	t->node_count = 1;
	new_slots(t, t->node_cap);
	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t node = add_node(t), *slot;

		if (!t->messages[i].id || t->algorithm == THREAD_ORDEREDSUBJECT)
			continue;
		slot = find_id(t, t->messages[i].id);
		if (*slot)
			continue;
		*slot = node;
		t->nodes[node].id = t->messages[i].id;
	}
}

/* ---- (1) Links ---- */

static uint32_t set_of(struct threader *t, uint32_t node)
{
	struct thread_node *n = t->nodes;

	while (n[node].set != node) {
		n[node].set = n[n[node].set].set;
		node = n[node].set;
	}
	return node;
}

static bool would_loop(struct threader *t, uint32_t parent, uint32_t child)
{
	if (parent == child)
		return true;
	if (!t->nodes[child].children || set_of(t, parent) != set_of(t, child))
		return false;
	for (; parent; parent = t->nodes[parent].parent)
		if (parent == child || ++t->walked > WALKS_MAX)
			return true;
	return false;
}

static void unlink_node(struct threader *t, uint32_t child)
{
	if (t->nodes[child].parent)
		t->nodes[t->nodes[child].parent].children--;
	t->nodes[child].parent = 0;
}

static void link_nodes(struct threader *t, uint32_t parent, uint32_t child)
{
	if (would_loop(t, parent, child))
		return;
	t->nodes[child].parent = parent;
	t->nodes[parent].children++;
	t->nodes[set_of(t, child)].set = set_of(t, parent);
}

static void link_message(struct threader *t, uint32_t node)
{
	const struct thread_message *m = message_of(t, node);
	uint32_t last = 0;

	/* (A) */
	for (size_t i = 0; i < m->reference_count; i++) {
		uint32_t next = node_of_id(t, t->references[m->references + i]);

		if (last && !t->nodes[next].parent)
			link_nodes(t, last, next);
		last = next;
	}
	/* (B) */
	if (t->nodes[node].parent == last)
		return;
	unlink_node(t, node);
	if (last)
		link_nodes(t, last, node);
}

/* ---- (2) and (3): dummies out ---- */

/* The nearest ancestor that stays: a message, or a dummy without a parent; 0: none.
 * Dummies on the way are hung there too, so that nobody goes it again. */
static uint32_t staying_parent(struct threader *t, uint32_t node)
{
	struct thread_node *n = t->nodes;
	uint32_t stays = n[node].parent;

	while (stays && is_dummy(t, stays) && n[stays].parent)
		stays = n[stays].parent;
	for (uint32_t at = n[node].parent; at && at != stays && is_dummy(t, at);) {
		uint32_t next = n[at].parent;

		n[at].parent = stays;
		at = next;
	}
	return stays;
}

static void prune(struct threader *t)
{
	struct thread_node *n = t->nodes;

	for (uint32_t i = 1; i < t->node_count; i++)
		n[i].children = 0;
	for (uint32_t i = 1; i <= t->count; i++) {
		n[i].parent = staying_parent(t, i);
		n[n[i].parent].children++;
	}
	/* An only child takes its dummy's place under the root. */
	for (uint32_t i = 1; i <= t->count; i++)
		if (is_dummy(t, n[i].parent) && n[n[i].parent].children == 1)
			n[i].parent = 0;
}

/* ---- (4) and (6): lists in the order of dates ---- */

static void add_root(struct threader *t, uint32_t node)
{
	t->roots[t->root_count++] = node;
}

/* A dummy is where its first child is. */
static void hang_up(struct threader *t)
{
	struct thread_node *n = t->nodes;

	for (uint32_t i = 0; i < t->node_count; i++)
		n[i].child = n[i].next = 0;
	free(t->roots);
	t->roots = mem_array((size_t)t->count + 1, sizeof(*t->roots));
	t->root_count = 0;
	for (uint32_t i = t->count; i-- > 0;) {
		uint32_t node = sorter_number(&t->by_date, i), parent = n[node].parent;

		if (!parent)
			continue;
		n[node].next = n[parent].child;
		n[parent].child = node;
	}
	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t node = sorter_number(&t->by_date, i), parent = n[node].parent;

		if (!parent)
			add_root(t, node);
		else if (is_dummy(t, parent) && n[parent].child == node)
			add_root(t, parent);
	}
}

/* ---- (5) Subjects ---- */

/* Of the root, or of a dummy's first child. */
static struct slice thread_subject(const struct threader *t, uint32_t root)
{
	return message_of(t, is_dummy(t, root) ? t->nodes[root].child : root)->subject;
}

static uint32_t *find_subject(const struct threader *t, struct slice subject)
{
	uint32_t at = (uint32_t)hash_keyed(subject) & (t->slot_count - 1);

	while (t->slots[at] && !slice_equal(thread_subject(t, t->slots[at]), subject))
		at = (at + 1) & (t->slot_count - 1);
	return &t->slots[at];
}

/* (B)(iv) */
static bool is_better(const struct threader *t, uint32_t root, uint32_t than)
{
	if (is_dummy(t, than))
		return false;
	return is_dummy(t, root) || (message_of(t, than)->reply && !message_of(t, root)->reply);
}

/* (C): `root` is not the one in the table. */
static void merge_thread(struct threader *t, uint32_t root, uint32_t *slot)
{
	uint32_t first = *slot, both;

	if (is_dummy(t, root)) {         /* so both are, or it were in the table */
		t->nodes[root].instead = first;
	} else if (is_dummy(t, first) ||
		   (message_of(t, root)->reply && !message_of(t, first)->reply)) {
		t->nodes[root].parent = first;
	} else {
		both = add_node(t);
		t->nodes[root].parent = t->nodes[first].parent = both;
		/* Whose subject is that of its first child. */
		t->nodes[both].child = first;
		*slot = both;
	}
}

static void merge_subjects(struct threader *t)
{
	new_slots(t, t->root_count);
	for (uint32_t i = 0; i < t->root_count; i++) {
		struct slice subject = thread_subject(t, t->roots[i]);
		uint32_t *slot = find_subject(t, subject);

		if (subject.len && (!*slot || is_better(t, t->roots[i], *slot)))
			*slot = t->roots[i];
	}
	for (uint32_t i = 0; i < t->root_count; i++) {
		struct slice subject = thread_subject(t, t->roots[i]);
		uint32_t *slot = find_subject(t, subject);

		/* Its own dummy may be in the table by now. */
		if (subject.len && *slot != t->roots[i] && t->nodes[t->roots[i]].parent != *slot)
			merge_thread(t, t->roots[i], slot);
	}
	for (uint32_t i = 1; i <= t->count; i++) {
		uint32_t parent = t->nodes[i].parent;

		if (parent && t->nodes[parent].instead)
			t->nodes[i].parent = t->nodes[parent].instead;
	}
}

/* ---- The other algorithms ---- */

/* The first message of a subject is the parent of all others. */
static void by_subject(struct threader *t)
{
	new_slots(t, t->count);
	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t node = sorter_number(&t->by_date, i);
		uint32_t *slot = find_subject(t, message_of(t, node)->subject);

		if (*slot)
			t->nodes[node].parent = *slot;
		else
			*slot = node;
	}
}

/* The root above it, or itself; `set` remembers. */
static uint32_t root_of(struct threader *t, uint32_t node)
{
	struct thread_node *n = t->nodes;
	uint32_t root = node;

	while (n[root].set != root)
		root = n[root].set;
	while (node != root) {
		uint32_t next = n[node].set;

		n[node].set = root;
		node = next;
	}
	return root;
}

static void order_by_latest(struct threader *t)
{
	struct thread_node *n = t->nodes;
	uint32_t kept = 0;

	for (uint32_t i = 1; i < t->node_count; i++) {
		n[i].set = i <= t->count && n[i].parent ? n[i].parent : i;
		n[i].children = 0;
	}
	for (uint32_t i = 0; i < t->count; i++)
		n[root_of(t, sorter_number(&t->by_date, i))].children = i;
	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t root = root_of(t, sorter_number(&t->by_date, i));

		if (n[root].children == i)
			t->roots[kept++] = root;
	}
}

static void finish(struct threader *t)
{
	if (t->algorithm == THREAD_ORDEREDSUBJECT)
		by_subject(t);
	else
		prune(t);
	hang_up(t);
	if (t->algorithm == THREAD_REFERENCES) {
		merge_subjects(t);
		hang_up(t);
	} else if (t->algorithm == THREAD_REFS) {
		order_by_latest(t);
	}
}

bool threader_step(struct threader *t, uint64_t until)
{
	if (t->too_many)
		return true;
	if (!sorter_step(&t->by_date, until))
		return false;
	if (!t->nodes)
		begin_nodes(t);
	while (t->linked < t->count && t->algorithm != THREAD_ORDEREDSUBJECT) {
		if (t->linked % BETWEEN_LOOKS == 0 && clock_mono_ms() >= until)
			return false;
		link_message(t, ++t->linked);
		t->too_many = t->node_count > THREAD_NODES_MAX;
		if (t->too_many)
			return true;
	}
	finish(t);
	return true;
}

/* ---- Printing (RFC 5256 5: thread-list) ---- */

/* Whether it stands in parentheses of its own: all but an only child. */
static bool is_apart(const struct threader *t, uint32_t node)
{
	uint32_t parent = t->nodes[node].parent;

	return !parent || t->nodes[node].next || t->nodes[parent].child != node;
}

static void enter(struct threader *t, struct buf *out, const uint32_t *numbers)
{
	uint32_t parent = t->nodes[t->at].parent;
	bool first = parent && !is_dummy(t, parent) && t->nodes[parent].child == t->at;

	if (first)
		buf_add_byte(out, ' ');
	if (is_apart(t, t->at))
		buf_add_byte(out, '(');
	if (!is_dummy(t, t->at))
		buf_printf(out, "%lu", (unsigned long)numbers[t->at - 1]);
	if (t->nodes[t->at].child)
		t->at = t->nodes[t->at].child;
	else
		t->leaving = true;
}

static void leave(struct threader *t, struct buf *out)
{
	if (is_apart(t, t->at))
		buf_add_byte(out, ')');
	t->leaving = !t->nodes[t->at].next;
	t->at = t->nodes[t->at].next ? t->nodes[t->at].next : t->nodes[t->at].parent;
	if (!t->at)
		t->leaving = false;
}

bool threader_print(struct threader *t, struct buf *out, size_t enough, const uint32_t *numbers)
{
	while (out->len < enough) {
		if (!t->at && t->root == t->root_count)
			return true;
		if (!t->at)
			t->at = t->roots[t->root++];
		if (t->leaving)
			leave(t, out);
		else
			enter(t, out, numbers);
	}
	return !t->at && t->root == t->root_count;
}
