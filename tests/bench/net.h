/* net.h - what the load generators share: a buffered (TLS) client connection,
 * latency samples, message text and small helpers. */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>

enum tls_mode { TLS_NONE, TLS_START, TLS_IMPLICIT };

struct conn {
	int fd;
	SSL *ssl;               /* NULL while in clear text */
	size_t pos, len;        /* unread bytes are buf[pos..len) */
	uint64_t bytes;         /* bytes received, after decryption */
	char err[160];          /* why the last call failed */
	char buf[32768];
};

/* All of these return 0 (or a length) for success and -1 for failure, with
 * the reason in c->err; a failed connection can only be closed. */
int net_open(struct conn *c, const char *host, int port);
int net_tls(struct conn *c);                    /* client handshake */
int net_write(struct conn *c, const void *p, size_t n);
int net_printf(struct conn *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int net_fill(struct conn *c);                   /* >0: bytes added to buf */
char *net_line(struct conn *c);                 /* a line, its CRLF cut off */
int net_skip(struct conn *c, uint64_t n);       /* reads and drops n bytes */
void net_close(struct conn *c);
int net_fail(struct conn *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* SMTP: one reply, every line of it; -1 unless its code is want. Text of the
 * lines is searched for the word has (may be NULL); *found says if there. */
int smtp_reply(struct conn *c, int want, const char *has, int *found);
/* greeting, EHLO and, for tls, STARTTLS and a second EHLO; the last EHLO must
 * offer the extension need, unless that is NULL */
int smtp_hello(struct conn *c, int tls, int lmtp, const char *need);

extern int net_timeout_s;                       /* per read or write */
extern int net_resume;                          /* offer TLS resumption */
extern int net_quickack;                        /* no delayed TCP ACKs */
void net_init(void);

double now_s(void);                             /* monotonic */
double cpu_s(void);                             /* of this process */

struct samples { double *v; size_t n, cap; };
void sample_add(struct samples *s, double v);
void sample_merge(struct samples *to, struct samples *from);
void sample_sort(struct samples *s);
double sample_at(const struct samples *s, double q);    /* sorted; in ms */

/* Message text. msg_size: the size for message number i, from a spec: "6000",
 * "2000-9000" (uniform) or "mix" (log-normal, median 6 KB, 400 B to 1 MB).
 * msg_make: a message of about that size into out (size + 2048 bytes
 * suffice), CRLF line ends, no line starts with a dot; returns its length. */
size_t msg_size(const char *spec, uint64_t i);
size_t msg_make(char *out, size_t size, uint64_t i, const char *from,
				const char *to);

int split_hostport(char *s, int *port);         /* "host:port" cut in two */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
