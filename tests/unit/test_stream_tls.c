#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/ioctl.h>

#include "../../src/net/stream_private.h"
#include "../support/net_peer.h"

struct owner {
	struct loop *loop;
	struct tls *tls;
	struct pair_folder folder;
	struct stream *stream;
	int peer;
	SSL *client;
	char *got;
	size_t got_len;
	size_t bite;                     /* consume at most this at a time; 0: all */
	bool echo;
	bool write_early;                /* queue a greeting while shaking hands */
	char events[512];
	size_t event_count;
};

enum { GOT_MAX = 4 << 20 };

static const struct stream_limits limits = {
	.input_max = 8192, .output_high = 65536, .output_low = 16384, .idle_s = 0,
};

static void on_event(enum stream_event e, void *arg)
{
	static const char letter[] = "IDSEXFC";
	struct owner *o = arg;
	struct slice in;

	if (o->event_count + 1 < sizeof(o->events))
		o->events[o->event_count++] = letter[e];
	if (e != STREAM_INPUT)
		return;
	in = stream_peek(o->stream);
	if (o->bite)
		in = slice_head(in, o->bite);
	assert_true(o->got_len + in.len < GOT_MAX);
	memcpy(o->got + o->got_len, in.at, in.len);
	o->got_len += in.len;
	if (o->echo)
		stream_write(o->stream, in);
	stream_consume(o->stream, in.len);
}

static int set_up(void **state)
{
	struct owner *o = mem_alloc(sizeof(*o));
	int fd[2];

	o->loop = loop_new();
	pair_folder_make(&o->folder);
	o->tls = pair_folder_tls(&o->folder, o->loop);
	o->got = mem_alloc(GOT_MAX);
	peer_tcp_pair(fd);
	o->peer = fd[1];
	o->stream = stream_new(o->loop, fd[0], &limits, on_event, o);
	*state = o;
	return 0;
}

static int tear_down(void **state)
{
	struct owner *o = *state;

	SSL_free(o->client);
	stream_close(o->stream);
	loop_turn(o->loop, 0);
	tls_free(o->tls);
	loop_free(o->loop);
	close(o->peer);
	pair_folder_remove(&o->folder);
	free(o->got);
	free(o);
	return 0;
}

static void secure(struct owner *o, int version)
{
	stream_start_tls(o->stream, tls_context_for(o->tls, NULL, TLS_NO_TICKETS));
	o->client = client_new(o->peer, version);
	assert_true(client_handshake(o->loop, o->client));
	turn_until(o->loop, stream_is_secure(o->stream));
	assert_non_null(strchr(o->events, 'S'));
}

static void test_echo(void **state)
{
	struct owner *o = *state;

	o->echo = true;
	assert_null(stream_tls_version(o->stream));
	secure(o, 0);
	assert_string_equal(stream_tls_version(o->stream), "TLSv1.3");
	assert_string_equal(stream_tls_cipher(o->stream), "TLS_AES_256_GCM_SHA384");
	client_send(o->loop, o->client, "a1 NOOP\r\n", 9);
	client_expects(o->loop, o->client, "a1 NOOP\r\n");
	client_send(o->loop, o->client, "a2 NOOP\r\n", 9);
	client_expects(o->loop, o->client, "a2 NOOP\r\n");
	assert_null(o->stream->in.data);
	assert_null(o->stream->out.data);
}

/* Both ends have the same bytes, and each connection others. */
static void test_bindings(void **state)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	unsigned char ours[STREAM_BINDING_MAX], theirs[STREAM_BINDING_MAX];
	struct owner *o = *state;
	unsigned len = 0;
	X509 *leaf;

	assert_int_equal(stream_binding(o->stream, STREAM_EXPORTER, ours), 0);
	secure(o, 0);
	assert_int_equal(stream_binding(o->stream, STREAM_EXPORTER, ours), 32);
	assert_int_equal(SSL_export_keying_material(o->client, theirs, 32, label, sizeof(label) - 1,
						    NULL, 0, 0), 1);
	assert_memory_equal(ours, theirs, 32);
	assert_int_equal(stream_binding(o->stream, STREAM_END_POINT, ours), 32);
	leaf = SSL_get1_peer_certificate(o->client);
	assert_int_equal(X509_digest(leaf, EVP_sha256(), theirs, &len), 1);
	assert_memory_equal(ours, theirs, 32);
	X509_free(leaf);
}

/* RFC 9266 4.2: TLS 1.2 with the extended master secret, and not without. */
static void test_bindings_tls12(void **state)
{
	unsigned char ours[STREAM_BINDING_MAX];
	struct owner *o = *state;

	stream_start_tls(o->stream, tls_context_for(o->tls, NULL, TLS_NO_TICKETS));
	o->client = client_new(o->peer, TLS1_2_VERSION);
	SSL_set_options(o->client, SSL_OP_NO_EXTENDED_MASTER_SECRET);
	assert_true(client_handshake(o->loop, o->client));
	turn_until(o->loop, stream_is_secure(o->stream));
	assert_int_equal(stream_binding(o->stream, STREAM_EXPORTER, ours), 0);
	assert_int_equal(stream_binding(o->stream, STREAM_END_POINT, ours), 32);
}

