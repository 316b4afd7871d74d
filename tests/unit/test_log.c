/* The log: exact lines, one write each, and nothing a peer sends can forge one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TIME "2026-11-20T10:14:00.000Z"

/* Standard error is a datagram socket for the while: one write, one datagram. */
static int real_stderr, reader;

static int start(void **state)
{
	int pair[2];

	(void)state;
	real_stderr = dup(STDERR_FILENO);
	if (real_stderr < 0 || socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		return -1;
	dup2(pair[1], STDERR_FILENO);
	close(pair[1]);
	reader = pair[0];
	clock_set(1795169640);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(reader);
	clock_set(-1);
	log_setup(false, LEVEL_INFO);
	return 0;
}

/* The one line that was written, without its LF; "" when there was none. */
static const char *line(void)
{
	static char data[2 * PIPE_BUF];
	ssize_t n = recv(reader, data, sizeof(data) - 1, MSG_DONTWAIT);
	char more;

	if (n < 0)
		return "";
	assert_true(n > 0 && n <= PIPE_BUF);
	assert_int_equal(recv(reader, &more, 1, MSG_DONTWAIT), -1);
	assert_int_equal(data[n - 1], '\n');
	data[n - 1] = '\0';
	assert_int_equal(strlen(data), n - 1);
	return data;
}

static void test_text(void **state)
{
	(void)state;
	log_setup(false, LEVEL_INFO);
	log_event(LEVEL_INFO, "smtp", "message accepted", log_text("conn", "5f2c"),
		  log_text("peer", "192.0.2.1"), log_number("size", 1234));
	assert_string_equal(line(), TIME " info smtp message accepted conn=5f2c "
				    "peer=192.0.2.1 size=1234");
	log_event(LEVEL_ERROR, "net", "low", log_number("n", INT64_MIN));
	assert_string_equal(line(), TIME " error net low n=-9223372036854775808");
}

static void test_json(void **state)
{
	(void)state;
	log_setup(true, LEVEL_INFO);
	log_event(LEVEL_WARN, "smtp", "message accepted", log_text("conn", "5f2c"),
		  log_number("size", -1), log_text("none", NULL));
	assert_string_equal(line(), "{\"time\":\"" TIME "\",\"level\":\"warn\","
				    "\"area\":\"smtp\",\"event\":\"message accepted\","
				    "\"conn\":\"5f2c\",\"size\":-1,\"none\":\"\"}");
}

static void test_escapes(void **state)
{
	static const struct {
		const char *value, *text, *json;
	} cases[] = {
		{ "", "\"\"", "\"\"" },
		{ "a b", "\"a b\"", "\"a b\"" },
		{ "a\"b", "\"a\\\"b\"", "\"a\\\"b\"" },
		{ "a\\b", "\"a\\\\b\"", "\"a\\\\b\"" },
		{ "a=b", "\"a=b\"", "\"a=b\"" },
		{ "a\r\nb\t", "\"a\\r\\nb\\t\"", "\"a\\r\\nb\\t\"" },
		{ "\x1B[2J", "\"\\x1b[2J\"", "\"\\u001b[2J\"" },
		{ "\x7F", "\"\\x7f\"", "\"\\u007f\"" },
		{ "\xC3\xBC", "\xC3\xBC", "\"\xC3\xBC\"" },
		{ "\xC3", "\"\\xc3\"", "\"\\ufffd\"" },
		{ "x\xFFy", "\"x\\xffy\"", "\"x\\ufffdy\"" },
		{ "\xC2\x85", "\"\\xc2\\x85\"", "\"\\u0085\"" },
		{ "\xE2\x80\xA8", "\"\\xe2\\x80\\xa8\"", "\"\\u2028\"" },
		{ "\xE2\x80\xAE", "\"\\xe2\\x80\\xae\"", "\"\\u202e\"" },
		{ "\xF0\x9F\x93\xAC", "\xF0\x9F\x93\xAC", "\"\xF0\x9F\x93\xAC\"" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char want[200];

		log_setup(false, LEVEL_INFO);
		log_event(LEVEL_INFO, "a", "e", log_text("v", cases[i].value));
		snprintf(want, sizeof(want), TIME " info a e v=%s", cases[i].text);
		assert_string_equal(line(), want);
		log_setup(true, LEVEL_INFO);
		log_event(LEVEL_INFO, "a", "e", log_text("v", cases[i].value));
		snprintf(want, sizeof(want), "{\"time\":\"" TIME "\",\"level\":\"info\","
			 "\"area\":\"a\",\"event\":\"e\",\"v\":%s}", cases[i].json);
		assert_string_equal(line(), want);
	}
}

/* A flat JSON object of strings and whole numbers, and nothing behind it. */
static const char *json_string(const char *p)
{
	if (*p++ != '"')
		return NULL;
	for (; *p != '"'; p++) {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p != '\\')
			continue;
		p++;
		if (*p == 'u') {
			if (strspn(p + 1, "0123456789abcdef") < 4)
				return NULL;
			p += 4;
		} else if (!*p || !strchr("\"\\nrt", *p)) {
			return NULL;
		}
	}
	return p + 1;
}

static bool json_good(const char *p)
{
	if (!text_is_utf8(slice_of(p)) || *p != '{')
		return false;
	do {
		p = json_string(p + 1);
		if (!p || *p++ != ':')
			return false;
		if (*p == '"') {
			p = json_string(p);
			if (!p)
				return false;
		} else {
			size_t digits;

			p += *p == '-';
			digits = strspn(p, "0123456789");
			if (digits == 0)
				return false;
			p += digits;
		}
	} while (*p == ',');
	return strcmp(p, "}") == 0;
}

/* Printable, whole UTF-8, and so one line on every screen. */
static bool text_good(const char *p)
{
	struct slice s = slice_of(p);

	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7F)
			return false;
	return text_is_utf8(s);
}

