/* Base subjects: every rule of RFC 5256 2.1, and what they do together. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "mime/subject.h"

static void rules(void **state)
{
	static const struct { const char *in, *base; bool reply; } rows[] = {
		{ "", "", false }, { "   ", "", false }, { "tea", "tea", false },
		/* (1) */
		{ "a \t b\t\tc", "a b c", false }, { " a\r\n b", "a b", false },
		/* (2) subj-trailer */
		{ "tea  ", "tea", false }, { "tea (fwd)", "tea", true }, { "tea(FWD) (fwd) ", "tea", true },
		{ "(fwd)", "", true }, { "tea (fw)", "tea (fw)", false }, { "(fwd) tea", "(fwd) tea", false },
		/* (3) subj-leader, subj-refwd */
		{ "Re: tea", "tea", true }, { "RE:tea", "tea", true }, { "re \t: tea", "tea", true },
		{ "Fw: tea", "tea", true }, { "FWD: tea", "tea", true }, { "Forward: tea", "Forward: tea", false },
		{ "Re: Fwd: re: tea", "tea", true }, { "Re:", "", true }, { "Re", "Re", false },
		{ "re[2]: tea", "tea", true }, { "Re [ab] : tea", "tea", true }, { "Re[]:tea", "tea", true },
		{ "Re[[2]]: tea", "Re[[2]]: tea", false }, { "Re [2] [3]: tea", "Re [2] [3]: tea", false },
		{ "Reply: tea", "Reply: tea", false }, { "Rex: tea", "Rex: tea", false },
		{ "Aw: tea", "Aw: tea", false },
		/* blobs before it */
		{ "[list] Re: tea", "tea", true }, { "[a][b] [c]Re: tea", "tea", true },
		{ "[a] Re: [b] Re: tea", "tea", true }, { "[list]Re:", "", true },
		/* (4) */
		{ "[list] tea", "tea", false }, { "[a] [b]\t[c] tea", "tea", false },
		{ "[list]", "[list]", false }, { "[a] [b]", "[b]", false }, { "Re: [a][b] ", "[b]", true },
		{ "[a", "[a", false }, { "[a[b]] tea", "[a[b]] tea", false }, { "[] tea", "tea", false },
		{ "tea [x]", "tea [x]", false },
		/* (6) subj-fwd */
		{ "[fwd: tea]", "tea", true }, { "[FWD:tea]", "tea", true }, { "[Fwd: Re: tea (fwd)]", "tea", true },
		{ "Re: [fwd: [fwd: [x] tea] (fwd)]", "tea", true }, { "[fwd:]", "", true },
		{ "[fwd: tea] milk", "milk", false }, { "[fwd: tea", "[fwd: tea", false },
		{ "[list] [Fwd: tea]", "tea", true }, { "[fwd: tea] (fwd)", "tea", true },
		{ "[fwd: [a] ]", "[a]", true },
		{ "Re: \xE8\x8C\xB6", "\xE8\x8C\xB6", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out;
		bool reply;

		buf_init(&out, 1000);
		assert_true(subject_base(&out, slice_of(rows[i].in), &reply));
		if (!slice_is(buf_slice(&out), rows[i].base) || reply != rows[i].reply)
			fail_msg("\"%s\": \"%.*s\" %d", rows[i].in, (int)out.len, out.data, reply);
		buf_release(&out);
	}
}

/* What makes the steps of the RFC quadratic. */
static void linear(void **state)
{
	static const char *const pieces[] = { "[]", "re:", "[fwd:", "(fwd)", "re[", "[a]re ", "] " };

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		enum { TIMES = 200000 };
		uint64_t before = clock_mono_ms();
		struct buf in, out;
		bool reply;

		buf_init(&in, TIMES * 8);
		buf_init(&out, TIMES * 8);
		for (int k = 0; k < TIMES; k++)
			buf_add_text(&in, pieces[i]);
		assert_true(subject_base(&out, buf_slice(&in), &reply));
		assert_true(clock_mono_ms() - before < 2000);
		buf_release(&in);
		buf_release(&out);
	}
}

static void full(void **state)
{
	struct buf out;
	bool reply;

	(void)state;
	buf_init(&out, 2);
	assert_false(subject_base(&out, SLICE("tea"), &reply));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules),
		cmocka_unit_test(linear),
		cmocka_unit_test(full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
