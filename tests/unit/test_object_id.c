/* Object ids as texts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "store/object_id.h"

static void texts(void **state)
{
	static const uint64_t ids[] = { 1, 0xabcdef, UINT64_MAX, UINT64_C(1) << 63 };
	static const char *const bad[] = {
		"", "M", "M1", "m0000000000000001", "T0000000000000001", "M000000000000000A",
		"M00000000000000001", "M000000000000000g", "0000000000000001M",
	};
	char text[OBJECT_ID_TEXT];
	uint64_t id;

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		object_id_text(text, 'M', ids[i]);
		assert_true(object_id_read(slice_of(text), 'M', &id));
		assert_true(id == ids[i]);
	}
	assert_string_equal(text, "M8000000000000000");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(object_id_read(slice_of(bad[i]), 'M', &id));
}

static void emails(void **state)
{
	(void)state;
	/* For ever: a lost index must give it again. */
	assert_true(object_id_email("1700000000.M1P2.host,S=3,W=4", 28) == UINT64_C(0xb7c55b8a7b68c232));
	assert_true(object_id_email("a", 1) != object_id_email("b", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(emails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
