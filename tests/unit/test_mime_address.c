#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "mime/address.h"

static void show(struct buf *b, struct slice s)
{
	if (s.at)
		buf_add(b, s);
	else
		buf_add_byte(b, '-');
	buf_add_byte(b, '|');
}

/* name|route|mailbox|host| of each, a space between; a group's start has a G. */
static void check(const char *in, const char *want)
{
	struct arena *a = arena_new(1 << 20);
	struct buf b;

	buf_init(&b, 65536);
	for (const struct mime_address *m = mime_addresses(a, slice_of(in)); m; m = m->next) {
		if (b.len)
			buf_add_byte(&b, ' ');
		if (m->is_group)
			buf_add_byte(&b, 'G');
		show(&b, m->name);
		show(&b, m->route);
		show(&b, m->mailbox);
		show(&b, m->host);
	}
	if (b.len != strlen(want) || memcmp(b.data ? b.data : "", want, b.len) != 0)
		fail_msg("%s\n want %s\n  got %.*s", in, want, (int)b.len, b.data);
	buf_release(&b);
	arena_free(a);
}

static void test_addresses(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ " , ,, ", "" },
		{ "a@b", "-|-|a|b|" },
		{ "a@b, c@d", "-|-|a|b| -|-|c|d|" },
		{ "<a@b>", "-|-|a|b|" },
		{ "Ann Lee <ann@example.com>", "Ann Lee|-|ann|example.com|" },
		{ "Ann  (x)\r\n Lee <ann@example.com>", "Ann Lee|-|ann|example.com|" },
		{ "\"Lee, Ann\" <ann@example.com>", "Lee, Ann|-|ann|example.com|" },
		{ "\"a \\\"b\\\" \\\\\" <c@d>", "a \"b\" \\|-|c|d|" },
		{ "John Q. Public <j@x>", "John Q. Public|-|j|x|" },
		{ "=?utf-8?Q?L=C3=A9a?= <l@x>", "=?utf-8?Q?L=C3=A9a?=|-|l|x|" },
		{ "L\xc3\xa9" "a <l@x>", "L\xc3\xa9" "a|-|l|x|" },
		{ "a@b (Ann \\(Lee\\))", "Ann (Lee)|-|a|b|" },
		{ "(one) a@b (two)", "two|-|a|b|" },
		{ "a . b @ c . d", "-|-|a.b|c.d|" },
		{ "\"a b\"@c", "-|-|a b|c|" },
		{ "a@[192.0.2.1]", "-|-|a|[192.0.2.1]|" },
		{ "a@[IPv6:2001:db8::1], b@c", "-|-|a|[IPv6:2001:db8::1]| -|-|b|c|" },
		{ "<@x,@y:a@b>", "-|@x,@y|a|b|" },
		{ "N <@x:a@b>, c@d", "N|@x|a|b| -|-|c|d|" },
		{ "root", "-|-|root|-|" },
		{ "root (the boss)", "the boss|-|root|-|" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(cases[i][0], cases[i][1]);
}

static void test_groups(void **state)
{
	static const char *const cases[][2] = {
		{ "Undisclosed recipients:;", "G-|-|Undisclosed recipients|-| -|-|-|-|" },
		{ "G: a@b, C <c@d>; , e@f", "G-|-|G|-| -|-|a|b| C|-|c|d| -|-|-|-| -|-|e|f|" },
		{ "G: a@b", "G-|-|G|-| -|-|a|b| -|-|-|-|" },
		{ "G: H: a@b; c@d", "G-|-|G|-| -|-|a|b| -|-|-|-| -|-|c|d|" },
		{ ";;;", "" },
		{ ":", "G-|-||-| -|-|-|-|" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(cases[i][0], cases[i][1]);
}

/* What is broken costs itself, not its neighbours. */
static void test_broken(void **state)
{
	static const char *const cases[][2] = {
		{ "a@, b@c", "-|-|a|| -|-|b|c|" },
		{ "@a, b@c", "-|-||a| -|-|b|c|" },
		{ "a@b@c, d@e", "-|-|a|b| -|-|d|e|" },
		{ "N <a@b, c@d", "N|-|a|b| -|-|c|d|" },
		{ "N <>, c@d", "N|-||-| -|-|c|d|" },
		{ "a@b <c@d>, e@f", "a@b|-|c|d| -|-|e|f|" },
		{ "Joe Doe joe@x, e@f", "Joe Doe|-|joe|x| -|-|e|f|" },
		{ "Joe Doe, e@f", "Joe Doe|-||-| -|-|e|f|" },
		{ "a@b c@d, e@f", "-|-|a|b| -|-|e|f|" },
		{ "\"open <a@b>, c@d", "-|-|open <a@b>, c@d|-|" },
		{ "(open a@b", "" },
		{ "a@[open, b@c", "-|-|a|[open,b@c|" },
		{ ">, a@b", "-|-|a|b|" },
		{ "<<<a@b", "-|-||-|" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(cases[i][0], cases[i][1]);
}

static void test_limits(void **state)
{
	struct arena *a = arena_new(1 << 22), *small = arena_new(4000);
	struct buf b;
	size_t n = 0;

	(void)state;
	buf_init(&b, 1 << 20);
	for (int i = 0; i < MIME_ADDRESSES_MAX + 500; i++)
		buf_add_text(&b, "a@b,");
	for (const struct mime_address *m = mime_addresses(a, buf_slice(&b)); m; m = m->next)
		n++;
	assert_int_equal(n, MIME_ADDRESSES_MAX);
	assert_null(mime_addresses(small, buf_slice(&b)));
	assert_non_null(mime_addresses(small, slice_head(buf_slice(&b), 1500)));
	buf_release(&b);
	arena_free(a);
	arena_free(small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
