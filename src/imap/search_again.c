/*
 * A context keeps its search's job, because its criteria are in there, read and
 * resolved; everything else of it begins anew each time, so that between two looks
 * it holds neither a snapshot nor an open folder.
 */
#include "search_again.h"

#include <stdlib.h>

#include "base/clock.h"

enum {
	/* More than these are worth asking the text index about; fewer are read. */
	FEW = 100,
};

/* Between two UIDs of a view lie those of the numbers between them. */
static void pin(struct search_key *key, const struct snapshot *view)
{
	uint32_t count = snapshot_count(view);
	size_t kept = 0;

	for (size_t i = 0; i < key->set.count; i++) {
		struct uid_range r = key->set.ranges[i];

		if (r.first == 0 || r.first > count)
			continue;
		r.last = r.last < count ? r.last : count;
		key->set.ranges[kept++] = (struct uid_range){ snapshot_uid(view, r.first),
							      snapshot_uid(view, r.last) };
	}
	key->set.count = kept;
	key->kind = SEARCH_UIDS;
}

static void pin_all(struct search_key *key, const struct snapshot *view)
{
	for (; key; key = key->next) {
		if (key->kind == SEARCH_NUMBERS)
			pin(key, view);
		else
			pin_all(key->child, view);
	}
}

void search_plan_pin(struct search_plan *p, const struct snapshot *view)
{
	pin_all(p->root, view);
}

static void forget_answers(struct search_key *key)
{
	for (; key; key = key->next) {
		key->asked = 0;
		forget_answers(key->child);
	}
}

void search_job_rest(struct search_job *j)
{
	if (j->reader)
		reader_free(j->reader);
	j->reader = NULL;
	for (size_t i = 0; i < j->body.count; i++) {
		free(j->body.keys[i]->maybe);
		j->body.keys[i]->maybe = NULL;
	}
	snapshot_drop(j->view);
	j->view = NULL;
	free(j->found);
	j->found = NULL;
	j->found_count = j->found_cap = 0;
	uid_set_release(&j->only);
}

void search_job_again(struct search_job *j, struct mailbox *m, const struct snapshot *view,
		      const struct uid_set *recent, const struct uid_set *only)
{
	search_job_rest(j);
	forget_answers(j->plan.root);
	j->view = snapshot_hold(view);
	j->reader = reader_new(m, view);
	uid_set_copy(&j->recent, recent);
	uid_set_copy(&j->only, only);
	j->partly = true;
	j->now = clock_wall();
	j->seq = 1;
	j->only_at = 0;
	j->ready = uid_set_size(only) <= FEW;
	j->prepared = 0;
	j->known = false;
	j->in_body = false;
	j->finished = false;
	j->gone = j->failed = false;
}
