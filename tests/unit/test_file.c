#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/calendar/file.h"
#include "base/mem.h"

static char folder[100];

static int make(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "%s/calendar-file-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	return mkdtemp(folder) ? 0 : -1;
}

static void gone(const char *name)
{
	char *path = mem_printf("%s/%s", folder, name);

	unlink(path);
	free(path);
}

static int drop(void **state)
{
	(void)state;
	gone("a");
	gone("b");
	gone("fifo");
	return rmdir(folder);
}

static void holds(const char *name, const char *text)
{
	char *path = mem_printf("%s/%s", folder, name);
	struct buf b;

	buf_init(&b, 1000);
	assert_int_equal(calendar_file_read(path, &b), FILE_READ);
	assert_true(slice_is(buf_slice(&b), text));
	buf_release(&b);
	free(path);
}

static void test_replace(void **state)
{
	(void)state;
	assert_true(calendar_file_replace(folder, "a", SLICE("one")));
	holds("a", "one");
	assert_true(calendar_file_keep(folder, "a", "b"));
	assert_true(calendar_file_replace(folder, "a", SLICE("")));
	holds("a", "");
	holds("b", "one");
	assert_false(calendar_file_keep(folder, "a", "b"));
	assert_int_equal(errno, EEXIST);
	holds("b", "one");
}

static void test_failures(void **state)
{
	char *path = mem_printf("%s/a", folder), *fifo = mem_printf("%s/fifo", folder);
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	assert_int_equal(calendar_file_read("/nonexistent/a", &b), FILE_MISSING);
	assert_int_equal(calendar_file_read(folder, &b), FILE_FAILED);
	assert_true(calendar_file_replace(folder, "a", SLICE("12345")));
	assert_int_equal(calendar_file_read(path, &b), FILE_TOO_LARGE);
	assert_int_equal(b.len, 4);
	buf_release(&b);
	/* One that would block for ever. */
	buf_init(&b, 4);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(calendar_file_read(fifo, &b), FILE_READ);
	assert_int_equal(b.len, 0);
	buf_release(&b);
	assert_false(calendar_file_replace("/nonexistent", "a", SLICE("x")));
	assert_int_equal(errno, ENOENT);
	free(path);
	free(fifo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_replace, make, drop),
		cmocka_unit_test_setup_teardown(test_failures, make, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
