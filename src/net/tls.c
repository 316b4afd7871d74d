/*
 * One pair, several protocols.  Each protocol has an SSL_CTX of its own (its
 * ALPN name, its view on tickets); all hold the same certificate.  A new pair
 * means new SSL_CTXs: a connection counts a reference on the one it began with,
 * so nothing that runs notices, and there is no moment at which a handshake
 * could see the certificate of one pair and the key of the other.
 *
 * Why the files are looked at by time and not by inotify: a volume in Docker or
 * on a NAS does not always tell, and renewals have weeks.
 */
#include "net/tls.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "certificate.h"
#include "net/loop.h"
#include "tls_private.h"

enum {
	LOOK_EVERY_MS = 60 * 1000,
	ALPN_MAX = 255,                  /* RFC 7301 3.1: one byte of length */
};

/* What tells one content of a file from another without reading it. */
struct mark {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified;
};

struct tls_context {
	struct list node;
	SSL_CTX *ctx;
	unsigned flags;
	unsigned alpn_len;               /* 0: none */
	unsigned char alpn[ALPN_MAX];
};

struct tls {
	struct loop *loop;
	char *certfile, *keyfile;
	struct certificate pair;
	struct mark seen[2];             /* of the last pair read, good or bad */
	struct list contexts;
	struct timer look;
};

static struct mark mark_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return (struct mark){ .size = -1 };
	return (struct mark){ .device = st.st_dev, .inode = st.st_ino, .size = st.st_size,
			      .modified = st.st_mtim };
}

static bool mark_equal(const struct mark *a, const struct mark *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->modified.tv_sec == b->modified.tv_sec &&
	       a->modified.tv_nsec == b->modified.tv_nsec;
}

/* RFC 7301 3.2 would have us refuse a client that offers only other names; mail
 * clients and middle boxes offer what they like, so it is let in without one. */
static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
		       const unsigned char *in, unsigned in_len, void *arg)
{
	const struct tls_context *c = arg;

	(void)ssl;
	for (unsigned at = 0; at < in_len && in_len - at > in[at]; at += 1u + in[at]) {
		if (in[at] != c->alpn_len || memcmp(in + at + 1, c->alpn, c->alpn_len) != 0)
			continue;
		*out = in + at + 1;
		*out_len = in[at];
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_NOACK;
}

/* Tickets: resumption without memory of ours.  The session cache is off, which
 * would keep a session of each peer for hours. */
static void set_sessions(SSL_CTX *ctx, unsigned flags)
{
	static const unsigned char name[] = "letterplate";

	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_session_id_context(ctx, name, sizeof(name) - 1);
	SSL_CTX_set_num_tickets(ctx, flags & TLS_NO_TICKETS ? 0 : 1);
	if (flags & TLS_NO_TICKETS)
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
}

/* NULL: the pair does not suit OpenSSL (a key too small for its level). */
static SSL_CTX *build(struct tls_context *c, const struct certificate *pair)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx)
		return NULL;
	/* A peer that ends without close_notify ends: no protocol here takes
	 * the end of the connection for the end of a message. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
			    SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
			    SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
			 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	/* Else one SSL_read() goes on for as long as key updates come (RFC 8446
	 * 4.6.3), which at 20 us each is for ever over 10 Mbit/s. */
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	set_sessions(ctx, c->flags);
	if (c->alpn_len)
		SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, c);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_use_cert_and_key(ctx, pair->leaf, pair->key, pair->chain, 1) == 1)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

/* Asked even while there is no context: a pair that OpenSSL will not serve is
 * refused at the start, not at the first handshake. */
static bool is_usable(const struct certificate *pair)
{
	struct tls_context plain = { .flags = 0 };
	SSL_CTX *ctx = build(&plain, pair);

	SSL_CTX_free(ctx);
	return ctx != NULL;
}

