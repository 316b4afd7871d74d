/* Randomness: everything asked for is filled, and never the same twice. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/random.h"

static void test_fills(void **state)
{
	unsigned char seen[1000] = { 0 }, bytes[1002];

	(void)state;
	for (int round = 0; round < 30; round++) {
		memset(bytes, 0, sizeof(bytes));
		random_bytes(bytes + 1, 1000);
		assert_int_equal(bytes[0], 0);          /* and not one byte more */
		assert_int_equal(bytes[1001], 0);
		for (size_t i = 0; i < 1000; i++)
			seen[i] |= bytes[i + 1];
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_not_equal(seen[i], 0);
	random_bytes(bytes, 0);
}

static void test_differs(void **state)
{
	(void)state;
	assert_true(random_u64() != random_u64());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fills),
		cmocka_unit_test(test_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
