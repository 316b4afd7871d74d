#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/fake_conn.h"
#include "auth/auth.h"
#include "base/clock.h"
#include "base/mem.h"
#include "http/http.h"
#include "net/loop.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HOST "Host: h\r\n"
#define RIGHT "Authorization: Basic YWRtaW46c2VjcmV0\r\n"        /* admin:secret */
#define WRONG "Authorization: Basic YWRtaW46d3Jvbmc=\r\n"

#define POLICY \
	"X-Content-Type-Options: nosniff\r\n" \
	"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n" \
	"Referrer-Policy: no-referrer\r\n\r\n"
#define DATE "Date: Fri, 20 Nov 2026 10:14:00 GMT\r\n"
#define OK(length) "HTTP/1.1 200 OK\r\n" DATE "Content-Length: " length "\r\n" \
		   "Content-Type: text/plain\r\n"
#define ERROR(status, length, lines) "HTTP/1.1 " status "\r\n" DATE "Content-Length: " length "\r\n" \
		   "Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n" lines POLICY
#define CHALLENGE "WWW-Authenticate: Basic realm=\"Calendar\", charset=\"UTF-8\"\r\n"

enum { BIG = 1 << 20 };

/* What the routes see and do. */
static struct world {
	struct loop *loop;
	struct auth *auth;
	struct network_set *proxies;
	struct http_server server;
	bool warned;
	char *big;
	struct http_request *late;
	unsigned released, runs;
	char seen[200];
} world;

static void count_release(void *held)
{
	++*(unsigned *)held;
}

static void answer(struct http_request *r, struct slice body)
{
	struct http_response response = {
		.status = 200, .type = "text/plain", .body = body, .etag = "\"e\"",
		.released = count_release, .held = &world.released,
	};

	http_respond(r, &response);
}

static void run_open(void *ctx, struct http_request *r)
{
	struct world *w = ctx;
	struct slice path = http_path(r), query = http_query(r), x = http_header(r, "X");

	w->runs++;
	snprintf(w->seen, sizeof(w->seen), "%.*s|%.*s|%.*s|%d%d", (int)path.len, path.at,
		 (int)query.len, query.at, (int)x.len, x.at ? x.at : "", http_is_head(r),
		 http_accepts_gzip(r));
	answer(r, SLICE("open\n"));
}

static void run_secret(void *ctx, struct http_request *r)
{
	((struct world *)ctx)->runs++;
	answer(r, SLICE("secret\n"));
}

static void run_big(void *ctx, struct http_request *r)
{
	answer(r, slice_make(((struct world *)ctx)->big, BIG));
}

static void run_late(void *ctx, struct http_request *r)
{
	((struct world *)ctx)->late = r;
}

static const struct http_route routes[] = {
	{ .path = "/open", .open = true, .quiet = true, .run = run_open },
	{ .path = "/secret", .run = run_secret },
	{ .path = "/big", .open = true, .run = run_big },
	{ .path = "/late", .open = true, .run = run_late },
	{ .path = "/t/*", .open = true, .run = run_open },
	{ .path = NULL },
};

static int set_up(void **state)
{
	struct auth_options o = { .user = "admin", .domain = "example.com", .password = "secret" };
	struct slice bad;

	(void)state;
	memset(&world, 0, sizeof(world));
	world.loop = o.loop = loop_new();
	world.auth = auth_new(&o);
	world.proxies = network_set_parse(SLICE("10.0.0.0/8"), &bad);
	world.big = mem_alloc(BIG);
	for (size_t i = 0; i < BIG; i++)
		world.big[i] = (char)('a' + i % 23);
	world.server = (struct http_server){
		.auth = world.auth, .realm = "Calendar", .routes = routes, .ctx = &world,
		.proxies = world.proxies, .warned_clear = &world.warned,
	};
	clock_set(1795169640);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	clock_set(-1);
	auth_free(world.auth);
	loop_free(world.loop);
	network_set_free(world.proxies);
	free(world.big);
	return 0;
}

