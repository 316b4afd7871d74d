#include "store_fixture.h"

#include "../../src/store/finder.h"

struct look {
	const char *was, *now;           /* now: "" is gone */
};

static void look_for(struct fixture *f, struct finder *finder, const struct look *l)
{
	enum place place = l->was[0] == 'n' ? PLACE_NEW : PLACE_CUR;
	char name[FILE_NAME];

	snprintf(name, sizeof(name), "%s", l->was + 4);
	assert_int_equal(finder_find(finder, f->maildir, &place, name), l->now[0] != '\0');
	if (l->now[0]) {
		assert_int_equal(place, l->now[0] == 'n' ? PLACE_NEW : PLACE_CUR);
		assert_string_equal(name, l->now + 4);
	}
}

static void found(void **state)
{
	static const struct look looks[] = {
		{ "cur/a:2,", "cur/a:2,S" },
		{ "new/b", "cur/b:2,F" },
		{ "cur/c:2,S", "" },
		{ "cur/d:2,S", "new/d" },
		{ "cur/dd:2,S", "" },
		{ "cur/:2,S", "" },
		{ "cur/zz", "" },
	};
	struct fixture *f = *state;
	struct finder finder = { .count = 0 };

	fixture_write(f, "cur/a:2,S", "x");
	fixture_write(f, "cur/b:2,F", "x");
	fixture_write(f, "new/d", "x");
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
			look_for(f, &finder, &looks[i]);
	}
	assert_int_equal(finder.lists, 1);
	/* Renamed since. */
	fixture_rename(f, "cur/a:2,S", "cur/a:2,RS");
	look_for(f, &finder, &(struct look){ "cur/a:2,S", "cur/a:2,RS" });
	for (int i = 0; i < 20; i++) {
		bool odd = i % 2 != 0;
		const char *was = odd ? "cur/a:2,T" : "cur/a:2,RS", *now = odd ? "cur/a:2,RS" : "cur/a:2,T";

		fixture_rename(f, was, now);
		look_for(f, &finder, &(struct look){ was, now });
	}
	assert_true(finder.lists <= 8);
	finder_release(&finder);
}

static void no_folder(void **state)
{
	struct fixture *f = *state;
	char *no = fixture_path(f, ".No"), name[FILE_NAME] = "a:2,S";
	struct finder finder = { .count = 0 };
	enum place place = PLACE_CUR;

	for (int i = 0; i < 3; i++)
		assert_false(finder_find(&finder, no, &place, name));
	finder_release(&finder);
	free(no);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(found, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(no_folder, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
