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

#include "../../src/calendar/shelf.h"
#include "base/mem.h"

static const char *const attendees[] = { "admin@example.com", NULL };

struct rig {
	char folder[100], message[120];
	struct shelf shelf;
	struct published *base;
};

static void begin(struct rig *r, unsigned max_events, uint64_t message_max)
{
	snprintf(r->folder, sizeof(r->folder), "%s/shelf-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(r->folder));
	snprintf(r->message, sizeof(r->message), "%s/message", r->folder);
	shelf_init(&r->shelf, &(struct calendar_options){ .folder = r->folder, .attendees = attendees,
		   .max_events = max_events, .message_max = message_max });
	r->base = shelf_load(&r->shelf);
	assert_non_null(r->base);
}

static void end(struct rig *r)
{
	static const char *const names[] = { "calendar.ics", "calendar.state", "message" };

	for (int i = 0; i < 3; i++) {
		char *path = mem_printf("%s/%s", r->folder, names[i]);

		unlink(path);
		free(path);
	}
	assert_int_equal(rmdir(r->folder), 0);
	published_drop(r->base);
	shelf_release(&r->shelf);
}

static void put(struct rig *r, const char *text)
{
	int fd = open(r->message, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static enum calendar_outcome import(struct rig *r)
{
	struct published *made;
	enum calendar_outcome outcome = shelf_import(&r->shelf, r->base, r->message, &made);

	if (made) {
		published_drop(r->base);
		r->base = made;
	}
	return outcome;
}

#define MAIL(events) "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\n" events "END:VCALENDAR\n"
#define EVENT(uid) "BEGIN:VEVENT\nUID:" uid "\nDTSTART:20240305T100000Z\nEND:VEVENT\n"

static void test_ceiling_of_events(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, 2, 10000);
	put(&r, MAIL(EVENT("a") EVENT("b") EVENT("c")));
	assert_int_equal(import(&r), CALENDAR_ADDED);
	assert_int_equal(r.base->feed.events, 2);
	assert_int_equal(access(r.message, F_OK), -1);
	end(&r);
}

/* Past the ceiling the message is not looked at, and what is before it is. */
static void test_ceiling_of_bytes(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, 10, sizeof(MAIL(EVENT("a"))) - 1);
	put(&r, MAIL(EVENT("a") EVENT("b")));
	assert_int_equal(import(&r), CALENDAR_ADDED);
	assert_int_equal(r.base->feed.events, 1);
	end(&r);
}

static void test_nothing_to_do(void **state)
{
	struct published *before;
	struct rig r;

	(void)state;
	begin(&r, 10, 10000);
	before = r.base;
	assert_int_equal(import(&r), CALENDAR_IGNORED);          /* no such file */
	put(&r, "Subject: hello\n\ntext\n");
	assert_int_equal(import(&r), CALENDAR_IGNORED);
	put(&r, MAIL(""));
	assert_int_equal(import(&r), CALENDAR_IGNORED);
	assert_ptr_equal(r.base, before);
	assert_int_equal(mkdir(r.message, 0700), 0);
	assert_int_equal(import(&r), CALENDAR_FAILED);
	assert_int_equal(rmdir(r.message), 0);
	end(&r);
}

/* A second load publishes what the first import wrote. */
static void test_load(void **state)
{
	struct published *again;
	struct rig r;

	(void)state;
	begin(&r, 10, 10000);
	put(&r, MAIL(EVENT("a") EVENT("b")));
	assert_int_equal(import(&r), CALENDAR_ADDED);
	again = shelf_load(&r.shelf);
	assert_int_equal(again->feed.events, 2);
	assert_string_equal(again->feed.etag, r.base->feed.etag);
	published_drop(again);
	end(&r);
}

/* A feed of another hand that cannot be kept aside is not written over either. */
static void test_not_kept(void **state)
{
	const struct shelf *shelf;
	struct published *made;
	char deep[4096], theirs[100] = "";
	size_t top, len;
	struct rig r;
	int fd;

	(void)state;
	begin(&r, 10, 10000);
	top = len = strlen(r.folder);
	memcpy(deep, r.folder, len + 1);
	/* The folder's name leaves room for calendar.ics, and for no longer name. */
	while (len < 4095 - 25 - sizeof("/calendar.ics")) {
		size_t n = 4095 - 20 - sizeof("/calendar.ics") - len;

		if (n > 200)
			n = n > 220 ? 200 : n - 100;
		deep[len++] = '/';
		memset(deep + len, 'd', n - 1);
		len += n - 1;
		deep[len] = '\0';
		assert_int_equal(mkdir(deep, 0700), 0);
	}
	free(r.shelf.folder);
	free(r.shelf.path);
	r.shelf.folder = mem_string(deep);
	r.shelf.path = mem_printf("%s/calendar.ics", deep);
	shelf = &r.shelf;
	fd = open(shelf->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "by hand", 7), 7);
	assert_null(shelf_load(shelf));
	assert_int_equal(errno, ENAMETOOLONG);
	put(&r, MAIL(EVENT("a")));
	assert_int_equal(shelf_import(shelf, r.base, r.message, &made), CALENDAR_FAILED);
	assert_null(made);
	assert_int_equal(access(r.message, F_OK), 0);
	close(fd);
	fd = open(shelf->path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, theirs, sizeof(theirs) - 1), 7);
	assert_string_equal(theirs, "by hand");
	close(fd);
	unlink(shelf->path);
	for (; len > top; deep[len = (size_t)(strrchr(deep, '/') - deep)] = '\0')
		assert_int_equal(rmdir(deep), 0);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ceiling_of_events),
		cmocka_unit_test(test_ceiling_of_bytes),
		cmocka_unit_test(test_nothing_to_do),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
