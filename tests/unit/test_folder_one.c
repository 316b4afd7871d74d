/* One folder by name: what the list of all says of it. */
#include "store_fixture.h"

enum { NAMES_MAX = 100 };

struct expected {
	struct fixture *f;
	char names[NAMES_MAX][STORE_NAME_MAX + 1];
	unsigned flags[NAMES_MAX];
	size_t count;
	/* The one answer. */
	enum store_status st;
	char name[STORE_NAME_MAX + 1];
	unsigned is;
};

static void got_all(void *owner, enum store_status st, const struct folder_entry *all, size_t count)
{
	struct expected *e = owner;

	assert_int_equal(st, STORE_OK);
	assert_true(count <= NAMES_MAX);
	for (size_t i = 0; i < count; i++) {
		snprintf(e->names[i], sizeof(e->names[i]), "%s", all[i].name);
		e->flags[i] = all[i].flags;
	}
	e->count = count;
	e->f->answered = true;
}

static void got_one(void *owner, enum store_status st, const struct folder_entry *one)
{
	struct expected *e = owner;

	e->st = st;
	snprintf(e->name, sizeof(e->name), "%s", one->name);
	e->is = one->flags;
	e->f->answered = true;
}

static void ask(struct expected *e, const char *name)
{
	store_folder(e->f->store, name, got_one, e);
	fixture_wait(e->f);
}

/* As another program makes them: NFD, raw UTF-8, INBOX in small letters, one that is
 * no folder. */
static void by_hand(struct fixture *f, const char *dir, bool folder)
{
	static const char *const below[] = { "", "/cur", "/new", "/tmp" };

	for (size_t i = 0; i < (folder ? 4 : 1); i++) {
		char *rest = mem_printf("%s%s", dir, below[i]), *path = fixture_path(f, rest);

		assert_int_equal(mkdir(path, 0700), 0);
		free(path);
		free(rest);
	}
}

static void as_listed(void **state)
{
	static const char *const made[] = {
		"a", "a/b", "a/b/c", "ab", "a.x", "deep/er/est", "Caf\303\251", "Tea", "INBOX/x",
		"Sent/2020", "My sent", "&", "&/x",
	};
	static const char *const subscribed[] = { "a/b", "gone", "far/gone", "Tea/gone", "deep" };
	struct expected e = { .f = *state };
	struct fixture *f = e.f;

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		store_create(f->store, made[i], fixture_done, f);
		fixture_wait(f);
		assert_int_equal(f->st, STORE_OK);
	}
	for (size_t i = 0; i < sizeof(subscribed) / sizeof(subscribed[0]); i++) {
		store_subscribe(f->store, subscribed[i], true, fixture_done, f);
		fixture_wait(f);
	}
	by_hand(f, ".Cafe&AwE-.under", true);
	by_hand(f, ".Th\303\251.noir", true);
	by_hand(f, ".inbox.small", true);
	by_hand(f, ".Tea.nothing", false);
	store_folders(f->store, got_all, &e);
	fixture_wait(f);
	assert_true(e.count > 20);
	for (size_t i = 0; i < e.count; i++) {
		ask(&e, e.names[i]);
		assert_int_equal(e.st, STORE_OK);
		assert_string_equal(e.name, e.names[i]);
		if (e.is != e.flags[i])
			fail_msg("%s: %x, listed as %x", e.name, e.is, e.flags[i]);
	}
	ask(&e, "Cafe\314\201");
	assert_string_equal(e.name, "Caf\303\251");
	assert_int_equal(e.is, FOLDER_CHILDREN);
	ask(&e, "inbox");
	assert_string_equal(e.name, "INBOX");
	ask(&e, "nowhere");
	assert_int_equal(e.is, FOLDER_NOSELECT | FOLDER_GONE);
	ask(&e, "a//b");
	assert_int_equal(e.st, STORE_BAD_NAME);
}

/* RFC 6154: by the name, when nothing else is said; given to another, by the name no more. */
static void uses(void **state)
{
	struct expected e = { .f = *state };

	ask(&e, "Sent");
	assert_true(e.is & FOLDER_SENT);
	ask(&e, "Trash");
	assert_true(e.is & FOLDER_TRASH && e.is & FOLDER_SUBSCRIBED);
	store_create_for(e.f->store, "Bin", FOLDER_TRASH, fixture_folder_status, e.f);
	fixture_wait(e.f);
	ask(&e, "Trash");
	assert_false(e.is & FOLDER_TRASH);
	ask(&e, "Bin");
	assert_int_equal(e.is, FOLDER_TRASH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(as_listed, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(uses, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
