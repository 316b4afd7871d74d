#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "mime/decode.h"

struct decode_case {
	enum mime_encoding encoding;
	struct slice in, want;
};

#define CASE(encoding, in, want) { encoding, { "" in, sizeof(in) - 1 }, { "" want, sizeof(want) - 1 } }
#define B64 MIME_BASE64
#define QP MIME_QUOTED_PRINTABLE
#define UU MIME_UUENCODE

#define BLANKS40 "                                        "

static const struct decode_case cases[] = {
	CASE(MIME_IDENTITY, "a=41\r\n \0x", "a=41\r\n \0x"),
	CASE(MIME_UNKNOWN, "a=41", "a=41"),
	CASE(B64, "", ""),
	CASE(B64, "YQ==", "a"),
	CASE(B64, "YWI=", "ab"),
	CASE(B64, "YWJj", "abc"),
	CASE(B64, "YWJj\r\nZGVm\r\n", "abcdef"),
	CASE(B64, "AP+A", "\0\xff\x80"),
	CASE(B64, "YQ", "a"),                            /* padding is missing */
	CASE(B64, "YWI", "ab"),
	CASE(B64, "Y", ""),
	CASE(B64, "Y W\tJ!j*", "abc"),                   /* 6.8: others are ignored */
	CASE(B64, "YQ==YWI=YWJj", "aababc"),             /* padding in the middle */
	CASE(B64, "====YQ=", "a"),
	CASE(B64, "//8=", "\xff\xff"),
	CASE(QP, "", ""),
	CASE(QP, "plain\r\n", "plain\r\n"),
	CASE(QP, "a=3Db=3db", "a=b=b"),
	CASE(QP, "gr=C3=BC=C3=9F", "grüß"),
	CASE(QP, "one=\r\ntwo", "onetwo"),
	CASE(QP, "one=\ntwo", "onetwo"),
	CASE(QP, "one= \t \r\ntwo", "onetwo"),
	CASE(QP, "one= \t x", "one= \t x"),
	CASE(QP, "one  \r\ntwo\t\nthree  ", "one\r\ntwo\nthree"),
	CASE(QP, "a  b", "a  b"),
	CASE(QP, "a=20\r\n", "a \r\n"),
	CASE(QP, "a=zz=4g=4", "a=zz=4g=4"),
	CASE(QP, "==41", "=A"),
	CASE(QP, "=4=41", "=4A"),
	CASE(QP, "= =41", "= A"),
	CASE(QP, "=\rx", "x"),
	CASE(QP, "=\r\r\n", "\r\n"),
	CASE(QP, "end=", "end"),
	CASE(QP, "end= ", "end"),
	CASE(QP, "=00=FF", "\0\xff"),
	CASE(QP, BLANKS40 BLANKS40 BLANKS40 "x", BLANKS40 BLANKS40 BLANKS40 "x"),
	CASE(UU, "", ""),
	CASE(UU, "before\nbegin 644 cat.txt\n#0V%T\n`\nend\nafter\n", "Cat"),
	CASE(UU, "begin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n", "Cat"),
	CASE(UU, "begin 644 x\n!80``\nend\n", "a"),
	CASE(UU, "begin 644 x\n\"86(\nend\n", "ab"),      /* blanks at the end were cut */
	CASE(UU, "begin 644 x\n#``\n", "\0\0\0"),
	CASE(UU, "begin 644 x\n#0V%Tchecksum\nend\n", "Cat"),
	CASE(UU, "beginning\n#0V%T\n", ""),
	CASE(UU, "begin 644 a\n#0V%T\nend\nbegin 644 b\n#0V%T\nend", "CatCat"),
	CASE(UU, "begin 644 a\n#0V%T", "Cat"),
};

static void check(const struct decode_case *c, const struct buf *out, size_t a, size_t b)
{
	if (!slice_equal(buf_slice(out), c->want))
		fail_msg("\"%.*s\" cut at %zu and %zu: \"%.*s\"", (int)c->in.len, c->in.at, a, b,
			 (int)out->len, out->data);
}

