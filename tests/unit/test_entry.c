#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../support/line_service.h"

static void test_proxy_names_the_client(void **state)
{
	static const struct { const char *header, *greeting; } row[] = {
		{ "PROXY TCP4 198.51.100.7 192.0.2.1 5555 25\r\n", "hello 198.51.100.7\n" },
		{ "PROXY TCP6 2001:db8::7 2001:db8::1 5555 25\r\n", "hello 2001:db8::7\n" },
		{ "PROXY UNKNOWN\r\n", "hello 127.0.0.1\n" },
	};
	struct line_service *s = line_service_new();

	(void)state;
	line_service_trust(s, "127.0.0.0/8");
	line_service_open(s);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		size_t len = strlen(row[i].header);

		/* Cut everywhere; what follows in the same segment is input. */
		for (size_t cut = 0; cut <= len; cut++) {
			int fd = line_service_connect(s);
			char *rest = mem_printf("%sECHO x\n", row[i].header + cut);

			send(fd, row[i].header, cut, 0);
			loop_turn(s->loop, 0);
			if (cut % 8 == 0)
				loop_turn(s->loop, 2);
			peer_send(fd, rest);
			peer_expects(s->loop, fd, row[i].greeting);
			peer_expects(s->loop, fd, "x\n");
			free(rest);
			close(fd);
			turn_until(s->loop, service_connections(s->service) == 0);
		}
	}
	line_service_free(s);
}

/* A client in the proxy's network (Docker's gateway) that comes by itself. */
static void test_a_client_without_a_header(void **state)
{
	static const char *const first[] = { "x\n", "\r\n\r\nx\n", "" };
	struct line_service *s = line_service_new();
	SSL *ssl;
	int fd;

	(void)state;
	line_service_trust(s, "127.0.0.1");
	line_service_open(s);
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		fd = line_service_connect(s);
		peer_send(fd, first[i]);
		peer_expects(s->loop, fd, "hello 127.0.0.1\n");
		close(fd);
		turn_until(s->loop, service_connections(s->service) == 0);
	}
	line_service_free(s);

	s = line_service_new();
	line_service_trust(s, "127.0.0.1");
	line_service_secure(s, SERVICE_IMPLICIT);
	line_service_open(s);
	fd = line_service_connect(s);
	ssl = client_new(fd, 0);
	assert_true(client_handshake(s->loop, ssl));
	client_expects(s->loop, ssl, "hello 127.0.0.1 secure\n");
	SSL_free(ssl);
	close(fd);
	line_service_free(s);
}

static void test_a_wrong_header_ends_it(void **state)
{
	static const char *const bad[] = {
		"PROXY TCP4 nonsense\r\n",
		"\r\n\r\n",                    /* the start of version 2, and then no more */
	};
	struct line_service *s = line_service_new();

	(void)state;
	line_service_trust(s, "127.0.0.1");
	line_service_open(s);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int fd = line_service_connect(s);
		int end;

		peer_send(fd, bad[i]);
		shutdown(fd, SHUT_WR);
		assert_string_equal(peer_read(s->loop, fd, SIZE_MAX, &end), "");
		assert_int_not_equal(end, 0);
		close(fd);
	}
	/* And one that ends within it. */
	{
		int fd = line_service_connect(s);

		peer_send(fd, "PROXY TCP4 1.2");
		shutdown(fd, SHUT_WR);
		peer_expects_end(s->loop, fd, "");
		close(fd);
	}
	assert_int_equal(s->server.opened, 0);
	assert_int_equal(service_connections(s->service), 0);
	line_service_free(s);
}

static void test_header_of_a_stranger_is_input(void **state)
{
	struct line_service *s = line_service_new();
	int fd;

	(void)state;
	line_service_trust(s, "192.0.2.0/24");
	line_service_open(s);
	fd = line_service_connect(s);
	peer_send(fd, "PROXY TCP4 198.51.100.7 192.0.2.1 5555 25\r\n");
	peer_expects(s->loop, fd, "hello 127.0.0.1\nwhat?\n");
	close(fd);
	line_service_free(s);
}

