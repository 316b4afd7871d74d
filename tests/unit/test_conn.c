#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/net/conn_private.h"
#include "../support/line_protocol.h"
#include "../support/net_peer.h"

struct fixture {
	struct loop *loop;
	struct protocol protocol;
	struct line_server server;
	struct conn *conn;               /* NULL: gone */
	int peer;
};

static struct fixture *only;             /* gone() has no other way to it */

static void gone(struct conn *c)
{
	conn_free(c);
	only->conn = NULL;
}

static void on_event(enum stream_event e, void *arg)
{
	struct conn *c = arg;

	if (c->session)
		conn_event(c, e);
	else if (e == STREAM_CLOSED)
		c->gone(c);
}

static void begin(struct fixture *f)
{
	struct address peer = { .bytes = { 192, 0, 2, 9 }, .len = 4, .port = 999 };
	int fd[2];

	peer_tcp_pair(fd);
	f->peer = fd[1];
	f->conn = conn_new(f->loop, fd[0], &f->protocol, on_event);
	conn_set_peer(f->conn, &peer);
	f->conn->server = &f->server;
	f->conn->gone = gone;
	conn_open(f->conn);
}

static int set_up(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	only = f;
	f->loop = loop_new();
	f->protocol = line_protocol();
	begin(f);
	peer_expects(f->loop, f->peer, "hello 192.0.2.9\n");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	if (f->conn)
		conn_free(f->conn);
	loop_free(f->loop);
	close(f->peer);
	assert_int_equal(f->server.opened, f->server.closed);
	free(f);
	return 0;
}

static void test_pipelined(void **state)
{
	struct fixture *f = *state;

	assert_ptr_equal(f->server.last->base.conn, f->conn);
	peer_send(f->peer, "ECHO a\nECHO b\nECHO");
	peer_expects(f->loop, f->peer, "a\nb\n");
	peer_send(f->peer, " c\n");
	peer_expects(f->loop, f->peer, "c\n");
}

static void test_paused_leaves_input(void **state)
{
	struct fixture *f = *state;
	unsigned inputs;

	peer_send(f->peer, "PAUSE\nECHO late\n");
	turn_until(f->loop, f->server.inputs > 0);
	for (int i = 0; i < 5; i++)
		loop_turn(f->loop, 0);
	inputs = f->server.inputs;
	assert_int_equal(inputs, 1);
	conn_resume(f->conn);
	assert_int_equal(f->server.inputs, inputs);     /* not from within */
	peer_expects(f->loop, f->peer, "late\n");
}

static void test_finish(void **state)
{
	struct fixture *f = *state;

	peer_send(f->peer, "QUIT\nECHO never\n");
	peer_expects_end(f->loop, f->peer, "bye\n");
	assert_int_equal(f->server.closed, 1);
	shutdown(f->peer, SHUT_WR);
	turn_until(f->loop, !f->conn);
}

static void test_finish_from_outside(void **state)
{
	struct fixture *f = *state;

	line_say(f->conn, "enough\n");
	conn_finish(f->conn);
	assert_int_equal(f->server.closed, 0);          /* not from within */
	peer_expects_end(f->loop, f->peer, "enough\n");
	assert_int_equal(f->server.closed, 1);
}

static void test_bulk_stops_when_full(void **state)
{
	struct fixture *f = *state;
	size_t seen = 0, want = 9000 * 33;
	char text[4096];

	peer_send(f->peer, "BULK 9\nECHO done\n");
	while (seen < want + 5) {
		ssize_t n = recv(f->peer, text, sizeof(text), 0);

		seen += n > 0 ? (size_t)n : 0;
		loop_turn(f->loop, 0);
	}
	assert_int_equal(seen, want + 5);
	assert_true(f->server.drained > 9);
}

static void test_eof_after_the_last_command(void **state)
{
	struct fixture *f = *state;

	peer_send(f->peer, "PAUSE\nECHO answered\nhalf a li");
	shutdown(f->peer, SHUT_WR);
	turn_until(f->loop, f->conn->eof);
	assert_int_equal(f->server.closed, 0);          /* a job may be under way */
	conn_resume(f->conn);
	peer_expects_end(f->loop, f->peer, "answered\n");
	turn_until(f->loop, !f->conn);
}