static void try_both(const struct log_field *fields)
{
	const char *p;

	log_setup(false, LEVEL_INFO);
	log_write(LEVEL_INFO, "area", "event", fields);
	p = line();
	if (!*p || !text_good(p))
		fail_msg("text: %s", p);
	log_setup(true, LEVEL_INFO);
	log_write(LEVEL_INFO, "area", "event", fields);
	p = line();
	if (!*p || !json_good(p))
		fail_msg("JSON: %s", p);
}

static void test_every_two_bytes(void **state)
{
	(void)state;
	for (int a = 0; a < 256; a++)
		for (int b = 0; b < 256; b++) {
			char value[2] = { (char)a, (char)b };
			const struct log_field fields[] = {
				log_slice("v", slice_make(value, 2)),
				log_number("after", 1), { .name = NULL }
			};

			try_both(fields);
		}
}

static void test_long_values(void **state)
{
	static const char *const repeated[] = {
		"x", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x93\xAC", "\"", "\x01", "\xFF",
		"\xE2\x80\xA8", "\x80", "\xF0", "\\",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(repeated); i++)
		for (size_t skip = 0; skip < 4; skip++) {
			char value[700];
			size_t unit = strlen(repeated[i]);
			struct log_field fields[20];
			size_t n;

			memset(value, 'a', skip);
			for (n = skip; n + unit < sizeof(value); n += unit)
				memcpy(value + n, repeated[i], unit);
			for (size_t k = 0; k < COUNT(fields) - 1; k++)
				fields[k] = log_slice("name", slice_make(value, n));
			fields[COUNT(fields) - 1] = log_number(NULL, 0);
			try_both(fields);       /* passes the end of a line */
			fields[1] = log_number(NULL, 0);
			try_both(fields);
		}
}

