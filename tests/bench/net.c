#include "net.h"

#include <errno.h>
#include <math.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int net_timeout_s = 60;
int net_resume;
int net_quickack;

static SSL_CTX *ctx;
static SSL_SESSION *session;
static pthread_mutex_t session_lock = PTHREAD_MUTEX_INITIALIZER;
static char text[1 << 20];
static size_t text_len;
static uint64_t run_id;

void die(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double cpu_s(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
		   (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static uint64_t mix64(uint64_t x)               /* splitmix64 step */
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static int keep_session(SSL *ssl, SSL_SESSION *s)
{
	(void)ssl;
	pthread_mutex_lock(&session_lock);
	SSL_SESSION_free(session);
	session = s;
	pthread_mutex_unlock(&session_lock);
	return 1;
}

void net_init(void)
{
	static const char *words[] = { "mail", "the", "calendar", "of", "meeting",
		"and", "home", "to", "a", "router", "invoice", "in", "attached", "is",
		"please", "tomorrow", "garden", "we", "train", "with", "report" };

	signal(SIGPIPE, SIG_IGN);
	struct rlimit r;
	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
	ctx = SSL_CTX_new(TLS_client_method());
	if (!ctx)
		die("SSL_CTX_new failed");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);     /* self-signed peers */
	SSL_CTX_set_mode(ctx, SSL_MODE_AUTO_RETRY | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	if (net_resume) {
		SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT |
									   SSL_SESS_CACHE_NO_INTERNAL_STORE);
		SSL_CTX_sess_set_new_cb(ctx, keep_session);
	}
	run_id = mix64((uint64_t)time(NULL) * 1000003u + (uint64_t)getpid());

	size_t col = 0;
	for (uint64_t i = 0; text_len + 32 < sizeof text; i++) {
		const char *w = words[mix64(i) % (sizeof words / sizeof *words)];
		size_t n = strlen(w);
		if (col + n + 1 > 74) {
			memcpy(text + text_len, "\r\n", 2);
			text_len += 2;
			col = 0;
		} else if (col) {
			text[text_len++] = ' ';
			col++;
		}
		memcpy(text + text_len, w, n);
		text_len += n;
		col += n;
	}
}

int net_fail(struct conn *c, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(c->err, sizeof c->err, fmt, ap);
	va_end(ap);
	return -1;
}

int net_open(struct conn *c, const char *host, int port)
{
	struct addrinfo hint = { .ai_socktype = SOCK_STREAM,
							 .ai_flags = AI_NUMERICSERV }, *ai;
	char service[16];

	c->fd = -1;
	c->ssl = NULL;
	c->pos = c->len = 0;
	c->bytes = 0;
	c->err[0] = 0;
	snprintf(service, sizeof service, "%d", port);
	int rc = getaddrinfo(host, service, &hint, &ai);
	if (rc)
		return net_fail(c, "%s: %s", host, gai_strerror(rc));
	c->fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval tv = { .tv_sec = net_timeout_s };
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
	rc = connect(c->fd, ai->ai_addr, ai->ai_addrlen);
	freeaddrinfo(ai);
	if (rc)
		return net_fail(c, "connect: %s", strerror(errno));
	int one = 1;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return 0;
}

int net_tls(struct conn *c)
{
	if (c->pos != c->len)
		return net_fail(c, "clear text after STARTTLS");
	c->ssl = SSL_new(ctx);
	if (!c->ssl || !SSL_set_fd(c->ssl, c->fd))
		return net_fail(c, "SSL_new failed");
	if (net_resume) {
		pthread_mutex_lock(&session_lock);
		if (session)
			SSL_set_session(c->ssl, session);
		pthread_mutex_unlock(&session_lock);
	}
	if (SSL_connect(c->ssl) != 1)
		return net_fail(c, "TLS handshake: %s",
						ERR_reason_error_string(ERR_get_error()));
	return 0;
}

int net_write(struct conn *c, const void *p, size_t n)
{
	const char *s = p;
	while (n) {
		ssize_t w;
		if (c->ssl)
			w = SSL_write(c->ssl, s, n > INT32_MAX ? INT32_MAX : (int)n);
		else
			w = send(c->fd, s, n, 0);
		if (w <= 0)
			return net_fail(c, "write: %s", strerror(errno));
		s += w;
		n -= (size_t)w;
	}
	return 0;
}

int net_printf(struct conn *c, const char *fmt, ...)
{
	char s[1200];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(s, sizeof s, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof s)
		return net_fail(c, "command too long");
	return net_write(c, s, (size_t)n);
}

int net_fill(struct conn *c)
{
	if (c->pos) {
		memmove(c->buf, c->buf + c->pos, c->len - c->pos);
		c->len -= c->pos;
		c->pos = 0;
	}
	size_t room = sizeof c->buf - c->len;
	if (!room)
		return net_fail(c, "line too long");
	ssize_t n;
	int one = 1;
	if (net_quickack)                           /* holds for a short time only */
		setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
	if (c->ssl)
		n = SSL_read(c->ssl, c->buf + c->len, (int)room);
	else
		n = recv(c->fd, c->buf + c->len, room, 0);
	if (n <= 0)
		return net_fail(c, "read: %s", n == 0 || errno == 0 ? "closed by peer"
									   : strerror(errno));
	c->len += (size_t)n;
	c->bytes += (size_t)n;
	return (int)n;
}

char *net_line(struct conn *c)
{
	size_t seen = 0;
	for (;;) {
		char *nl = memchr(c->buf + c->pos + seen, '\n', c->len - c->pos - seen);
		if (nl) {
			char *s = c->buf + c->pos;
			c->pos = (size_t)(nl + 1 - c->buf);
			if (nl > s && nl[-1] == '\r')
				nl--;
			*nl = 0;
			return s;
		}
		seen = c->len - c->pos;
		if (net_fill(c) < 0)
			return NULL;
	}
}

int net_skip(struct conn *c, uint64_t n)
{
	for (;;) {
		size_t have = c->len - c->pos;
		if (have >= n) {
			c->pos += (size_t)n;
			return 0;
		}
		n -= have;
		c->pos = c->len = 0;
		if (net_fill(c) < 0)
			return -1;
	}
}

void net_close(struct conn *c)
{
	if (c->ssl) {
		SSL_shutdown(c->ssl);
		SSL_free(c->ssl);
		ERR_clear_error();
	}
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->ssl = NULL;
}

int smtp_reply(struct conn *c, int want, const char *has, int *found)
{
	if (found)
		*found = 0;
	for (;;) {
		char *s = net_line(c);
		if (!s)
			return -1;
		int code = atoi(s);
		if (code != want)
			return net_fail(c, "wanted %d, got: %.120s", want, s);
		if (has && strlen(s) > 4 && !strncasecmp(s + 4, has, strlen(has)))
			*found = 1;
		if (s[3] != '-')
			return 0;
	}
}

int smtp_hello(struct conn *c, int tls, int lmtp, const char *need)
{
	const char *hello = lmtp ? "LHLO bench.test\r\n" : "EHLO bench.test\r\n";
	int offered;

	if (smtp_reply(c, 220, NULL, NULL) || net_printf(c, "%s", hello) ||
		smtp_reply(c, 250, tls ? "STARTTLS" : need, &offered))
		return -1;
	if (tls) {
		if (!offered)
			return net_fail(c, "STARTTLS is not offered");
		if (net_printf(c, "STARTTLS\r\n") || smtp_reply(c, 220, NULL, NULL) ||
			net_tls(c) || net_printf(c, "%s", hello) ||
			smtp_reply(c, 250, need, &offered))
			return -1;
	}
	if (need && !offered)
		return net_fail(c, "%s is not offered", need);
	return 0;
}

void sample_add(struct samples *s, double v)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 256;
		s->v = realloc(s->v, s->cap * sizeof *s->v);
		if (!s->v)
			die("out of memory");
	}
	s->v[s->n++] = v;
}

