/*
 * The promise that the store is about: whatever call is the last one before the
 * process is killed, and whichever call fails, nothing that was acknowledged is
 * lost, torn or doubled, and a UID means the same message afterwards.
 *
 * A child does one thing to a small Maildir and is killed at its first call that
 * changes the disk, then another one at its second, and so on to the last.
 */
#include "store_fixture.h"

#include <sys/wait.h>

#include "../../src/store/mailbox_private.h"
#include "../support/faults.h"
#include "base/buf.h"

enum { BIG = 600 * 1024 };

static char work[256], template[300], place[300];
static char *big;

/* ---- What is done ---- */

static enum store_status deliver(struct fixture *f)
{
	const struct spool_commit c = { .folder = "INBOX" };

	return fixture_deliver_to(f, "Subject: fresh\n\nx\n", &c);
}

static enum store_status deliver_big(struct fixture *f)
{
	const struct spool_commit c = { .folder = "INBOX" };

	return fixture_deliver_to(f, big, &c);
}

static enum store_status append(struct fixture *f)
{
	const char *const words[] = { "urgent", "$Label1" };
	const struct spool_commit c = { .folder = "Work", .flags = MESSAGE_SEEN,
					.keywords = words, .keyword_count = 2, .want_uid = true };

	return fixture_deliver_to(f, "Subject: fresh\n\nx\n", &c);
}

static void set_all(struct uid_set *all)
{
	uid_set_init(all);
	uid_set_add(all, 1, 3);
}

static enum store_status change_flags(struct fixture *f)
{
	const char *const words[] = { "urgent" };
	const struct flag_edit edit = { .change = FLAGS_ADD, .flags = MESSAGE_FLAGGED,
					.keywords = words, .keyword_count = 1 };
	struct uid_set all;

	set_all(&all);
	mailbox_edit_flags(f->opened, &all, &edit, fixture_flagged, f);
	uid_set_release(&all);
	fixture_wait(f);
	return f->st;
}

static enum store_status copy_to(struct fixture *f, bool move)
{
	struct uid_set all;

	set_all(&all);
	mailbox_copy(f->opened, &all, "Work", move, fixture_copied, f);
	uid_set_release(&all);
	fixture_wait(f);
	return f->st == STORE_OK && f->copy_count != 3 ? STORE_GONE : f->st;
}

static enum store_status copy(struct fixture *f)
{
	return copy_to(f, false);
}

static enum store_status move(struct fixture *f)
{
	return copy_to(f, true);
}

static enum store_status expunge(struct fixture *f)
{
	mailbox_expunge(f->opened, NULL, fixture_done, f);
	fixture_wait(f);
	return f->st;
}

static enum store_status rename_folder(struct fixture *f)
{
	store_rename(f->store, "Work", "Done", fixture_done, f);
	fixture_wait(f);
	return f->st;
}

static enum store_status delete_folder(struct fixture *f)
{
	store_delete(f->store, "Work", fixture_done, f);
	fixture_wait(f);
	return f->st;
}

static enum store_status create_folder(struct fixture *f)
{
	store_create(f->store, "Fresh", fixture_done, f);
	fixture_wait(f);
	return f->st;
}

static enum store_status subscribe(struct fixture *f)
{
	store_subscribe(f->store, "Work", true, fixture_done, f);
	fixture_wait(f);
	return f->st;
}

static void grouped(void *owner, enum store_status st, const struct spool_group_result *r)
{
	(void)r;
	fixture_done(owner, st);
}

static enum store_status add_to(struct fixture *f, struct spool_group *g, const char *text,
				const char *const *words)
{
	struct spool *sp = spool_new(f->store, fixture_room, f);
	const struct spool_commit c = { .folder = "Work", .group = g, .keywords = words,
					.keyword_count = words ? 1 : 0 };

	spool_add(sp, slice_of(text));
	spool_commit(sp, &c, fixture_committed, f);
	fixture_wait(f);
	return f->st;
}

static enum store_status finish(struct fixture *f, struct spool_group *g, enum store_status st)
{
	if (st != STORE_OK) {
		spool_group_abandon(g);
		for (int i = 0; i < 20; i++)
			loop_turn(f->loop, 5);
		return st;
	}
	spool_group_commit(g, grouped, f);
	fixture_wait(f);
	return f->st;
}

/* Some in new/, some in cur/. */
static enum store_status append_three(struct fixture *f)
{
	const char *const words[] = { "urgent" };
	struct spool_group *g = spool_group_new(f->store, "Work");
	enum store_status st = add_to(f, g, "Subject: fresh\n\nx\n", NULL);