static void test_line_longer_than_the_buffer(void **state)
{
	struct fixture *f = *state;
	char line[400];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	peer_send(f->peer, line);
	peer_expects_end(f->loop, f->peer, "too slow\n");
	assert_int_equal(f->server.idled, 1);
	assert_int_equal(f->server.closed, 1);
}

static void test_idle(void **state)
{
	struct fixture *f = *state;

	conn_set_idle(f->conn, 1);
	peer_expects_end(f->loop, f->peer, "too slow\n");
	assert_int_equal(f->server.idled, 1);
}

static void test_deadline(void **state)
{
	struct fixture *f = *state;
	int end;

	conn_set_deadline(f->conn, 1000);
	conn_set_deadline(f->conn, 0);
	conn_set_deadline(f->conn, 1);
	for (int i = 0; i < 4; i++) {                   /* traffic does not help */
		peer_send(f->peer, "ECHO x\n");
		assert_string_equal(peer_read(f->loop, f->peer, 2, &end), "x\n");
	}
	peer_expects_end(f->loop, f->peer, "too slow\n");
}

static void test_peer_resets(void **state)
{
	struct fixture *f = *state;
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(f->peer, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(f->peer);
	turn_until(f->loop, !f->conn);
	assert_int_equal(f->server.closed, 1);
	f->peer = dup(0);
}

static void test_names(void **state)
{
	struct fixture *f = *state;
	char first[CONN_ID_TEXT];

	assert_string_equal(conn_peer_text(f->conn), "192.0.2.9");
	assert_int_equal(conn_peer(f->conn)->port, 999);
	assert_int_equal(strlen(conn_id(f->conn)), CONN_ID_TEXT - 1);
	assert_int_equal(strspn(conn_id(f->conn), "abcdefghijklmnopqrstuvwxyz234567"),
			 CONN_ID_TEXT - 1);
	assert_false(conn_can_tls(f->conn));
	assert_null(conn_tls_version(f->conn));
	assert_ptr_equal(conn_loop(f->conn), f->loop);
	memcpy(first, conn_id(f->conn), sizeof(first));
	conn_free(f->conn);
	close(f->peer);
	begin(f);
	assert_string_not_equal(first, conn_id(f->conn));
}

static void test_start_tls(void **state)
{
	struct fixture *f = *state;
	struct pair_folder folder;
	struct tls *tls;
	SSL *ssl;

	pair_folder_make(&folder);
	tls = pair_folder_tls(&folder, f->loop);
	f->conn->tls = tls_context_for(tls, NULL, 0);
	assert_true(conn_can_tls(f->conn));
	peer_send(f->peer, "ECHO clear\nTLS\nECHO injected\n");
	peer_expects(f->loop, f->peer, "clear\ngo ahead\n");
	ssl = client_new(f->peer, 0);
	assert_true(client_handshake(f->loop, ssl));
	client_expects(f->loop, ssl, "private\n");
	assert_true(conn_is_secure(f->conn));
	assert_string_equal(conn_tls_version(f->conn), "TLSv1.3");
	assert_non_null(conn_tls_cipher(f->conn));
	client_send(f->loop, ssl, "ECHO safe\nQUIT\n", 15);
	client_expects(f->loop, ssl, "safe\nbye\n");
	SSL_free(ssl);
	conn_free(f->conn);
	f->conn = NULL;
	loop_turn(f->loop, 0);
	tls_free(tls);
	pair_folder_remove(&folder);
}

static void test_failed_handshake_closes_once(void **state)
{
	struct fixture *f = *state;
	struct pair_folder folder;
	struct tls *tls;

	pair_folder_make(&folder);
	tls = pair_folder_tls(&folder, f->loop);
	f->conn->tls = tls_context_for(tls, NULL, 0);
	peer_send(f->peer, "TLS\n");
	peer_expects(f->loop, f->peer, "go ahead\n");
	peer_send(f->peer, "no thanks, really not, no TLS for me\n");
	turn_until(f->loop, !f->conn);
	assert_int_equal(f->server.secured, 0);
	assert_int_equal(f->server.closed, 1);
	loop_turn(f->loop, 0);
	tls_free(tls);
	pair_folder_remove(&folder);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_pipelined), T(test_paused_leaves_input), T(test_finish),
		T(test_finish_from_outside), T(test_bulk_stops_when_full),
		T(test_eof_after_the_last_command), T(test_line_longer_than_the_buffer),
		T(test_idle), T(test_deadline), T(test_peer_resets), T(test_names),
		T(test_start_tls), T(test_failed_handshake_closes_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
