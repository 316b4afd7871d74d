/*
 * Cheap keys first, without a planner: a tree of keys is asked three times, and
 * what would be dearer than the round answers "not known yet".  AND, OR and NOT
 * work on that as in Kleene's logic, so a message is settled in the first round in
 * which anything settles it: by the snapshot, else by its header, else by reading
 * all its texts, for all needles in one pass.
 */
#include "search_job.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "mime/date.h"
#include "mime/header.h"

enum answer { NO, YES, UNKNOWN };

/* Bodies have no round: what reading them showed is noted in their keys. */
enum round { SNAPSHOT_ROUND, HEADER_ROUND };

enum { FIELD_MAX = 8 * 1024 * 1024 };    /* a field is under 1 MiB; folding may lengthen it */

static void work(struct job *job);

struct search_job *search_job_new(void)
{
	struct search_job *j = mem_alloc(sizeof(*j));

	j->job.work = work;
	j->keep = arena_new(2 * SEARCH_PLAN_BYTES);
	j->seq = 1;
	uid_set_init(&j->recent);
	uid_set_init(&j->saved);
	buf_init(&j->field, FIELD_MAX);
	return j;
}

void search_job_free(struct search_job *j)
{
	if (!j)
		return;
	if (j->reader)
		reader_free(j->reader);
	snapshot_drop(j->view);
	uid_set_release(&j->recent);
	uid_set_release(&j->saved);
	search_body_release(&j->body);
	buf_release(&j->field);
	arena_free(j->keep);
	free(j->found);
	free(j);
}

void search_job_saved(struct search_job *j, const struct uid_set *saved)
{
	uid_set_copy(&j->saved, saved);
}

void search_job_begin(struct search_job *j, struct mailbox *m, const struct snapshot *view,
		      const struct uid_set *recent)
{
	uint32_t last = snapshot_count(view);

	j->view = snapshot_hold(view);
	j->reader = reader_new(m, view);
	uid_set_copy(&j->recent, recent);
	j->now = clock_wall();
	search_plan_resolve(&j->plan, last, last ? snapshot_uid(view, last) : 0, &j->saved);
	search_body_init(&j->body, &j->plan, j->keep);
}

/* ---- One key, one message ---- */

static bool in_order(enum search_order order, int64_t value, int64_t than)
{
	switch (order) {
	case SEARCH_LESS:
		return value < than;
	case SEARCH_EQUAL:
		return value == than;
	case SEARCH_AT_LEAST:
		return value >= than;
	case SEARCH_MORE:
		return value > than;
	}
	return false;
}

