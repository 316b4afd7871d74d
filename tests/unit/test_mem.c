/* Memory: zeroed, copied, and the one way in which running out ends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"

/* Under the address sanitizer too, an impossible size is answered with NULL. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void test_zeroed(void **state)
{
	static const unsigned char zero[300];
	unsigned char *p = mem_alloc(300), *q = mem_array(30, 10);

	(void)state;
	assert_memory_equal(p, zero, 300);
	assert_memory_equal(q, zero, 300);
	free(p);
	free(q);
}

static void test_nothing_is_something(void **state)
{
	void *p[] = { mem_alloc(0), mem_array(0, 8), mem_array(8, 0),
		      mem_grow(NULL, 0, 8), mem_bytes(NULL, 0) };

	(void)state;
	for (size_t i = 0; i < sizeof(p) / sizeof(p[0]); i++) {
		assert_non_null(p[i]);
		free(p[i]);
	}
}

static void test_grow_keeps(void **state)
{
	char *p = mem_grow(NULL, 4, 1);

	(void)state;
	memcpy(p, "abcd", 4);
	p = mem_grow(p, 1000, 100);
	assert_memory_equal(p, "abcd", 4);
	p = mem_grow(p, 0, 100);        /* still ours to free */
	assert_non_null(p);
	free(p);
}

static void test_copies(void **state)
{
	char *a = mem_string("text"), *b = mem_bytes("a\0b", 3);
	char *c = mem_printf("%s-%d", "x", 42);

	(void)state;
	assert_string_equal(a, "text");
	assert_memory_equal(b, "a\0b\0", 4);
	assert_string_equal(c, "x-42");
	assert_null(mem_string(NULL));
	free(a);
	free(b);
	free(c);
}

static void test_wipe(void **state)
{
	char secret[8] = "secret";

	(void)state;
	mem_wipe(secret, sizeof(secret));
	assert_memory_equal(secret, "\0\0\0\0\0\0\0\0", 8);
	mem_wipe(NULL, 0);
}

static void ask_array(void) { free(mem_array(SIZE_MAX / 2, 4)); }
static void ask_alloc(void) { free(mem_alloc(SIZE_MAX / 2)); }
static void ask_grow(void) { free(mem_grow(NULL, SIZE_MAX / 2, 3)); }
static void ask_bytes(void) { free(mem_bytes("", SIZE_MAX)); }

static void test_running_out_ends(void **state)
{
	void (*const asks[])(void) = { ask_array, ask_alloc, ask_grow, ask_bytes };

	(void)state;
	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		char said[4096] = "";
		int ends[2], status;
		size_t len = 0;
		ssize_t n;
		pid_t child;

		assert_int_equal(pipe(ends), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			dup2(ends[1], STDERR_FILENO);
			asks[i]();
			_exit(0);
		}
		close(ends[1]);
		while (len < sizeof(said) - 1 &&
		       (n = read(ends[0], said + len, sizeof(said) - 1 - len)) > 0)
			len += (size_t)n;
		close(ends[0]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), EX_OSERR);
		assert_non_null(strstr(said, "error base out of memory"));
	}
}

/* What is dropped comes back as it was: the program goes on. */
static void give_back(void **state)
{
	char *kept = mem_string("still here");

	(void)state;
	free(mem_alloc(1 << 20));
	mem_give_back();
	assert_string_equal(kept, "still here");
	free(kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(give_back),
		cmocka_unit_test(test_zeroed),
		cmocka_unit_test(test_nothing_is_something),
		cmocka_unit_test(test_grow_keeps),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_wipe),
		cmocka_unit_test(test_running_out_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
