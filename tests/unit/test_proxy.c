#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/net/proxy.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* gcc takes no compound literal in a static table. */
#define BYTES(literal) { "" literal, sizeof(literal) - 1 }
#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

/* A block of exactly the right size, so that a sanitizer sees a byte too far. */
static enum proxy_result read_exactly(struct slice s, size_t *used, struct address *source)
{
	char *copy = malloc(s.len ? s.len : 1);
	enum proxy_result result;

	assert_non_null(copy);
	if (s.len)
		memcpy(copy, s.at, s.len);
	*used = 99999;
	memset(source, 0xee, sizeof(*source));
	result = proxy_read(slice_make(copy, s.len), used, source);
	free(copy);
	return result;
}

static void print_source(const struct address *a, char out[ADDRESS_TEXT + 8])
{
	char text[ADDRESS_TEXT];

	address_print(a, text);
	snprintf(out, ADDRESS_TEXT + 8, "%s %u", text, a->port);
}

/* Every beginning of the header wants more; with the protocol behind it in one
 * piece or none, the header and nothing else is used. */
static void assert_header(struct slice header, const char *expected)
{
	static const char *const behind[] = { "", "E", "EHLO client.example\r\nQUIT\r\n",
					      "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r\n" };
	char out[ADDRESS_TEXT + 8];
	struct address source;
	size_t used;

	for (size_t n = 0; n < header.len; n++) {
		enum proxy_result r = read_exactly(slice_head(header, n), &used, &source);

		if (r != PROXY_NEED_MORE)
			fail_msg("%s: %d after %zu bytes", expected, (int)r, n);
		assert_int_equal(used, 0);
		assert_int_equal(source.len, 0);
	}
	for (size_t i = 0; i < COUNT(behind); i++) {
		size_t more = strlen(behind[i]);
		char *all = malloc(header.len + more + 1);

		assert_non_null(all);
		memcpy(all, header.at, header.len);
		memcpy(all + header.len, behind[i], more);
		assert_int_equal(read_exactly(slice_make(all, header.len + more), &used, &source),
				 PROXY_DONE);
		assert_int_equal(used, header.len);
		print_source(&source, out);
		assert_string_equal(out, expected);
		free(all);
	}
}

/* Bad as a whole, and however it arrives: never DONE on the way, and once bad
 * bad for ever. */
static void assert_bad(struct slice input)
{
	struct address source;
	bool bad = false;
	size_t used;

	for (size_t n = 0; n <= input.len; n++) {
		enum proxy_result r = read_exactly(slice_head(input, n), &used, &source);

		if (r == PROXY_DONE || (bad && r != PROXY_BAD && r != PROXY_NONE))
			fail_msg("%.*s: %d after %zu bytes", (int)input.len, input.at, (int)r, n);
		bad = r == PROXY_BAD || r == PROXY_NONE;
		assert_int_equal(used, 0);
		assert_int_equal(source.len, 0);
	}
	if (!bad)
		fail_msg("not refused: %.*s", (int)input.len, input.at);
}

static void test_what_does_not_begin_like_one(void **state)
{
	static const char *const cases[] = {
		"EHLO client.example\r\n", "proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "PROXYTCP4",
		"\x16\x03\x01", "\r\n\r\nEHLO", "X",
	};
	struct address source;
	size_t used;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(proxy_read(slice_of(cases[i]), &used, &source), PROXY_NONE);
	assert_int_equal(proxy_read(SLICE("PROXY x\r\n"), &used, &source), PROXY_BAD);
}

