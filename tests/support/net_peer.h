#ifndef NET_PEER_H
#define NET_PEER_H

/* The other side of a connection under test, driven in the same thread: every
 * wait for it turns the loop.  For unit tests of net; include cmocka first. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/tls.h"

enum { PEER_PATIENCE_MS = 10000 };

/* Turns the loop until the condition holds; fails the test after 10 s. */
#define turn_until(loop, condition) \
	do { \
		uint64_t end_ms_ = clock_mono_ms() + PEER_PATIENCE_MS; \
		while (!(condition)) { \
			assert_true(clock_mono_ms() < end_ms_); \
			loop_turn(loop, 10); \
		} \
	} while (0)

static inline void set_nonblocking(int fd)
{
	assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

static inline void peer_pair(int fd[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
}

static inline int peer_connect(unsigned port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	set_nonblocking(fd);
	return fd;
}

/* Two ends of a TCP connection over loopback, both non-blocking. */
static inline void peer_tcp_pair(int fd[2])
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t len = sizeof(sa);
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(l, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(l, 1), 0);
	assert_int_equal(getsockname(l, (struct sockaddr *)&sa, &len), 0);
	fd[1] = peer_connect(ntohs(sa.sin_port));
	fd[0] = accept4(l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(fd[0] >= 0);
	close(l);
}

static inline void peer_send(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads until `want` bytes, the end, or an error; *end: 0, or -1 at the end, or
 * an errno.  The text is static and NUL-terminated. */
static inline const char *peer_read(struct loop *loop, int fd, size_t want, int *end)
{
	static char text[1 << 16];
	uint64_t patience = clock_mono_ms() + PEER_PATIENCE_MS;
	size_t len = 0;

	*end = 0;
	if (want >= sizeof(text))
		want = sizeof(text) - 1;
	while (len < want && clock_mono_ms() < patience) {
		ssize_t n = recv(fd, text + len, want - len, 0);

		if (n > 0) {
			len += (size_t)n;
		} else if (n == 0 || errno != EAGAIN) {
			*end = n == 0 ? -1 : errno;
			break;
		} else {
			loop_turn(loop, 5);
		}
	}
	text[len] = '\0';
	return text;
}

#define peer_expects(loop, fd, expected) \
	do { \
		int end_; \
		assert_string_equal(peer_read(loop, fd, strlen(expected), &end_), expected); \
	} while (0)

/* The text, and then the end of the connection. */
#define peer_expects_end(loop, fd, expected) \
	do { \
		int end_; \
		assert_string_equal(peer_read(loop, fd, SIZE_MAX, &end_), expected); \
		assert_int_equal(end_, -1); \
	} while (0)

/* A TLS client. */

static inline SSL *client_new(int fd, int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	assert_non_null(ctx);
	if (version < TLS1_2_VERSION)
		SSL_CTX_set_security_level(ctx, 0);
	if (version) {
		SSL_CTX_set_min_proto_version(ctx, version);
		SSL_CTX_set_max_proto_version(ctx, version);
	}
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
			 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	assert_non_null(ssl);
	assert_int_equal(SSL_set_fd(ssl, fd), 1);
	SSL_set_connect_state(ssl);
	return ssl;
}

/* Whether the call is worth repeating after a turn of the loop. */
static inline bool client_waits(struct loop *loop, SSL *ssl, int result)
{
	int e = SSL_get_error(ssl, result);

	loop_turn(loop, 2);
	return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE;
}

static inline bool client_handshake(struct loop *loop, SSL *ssl)
{
	uint64_t patience = clock_mono_ms() + PEER_PATIENCE_MS;
	int n;

	do {
		ERR_clear_error();
		n = SSL_do_handshake(ssl);
	} while (n != 1 && client_waits(loop, ssl, n) && clock_mono_ms() < patience);
	return n == 1;
}

static inline void client_send(struct loop *loop, SSL *ssl, const char *at, size_t len)
{
	while (len) {
		int n = SSL_write(ssl, at, (int)len);

		if (n > 0) {
			at += n;
			len -= (size_t)n;
		} else {
			assert_true(client_waits(loop, ssl, n));
		}
	}
}

/* As peer_read; *end is -1 for close_notify, 1 for anything else. */
static inline const char *client_read(struct loop *loop, SSL *ssl, size_t want, int *end)
{
	static char text[1 << 16];
	uint64_t patience = clock_mono_ms() + PEER_PATIENCE_MS;
	size_t len = 0;

	*end = 0;
	if (want >= sizeof(text))
		want = sizeof(text) - 1;
	while (len < want && clock_mono_ms() < patience) {
		int n;

		ERR_clear_error();
		n = SSL_read(ssl, text + len, (int)(want - len));
		if (n > 0) {
			len += (size_t)n;
		} else if (!client_waits(loop, ssl, n)) {
			*end = SSL_get_error(ssl, n) == SSL_ERROR_ZERO_RETURN ? -1 : 1;
			break;
		}
	}
	text[len] = '\0';
	return text;
}

#define client_expects(loop, ssl, expected) \
	do { \
		int end_; \
		assert_string_equal(client_read(loop, ssl, strlen(expected), &end_), expected); \
	} while (0)

/* A temporary folder with a pair in it. */

struct pair_folder {
	char folder[64], cert[96], key[96];
};

static inline void pair_folder_make(struct pair_folder *p)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(p->folder, sizeof(p->folder), "%.30s/letterplate-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->cert, sizeof(p->cert), "%s/cert.pem", p->folder);
	snprintf(p->key, sizeof(p->key), "%s/key.pem", p->folder);
}

static inline void pair_folder_remove(struct pair_folder *p)
{
	char name[128];

	unlink(p->cert);
	unlink(p->key);
	snprintf(name, sizeof(name), "%s.new", p->cert);
	unlink(name);
	snprintf(name, sizeof(name), "%s.new", p->key);
	unlink(name);
	assert_int_equal(rmdir(p->folder), 0);
}

static inline struct tls *pair_folder_tls(struct pair_folder *p, struct loop *loop)
{
	char error[256] = "";
	struct tls *tls = tls_load(loop, p->cert, p->key, "mx.example", error, sizeof(error));

	assert_string_equal(error, "");
	assert_non_null(tls);
	return tls;
}

#endif
