#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/clock.h"
#include "base/lines.h"
#include "base/mem.h"
#include "mime/part.h"

/* What the part's places say must be what the bytes say. */
static void check_place(struct slice message, uint64_t at, uint64_t len, uint64_t crlf,
			const uint64_t *lines)
{
	struct crlf_form form = { false };
	struct slice s;
	uint64_t n = 0;

	assert_true(at + len <= message.len);
	s = slice_head(slice_from(message, (size_t)at), (size_t)len);
	assert_int_equal(crlf_form_count(&form, s), crlf);
	for (size_t i = 0; i < s.len; i++)
		n += s.at[i] == '\n';
	if (lines)
		assert_int_equal(n, *lines);
}

static void add_visible(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '\n')
			buf_add_byte(out, '/');
		else if (s.at[i] != '\r')
			buf_add_byte(out, s.at[i]);
	}
}

/* "type{child child}" for a container, "type[body]" for a leaf; / is a line end. */
static void show(struct buf *out, struct slice message, const struct mime_part *p)
{
	check_place(message, p->header_at, p->header_len, p->header_crlf, NULL);
	check_place(message, p->body_at, p->body_len, p->body_crlf, &p->body_lines);
	assert_true(p->header_at + p->header_len == p->body_at);
	assert_true(p->header.len <= p->header_len);
	assert_true(slice_equal(p->header, slice_head(slice_from(message, (size_t)p->header_at),
						      p->header.len)));
	buf_add(out, p->subtype);
	buf_add_byte(out, p->kind == MIME_LEAF ? '[' : '{');
	if (p->kind == MIME_LEAF)
		add_visible(out, slice_head(slice_from(message, (size_t)p->body_at),
					    (size_t)p->body_len));
	for (const struct mime_part *c = p->child; c; c = c->next) {
		assert_ptr_equal(c->parent, p);
		assert_int_equal(c->depth, p->depth + 1);
		assert_true(c->header_at >= p->body_at);
		show(out, message, c);
	}
	buf_add_byte(out, p->kind == MIME_LEAF ? ']' : '}');
}

/* Pushes in pieces of `first` and then `rest` bytes, each in memory of its own
 * size so that a sanitizer sees a read behind it. */
static void read_split(struct buf *out, struct slice message, size_t first, size_t rest,
		       const struct mime_limits *limits)
{
	struct arena *a = arena_new(mime_scanner_room(limits));
	struct mime_scanner *s = mime_scanner_new(a, limits);
	size_t n = first;

	for (struct slice left = message; left.len; left = slice_from(left, n), n = rest) {
		struct slice piece = slice_head(left, n);
		char *copy = mem_bytes(piece.at, piece.len);

		mime_scanner_add(s, slice_make(copy, piece.len));
		free(copy);
	}
	show(out, message, mime_scanner_end(s));
	arena_free(a);
}

static void expect(struct slice message, const char *want, size_t first, size_t rest,
		   const struct mime_limits *limits)
{
	struct buf b;

	buf_init(&b, 1 << 24);
	read_split(&b, message, first, rest, limits);
	if (!slice_is(buf_slice(&b), want))
		fail_msg("%.*s\n(%zu, then %zu)\n want %s\n  got %.*s", (int)message.len,
			 message.at, first, rest, want, (int)b.len, b.data);
	buf_release(&b);
}

/* With LF and with CRLF, in one piece, byte by byte, and cut anywhere. */
static void check_limited(const char *text, const char *want, const struct mime_limits *limits)
{
	struct crlf_form form = { false };
	struct buf crlf;

	buf_init(&crlf, 1 << 20);
	crlf_form_add(&form, &crlf, slice_of(text));
	for (int i = 0; i < 2; i++) {
		struct slice message = i ? buf_slice(&crlf) : slice_of(text);

		expect(message, want, 1, 1, limits);
		expect(message, want, 7, 3, limits);
		for (size_t n = 1; n <= message.len; n++)
			expect(message, want, n, SIZE_MAX, limits);
		if (!message.len)
			expect(message, want, 1, 1, limits);
	}
	buf_release(&crlf);
}

