#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../src/imap/section.h"

/* Reads a section out of `text`.  NULL: refused, or something is left. */
static const struct section *parse(struct arena *a, const char *text)
{
	struct imap_args args = { .rest = slice_of(text), .arena = a };
	struct section *s = arena_get(a, sizeof(*s));

	if (!section_parse(s, &args, a) || args.rest.len)
		return NULL;
	return s;
}

static void test_parse_and_print(void **state)
{
	static const struct {
		const char *in, *out;        /* out NULL: refused */
	} rows[] = {
		{ "[]", "[]" },
		{ "[1]", "[1]" },
		{ "[4.2.2.1]", "[4.2.2.1]" },
		{ "[4294967295]", "[4294967295]" },
		{ "[HEADER]", "[HEADER]" },
		{ "[text]", "[TEXT]" },
		{ "[3.Header]", "[3.HEADER]" },
		{ "[4.1.MIME]", "[4.1.MIME]" },
		{ "[HEADER.FIELDS (Date FROM)]", "[HEADER.FIELDS (Date FROM)]" },
		{ "[header.fields.not (\"x\")]", "[HEADER.FIELDS.NOT (x)]" },
		{ "[2.HEADER.FIELDS (\"a b\" \"\")]", "[2.HEADER.FIELDS (\"a b\" \"\")]" },
		{ "", NULL },
		{ "[", NULL },
		{ "[0]", NULL },
		{ "[1.0]", NULL },
		{ "[1.]", NULL },
		{ "[.1]", NULL },
		{ "[1..2]", NULL },
		{ "[1", NULL },
		{ "[4294967296]", NULL },
		{ "[MIME]", NULL },
		{ "[HEADERS]", NULL },
		{ "[HEADER.FIELDS]", NULL },
		{ "[HEADER.FIELDS ()]", NULL },
		{ "[HEADER.FIELDS (a]", NULL },
		{ "[HEADER.FIELDS (a )]", NULL },
		{ "[HEADER.FIELDS(a)]", NULL },
		{ "[HEADER (a)]", NULL },
		{ "[1 .2]", NULL },
		{ "[TEXT.1]", NULL },
		{ "[HEADER.1]", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *a = arena_new(256 * 1024);
		const struct section *s = parse(a, rows[i].in);
		struct buf out;

		buf_init(&out, 1000);
		if (s) {
			char *text;

			assert_true(section_print(&out, s));
			text = buf_take_string(&out);
			assert_non_null(rows[i].out);
			assert_string_equal(text, rows[i].out);
			free(text);
		} else if (rows[i].out) {
			fail_msg("refused: %s", rows[i].in);
		}
		buf_release(&out);
		arena_free(a);
	}
}

/* One number over, one name over: refused; at the ceiling: read. */
static void test_ceilings(void **state)
{
	(void)state;
	for (int over = 0; over < 2; over++) {
		struct arena *a = arena_new(256 * 1024);
		struct buf path, names;
		char *text;

		buf_init(&path, 10000);
		buf_init(&names, 10000);
		buf_add_text(&path, "[1");
		for (int i = 1; i < SECTION_PATH_MAX + over; i++)
			buf_add_text(&path, ".1");
		buf_add_text(&path, "]");
		text = buf_take_string(&path);
		assert_int_equal(parse(a, text) == NULL, over);
		free(text);
		buf_add_text(&names, "[HEADER.FIELDS (a");
		for (int i = 1; i < SECTION_FIELDS_MAX + over; i++)
			buf_add_text(&names, " a");
		buf_add_text(&names, ")]");
		text = buf_take_string(&names);
		assert_int_equal(parse(a, text) == NULL, over);
		free(text);
		arena_free(a);
	}
}

/* The message of RFC 3501 6.4.5's example, part by part. */
#define PLAIN_1  "one\ntwo"
#define HEAD_1   "Content-Type: text/plain\nX-Part: 1\n\n"
#define HEAD_2   "Content-Type: application/octet-stream\n\n"
#define BODY_2   "\001\002\n"
#define HEAD_31  "Content-Type: text/plain\nX-Part: 3.1\n\n"
#define HEAD_32  "content-type: application/octet-stream\n\n"
#define TEXT_3   "--in\n" HEAD_31 "inner\n\n--in\n" HEAD_32 "octets\n--in--\n"
#define HEADER_3 "Subject: inner\nFrom: a@b.example\n" \
		 "Content-Type: multipart/mixed; boundary=in\n\n"
#define HEAD_3   "Content-Type: message/rfc822\n\n"
#define HEAD_41  "Content-Type: image/gif\nContent-Transfer-Encoding: base64\n\n"
#define BODY_41  "R0lGODlh\n"
#define HEAD_42  "Content-Type: message/rfc822\nX-Part: 4.2\n\n"
#define HEADER_42 "Subject: deep\nContent-Type: multipart/mixed; boundary=deep\n\n"
#define BODY_421 "plain of the deep one"
#define HEAD_422 "Content-Type: multipart/alternative; boundary=alt\n\n"
#define HEAD_4221 "Content-Type: text/plain\n\n"
#define HEAD_4222 "Content-Type: text/richtext\n\n"
#define BODY_422 "--alt\n" HEAD_4221 "poor\n--alt\n" HEAD_4222 "<bold>rich</bold>\n--alt--\n"
#define TEXT_42  "--deep\n\n" BODY_421 "\n--deep\n" HEAD_422 BODY_422 "\n--deep--\n"
#define HEAD_4   "Content-Type: multipart/mixed; boundary=four\n\n"
#define BODY_4   "--four\n" HEAD_41 BODY_41 "\n--four\n" HEAD_42 HEADER_42 TEXT_42 "\n--four--\n"
#define HEADER   "From: x@y.example\nSubject: all\n\tof it\nMime-Version: 1.0\n" \
		 "Content-Type: multipart/mixed; boundary=\"out\"\n\n"
#define TEXT     "preamble\n--out\n" HEAD_1 PLAIN_1 "\n--out\n" HEAD_2 BODY_2 "\n--out\n" \
		 HEAD_3 HEADER_3 TEXT_3 "\n--out\n" HEAD_4 BODY_4 "\n--out--\nepilogue\n"

static const struct {
	const char *section, *text;          /* NULL: there is none */
} example[] = {
	{ "[]", HEADER TEXT },
	{ "[HEADER]", HEADER },
	{ "[TEXT]", TEXT },
	{ "[1]", PLAIN_1 },
	{ "[1.MIME]", HEAD_1 },
	{ "[2]", BODY_2 },
	{ "[2.MIME]", HEAD_2 },
	{ "[3]", HEADER_3 TEXT_3 },
	{ "[3.MIME]", HEAD_3 },
	{ "[3.HEADER]", HEADER_3 },
	{ "[3.TEXT]", TEXT_3 },
	{ "[3.1]", "inner\n" },
	{ "[3.1.MIME]", HEAD_31 },
	{ "[3.2]", "octets" },
	{ "[3.2.MIME]", HEAD_32 },
	{ "[4]", BODY_4 },
	{ "[4.MIME]", HEAD_4 },
	{ "[4.1]", BODY_41 },
	{ "[4.1.MIME]", HEAD_41 },
	{ "[4.2]", HEADER_42 TEXT_42 },
	{ "[4.2.MIME]", HEAD_42 },
	{ "[4.2.HEADER]", HEADER_42 },
	{ "[4.2.TEXT]", TEXT_42 },
	{ "[4.2.1]", BODY_421 },
	{ "[4.2.1.MIME]", "\n" },
	{ "[4.2.2]", BODY_422 },
	{ "[4.2.2.1]", "poor" },
	{ "[4.2.2.1.MIME]", HEAD_4221 },
	{ "[4.2.2.2]", "<bold>rich</bold>" },
	{ "[4.2.2.2.MIME]", HEAD_4222 },
	{ "[5]", NULL },
	{ "[1.1]", NULL },
	{ "[2.1]", NULL },
	{ "[3.3]", NULL },
	{ "[4.3]", NULL },
	{ "[4.2.2.3]", NULL },
	{ "[4.2.2.1.1]", NULL },
	{ "[4294967295]", NULL },
	{ "[1.HEADER]", NULL },
	{ "[1.TEXT]", NULL },
	{ "[4.HEADER]", NULL },
	{ "[4.TEXT]", NULL },
	{ "[4.2.2.HEADER]", NULL },
	{ "[9.HEADER]", NULL },
	{ "[9.MIME]", NULL },
};

static uint64_t crlf_length(const char *text, size_t len)
{
	uint64_t n = len;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n' && (i == 0 || text[i - 1] != '\r');
	return n;
}

static void check_place(const char *message, const char *section, const char *text)
{
	struct arena *a = mime_arena_new();
	const struct mime_part *root = mime_scan(a, slice_of(message), &mime_default_limits);
	const struct section *s = parse(a, section);
	struct section_place at;

	assert_non_null(s);
	if (section_find(s, root, &at) != (text != NULL))
		fail_msg("%s: found is %d", section, text == NULL);
	if (text) {
		if (at.len != strlen(text) || memcmp(message + at.at, text, at.len))
			fail_msg("%s is \"%.*s\"", section, (int)at.len, message + at.at);
		assert_int_equal(at.crlf, crlf_length(text, at.len));
	}
	arena_free(a);
}

static void test_example_tree(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(example) / sizeof(example[0]); i++)
		check_place(HEADER TEXT, example[i].section, example[i].text);
}

