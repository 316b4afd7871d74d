#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

static char folder[100];

static int make(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "%s/file-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
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

static char *in_folder(const char *name)
{
	return mem_printf("%s/%s", folder, name);
}

static void holds(const char *name, const char *text)
{
	char *path = in_folder(name);
	struct buf b;

	buf_init(&b, strlen(text));
	assert_int_equal(file_read(path, &b), FILE_READ);
	assert_true(slice_is(buf_slice(&b), text));
	buf_release(&b);
	free(path);
}

static bool replace(const char *name, struct slice bytes)
{
	char *path = in_folder(name), *fresh = in_folder("fresh");
	bool ok = file_replace(path, fresh, bytes);
	int err = errno;

	assert_int_equal(access(fresh, F_OK), -1);
	free(path);
	free(fresh);
	errno = err;
	return ok;
}

static void test_replace(void **state)
{
	char *a = in_folder("a"), *b = in_folder("b"), *fresh = in_folder("fresh");
	FILE *left = fopen(fresh, "w");

	(void)state;
	/* Left by a crash, and longer. */
	fputs("left behind", left);
	fclose(left);
	assert_true(replace("a", SLICE("one")));
	holds("a", "one");
	assert_true(file_keep(a, b));
	assert_true(replace("a", SLICE("")));
	holds("a", "");
	holds("b", "one");
	assert_false(file_keep(a, b));
	assert_int_equal(errno, EEXIST);
	holds("b", "one");
	/* A folder is in the way: nothing is left behind. */
	unlink(a);
	assert_int_equal(mkdir(a, 0700), 0);
	assert_false(replace("a", SLICE("x")));
	assert_int_equal(errno, EISDIR);
	assert_int_equal(rmdir(a), 0);
	free(a);
	free(b);
	free(fresh);
}

static void test_large(void **state)
{
	enum { LARGE = 300 * 1000 };
	char *text = mem_alloc(LARGE + 1), *path = in_folder("a");
	struct buf b;

	(void)state;
	memset(text, 'x', LARGE);
	assert_true(replace("a", slice_make(text, LARGE)));
	holds("a", text);
	/* Behind what is there already. */
	buf_init(&b, LARGE + 2);
	buf_add_text(&b, "yy");
	assert_int_equal(file_read(path, &b), FILE_READ);
	assert_int_equal(b.len, LARGE + 2);
	assert_memory_equal(b.data, "yyxx", 4);
	buf_release(&b);
	/* One whose size stat(2) does not know. */
	buf_init(&b, 100 * 1000);
	assert_int_equal(file_read("/proc/self/status", &b), FILE_READ);
	assert_true(b.len > 100);
	buf_release(&b);
	free(text);
	free(path);
}

static void test_failures(void **state)
{
	char *path = in_folder("a"), *fifo = in_folder("fifo"), *no = in_folder("no/such/file");
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	assert_int_equal(file_read(no, &b), FILE_MISSING);
	assert_int_equal(file_read(folder, &b), FILE_FAILED);
	assert_int_equal(errno, EISDIR);
	assert_true(replace("a", SLICE("12345")));
	assert_int_equal(file_read(path, &b), FILE_TOO_LARGE);
	assert_true(slice_is(buf_slice(&b), "1234"));
	buf_release(&b);
	/* One that would block for ever. */
	buf_init(&b, 4);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(file_read(fifo, &b), FILE_FAILED);
	assert_int_equal(b.len, 0);
	buf_release(&b);
	assert_false(file_replace(no, path, SLICE("x")));
	assert_int_equal(errno, ENOENT);
	assert_false(dir_sync(no));
	assert_true(dir_sync_of(path));
	assert_true(dir_sync_of("file"));
	free(path);
	free(fifo);
	free(no);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_replace, make, drop),
		cmocka_unit_test_setup_teardown(test_large, make, drop),
		cmocka_unit_test_setup_teardown(test_failures, make, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
