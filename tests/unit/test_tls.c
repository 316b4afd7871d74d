#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/stream.h"
#include "../support/net_peer.h"

/* One handshake with a context, both ends held. */
struct talk {
	struct stream *stream;
	SSL *client;
	int peer;
	bool failed;
};

static void on_event(enum stream_event e, void *arg)
{
	struct talk *t = arg;

	if (e == STREAM_FAILED)
		t->failed = true;
	if (e == STREAM_INPUT) {                /* echo */
		stream_write(t->stream, stream_peek(t->stream));
		stream_consume(t->stream, stream_peek(t->stream).len);
	}
}

static bool talk_begin(struct talk *t, struct loop *loop, struct tls_context *c,
		       const char *alpn, int version)
{
	struct stream_limits limits = { 4096, 8192, 2048, 0 };
	int fd[2];

	peer_pair(fd);
	*t = (struct talk){ .peer = fd[1] };
	t->stream = stream_new(loop, fd[0], &limits, on_event, t);
	stream_start_tls(t->stream, c);
	t->client = client_new(fd[1], version);
	if (alpn)
		SSL_set_alpn_protos(t->client, (const unsigned char *)alpn,
				    (unsigned)strlen(alpn));
	return client_handshake(loop, t->client);
}

static void talk_end(struct talk *t, struct loop *loop)
{
	SSL_free(t->client);
	stream_close(t->stream);
	loop_turn(loop, 0);
	close(t->peer);
}

static bool talk_serial(const struct talk *t, char out[64])
{
	X509 *x = SSL_get1_peer_certificate(t->client);
	const ASN1_INTEGER *n = x ? X509_get0_serialNumber(x) : NULL;

	out[0] = '\0';
	for (int i = 0; n && i < ASN1_STRING_length(n) && i < 20; i++)
		sprintf(out + 2 * i, "%02x", ASN1_STRING_get0_data(n)[i]);
	X509_free(x);
	return n != NULL;
}

struct fixture {
	struct loop *loop;
	struct pair_folder folder;
	struct tls *tls;
};

static int set_up(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	f->loop = loop_new();
	pair_folder_make(&f->folder);
	f->tls = pair_folder_tls(&f->folder, f->loop);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tls_free(f->tls);
	loop_free(f->loop);
	pair_folder_remove(&f->folder);
	free(f);
	return 0;
}

/* Another pair in place of the one there, as a renewal does it. */
static void renew(struct fixture *f)
{
	struct pair_folder other;

	pair_folder_make(&other);
	tls_free(pair_folder_tls(&other, f->loop));
	assert_int_equal(rename(other.cert, f->folder.cert), 0);
	assert_int_equal(rename(other.key, f->folder.key), 0);
	pair_folder_remove(&other);
}

static void test_reload_takes_a_new_pair(void **state)
{
	struct fixture *f = *state;
	struct tls_context *imap = tls_context_for(f->tls, "imap", 0);
	struct tls_context *smtp = tls_context_for(f->tls, NULL, TLS_NO_TICKETS);
	struct talk old, again, other;
	char before[64], after[64], third[64];

	assert_ptr_equal(imap, tls_context_for(f->tls, "imap", 0));
	assert_ptr_not_equal(imap, smtp);
	assert_true(talk_begin(&old, f->loop, imap, NULL, 0));
	assert_true(talk_serial(&old, before));
	renew(f);
	assert_true(tls_reload(f->tls));
	assert_true(talk_begin(&again, f->loop, imap, NULL, 0));
	assert_true(talk_serial(&again, after));
	assert_true(talk_begin(&other, f->loop, smtp, NULL, 0));
	assert_true(talk_serial(&other, third));
	assert_string_not_equal(before, after);
	assert_string_equal(after, third);
	/* The connection from before goes on as if nothing had happened. */
	client_send(f->loop, old.client, "still here", 10);
	client_expects(f->loop, old.client, "still here");
	talk_end(&old, f->loop);
	talk_end(&again, f->loop);
	talk_end(&other, f->loop);
}

static void test_reload_keeps_the_old_pair_on_garbage(void **state)
{
	struct fixture *f = *state;
	struct tls_context *c = tls_context_for(f->tls, NULL, 0);
	struct talk t;
	char before[64], after[64];
	FILE *file;
	int64_t expiry = tls_expiry(f->tls);

	assert_true(talk_begin(&t, f->loop, c, NULL, 0));
	assert_true(talk_serial(&t, before));
	talk_end(&t, f->loop);
	file = fopen(f->folder.cert, "w");
	fputs("-----BEGIN CERTIFICATE-----\nnot really\n-----END CERTIFICATE-----\n", file);
	fclose(file);
	assert_false(tls_reload(f->tls));
	unlink(f->folder.key);
	assert_false(tls_reload(f->tls));
	assert_true(talk_begin(&t, f->loop, c, NULL, 0));
	assert_true(talk_serial(&t, after));
	assert_string_equal(before, after);
	assert_int_equal(tls_expiry(f->tls), expiry);
	talk_end(&t, f->loop);
	/* And a good pair is taken again. */
	renew(f);
	assert_true(tls_reload(f->tls));
	assert_true(talk_begin(&t, f->loop, c, NULL, 0));
	assert_true(talk_serial(&t, after));
	assert_string_not_equal(before, after);
	talk_end(&t, f->loop);
}

static void test_alpn(void **state)
{
	static const struct { const char *offer, *agreed; } row[] = {
		{ NULL, "" },
		{ "\x04imap", "imap" },
		{ "\x02h2\x04imap", "imap" },
		{ "\x02h2\x08http/1.1", "" },
		{ "\x05imaps", "" },
	};
	struct fixture *f = *state;
	struct tls_context *c = tls_context_for(f->tls, "imap", 0);

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const unsigned char *name;
		unsigned len;
		struct talk t;

		assert_true(talk_begin(&t, f->loop, c, row[i].offer, 0));
		SSL_get0_alpn_selected(t.client, &name, &len);
		assert_int_equal(len, strlen(row[i].agreed));
		assert_memory_equal(name ? name : (const unsigned char *)"", row[i].agreed, len);
		talk_end(&t, f->loop);
	}
}

static void test_tickets(void **state)
{
	static const int version[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct fixture *f = *state;

	for (size_t i = 0; i < 4; i++) {
		bool off = i & 1;
		struct tls_context *c = tls_context_for(f->tls, NULL, off ? TLS_NO_TICKETS : 0);
		struct talk t;
		SSL_SESSION *s;

		assert_true(talk_begin(&t, f->loop, c, NULL, version[i / 2]));
		client_send(f->loop, t.client, "x", 1);
		client_expects(f->loop, t.client, "x");
		s = SSL_get0_session(t.client);
		assert_int_equal(SSL_SESSION_has_ticket(s), !off);
		talk_end(&t, f->loop);
	}
}

static void test_start_says_what_is_wrong(void **state)
{
	struct fixture *f = *state;
	char error[256] = "";

	unlink(f->folder.key);
	assert_null(tls_load(f->loop, f->folder.cert, f->folder.key, "mx.example",
			     error, sizeof(error)));
	assert_non_null(strstr(error, "is missing"));
	tls_free(NULL);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_reload_takes_a_new_pair),
		T(test_reload_keeps_the_old_pair_on_garbage),
		T(test_alpn), T(test_tickets), T(test_start_says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
