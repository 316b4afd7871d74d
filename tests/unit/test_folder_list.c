/* LIST's view: levels, special use, what is only subscribed, what is no folder. */
#include "store_fixture.h"

static void first_start(void **state)
{
	assert_string_equal(fixture_list(*state),
			    "INBOX:1 Archive:81 Drafts:9 Junk:41 Sent:11 Trash:21");
}

static void make(struct fixture *f, const char *dir)
{
	char *path = mem_printf("%s/%s", f->maildir, dir), *cur = mem_printf("%s/cur", path);

	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(mkdir(cur, 0700), 0);
	free(path);
	free(cur);
}

/* Made by another program, in whatever spelling. */
static void foreign_folders(void **state)
{
	struct fixture *f = *state;

	make(f, ".Lists.c.old");
	make(f, ".Entwu\xcc\x88rfe");
	make(f, ".&AGE-");
	make(f, ".INBOX");
	make(f, ".a..b");
	make(f, ".Sent.2026");
	fixture_list(f);
	assert_non_null(strstr(f->folders, " Lists:6 Lists/c:6 Lists/c/old:0"));
	assert_non_null(strstr(f->folders, " Entw\xc3\xbcrfe:0"));
	assert_non_null(strstr(f->folders, " a:0"));
	assert_non_null(strstr(f->folders, " Sent:15 Sent/2026:0"));
	assert_non_null(strstr(f->folders, "INBOX:1 "));
	assert_null(strstr(f->folders + 1, "INBOX"));
	/* And what is listed can be opened. */
	mailbox_release(fixture_mailbox(f, "Entw\xc3\xbcrfe", true));
	mailbox_release(fixture_mailbox(f, "Entwu\xcc\x88rfe", true));
	mailbox_release(fixture_mailbox(f, "a", true));
}

static void subscribed_levels(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "subscriptions", "Lists\nGone\nInbox\n");
	make(f, ".Lists.c");
	fixture_list(f);
	assert_non_null(strstr(f->folders, "INBOX:1 "));
	assert_non_null(strstr(f->folders, " Lists:7 Lists/c:0"));
	assert_non_null(strstr(f->folders, " Gone:103 "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(first_start, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(foreign_folders, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(subscribed_levels, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
