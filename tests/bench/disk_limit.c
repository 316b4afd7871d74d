/* disk_limit - how many durable Maildir deliveries a disk can take.
 *
 * usage: disk_limit [-t THREADS] [-s SECONDS] [-b BYTES] [-m MODE] DIR
 * One delivery: create DIR/tmp/x, write BYTES, fsync, close, rename to
 * DIR/new/x, fsync DIR/new. Modes leave a part of that out or share it:
 *   full    all of it (the limit for an acknowledged, crash-safe delivery)
 *   nodir   no fsync of the directory
 *   none    no fsync at all
 *   group   threads that arrive together share one fsync of the directory
 * Prints one JSON object. DIR is made and removed. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *dir, *mode = "full";
static int threads = 1, bytes = 6000;
static double seconds = 3, deadline;
static char *data;
static int newfd;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t synced = PTHREAD_COND_INITIALIZER;
static unsigned long started, finished;         /* directory fsyncs */
static int syncing;

struct worker { pthread_t t; int id; unsigned long n; double *lat; size_t cap; };

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what)
{
	fprintf(stderr, "disk_limit: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* Returns once an fsync of the directory that began after this call is over. */
static void group_sync(void)
{
	pthread_mutex_lock(&lock);
	unsigned long need = started + 1;
	while (finished < need) {
		if (syncing) {
			pthread_cond_wait(&synced, &lock);
			continue;
		}
		unsigned long mine = ++started;
		syncing = 1;
		pthread_mutex_unlock(&lock);
		if (fsync(newfd))
			fail("fsync");
		pthread_mutex_lock(&lock);
		syncing = 0;
		finished = mine;
		pthread_cond_broadcast(&synced);
	}
	pthread_mutex_unlock(&lock);
}

static void *deliver(void *arg)
{
	struct worker *w = arg;
	char tmp[600], new[600];
	int sync_file = strcmp(mode, "none") != 0, full = !strcmp(mode, "full"),
		group = !strcmp(mode, "group");

	for (double t0 = now(); t0 < deadline;) {
		snprintf(tmp, sizeof tmp, "%s/tmp/%d.%lu", dir, w->id, w->n);
		snprintf(new, sizeof new, "%s/new/%d.%lu", dir, w->id, w->n);
		int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd < 0)
			fail(tmp);
		if (write(fd, data, (size_t)bytes) != bytes)
			fail("write");
		if (sync_file && fsync(fd))
			fail("fsync");
		close(fd);
		if (rename(tmp, new))
			fail("rename");
		if (full && fsync(newfd))
			fail("fsync");
		if (group)
			group_sync();
		double t1 = now();
		if (w->n == w->cap) {
			w->cap = w->cap ? w->cap * 2 : 4096;
			w->lat = realloc(w->lat, w->cap * sizeof *w->lat);
		}
		w->lat[w->n++] = t1 - t0;
		t0 = t1;
	}
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	char path[600];
	int o;
	while ((o = getopt(argc, argv, "t:s:b:m:")) != -1)
		switch (o) {
		case 't': threads = atoi(optarg); break;
		case 's': seconds = atof(optarg); break;
		case 'b': bytes = atoi(optarg); break;
		case 'm': mode = optarg; break;
		default: return 2;
		}
	if (optind + 1 != argc || threads < 1 || bytes < 1 || !strstr("full nodir none group", mode)) {
		fprintf(stderr, "usage: disk_limit [-t N] [-s SEC] [-b BYTES] [-m full|nodir|none|group] DIR\n");
		return 2;
	}
	dir = argv[optind];
	data = malloc((size_t)bytes);
	memset(data, 'm', (size_t)bytes);
	if (mkdir(dir, 0700))
		fail(dir);
	snprintf(path, sizeof path, "%s/tmp", dir);
	if (mkdir(path, 0700))
		fail(path);
	snprintf(path, sizeof path, "%s/new", dir);
	if (mkdir(path, 0700) || (newfd = open(path, O_RDONLY | O_DIRECTORY)) < 0)
		fail(path);

	struct worker *w = calloc((size_t)threads, sizeof *w);
	double start = now();
	deadline = start + seconds;
	for (int i = 0; i < threads; i++) {
		w[i].id = i;
		if (pthread_create(&w[i].t, NULL, deliver, &w[i]))
			fail("pthread_create");
	}
	unsigned long n = 0;
	for (int i = 0; i < threads; i++) {
		pthread_join(w[i].t, NULL);
		n += w[i].n;
	}
	double secs = now() - start, *all = malloc((n + 1) * sizeof *all);
	n = 0;
	for (int i = 0; i < threads; i++)
		for (unsigned long k = 0; k < w[i].n; k++)
			all[n++] = w[i].lat[k];
	qsort(all, n, sizeof *all, by_value);
	printf("{\"mode\": \"%s\", \"threads\": %d, \"bytes\": %d, \"per_s\": %.1f, "
		   "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n", mode,
		   threads, bytes, (double)n / secs, n ? all[n / 2] * 1e3 : 0,
		   n ? all[n * 99 / 100] * 1e3 : 0, n ? all[n - 1] * 1e3 : 0);

	for (int i = 0; i < threads; i++)
		for (unsigned long k = 0; k < w[i].n; k++) {
			snprintf(path, sizeof path, "%s/new/%d.%lu", dir, i, k);
			unlink(path);
		}
	snprintf(path, sizeof path, "%s/tmp", dir);
	rmdir(path);
	snprintf(path, sizeof path, "%s/new", dir);
	rmdir(path);
	return rmdir(dir) ? 1 : 0;
}