void sample_merge(struct samples *to, struct samples *from)
{
	for (size_t i = 0; i < from->n; i++)
		sample_add(to, from->v[i]);
	free(from->v);
	*from = (struct samples){ 0 };
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

void sample_sort(struct samples *s)
{
	if (s->n)
		qsort(s->v, s->n, sizeof *s->v, by_value);
}

double sample_at(const struct samples *s, double q)
{
	if (!s->n)
		return 0;
	size_t i = (size_t)(q * (double)(s->n - 1) + 0.5);
	return s->v[i] * 1e3;
}

size_t msg_size(const char *spec, uint64_t i)
{
	char *end;
	uint64_t r = mix64(i * 2 + 1);

	if (!strcmp(spec, "mix")) {                 /* Box-Muller */
		double u = ((double)(r >> 11) + 1) / 9007199254740993.0;
		double v = (double)(mix64(r) >> 11) / 9007199254740992.0;
		double z = sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
		double s = 6000 * exp(1.3 * z);
		return s < 400 ? 400 : s > 1e6 ? 1000000 : (size_t)s;
	}
	unsigned long a = strtoul(spec, &end, 10), b = a;
	if (*end == '-')
		b = strtoul(end + 1, &end, 10);
	if (*end || a < 1 || b < a || b > 50000000)
		die("bad size: %s", spec);
	return a + r % (b - a + 1);
}

size_t msg_make(char *out, size_t size, uint64_t i, const char *from,
				const char *to)
{
	int n = snprintf(out, 1024,
		"Date: Mon, 02 Mar 2026 10:%02d:%02d +0000\r\n"
		"From: Bench Sender <%s>\r\nTo: <%s>\r\n"
		"Subject: bench message %llu\r\nMessage-ID: <%016llx.%llu@bench.test>\r\n"
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
		(int)(i / 60 % 60), (int)(i % 60), from, to, (unsigned long long)i,
		(unsigned long long)run_id, (unsigned long long)i);
	if (n < 0 || n >= 1024)
		die("addresses too long");
	size_t len = (size_t)n;
	while (len + 2 < size) {
		size_t take = size - 2 - len;
		if (take > text_len)
			take = text_len;
		memcpy(out + len, text, take);
		if (out[len + take - 1] == '\r')        /* no bare CR at the cut */
			out[len + take - 1] = ' ';
		len += take;
		memcpy(out + len, "\r\n", 2);
		len += 2;
	}
	return len;
}

int split_hostport(char *s, int *port)
{
	char *colon = strrchr(s, ':');
	if (!colon)
		return -1;
	*colon = 0;
	*port = atoi(colon + 1);
	return *port > 0 ? 0 : -1;
}
