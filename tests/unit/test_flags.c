#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "../../src/imap/flags.h"
#include "../support/fake_messages.h"

static void flags_of_a_message(void **state)
{
	static const struct { unsigned flags, keywords; uint32_t uid; const char *want; } rows[] = {
		{ 0, 0, 1, "()" },
		{ MESSAGE_SEEN, 0, 1, "(\\Seen)" },
		{ 0, 0, 2, "(\\Recent)" },
		{ 0, 1, 1, "($Work later)" },
		{ ~0u, 1, 2, "(\\Answered \\Flagged \\Deleted \\Seen \\Draft \\Recent $Work later)" },
	};
	struct uid_set recent;

	(void)state;
	uid_set_init(&recent);
	uid_set_add(&recent, 2, 2);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct message_info m = { .uid = rows[i].uid, .flags = rows[i].flags,
					  .keywords = rows[i].keywords };
		struct buf out;

		buf_init(&out, IMAP_FLAGS_TEXT);
		assert_true(imap_flags_text(&out, (struct snapshot *)&fakes, &recent, &m));
		buf_add_byte(&out, '\0');
		assert_string_equal(out.data, rows[i].want);
		/* It says so when it does not fit. */
		out.max = out.len - 2;
		buf_clear(&out);
		assert_false(imap_flags_text(&out, (struct snapshot *)&fakes, &recent, &m));
		buf_release(&out);
	}
	uid_set_release(&recent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_of_a_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
