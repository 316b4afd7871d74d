/*
 * The calendar here is a fake with the two functions that webcal asks of it, so that
 * a feed can change while the old one is being sent.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../support/fake_conn.h"
#include "auth/auth.h"
#include "base/clock.h"
#include "base/mem.h"
#include "calendar/calendar.h"
#include "net/loop.h"
#include "webcal/webcal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define GET "GET /calendar.ics HTTP/1.1\r\nHost: h\r\n"
#define RIGHT "Authorization: Basic YWRtaW46c2VjcmV0\r\n"        /* admin:secret */
#define DATE "Date: Fri, 20 Nov 2026 10:14:00 GMT\r\n"
#define COMMON \
	"Last-Modified: Fri, 20 Nov 2026 10:13:40 GMT\r\nVary: Accept-Encoding\r\n" \
	"Cache-Control: private, no-cache\r\n" \
	"X-Content-Type-Options: nosniff\r\n" \
	"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n" \
	"Referrer-Policy: no-referrer\r\n\r\n"
#define TYPE "Content-Type: text/calendar; charset=utf-8\r\n"
#define NAME "Content-Disposition: inline; filename=\"calendar.ics\"\r\n"

struct calendar {
	const struct calendar_feed *now;
	int held;
};

static struct calendar calendar;

const struct calendar_feed *calendar_feed_hold(struct calendar *c)
{
	c->held++;
	return c->now;
}

void calendar_feed_drop(const struct calendar_feed *feed)
{
	assert_non_null(feed);
	calendar.held--;
}

static struct loop *loop;
static struct auth *auth;
static struct http_server server;
static struct webcal webcal = { &calendar };

static const struct calendar_feed small = {
	.ics = { "BEGIN:VCALENDAR\r\n", 17 }, .gzip = { "\x1f\x8b-zipped", 9 },
	.etag = "\"1\"", .etag_gzip = "\"1-gzip\"", .modified = 1795169620,
};

static int set_up(void **state)
{
	struct auth_options o = { .user = "admin", .domain = "example.com", .password = "secret" };

	(void)state;
	loop = o.loop = loop_new();
	auth = auth_new(&o);
	server = (struct http_server){
		.auth = auth, .realm = "Calendar", .routes = webcal_routes, .ctx = &webcal,
	};
	calendar = (struct calendar){ .now = &small };
	clock_set(1795169640);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	clock_set(-1);
	auth_free(auth);
	loop_free(loop);
	assert_int_equal(calendar.held, 0);
	return 0;
}

static struct fake_conn *make(void *arg)
{
	struct fake_conn *f = fake_conn_new(&http_protocol, &server, loop);

	(void)arg;
	fake_conn_open(f);
	return f;
}

static void check_output(struct fake_conn *f, void *arg)
{
	assert_string_equal(fake_conn_take(f), arg);
	assert_int_equal(calendar.held, 0);
}

static void test_answers_at_every_split(void **state)
{
	static const struct {
		const char *request, *answer;
	} cases[] = {
		{ GET RIGHT "\r\n", "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 17\r\n" TYPE NAME
		  "ETag: \"1\"\r\n" COMMON "BEGIN:VCALENDAR\r\n" },
		{ GET RIGHT "Accept-Encoding: gzip, br\r\n\r\n",
		  "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 9\r\n" TYPE
		  "Content-Encoding: gzip\r\n" NAME "ETag: \"1-gzip\"\r\n" COMMON "\x1f\x8b-zipped" },
		{ "HEAD /calendar.ics HTTP/1.1\r\nHost: h\r\n" RIGHT "\r\n",
		  "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 17\r\n" TYPE NAME
		  "ETag: \"1\"\r\n" COMMON },
		{ GET RIGHT "If-None-Match: \"1\"\r\n\r\n",
		  "HTTP/1.1 304 Not Modified\r\n" DATE "ETag: \"1\"\r\n" COMMON },
		{ GET RIGHT "If-None-Match: \"0\", W/\"1-gzip\"\r\nAccept-Encoding: gzip\r\n\r\n",
		  "HTTP/1.1 304 Not Modified\r\n" DATE "ETag: \"1-gzip\"\r\n" COMMON },
		/* the tag of the other form is not ours */
		{ GET RIGHT "If-None-Match: \"1-gzip\"\r\n\r\n",
		  "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 17\r\n" TYPE NAME
		  "ETag: \"1\"\r\n" COMMON "BEGIN:VCALENDAR\r\n" },
		{ GET RIGHT "If-Modified-Since: Fri, 20 Nov 2026 10:13:40 GMT\r\n\r\n",
		  "HTTP/1.1 304 Not Modified\r\n" DATE "ETag: \"1\"\r\n" COMMON },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *expected = mem_string(cases[i].answer);

		fake_conn_every_split(make, check_output, expected, slice_of(cases[i].request));
		free(expected);
	}
}

