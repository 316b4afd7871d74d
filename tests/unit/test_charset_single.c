/* The tables against libc's own, where libc has the charset. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <iconv.h>
#include <string.h>

#include "../../src/mime/charset_single.h"

static const char *const names[] = {
	"windows-1250", "windows-1251", "windows-1252", "windows-1253", "windows-1254",
	"windows-1255", "windows-1256", "windows-1257", "windows-1258", "windows-874",
	"iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5", "iso-8859-6", "iso-8859-7",
	"iso-8859-8", "iso-8859-10", "iso-8859-13", "iso-8859-14", "iso-8859-15",
	"iso-8859-16", "koi8-r", "koi8-u", "macintosh", "ibm437", "ibm850", "ibm852", "ibm858",
	"ibm866",
};

static void every_table_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_non_null(charset_single_find(names[i]));
	assert_non_null(charset_single_find("x-mac-cyrillic"));
	assert_null(charset_single_find("utf-8"));
	assert_null(charset_single_find(""));
}

static void known_characters(void **state)
{
	static const struct {
		const char *name;
		uint8_t byte;
		uint16_t character;
	} cases[] = {
		{ "windows-1252", 0x80, 0x20ac }, { "windows-1252", 0x81, 0 },
		{ "windows-1252", 0xe9, 0xe9 }, { "windows-1252", 0xff, 0xff },
		{ "iso-8859-2", 0xa3, 0x141 }, { "iso-8859-15", 0xa4, 0x20ac },
		{ "koi8-r", 0xd0, 0x43f }, { "windows-1251", 0xcf, 0x41f },
		{ "iso-8859-7", 0xe1, 0x3b1 }, { "iso-8859-8", 0xf9, 0x5e9 },
		{ "ibm850", 0x81, 0xfc }, { "macintosh", 0x8e, 0xe9 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(charset_single_find(cases[i].name)->high[cases[i].byte - 128],
				 cases[i].character);
}

/* Older and newer tables differ in what they leave out, never in what both have. */
static void same_as_libc(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct charset_single *t = charset_single_find(names[i]);
		unsigned both = 0, other = 0;
		iconv_t cd = iconv_open("UTF-16LE", names[i]);

		if (cd == (iconv_t)-1)
			continue;
		for (unsigned b = 128; b < 256; b++) {
			char in[1] = { (char)b }, out[8], *from = in, *to = out;
			size_t left = 1, room = sizeof(out);
			uint16_t c;

			if (iconv(cd, &from, &left, &to, &room) == (size_t)-1)
				continue;
			/* Windows-1255 and 1258 hold a letter back for its mark. */
			iconv(cd, NULL, NULL, &to, &room);
			if (room != sizeof(out) - 2)
				continue;
			memcpy(&c, out, 2);
			both += t->high[b - 128] == c;
			other += t->high[b - 128] && t->high[b - 128] != c;
		}
		iconv_close(cd);
		assert_true(both > 60);
		/* A currency sign and an ohm sign moved in one of them. */
		assert_true(other <= 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_table_is_found),
		cmocka_unit_test(known_characters),
		cmocka_unit_test(same_as_libc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
