/* Dovecot's list of UIDs: what is read, what is not. */
#include "store_fixture.h"

#include "../../src/store/folder.h"

static void headers(void **state)
{
	static const struct { const char *text; uint32_t validity, next; } cases[] = {
		{ "3 V12 N5 Gabc\n", 12, 5 },
		{ "3 N5 V12\n", 12, 5 },
		{ "3 V12 N5", 12, 5 },
		{ "1 12 5\n", 0, 0 },
		{ "3 V0 N5\n", 0, 0 },
		{ "3 V12\n", 0, 0 },
		{ "3 V4294967295 N5\n", 0, 0 },
		{ "3 Vx N5\n", 0, 0 },
		{ "\n", 0, 0 },
		{ "", 0, 0 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t validity = 0, next = 0;
		struct uidlist *l;

		fixture_write(f, "dovecot-uidlist", cases[i].text);
		assert_true(uidlist_read(f->maildir, &l, &validity, &next));
		assert_int_equal(l != NULL, cases[i].validity != 0);
		if (l) {
			assert_int_equal(validity, cases[i].validity);
			assert_int_equal(next, cases[i].next);
		}
		uidlist_free(l);
	}
}

static void entries(void **state)
{
	struct fixture *f = *state;
	uint32_t validity, next;
	struct uidlist *l;

	fixture_write(f, "dovecot-uidlist",
		      "3 V12 N50\n2 :b\n1 S5 W7 :a,S=5,W=7\n4 :with:2,S\n5\n6 x\nx :c\n0 :d\n:e\n7 :\n");
	assert_true(uidlist_read(f->maildir, &l, &validity, &next));
	assert_non_null(l);
	assert_int_equal(uidlist_find(l, "a,S=5,W=7", 9), 1);
	assert_int_equal(uidlist_find(l, "b", 1), 2);
	assert_int_equal(uidlist_find(l, "with", 4), 4);
	assert_int_equal(uidlist_find(l, "c", 1), 0);
	assert_int_equal(uidlist_find(l, "d", 1), 0);
	assert_int_equal(uidlist_find(l, "e", 1), 0);
	assert_int_equal(uidlist_find(l, "", 0), 0);
	assert_int_equal(uidlist_find(l, "bb", 2), 0);
	uidlist_free(l);
}

static void taken_once(void **state)
{
	struct fixture *f = *state;
	uint32_t validity, next;
	struct uidlist *l;

	assert_true(uidlist_read(f->maildir, &l, &validity, &next));
	assert_null(l);
	fixture_write(f, "dovecot-uidlist", "3 V12 N50\n");
	assert_true(uidlist_read(f->maildir, &l, &validity, &next));
	assert_non_null(l);
	assert_int_equal(uidlist_find(l, "a", 1), 0);
	uidlist_free(l);
	assert_int_equal(uidlist_taken(f->maildir), STORE_OK);
	assert_true(uidlist_read(f->maildir, &l, &validity, &next));
	assert_null(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(headers, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(entries, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(taken_once, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