static void check(const char *text, const char *want)
{
	check_limited(text, want, &mime_default_limits);
}

#define MULTI "Content-Type: multipart/mixed; boundary="

static void test_plain(void **state)
{
	(void)state;
	check("", "plain[]");
	check("\n", "plain[]");
	check("x", "plain[]");
	check("Subject: x", "plain[]");
	check("Subject: x\n\nbody", "plain[body]");
	check("Subject: x\n\nbody\n", "plain[body/]");
	check("\nbody\n\n\n", "plain[body///]");
	check("Subject: x\n\n--not a boundary\n", "plain[--not a boundary/]");
	check("Subject: x\n \n\nbody", "plain[body]");
}

static void test_multipart(void **state)
{
	(void)state;
	check(MULTI "b\n\n--b\n\none\n--b\n\ntwo\n--b--\n", "mixed{plain[one]plain[two]}");
	check(MULTI "b\n\npre\n--b\n\none\n\n--b--\nepilogue\n--b\n\nno\n", "mixed{plain[one/]}");
	check(MULTI "\"b c\"  \n\n--b c \t\n\none\n--b c-- \n", "mixed{plain[one]}");
	check(MULTI "b\n\n--b\nContent-Type: text/html\n\none\n--b--", "mixed{html[one]}");
	check(MULTI "b\n\n--b\nContent-Type: text/html\n--b--", "mixed{html[]}");
	check(MULTI "b\n\n--b\n--b\n\n--b\n\n\n--b--\n", "mixed{plain[]plain[]plain[]}");
	check(MULTI "b\n\n --b\n\n--b\n\none\n- -b\n--b--", "mixed{plain[one/- -b]}");
	check("Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\nbody\n--b\n"
	      "Content-Type: text/html\n\nx\n--b--\n", "digest{rfc822{plain[body]}html[x]}");
}

/* The boundary does not come, or comes too early. */
static void test_incomplete(void **state)
{
	(void)state;
	check(MULTI "b\n\n--b\n\none", "mixed{plain[one]}");
	check(MULTI "b\n\n--b\n\none\n", "mixed{plain[one/]}");
	check(MULTI "b\n\n--b\nX: y", "mixed{plain[]}");
	check(MULTI "b\n\n--b", "mixed{plain[]}");
	check(MULTI "b\n\n--b--", "mixed{plain[]}");
	check(MULTI "b\n\nno parts\n", "mixed{plain[]}");
	check(MULTI "b\n\n", "mixed{plain[]}");
	check(MULTI "b", "mixed{plain[]}");
	check("Content-Type: multipart/mixed\n\n--\n\nx\n----\n", "mixed{plain[]}");
	check(MULTI "\"\"\n\n--\n\nx\n----\n", "mixed{plain[]}");
	check(MULTI "\" \"\n\n--\n\nx\n-- --\n", "mixed{plain[]}");
	check(MULTI "b\n--b\n\none\n--b--\n", "mixed{plain[]}");
}

static void test_nested(void **state)
{
	(void)state;
	check(MULTI "o\n\n--o\n" MULTI "i\n\n--i\n\n1\n--i\n\n2\n--i--\n\n--o\n\n3\n--o--\n",
	      "mixed{mixed{plain[1]plain[2]}plain[3]}");
	check(MULTI "o\n\n--o\n" MULTI "i\n\n--i\n\n1\n--o\n\n3\n--i\n\n4\n--o--\n",
	      "mixed{mixed{plain[1]}plain[3/--i//4]}");
	/* The same boundary twice: the inner one ends first. */
	check(MULTI "s\n\n--s\n" MULTI "s\n\n--s\n\n1\n--s--\n--s\n\n2\n--s--\n",
	      "mixed{mixed{plain[1]}plain[2]}");
	/* One begins as the other does. */
	check(MULTI "a\n\n--a\n" MULTI "a-in\n\n--a-in\n\n1\n--a-in--\n--a\n\n2\n--a--\n",
	      "mixed{mixed{plain[1]}plain[2]}");
	check(MULTI "a-out\n\n--a-out\n" MULTI "a\n\n--a\n\n1\n--a--\n--a-out\n\n2\n--a-out--\n",
	      "mixed{mixed{plain[1]}plain[2]}");
	check(MULTI "a\n\n--a\n" MULTI "a--\n\n--a--\n\n1\n--a----\n\n2\n--a\n\n3\n--a--\n",
	      "mixed{mixed{plain[1]}plain[3]}");
	/* RFC 2046 5.1.1: the beginning of the line is enough. */
	check(MULTI "b\n\n--bcd\n\n1\n--b--x\n\n2", "mixed{plain[1]}");
}