static void every_two_cuts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct decode_case *c = &cases[i];

		for (size_t a = 0; a <= c->in.len; a++) {
			for (size_t b = a; b <= c->in.len; b++) {
				struct mime_decoder d;
				struct buf out;

				buf_init(&out, 4096);
				mime_decode_begin(&d, c->encoding);
				assert_true(mime_decode_add(&d, &out, slice_head(c->in, a)));
				assert_true(mime_decode_add(&d, &out,
							    slice_head(slice_from(c->in, a), b - a)));
				assert_true(mime_decode_add(&d, &out, slice_from(c->in, b)));
				assert_true(mime_decode_end(&d, &out));
				check(c, &out, a, b);
				buf_release(&out);
			}
		}
	}
}

static void byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct decode_case *c = &cases[i];
		struct mime_decoder d;
		struct buf out;

		buf_init(&out, 4096);
		mime_decode_begin(&d, c->encoding);
		for (size_t n = 0; n < c->in.len; n++)
			assert_true(mime_decode_add(&d, &out, slice_make(c->in.at + n, 1)));
		assert_true(mime_decode_end(&d, &out));
		check(c, &out, 1, 1);
		buf_release(&out);
	}
}

static void names(void **state)
{
	(void)state;
	assert_int_equal(mime_encoding_of(SLICE("")), MIME_IDENTITY);
	assert_int_equal(mime_encoding_of(SLICE("7bit")), MIME_IDENTITY);
	assert_int_equal(mime_encoding_of(SLICE(" 8BIT ")), MIME_IDENTITY);
	assert_int_equal(mime_encoding_of(SLICE("binary")), MIME_IDENTITY);
	assert_int_equal(mime_encoding_of(SLICE("Base64")), MIME_BASE64);
	assert_int_equal(mime_encoding_of(SLICE("base64;")), MIME_BASE64);
	assert_int_equal(mime_encoding_of(SLICE("base64 (really)")), MIME_BASE64);
	assert_int_equal(mime_encoding_of(SLICE("quoted-printable\r\n")), MIME_QUOTED_PRINTABLE);
	assert_int_equal(mime_encoding_of(SLICE("X-UUENCODE")), MIME_UUENCODE);
	assert_int_equal(mime_encoding_of(SLICE("x-uue")), MIME_UUENCODE);
	assert_int_equal(mime_encoding_of(SLICE("rot13")), MIME_UNKNOWN);
	assert_int_equal(mime_encoding_of(SLICE("7\0bit")), MIME_UNKNOWN);
}

static void out_is_full(void **state)
{
	static const enum mime_encoding all[] = { MIME_IDENTITY, B64, QP };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct mime_decoder d;
		struct buf out;

		buf_init(&out, 3);
		mime_decode_begin(&d, all[i]);
		assert_false(mime_decode_add(&d, &out, SLICE("YWJjZGVmYWJjZGVm")));
		assert_true(out.len <= 3);
		buf_release(&out);
	}
}

static void linear_time(void **state)
{
	static const char *const pieces[] = { "=", " ", "= ", "=\r", "begin ", "\n", "Y=" };
	static const enum mime_encoding all[] = { B64, QP, UU };
	size_t len = 1 << 20;
	char *in = malloc(len);
	uint64_t start = clock_mono_ms();

	(void)state;
	assert_non_null(in);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		for (size_t n = 0; n < len; n++)
			in[n] = pieces[i][n % strlen(pieces[i])];
		for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
			struct mime_decoder d;
			struct buf out;

			buf_init(&out, 2 * len);
			mime_decode_begin(&d, all[k]);
			assert_true(mime_decode_add(&d, &out, slice_make(in, len)));
			assert_true(mime_decode_end(&d, &out));
			assert_true(out.len <= len);
			buf_release(&out);
		}
	}
	free(in);
	assert_true(clock_mono_ms() - start < 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_two_cuts),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(names),
		cmocka_unit_test(out_is_full),
		cmocka_unit_test(linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
