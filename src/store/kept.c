/*
 * Folders that nobody has open, kept with their tables for a while.
 *
 * A client that files its mail one by one names the same folder again and again
 * and never opens it: each APPEND, STATUS and COPY would read the whole folder
 * from the index and forget it.  Kept is what the index said and nothing that the
 * disk must be asked for: every use compares the directories' times as if the
 * folder had just been read.
 *
 * The store is at rest when it has no question: then no job of the mail lane is
 * on its way, and the loop may drop what was kept for long enough.
 */
#include "base/clock.h"
#include "folder.h"
#include "watch.h"

/* As many as a client goes through in turn; memory for the messages of all (about
 * 130 bytes each); an idle daemon has nothing left of them after a minute. */
enum { KEPT_MAX = 8, KEPT_MESSAGES_MAX = 200000, KEPT_MS = 60000 };

/* While the store was not at rest. */
enum { AGAIN_MS = 1000 };

void kept_use(struct folder *f)
{
	f->used = true;
	list_remove(&f->node);
	list_append(&f->store->folders, &f->node);
}

/* With its names half wasted a table is larger than the same read again. */
static bool may_be_kept(const struct folder *f, uint64_t now)
{
	return f->loaded && !f->broken && !f->gone && now - f->used_ms < KEPT_MS &&
	       !table_is_wasteful(&f->table);
}

uint64_t kept_settle(struct store *s, uint64_t now)
{
	uint64_t messages = 0, rest = 0;
	unsigned kept = 0;
	struct list *before;

	for (struct list *node = s->folders.prev; node != &s->folders; node = before) {
		struct folder *f = container_of(node, struct folder, node);

		before = node->prev;
		if (f->used)
			f->used_ms = now;
		f->used = false;
		if (f->mailbox && !f->gone)
			continue;
		if (!may_be_kept(f, now) || kept == KEPT_MAX ||
		    messages + f->table.records.count > KEPT_MESSAGES_MAX) {
			folder_free(f);
			continue;
		}
		/* Nobody reads its events any more. */
		watch_remove(s->watch, f->wd);
		f->live = false;
		kept++;
		messages += f->table.records.count;
		rest = f->used_ms + KEPT_MS - now;
	}
	return rest;
}

static void drop_kept(struct timer *t)
{
	struct store *s = container_of(t, struct store, dropping);
	bool at_rest = list_empty(&s->questions);

	kept_again(s, at_rest ? kept_settle(s, clock_mono_ms()) : AGAIN_MS);
}

void kept_again(struct store *s, uint64_t rest)
{
	s->dropping.fire = drop_kept;
	if (rest && !timer_is_set(&s->dropping))
		timer_set(s->loop, &s->dropping, rest);
}