static void test_implicit_tls(void **state)
{
	struct line_service *s = line_service_new();
	SSL *ssl;
	int fd;

	(void)state;
	line_service_secure(s, SERVICE_IMPLICIT);
	line_service_open(s);
	fd = line_service_connect(s);
	loop_turn(s->loop, 10);
	assert_int_equal(s->server.opened, 0);  /* no session before the handshake */
	ssl = client_new(fd, 0);
	assert_true(client_handshake(s->loop, ssl));
	client_expects(s->loop, ssl, "hello 127.0.0.1 secure\n");
	client_send(s->loop, ssl, "ECHO x\n", 7);
	client_expects(s->loop, ssl, "x\n");
	SSL_free(ssl);
	close(fd);
	line_service_free(s);
}

static void test_implicit_tls_behind_a_proxy(void **state)
{
	struct line_service *s = line_service_new();
	SSL *ssl;
	int fd;

	(void)state;
	line_service_trust(s, "127.0.0.1");
	line_service_secure(s, SERVICE_IMPLICIT);
	line_service_open(s);
	fd = line_service_connect(s);
	peer_send(fd, "PROXY TCP4 198.51.100.7 192.0.2.1 5555 993\r\n");
	turn_until(s->loop, service_connections(s->service) == 1);
	loop_turn(s->loop, 10);
	ssl = client_new(fd, 0);
	assert_true(client_handshake(s->loop, ssl));
	client_expects(s->loop, ssl, "hello 198.51.100.7 secure\n");
	SSL_free(ssl);
	close(fd);
	line_service_free(s);
}

/* A client of implicit TLS speaks first, so a proxy's header and the first record
 * mostly come in one segment. */
static void test_client_hello_right_behind_the_header(void **state)
{
	static const char v2[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xc6\x33\x64\x07\xc0\0\x02\x01"
				 "\x15\xb3\x03\xe1\x04\0\0";
	static const struct slice headers[] = {
		{ "PROXY TCP4 198.51.100.7 192.0.2.1 5555 993\r\n", 44 },
		{ v2, sizeof(v2) - 1 },
	};
	struct line_service *s = line_service_new();

	(void)state;
	line_service_trust(s, "127.0.0.1");
	line_service_secure(s, SERVICE_IMPLICIT);
	line_service_open(s);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		char first[4096];
		int fd = line_service_connect(s), hello;
		SSL *ssl = client_new(fd, 0);
		BIO *out = BIO_new(BIO_s_mem());

		memcpy(first, headers[i].at, headers[i].len);
		BIO_up_ref(SSL_get_rbio(ssl));
		SSL_set0_wbio(ssl, out);
		assert_int_equal(SSL_do_handshake(ssl), -1);
		hello = BIO_read(out, first + headers[i].len, (int)(sizeof(first) - headers[i].len));
		assert_true(hello > 0);
		SSL_set0_wbio(ssl, SSL_get_rbio(ssl));
		assert_int_equal(send(fd, first, headers[i].len + (size_t)hello, 0),
				 headers[i].len + (size_t)hello);
		assert_true(client_handshake(s->loop, ssl));
		client_expects(s->loop, ssl, "hello 198.51.100.7 secure\n");
		SSL_free(ssl);
		close(fd);
		turn_until(s->loop, service_connections(s->service) == 0);
	}
	line_service_free(s);
}

static void test_no_tls_where_it_is_implicit(void **state)
{
	struct line_service *s = line_service_new();
	int fd, end;

	(void)state;
	line_service_secure(s, SERVICE_IMPLICIT);
	line_service_open(s);
	fd = line_service_connect(s);
	peer_send(fd, "a1 LOGIN me secret\r\n");
	peer_read(s->loop, fd, SIZE_MAX, &end);
	assert_int_not_equal(end, 0);
	turn_until(s->loop, service_connections(s->service) == 0);
	assert_int_equal(s->server.opened, 0);
	close(fd);
	line_service_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proxy_names_the_client),
		cmocka_unit_test(test_a_client_without_a_header),
		cmocka_unit_test(test_a_wrong_header_ends_it),
		cmocka_unit_test(test_header_of_a_stranger_is_input),
		cmocka_unit_test(test_implicit_tls),
		cmocka_unit_test(test_implicit_tls_behind_a_proxy),
		cmocka_unit_test(test_client_hello_right_behind_the_header),
		cmocka_unit_test(test_no_tls_where_it_is_implicit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