static void test_tls12(void **state)
{
	unsigned char binding[STREAM_BINDING_MAX];
	struct owner *o = *state;

	o->echo = true;
	secure(o, TLS1_2_VERSION);
	assert_string_equal(stream_tls_version(o->stream), "TLSv1.2");
	assert_int_equal(stream_binding(o->stream, STREAM_EXPORTER, binding), 32);
	client_send(o->loop, o->client, "hello", 5);
	client_expects(o->loop, o->client, "hello");
	/* CVE-2011-1473 and worse: nobody renegotiates here. */
	assert_int_equal(SSL_renegotiate(o->client), 1);
	assert_false(client_handshake(o->loop, o->client));
}

/* Records that carry nothing for us cost us a key each: a peer that sends them
 * without end must not keep the loop from everybody else. */
static void test_key_updates_do_not_hold_the_loop(void **state)
{
	struct owner *o = *state;
	int left = 0;

	o->echo = true;
	secure(o, TLS1_3_VERSION);
	for (int i = 0; i < 2000; i++) {
		assert_int_equal(SSL_key_update(o->client, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(o->client), 1);
	}
	loop_turn(o->loop, 0);
	assert_int_equal(ioctl(o->stream->watch.fd, FIONREAD, &left), 0);
	assert_true(left > 0);
	client_send(o->loop, o->client, "still here\r\n", 12);
	client_expects(o->loop, o->client, "still here\r\n");
}

/* The reasons are OpenSSL's own words and differ from version to version. */
static void fails(struct owner *o)
{
	turn_until(o->loop, strchr(o->events, 'F'));
	assert_memory_equal(stream_error(o->stream), "TLS: ", 5);
	assert_true(strlen(stream_error(o->stream)) > 10);
	assert_false(stream_is_secure(o->stream));
	assert_null(stream_tls_version(o->stream));
}

/* RFC 3207 4.2: what came in one segment with STARTTLS is thrown away. */
static void test_injection_in_our_buffer(void **state)
{
	struct owner *o = *state;

	o->bite = 10;
	peer_send(o->peer, "STARTTLS\r\nMAIL FROM:<evil@example>\r\n");
	turn_until(o->loop, o->got_len == 10);
	assert_int_equal(stream_peek(o->stream).len, 26);
	stream_write(o->stream, SLICE("220 go\r\n"));
	stream_start_tls(o->stream, tls_context_for(o->tls, NULL, 0));
	assert_int_equal(stream_peek(o->stream).len, 0);
	peer_expects(o->loop, o->peer, "220 go\r\n");
	o->bite = 0;
	o->client = client_new(o->peer, 0);
	assert_true(client_handshake(o->loop, o->client));
	client_send(o->loop, o->client, "EHLO x\r\n", 8);
	turn_until(o->loop, o->got_len > 10);
	assert_int_equal(o->got_len, 18);
	assert_memory_equal(o->got, "STARTTLS\r\nEHLO x\r\n", 18);
}

/* And what the kernel still holds is no TLS record: the handshake fails. */
static void test_injection_in_the_kernel(void **state)
{
	struct owner *o = *state;

	peer_send(o->peer, "STARTTLS\r\n");
	turn_until(o->loop, o->got_len == 10);
	peer_send(o->peer, "MAIL FROM:<evil@example>\r\n");
	stream_start_tls(o->stream, tls_context_for(o->tls, NULL, 0));
	fails(o);
	assert_int_equal(o->got_len, 10);
}

static void test_web_browser(void **state)
{
	struct owner *o = *state;

	stream_start_tls(o->stream, tls_context_for(o->tls, NULL, 0));
	peer_send(o->peer, "GET / HTTP/1.0\r\n\r\n");
	fails(o);
}

static void test_peer_leaves_while_shaking_hands(void **state)
{
	struct owner *o = *state;

	stream_start_tls(o->stream, tls_context_for(o->tls, NULL, 0));
	loop_turn(o->loop, 0);
	shutdown(o->peer, SHUT_WR);
	fails(o);
}

static void test_old_versions_are_refused(void **state)
{
	struct owner *o = *state;

	stream_start_tls(o->stream, tls_context_for(o->tls, NULL, 0));
	o->client = client_new(o->peer, TLS1_1_VERSION);
	assert_false(client_handshake(o->loop, o->client));
	fails(o);
}

static void test_clear_before_secret_after(void **state)
{
	struct owner *o = *state;

	stream_write(o->stream, SLICE("220 go\r\n"));
	stream_start_tls(o->stream, tls_context_for(o->tls, NULL, 0));
	stream_write(o->stream, SLICE("* OK in private\r\n"));
	peer_expects(o->loop, o->peer, "220 go\r\n");
	o->client = client_new(o->peer, 0);
	assert_true(client_handshake(o->loop, o->client));
	client_expects(o->loop, o->client, "* OK in private\r\n");
}

/* One record is 16 KiB and the buffer takes 8: epoll is silent about the rest. */
static void test_decrypted_bytes_are_not_forgotten(void **state)
{
	struct owner *o = *state;
	char *block = mem_alloc(16384);

	for (size_t i = 0; i < 16384; i++)
		block[i] = (char)(i % 251);
	secure(o, 0);
	client_send(o->loop, o->client, block, 16384);
	turn_until(o->loop, o->got_len == 16384);
	assert_memory_equal(o->got, block, 16384);
	free(block);
}

/* A megabyte each way at once through small sockets. */
static void test_much_both_ways(void **state)
{
	struct owner *o = *state;
	enum { SIZE = 1 << 20 };
	char *block = mem_alloc(SIZE);
	int small = 4096;
	size_t sent = 0, back = 0;
	uint64_t end = clock_mono_ms() + 60000;

	for (size_t i = 0; i < SIZE; i++)
		block[i] = (char)(i * 7 >> 2);
	setsockopt(o->stream->watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	setsockopt(o->peer, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	o->echo = true;
	secure(o, 0);
	while (back < SIZE) {
		char text[5000];
		int n;

		assert_true(clock_mono_ms() < end);
		if (sent < SIZE && (n = SSL_write(o->client, block + sent, (int)(SIZE - sent))) > 0)
			sent += (size_t)n;
		n = SSL_read(o->client, text, sizeof(text));
		if (n > 0) {
			assert_memory_equal(text, block + back, (size_t)n);
			back += (size_t)n;
		}
		loop_turn(o->loop, 0);
	}
	assert_memory_equal(o->got, block, SIZE);
	assert_null(o->stream->out.data);
	free(block);
}

static void test_key_update(void **state)
{
	struct owner *o = *state;

	o->echo = true;
	secure(o, TLS1_3_VERSION);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(SSL_key_update(o->client, SSL_KEY_UPDATE_REQUESTED), 1);
		client_send(o->loop, o->client, "again", 5);
		client_expects(o->loop, o->client, "again");
	}
}

static void test_close_notify_both_ways(void **state)
{
	struct owner *o = *state;
	int end;

	secure(o, 0);
	stream_write(o->stream, SLICE("* BYE\r\n"));
	stream_close_after_output(o->stream);
	o->stream = NULL;
	assert_string_equal(client_read(o->loop, o->client, SIZE_MAX, &end), "* BYE\r\n");
	assert_int_equal(end, -1);
	SSL_shutdown(o->client);
	shutdown(o->peer, SHUT_WR);
	turn_until(o->loop, strchr(o->events, 'C'));
}

static void test_client_ends_first(void **state)
{
	struct owner *o = *state;

	secure(o, 0);
	client_send(o->loop, o->client, "bye", 3);
	SSL_shutdown(o->client);
	turn_until(o->loop, strchr(o->events, 'E'));
	assert_int_equal(o->got_len, 3);
	stream_write(o->stream, SLICE("ok"));
	client_expects(o->loop, o->client, "ok");
}

/* Many clients just close; to us that is an end like any other. */
static void test_client_ends_without_notify(void **state)
{
	struct owner *o = *state;

	secure(o, 0);
	client_send(o->loop, o->client, "bye", 3);
	shutdown(o->peer, SHUT_WR);
	turn_until(o->loop, strchr(o->events, 'E'));
	assert_int_equal(o->got_len, 3);
	stream_write(o->stream, SLICE("ok"));
	client_expects(o->loop, o->client, "ok");
}

static void test_damaged_record(void **state)
{
	struct owner *o = *state;

	secure(o, 0);
	assert_int_equal(send(o->peer, "\x17\x03\x03\x00\x20" "0123456789abcdef0123456789abcdef",
			      37, 0), 37);
	turn_until(o->loop, strchr(o->events, 'F'));
	assert_memory_equal(stream_error(o->stream), "TLS: ", 5);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_echo), T(test_tls12), T(test_bindings), T(test_bindings_tls12),
		T(test_key_updates_do_not_hold_the_loop),
		T(test_injection_in_our_buffer), T(test_injection_in_the_kernel),
		T(test_web_browser), T(test_peer_leaves_while_shaking_hands),
		T(test_old_versions_are_refused), T(test_clear_before_secret_after),
		T(test_decrypted_bytes_are_not_forgotten), T(test_much_both_ways),
		T(test_key_update), T(test_close_notify_both_ways), T(test_client_ends_first),
		T(test_client_ends_without_notify), T(test_damaged_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
