/* Hashes: published vectors, keys that matter, chains that do not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"

/* From the SipHash paper, appendix A, and the first of its authors' list of
 * results for the input 00 01 02 ... under the key 00 01 ... 0f. */
static void test_siphash(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} cases[] = {
		{ 0, UINT64_C(0x726fdb47dd0e0e31) },
		{ 1, UINT64_C(0x74f839c593dc67fd) },
		{ 8, UINT64_C(0x93f5f5799a932462) },
		{ 15, UINT64_C(0xa129ca6149be45e5) },
	};
	uint8_t key[HASH_KEY];
	char in[16];

	(void)state;
	for (int i = 0; i < 16; i++) {
		key[i] = (uint8_t)i;
		in[i] = (char)i;
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(hash_siphash(key, slice_make(in, cases[i].len)) ==
			    cases[i].hash);
	assert_true(hash_siphash(key, slice_make(NULL, 0)) == cases[0].hash);
	key[15] ^= 1;
	assert_true(hash_siphash(key, slice_make(in, 15)) != cases[3].hash);
}

static void test_keyed(void **state)
{
	(void)state;
	assert_true(hash_keyed(SLICE("abc")) == hash_keyed(SLICE("abc")));
	assert_true(hash_keyed(SLICE("abc")) != hash_keyed(SLICE("abd")));
	assert_true(hash_keyed(SLICE("")) != hash_keyed(SLICE("\0")));
}

static uint64_t keyed_in_a_process_of_its_own(void)
{
	uint64_t hash = 0;
	int ends[2];
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		hash = hash_keyed(SLICE("abc"));
		_exit(write(ends[1], &hash, sizeof(hash)) != sizeof(hash));
	}
	assert_int_equal(read(ends[0], &hash, sizeof(hash)), sizeof(hash));
	waitpid(child, NULL, 0);
	close(ends[0]);
	close(ends[1]);
	return hash;
}

/* Runs before the key of this process is drawn. */
static void test_keyed_differs_by_process(void **state)
{
	(void)state;
	assert_true(keyed_in_a_process_of_its_own() != keyed_in_a_process_of_its_own());
}

static void test_stable(void **state)
{
	uint64_t h;

	(void)state;
	assert_true(hash_stable(HASH_START, SLICE("")) == HASH_START);
	assert_true(hash_stable(HASH_START, SLICE("a")) == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(hash_stable(HASH_START, SLICE("foobar")) ==
		    UINT64_C(0x85944171f73967e8));
	h = hash_stable(hash_stable(HASH_START, SLICE("foo")), SLICE("bar"));
	assert_true(h == UINT64_C(0x85944171f73967e8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keyed_differs_by_process),
		cmocka_unit_test(test_siphash),
		cmocka_unit_test(test_keyed),
		cmocka_unit_test(test_stable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