	if (st == STORE_OK)
		st = add_to(f, g, "Subject: fresh\n\nxx\n", words);
	if (st == STORE_OK)
		st = add_to(f, g, "Subject: fresh\n\nxxx\n", NULL);
	return finish(f, g, st);
}

/* The new one has the old one's subject, so that one of them is always there. */
static enum store_status replace(struct fixture *f)
{
	struct spool_group *g = spool_group_new(f->store, "Work");

	spool_group_replaces(g, f->opened, 2);
	return finish(f, g, add_to(f, g, "Subject: two\n\nnew\n", NULL));
}

/* What must hold: how often each subject is in all folders together. */
struct action {
	const char *name;
	enum store_status (*run)(struct fixture *f);
	const char *subject;             /* the one that is counted */
	unsigned before, after;          /* how many there are, and are when it is done */
	bool leaves;                     /* what was removed may lie in tmp/ until later */
	bool both;                       /* killed half-way it may be there twice */
};

static const struct action actions[] = {
	{ "deliver", deliver, "fresh", 0, 1, false, false },
	{ "deliver a big one", deliver_big, "big", 0, 1, false, false },
	{ "append", append, "fresh", 0, 1, false, false },
	{ "append three", append_three, "fresh", 0, 3, false, false },
	{ "replace", replace, "two", 1, 1, false, true },
	{ "store", change_flags, "one", 1, 1, false, false },
	{ "copy", copy, "one", 1, 2, false, false },
	{ "move", move, "one", 1, 1, false, false },
	{ "expunge", expunge, "two", 1, 0, false, false },
	{ "rename", rename_folder, "work", 1, 1, false, false },
	{ "delete", delete_folder, "work", 1, 0, true, false },
	{ "create", create_folder, "one", 1, 1, false, false },
	{ "subscribe", subscribe, "one", 1, 1, false, false },
};
enum { ACTIONS = sizeof(actions) / sizeof(actions[0]) };

/* ---- What is there ---- */

struct seen {
	char folder[40], subject[20];
	uint32_t validity, uid;
	unsigned flags;
	bool torn;
};

struct census {
	struct seen all[64];
	size_t count;
};

static void read_message(const struct mailbox *m, const struct record *r, struct seen *seen)
{
	struct path path;
	FILE *file;
	long size;

	path_message(&path, m->path, (enum place)r->place,
		     snapshot_file(mailbox_newest(m), r));
	file = fopen(path.at, "r");
	if (!file || fscanf(file, "Subject: %19s", seen->subject) != 1)
		seen->torn = true;
	if (!file)
		return;
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	fclose(file);
	if (strcmp(seen->subject, "big") == 0)
		seen->torn = size != (long)strlen(big);
	else
		seen->torn = seen->torn || size < 12;
}

static void look_into(struct fixture *f, const char *folder, struct census *c)
{
	const struct snapshot *s;

	mailbox_open(f->store, folder, false, fixture_opened, f);
	fixture_wait(f);
	if (f->st == STORE_NO_FOLDER)
		return;
	assert_int_equal(f->st, STORE_OK);
	s = mailbox_newest(f->opened);
	for (uint32_t seq = 1; seq <= snapshot_count(s); seq++) {
		const struct record *r = snapshot_record(s, seq);
		struct seen *seen = &c->all[c->count++];

		assert_true(c->count < 64);
		memset(seen, 0, sizeof(*seen));
		snprintf(seen->folder, sizeof(seen->folder), "%s", folder);
		seen->validity = snapshot_uid_validity(s);
		seen->uid = r->uid;
		seen->flags = r->flags;
		read_message(f->opened, r, seen);
	}
	mailbox_release(f->opened);
}

static void take_census(struct fixture *f, struct census *c)
{
	static const char *const folders[] = { "INBOX", "Work", "Work/Below", "Done",
					       "Done/Below", "Fresh", "Archive" };

	c->count = 0;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		look_into(f, folders[i], c);
}

static unsigned count_of(const struct census *c, const char *subject)
{
	unsigned count = 0;

	for (size_t i = 0; i < c->count; i++)
		count += strcmp(c->all[i].subject, subject) == 0;
	return count;
}