static void test_version_1(void **state)
{
	static const struct {
		const char *header, *source;
	} cases[] = {
		{ "PROXY TCP4 192.0.2.1 198.51.100.2 40000 25\r\n", "192.0.2.1 40000" },
		{ "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
		  "255.255.255.255 65535" },
		{ "PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0 0" },
		{ "PROXY TCP6 2001:db8::1 2001:db8::2 40000 143\r\n", "2001:db8::1 40000" },
		{ "PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n", "192.0.2.1 1" },
		{ "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535" },
		{ "PROXY UNKNOWN\r\n", "local 0" },
		{ "PROXY UNKNOWN whatever, it is ignored\r\n", "local 0" },
		/* 107 bytes: the most there can be */
		{ "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", "local 0" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_header(slice_of(cases[i].header), cases[i].source);
	assert_int_equal(strlen(cases[COUNT(cases) - 1].header), 107);
}

static void test_bad_version_1(void **state)
{
	static const char *const cases[] = {
		"EHLO client.example\r\n", "proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
		"PROXY\r\n", "PROXY \r\n", "PROXYTCP4 192.0.2.1 192.0.2.2 1 2\r\n",
		" PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
		"PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
		"PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
		"PROXY TCP4 192.0.2.1\t192.0.2.2 1 2\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 \r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 00\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2x\r\n",
		"PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2 1 2\r\n",
		"PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP4 ::ffff:192.0.2.1 192.0.2.1 1 2\r\n",
		"PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n", "PROXY TCP6 [::1] ::1 1 2\r\n",
		"PROXY TCP6 ::1%lo ::1 1 2\r\n",
		"PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n", "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
		"PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n", "PROXY UNKNOWNS\r\n",
		/* line ends */
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n", "PROXY UNKNOWN\n\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\r\n", "PROXY UNKNOWN a\rb\r\n",
		/* 108 bytes, and one that never ends */
		"PROXY UNKNOWN fffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
		"PROXY UNKNOWN ..............................................."
		"..............................................................",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_bad(slice_of(cases[i]));
	assert_bad(SLICE("PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n"));
	assert_bad(SLICE("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\0\r\n"));
}

#define V4_BLOCK "\xc0\x00\x02\x01" "\xc6\x33\x64\x02" "\x9c\x40" "\x00\x19"
#define V6_FIRST "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
#define V6_SECOND "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"
#define V6_MAPPED "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x63"

static void test_version_2(void **state)
{
	static const struct {
		struct slice header;
		const char *source;
	} cases[] = {
		{ BYTES(SIGNATURE "\x21\x11\x00\x0c" V4_BLOCK), "192.0.2.1 40000" },
		{ BYTES(SIGNATURE "\x21\x21\x00\x24" V6_FIRST V6_SECOND "\x9c\x40\x00\x8f"),
		  "2001:db8::1 40000" },
		{ BYTES(SIGNATURE "\x21\x21\x00\x24" V6_MAPPED V6_SECOND "\x00\x01\x00\x02"),
		  "192.0.2.99 1" },
		/* extras: a no-op of two bytes, and ones that lie about their length */
		{ BYTES(SIGNATURE "\x21\x11\x00\x11" V4_BLOCK "\x04\x00\x02\x00\x00"),
		  "192.0.2.1 40000" },
		{ BYTES(SIGNATURE "\x21\x11\x00\x0f" V4_BLOCK "\x20\xff\xff"), "192.0.2.1 40000" },
		/* a health check: family and block do not matter */
		{ BYTES(SIGNATURE "\x20\x00\x00\x00"), "local 0" },
		{ BYTES(SIGNATURE "\x20\x11\x00\x0c" V4_BLOCK), "local 0" },
		{ BYTES(SIGNATURE "\x20\x11\x00\x01" "x"), "local 0" },
		{ BYTES(SIGNATURE "\x20\xff\x00\x02" "\r\n"), "local 0" },
		/* no family */
		{ BYTES(SIGNATURE "\x21\x00\x00\x00"), "local 0" },
		{ BYTES(SIGNATURE "\x21\x00\x00\x0c" V4_BLOCK), "local 0" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_header(cases[i].header, cases[i].source);
}

static struct slice sized(char *out, uint8_t command, uint8_t family, size_t len)
{
	memcpy(out, SIGNATURE, 12);
	out[12] = (char)command;
	out[13] = (char)family;
	out[14] = (char)(len >> 8);
	out[15] = (char)len;
	memset(out + 16, 'x', len);
	return slice_make(out, 16 + len);
}

static void test_sizes_of_version_2(void **state)
{
	static char room[16 + 65535];

	(void)state;
	assert_header(sized(room, 0x21, 0x31, 216), "local 0");
	assert_header(sized(room, 0x21, 0x31, 300), "local 0");
	assert_bad(sized(room, 0x21, 0x31, 215));
	assert_header(sized(room, 0x21, 0x11, 536 - 16), "120.120.120.120 30840");
	assert_header(sized(room, 0x21, 0x11, PROXY_HEADER_MAX - 16), "120.120.120.120 30840");

	/* Refused as soon as the length is known, not after 64 KiB. */
	assert_bad(slice_head(sized(room, 0x21, 0x11, PROXY_HEADER_MAX - 16 + 1), 16));
	assert_bad(slice_head(sized(room, 0x21, 0x11, 65535), 16));
	assert_bad(slice_head(sized(room, 0x20, 0x00, 65535), 16));
	assert_bad(slice_head(sized(room, 0x21, 0x11, 11), 16));
	assert_bad(slice_head(sized(room, 0x21, 0x11, 0), 16));
	assert_bad(slice_head(sized(room, 0x21, 0x21, 35), 16));
}

static void test_every_command_and_family(void **state)
{
	char room[16 + 216];
	struct address source;
	size_t used;

	(void)state;
	for (unsigned command = 0; command < 256; command++) {
		struct slice s = sized(room, (uint8_t)command, 0x11, 216);
		bool good = command == 0x20 || command == 0x21;

		assert_int_equal(read_exactly(s, &used, &source), good ? PROXY_DONE : PROXY_BAD);
		if (!good)
			assert_bad(slice_head(s, 13));
	}
	for (unsigned family = 0; family < 256; family++) {
		struct slice s = sized(room, 0x21, (uint8_t)family, 216);
		bool good = family == 0 || family == 0x11 || family == 0x21 || family == 0x31;

		assert_int_equal(read_exactly(s, &used, &source), good ? PROXY_DONE : PROXY_BAD);
		s = sized(room, 0x20, (uint8_t)family, 216);
		assert_int_equal(read_exactly(s, &used, &source), PROXY_DONE);
		assert_int_equal(source.len, 0);
	}
}

/* One wrong byte anywhere in the signature, seen at that byte. */
static void test_a_damaged_signature(void **state)
{
	char room[16 + 12];

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		struct slice s = sized(room, 0x21, 0x11, 12);

		room[i] ^= 0x20;
		assert_bad(slice_head(s, i + 1));
		assert_bad(s);
	}
	assert_bad(SLICE("\x16\x03\x01\x02\x00"));       /* a TLS hello */
	assert_bad(SLICE("\0"));
	assert_bad(SLICE("\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_does_not_begin_like_one),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_bad_version_1),
		cmocka_unit_test(test_version_2),
		cmocka_unit_test(test_sizes_of_version_2),
		cmocka_unit_test(test_every_command_and_family),
		cmocka_unit_test(test_a_damaged_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
