/* Domain names: one form for every spelling of the same name. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mime/domain.h"

static void check(const char *in, const char *want)
{
	struct buf out;

	buf_init(&out, 1024);
	if (want) {
		assert_true(domain_to_ascii(&out, slice_of(in)));
		assert_true(slice_is(buf_slice(&out), want));
	} else {
		assert_false(domain_to_ascii(&out, slice_of(in)));
		assert_int_equal(out.len, 0);
	}
	buf_release(&out);
}

static void plain_names(void **state)
{
	(void)state;
	check("example.com", "example.com");
	check("EXAMPLE.Com", "example.com");
	check("example.com.", "example.com");
	check("a-b.c3.example", "a-b.c3.example");
	check("localhost", "localhost");
}

static void international_names(void **state)
{
	(void)state;
	check("b\xc3\xbc" "cher.example", "xn--bcher-kva.example");
	check("B\xc3\x9c" "CHER.example", "xn--bcher-kva.example");
	check("bu\xcc\x88" "cher.example", "xn--bcher-kva.example");
	check("xn--bcher-kva.example", "xn--bcher-kva.example");
}

static void bad_names(void **state)
{
	(void)state;
	check("", NULL);
	check(".", NULL);
	check("a..b", NULL);
	check("-a.example", NULL);
	check("a-.example", NULL);
	check("a b.example", NULL);
	check("a@b.example", NULL);
	check("\xff.example", NULL);
	check("0123456789012345678901234567890123456789012345678901234567890123.example", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_names),
		cmocka_unit_test(international_names),
		cmocka_unit_test(bad_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