/* A UID in a folder of the same UIDVALIDITY is the message it was. */
static void check_uids(const struct census *before, const struct census *now)
{
	for (size_t i = 0; i < before->count; i++) {
		for (size_t j = 0; j < now->count; j++) {
			if (before->all[i].validity == now->all[j].validity &&
			    before->all[i].uid == now->all[j].uid)
				assert_string_equal(before->all[i].subject, now->all[j].subject);
		}
	}
	for (size_t j = 0; j < now->count; j++)
		assert_false(now->all[j].torn);
}

/* ---- The Maildir of every round ---- */

static void use(const char *where, struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	snprintf(f->maildir, sizeof(f->maildir), "%s/Maildir", where);
	snprintf(f->index, sizeof(f->index), "%s/index.db", where);
	f->options.message_max = 10 * 1024 * 1024;
	uid_set_init(&f->refused);
	f->slices = true;
	fixture_open(f);
}

static void leave(struct fixture *f)
{
	uid_set_release(&f->refused);
	fixture_close(f);
}

static void run(const char *command, const char *a, const char *b)
{
	char *line = mem_printf("%s %s %s", command, a, b);

	assert_int_equal(system(line), 0);
	free(line);
}

static int make_template(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct fixture f;

	(void)state;
	/* Nothing here depends on a disk, and in memory a sync costs nothing. */
	if (access("/dev/shm", W_OK) == 0)
		tmp = "/dev/shm";
	snprintf(work, sizeof(work), "%s/store-crash-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(work));
	snprintf(template, sizeof(template), "%s/template", work);
	snprintf(place, sizeof(place), "%s/place", work);
	big = mem_alloc(BIG + 1);
	memset(big, 'x', BIG);
	for (size_t i = 79; i < BIG; i += 80)
		big[i] = '\n';
	memcpy(big, "Subject: big\n\n", 14);
	use(template, &f);
	store_create(f.store, "Work", fixture_done, &f);
	fixture_wait(&f);
	store_create(f.store, "Work/Below", fixture_done, &f);
	fixture_wait(&f);
	fixture_deliver(&f, "INBOX", "Subject: one\n\nx\n", MESSAGE_SEEN);
	fixture_deliver(&f, "INBOX", "Subject: two\n\nx\n", MESSAGE_DELETED);
	fixture_deliver(&f, "INBOX", "Subject: three\n\nx\n", 0);
	fixture_deliver(&f, "Work", "Subject: work\n\nx\n", 0);
	fixture_deliver(&f, "Work/Below", "Subject: below\n\nx\n", 0);
	leave(&f);
	return 0;
}

static int drop_template(void **state)
{
	(void)state;
	nftw(work, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
	free(big);
	return 0;
}

static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	int count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count - 2;
}

static int tmp_files(const struct fixture *f)
{
	static const char *const folders[] = { "tmp", ".Work/tmp", ".Done/tmp", ".Fresh/tmp" };
	int count = 0;

	for (size_t i = 0; i < 4; i++) {
		char *path = fixture_path(f, folders[i]);

		if (access(path, F_OK) == 0)
			count += count_entries(path);
		free(path);
	}
	return count;
}

/* ---- A round ---- */

struct report {
	uint8_t st, calls, st_again, left;       /* calls: at most 255 */
	int8_t leaked;
};

/* In the child. */
static void act(const struct action *a, enum fault_mode mode, int at, int err, int out)
{
	struct report r = { 0, 0, 0, 0, 0 };
	struct fixture f;
	int fds;

	alarm(120);
	use(place, &f);
	mailbox_open(f.store, "INBOX", false, fixture_opened, &f);
	fixture_wait(&f);
	fds = count_entries("/proc/self/fd");
	faults_set(mode, mode == FAULT_SHORT ? FAULT_WRITE : FAULT_CHANGES, at, err);
	r.st = (uint8_t)a->run(&f);
	r.calls = (uint8_t)faults_off();
	/* Whatever is still done behind the answer is done. */
	fixture_refresh(&f, f.opened);
	r.left = (uint8_t)tmp_files(&f);
	r.leaked = (int8_t)(count_entries("/proc/self/fd") - fds);
	if (mode == FAULT_ERROR && r.st != STORE_OK)
		r.st_again = (uint8_t)a->run(&f);
	if (write(out, &r, sizeof(r)) != sizeof(r))
		_exit(1);
	mailbox_release(f.opened);
	leave(&f);
	_exit(0);
}

/* False: it was killed before it could say. */
static bool in_child(const struct action *a, enum fault_mode mode, int at, int err,
		     struct report *r)
{
	int ends[2], status;
	pid_t child;
	bool told;

	run("rm -rf", place, "");
	run("cp -a", template, place);
	assert_int_equal(pipe(ends), 0);
	fflush(stdout);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		act(a, mode, at, err, ends[1]);
	close(ends[1]);
	memset(r, 0, sizeof(*r));
	told = read(ends[0], r, sizeof(*r)) == sizeof(*r);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 99));
	assert_true(told || WEXITSTATUS(status) == 99);
	return told;
}