static struct fake_conn *make(void *arg)
{
	struct fake_conn *f = fake_conn_new(&http_protocol, &world.server, world.loop);

	(void)arg;
	fake_conn_open(f);
	return f;
}

struct script {
	const char *in, *out;
	bool finished;
};

static void check_script(struct fake_conn *f, void *arg)
{
	const struct script *s = arg;

	assert_string_equal(fake_conn_take(f), s->out);
	assert_int_equal(f->finished, s->finished);
	assert_int_equal(f->deadline_s, 0);
}

static void test_scripts_at_every_split(void **state)
{
	static const struct script scripts[] = {
		{ "GET /open HTTP/1.1\r\n" HOST "\r\n",
		  OK("5") "ETag: \"e\"\r\nCache-Control: no-cache\r\n" POLICY "open\n", false },
		{ "HEAD /open HTTP/1.1\r\n" HOST "\r\n",
		  OK("5") "ETag: \"e\"\r\nCache-Control: no-cache\r\n" POLICY, false },
		{ "GET /open HTTP/1.1\r\n" HOST "If-None-Match: W/\"e\"\r\n\r\n",
		  "HTTP/1.1 304 Not Modified\r\n" DATE "ETag: \"e\"\r\nCache-Control: no-cache\r\n"
		  POLICY, false },
		{ "GET /open HTTP/1.1\r\n" HOST "If-Match: \"f\"\r\n\r\n",
		  "HTTP/1.1 412 Precondition Failed\r\n" DATE "Content-Length: 0\r\n"
		  "Cache-Control: no-cache\r\n" POLICY, false },
		{ "GET /open HTTP/1.0\r\n\r\n",
		  OK("5") "ETag: \"e\"\r\nCache-Control: no-cache\r\nConnection: close\r\n"
		  POLICY "open\n", true },
		/* pipelined, the second with the password, the third the last one */
		{ "GET /open HTTP/1.1\r\n" HOST "\r\n"
		  "GET /secret HTTP/1.1\r\n" HOST RIGHT "\r\n"
		  "HEAD /none HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"
		  "GET /open HTTP/1.1\r\n" HOST "\r\n",
		  OK("5") "ETag: \"e\"\r\nCache-Control: no-cache\r\n" POLICY "open\n"
		  OK("7") "ETag: \"e\"\r\nCache-Control: no-cache\r\n" POLICY "secret\n"
		  ERROR("404 Not Found", "34", "Connection: close\r\n"), true },
		{ "GET /secret HTTP/1.1\r\n" HOST "\r\n",
		  ERROR("401 Unauthorized", "42", CHALLENGE)
		  "A user and a password are asked for here.\n", false },
		{ "POST /secret HTTP/1.1\r\n" HOST "\r\n",
		  ERROR("405 Method Not Allowed", "34", "Allow: GET, HEAD\r\n")
		  "Only GET and HEAD are taken here.\n", false },
		{ "POST /open HTTP/1.1\r\n" HOST "Content-Length: 34\r\n\r\nGET /open HTTP/1.1\r\n" HOST "\r\n",
		  ERROR("405 Method Not Allowed", "34", "Allow: GET, HEAD\r\nConnection: close\r\n")
		  "Only GET and HEAD are taken here.\n", true },
		{ "GET /open HTTP/1.1\r\n" HOST "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "0\r\n\r\nGET /secret HTTP/1.1\r\n" HOST RIGHT "\r\n",
		  ERROR("400 Bad Request", "44", "Connection: close\r\n")
		  "The length of the body is said in two ways.\n", true },
		{ "GET /open HTTP/1.1\nHost: h\n\n",
		  ERROR("400 Bad Request", "30", "Connection: close\r\n")
		  "A line does not end in CR LF.\n", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(scripts); i++) {
		struct script s = scripts[i];

		fake_conn_every_split(make, check_script, &s, slice_of(s.in));
	}
}

static void test_what_a_route_sees(void **state)
{
	struct fake_conn *f = make(NULL);

	(void)state;
	fake_conn_say(f, "GET /t/a%62/../c?q=%31 HTTP/1.1\r\n" HOST "x: y z \r\n"
		      "Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n\r\n");
	assert_string_equal(world.seen, "/t/c|q=%31|y z|01");
	fake_conn_say(f, "HEAD http://x/open HTTP/1.1\r\n" HOST "\r\n");
	assert_string_equal(world.seen, "/open|||10");
	fake_conn_free(f);
}

static void test_wrong_password(void **state)
{
	struct fake_conn *f = make(NULL);
	uint64_t start = clock_mono_ms();

	(void)state;
	fake_conn_say(f, "GET /secret HTTP/1.1\r\n" HOST WRONG "\r\n");
	assert_non_null(strstr(f->output.data, "HTTP/1.1 401 Unauthorized\r\n"));
	assert_non_null(strstr(f->output.data, CHALLENGE));
	assert_true(clock_mono_ms() - start >= 900);
	assert_int_equal(world.runs, 0);
	assert_false(f->finished);
	/* Nothing of the password is in the log. */
	assert_null(memmem(f->log.data, f->log.len, "wrong", 5));
	assert_null(memmem(f->log.data, f->log.len, "d3Jvbmc", 7));
	/* and the connection is good for the right one */
	assert_non_null(strstr(fake_conn_say(f, "GET /secret HTTP/1.1\r\n" HOST RIGHT "\r\n"),
			       "secret\n"));
	fake_conn_free(f);
}

static void test_hanging_up_while_the_password_is_asked(void **state)
{
	struct fake_conn *f = make(NULL);

	(void)state;
	fake_conn_feed(f, SLICE("GET /secret HTTP/1.1\r\n" HOST RIGHT "\r\n"));
	assert_true(f->paused);
	fake_conn_break(f);
	fake_conn_free(f);
	loop_turn(world.loop, 0);
	loop_turn(world.loop, 0);
	assert_int_equal(world.runs, 0);
}

/* Eight answers are waited for; the ninth question is told to come back. */
static void test_too_many_questions(void **state)
{
	struct fake_conn *f[9];

	(void)state;
	for (size_t i = 0; i < COUNT(f); i++) {
		f[i] = make(NULL);
		fake_conn_feed(f[i], SLICE("GET /secret HTTP/1.1\r\n" HOST WRONG "\r\n"));
	}
	for (int i = 0; i < 50 && !f[8]->output.len; i++)
		loop_turn(world.loop, 10);
	assert_non_null(strstr(fake_conn_take(f[8]), "HTTP/1.1 429 Too Many Requests\r\n"));
	assert_non_null(memmem(f[8]->output.data, f[8]->output.len, "Retry-After: 15\r\n", 17));
	for (size_t i = 0; i < COUNT(f); i++)
		fake_conn_free(f[i]);
}

static void test_the_warning_comes_once(void **state)
{
	static const struct {
		const char *peer;
		bool secure, warned;
	} cases[] = {
		{ "127.0.0.1", false, false },
		{ "::1", false, false },
		{ "10.1.2.3", false, false },
		{ "192.0.2.1", true, false },
		{ "192.0.2.1", false, true },
		{ "192.0.2.1", false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fake_conn *f = fake_conn_new(&http_protocol, &world.server, world.loop);

		address_parse(&f->peer, slice_of(cases[i].peer));
		f->secure = cases[i].secure;
		fake_conn_say(f, "GET /open HTTP/1.1\r\n" HOST RIGHT "\r\n");
		assert_null(memmem(f->log.data, f->log.len, "warn", 4));
		fake_conn_say(f, "GET /secret HTTP/1.1\r\n" HOST RIGHT "\r\n");
		assert_int_equal(memmem(f->log.data, f->log.len, "warn http a password", 20) != NULL,
				 cases[i].warned);
		fake_conn_free(f);
	}
}

static void test_a_slow_reader(void **state)
{
	struct fake_conn *f = make(NULL);
	const char *body;

	(void)state;
	f->slow = true;
	fake_conn_feed(f, SLICE("GET /big HTTP/1.1\r\n" HOST "\r\nGET /open HTTP/1.1\r\n" HOST "\r\n"));
	while (world.released == 0) {
		size_t before = f->output.len;

		assert_true(f->paused);
		fake_conn_drain(f);
		assert_true(f->output.len > before);
		assert_true(f->output.len - before <= (64 << 10) + (16 << 10));
	}
	f->slow = false;
	fake_conn_drain(f);
	fake_conn_settle(f);
	body = strstr(fake_conn_take(f), "\r\n\r\n") + 4;
	assert_memory_equal(body, world.big, BIG);
	assert_non_null(strstr(body + BIG, "open\n"));
	assert_int_equal(world.released, 2);
	assert_non_null(memmem(f->log.data, f->log.len,
			       "info http request method=GET path=/big status=200 bytes=1048576\n", 64));
	fake_conn_free(f);
}

static void test_a_reader_who_goes(void **state)
{
	struct fake_conn *f = make(NULL);

	(void)state;
	f->slow = true;
	fake_conn_feed(f, SLICE("GET /big HTTP/1.1\r\n" HOST "\r\n"));
	assert_int_equal(world.released, 0);
	fake_conn_break(f);
	assert_int_equal(world.released, 1);
	assert_non_null(memmem(f->log.data, f->log.len, "request cut off", 15));
	fake_conn_free(f);
}

static void test_head_of_something_big_is_no_body(void **state)
{
	struct fake_conn *f = make(NULL);

	(void)state;
	fake_conn_say(f, "HEAD /big HTTP/1.1\r\n" HOST "\r\n");
	assert_non_null(memmem(f->output.data, f->output.len, "Content-Length: 1048576\r\n", 25));
	assert_true(f->output.len < 1000);
	assert_int_equal(world.released, 1);
	fake_conn_free(f);
}

static void test_a_late_answer(void **state)
{
	struct fake_conn *f = make(NULL);

	(void)state;
	fake_conn_feed(f, SLICE("GET /late HTTP/1.1\r\n" HOST "\r\nGET /open HTTP/1.1\r\n" HOST "\r\n"));
	fake_conn_eof(f);                /* half closed: still answered */
	assert_false(f->finished);
	assert_int_equal(f->output.len, 0);
	answer(world.late, SLICE("late\n"));
	fake_conn_settle(f);
	assert_non_null(strstr(fake_conn_take(f), "late\nHTTP/1.1 200 OK"));
	fake_conn_run(f);
	assert_true(f->finished);
	fake_conn_free(f);

	f = make(NULL);
	world.released = 0;
	fake_conn_feed(f, SLICE("GET /late HTTP/1.1\r\n" HOST "\r\n"));
	fake_conn_break(f);
	fake_conn_free(f);
	answer(world.late, SLICE("nobody listens\n"));
	assert_int_equal(world.released, 1);
}

static void test_times(void **state)
{
	struct fake_conn *f = make(NULL);

	(void)state;
	assert_int_equal(f->idle_s, 60);
	assert_int_equal(f->deadline_s, 0);
	fake_conn_say(f, "G");
	assert_int_equal(f->deadline_s, 30);
	fake_conn_idle(f);
	assert_non_null(strstr(fake_conn_take(f), "HTTP/1.1 408 Request Timeout\r\n"));
	assert_true(f->closed);
	fake_conn_free(f);

	f = make(NULL);                  /* kept open, then silent */
	fake_conn_say(f, "GET /open HTTP/1.1\r\n" HOST "\r\n");
	fake_conn_idle(f);
	assert_string_equal(fake_conn_take(f), "");
	fake_conn_free(f);

	f = make(NULL);                  /* the route is slow */
	fake_conn_feed(f, SLICE("GET /late HTTP/1.1\r\n" HOST "\r\n"));
	assert_true(f->deadline_s > 60);
	fake_conn_idle(f);
	assert_true(f->closed);
	fake_conn_free(f);
	answer(world.late, SLICE("x"));
}

static void test_shutdown(void **state)
{
	struct fake_conn *f = make(NULL);

	(void)state;
	fake_conn_say(f, "GET /open HTTP/1.1\r\n" HOST "\r\n");
	fake_conn_shutdown(f);
	assert_true(f->closed);
	fake_conn_free(f);

	f = make(NULL);
	fake_conn_feed(f, SLICE("GET /late HTTP/1.1\r\n" HOST "\r\nGET /open HTTP/1.1\r\n" HOST "\r\n"));
	fake_conn_shutdown(f);
	assert_false(f->finished);
	answer(world.late, SLICE("late\n"));
	fake_conn_run(f);
	assert_true(f->closed);
	assert_non_null(strstr(fake_conn_take(f), "Connection: close\r\n"));
	assert_null(memmem(f->output.data, f->output.len, "open\n", 5));
	fake_conn_free(f);
}

static void test_log(void **state)
{
	static const struct {
		const char *request, *line;
	} cases[] = {
		{ "GET /open?secret HTTP/1.1\r\n" HOST "\r\n",
		  "debug http request method=GET path=/open status=200 bytes=5\n" },
		{ "GET /secret HTTP/1.1\r\n" HOST "\r\n",
		  "info http request method=GET path=/secret status=401 bytes=42\n" },
		{ "GET /t/token.ics HTTP/1.1\r\n" HOST "\r\n",
		  "info http request method=GET path=/t/* status=200 bytes=5\n" },
		{ "GET /T/token.ics HTTP/1.1\r\n" HOST "\r\n",
		  "info http request method=GET path=/T status=404 bytes=34\n" },
		{ "GET /t/token%00 HTTP/1.1\r\n" HOST "\r\n",
		  "info http request method=GET path=- status=400 bytes=56 "
		  "reason=The address has an encoded character that is not taken.\n" },
	};

	(void)state;
	world.server.log_protocol = true;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fake_conn *f = make(NULL);

		fake_conn_say(f, cases[i].request);
		buf_add_byte(&f->log, '\0');
		if (!strstr(f->log.data, cases[i].line))
			fail_msg("%s", f->log.data);
		assert_null(strstr(f->log.data, "token"));
		assert_null(strstr(f->log.data, "?"));
		fake_conn_free(f);
	}
}

static void test_the_client_behind_a_proxy(void **state)
{
	struct fake_conn *f = make(NULL);

	(void)state;
	address_parse(&f->peer, SLICE("10.0.0.1"));
	fake_conn_say(f, "GET /secret HTTP/1.1\r\n" HOST RIGHT "X-Forwarded-For: 192.0.2.77\r\n\r\n");
	assert_non_null(memmem(f->log.data, f->log.len, "client=192.0.2.77\n", 18));
	fake_conn_free(f);
}

static void test_busy(void **state)
{
	char *text = mem_bytes(http_protocol.busy.at, http_protocol.busy.len);
	const char *body = strstr(text, "\r\n\r\n") + 4, *length = strstr(text, "Content-Length: ");

	(void)state;
	assert_int_equal(strtoul(length + 16, NULL, 10), strlen(body));
	free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_scripts_at_every_split),
		TEST(test_what_a_route_sees),
		TEST(test_wrong_password),
		TEST(test_hanging_up_while_the_password_is_asked),
		TEST(test_too_many_questions),
		TEST(test_the_warning_comes_once),
		TEST(test_a_slow_reader),
		TEST(test_a_reader_who_goes),
		TEST(test_head_of_something_big_is_no_body),
		TEST(test_a_late_answer),
		TEST(test_times),
		TEST(test_shutdown),
		TEST(test_log),
		TEST(test_the_client_behind_a_proxy),
		TEST(test_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
