#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/mime/content_type.h"
#include "base/buf.h"

static struct arena *arena;

static struct mime_part read_header(const char *header, unsigned params)
{
	struct mime_part p = { .header = slice_of(header) };

	content_read(arena, &p, &params);
	return p;
}

static void show_params(struct buf *b, const struct mime_param *p)
{
	for (; p; p = p->next) {
		buf_add_byte(b, ' ');
		buf_add(b, p->name);
		buf_add_byte(b, '=');
		buf_add(b, p->value);
	}
}

static int setup(void **state)
{
	(void)state;
	arena = arena_new(1 << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void test_types(void **state)
{
	static const char *const cases[][2] = {
		{ "text/html", "text/html" },
		{ "TEXT/Html", "text/html" },
		{ " text / html ", "text/html" },
		{ "(a) text (b) / (c) html (d)", "text/html" },
		{ "text/html; charset=utf-8", "text/html charset=utf-8" },
		{ "text/html;charset=\"utf-8\" ;\r\n\tformat=flowed;", "text/html charset=utf-8 format=flowed" },
		{ "a/b; (c) d (e) = (f) \"g\" (h); i=j(k)", "a/b d=g i=j" },
		{ "a/b; n=\"c\\\"d\\\\e\r\n f\"", "a/b n=c\"d\\e f" },
		{ "a/b; n=\"\"; m=", "a/b n= m=" },
		{ "a/b; N*0*=utf-8''x; n*1=y", "a/b N*0*=utf-8''x n*1=y" },
		/* What senders get wrong. */
		{ "a/b;; boundary=----=_Part/1?x", "a/b boundary=----=_Part/1?x" },
		{ "a/b boundary=x", "a/b boundary=x" },
		{ "a/b; n=two words.txt; m=1", "a/b n=two m=1" },
		{ "a/b; lonely; n=1", "a/b n=1" },
		{ "a/b; n=\"open; m=1", "a/b n=open; m=1" },
		{ "a/b; =1; @@; n=1", "a/b n=1" },
		{ "", "text/plain" },
		{ "text", "text/plain" },
		{ "text/", "text/plain" },
		{ "/html; charset=x", "text/plain" },
		{ ";charset=x", "text/plain" },
		{ "\"text/html\"", "text/plain" },
		{ "foo bar/baz", "text/plain" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mime_part p;
		struct buf header, b;
		char *text;

		buf_init(&header, 1000);
		buf_init(&b, 1000);
		buf_printf(&header, "Content-Type: %s\n\n%c", cases[i][0], 0);
		text = header.data;
		p = read_header(text, 100);
		buf_add(&b, p.type);
		buf_add_byte(&b, '/');
		buf_add(&b, p.subtype);
		show_params(&b, p.params);
		if (!slice_is(buf_slice(&b), cases[i][1]))
			fail_msg("%s\n want %s\n  got %.*s", cases[i][0], cases[i][1], (int)b.len, b.data);
		buf_release(&header);
		buf_release(&b);
	}
}

static void test_fields(void **state)
{
	struct mime_part p = read_header("Content-Id:\r\n <a@b>\n"
					 "Content-Description: two\r\n lines \n"
					 "content-md5: Q2hlY2s=\n"
					 "Content-Location: http://example.com/a\n"
					 "Content-Language: de, en (x)\n"
					 "Content-Transfer-Encoding: (x) BASE64 ;\n"
					 "Content-Disposition: ATTACHMENT; filename=a; size=1\n\n", 10);

	(void)state;
	assert_true(slice_is(p.id, "<a@b>"));
	assert_true(slice_is(p.description, "two lines"));
	assert_true(slice_is(p.md5, "Q2hlY2s="));
	assert_true(slice_is(p.location, "http://example.com/a"));
	assert_true(slice_is(p.language, "de, en (x)"));
	assert_true(slice_is(p.encoding, "BASE64"));
	assert_true(slice_is(p.disposition, "attachment"));
	assert_true(slice_is(mime_param_raw(p.disposition_params, "Filename"), "a"));
	assert_true(slice_is(mime_param_raw(p.disposition_params, "size"), "1"));
}

static void test_absent(void **state)
{
	struct mime_part p = read_header("Content-ID:\nContent-Disposition:\nX-Content-MD5: x\n"
					 "Content-Transfer-Encoding: 8 bit\n\nContent-MD5: x\n", 10);

	(void)state;
	assert_null(p.id.at);
	assert_null(p.description.at);
	assert_null(p.md5.at);
	assert_null(p.location.at);
	assert_null(p.language.at);
	assert_null(p.encoding.at);
	assert_null(p.disposition.at);
	assert_null(p.params);
}

static void test_first_counts(void **state)
{
	struct mime_part p = read_header("Content-Type: a/b\nContent-Type: c/d\nContent-ID: 1\n"
					 "Content-ID: 2\nContent-Disposition: inline\n"
					 "Content-Disposition: attachment; filename=x\n", 10);

	(void)state;
	assert_true(slice_is(p.type, "a"));
	assert_true(slice_is(p.id, "1"));
	assert_true(slice_is(p.disposition, "inline"));
	assert_null(p.disposition_params);
	p = read_header("Content-Disposition: ; filename=x\n", 10);
	assert_true(slice_is(p.disposition, "attachment"));
	assert_true(slice_is(mime_param_raw(p.disposition_params, "filename"), "x"));
}

static void test_digest(void **state)
{
	struct mime_part digest = { .kind = MIME_MULTIPART, .subtype = SLICE("digest") };
	struct mime_part p = { .parent = &digest, .header = SLICE("Subject: x\n\n") };
	unsigned params = 10;

	(void)state;
	content_read(arena, &p, &params);
	assert_true(slice_is(p.type, "message"));
	assert_true(slice_is(p.subtype, "rfc822"));
	p.header = SLICE("Content-Type: text/plain\n\n");
	content_read(arena, &p, &params);
	assert_true(slice_is(p.type, "text"));
}

static void test_params_run_out(void **state)
{
	struct mime_part p = { .header = SLICE("Content-Type: a/b; c=1; d=2; e=3\n") };
	unsigned params = 2;

	(void)state;
	content_read(arena, &p, &params);
	assert_int_equal(params, 0);
	assert_true(slice_is(mime_param_raw(p.params, "d"), "2"));
	assert_null(mime_param_raw(p.params, "e").at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_types, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fields, setup, teardown),
		cmocka_unit_test_setup_teardown(test_absent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_first_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_digest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_params_run_out, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
