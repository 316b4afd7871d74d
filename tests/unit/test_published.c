#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/calendar/published.h"
#include "base/mem.h"

static struct published *make(const char *text, const char *path)
{
	struct buf ics, state;

	buf_init(&ics, 1000);
	buf_init(&state, 1000);
	buf_add_text(&ics, text);
	buf_add_text(&state, "state");
	return published_new(&ics, &state, 3, path);
}

static void test_tags(void **state)
{
	struct published *a = make("one", "/nonexistent"), *b = make("one", "/nonexistent");
	struct published *c = make("two", "/nonexistent"), *none = make("", "/nonexistent");

	(void)state;
	assert_string_equal(a->feed.etag, b->feed.etag);
	assert_string_not_equal(a->feed.etag, c->feed.etag);
	assert_string_not_equal(a->feed.etag, a->feed.etag_gzip);
	for (const char *const *t = (const char *const[]){ a->feed.etag, a->feed.etag_gzip, NULL }; *t; t++) {
		assert_int_equal((*t)[0], '"');
		assert_int_equal((*t)[strlen(*t) - 1], '"');
	}
	assert_true(slice_is(a->feed.ics, "one"));
	assert_int_equal(a->feed.events, 3);
	assert_int_equal(a->feed.modified, 0);
	assert_true(none->feed.gzip.len > 0);
	assert_ptr_equal(published_of(&a->feed), a);
	published_drop(a);
	published_drop(b);
	published_drop(c);
	published_drop(none);
	published_drop(NULL);
}

static void test_counted(void **state)
{
	struct published *a = make("one", "/nonexistent");

	(void)state;
	a->holders++;
	published_drop(a);
	assert_true(slice_is(a->feed.ics, "one"));
	published_drop(a);
}

static void test_file(void **state)
{
	char path[200];
	struct published *a;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/published-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	fd = mkstemp(path);
	assert_int_equal(write(fd, "one", 3), 3);
	a = make("one", path);
	assert_true(a->feed.modified > 0);
	assert_true(published_is_at(a, path));
	assert_int_equal(write(fd, "x", 1), 1);
	assert_false(published_is_at(a, path));
	close(fd);
	unlink(path);
	assert_false(published_is_at(a, path));
	published_drop(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
