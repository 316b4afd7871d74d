/* smtp_load - deliver messages over SMTP (or LMTP) on parallel connections.
 *
 * usage: smtp_load [options] HOST:PORT
 *   -c N      parallel connections (threads), default 1
 *   -n N      messages in all, default 100
 *   -m N      messages per connection, default 1; 0: no limit
 *   -s SIZE   "6000", "2000-9000" or "mix" (see net.h), default mix
 *   -t ADDR   recipient; %d in it becomes the user number, default u%d@bench.test
 *   -u N      users that the recipients rotate over, default 8
 *   -r N      recipients per message, default 1
 *   -f ADDR   envelope sender, default sender@example.com
 *   -T        no TLS (default: STARTTLS is required)
 *   -P        pipeline MAIL, RCPT and DATA
 *   -L        LMTP
 *   -R        offer TLS session resumption
 *   -Q        acknowledge TCP segments at once (delayed ACKs and a server
 *             without TCP_NODELAY make 40 ms pauses)
 *   -d SEC    stop after so many seconds, default 300
 *   -w SEC    time limit for one read or write, default 60
 *
 * Every reply code is checked. Prints one JSON object; exits 1 when any
 * message was refused or failed; fewer than -n and no errors: -d ran out.
 * secs: from the start to the last 250, so that one hung connection does not
 * hide the rate of the others (it counts as an error). lat: MAIL FROM sent to 250 for the message.
 * session: connect to that 250, for the first message of each connection. */
#include "net.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *host;
static int port, conns = 1, total = 100, per_conn = 1, users = 8, rcpts = 1;
static int tls = 1, pipelining, lmtp, limit_s = 300;
static const char *size_spec = "mix", *to = "u%d@bench.test";
static const char *from = "sender@example.com";

static atomic_int next_msg, errors;
static atomic_ullong sent_bytes;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct samples lat, session;
static char first_error[160];
static double deadline, last_ok;

static void rcpt(char *out, size_t room, int i, int k)
{
	char num[16];
	const char *p = strstr(to, "%d");
	snprintf(num, sizeof num, "%d", (i * rcpts + (k < 0 ? 0 : k)) % users);
	if (p)
		snprintf(out, room, "%.*s%s%s", (int)(p - to), to, num, p + 2);
	else
		snprintf(out, room, "%s", to);
}

static int send_message(struct conn *c, int i, const char *msg, size_t len)
{
	char addr[256], all[8192];
	size_t n = 0, k_max = (size_t)rcpts;

	for (size_t k = 0; k < k_max + 2; k++) {
		char *line = all + n;
		size_t room = sizeof all - n;
		rcpt(addr, sizeof addr, i, (int)k - 1);
		int w = k == 0 ? snprintf(line, room, "MAIL FROM:<%s>\r\n", from) :
			k <= k_max ? snprintf(line, room, "RCPT TO:<%s>\r\n", addr) :
			snprintf(line, room, "DATA\r\n");
		if (w < 0 || (size_t)w >= room)
			return net_fail(c, "too many recipients");
		if (pipelining)
			n += (size_t)w;
		else if (net_write(c, line, (size_t)w) ||
				 smtp_reply(c, k > k_max ? 354 : 250, NULL, NULL))
			return -1;
	}
	if (pipelining) {
		if (net_write(c, all, n))
			return -1;
		for (size_t k = 0; k < k_max + 2; k++)
			if (smtp_reply(c, k > k_max ? 354 : 250, NULL, NULL))
				return -1;
	}
	if (net_write(c, msg, len))
		return -1;
	for (int k = 0; k < (lmtp ? rcpts : 1); k++)
		if (smtp_reply(c, 250, NULL, NULL))
			return -1;
	return 0;
}

