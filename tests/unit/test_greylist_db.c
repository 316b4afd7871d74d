#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "../../src/greylist/greylist_db.h"

enum { DELAY = 30, EXPIRY = 36 * 3600, T = 1800000000 };

struct place {
	char *dir, *path, *log;
	int real_stderr;
};

static void place_make(struct place *p)
{
	const char *tmp = getenv("TMPDIR");
	int fd;

	p->dir = mem_printf("%s/letterplate-greylist-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(p->dir));
	p->path = mem_printf("%s/graylist.db", p->dir);
	p->log = mem_printf("%s/log", p->dir);
	fd = open(p->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	fflush(stderr);
	p->real_stderr = dup(2);
	assert_true(p->real_stderr >= 0 && dup2(fd, 2) == 2);
	close(fd);
}

static void place_remove(struct place *p)
{
	DIR *d = opendir(p->dir);
	struct dirent *e;

	assert_true(dup2(p->real_stderr, 2) == 2);
	close(p->real_stderr);
	assert_non_null(d);
	while ((e = readdir(d))) {
		char *file = mem_printf("%s/%s", p->dir, e->d_name);

		if (e->d_name[0] != '.' && unlink(file) != 0)
			rmdir(file);
		free(file);
	}
	closedir(d);
	assert_int_equal(rmdir(p->dir), 0);
	free(p->dir);
	free(p->path);
	free(p->log);
}

/* Lines of the log that have `text` in them. */
static unsigned logged(const struct place *p, const char *text)
{
	FILE *f = fopen(p->log, "re");
	char line[2000];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, text) != NULL;
	fclose(f);
	return n;
}

/* Files whose names begin like this. */
static unsigned files(const struct place *p, const char *prefix)
{
	DIR *d = opendir(p->dir);
	struct dirent *e;
	unsigned n = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		n += strncmp(e->d_name, prefix, strlen(prefix)) == 0;
	closedir(d);
	return n;
}

static struct greylist_db *open_at(const char *path, int64_t max_rows)
{
	struct greylist_db_options o = { .path = path, .delay_s = DELAY, .expiry_s = EXPIRY,
					 .max_rows = max_rows };

	return greylist_db_new(&o);
}

static const char net[] = "192.0.2.0/24", from[] = "a@example.com";

/* How long this visit has to wait; 0: it passes as known. */
static int64_t waits(struct greylist_db *db, const char *network, const char *sender, int64_t now)
{
	struct greylist_visit v = greylist_db_visit(db, network, sender, now);

	assert_int_equal(v.pass, v.wait_s == 0);
	assert_int_equal(v.pass, v.known);       /* it never had to fail open */
	return v.wait_s;
}

static void passes_unknown(struct greylist_db *db, const char *sender)
{
	struct greylist_visit v = greylist_db_visit(db, net, sender, T);

	assert_true(v.pass);
	assert_false(v.known);
}

static void one_client(void **state)
{
	struct greylist_db *db;
	struct place p;
	struct stat st;

	(void)state;
	place_make(&p);
	db = open_at(p.path, 0);
	assert_int_equal(greylist_db_rows(db), -1);
	assert_int_equal(waits(db, net, from, T), 30);
	assert_int_equal(waits(db, net, from, T + 1), 29);
	assert_int_equal(waits(db, net, from, T + 29), 1);
	assert_int_equal(waits(db, net, from, T + 30), 0);
	assert_int_equal(waits(db, net, from, T + 30), 0);
	assert_int_equal(greylist_db_rows(db), 1);

	/* Another network, another sender, the null sender: each on its own. */
	assert_int_equal(waits(db, "192.0.3.0/24", from, T + 40), 30);
	assert_int_equal(waits(db, net, "b@example.com", T + 40), 30);
	assert_int_equal(waits(db, net, "", T + 40), 30);
	assert_int_equal(waits(db, net, "", T + 70), 0);
	assert_int_equal(waits(db, "127.0.0.0/24", "", T + 70), 30);
	assert_int_equal(waits(db, net, "o'hara\"; DROP TABLE visitor; --@example.com", T), 30);
	assert_int_equal(greylist_db_rows(db), 6);
	assert_int_equal(stat(p.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	greylist_db_free(db);
	place_remove(&p);
}

static void lifetimes(void **state)
{
	int64_t day = 24 * 3600, last;
	struct greylist_db *db;
	struct place p;

	(void)state;
	place_make(&p);
	db = open_at(p.path, 0);
	/* Never came back within the expiry: a stranger again. */
	assert_int_equal(waits(db, net, from, T), 30);
	assert_int_equal(waits(db, net, from, T + EXPIRY + 1), 30);
	assert_int_equal(greylist_db_rows(db), 1);
	/* Came back on its last second, and once a month after that. */
	assert_int_equal(waits(db, net, from, T + 2 * EXPIRY + 1), 0);
	last = T + 2 * EXPIRY + 1;
	for (unsigned i = 0; i < 5; i++) {
		last += 40 * day;
		assert_int_equal(waits(db, net, from, last), 0);
	}
	assert_int_equal(waits(db, net, from, last + 40 * day + 1), 30);
	greylist_db_free(db);
	place_remove(&p);
}

static void clock_set_back(void **state)
{
	struct greylist_db *db;
	struct place p;

	(void)state;
	place_make(&p);
	db = open_at(p.path, 0);
	assert_int_equal(waits(db, net, from, T), 30);
	assert_int_equal(waits(db, net, from, T - 100000), 30);
	assert_int_equal(waits(db, net, from, T - 100000 + 30), 0);
	greylist_db_free(db);
	place_remove(&p);
}

static void no_delay(void **state)
{
	struct greylist_db_options o = { .expiry_s = EXPIRY };
	struct greylist_db *db;
	struct place p;

	(void)state;
	place_make(&p);
	o.path = p.path;
	db = greylist_db_new(&o);
	assert_int_equal(waits(db, net, from, T), 0);
	greylist_db_free(db);
	place_remove(&p);
}

static void remembers(void **state)
{
	struct greylist_db *db;
	struct place p;

	(void)state;
	place_make(&p);
	db = open_at(p.path, 0);
	assert_int_equal(waits(db, net, from, T), 30);
	assert_int_equal(waits(db, net, "b@example.com", T), 30);
	assert_int_equal(waits(db, net, "b@example.com", T + 30), 0);
	greylist_db_free(db);
	db = open_at(p.path, 0);
	assert_int_equal(waits(db, net, from, T + 10), 20);
	assert_int_equal(waits(db, net, "b@example.com", T + 31), 0);
	assert_int_equal(greylist_db_rows(db), 2);
	greylist_db_free(db);
	place_remove(&p);
}

static void add_many(struct greylist_db *db, unsigned from_number, unsigned count, int64_t now)
{
	for (unsigned i = 0; i < count; i++) {
		char sender[40];

		snprintf(sender, sizeof(sender), "%u@example.com", from_number + i);
		greylist_db_visit(db, net, sender, now + i);
	}
}

static void expired_rows_go(void **state)
{
	struct greylist_db *db;
	struct place p;

	(void)state;
	place_make(&p);
	db = open_at(p.path, 0);
	add_many(db, 0, 100, T);                         /* never come back */
	add_many(db, 1000, 50, T);
	add_many(db, 1000, 50, T + 60);                  /* come back */
	assert_int_equal(greylist_db_rows(db), 150);
	greylist_db_expire(db, T + EXPIRY);
	assert_int_equal(greylist_db_rows(db), 150);
	greylist_db_expire(db, T + EXPIRY + 50);
	assert_int_equal(greylist_db_rows(db), 100);
	greylist_db_expire(db, T + EXPIRY + 1000);
	assert_int_equal(greylist_db_rows(db), 50);
	greylist_db_expire(db, T + 60 + GREYLIST_KEPT_S + 10);
	assert_int_equal(greylist_db_rows(db), 40);
	greylist_db_expire(db, T + 60 + GREYLIST_KEPT_S + 100);
	assert_int_equal(greylist_db_rows(db), 0);
	greylist_db_free(db);
	place_remove(&p);
}

static void rows_have_a_ceiling(void **state)
{
	struct greylist_db *db;
	struct place p;

	(void)state;
	place_make(&p);
	db = open_at(p.path, 100);
	add_many(db, 1000, 10, T);
	add_many(db, 1000, 10, T + 60);                  /* ten that came back */
	add_many(db, 0, 300, T + 200);
	assert_true(greylist_db_rows(db) <= 100 && greylist_db_rows(db) >= 98);
	for (unsigned i = 0; i < 10; i++) {
		char sender[40];

		snprintf(sender, sizeof(sender), "%u@example.com", 1000 + i);
		assert_int_equal(waits(db, net, sender, T + 500), 0);
	}
	/* The newest of the others is there, the oldest is not. */
	assert_int_equal(waits(db, net, "299@example.com", T + 505), 24);
	assert_int_equal(waits(db, net, "0@example.com", T + 505), 30);
	/* When all have come back, the least used go. */
	add_many(db, 2000, 150, T + 10000);
	add_many(db, 2000, 150, T + 20000);
	assert_true(greylist_db_rows(db) <= 100);
	greylist_db_free(db);
	place_remove(&p);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void no_database_is_moved_aside(void **state)
{
	struct greylist_db *db;
	struct place p;

	(void)state;
	place_make(&p);
	write_file(p.path, "This is somebody's letter and no database, whatever its name says.\n");
	db = open_at(p.path, 0);
	assert_int_equal(waits(db, net, from, T), 30);
	assert_int_equal(waits(db, net, from, T + 30), 0);
	assert_int_equal(files(&p, "graylist.db.broken-"), 1);
	assert_int_equal(logged(&p, "a new one is begun"), 1);
	assert_int_equal(logged(&p, "does not work"), 0);
	greylist_db_free(db);
	place_remove(&p);
}

static void exec_sql(const char *path, const char *sql)
{
	sqlite3 *h;

	assert_int_equal(sqlite3_open(path, &h), SQLITE_OK);
	assert_int_equal(sqlite3_exec(h, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(h);
}

static void other_schemas(void **state)
{
	static const struct {
		const char *sql;
		unsigned moved;
	} cases[] = {
		{ "CREATE TABLE visitor (something)", 1 },
		{ "PRAGMA user_version = 2", 1 },
		{ "CREATE TABLE greylist (ip, sender)", 0 },     /* another program's: both fit */
		{ "CREATE TABLE x (y); PRAGMA user_version = 1", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct greylist_db *db;
		struct place p;

		place_make(&p);
		exec_sql(p.path, cases[i].sql);
		db = open_at(p.path, 0);
		assert_int_equal(waits(db, net, from, T), 30);
		assert_int_equal(files(&p, "graylist.db.broken-") > 0, cases[i].moved);
		greylist_db_free(db);
		place_remove(&p);
	}
}

/* Pages overwritten anywhere: it may take the file for broken or not, but it
 * answers, and in the end it greylists. */
static void damaged_pages(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < 12; round++) {
		char noise[512];
		struct greylist_db *db;
		struct greylist_visit v = { .pass = true };
		struct place p;
		struct stat st;
		int fd;

		place_make(&p);
		db = open_at(p.path, 0);
		add_many(db, 0, 600, T);
		greylist_db_free(db);
		assert_int_equal(stat(p.path, &st), 0);
		fd = open(p.path, O_WRONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		for (unsigned i = 0; i < 4; i++) {
			for (size_t n = 0; n < sizeof(noise); n++)
				noise[n] = (char)((seed = seed * 1664525 + 1013904223) >> 24);
			assert_int_equal(pwrite(fd, noise, sizeof(noise), seed % (uint32_t)st.st_size),
					 sizeof(noise));
		}
		if (round % 4 == 3)
			assert_int_equal(ftruncate(fd, st.st_size / 2 + 100), 0);
		close(fd);
		db = open_at(p.path, 0);
		for (unsigned i = 0; i < 700 && !(!v.pass && i > 600); i++) {
			char sender[40];

			snprintf(sender, sizeof(sender), "%u@example.com", i);
			v = greylist_db_visit(db, net, sender, T + 1000);
		}
		greylist_db_expire(db, T + EXPIRY + 5000);
		greylist_db_expire(db, T + GREYLIST_KEPT_S + 5000);
		assert_false(v.pass);
		assert_int_equal(waits(db, net, "new@example.com", T + GREYLIST_KEPT_S + 6000), 30);
		greylist_db_free(db);
		place_remove(&p);
	}
}

static void not_openable(void **state)
{
	struct greylist_db *db;
	struct place p;
	char *path;

	(void)state;
	place_make(&p);
	path = mem_printf("%s/later/graylist.db", p.dir);
	db = open_at(path, 0);
	for (unsigned i = 0; i < 5; i++)
		passes_unknown(db, from);
	greylist_db_expire(db, T);
	assert_int_equal(logged(&p, "does not work"), 1);
	/* The volume comes. */
	*strrchr(path, '/') = '\0';
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(waits(db, net, from, T), 30);
	assert_int_equal(logged(&p, "works again"), 1);
	greylist_db_free(db);
	path[strlen(path)] = '/';
	assert_int_equal(unlink(path), 0);
	*strrchr(path, '/') = '\0';
	assert_int_equal(rmdir(path), 0);
	free(path);
	place_remove(&p);
}

static void a_folder_in_its_place(void **state)
{
	struct greylist_db *db;
	struct place p;

	(void)state;
	place_make(&p);
	assert_int_equal(mkdir(p.path, 0700), 0);
	db = open_at(p.path, 0);
	passes_unknown(db, from);
	passes_unknown(db, from);
	assert_int_equal(logged(&p, "does not work"), 1);
	greylist_db_free(db);
	place_remove(&p);
}

/* No file may grow: to SQLite it looks like a full disk. */
static void disk_full(void **state)
{
	struct rlimit old, none;
	struct greylist_db *db;
	struct place p;

	(void)state;
	place_make(&p);
	db = open_at(p.path, 0);
	assert_int_equal(waits(db, net, from, T), 30);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	none = old;
	none.rlim_cur = 2000;                    /* the log still fits */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	passes_unknown(db, "b@example.com");
	passes_unknown(db, "c@example.com");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(logged(&p, "does not work"), 1);
	assert_int_equal(waits(db, net, from, T + 10), 20);
	assert_int_equal(waits(db, net, "b@example.com", T), 30);
	assert_int_equal(logged(&p, "works again"), 1);
	/* Trouble that comes and goes is not said each time. */
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	passes_unknown(db, "c@example.com");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(waits(db, net, "c@example.com", T), 30);
	assert_int_equal(logged(&p, "does not work"), 1);
	assert_int_equal(logged(&p, "works again"), 1);
	greylist_db_free(db);
	place_remove(&p);
}

static void read_only(void **state)
{
	struct greylist_db *db;
	struct place p;
	bool root = geteuid() == 0;              /* who may write anything: be nobody */

	(void)state;
	place_make(&p);
	if (root) {
		assert_int_equal(chown(p.dir, 65534, 65534), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	db = open_at(p.path, 0);
	assert_int_equal(waits(db, net, from, T), 30);
	greylist_db_free(db);
	assert_int_equal(chmod(p.path, 0400), 0);
	db = open_at(p.path, 0);
	passes_unknown(db, "b@example.com");
	passes_unknown(db, "b@example.com");
	assert_int_equal(files(&p, "graylist.db.broken-"), 0);
	assert_int_equal(chmod(p.path, 0600), 0);
	assert_int_equal(waits(db, net, from, T + 10), 20);
	greylist_db_free(db);
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(logged(&p, "does not work"), 1);
	assert_int_equal(logged(&p, "works again"), 1);
	place_remove(&p);
}

/* Somebody deletes the file under the running program. */
static void file_deleted(void **state)
{
	struct greylist_db *db;
	struct place p;

	(void)state;
	place_make(&p);
	db = open_at(p.path, 0);
	assert_int_equal(waits(db, net, from, T), 30);
	assert_int_equal(unlink(p.path), 0);
	for (unsigned i = 0; i < 3; i++)
		greylist_db_visit(db, net, "b@example.com", T + i);
	assert_int_equal(waits(db, net, "b@example.com", T + 40), 0);
	assert_int_equal(waits(db, net, "b@example.com", T + 41), 0);
	greylist_db_free(db);
	place_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_client),
		cmocka_unit_test(lifetimes),
		cmocka_unit_test(clock_set_back),
		cmocka_unit_test(no_delay),
		cmocka_unit_test(remembers),
		cmocka_unit_test(expired_rows_go),
		cmocka_unit_test(rows_have_a_ceiling),
		cmocka_unit_test(no_database_is_moved_aside),
		cmocka_unit_test(other_schemas),
		cmocka_unit_test(damaged_pages),
		cmocka_unit_test(not_openable),
		cmocka_unit_test(a_folder_in_its_place),
		cmocka_unit_test(disk_full),
		cmocka_unit_test(read_only),
		cmocka_unit_test(file_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
