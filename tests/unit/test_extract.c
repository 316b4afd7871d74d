#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/calendar/extract.h"
#include "base/buf.h"
#include "base/mem.h"

#define TOP "From: Otto <otto@example.org>\nMessage-ID: <1@x>\nMIME-Version: 1.0\n"
#define ICS "BEGIN:VCALENDAR\nSUMMARY:x\nEND:VCALENDAR"
/* "BEGIN:VCALENDAR\r\nSUMMARY:x\r\nEND:VCALENDAR" */
#define B64 "QkVHSU46VkNBTEVOREFSDQpTVU1NQVJZOngNCkVORDpWQ0FMRU5EQVI=\n"

static const struct {
	const char *message;
	unsigned count;
	const char *text, *method;       /* of the first */
} cases[] = {
	{ TOP "Content-Type: text/calendar\n\n" ICS "\n", 1, ICS, "" },
	{ TOP "Content-Type: TEXT/Calendar; charset=utf-8; Method=\"request\"\n\n" ICS "\n", 1, ICS, "request" },
	{ TOP "Content-Type: text/calendar\nContent-Transfer-Encoding: base64\n\n" B64, 1, ICS, "" },
	{ TOP "Content-Type: text/calendar\nContent-Transfer-Encoding: 7bit\n\n" B64, 1, ICS, "" },
	{ TOP "Content-Type: text/calendar\nContent-Transfer-Encoding: quoted-printable\n\n"
	  "BEGIN:VCALENDAR=0D=0ASUMM=\nARY:x=0D=0AEND:VCALENDAR\n", 1, ICS, "" },
	{ TOP "Content-Type: application/ics; name=x\n\n" ICS "\n", 1, ICS, "" },
	{ TOP "Content-Type: application/octet-stream; name=\"Invite.ICS\"\n\n" ICS "\n", 1, ICS, "" },
	{ TOP "Content-Type: application/octet-stream\n"
	  "Content-Disposition: attachment; filename*=utf-8''Termin%20%C3%BCber.ics\n\n" ICS "\n", 1, ICS, "" },
	{ TOP "Content-Type: application/octet-stream; name=\"=?utf-8?B?VGVybWluLmljcw==?=\"\n\n" ICS "\n",
	  1, ICS, "" },
	{ TOP "Content-Type: text/plain\n\n" ICS "\n", 0, NULL, NULL },
	{ TOP "Content-Type: application/octet-stream; name=x.ics.exe\n\n" ICS "\n", 0, NULL, NULL },
	{ TOP "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary=b\n\n"
	  "--b\n\ntext\n--b\nContent-Type: text/calendar; method=REQUEST\n\n" ICS "\n--b--\n"
	  "--a\nContent-Type: application/ics; name=invite.ics\n\nBEGIN:X\n--a--\n", 2, ICS, "REQUEST" },
	/* Forwarded, signed, the last boundary missing. */
	{ TOP "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: message/rfc822\n\n"
	  "Content-Type: multipart/signed; boundary=s\n\n--s\nContent-Type: text/calendar\n\n" ICS
	  "\n--s\nContent-Type: application/pgp-signature\n\nx\n--s--\n", 1, ICS, "" },
	/* Charsets. */
	{ TOP "Content-Type: text/calendar; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n\nSUMMARY:\xfc\n",
	  1, "SUMMARY:\xc3\xbc", "" },
	{ TOP "Content-Type: text/calendar\nContent-Transfer-Encoding: 8bit\n\nSUMMARY:\xfc\n",
	  1, "SUMMARY:\xc3\xbc", "" },
	{ TOP "Content-Type: text/calendar; charset=us-ascii\n\nSUMMARY:\xc3\n \xbc\n", 1, "SUMMARY:\xc3\xbc", "" },
	{ TOP "Content-Type: text/calendar; charset=iso-8859-1\n\n\xef\xbb\xbfSUMMARY:\xc3\xbc\n",
	  1, "SUMMARY:\xc3\xbc", "" },
	/* "A:ü" in UTF-16, little-endian with and big-endian without a mark. */
	{ TOP "Content-Type: text/calendar\nContent-Transfer-Encoding: base64\n\n//5BADoA/AAKAA==\n", 1, "A:\xc3\xbc", "" },
	{ TOP "Content-Type: text/calendar; charset=utf-16\nContent-Transfer-Encoding: base64\n\nAEEAOgD8AAo=\n",
	  1, "A:\xc3\xbc", "" },
	/* UTF-8 with a damaged byte, and what is not UTF-8 at all. */
	{ TOP "Content-Type: application/ics\n\nSUMMARY:\xc3\xbc\xe2\x82 \xc3\x9f\n", 1,
	  "SUMMARY:\xc3\xbc\xef\xbf\xbd\xef\xbf\xbd \xc3\x9f", "" },
	{ TOP "Content-Type: application/ics\n\nSUMMARY:\xfc \xc3\x9f \xe4\n", 1,
	  "SUMMARY:\xc3\xbc \xc3\x83\xc5\xb8 \xc3\xa4", "" },
	{ TOP "Content-Type: text/calendar\n\n", 1, "", "" },
	{ "", 0, NULL, NULL },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *a = arena_new(1 << 24);
		struct extracted e = extract(a, slice_of(cases[i].message));

		if (e.count != cases[i].count)
			fail_msg("%u texts in\n%s", e.count, cases[i].message);
		if (e.count) {
			if (!slice_is(e.texts->text, cases[i].text))
				fail_msg("\"%.*s\" of\n%s", (int)e.texts->text.len, e.texts->text.at,
					 cases[i].message);
			assert_true(slice_is(e.texts->method, cases[i].method));
			assert_true(slice_is(e.from, "Otto <otto@example.org>"));
			assert_true(slice_is(e.message_id, "<1@x>"));
		}
		arena_free(a);
	}
}

static void test_date(void **state)
{
	struct arena *a = arena_new(1 << 20);

	(void)state;
	assert_int_equal(extract(a, SLICE("Date: Mon, 15 Jan 2024 10:00:00 +0100\n\n")).sent, 1705309200);
	assert_int_equal(extract(a, SLICE("Date: yesterday\n\n")).sent, 0);
	arena_free(a);
}

static void test_ceilings(void **state)
{
	struct arena *a = arena_new((size_t)1 << 28);
	struct extracted e;
	struct buf b;

	(void)state;
	buf_init(&b, 64 << 20);
	buf_add_text(&b, TOP "Content-Type: multipart/mixed; boundary=a\n\n");
	for (int i = 0; i < EXTRACT_TEXTS + 5; i++)
		buf_add_text(&b, "--a\nContent-Type: text/calendar\n\n" ICS "\n");
	e = extract(a, buf_slice(&b));
	assert_int_equal(e.count, EXTRACT_TEXTS);
	assert_int_equal(e.left_out, 5);
	buf_clear(&b);
	buf_add_text(&b, TOP "Content-Type: text/calendar\n\nSUMMARY:");
	for (int i = 0; i < EXTRACT_BYTES / 8; i++)
		buf_add_text(&b, "12345678");
	e = extract(a, buf_slice(&b));
	assert_int_equal(e.count, 0);
	assert_int_equal(e.left_out, 1);
	buf_release(&b);
	arena_free(a);
}

/* A message cut anywhere is still some message. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t len = strlen(cases[i].message);

		for (size_t n = 0; n < len; n++) {
			struct arena *a = arena_new(1 << 24);
			char *cut = mem_bytes(cases[i].message, n);

			assert_true(extract(a, slice_make(cut, n)).count <= 2);
			free(cut);
			arena_free(a);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_date),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