static const char *status_of(struct fake_conn *f, const char *request)
{
	static char status[4];
	const char *answer = fake_conn_say(f, request);

	assert_memory_equal(answer, "HTTP/1.1 ", 9);
	memcpy(status, answer + 9, 3);
	return status;
}

static void test_what_is_where(void **state)
{
	static const struct {
		const char *request, *status;
	} cases[] = {
		{ GET "\r\n", "401" },
		{ GET "If-None-Match: *\r\n\r\n", "401" },
		{ "HEAD /calendar.ics HTTP/1.1\r\nHost: h\r\n\r\n", "401" },
		{ "GET /x/../calendar.ics?y HTTP/1.1\r\nHost: h\r\n\r\n", "401" },
		{ "GET /%63alendar.ics HTTP/1.1\r\nHost: h\r\n" RIGHT "\r\n", "200" },
		{ "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n", "200" },
		{ "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "404" },
		{ "GET /calendar.ics/ HTTP/1.1\r\nHost: h\r\n\r\n", "404" },
		{ "GET /Calendar.ics HTTP/1.1\r\nHost: h\r\n\r\n", "404" },
		{ "PUT /calendar.ics HTTP/1.1\r\nHost: h\r\n\r\n", "405" },
		{ "PROPFIND /calendar.ics HTTP/1.1\r\nHost: h\r\nDepth: 0\r\n\r\n", "405" },
	};
	struct fake_conn *f = make(NULL);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (strcmp(status_of(f, cases[i].request), cases[i].status) != 0)
			fail_msg("%s", cases[i].request);
	assert_false(f->finished);
	fake_conn_free(f);
}

/* The compressed form may be missing. */
static void test_no_gzip(void **state)
{
	struct calendar_feed plain = small;
	struct fake_conn *f = make(NULL);
	const char *answer;

	(void)state;
	plain.gzip = SLICE("");
	calendar.now = &plain;
	answer = fake_conn_say(f, GET RIGHT "Accept-Encoding: gzip\r\n\r\n");
	assert_non_null(strstr(answer, "Content-Length: 17\r\n"));
	assert_null(strstr(answer, "Content-Encoding"));
	fake_conn_free(f);
	calendar.now = &small;
}

/* What a container's health check does. */
static void test_healthz(void **state)
{
	struct fake_conn *f = make(NULL);

	(void)state;
	assert_non_null(strstr(fake_conn_say(f, "GET /healthz HTTP/1.0\r\n\r\n"), "\r\n\r\nok\n"));
	assert_true(f->finished);
	assert_null(memmem(f->log.data, f->log.len, "info", 4));
	fake_conn_free(f);
}

/* The old feed is sent to its end although there is a new one. */
static void test_a_new_feed_meanwhile(void **state)
{
	enum { SIZE = 300000 };
	char *text = mem_alloc(SIZE);
	struct calendar_feed big = small;
	struct fake_conn *f = make(NULL);
	const char *body;

	(void)state;
	memset(text, 'x', SIZE);
	big.ics = slice_make(text, SIZE);
	calendar.now = &big;
	f->slow = true;
	fake_conn_feed(f, SLICE(GET RIGHT "\r\n" GET RIGHT "\r\n"));
	for (int i = 0; i < 50 && !f->output.len; i++)
		loop_turn(loop, 10);
	assert_int_equal(calendar.held, 1);
	calendar.now = &small;
	while (calendar.held)
		fake_conn_drain(f);
	f->slow = false;
	fake_conn_drain(f);
	fake_conn_settle(f);
	body = strstr(fake_conn_take(f), "\r\n\r\n") + 4;
	assert_memory_equal(body, text, SIZE);
	assert_non_null(strstr(body + SIZE, "BEGIN:VCALENDAR\r\n"));
	fake_conn_free(f);
	free(text);
}

static void test_hanging_up_drops_the_feed(void **state)
{
	enum { SIZE = 300000 };
	char *text = mem_alloc(SIZE);
	struct calendar_feed big = small;
	struct fake_conn *f = make(NULL);

	(void)state;
	big.ics = slice_make(text, SIZE);
	calendar.now = &big;
	f->slow = true;
	fake_conn_feed(f, SLICE(GET RIGHT "\r\n"));
	for (int i = 0; i < 50 && !f->output.len; i++)
		loop_turn(loop, 10);
	assert_int_equal(calendar.held, 1);
	fake_conn_break(f);
	assert_int_equal(calendar.held, 0);
	fake_conn_free(f);
	free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_answers_at_every_split),
		TEST(test_what_is_where),
		TEST(test_no_gzip),
		TEST(test_healthz),
		TEST(test_a_new_feed_meanwhile),
		TEST(test_hanging_up_drops_the_feed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