static void test_message(void **state)
{
	(void)state;
	check("Content-Type: message/rfc822\n\nSubject: x\n\nbody\n", "rfc822{plain[body/]}");
	check("Content-Type: message/rfc822\n\n", "rfc822{plain[]}");
	check("Content-Type: message/rfc822", "rfc822{plain[]}");
	check("Content-Type: message/global\n\nContent-Type: text/html\n\nx", "global{html[x]}");
	check("Content-Type: message/partial\n\nSubject: x\n\nx", "partial[Subject: x//x]");
	check(MULTI "b\n\n--b\nContent-Type: message/rfc822\n\nSubject: x\n--b\n\ny\n--b--",
	      "mixed{rfc822{plain[]}plain[y]}");
	check(MULTI "b\n\n--b\nContent-Type: message/rfc822\n\n\n--b\n\ny\n--b--",
	      "mixed{rfc822{plain[]}plain[y]}");
	check(MULTI "b\n\n--b\nContent-Type: message/rfc822\n\n" MULTI "c\n\n--c\n\n1\n--c--\n--b--",
	      "mixed{rfc822{mixed{plain[1]}}}");
}

static void test_places(void **state)
{
	struct slice m = SLICE(MULTI "b\n\n--b\r\nA: b\r\n\r\none\r\ntwo\n--b\n\n\r\n\n--b--\n");
	struct arena *a = mime_arena_new();
	const struct mime_part *root = mime_scan(a, m, &mime_default_limits);
	const struct mime_part *p = root->child;

	(void)state;
	assert_int_equal(root->header_len, 43);
	assert_int_equal(root->header_crlf, 45);
	assert_int_equal(root->body_lines, 10);
	assert_int_equal(p->header_at, 48);
	assert_int_equal(p->header_len, 8);
	assert_int_equal(p->header_crlf, 8);
	assert_int_equal(p->body_at, 56);
	assert_int_equal(p->body_len, 8);
	assert_int_equal(p->body_crlf, 8);
	assert_int_equal(p->body_lines, 1);
	p = p->next;
	assert_int_equal(p->body_len, 2);
	assert_int_equal(p->body_crlf, 2);
	assert_int_equal(p->body_lines, 1);
	assert_null(p->next);
	arena_free(a);
}

static void test_limits(void **state)
{
	static const struct mime_limits shallow = { 2, 100, 4096 };
	static const struct mime_limits few = { 10, 3, 4096 };
	static const struct mime_limits one = { 10, 1, 4096 };
	static const struct mime_limits flat = { 0, 10, 4096 };
	static const struct mime_limits short_header = { 10, 10, 100 };

	(void)state;
	check_limited(MULTI "1\n\n--1\n" MULTI "2\n\n--2\n" MULTI "3\n\n--3\n\nx\n--3--\n--2\n\ny\n--1--",
		      "mixed{mixed{octet-stream[--3//x/--3--]plain[y]}}", &shallow);
	check_limited(MULTI "1\n\n--1\n\na\n--1\n\nb\n--1\n\nc\n--1--\n",
		      "mixed{plain[a]plain[b/--1//c/--1--/]}", &few);
	check_limited(MULTI "1\n\n--1\n" MULTI "2\n\n--2\n\nb\n--1\n\nc\n--1--\n",
		      "mixed{mixed{plain[b/--1//c/--1--/]}}", &few);
	check_limited(MULTI "1\n\n--1\n\na\n--1--\n", "octet-stream[--1//a/--1--/]", &one);
	check_limited("Content-Type: message/rfc822\n\nA: b\n\nx", "octet-stream[A: b//x]", &flat);
	check_limited("X-Long: 0123456789012345678901234567890123456789\n" MULTI "b\n\n--b\n\nx",
		      "plain[--b//x]", &short_header);
	check_limited("Content-Type: multipart/mixed; boundary=1\n\n--1\nContent-Type: text/html\n"
		      "X: 01234567890123456789012345678901234567890\n\na\n--1\n\nb",
		      "mixed{html[a]plain[b]}", &short_header);
}

