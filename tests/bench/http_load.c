/* http_load - GET one resource again and again over HTTP/1.1.
 *
 * usage: http_load [options] HOST:PORT /PATH
 *   -I        TLS
 *   -a U:P    Basic authorization
 *   -H LINE   one more request header, such as 'If-None-Match: "x"'
 *   -e CODE   status that every response must have, default 200
 *   -c N      parallel connections, default 1
 *   -n N      requests in all, default 1000
 *   -k        keep connections open (default: a new one for each request)
 *   -R        offer TLS session resumption
 *   -w SEC    time limit for one read or write, default 60
 *
 * Prints one JSON object; lat is request sent (with a new connection: connect)
 * to the last byte of the body. Exits 1 when any request failed. */
#include "net.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *host, request[1000];
static int port, tls, keep, conns = 1, total = 1000, status = 200;
static atomic_int next_job, errors;
static atomic_ullong body_bytes;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct samples lat;
static char first_error[160];

/* One response; *close_it says that the server will close the connection. */
static int response(struct conn *c, int *close_it)
{
	int64_t length = -1;
	int chunked = 0, code;
	char *s = net_line(c);

	if (!s)
		return -1;
	if (sscanf(s, "HTTP/1.%*d %d", &code) != 1 || code != status)
		return net_fail(c, "wanted %d, got: %.100s", status, s);
	for (;;) {
		if (!(s = net_line(c)))
			return -1;
		if (!*s)
			break;
		if (!strncasecmp(s, "Content-Length:", 15))
			length = strtoll(s + 15, NULL, 10);
		else if (!strncasecmp(s, "Transfer-Encoding: chunked", 26))
			chunked = 1;
		else if (!strncasecmp(s, "Connection: close", 17))
			*close_it = 1;
	}
	if (status == 304 || status == 204)
		return 0;
	if (!chunked) {
		if (length < 0)
			return net_fail(c, "no Content-Length");
		atomic_fetch_add(&body_bytes, (unsigned long long)length);
		return net_skip(c, (uint64_t)length);
	}
	do {
		if (!(s = net_line(c)))
			return -1;
		length = strtoll(s, NULL, 16);
		atomic_fetch_add(&body_bytes, (unsigned long long)length);
		if (net_skip(c, (uint64_t)length + 2))
			return -1;
	} while (length);
	return 0;
}

static void *worker(void *arg)
{
	struct conn *c = calloc(1, sizeof *c);
	struct samples mine = { 0 };
	int open = 0;

	(void)arg;
	if (!c)
		die("out of memory");
	while (atomic_fetch_add(&next_job, 1) < total) {
		int close_it = !keep;
		double t0 = now_s();
		if ((!open && (net_open(c, host, port) || (tls && net_tls(c)))) ||
			net_write(c, request, strlen(request)) || response(c, &close_it)) {
			if (atomic_fetch_add(&errors, 1) == 0)
				snprintf(first_error, sizeof first_error, "%s", c->err);
			close_it = 1;
		} else
			sample_add(&mine, now_s() - t0);
		open = !close_it;
		if (!open)
			net_close(c);
	}
	if (open)
		net_close(c);
	free(c);
	pthread_mutex_lock(&lock);
	sample_merge(&lat, &mine);
	pthread_mutex_unlock(&lock);
	return NULL;
}

int main(int argc, char **argv)
{
	const char *auth = NULL, *extra = NULL;
	char b64[256] = "";
	int o;
	while ((o = getopt(argc, argv, "Ia:H:e:c:n:kRw:")) != -1)
		switch (o) {
		case 'I': tls = 1; break;
		case 'a': auth = optarg; break;
		case 'H': extra = optarg; break;
		case 'e': status = atoi(optarg); break;
		case 'c': conns = atoi(optarg); break;
		case 'n': total = atoi(optarg); break;
		case 'k': keep = 1; break;
		case 'R': net_resume = 1; break;
		case 'w': net_timeout_s = atoi(optarg); break;
		default: die("see the head of http_load.c for the options");
		}
	if (optind + 2 != argc || split_hostport(argv[optind], &port) || conns < 1 ||
		(auth && strlen(auth) > 150))
		die("usage: http_load [options] HOST:PORT /PATH");
	host = argv[optind];
	if (auth)
		EVP_EncodeBlock((unsigned char *)b64, (const unsigned char *)auth,
						(int)strlen(auth));
	int n = snprintf(request, sizeof request,
					 "GET %s HTTP/1.1\r\nHost: %s:%d\r\n%s%s%s%s%s%s\r\n",
					 argv[optind + 1], host, port,
					 auth ? "Authorization: Basic " : "", b64, auth ? "\r\n" : "",
					 extra ? extra : "", extra ? "\r\n" : "",
					 keep ? "" : "Connection: close\r\n");
	if (n < 0 || (size_t)n >= sizeof request)
		die("request too long");
	net_init();

	pthread_t *t = calloc((size_t)conns, sizeof *t);
	double start = now_s();
	for (int i = 0; i < conns; i++)
		if (pthread_create(&t[i], NULL, worker, NULL))
			die("pthread_create failed");
	for (int i = 0; i < conns; i++)
		pthread_join(t[i], NULL);
	double secs = now_s() - start;
	sample_sort(&lat);
	printf("{\"op\": \"get\", \"conns\": %d, \"keep\": %d, \"count\": %zu, "
		   "\"errors\": %d, \"secs\": %.3f, \"per_s\": %.1f, "
		   "\"mb_per_s\": %.2f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
		   "\"max_ms\": %.3f, \"client_cpu_s\": %.3f}\n",
		   conns, keep, lat.n, errors, secs, (double)lat.n / secs,
		   (double)body_bytes / secs / 1e6, sample_at(&lat, .5),
		   sample_at(&lat, .99), sample_at(&lat, 1), cpu_s());
	if (errors)
		fprintf(stderr, "http_load: %d errors, first: %s\n", errors, first_error);
	return errors != 0;
}
