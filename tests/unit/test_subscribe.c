/* The subscriptions file in both of Dovecot's forms. */
#include "store_fixture.h"

#include "../../src/store/maildir.h"
#include "../../src/store/subscribe.h"

static char *names_of(struct fixture *f)
{
	struct subscriptions s;
	char *text = mem_string("");

	subscriptions_read(&s, f->maildir);
	for (size_t i = 0; i < s.count; i++) {
		char *more = mem_printf("%s%s;", text, s.names[i].at);

		free(text);
		text = more;
	}
	subscriptions_release(&s);
	return text;
}

static void read_forms(void **state)
{
	static const struct { const char *file, *names; } cases[] = {
		{ "", "" },
		{ "Sent\nA.B\nEntw&APw-rfe\ninbox\n", "Sent;A/B;Entw\xc3\xbcrfe;INBOX;" },
		{ "A/B\n", "A/B;" },
		{ "V\t2\n\nSent\nA\tB\nv1&AC4-2\n", "Sent;A/B;v1.2;" },
		{ "no newline", "no newline;" },
		{ "\n\n..\n&\nSent\nSent\n", "Sent;" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *names;

		fixture_write(f, "subscriptions", cases[i].file);
		names = names_of(f);
		assert_string_equal(names, cases[i].names);
		free(names);
	}
}

static void changed(void **state)
{
	struct fixture *f = *state;
	struct buf file;
	char *text;

	fixture_write(f, "subscriptions", "Sent\nA.B\n");
	assert_int_equal(subscribe_change(f->maildir, "Entw\xc3\xbcrfe/x.y", true), STORE_OK);
	assert_int_equal(subscribe_change(f->maildir, "Sent", true), STORE_OK);
	assert_int_equal(subscribe_change(f->maildir, "A/B", false), STORE_OK);
	assert_int_equal(subscribe_change(f->maildir, "Never", false), STORE_OK);
	buf_init(&file, 1000);
	assert_true(maildir_read(f->maildir, "subscriptions", &file));
	assert_true(slice_is(buf_slice(&file), "V\t2\n\nSent\nEntw&APw-rfe\tx&AC4-y\n"));
	buf_release(&file);
	text = names_of(f);
	assert_string_equal(text, "Sent;Entw\xc3\xbcrfe/x.y;");
	free(text);
}

static void the_first_ones(void **state)
{
	char *names = names_of(*state);

	assert_string_equal(names, "INBOX;Sent;Drafts;Trash;Junk;Archive;");
	free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(read_forms, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(changed, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(the_first_ones, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
