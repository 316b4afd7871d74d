#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../src/imap/search_job.h"
#include "../support/fake_messages.h"

static const char early[] = "Date: Mon, 31 Jan 1994 23:30:00 -0800\nSubject: one\n\nalpha\n";
static const char late[] = "Date: Tue, 1 Feb 1994 00:30:00 +0100\nSubject: two\n\nbeta\n";

/* Two messages: UID 3 seen, UID 5 not; 31-Jan-1994 and 1-Feb-1994. */
static int setup(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	memset(&fakes, 0, sizeof(fakes));
	fake_add(3, slice_of(early));
	fake_add(5, slice_of(late));
	fakes.at[0].info.flags = MESSAGE_SEEN;
	fakes.at[0].info.keywords = 1;
	fakes.at[0].info.received = 760060799;   /* 31-Jan-1994 23:59:59 */
	fakes.at[1].info.received = 760060800;
	return 0;
}

/* What matches, as "1 2"; the UID 5 is \Recent. */
static char *search(const char *keys, unsigned *slices)
{
	struct search_job *j = search_job_new();
	struct imap_args a = { .rest = slice_of(keys), .arena = j->keep };
	struct uid_set recent;
	struct buf found;

	assert_int_equal(search_plan_parse(&j->plan, &a, j->keep, false), SEARCH_PARSED);
	uid_set_init(&recent);
	uid_set_add(&recent, 5, 5);
	search_job_begin(j, NULL, &fakes, &recent);
	uid_set_release(&recent);
	for (*slices = 0; !j->finished; ++*slices)
		j->job.work(&j->job);
	buf_init(&found, 100000);
	for (size_t i = 0; i < j->found_count; i++)
		buf_printf(&found, "%s%u", i ? " " : "", j->found[i]);
	search_job_free(j);
	return buf_take_string(&found);
}

static void check(const char *keys, const char *want)
{
	unsigned slices;
	char *got = search(keys, &slices);

	if (strcmp(got, want) != 0)
		fail_msg("%s gave \"%s\"", keys, got);
	free(got);
}

/* What each search costs: what the snapshot or the header settles stays closed. */
static void test_cheap_first(void **state)
{
	static const struct {
		const char *keys, *found;
		unsigned opened, bodies;
	} rows[] = {
		{ "ALL", "1 2", 0, 0 }, { "SEEN", "1", 0, 0 }, { "NEW", "2", 0, 0 },
		{ "OLD", "1", 0, 0 }, { "KEYWORD LATER", "1", 0, 0 }, { "UNKEYWORD later", "2", 0, 0 },
		{ "BEFORE 1-Feb-1994", "1", 0, 0 }, { "SINCE 1-Feb-1994", "2", 0, 0 },
		{ "UID 4:*", "2", 0, 0 }, { "2:*", "2", 0, 0 },
		{ "SEEN BODY alpha", "1", 1, 1 }, { "BODY alpha SEEN", "1", 1, 1 },
		{ "OR BODY alpha ALL", "1 2", 0, 0 }, { "NOT ALL BODY alpha", "", 0, 0 },
		{ "NOT (OR BODY alpha ALL)", "", 0, 0 },
		{ "SUBJECT two", "2", 2, 0 }, { "SENTON 31-Jan-1994", "1", 2, 0 },
		{ "SENTSINCE 1-Feb-1994", "2", 2, 0 }, { "NOT SENTBEFORE 1-Feb-1994", "2", 2, 0 },
		{ "BODY beta SUBJECT two", "2", 2, 1 }, { "OR SUBJECT one BODY beta", "1 2", 2, 1 },
		{ "BODY beta", "2", 2, 2 }, { "NOT BODY beta", "1", 2, 2 },
		{ "OR (SEEN BODY beta) (UNSEEN BODY beta)", "2", 2, 2 },
		{ "(((SEEN)))", "1", 0, 0 }, { "OR OR SEEN SEEN NOT SEEN", "1 2", 0, 0 },
		{ "TEXT one", "1", 2, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setup(state);
		check(rows[i].keys, rows[i].found);
		if (fakes.opened != rows[i].opened || (fakes.read != 0) != (rows[i].bodies != 0))
			fail_msg("%s: opened %u, read %u", rows[i].keys, fakes.opened, fakes.read);
	}
}

/* RFC 2180 4.3: it matches nothing, and nothing's opposite neither. */
static void test_gone(void **state)
{
	(void)state;
	fakes.at[0].gone = true;
	check("NOT BODY nothing", "2");
	check("OR SEEN BODY beta", "1 2");
	check("SEEN", "1");
}

/* What the text index knows is not opened, and what it does not know is. */
static void test_known(void **state)
{
	static const struct {
		const char *keys, *found;
		unsigned unpacked, opened;
	} rows[] = {
		{ "BODY beta", "2", 1, 0 }, { "BODY alpha", "1", 0, 1 }, { "SUBJECT two", "2", 0, 1 },
		{ "SENTSINCE 1-Feb-1994", "2", 0, 1 }, { "SENTBEFORE 1-Feb-1994", "1", 0, 1 },
		{ "NOT BODY gamma", "1 2", 0, 1 }, { "TEXT be", "2", 1, 1 },
		{ "HEADER Date \"\"", "1 2", 1, 1 }, { "HEADER Dat 1994", "", 0, 1 },
		{ "HEADER Date \"feb 1994\"", "2", 1, 1 }, { "HEADER Subject \"\"", "1 2", 0, 1 },
		{ "UNSEEN NOT SUBJECT one BODY beta SENTON 1-Feb-1994", "2", 1, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setup(state);
		fakes.has_index = fakes.at[1].known = true;
		check(rows[i].keys, rows[i].found);
		if (fakes.unpacked > rows[i].unpacked || fakes.opened > 1)
			fail_msg("%s: unpacked %u, opened %u", rows[i].keys, fakes.unpacked, fakes.opened);
	}
	setup(state);
	fakes.has_index = fakes.at[1].known = fakes.index_fails = true;
	check("BODY beta", "2");
	check("SUBJECT two", "2");
}

static void test_many(void **state)
{
	unsigned slices;
	char *got;

	(void)state;
	while (fakes.count < 2500)
		fake_add(fakes.count + 10, slice_of(late));
	got = search("LARGER 100000", &slices);
	assert_string_equal(got, "");
	free(got);
	got = search("2499:*", &slices);
	assert_string_equal(got, "2499 2500");
	free(got);
}

/* One message that takes longer than a slice does not hold up the lane. */
static void test_large_message(void **state)
{
	enum { SIZE = 40 << 20 };
	char *bytes = mem_alloc(SIZE);
	unsigned slices;
	char *got;

	(void)state;
	/* Letters that must be folded one by one are the slowest. */
	for (size_t i = 0; i < SIZE; i += 2)
		memcpy(bytes + i, i % 80 ? "\xC3\x84" : ".\n", 2);
	memcpy(bytes, "\n\n", 2);
	memcpy(bytes + SIZE - 6, "needle", 6);
	fakes.count = 0;
	fake_add(1, slice_make(bytes, SIZE));
	got = search("BODY needle", &slices);
	assert_string_equal(got, "1");
	assert_true(slices > 1);
	free(got);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_cheap_first, setup),
		cmocka_unit_test_setup(test_gone, setup),
		cmocka_unit_test_setup(test_known, setup),
		cmocka_unit_test_setup(test_many, setup),
		cmocka_unit_test_setup(test_large_message, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
