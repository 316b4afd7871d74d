/*
 * The stream's steps under OpenSSL, the descriptor in its hands.
 *
 * Three things go wrong in most programs here.  OpenSSL's error queue belongs to
 * the thread, so one connection's left-over would be read as another's failure:
 * it is cleared before every call.  A read may have to write and a write to
 * read: each says what it waits for in its own flag, and the other direction is
 * not asked.  And bytes already decrypted are invisible to epoll: see
 * stream_tls_waiting() and turn() in stream.c.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include "stream_private.h"
#include "tls_private.h"

enum { EXPORTER_BYTES = 32 };            /* RFC 9266 2 */

/* OpenSSL reads them from memory first: see early_over(). */
static bool give_early(struct stream *s, struct slice early)
{
	BIO *memory;

	if (!early.len)
		return true;
	memory = BIO_new(BIO_s_mem());
	if (!memory || BIO_write(memory, early.at, (int)early.len) != (int)early.len) {
		BIO_free(memory);
		return false;
	}
	BIO_set_mem_eof_return(memory, -1);
	SSL_set0_rbio(s->ssl, memory);
	return true;
}

/* The early bytes are used up: from here on OpenSSL reads from the socket. */
static bool early_over(struct stream *s)
{
	BIO *bio = SSL_get_rbio(s->ssl);

	if (BIO_method_type(bio) != BIO_TYPE_MEM || BIO_pending(bio))
		return false;
	bio = SSL_get_wbio(s->ssl);
	BIO_up_ref(bio);
	SSL_set0_rbio(s->ssl, bio);
	return true;
}

bool stream_tls_begin(struct stream *s, struct slice early)
{
	ERR_clear_error();
	s->ssl = tls_context_connection(s->tls);
	if (s->ssl && SSL_set_fd(s->ssl, s->watch.fd) == 1 && give_early(s, early)) {
		SSL_set_accept_state(s->ssl);
		return true;
	}
	stream_blame(s, "TLS: ", "no memory for the handshake");
	return false;
}

bool stream_heard(const struct stream *s)
{
	return s->ssl && BIO_number_read(SSL_get_rbio(s->ssl)) > 0;
}

static void blame_openssl(struct stream *s)
{
	unsigned long code = ERR_get_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	stream_blame(s, "TLS: ", reason ? reason : "protocol error");
	ERR_clear_error();
}

/* What a call that returned `result` means; *needs is set for IO_AGAIN. */
static enum io meaning(struct stream *s, int result, int err, unsigned char *needs)
{
	char text[80];

	switch (SSL_get_error(s->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		*needs = WATCH_READ;
		return IO_AGAIN;
	case SSL_ERROR_WANT_WRITE:
		*needs = WATCH_WRITE;
		return IO_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return IO_EOF;
	case SSL_ERROR_SYSCALL:
		if (ERR_peek_error() == 0) {
			if (err == 0)
				return IO_EOF;
			stream_blame(s, "", strerror_r(err, text, sizeof(text)));
			return IO_FAILED;
		}
		/* fall through */
	default:
		blame_openssl(s);
		return IO_FAILED;
	}
}

enum io stream_tls_shake(struct stream *s)
{
	enum io io;
	int n;

	ERR_clear_error();
	errno = 0;
	do {
		n = SSL_do_handshake(s->ssl);
	} while (n != 1 && SSL_get_error(s->ssl, n) == SSL_ERROR_WANT_READ && early_over(s));
	if (n == 1) {
		/* Nobody can have more to say before he has heard our half. */
		if (early_over(s) || BIO_method_type(SSL_get_rbio(s->ssl)) != BIO_TYPE_MEM)
			return IO_OK;
		stream_blame(s, "TLS: ", "bytes behind the handshake that were not waited for");
		return IO_FAILED;
	}
	io = meaning(s, n, errno, &s->shake_needs);
	if (io == IO_EOF) {
		stream_blame(s, "TLS: ", "the peer left during the handshake");
		return IO_FAILED;
	}
	return io;
}

enum io stream_tls_read(struct stream *s, char *at, size_t size, size_t *moved)
{
	int n;

	s->read_needs = WATCH_READ;
	ERR_clear_error();
	errno = 0;
	n = SSL_read_ex(s->ssl, at, size, moved);
	return n == 1 ? IO_OK : meaning(s, n, errno, &s->read_needs);
}

enum io stream_tls_write(struct stream *s, const char *at, size_t size, size_t *moved)
{
	int n;

	s->write_needs = WATCH_WRITE;
	ERR_clear_error();
	errno = 0;
	n = SSL_write_ex(s->ssl, at, size, moved);
	if (n == 1)
		return IO_OK;
	if (meaning(s, n, errno, &s->write_needs) == IO_AGAIN)
		return IO_AGAIN;
	stream_blame(s, "TLS: ", "the peer ended the connection");
	return IO_FAILED;
}

enum io stream_tls_notify(struct stream *s)
{
	int n;

	s->write_needs = WATCH_WRITE;
	ERR_clear_error();
	errno = 0;
	n = SSL_shutdown(s->ssl);
	return n >= 0 ? IO_OK : meaning(s, n, errno, &s->write_needs);
}

bool stream_tls_waiting(const struct stream *s)
{
	return s->secure && SSL_pending(s->ssl) > 0;
}

const char *stream_tls_version(const struct stream *s)
{
	return s->secure ? SSL_get_version(s->ssl) : NULL;
}

const char *stream_tls_cipher(const struct stream *s)
{
	return s->secure ? SSL_get_cipher_name(s->ssl) : NULL;
}

/* RFC 9266 4.2: of TLS 1.2 only with the extended master secret, without which
 * somebody in the middle can have two connections with the same one. */
static size_t exporter(const struct stream *s, unsigned char out[STREAM_BINDING_MAX])
{
	static const char label[] = "EXPORTER-Channel-Binding";
	bool good = SSL_version(s->ssl) >= TLS1_3_VERSION ||
		    SSL_get_extms_support(s->ssl) == 1;

	good = good && SSL_export_keying_material(s->ssl, out, EXPORTER_BYTES, label,
						  sizeof(label) - 1, NULL, 0, 1) == 1;
	return good ? EXPORTER_BYTES : 0;
}

/* RFC 5929 4.1: by the hash of the certificate's signature, SHA-256 for weaker ones;
 * not defined for signatures that have none (Ed25519). */
static size_t end_point(const struct stream *s, unsigned char out[STREAM_BINDING_MAX])
{
	X509 *leaf = SSL_get_certificate(s->ssl);
	int hash = NID_undef;
	unsigned len = 0;
	const EVP_MD *md;

	if (!leaf || X509_get_signature_info(leaf, &hash, NULL, NULL, NULL) != 1 ||
	    hash == NID_undef)
		return 0;
	md = hash == NID_md5 || hash == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(hash);
	if (!md || EVP_MD_get_size(md) > STREAM_BINDING_MAX || X509_digest(leaf, md, out, &len) != 1)
		return 0;
	return len;
}

size_t stream_binding(const struct stream *s, enum stream_binding kind,
		      unsigned char out[STREAM_BINDING_MAX])
{
	size_t len = 0;

	if (!s->secure)
		return 0;
	ERR_clear_error();
	len = kind == STREAM_EXPORTER ? exporter(s, out) : end_point(s, out);
	ERR_clear_error();
	return len;
}
