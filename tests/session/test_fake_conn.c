/* The fake connection keeps the rules that the real one keeps (test_conn.c). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../support/fake_conn.h"
#include "../support/line_protocol.h"
#include "net/loop.h"

static struct protocol protocol;
static struct line_server server;

static struct fake_conn *begin(void *arg)
{
	struct fake_conn *f = fake_conn_new(&protocol, &server, arg);

	fake_conn_open(f);
	assert_string_equal(fake_conn_take(f), "hello 192.0.2.1\n");
	return f;
}

static int set_up(void **state)
{
	(void)state;
	protocol = line_protocol();
	server = (struct line_server){ 0 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_int_equal(server.opened, server.closed);
	return 0;
}

static void check_script(struct fake_conn *f, void *arg)
{
	(void)arg;
	assert_string_equal(fake_conn_take(f), "one\ntwo\nwhat?\nbye\n");
	assert_true(f->closed);
	assert_null(f->session);
}

static void test_every_split(void **state)
{
	(void)state;
	fake_conn_every_split(begin, check_script, NULL,
			      SLICE("ECHO one\nECHO two\nNONSENSE\nQUIT\nECHO never\n"));
	assert_int_equal(server.opened, 44);    /* whole, byte by byte, each cut */
}

static void test_pause_and_resume(void **state)
{
	struct loop *loop = loop_new();
	struct fake_conn *f = begin(loop);

	(void)state;
	fake_conn_feed(f, SLICE("PAUSE\nECHO late\n"));
	assert_true(f->paused);
	assert_string_equal(fake_conn_take(f), "");
	conn_resume(fake_conn_conn(f));
	assert_string_equal(fake_conn_take(f), "");
	loop_turn(loop, 0);
	assert_string_equal(fake_conn_take(f), "late\n");
	fake_conn_free(f);
	loop_free(loop);

	f = begin(NULL);
	assert_string_equal(fake_conn_say(f, "PAUSE\nECHO late\n"), "");
	conn_resume(fake_conn_conn(f));
	fake_conn_run(f);
	assert_string_equal(fake_conn_take(f), "late\n");
	fake_conn_free(f);
}

static void test_tls_discards(void **state)
{
	struct fake_conn *f = begin(NULL);

	(void)state;
	assert_string_equal(fake_conn_say(f, "TLS\nECHO injected\n"), "go ahead\nprivate\n");
	assert_true(f->secure);
	assert_string_equal(conn_tls_version(fake_conn_conn(f)), "TLSv1.3");
	assert_string_equal(fake_conn_say(f, "ECHO safe\nTLS\n"), "safe\nwhat?\n");
	assert_int_equal(f->tls_started, 1);
	fake_conn_free(f);
}

static void test_full_and_drained(void **state)
{
	struct fake_conn *f = begin(NULL);
	size_t len = 9000 * 33;

	(void)state;
	assert_int_equal(strlen(fake_conn_say(f, "BULK 9\n")), len);
	assert_true(server.drained > 9);
	f->slow = true;
	len = strlen(fake_conn_say(f, "BULK 9\nECHO x\n"));
	assert_true(len >= 4096 && len < 5000);
	fake_conn_drain(f);
	len = strlen(fake_conn_take(f));
	assert_true(len >= 4096 && len < 5000);
	f->slow = false;
	fake_conn_run(f);
	assert_non_null(strstr(fake_conn_take(f), "\nx\n"));
	fake_conn_free(f);
}

static void test_ends(void **state)
{
	char line[400];
	struct fake_conn *f = begin(NULL);

	(void)state;
	fake_conn_idle(f);
	assert_string_equal(fake_conn_take(f), "too slow\n");
	assert_true(f->closed);
	fake_conn_free(f);

	f = begin(NULL);
	fake_conn_shutdown(f);
	assert_string_equal(fake_conn_take(f), "going down\n");
	assert_true(f->closed);
	fake_conn_free(f);

	f = begin(NULL);
	fake_conn_break(f);
	assert_true(f->closed);
	fake_conn_free(f);

	f = begin(NULL);
	fake_conn_feed(f, SLICE("ECHO a\nhalf"));
	fake_conn_eof(f);
	assert_string_equal(fake_conn_take(f), "a\n");
	assert_true(f->closed);
	fake_conn_free(f);

	f = begin(NULL);
	memset(line, 'x', sizeof(line));
	fake_conn_feed(f, slice_make(line, sizeof(line)));
	assert_string_equal(fake_conn_take(f), "too slow\n");
	assert_int_equal(f->idled, 1);
	assert_true(f->closed);
	fake_conn_free(f);
}

static void test_two_at_once(void **state)
{
	struct fake_conn *a = begin(NULL), *b = fake_conn_new(&protocol, &server, NULL);

	(void)state;
	b->secure = true;
	b->peer = (struct address){ .bytes = { 198, 51, 100, 7 }, .len = 4 };
	assert_string_equal(fake_conn_say(b, "ECHO b\n"), "hello 198.51.100.7 secure\nb\n");
	assert_string_equal(fake_conn_say(a, "ECHO a\n"), "a\n");
	assert_string_not_equal(conn_id(fake_conn_conn(a)), conn_id(fake_conn_conn(b)));
	fake_conn_free(a);
	assert_string_equal(fake_conn_say(b, "ECHO c\n"), "c\n");
	conn_log(fake_conn_conn(b), LEVEL_WARN, "seen", log_number("n", 3), log_text("t", "x"));
	buf_add_byte(&b->log, '\0');
	assert_string_equal(b->log.data, "warn line seen n=3 t=x\n");
	fake_conn_free(b);
	fake_conn_free(NULL);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_every_split), T(test_pause_and_resume), T(test_tls_discards),
		T(test_full_and_drained), T(test_ends), T(test_two_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
