/* imap_load - measure an IMAP server.
 *
 * usage: imap_load [options] HOST:PORT login
 *        imap_load [options] HOST:PORT cmd COMMAND...
 *        imap_load [options] HOST:PORT append
 *        imap_load [options] HOST:PORT idle
 *   -S | -I   STARTTLS | TLS from the start (default: clear text)
 *   -U USER   user name; %d in it becomes the user number, default u%d
 *   -u N      users that the connections rotate over, default 1
 *   -p PASS   password, default bench
 *   -b BOX    mailbox, default INBOX
 *   -c N      parallel connections, default 1
 *   -n N      logins, appends or idle rounds in all, default 100
 *   -s SIZE   message size (see net.h), default mix
 *   -r N      repeat the command list on N new connections, default 1
 *   -x CMD    idle: run this shell command while all connections are idle
 *   -g HOW    idle: how mail arrives: "append", "maildir:DIR" (a file renamed
 *             into DIR/new) or "smtp:ADDR:HOST:PORT"; %d is the user number
 *   -w SEC    time limit for one read, write or idle round, default 60
 *   -R        offer TLS session resumption
 *
 * Prints JSON objects, one a line; exits 1 when anything failed.
 * login   connect, TLS, LOGIN, LOGOUT: rate and latency.
 * cmd     runs the commands one by one and prints for each the time, bytes
 *         received, untagged responses and SEARCH hits. One that starts with
 *         "!" is run but not printed.
 * append  rate and latency, APPEND sent to tagged OK, synchronizing literals.
 * idle    all connections log in, select BOX and idle. Then -n times a message
 *         arrives for one user: ack is the time until the delivering side was
 *         told of success, notify until "* n EXISTS" reached each connection
 *         of that user, first until the first one. All count from the moment
 *         the message's last byte was handed over. */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static char *host;
static int port, conns = 1, total = 100, users = 1, repeat = 1;
static enum tls_mode tls = TLS_NONE;
static const char *user = "u%d", *pass = "bench", *box = "INBOX";
static const char *size_spec = "mix", *ready_cmd, *how = "append";

static atomic_int next_job, errors;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct samples lat;
static char first_error[160];
static double start;

struct result { uint64_t untagged, hits; };

static void number(char *out, size_t room, const char *fmt, int n)
{
	const char *p = strstr(fmt, "%d");
	if (p)
		snprintf(out, room, "%.*s%d%s", (int)(p - fmt), fmt, n, p + 2);
	else
		snprintf(out, room, "%s", fmt);
}

/* Reads responses up to the one tagged T, which must be OK; with plus, a
 * continuation request ends it too. Literals are skipped, lines may be long. */
static int wait_tagged(struct conn *c, int plus, struct result *r)
{
	int first = 1, search = 0;

	for (;;) {
		char *s = c->buf + c->pos;
		size_t have = c->len - c->pos, n = have;
		char *nl = memchr(s, '\n', have);
		if (nl)
			n = (size_t)(nl + 1 - s);
		else if (have > sizeof c->buf / 2)
			n = have - 64;
		else {
			if (net_fill(c) < 0)
				return -1;
			continue;
		}
		if (first && n > 2) {
			if (s[0] == 'T' && s[1] == ' ') {
				if (!nl)
					return net_fail(c, "tagged line too long");
				c->pos += n;
				return !strncmp(s + 2, "OK", 2) ? 0
					: net_fail(c, "%.*s", (int)(n < 120 ? n - 2 : 120), s);
			}
			if (s[0] == '+' && plus) {
				c->pos += n;
				return 0;
			}
			search = !strncmp(s, "* SEARCH", n < 8 ? n : 8);
			if (r) {
				r->untagged++;
				r->hits -= (uint64_t)search;
			}
		}
		if (search && r)
			for (size_t i = 0; i < n; i++)
				r->hits += s[i] == ' ';
		first = nl != NULL;
		uint64_t literal = 0;
		if (nl && n >= 4 && nl[-1] == '\r' && nl[-2] == '}') {
			char *p = nl - 3;
			while (p > s && *p >= '0' && *p <= '9')
				p--;
			if (*p == '{') {
				literal = strtoull(p + 1, NULL, 10);
				first = 0;
			}
		}
		c->pos += n;
		if (literal && net_skip(c, literal))
			return -1;
	}
}

