#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/mem.h"
#include "calendar/calendar.h"
#include "net/lane.h"
#include "net/loop.h"

static const char *const attendees[] = { "admin@example.com", "secretary@example.com", NULL };

struct rig {
	char root[100], *folder;
	struct loop *loop;
	struct lane *lane;
	struct calendar *calendar;
	bool done;
	enum calendar_outcome outcome;
};

static void open_it(struct rig *r)
{
	char error[200] = "";

	r->loop = loop_new();
	r->lane = lane_new(r->loop, "calendar", 1, 4);
	r->calendar = calendar_open(&(struct calendar_options){ .loop = r->loop, .lane = r->lane,
		.folder = r->folder, .attendees = attendees, .max_events = 10, .message_max = 1 << 20 },
		error, sizeof(error));
	if (!r->calendar)
		fail_msg("%s", error);
}

static void close_it(struct rig *r)
{
	lane_free(r->lane);
	calendar_close(r->calendar);
	loop_free(r->loop);
}

static void begin(struct rig *r)
{
	*r = (struct rig){ .folder = NULL };
	snprintf(r->root, sizeof(r->root), "%s/calendar-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(r->root));
	r->folder = mem_printf("%s/webcal", r->root);
}

static void remove_tree(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char *child = mem_printf("%s/%s", path, e->d_name);
		struct stat st;

		if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && lstat(child, &st) == 0) {
			if (S_ISDIR(st.st_mode))
				remove_tree(child);
			else
				unlink(child);
		}
		free(child);
	}
	if (d)
		closedir(d);
	rmdir(path);
}

static void end(struct rig *r)
{
	remove_tree(r->root);
	free(r->folder);
}

static void put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static char *get_file(const char *path)
{
	char *text = mem_alloc(1 << 16);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		free(text);
		return NULL;
	}
	assert_true(read(fd, text, (1 << 16) - 1) >= 0);
	close(fd);
	return text;
}

static char *mail(const char *uid, const char *method, const char *lines)
{
	return mem_printf("From: otto@example.org\nContent-Type: text/calendar; method=%s\n\n"
			  "BEGIN:VCALENDAR\nMETHOD:%s\nBEGIN:VEVENT\nUID:%s\n%s"
			  "END:VEVENT\nEND:VCALENDAR\n", method, method, uid, lines);
}

static void told(void *owner, enum calendar_outcome outcome)
{
	struct rig *r = owner;

	r->done = true;
	r->outcome = outcome;
}

static enum calendar_outcome import(struct rig *r, const char *uid, const char *method, const char *lines)
{
	char *text = mail(uid, method, lines);
	char path[400];

	calendar_pending_path(r->calendar, path, sizeof(path));
	put_file(path, text);
	r->done = false;
	calendar_import(r->calendar, path, told, r);
	while (!r->done)
		loop_turn(r->loop, 1000);
	if (r->outcome != CALENDAR_FAILED)
		assert_int_equal(access(path, F_OK), -1);
	free(text);
	return r->outcome;
}

#define FIRST "SEQUENCE:0\nDTSTAMP:20240101T000000Z\nDTSTART:20240305T100000Z\nSUMMARY:First\n"
#define SECOND "SEQUENCE:1\nDTSTAMP:20240102T000000Z\nDTSTART:20240305T110000Z\nSUMMARY:Second\n"

static bool feed_has(struct rig *r, const char *needle)
{
	const struct calendar_feed *f = calendar_feed_hold(r->calendar);
	bool has = memmem(f->ics.at, f->ics.len, needle, strlen(needle)) != NULL;
	char *path = mem_printf("%s/calendar.ics", r->folder), *file = get_file(path);

	assert_int_equal(strlen(file), f->ics.len);
	assert_memory_equal(file, f->ics.at, f->ics.len);
	calendar_feed_drop(f);
	free(path);
	free(file);
	return has;
}

/* Those files of a folder whose names end so; how many. */
static unsigned remove_named(const char *folder, const char *end_of_name)
{
	DIR *d = opendir(folder);
	size_t n = strlen(end_of_name);
	struct dirent *e;
	unsigned count = 0;

	while ((e = readdir(d))) {
		size_t len = strlen(e->d_name);

		if (len >= n && strcmp(e->d_name + len - n, end_of_name) == 0)
			count += unlinkat(dirfd(d), e->d_name, 0) == 0;
	}
	closedir(d);
	return count;
}

static unsigned kept_aside(struct rig *r)
{
	DIR *d = opendir(r->folder);
	struct dirent *e;
	unsigned n = 0;

	while ((e = readdir(d)))
		n += strncmp(e->d_name, "calendar.ics.broken-", 20) == 0;
	closedir(d);
	return n;
}

