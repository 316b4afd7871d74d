/* Message IDs: what is one, and which are the same. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mime/message_id.h"

static uint64_t only(const char *text)
{
	struct slice rest = slice_of(text);
	uint64_t id = 0, other;

	if (!message_id_next(&rest, &id))
		return 0;
	assert_false(message_id_next(&rest, &other));
	return id;
}

static void the_same(void **state)
{
	static const char *const rows[] = {
		/* RFC 5256 3, the note in REFERENCES. */
		"<\"01KF8JCEOCBS0045PS\"@xxx.yyy.com>",
		" <01KF8JCEOCBS0045PS@xxx.yyy.com>\r\n",
		"<\"01KF8JCEOC\\BS0045PS\"@xxx.yyy.com>",
		"(comment) < 01KF8JCEOCBS0045PS\r\n\t@ xxx.yyy.com > rest",
		"On Monday <somebody> wrote <01KF8JCEOCBS0045PS@xxx.yyy.com>",
		"<<01KF8JCEOCBS0045PS@xxx.yyy.com>>",
		"<broken@x <01KF8JCEOCBS0045PS@xxx.yyy.com>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (only(rows[i]) == 0 || only(rows[i]) != only(rows[0]))
			fail_msg("%s", rows[i]);
	/* For ever: it lies in the index. */
	assert_true(only("<a@b>") == UINT64_C(0x29ac43236fec6de0));
}

static void different(void **state)
{
	static const char *const rows[] = {
		"<a@b>", "<A@b>", "<a@B>", "<a(x)@b>", "<a@b.c>", "<\"a b\"@b>", "<a@[1.2.3.4]>",
		"<a@b@c>", "<\"a@b\"@c.d>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t k = 0; k <= i; k++)
			if (only(rows[i]) == 0 || (only(rows[i]) == only(rows[k])) != (i == k))
				fail_msg("%s %s", rows[i], rows[k]);
}

static void none(void **state)
{
	static const char *const rows[] = {
		"", "a@b", "<a>", "<@b>", "<a@>", "<>", "<a@b", "<a", "<\"a@b>", "> a@b <",
	};
	char long_one[1200];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (only(rows[i]) != 0)
			fail_msg("%s", rows[i]);
	memset(long_one, 'a', sizeof(long_one));
	memcpy(long_one, "<x@", 3);
	memcpy(long_one + sizeof(long_one) - 2, ">", 2);
	assert_true(only(long_one) == 0);
}

static void several(void **state)
{
	struct slice rest = SLICE("<a@b> <bad> text\r\n <c@d><e@f>");
	uint64_t id;

	(void)state;
	assert_true(message_id_next(&rest, &id) && id == only("<a@b>"));
	assert_true(message_id_next(&rest, &id) && id == only("<c@d>"));
	assert_true(message_id_next(&rest, &id) && id == only("<e@f>"));
	assert_false(message_id_next(&rest, &id));
	assert_int_equal(rest.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same),
		cmocka_unit_test(different),
		cmocka_unit_test(none),
		cmocka_unit_test(several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