static void test_other_messages(void **state)
{
	static const struct {
		const char *message, *section, *text;
	} rows[] = {
		/* A message that is no multipart has a part 1, and no other. */
		{ "Subject: x\n\nbody\n", "[1]", "body\n" },
		{ "Subject: x\n\nbody\n", "[1.MIME]", "Subject: x\n\n" },
		{ "Subject: x\n\nbody\n", "[1.1]", NULL },
		{ "Subject: x\n\nbody\n", "[2]", NULL },
		{ "Subject: x\n\nbody\n", "[1.HEADER]", NULL },
		{ "Subject: x\r\n\r\nbo\ndy", "[]", "Subject: x\r\n\r\nbo\ndy" },
		{ "Subject: x\r\n\r\nbo\ndy", "[TEXT]", "bo\ndy" },
		/* No body, no empty line. */
		{ "Subject: x\n", "[HEADER]", "Subject: x\n" },
		{ "Subject: x\n", "[TEXT]", "" },
		{ "Subject: x\n", "[1]", "" },
		{ "", "[]", "" },
		{ "", "[HEADER]", "" },
		/* A message that is nothing but another. */
		{ "Content-Type: message/rfc822\n\nA: b\n\nin\n", "[1]", "A: b\n\nin\n" },
		{ "Content-Type: message/rfc822\n\nA: b\n\nin\n", "[1.HEADER]", "A: b\n\n" },
		{ "Content-Type: message/rfc822\n\nA: b\n\nin\n", "[1.TEXT]", "in\n" },
		{ "Content-Type: message/rfc822\n\nA: b\n\nin\n", "[1.1]", "in\n" },
		{ "Content-Type: message/rfc822\n\nA: b\n\nin\n", "[1.1.MIME]", "A: b\n\n" },
		{ "Content-Type: message/rfc822\n\nA: b\n\nin\n", "[1.2]", NULL },
		{ "Content-Type: message/rfc822\n\nA: b\n\nin\n", "[1.1.1]", NULL },
		/* A multipart of which there is nothing has one empty part. */
		{ "Content-Type: multipart/mixed; boundary=z\n\nnone\n", "[1]", "" },
		{ "Content-Type: multipart/mixed; boundary=z\n\nnone\n", "[1.1]", NULL },
		{ "Content-Type: multipart/mixed; boundary=z\n\nnone\n", "[2]", NULL },
		{ "Content-Type: multipart/mixed; boundary=z\n\nnone\n", "[1.TEXT]", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_place(rows[i].message, rows[i].section, rows[i].text);
}

static void test_fields(void **state)
{
	static const char header[] = "From nobody\nDate: today\nFrom: a@b\n  (folded)\n"
				     "Received: 1\nRECEIVED: 2\nX : y\n\n";
	static const struct {
		const char *header, *section, *text;
	} rows[] = {
		{ header, "[HEADER.FIELDS (date)]", "Date: today\r\n\r\n" },
		{ header, "[HEADER.FIELDS (received FROM)]",
		  "From: a@b\r\n  (folded)\r\nReceived: 1\r\nRECEIVED: 2\r\n\r\n" },
		{ header, "[HEADER.FIELDS (none)]", "\r\n" },
		{ header, "[HEADER.FIELDS (Dat Date:)]", "\r\n" },
		{ header, "[HEADER.FIELDS (x)]", "X : y\r\n\r\n" },
		{ header, "[HEADER.FIELDS.NOT (received x from)]", "Date: today\r\n\r\n" },
		{ "A: 1\r\nB: 2", "[HEADER.FIELDS (a b)]", "A: 1\r\nB: 2\r\n\r\n" },
		{ "A: 1\r\nB: 2", "[HEADER.FIELDS.NOT (a b)]", "\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *a = arena_new(256 * 1024);
		struct buf out;
		char *text;

		buf_init(&out, 10000);
		assert_true(section_fields(&out, parse(a, rows[i].section),
					   slice_of(rows[i].header)));
		text = buf_take_string(&out);
		assert_string_equal(text, rows[i].text);
		free(text);
		arena_free(a);
	}
}

static void test_wire_at_every_split(void **state)
{
	static const char in[] = "a\nb\r\n\0c\r\r\n\n\0";
	static const char want[] = "a\r\nb\r\n\x80" "c\r\r\n\r\n\x80";

	(void)state;
	for (size_t cut = 0; cut < sizeof(in); cut++) {
		struct crlf_form form = { false };
		struct buf out;

		buf_init(&out, 1000);
		assert_true(section_wire(&form, &out, slice_make(in, cut)));
		assert_true(section_wire(&form, &out, slice_make(in + cut, sizeof(in) - 1 - cut)));
		assert_int_equal(out.len, sizeof(want) - 1);
		assert_memory_equal(out.data, want, out.len);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_and_print),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_example_tree),
		cmocka_unit_test(test_other_messages),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_wire_at_every_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