/* "Disregarding time and timezone": the day that INTERNALDATE shows. */
static int64_t day_received(int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;

	if (!localtime_r(&t, &tm))
		return 0;
	return mime_days(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

static bool has_keyword(const struct search_job *j, const struct message_info *m,
			struct slice name)
{
	const char *const *names;
	size_t count = snapshot_keywords(j->view, m->keywords, &names);

	for (size_t i = 0; i < count; i++)
		if (slice_is_nocase(name, names[i]))
			return true;
	return false;
}

static bool ask_snapshot(const struct search_job *j, const struct search_key *key)
{
	struct message_info m = snapshot_message(j->view, j->seq);
	int64_t size = m.size < INT64_MAX ? (int64_t)m.size : INT64_MAX;

	switch (key->kind) {
	case SEARCH_NUMBERS:
		return uid_set_has(&key->set, j->seq);
	case SEARCH_UIDS:
		return uid_set_has(&key->set, m.uid);
	case SEARCH_FLAG:
		return m.flags & key->flag;
	case SEARCH_RECENT:
		return uid_set_has(&j->recent, m.uid);
	case SEARCH_NEW:
		return uid_set_has(&j->recent, m.uid) && !(m.flags & MESSAGE_SEEN);
	case SEARCH_KEYWORD:
		return has_keyword(j, &m, key->name);
	case SEARCH_DATE:
		return in_order(key->order, day_received(m.received), key->days);
	case SEARCH_SAVED:
		/* Of a message that was there before the index nobody knows: RFC 8514
		 * 4.3 takes INTERNALDATE then. */
		return in_order(key->order, day_received(m.saved ? m.saved : m.received),
				key->days);
	case SEARCH_AGE:
		/* RFC 5032 2: both to the second, and both with "equal". */
		return in_order(key->order, m.received, j->now - (int64_t)key->size);
	case SEARCH_SIZE:
		return in_order(key->order, size, (int64_t)key->size);
	default:
		return true;                     /* SEARCH_ALL */
	}
}

/* A message without a date that can be read was sent on no day. */
static bool ask_sent(struct search_job *j, const struct search_key *key)
{
	int64_t day;

	return search_text_sent(reader_header(j->reader), &day) &&
	       in_order(key->order, day, key->days);
}

static bool ask_header(struct search_job *j, const struct search_key *key)
{
	struct slice rest = reader_header(j->reader);
	struct header_field field;

	while (header_next(&rest, &field)) {
		if (!slice_equal_nocase(field.name, key->name))
			continue;
		if (key->needle.len == 0)
			return true;
		buf_clear(&j->field);
		search_text_value(&j->field, field.value);
		if (j->field.len && memmem(j->field.data, j->field.len,
					   key->needle.at, key->needle.len))
			return true;
	}
	return false;
}

static enum answer ask_one(struct search_job *j, struct search_key *key, enum round round)
{
	if (key->asked != j->seq) {
		if (key->kind == SEARCH_BODY || key->kind == SEARCH_TEXT)
			return UNKNOWN;
		if (key->kind < SEARCH_SENT)
			key->answer = ask_snapshot(j, key);
		else if (round < HEADER_ROUND)
			return UNKNOWN;
		else if (key->kind == SEARCH_SENT)
			key->answer = ask_sent(j, key);
		else
			key->answer = ask_header(j, key);
		key->asked = j->seq;
	}
	return key->answer != key->negated ? YES : NO;
}

static enum answer ask(struct search_job *j, struct search_key *key, enum round round)
{
	enum answer settles = key->kind == SEARCH_AND ? NO : YES, all;

	if (key->kind == SEARCH_NOT) {
		all = ask(j, key->child, round);
		return all == UNKNOWN ? UNKNOWN : all == YES ? NO : YES;
	}
	if (key->kind != SEARCH_AND && key->kind != SEARCH_OR)
		return ask_one(j, key, round);
	all = settles == NO ? YES : NO;
	for (struct search_key *k = key->child; k; k = k->next) {
		enum answer one = ask(j, k, round);

		if (one == settles)
			return one;
		if (one == UNKNOWN)
			all = UNKNOWN;
	}
	return all;
}

/* ---- One message ---- */

static void settle(struct search_job *j, enum answer answer)
{
	j->in_body = false;
	if (answer == YES) {
		if (j->found_count == j->found_cap) {
			j->found_cap = j->found_cap ? 2 * j->found_cap : 64;
			j->found = mem_grow(j->found, j->found_cap, sizeof(*j->found));
		}
		j->found[j->found_count++] = j->seq;
	}
	j->seq++;
}

static void begin_message(struct search_job *j)
{
	enum answer answer = ask(j, j->plan.root, SNAPSHOT_ROUND);
	enum store_status st;

	if (answer != UNKNOWN) {
		settle(j, answer);
		return;
	}
	/* RFC 2180 4.3: what others expunged matches nothing. */
	st = reader_open(j->reader, snapshot_uid(j->view, j->seq));
	j->gone |= st == STORE_GONE;
	if (st == STORE_OK)
		answer = ask(j, j->plan.root, HEADER_ROUND);
	if (st != STORE_OK || answer != UNKNOWN)
		settle(j, answer == YES ? YES : NO);
	else if (search_body_begin(&j->body, j->reader, j->seq))
		j->in_body = true;
	else
		settle(j, NO);
}

static void go_on_in_body(struct search_job *j)
{
	bool more = search_body_step(&j->body);
	enum answer answer = ask(j, j->plan.root, HEADER_ROUND);

	if (answer != UNKNOWN)
		settle(j, answer);
	else if (!more)
		settle(j, NO);
}

static void work(struct job *job)
{
	struct search_job *j = container_of(job, struct search_job, job);
	uint64_t until = clock_mono_ms() + SEARCH_SLICE_MS;
	uint32_t count = snapshot_count(j->view);
	uint32_t last = j->seq + SEARCH_SLICE_MESSAGES;

	while (j->seq <= count && j->seq < last && clock_mono_ms() < until) {
		if (j->in_body)
			go_on_in_body(j);
		else
			begin_message(j);
	}
	j->finished = j->seq > count;
}