static void test_life(void **state)
{
	const struct calendar_feed *empty, *one;
	struct rig r;

	(void)state;
	begin(&r);
	open_it(&r);
	empty = calendar_feed_hold(r.calendar);
	assert_int_equal(empty->events, 0);
	assert_true(empty->modified > 0);
	assert_int_equal(import(&r, "a", "REQUEST", FIRST), CALENDAR_ADDED);
	one = calendar_feed_hold(r.calendar);
	assert_int_equal(one->events, 1);
	assert_string_not_equal(one->etag, empty->etag);
	assert_int_equal(one->etag[0], '"');
	/* Whoever held the old one still has it. */
	assert_int_equal(empty->events, 0);
	assert_null(memmem(empty->ics.at, empty->ics.len, "VEVENT", 6));
	calendar_feed_drop(empty);
	calendar_feed_drop(NULL);
	assert_int_equal(import(&r, "a", "REQUEST", SECOND), CALENDAR_UPDATED);
	assert_int_equal(import(&r, "a", "REQUEST", FIRST), CALENDAR_STALE);
	assert_int_equal(import(&r, "a", "REPLY", FIRST), CALENDAR_IGNORED);
	assert_true(feed_has(&r, "SUMMARY:Second"));
	assert_int_equal(import(&r, "a", "CANCEL", "SEQUENCE:2\nDTSTAMP:20240103T000000Z\n"), CALENDAR_CANCELLED);
	assert_false(feed_has(&r, "VEVENT"));
	assert_non_null(memmem(one->ics.at, one->ics.len, "SUMMARY:First", 13));
	calendar_feed_drop(one);
	close_it(&r);
	/* What was cancelled is remembered over a restart. */
	open_it(&r);
	assert_int_equal(import(&r, "a", "REQUEST", SECOND), CALENDAR_STALE);
	assert_int_equal(kept_aside(&r), 0);
	close_it(&r);
	end(&r);
}

static void test_gzip(void **state)
{
	const struct calendar_feed *f;
	char plain[4096];
	struct rig r;
	z_stream z = { .zalloc = NULL };

	(void)state;
	begin(&r);
	open_it(&r);
	import(&r, "a", "REQUEST", FIRST);
	f = calendar_feed_hold(r.calendar);
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)f->gzip.at;
	z.avail_in = (uInt)f->gzip.len;
	z.next_out = (Bytef *)plain;
	z.avail_out = sizeof(plain);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(sizeof(plain) - z.avail_out, f->ics.len);
	assert_memory_equal(plain, f->ics.at, f->ics.len);
	assert_string_not_equal(f->etag, f->etag_gzip);
	inflateEnd(&z);
	calendar_feed_drop(f);
	close_it(&r);
	end(&r);
}

/* A restart publishes the same bytes under the same tag. */
static void test_restart(void **state)
{
	const struct calendar_feed *f;
	char *etag;
	struct rig r;

	(void)state;
	begin(&r);
	open_it(&r);
	import(&r, "a", "REQUEST", FIRST);
	f = calendar_feed_hold(r.calendar);
	etag = mem_string(f->etag);
	calendar_feed_drop(f);
	close_it(&r);
	open_it(&r);
	f = calendar_feed_hold(r.calendar);
	assert_string_equal(f->etag, etag);
	assert_int_equal(f->events, 1);
	calendar_feed_drop(f);
	close_it(&r);
	/* Also without the state beside it. */
	char *path = mem_printf("%s/calendar.state", r.folder);
	assert_int_equal(unlink(path), 0);
	free(path);
	open_it(&r);
	f = calendar_feed_hold(r.calendar);
	assert_string_equal(f->etag, etag);
	calendar_feed_drop(f);
	assert_int_equal(kept_aside(&r), 0);
	close_it(&r);
	free(etag);
	end(&r);
}

/* Messages from before a crash, oldest first; a file that is none is ignored. */
static void test_pending(void **state)
{
	char path[400], *first = mail("a", "REQUEST", FIRST), *second = mail("a", "REQUEST", SECOND);
	struct rig r;

	(void)state;
	begin(&r);
	open_it(&r);
	calendar_pending_path(r.calendar, path, sizeof(path));
	put_file(path, first);
	calendar_pending_path(r.calendar, path, sizeof(path));
	put_file(path, second);
	calendar_pending_path(r.calendar, path, sizeof(path));
	put_file(path, "garbage");
	close_it(&r);
	open_it(&r);
	while (access(path, F_OK) == 0)
		loop_turn(r.loop, 1000);
	close_it(&r);
	open_it(&r);
	assert_true(feed_has(&r, "SUMMARY:Second"));
	assert_false(feed_has(&r, "SUMMARY:First"));
	close_it(&r);
	free(first);
	free(second);
	end(&r);
}

#define FIVE "~~~~~"

/* A message that was being worked on when the program ended is tried again, but not for
 * ever; the others go on. */
static void test_poison(void **state)
{
	char *first = mail("a", "REQUEST", FIRST), *second = mail("b", "REQUEST", FIRST);
	char path[400], name[420];
	struct rig r;

	(void)state;
	begin(&r);
	open_it(&r);
	calendar_pending_path(r.calendar, path, sizeof(path));
	snprintf(name, sizeof(name), "%s" FIVE FIVE FIVE FIVE, path);
	put_file(name, first);
	calendar_pending_path(r.calendar, path, sizeof(path));
	snprintf(name, sizeof(name), "%s" FIVE FIVE FIVE "~~~~", path);
	put_file(name, second);
	close_it(&r);
	open_it(&r);
	close_it(&r);
	open_it(&r);
	assert_true(feed_has(&r, "UID:b\r"));
	assert_false(feed_has(&r, "UID:a\r"));
	assert_int_equal(access(name, F_OK), -1);
	close_it(&r);
	snprintf(name, sizeof(name), "%s/pending", r.folder);
	assert_int_equal(remove_named(name, FIVE FIVE FIVE FIVE), 1);
	free(first);
	free(second);
	end(&r);
}