static void *worker(void *arg)
{
	struct conn *c = calloc(1, sizeof *c);
	struct samples my_lat = { 0 }, my_session = { 0 };
	double my_last = 0;
	char *msg = NULL, addr[256];
	size_t room = 0;
	int open = 0, done = 0, i;

	(void)arg;
	while ((i = atomic_fetch_add(&next_msg, 1)) < total && now_s() < deadline) {
		size_t size = msg_size(size_spec, (uint64_t)i);
		if (size + 2048 > room) {
			room = size + 2048;
			free(msg);
			msg = malloc(room);
		}
		if (!c || !msg)
			die("out of memory");
		rcpt(addr, sizeof addr, i, 0);
		size_t len = msg_make(msg, size, (uint64_t)i, from, addr);
		memcpy(msg + len, ".\r\n", 3);

		double t0 = now_s(), t1;
		int rc = 0, fresh = !open;
		if (fresh) {
			done = 0;
			open = 1;
			rc = net_open(c, host, port) ||
				 smtp_hello(c, tls, lmtp, pipelining ? "PIPELINING" : NULL);
		}
		t1 = now_s();
		if (!rc)
			rc = send_message(c, i, msg, len + 3);
		if (rc) {
			if (atomic_fetch_add(&errors, 1) == 0)
				snprintf(first_error, sizeof first_error, "%s", c->err);
			net_close(c);
			open = 0;
			continue;
		}
		double t2 = my_last = now_s();
		sample_add(&my_lat, t2 - t1);
		if (fresh)
			sample_add(&my_session, t2 - t0);
		atomic_fetch_add(&sent_bytes, len);
		if (++done == per_conn) {
			if (net_printf(c, "QUIT\r\n") || smtp_reply(c, 221, NULL, NULL))
				atomic_fetch_add(&errors, 1);
			net_close(c);
			open = 0;
		}
	}
	if (open) {
		net_printf(c, "QUIT\r\n");
		net_close(c);
	}
	free(c);
	free(msg);
	pthread_mutex_lock(&lock);
	sample_merge(&lat, &my_lat);
	sample_merge(&session, &my_session);
	if (my_last > last_ok)
		last_ok = my_last;
	pthread_mutex_unlock(&lock);
	return NULL;
}

int main(int argc, char **argv)
{
	int o;
	while ((o = getopt(argc, argv, "c:n:m:s:t:u:r:f:TPLRQd:w:")) != -1)
		switch (o) {
		case 'c': conns = atoi(optarg); break;
		case 'n': total = atoi(optarg); break;
		case 'm': per_conn = atoi(optarg); break;
		case 's': size_spec = optarg; break;
		case 't': to = optarg; break;
		case 'u': users = atoi(optarg); break;
		case 'r': rcpts = atoi(optarg); break;
		case 'f': from = optarg; break;
		case 'T': tls = 0; break;
		case 'P': pipelining = 1; break;
		case 'L': lmtp = 1; break;
		case 'R': net_resume = 1; break;
		case 'Q': net_quickack = 1; break;
		case 'd': limit_s = atoi(optarg); break;
		case 'w': net_timeout_s = atoi(optarg); break;
		default: die("see the head of smtp_load.c for the options");
		}
	if (optind + 1 != argc || split_hostport(argv[optind], &port) || conns < 1 ||
		users < 1 || rcpts < 1)
		die("usage: smtp_load [options] HOST:PORT");
	host = argv[optind];
	net_init();

	pthread_t *t = calloc((size_t)conns, sizeof *t);
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 * 1024);
	double start = now_s();
	deadline = start + limit_s;
	for (int i = 0; i < conns; i++)
		if (pthread_create(&t[i], &attr, worker, NULL))
			die("pthread_create failed");
	for (int i = 0; i < conns; i++)
		pthread_join(t[i], NULL);
	double secs = last_ok > start ? last_ok - start : now_s() - start;

	sample_sort(&lat);
	sample_sort(&session);
	printf("{\"msgs\": %zu, \"errors\": %d, \"secs\": %.3f, \"msgs_per_s\": %.1f, "
		   "\"mb_per_s\": %.2f, \"lat_p50_ms\": %.2f, \"lat_p99_ms\": %.2f, "
		   "\"lat_max_ms\": %.2f, \"session_p50_ms\": %.2f, "
		   "\"session_p99_ms\": %.2f, \"client_cpu_s\": %.3f}\n",
		   lat.n, errors, secs, (double)lat.n / secs,
		   (double)sent_bytes / secs / 1e6, sample_at(&lat, .5),
		   sample_at(&lat, .99), sample_at(&lat, 1), sample_at(&session, .5),
		   sample_at(&session, .99), cpu_s());
	if (errors)
		fprintf(stderr, "smtp_load: %d errors, first: %s\n", errors, first_error);
	return errors != 0;
}
