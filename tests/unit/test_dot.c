/* Message text over SMTP: the one end that there is, at every split. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/smtp/dot.h"

struct result { struct buf out; size_t used; uint64_t size; bool end; };

static void run(struct result *r, bool dots, struct slice in, size_t cut)
{
	struct dot d;

	buf_init(&r->out, 1000);
	r->size = 0;
	dot_begin(&d, dots);
	r->used = dot_add(&d, &r->out, slice_head(in, cut), &r->size);
	if (d.state != DOT_END)
		r->used += dot_add(&d, &r->out, slice_from(in, cut), &r->size);
	r->end = d.state == DOT_END;
	if (!dots)
		dot_end(&d, &r->out, &r->size);
}

static const struct {
	bool dots;
	const char *in, *want;
	int left;                /* bytes behind the end; -1: there is no end */
} cases[] = {
	{ true, "a\r\n.\r\n", "a\n", 0 },
	{ true, ".\r\n", "", 0 },
	{ true, "a\r\n.\r\nMAIL FROM:<x@y>\r\n", "a\n", 17 },
	{ true, "..\r\n..a\r\n.b\r\n.\r\n", ".\n.a\nb\n", 0 },
	{ true, "a\r\n\r\n.\r\n", "a\n\n", 0 },
	/* None of these is the end (smuggling). */
	{ true, "a\n.\n", "a\n.\n", -1 },
	{ true, "a\n.\r\n", "a\n.\n", -1 },
	{ true, "a\r\n.\n", "a\n\n", -1 },
	{ true, "a\r.\r\n", "a\n.\n", -1 },
	{ true, "a\r\n.\r", "a\n", -1 },
	{ true, "a\r.\r", "a\n.", -1 },
	{ true, "a\r\n.\r\r\n", "a\n\n\n", -1 },
	{ true, "a\r\r\n.\r\n", "a\n\n", 0 },
	/* Bare line ends are stored as line ends. */
	{ true, "a\rb\nc\r\n.\r\n", "a\nb\nc\n", 0 },
	{ true, "a\n..b\r\n.\r\n", "a\n..b\n", 0 },
	/* In a chunk a dot is a dot. */
	{ false, "a\r\n.\r\nb", "a\n.\nb", -1 },
	{ false, "..\r\n", "..\n", -1 },
	{ false, "a\r", "a\n", -1 },
	{ false, "", "", -1 },
	{ false, "a\r\r\n", "a\n\n", -1 },
};

static void every_case_at_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice in = slice_of(cases[i].in);

		for (size_t cut = 0; cut <= in.len; cut++) {
			struct result r;
			uint64_t size = 0;

			run(&r, cases[i].dots, in, cut);
			if (!slice_is(buf_slice(&r.out), cases[i].want))
				fail_msg("case %zu cut %zu: '%.*s'", i, cut, (int)r.out.len, r.out.data);
			assert_int_equal(r.end, cases[i].dots && cases[i].left >= 0);
			if (r.end)
				assert_int_equal(in.len - r.used, cases[i].left);
			else
				assert_int_equal(r.used, in.len);
			for (const char *p = cases[i].want; *p; p++)
				size += 1 + (*p == '\n');
			assert_int_equal(r.size, size);
			buf_release(&r.out);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_case_at_every_split) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