static void census_of(const char *where, struct census *c)
{
	struct fixture f;

	use(where, &f);
	take_census(&f, c);
	leave(&f);
}

static void check_after(const struct action *a, bool done, const struct census *before)
{
	struct census now, later;
	unsigned count;

	census_of(place, &now);
	check_uids(before, &now);
	count = count_of(&now, a->subject);
	if (done)
		assert_int_equal(count, a->after);
	else
		assert_true(count == a->before || count == a->after || (a->both && count == 2));
	/* What nobody touched is there. */
	assert_true(count_of(&now, "below") == 1);
	assert_true(count_of(&now, "three") >= 1);
	if (strcmp(a->subject, "work") != 0)
		assert_int_equal(count_of(&now, "work"), 1);
	/* And so it stays. */
	census_of(place, &later);
	assert_int_equal(now.count, later.count);
	assert_memory_equal(now.all, later.all, now.count * sizeof(now.all[0]));
}

static void test_killed_at_every_call(void **state)
{
	struct census before;

	(void)state;
	census_of(template, &before);
	assert_int_equal(before.count, 5);
	for (size_t i = 0; i < ACTIONS; i++) {
		struct report r;
		int at = 0;
		bool told;

		do {
			told = in_child(&actions[i], FAULT_CRASH, ++at, 0, &r);
			if (told)
				assert_int_equal(r.st, STORE_OK);
			check_after(&actions[i], told, &before);
		} while (at <= 250 && (!told || r.calls >= at));
		print_message("%s: killed at %d calls\n", actions[i].name, at - 1);
	}
}

static void check_failed(const struct action *a, const struct report *r,
			 const struct census *before, int at, int err)
{
	struct census now;

	if (r->leaked || (r->left && !a->leaves) || (r->st && r->st_again))
		fail_msg("%s, call %d, errno %d: status %u, again %u, left in tmp/ %u, descriptors %d",
			 a->name, at, err, r->st, r->st_again, r->left, r->leaked);
	census_of(place, &now);
	check_uids(before, &now);
	/* It was done, at once or the second time. */
	assert_int_equal(count_of(&now, a->subject), a->after);
}

/* Each call fails once: it is said, nothing is left, and the next time it works. */
static void every_error(enum fault_mode mode, int err)
{
	struct census before;

	census_of(template, &before);
	for (size_t i = 0; i < ACTIONS; i++) {
		struct report r;
		int at = 0;

		do {
			assert_true(in_child(&actions[i], mode, ++at, err, &r));
			check_failed(&actions[i], &r, &before, at, err);
		} while (at <= 250 && r.calls >= at);
	}
}

static void test_errors(void **state)
{
	(void)state;
	every_error(FAULT_ERROR, EIO);
	every_error(FAULT_ERROR, ENOSPC);
	every_error(FAULT_ERROR, EMFILE);
}

static void test_short_writes(void **state)
{
	(void)state;
	every_error(FAULT_SHORT, 0);
}

static void start_for_the_first_time(int at)
{
	struct fixture f;

	alarm(120);
	faults_set(at ? FAULT_CRASH : FAULT_COUNT, FAULT_CHANGES, at, 0);
	use(place, &f);
	faults_off();
	leave(&f);
	_exit(0);
}

/* Whatever ended the first start, the next one has every folder. */
static void test_first_start(void **state)
{
	static const char all[] = "INBOX:1 Archive:81 Drafts:9 Junk:41 Sent:11 Trash:21";
	int status;

	(void)state;
	for (int at = 1; at <= 250; at++) {
		struct fixture f;
		pid_t child;

		run("rm -rf", place, "");
		child = fork();
		if (child == 0)
			start_for_the_first_time(at);
		assert_int_equal(waitpid(child, &status, 0), child);
		use(place, &f);
		assert_string_equal(fixture_list(&f), all);
		leave(&f);
		if (WEXITSTATUS(status) == 0)
			return;
	}
	fail();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_start),
		cmocka_unit_test(test_killed_at_every_call),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_short_writes),
	};

	return cmocka_run_group_tests(tests, make_template, drop_template);
}