static int command(struct conn *c, const char *text, struct result *r)
{
	return net_printf(c, "T %s\r\n", text) || wait_tagged(c, 0, r) ? -1 : 0;
}

static int imap_open(struct conn *c, int who)
{
	char name[128];
	char *s;

	number(name, sizeof name, user, who);
	if (net_open(c, host, port) || (tls == TLS_IMPLICIT && net_tls(c)) ||
		!(s = net_line(c)))
		return -1;
	if (strncmp(s, "* OK", 4))
		return net_fail(c, "greeting: %.100s", s);
	if (tls == TLS_START && (command(c, "STARTTLS", NULL) || net_tls(c)))
		return -1;
	return net_printf(c, "T LOGIN %s %s\r\n", name, pass) ||
		   wait_tagged(c, 0, NULL) ? -1 : 0;
}

static void failed(struct conn *c)
{
	if (atomic_fetch_add(&errors, 1) == 0)
		snprintf(first_error, sizeof first_error, "%s", c->err);
}

static void print_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		putchar(*s);
	}
	putchar('"');
}

static void *login_worker(void *arg)
{
	struct conn *c = calloc(1, sizeof *c);
	struct samples mine = { 0 };
	int i;

	(void)arg;
	if (!c)
		die("out of memory");
	while ((i = atomic_fetch_add(&next_job, 1)) < total) {
		double t0 = now_s();
		if (imap_open(c, i % users))
			failed(c);
		else {
			sample_add(&mine, now_s() - t0);
			if (command(c, "LOGOUT", NULL))
				failed(c);
		}
		net_close(c);
	}
	free(c);
	pthread_mutex_lock(&lock);
	sample_merge(&lat, &mine);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static int append(struct conn *c, const char *msg, size_t len, double *handed)
{
	if (net_printf(c, "T APPEND %s {%zu}\r\n", box, len) ||
		wait_tagged(c, 1, NULL))
		return -1;
	*handed = now_s();
	return net_write(c, msg, len) || net_write(c, "\r\n", 2) ||
		   wait_tagged(c, 0, NULL) ? -1 : 0;
}

static char *message(uint64_t i, size_t *len)
{
	size_t size = msg_size(size_spec, i);
	char *msg = malloc(size + 2048);
	if (!msg)
		die("out of memory");
	*len = msg_make(msg, size, i, "sender@example.com", "user@bench.test");
	return msg;
}

static void *append_worker(void *arg)
{
	struct conn *c = calloc(1, sizeof *c);
	struct samples mine = { 0 };
	int i;

	if (!c)
		die("out of memory");
	if (imap_open(c, (int)(intptr_t)arg % users))
		failed(c);
	else
		while ((i = atomic_fetch_add(&next_job, 1)) < total) {
			size_t len;
			char *msg = message((uint64_t)i, &len);
			double t0 = now_s(), handed;
			if (append(c, msg, len, &handed)) {
				failed(c);
				free(msg);
				break;
			}
			sample_add(&mine, now_s() - t0);
			free(msg);
		}
	net_close(c);
	free(c);
	pthread_mutex_lock(&lock);
	sample_merge(&lat, &mine);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void threads(void *(*f)(void *), int n)
{
	pthread_t *t = calloc((size_t)n, sizeof *t);
	for (int i = 0; i < n; i++)
		if (pthread_create(&t[i], NULL, f, (void *)(intptr_t)i))
			die("pthread_create failed");
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	free(t);
}

static void print_rate(const char *what)
{
	double secs = now_s() - start;
	sample_sort(&lat);
	printf("{\"op\": \"%s\", \"conns\": %d, \"count\": %zu, \"errors\": %d, "
		   "\"secs\": %.3f, \"per_s\": %.1f, \"p50_ms\": %.2f, "
		   "\"p99_ms\": %.2f, \"max_ms\": %.2f, \"client_cpu_s\": %.3f}\n",
		   what, conns, lat.n, errors, secs, (double)lat.n / secs,
		   sample_at(&lat, .5), sample_at(&lat, .99), sample_at(&lat, 1),
		   cpu_s());
}

static void run_commands(char **cmd, int n)
{
	struct conn *c = calloc(1, sizeof *c);

	if (!c)
		die("out of memory");
	for (int k = 0; k < repeat; k++) {
		if (imap_open(c, 0)) {
			failed(c);
			net_close(c);
			break;
		}
		for (int i = 0; i < n; i++) {
			int quiet = cmd[i][0] == '!';
			struct result r = { 0 };
			uint64_t b0 = c->bytes;
			double t0 = now_s();
			int rc = command(c, cmd[i] + quiet, &r);
			double secs = now_s() - t0, mb = (double)(c->bytes - b0) / 1e6;
			if (rc)
				failed(c);
			if (quiet)
				continue;
			printf("{\"op\": \"cmd\", \"cmd\": ");
			print_string(cmd[i]);
			printf(", \"ok\": %s, \"secs\": %.6f, \"untagged\": %llu, "
				   "\"hits\": %lld, \"mb\": %.3f, \"mb_per_s\": %.2f}\n",
				   rc ? "false" : "true", secs, (unsigned long long)r.untagged,
				   (long long)r.hits, mb, mb / secs);
			fflush(stdout);
		}
		command(c, "LOGOUT", NULL);
		net_close(c);
	}
	free(c);
}

/* ---- idle ---- */

struct idler { struct conn c; int who, waiting; };
static struct idler **idlers;

static void *idle_setup(void *arg)
{
	int i;
	(void)arg;
	while ((i = atomic_fetch_add(&next_job, 1)) < conns) {
		struct idler *d = calloc(1, sizeof *d);
		if (!d)
			die("out of memory");
		d->who = i % users;
		if (imap_open(&d->c, d->who) || net_printf(&d->c, "T SELECT %s\r\n", box)
			|| wait_tagged(&d->c, 0, NULL) || net_printf(&d->c, "T IDLE\r\n") ||
			wait_tagged(&d->c, 1, NULL)) {
			failed(&d->c);
			net_close(&d->c);
			free(d);
			d = NULL;
		}
		idlers[i] = d;
	}
	return NULL;
}

static struct {
	int who, ok;
	char *msg;
	size_t len;
	uint64_t i;
	double handed, acked;
	atomic_int done;
} trig;
static struct conn *carrier[1024];      /* for append and smtp, by user */

static int trigger_maildir(const char *dir)
{
	char d[512], tmp[700], new[700];
	number(d, sizeof d, dir, trig.who);
	snprintf(tmp, sizeof tmp, "%s/tmp/%ld.bench%llu", d, (long)time(NULL),
			 (unsigned long long)trig.i);
	snprintf(new, sizeof new, "%s/new/%ld.bench%llu", d, (long)time(NULL),
			 (unsigned long long)trig.i);
	int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL, 0666);
	if (fd < 0 || write(fd, trig.msg, trig.len) != (ssize_t)trig.len)
		die("%s: %s", tmp, strerror(errno));
	close(fd);
	trig.handed = now_s();
	if (rename(tmp, new))
		die("%s: %s", new, strerror(errno));
	return 0;
}

static int trigger_smtp(struct conn *c, const char *to)
{
	char addr[256];
	number(addr, sizeof addr, to, trig.who);
	if (net_printf(c, "MAIL FROM:<sender@example.com>\r\n") ||
		smtp_reply(c, 250, NULL, NULL) ||
		net_printf(c, "RCPT TO:<%s>\r\n", addr) ||
		smtp_reply(c, 250, NULL, NULL) || net_printf(c, "DATA\r\n") ||
		smtp_reply(c, 354, NULL, NULL) || net_write(c, trig.msg, trig.len))
		return -1;
	trig.handed = now_s();
	return net_printf(c, ".\r\n") || smtp_reply(c, 250, NULL, NULL) ? -1 : 0;
}

static void *trigger(void *arg)
{
	char spec[512];
	int rc, p;

	(void)arg;
	snprintf(spec, sizeof spec, "%s", how);
	trig.msg = message(trig.i, &trig.len);
	int slot = strncmp(spec, "append", 6) ? 0 : trig.who % 1024;
	struct conn *c = carrier[slot];
	if (!c && strncmp(spec, "maildir:", 8)) {
		c = carrier[slot] = calloc(1, sizeof *c);
		if (!c)
			die("out of memory");
		if (!strncmp(spec, "smtp:", 5)) {
			char *h;
			if (split_hostport(spec + 5, &p) || !(h = strchr(spec + 5, ':')))
				die("-g smtp:ADDR:HOST:PORT");
			if (net_open(c, h + 1, p) ||
				smtp_hello(c, tls != TLS_NONE, 0, NULL))
				die("smtp: %s", c->err);
		} else if (imap_open(c, trig.who))
			die("append: %s", c->err);
	}
	if (!strncmp(spec, "maildir:", 8))
		rc = trigger_maildir(spec + 8);
	else if (!strncmp(spec, "smtp:", 5)) {
		char *end = strchr(spec + 5, ':');
		if (end)
			*end = 0;
		rc = trigger_smtp(c, spec + 5);
	} else
		rc = append(c, trig.msg, trig.len, &trig.handed);
	trig.acked = now_s();
	if (rc)
		failed(c);
	trig.ok = !rc;
	free(trig.msg);
	atomic_store(&trig.done, 1);
	return NULL;
}

/* Takes what has come; 1 when an EXISTS was among it, -1 when it is closed. */
static int idle_read(struct conn *c)
{
	int exists = 0;
	for (;;) {
		size_t have = c->len - c->pos;
		char *s = c->buf + c->pos, *nl = memchr(s, '\n', have);
		if (nl) {
			*nl = 0;
			exists |= strstr(s, " EXISTS") != NULL;
			c->pos += (size_t)(nl + 1 - s);
			continue;
		}
		if (net_fill(c) > 0)
			continue;
		return errno == EAGAIN || errno == EWOULDBLOCK ? exists : -1;
	}
}

static void run_idle(void)
{
	struct samples notify = { 0 }, first = { 0 }, ack = { 0 };
	int missing = 0, up = 0, ep = epoll_create1(EPOLL_CLOEXEC), rounds = total;
	struct epoll_event ev, evs[64];

	idlers = calloc((size_t)conns, sizeof *idlers);
	if (!idlers)
		die("out of memory");
	threads(idle_setup, conns < 16 ? conns : 16);
	double setup = now_s() - start;
	for (int i = 0; i < conns; i++) {
		if (!idlers[i])
			continue;
		up++;
		fcntl(idlers[i]->c.fd, F_SETFL, O_NONBLOCK);
		ev = (struct epoll_event){ .events = EPOLLIN, .data.ptr = idlers[i] };
		epoll_ctl(ep, EPOLL_CTL_ADD, idlers[i]->c.fd, &ev);
	}
	printf("{\"op\": \"idle_setup\", \"conns\": %d, \"up\": %d, \"users\": %d, "
		   "\"secs\": %.3f, \"per_s\": %.1f}\n", conns, up, users, setup,
		   (double)up / setup);
	fflush(stdout);
	if (ready_cmd && system(ready_cmd))
		fprintf(stderr, "imap_load: the -x command failed\n");

	/* rounds below 0 are for warming up: they open the delivering connections */
	for (int k = rounds ? -users : 0; k < rounds; k++) {
		int want = 0, got = 0;
		pthread_t t;

		trig.who = (k + users) % users;
		trig.i = (uint64_t)(k + users);
		atomic_store(&trig.done, 0);
		for (int i = 0; i < conns; i++)
			if (idlers[i] && (idlers[i]->waiting = idlers[i]->who == trig.who))
				want++;
		if (pthread_create(&t, NULL, trigger, NULL))
			die("pthread_create failed");
		double seen_first = 0, limit = now_s() + net_timeout_s;
		struct samples seen = { 0 };
		while ((got < want || !atomic_load(&trig.done)) && now_s() < limit) {
			int n = epoll_wait(ep, evs, 64, 20);
			for (int i = 0; i < n; i++) {
				struct idler *d = evs[i].data.ptr;
				int rc = idle_read(&d->c);
				if (rc < 0) {
					failed(&d->c);
					epoll_ctl(ep, EPOLL_CTL_DEL, d->c.fd, NULL);
				}
				if (rc > 0 && d->waiting) {
					double at = now_s();
					d->waiting = 0;
					got++;
					if (!seen_first)
						seen_first = at;
					sample_add(&seen, at);
				}
			}
		}
		pthread_join(t, NULL);
		if (k >= 0 && trig.ok) {
			missing += want - got;
			for (size_t i = 0; i < seen.n; i++)
				sample_add(&notify, seen.v[i] - trig.handed);
			if (seen_first)
				sample_add(&first, seen_first - trig.handed);
			sample_add(&ack, trig.acked - trig.handed);
		}
		free(seen.v);
	}
	sample_sort(&notify);
	sample_sort(&first);
	sample_sort(&ack);
	printf("{\"op\": \"idle_notify\", \"how\": ");
	print_string(how);
	printf(", \"conns\": %d, \"users\": %d, \"rounds\": %zu, \"notified\": %zu, "
		   "\"missing\": %d, \"errors\": %d, \"ack_p50_ms\": %.2f, "
		   "\"first_p50_ms\": %.2f, \"notify_p50_ms\": %.2f, "
		   "\"notify_p99_ms\": %.2f, \"notify_max_ms\": %.2f}\n",
		   conns, users, ack.n, notify.n, missing, errors, sample_at(&ack, .5),
		   sample_at(&first, .5), sample_at(&notify, .5),
		   sample_at(&notify, .99), sample_at(&notify, 1));
	for (int i = 0; i < conns; i++)
		if (idlers[i])
			close(idlers[i]->c.fd);
	errors += missing;
}

int main(int argc, char **argv)
{
	int o;
	while ((o = getopt(argc, argv, "SIRU:u:p:b:c:n:s:r:x:g:w:")) != -1)
		switch (o) {
		case 'S': tls = TLS_START; break;
		case 'I': tls = TLS_IMPLICIT; break;
		case 'R': net_resume = 1; break;
		case 'U': user = optarg; break;
		case 'u': users = atoi(optarg); break;
		case 'p': pass = optarg; break;
		case 'b': box = optarg; break;
		case 'c': conns = atoi(optarg); break;
		case 'n': total = atoi(optarg); break;
		case 's': size_spec = optarg; break;
		case 'r': repeat = atoi(optarg); break;
		case 'x': ready_cmd = optarg; break;
		case 'g': how = optarg; break;
		case 'w': net_timeout_s = atoi(optarg); break;
		default: die("see the head of imap_load.c for the options");
		}
	if (optind + 2 > argc || split_hostport(argv[optind], &port) || conns < 1 ||
		users < 1)
		die("usage: imap_load [options] HOST:PORT login|cmd|append|idle");
	host = argv[optind];
	const char *mode = argv[optind + 1];
	net_init();
	start = now_s();
	if (!strcmp(mode, "login")) {
		threads(login_worker, conns);
		print_rate("login");
	} else if (!strcmp(mode, "append")) {
		threads(append_worker, conns);
		print_rate("append");
	} else if (!strcmp(mode, "cmd"))
		run_commands(argv + optind + 2, argc - optind - 2);
	else if (!strcmp(mode, "idle"))
		run_idle();
	else
		die("unknown mode %s", mode);
	if (errors)
		fprintf(stderr, "imap_load: %d errors, first: %s\n", errors, first_error);
	return errors != 0;
}