static void test_long_lines(void **state)
{
	static const struct { size_t boundary; bool used; } cases[] = {
		{ 1, true }, { 70, true }, { 500, true }, { 900, true }, { 901, false }, { 5000, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b;
		char *name = mem_alloc(cases[i].boundary + 1);

		memset(name, 'x', cases[i].boundary);
		buf_init(&b, 1 << 20);
		buf_printf(&b, MULTI "%s\n\n--%s", name, name);
		for (int n = 0; n < 5000; n++)
			buf_add_byte(&b, ' ');
		buf_printf(&b, "\n\na\n--%s--\n", name);
		expect(buf_slice(&b), cases[i].used ? "mixed{plain[a]}" : "mixed{plain[]}", 99, 77,
		       &mime_default_limits);
		buf_release(&b);
		free(name);
	}
}

/* Input that invites more than linear time; the bound is generous. */
static void test_hostile(void **state)
{
	uint64_t start = clock_mono_ms();
	struct arena *a;
	struct buf b;

	(void)state;
	for (int kind = 0; kind < 6; kind++) {
		buf_init(&b, 1 << 24);
		buf_add_text(&b, kind == 5 ? "Content-Type: x/y" : MULTI "b\n\n");
		for (int i = 0; i < 100000; i++) {
			switch (kind) {
			case 0: buf_printf(&b, "--b%d\n" MULTI "b%d\n\n", i - 1, i); break;
			case 1: buf_add_text(&b, "--b\n" MULTI "b\n\n"); break;
			case 2: buf_add_text(&b, "--b\n\n"); break;
			case 3: buf_add_text(&b, "--b\nContent-Type: message/rfc822\n\n"); break;
			case 4: buf_add_text(&b, "--b--\n"); break;
			case 5: buf_printf(&b, ";a%d=b", i); break;
			}
		}
		a = mime_arena_new();
		const struct mime_part *root = mime_scan(a, buf_slice(&b), &mime_default_limits);
		unsigned parts = 0, deepest = 0;

		for (const struct mime_part *p = root; p; p = mime_part_next(p)) {
			parts++;
			deepest = p->depth > deepest ? p->depth : deepest;
		}
		assert_true(parts <= mime_default_limits.parts);
		assert_true(deepest <= mime_default_limits.depth);
		arena_free(a);
		buf_release(&b);
	}
	assert_true(clock_mono_ms() - start < 20000);
}

/* Bytes of every kind: any of them is some message, and no split changes it. */
static void test_noise(void **state)
{
	static const char *const words[] = {
		"--a", "--b", "--", "\n", "\r\n", "\r", "\n\n", MULTI "a\n\n", MULTI "b\r\n\r\n",
		"Content-Type: message/rfc822\n\n", "x", " ", "--a--\n", "--b--", "\0y",
	};
	uint32_t random = 1;

	(void)state;
	for (int round = 0; round < 400; round++) {
		struct buf b, whole, split;

		buf_init(&b, 1 << 16);
		buf_init(&whole, 1 << 20);
		buf_init(&split, 1 << 20);
		for (int i = 0; i < 60; i++) {
			random = random * 1664525 + 1013904223;
			buf_add_text(&b, words[(random >> 16) % (sizeof(words) / sizeof(words[0]))]);
		}
		read_split(&whole, buf_slice(&b), SIZE_MAX, 1, &mime_default_limits);
		for (size_t n = 1; n < 12; n++) {
			buf_clear(&split);
			read_split(&split, buf_slice(&b), n * 5 - 4, n, &mime_default_limits);
			assert_true(slice_equal(buf_slice(&whole), buf_slice(&split)));
		}
		buf_release(&b);
		buf_release(&whole);
		buf_release(&split);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_multipart),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
