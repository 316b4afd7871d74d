/* Arenas: nothing given out moves or overlaps, and the ceiling is exact. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"

static void test_pieces_stay(void **state)
{
	enum { PIECES = 2000 };
	static unsigned char *pieces[PIECES];
	struct arena *a = arena_new(SIZE_MAX);

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < PIECES; i++) {
			size_t size = i * 7 % 501 + (i % 100 == 0 ? 40000 : 0);

			pieces[i] = arena_get(a, size);
			assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
			for (size_t k = 0; k < size; k++)
				assert_int_equal(pieces[i][k], 0);
			if (size)
				memset(pieces[i], (int)(i % 255 + 1), size);
		}
		for (size_t i = 0; i < PIECES; i++) {
			size_t size = i * 7 % 501 + (i % 100 == 0 ? 40000 : 0);

			for (size_t k = 0; k < size; k++)
				assert_int_equal(pieces[i][k], i % 255 + 1);
		}
		arena_clear(a);
	}
	arena_free(a);
}

static void test_room_is_exact(void **state)
{
	struct arena *a = arena_new(100);

	(void)state;
	assert_int_equal(arena_room(a), 100);
	arena_get(a, 1);
	assert_int_equal(arena_room(a), 99);
	arena_string(a, SLICE("12345"));
	assert_int_equal(arena_room(a), 93);
	arena_copy(a, SLICE("abc"));
	assert_int_equal(arena_room(a), 90);
	while (arena_room(a))           /* a sum seen fits in any pieces */
		arena_get(a, 9);
	assert_non_null(arena_get(a, 0));
	arena_clear(a);
	assert_int_equal(arena_room(a), 100);
	assert_non_null(arena_array(a, 10, 10));
	assert_int_equal(arena_room(a), 0);
	arena_free(a);
}

static void test_copies(void **state)
{
	struct arena *a = arena_new(1 << 20);
	char big[30000];
	struct slice s;

	(void)state;
	memset(big, 'x', sizeof(big));
	assert_string_equal(arena_string(a, SLICE("one")), "one");
	assert_string_equal(arena_string(a, slice_make(NULL, 0)), "");
	s = arena_copy(a, SLICE("a\0b"));
	assert_int_equal(s.len, 3);
	assert_memory_equal(s.at, "a\0b", 3);
	assert_int_equal(arena_copy(a, slice_make(NULL, 0)).len, 0);
	s = arena_copy(a, slice_make(big, sizeof(big)));
	assert_memory_equal(s.at, big, sizeof(big));
	assert_string_equal(arena_string(a, SLICE("after")), "after");
	arena_free(a);
	arena_free(NULL);
}

static void test_big_first(void **state)
{
	struct arena *a = arena_new(1 << 20);

	(void)state;
	arena_clear(a);                 /* nothing taken yet */
	memset(arena_get(a, 100000), 1, 100000);
	memset(arena_get(a, 10), 1, 10);
	arena_clear(a);
	memset(arena_get(a, 100000), 1, 100000);
	arena_free(a);
}

static void past_ceiling(struct arena *a) { arena_get(a, 11); }
static void string_past_ceiling(struct arena *a) { arena_string(a, SLICE("0123456789")); }
static void array_overflow(struct arena *a) { arena_array(a, SIZE_MAX / 2, 4); }

static void test_past_the_ceiling_ends(void **state)
{
	void (*const asks[])(struct arena *) = {
		past_ceiling, string_past_ceiling, array_overflow
	};

	(void)state;
	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		pid_t child = fork();
		int status;

		assert_true(child >= 0);
		if (child == 0) {
			const struct rlimit none = { 0, 0 };

			setrlimit(RLIMIT_CORE, &none);
			signal(SIGABRT, SIG_DFL);
			close(STDERR_FILENO);
			asks[i](arena_new(10));
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGABRT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_stay),
		cmocka_unit_test(test_room_is_exact),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_big_first),
		cmocka_unit_test(test_past_the_ceiling_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