static void test_cut_at_256(void **state)
{
	char value[300], want[400];

	(void)state;
	memset(value, 'x', sizeof(value));
	log_setup(false, LEVEL_INFO);
	log_event(LEVEL_INFO, "a", "e", log_slice("v", slice_make(value, 256)));
	snprintf(want, sizeof(want), TIME " info a e v=%.256s", value);
	assert_string_equal(line(), want);
	log_event(LEVEL_INFO, "a", "e", log_slice("v", slice_make(value, 257)));
	assert_string_equal(line(), want);
	value[255] = (char)0xC3;
	value[256] = (char)0xBC;
	log_event(LEVEL_INFO, "a", "e", log_slice("v", slice_make(value, 300)));
	snprintf(want, sizeof(want), TIME " info a e v=%.255s", value);
	assert_string_equal(line(), want);
}

static void test_full_line_says_so(void **state)
{
	char value[256];
	struct log_field fields[32];
	const char *p;

	(void)state;
	memset(value, 1, sizeof(value));
	for (size_t i = 0; i < COUNT(fields) - 2; i++)
		fields[i] = log_slice("v", slice_make(value, sizeof(value)));
	fields[COUNT(fields) - 2] = log_number("last", 7);
	fields[COUNT(fields) - 1] = log_number(NULL, 0);
	log_setup(false, LEVEL_INFO);
	log_write(LEVEL_INFO, "a", "e", fields);
	p = line();
	assert_non_null(strstr(p, " last=7 cut=1"));
	log_setup(true, LEVEL_INFO);
	log_write(LEVEL_INFO, "a", "e", fields);
	p = line();
	assert_true(json_good(p));
	assert_non_null(strstr(p, ",\"last\":7,\"cut\":1}"));
}

/* Lines of every length around the bound: the end is always there. */
static void test_every_fill(void **state)
{
	char value[256];

	(void)state;
	memset(value, 'x', sizeof(value));
	for (size_t len = 0; len <= sizeof(value); len++) {
		struct log_field fields[18];

		for (size_t i = 0; i < 16; i++)
			fields[i] = log_slice("v", slice_make(value, i < 15 ? 250 : len));
		fields[16] = log_slice("w", slice_make(value, 3));
		fields[17] = log_number(NULL, 0);
		try_both(fields);
	}
}

static void test_levels(void **state)
{
	(void)state;
	for (int most = LEVEL_ERROR; most <= LEVEL_DEBUG; most++)
		for (int level = LEVEL_ERROR; level <= LEVEL_DEBUG; level++) {
			log_setup(false, (enum log_level)most);
			log_event((enum log_level)level, "a", "e", log_number("n", 1));
			assert_int_equal(*line() != '\0', level <= most);
			assert_int_equal(log_wanted((enum log_level)level), level <= most);
		}
}

static void test_errno(void **state)
{
	(void)state;
	log_setup(false, LEVEL_INFO);
	errno = EPIPE;
	log_event(LEVEL_INFO, "a", "e", log_errno(ENOSPC));
	assert_int_equal(errno, EPIPE);
	assert_string_equal(line(), TIME " info a e error=\"No space left on device\"");
	log_event(LEVEL_INFO, "a", "e", log_errno(99999));
	assert_string_equal(line(), TIME " info a e error=99999");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text, start, stop),
		cmocka_unit_test_setup_teardown(test_json, start, stop),
		cmocka_unit_test_setup_teardown(test_escapes, start, stop),
		cmocka_unit_test_setup_teardown(test_every_two_bytes, start, stop),
		cmocka_unit_test_setup_teardown(test_long_values, start, stop),
		cmocka_unit_test_setup_teardown(test_cut_at_256, start, stop),
		cmocka_unit_test_setup_teardown(test_full_line_says_so, start, stop),
		cmocka_unit_test_setup_teardown(test_every_fill, start, stop),
		cmocka_unit_test_setup_teardown(test_levels, start, stop),
		cmocka_unit_test_setup_teardown(test_errno, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
