/*
 * Cheap keys first, without a planner: a tree of keys is asked three times, and
 * what would be dearer than the round answers "not known yet".  AND, OR and NOT
 * work on that as in Kleene's logic, so a message is settled in the first round in
 * which anything settles it: by the snapshot, else by what the text index knows of it,
 * else by its header, else by reading all its texts, for all needles in one pass.
 *
 * Of each needle the text index says beforehand which messages cannot have it; so most
 * messages are settled in the first round, and only those it does not know of yet are
 * ever opened.
 */
#include "search_job.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/text.h"
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
	uid_set_init(&j->only);
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
	uid_set_release(&j->only);
	for (size_t i = 0; i < j->body.count; i++)
		free(j->body.keys[i]->maybe);
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

/* "Disregarding time and timezone": the day that INTERNALDATE shows.  No zone is two days
 * from UTC, so what is further from the day in question needs no calendar. */
static int64_t day_received(int64_t when, int64_t asked)
{
	int64_t utc = when / 86400;
	time_t t = (time_t)when;
	struct tm tm;

	if (utc < asked - 3 || utc > asked + 3)
		return utc;
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

static bool has_id(struct search_job *j, const struct search_key *key, uint32_t uid)
{
	bool thread = key->kind == SEARCH_THREADID;
	enum store_status st;
	struct object_ids ids;

	st = reader_ids(j->reader, uid, thread, &ids);
	j->failed |= st == STORE_NO_SPACE;
	return st == STORE_OK && (thread ? ids.thread : ids.email) == key->id;
}

static bool ask_snapshot(struct search_job *j, const struct search_key *key)
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
		return in_order(key->order, day_received(m.received, key->days), key->days);
	case SEARCH_SAVED:
		/* Of a message that was there before the index nobody knows: RFC 8514
		 * 4.3 takes INTERNALDATE then. */
		return in_order(key->order, day_received(m.saved ? m.saved : m.received, key->days),
				key->days);
	case SEARCH_AGE:
		/* RFC 5032 2: both to the second, and both with "equal". */
		return in_order(key->order, m.received, j->now - (int64_t)key->size);
	case SEARCH_EMAILID:
	case SEARCH_THREADID:
		return has_id(j, key, m.uid);
	case SEARCH_MODSEQ:
		return m.modseq >= key->size;
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

/* What is known of the message without opening it.  False: not this. */
static bool ask_known(struct search_job *j, struct search_key *key)
{
	int64_t day;

	if (key->kind == SEARCH_SENT) {
		if (!reader_knows(j->reader, j->seq))
			return false;
		key->answer = reader_sent(j->reader, j->seq, &day) &&
			      in_order(key->order, day, key->days);
		return true;
	}
	if (!key->maybe || key->maybe[j->seq >> 3] >> (j->seq & 7) & 1)
		return false;
	key->answer = false;
	return true;
}

static enum answer ask_one(struct search_job *j, struct search_key *key, enum round round)
{
	if (key->asked != j->seq && key->kind >= SEARCH_SENT && j->known && ask_known(j, key))
		key->asked = j->seq;
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

/* From the texts that are known, dearest last. */
static enum answer ask_texts(struct search_job *j)
{
	enum answer answer = UNKNOWN;

	if (j->any_apart && search_body_fields(&j->body, j->reader, j->seq))
		answer = ask(j, j->plan.root, SNAPSHOT_ROUND);
	if (answer == UNKNOWN && search_body_known(&j->body, j->reader, j->seq))
		answer = ask(j, j->plan.root, SNAPSHOT_ROUND);
	return answer;
}

/* On to the next message that is asked about.  False: there is none. */
static bool skip_others(struct search_job *j)
{
	uint32_t count = snapshot_count(j->view);

	for (; j->only_at < j->only.count; j->only_at++) {
		const struct uid_range *r = &j->only.ranges[j->only_at];
		uint32_t from = snapshot_seq_from(j->view, r->first);
		uint32_t seq = from > j->seq ? from : j->seq;

		if (seq <= count && snapshot_uid(j->view, seq) <= r->last) {
			j->seq = seq;
			return true;
		}
	}
	j->seq = count + 1;
	return false;
}

static void begin_message(struct search_job *j)
{
	enum answer answer;
	enum store_status st;

	if (j->partly && !skip_others(j))
		return;
	answer = ask(j, j->plan.root, SNAPSHOT_ROUND);

	j->costly = answer == UNKNOWN;
	if (answer == UNKNOWN && j->known && reader_knows(j->reader, j->seq))
		answer = ask_texts(j);
	if (answer != UNKNOWN) {
		settle(j, answer);
		return;
	}
	/* RFC 2180 4.3: what others expunged matches nothing. */
	st = reader_open(j->reader, snapshot_uid(j->view, j->seq));
	j->gone |= st == STORE_GONE;
	j->failed |= st == STORE_NO_SPACE;
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

/* ---- Before the first message ---- */

static bool asks_sent(const struct search_key *key)
{
	for (; key; key = key->next)
		if (key->kind == SEARCH_SENT || asks_sent(key->child))
			return true;
	return false;
}

/* What is known of all messages is not known at all. */
static void know_nothing(struct search_job *j)
{
	reader_forget(j->reader);
	j->known = false;
	for (size_t i = 0; i < j->body.count; i++) {
		free(j->body.keys[i]->maybe);
		j->body.keys[i]->maybe = NULL;
	}
}

/* Which messages may match the key: nothing is asked of the others. */
static bool filter(struct search_job *j, struct search_key *key)
{
	enum reader_where where = key->kind == SEARCH_BODY ? READER_IN_BODY :
				  key->kind == SEARCH_HEADER ? READER_IN_HEADER : READER_ANYWHERE;
	size_t size = (size_t)snapshot_count(j->view) / 8 + 1;
	struct buf name;
	bool ok;

	key->maybe = mem_alloc(size);
	memset(key->maybe, 0xFF, size);
	if (!reader_filter(j->reader, key->needle, where, key->maybe))
		return false;
	key->field_apart = key->kind == SEARCH_HEADER && reader_has_field(key->name);
	j->any_apart = j->any_apart || key->field_apart;
	if (key->kind != SEARCH_HEADER || key->field_apart)
		return true;
	/* The text of a field begins with its name, in lower case. */
	buf_init(&name, key->name.len + 1);
	buf_add(&name, key->name);
	buf_add_byte(&name, ':');
	text_lower(name.data, name.len);
	ok = reader_filter(j->reader, buf_slice(&name), where, key->maybe);
	buf_release(&name);
	return ok;
}

static void prepare(struct search_job *j)
{
	if (j->prepared == 0 && (j->body.count || asks_sent(j->plan.root)))
		j->known = reader_look_up(j->reader);
	if (j->known && j->prepared < j->body.count) {
		if (!filter(j, j->body.keys[j->prepared++]))
			know_nothing(j);
		return;
	}
	j->ready = true;
}

static void work(struct job *job)
{
	struct search_job *j = container_of(job, struct search_job, job);
	uint64_t until = clock_mono_ms() + SEARCH_SLICE_MS;
	uint32_t count = snapshot_count(j->view);

	for (unsigned n = 0; j->seq <= count && !j->failed; n++) {
		if ((j->costly || n % SEARCH_CLOCK_EVERY == 0) && clock_mono_ms() >= until)
			break;
		if (!j->ready)
			prepare(j);
		else if (j->in_body)
			go_on_in_body(j);
		else
			begin_message(j);
	}
	j->finished = j->seq > count || j->failed;
	if (j->finished)
		reader_forget(j->reader);
}