/* Many at once, on a lane that is short: each is answered, in order. */
static int order[40], answered;

struct numbered { int number; };

static void count(void *owner, enum calendar_outcome outcome)
{
	const struct numbered *n = owner;

	assert_int_equal(outcome, CALENDAR_ADDED);
	order[answered++] = n->number;
}

static void test_queue(void **state)
{
	struct numbered n[40];
	struct rig r;

	(void)state;
	begin(&r);
	open_it(&r);
	answered = 0;
	for (int i = 0; i < 40; i++) {
		char path[400], uid[20], *text;

		n[i].number = i;
		snprintf(uid, sizeof(uid), "u%d", i);
		text = mail(uid, "REQUEST", FIRST);
		calendar_pending_path(r.calendar, path, sizeof(path));
		put_file(path, text);
		calendar_import(r.calendar, path, count, &n[i]);
		free(text);
	}
	while (answered < 40)
		loop_turn(r.loop, 1000);
	for (int i = 0; i < 40; i++)
		assert_int_equal(order[i], i);
	/* The end comes with work still waiting. */
	for (int i = 0; i < 5; i++) {
		char path[400], *text = mail(i % 2 ? "x" : "y", "REQUEST", FIRST);

		calendar_pending_path(r.calendar, path, sizeof(path));
		put_file(path, text);
		calendar_import(r.calendar, path, NULL, NULL);
		free(text);
	}
	close_it(&r);
	open_it(&r);
	assert_true(feed_has(&r, "UID:x\r"));
	close_it(&r);
	end(&r);
}

static void test_damaged(void **state)
{
	static const struct { const char *text; unsigned events; } files[] = {
		{ "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//ZangTumb//EN\nBEGIN:VEVENT\nUID:old\n"
		  "DTSTAMP:20240101T000000Z\nDTSTART:20240305T100000Z\nEND:VEVENT\nEND:VCALENDAR\n", 1 },
		{ "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:old\nDTSTART:20240305T100000Z\nEND:VEVENT\nBEGIN:VEV", 1 },
		{ "nothing of the kind", 0 },
		{ "\xff\xfe\x01", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const struct calendar_feed *f;
		struct rig r;
		char *path;

		begin(&r);
		assert_int_equal(mkdir(r.folder, 0700), 0);
		path = mem_printf("%s/calendar.ics", r.folder);
		put_file(path, files[i].text);
		open_it(&r);
		f = calendar_feed_hold(r.calendar);
		assert_int_equal(f->events, files[i].events);
		calendar_feed_drop(f);
		assert_int_equal(kept_aside(&r), 1);
		assert_int_equal(import(&r, "a", "REQUEST", FIRST), CALENDAR_ADDED);
		/* Edited while we run: theirs is kept, and built upon. */
		put_file(path, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:byhand\nDTSTART:20240305T100000Z\n"
			 "END:VEVENT\nEND:VCALENDAR\n");
		assert_int_equal(import(&r, "b", "REQUEST", FIRST), CALENDAR_ADDED);
		assert_true(feed_has(&r, "UID:byhand"));
		assert_true(feed_has(&r, "UID:b\r"));
		assert_false(feed_has(&r, "UID:a\r"));
		assert_int_equal(kept_aside(&r), 2);
		close_it(&r);
		free(path);
		end(&r);
	}
}

/* The disk says no: the message stays, the old feed stays. */
static void test_disk(void **state)
{
	char *path;
	struct rig r;

	(void)state;
	begin(&r);
	open_it(&r);
	import(&r, "a", "REQUEST", FIRST);
	path = mem_printf("%s/.calendar.ics.new", r.folder);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(import(&r, "b", "REQUEST", FIRST), CALENDAR_FAILED);
	assert_true(feed_has(&r, "UID:a\r"));
	assert_false(feed_has(&r, "UID:b\r"));
	close_it(&r);
	assert_int_equal(rmdir(path), 0);
	/* Taken up again at the next start. */
	open_it(&r);
	close_it(&r);
	open_it(&r);
	assert_true(feed_has(&r, "UID:b\r"));
	close_it(&r);
	free(path);
	end(&r);
}

static void test_open_fails(void **state)
{
	struct loop *loop = loop_new();
	struct lane *lane = lane_new(loop, "calendar", 1, 4);
	char error[200] = "";

	(void)state;
	assert_null(calendar_open(&(struct calendar_options){ .loop = loop, .lane = lane,
		.folder = "/proc/webcal", .attendees = attendees, .max_events = 1, .message_max = 1 },
		error, sizeof(error)));
	assert_non_null(strstr(error, "/proc/webcal"));
	lane_free(lane);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_poison),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_disk),
		cmocka_unit_test(test_open_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