/* Every context or none. */
static bool use_pair(struct tls *t, const struct certificate *pair,
		     char *error, size_t error_size)
{
	SSL_CTX **fresh;
	size_t count = 0, made = 0;
	bool ok;

	list_each(n, after, &t->contexts)
		count++;
	fresh = mem_array(count + 1, sizeof(SSL_CTX *));
	ERR_clear_error();
	ok = is_usable(pair);
	list_each(n, after, &t->contexts) {
		fresh[made] = build(container_of(n, struct tls_context, node), pair);
		ok = ok && fresh[made];
		made++;
	}
	if (!ok) {
		const char *reason = ERR_reason_error_string(ERR_peek_error());

		snprintf(error, error_size, "OpenSSL does not take the certificate in %s: %s",
			 t->certfile, reason ? reason : "unknown reason");
		ERR_clear_error();
	}
	made = 0;
	list_each(n, after, &t->contexts) {
		struct tls_context *c = container_of(n, struct tls_context, node);
		SSL_CTX *drop = fresh[made];

		if (ok) {
			drop = c->ctx;
			c->ctx = fresh[made];
		}
		SSL_CTX_free(drop);
		made++;
	}
	free(fresh);
	return ok;
}

static bool read_pair(struct tls *t, char *error, size_t error_size)
{
	struct certificate pair;

	/* Before reading: what changes meanwhile is seen at the next look. */
	t->seen[0] = mark_of(t->certfile);
	t->seen[1] = mark_of(t->keyfile);
	if (!certificate_read(&pair, t->certfile, t->keyfile, error, error_size))
		return false;
	if (!use_pair(t, &pair, error, error_size)) {
		certificate_release(&pair);
		return false;
	}
	certificate_release(&t->pair);
	t->pair = pair;
	return true;
}

static void log_pair(const struct tls *t, const char *event)
{
	char text[CLOCK_TEXT];

	clock_rfc3339(text, tls_expiry(t));
	log_event(LEVEL_INFO, "tls", event, log_text("file", t->certfile),
		  log_text("expires", text));
}

bool tls_reload(struct tls *t)
{
	char error[512];

	if (read_pair(t, error, sizeof(error))) {
		log_pair(t, "certificate read again");
		return true;
	}
	log_event(LEVEL_WARN, "tls", "the new certificate is not used, the old one stays",
		  log_text("reason", error));
	return false;
}

static void look(struct timer *timer)
{
	struct tls *t = container_of(timer, struct tls, look);
	struct mark cert = mark_of(t->certfile), key = mark_of(t->keyfile);

	if (!mark_equal(&cert, &t->seen[0]) || !mark_equal(&key, &t->seen[1]))
		tls_reload(t);
	timer_set(t->loop, &t->look, LOOK_EVERY_MS);
}

struct tls *tls_load(struct loop *loop, const char *certfile, const char *keyfile,
		     const char *hostname, char *error, unsigned error_size)
{
	struct tls *t;
	bool made;

	if (!certificate_ensure(certfile, keyfile, hostname, &made, error, error_size))
		return NULL;
	t = mem_alloc(sizeof(*t));
	t->loop = loop;
	t->certfile = mem_string(certfile);
	t->keyfile = mem_string(keyfile);
	t->look.fire = look;
	list_init(&t->contexts);
	if (!read_pair(t, error, error_size)) {
		tls_free(t);
		return NULL;
	}
	if (made)
		log_pair(t, "certificate made");
	timer_set(loop, &t->look, LOOK_EVERY_MS);
	return t;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	timer_clear(t->loop, &t->look);
	list_each(n, after, &t->contexts) {
		struct tls_context *c = container_of(n, struct tls_context, node);

		SSL_CTX_free(c->ctx);
		free(c);
	}
	certificate_release(&t->pair);
	free(t->certfile);
	free(t->keyfile);
	free(t);
}

int64_t tls_expiry(const struct tls *t)
{
	return certificate_expiry(&t->pair);
}

struct tls_context *tls_context_for(struct tls *t, const char *alpn, unsigned flags)
{
	size_t len = alpn ? strlen(alpn) : 0;
	struct tls_context *c;

	list_each(n, after, &t->contexts) {
		c = container_of(n, struct tls_context, node);
		if (c->flags == flags && c->alpn_len == len &&
		    (len == 0 || memcmp(c->alpn, alpn, len) == 0))
			return c;
	}
	c = mem_alloc(sizeof(*c));
	c->flags = flags;
	c->alpn_len = (unsigned)(len <= ALPN_MAX ? len : 0);
	if (c->alpn_len)
		memcpy(c->alpn, alpn, c->alpn_len);
	c->ctx = build(c, &t->pair);
	list_append(&t->contexts, &c->node);
	return c;
}

SSL *tls_context_connection(struct tls_context *c)
{
	return c->ctx ? SSL_new(c->ctx) : NULL;
}
