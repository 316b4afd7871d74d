/* Snapshots: looking things up, differences, and expunges held back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/store/snapshot_private.h"

struct world {
	struct names *names;
	struct keywords *keywords;
};

static int begin(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->names = names_new();
	w->keywords = keywords_new();
	*state = w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;

	names_drop(w->names);
	keywords_free(w->keywords);
	free(w);
	return 0;
}

/* "1 2 5S" : UIDs, with S for a flag. */
static struct snapshot *make(struct world *w, const char *text)
{
	struct records records;
	struct snapshot *s;
	uint32_t last = 0;

	records_init(&records);
	while (*text) {
		struct record r = { .name = names_add(w->names, "file") };
		char *rest;

		r.uid = last = (uint32_t)strtoul(text, &rest, 10);
		if (*rest == 'S')
			r.flags = MESSAGE_SEEN;
		rest += strspn(rest, "S ");
		text = rest;
		records_add(&records, &r);
	}
	s = snapshot_new(&records, w->names, w->keywords);
	s->uid_next = last + 1;
	records_release(&records);
	return s;
}

static void record_is_small(void **state)
{
	(void)state;
	assert_true(sizeof(struct record) <= 48);
}

static void looked_up(void **state)
{
	const struct snapshot *s = make(*state, "2 3 7S 100");
	static const struct { uint32_t uid, seq, from; } cases[] = {
		{ 0, 0, 1 }, { 1, 0, 1 }, { 2, 1, 1 }, { 3, 2, 2 }, { 4, 0, 3 }, { 7, 3, 3 },
		{ 8, 0, 4 }, { 100, 4, 4 }, { 101, 0, 5 }, { UINT32_MAX, 0, 5 },
	};

	assert_int_equal(snapshot_count(s), 4);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(snapshot_seq(s, cases[i].uid), cases[i].seq);
		assert_int_equal(snapshot_seq_from(s, cases[i].uid), cases[i].from);
	}
	assert_int_equal(snapshot_uid(s, 4), 100);
	assert_int_equal(snapshot_message(s, 3).flags, MESSAGE_SEEN);
	snapshot_drop(snapshot_hold(s));
	snapshot_drop(s);
	snapshot_drop(NULL);
}

static void note(void *ctx, enum snapshot_change what, uint32_t seq, uint32_t uid)
{
	char *text = ctx;

	snprintf(text + strlen(text), 200 - strlen(text), "%c%u/%u ", "-~+"[what], seq, uid);
}

static void differences(void **state)
{
	static const struct { const char *from, *to, *diff, *held; } cases[] = {
		{ "", "", "", "" },
		{ "", "1 2", "+1/1 +2/2 ", "1 2 " },
		{ "1 2", "", "-1/1 -2/2 ", "1 2 " },
		{ "1 2 3", "1 2S 3", "~2/2 ", "1 2 3 " },
		{ "1 2 3 4", "2S 4 5", "-1/1 ~1/2 -3/3 +3/5 ", "1 2 3 4 5 " },
		{ "5", "6", "-1/5 +1/6 ", "5 6 " },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct snapshot *from = make(*state, cases[i].from);
		const struct snapshot *to = make(*state, cases[i].to), *held;
		char text[200] = "", uids[200] = "";

		snapshot_diff(from, to, note, text);
		assert_string_equal(text, cases[i].diff);
		held = snapshot_without_expunges(from, to);
		for (uint32_t seq = 1; seq <= snapshot_count(held); seq++)
			snprintf(uids + strlen(uids), 20, "%u ", snapshot_uid(held, seq));
		assert_string_equal(uids, cases[i].held);
		if (!strchr(cases[i].diff, '-'))
			assert_ptr_equal(held, to);
		assert_int_equal(snapshot_uid_next(held), snapshot_uid_next(to));
		snapshot_drop(from);
		snapshot_drop(to);
		snapshot_drop(held);
	}
}

static void outlives_its_folder(void **state)
{
	struct world *w = *state;
	struct names *names = names_new();
	struct record r = { .uid = 1, .name = names_add(names, "1.a:2,") };
	struct records records;
	const struct snapshot *s;

	records_init(&records);
	records_add(&records, &r);
	s = snapshot_new(&records, names, w->keywords);
	records_release(&records);

	for (int i = 0; i < 10000; i++)
		names_add(names, "another.name.that.takes.room");
	names_drop(names);
	assert_string_equal(snapshot_file(s, snapshot_record(s, 1)), "1.a:2,");
	snapshot_drop(s);
}

static void *add_names(void *arg)
{
	struct world *w = arg;

	for (int i = 0; i < 200000; i++)
		names_add(w->names, "another.name.that.takes.room");
	return NULL;
}

/* The mail lane goes on with a folder's names while the loop looks at its snapshots:
 * for the thread sanitizer. */
static void names_are_added_meanwhile(void **state)
{
	const struct snapshot *from = make(*state, "1 2 3"), *to = make(*state, "1 3"), *both;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, add_names, *state), 0);
	for (int i = 0; i < 2000; i++) {
		both = snapshot_without_expunges(from, to);
		assert_string_equal(snapshot_file(both, snapshot_record(both, 1)), "file");
		snapshot_drop(both);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	snapshot_drop(from);
	snapshot_drop(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_is_small),
		cmocka_unit_test_setup_teardown(looked_up, begin, end),
		cmocka_unit_test_setup_teardown(differences, begin, end),
		cmocka_unit_test_setup_teardown(outlives_its_folder, begin, end),
		cmocka_unit_test_setup_teardown(names_are_added_meanwhile, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
