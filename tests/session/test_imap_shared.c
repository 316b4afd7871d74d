/* Several sessions on one mailbox: who is told what, and when. */
#include "imap_world.h"

static void append(struct fake_conn *f, const char *folder)
{
	char *command = mem_printf("ap APPEND %s {3+}\r\nabc\r\n", folder);

	expect(f, command, "ap OK [APPENDUID ");
	free(command);
}

struct pair {
	struct world *w;
	struct fake_conn *a, *b;
};

/* Two sessions with the folder selected, the first of them first. */
static struct pair two_in(struct world *w, const char *folder, unsigned messages)
{
	struct pair p = { .w = w, .a = logged_in(w), .b = logged_in(w) };
	char *create = mem_printf("x CREATE %s\r\n", folder);
	char *select = mem_printf("x SELECT %s\r\n", folder);

	expect(p.a, create, "x OK");
	for (unsigned i = 0; i < messages; i++)
		append(p.a, folder);
	expect(p.a, select, "x OK");
	expect(p.b, select, "x OK");
	free(create);
	free(select);
	return p;
}

static void pair_end(struct pair *p)
{
	fake_conn_free(p->a);
	fake_conn_free(p->b);
}

/* A delivery, as SMTP does it. */
struct delivery { bool done; enum store_status st; };

static void delivered(void *owner, enum store_status st, const struct spool_result *r)
{
	struct delivery *d = owner;

	(void)r;
	d->done = true;
	d->st = st;
}

static void no_room(void *owner)
{
	(void)owner;
}

static void deliver(struct world *w, const char *folder)
{
	struct delivery d = { 0 };
	struct spool *sp = spool_new(w->store, no_room, &d);

	spool_add(sp, SLICE("Subject: x\n\nhello\n"));
	spool_commit(sp, &(struct spool_commit){ .folder = folder }, delivered, &d);
	while (!d.done)
		loop_turn(w->loop, 50);
	assert_int_equal(d.st, STORE_OK);
}

/* RFC 3501 2.3.2: the first session to be told has it, and no other. */
static void recent(void **state)
{
	struct pair p = two_in(*state, "recent", 2);
	struct fake_conn *c;

	has(expect(p.a, "a FETCH 1 FLAGS\r\n", "a OK"), "(FLAGS (\\Recent))");
	has(expect(p.b, "a FETCH 1 FLAGS\r\n", "a OK"), "(FLAGS ())");
	append(p.b, "recent");
	has(expect(p.a, "a NOOP\r\n", "a OK"), "* 3 EXISTS\r\n");
	expect(p.a, "a STORE 3 +FLAGS.SILENT \\Seen\r\n", "a OK");
	deliver(p.w, "recent");
	c = logged_in(p.w);
	/* EXAMINE shows it and takes it from nobody. */
	has(expect(c, "a EXAMINE recent\r\n", "a OK"), "* 1 RECENT\r\n");
	has(expect(c, "a EXAMINE recent\r\n", "a OK"), "* 1 RECENT\r\n");
	has(expect(p.b, "a NOOP\r\n", "a OK"), "* 4 EXISTS\r\n* 2 RECENT\r\n");
	has(expect(p.a, "a NOOP\r\n", "a OK"), "* 4 EXISTS\r\n* 2 RECENT\r\n");
	fake_conn_free(c);
	pair_end(&p);
}

static void flags_of_others(void **state)
{
	struct pair p = two_in(*state, "flags", 3);

	expect(p.b, "b STORE 2 +FLAGS (\\Seen $Work)\r\n", "b OK");
	assert_string_equal(fake_conn_say(p.a, "a NOOP\r\n"),
		"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Work)\r\n"
		"* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Work \\*)]"
		" Flags permitted\r\n"
		"* 2 FETCH (FLAGS (\\Seen \\Recent $Work))\r\na OK NOOP completed\r\n");
	assert_string_equal(fake_conn_say(p.a, "a NOOP\r\n"), "a OK NOOP completed\r\n");
	/* .SILENT hides what this session did, not what another did meanwhile. */
	expect(p.b, "b STORE 1,3 +FLAGS.SILENT \\Flagged\r\n", "b OK");
	assert_string_equal(fake_conn_say(p.a, "a STORE 1:2 +FLAGS.SILENT (\\Seen)\r\n"),
		"* 1 FETCH (FLAGS (\\Flagged \\Seen \\Recent))\r\n"
		"* 3 FETCH (FLAGS (\\Flagged \\Recent))\r\na OK STORE completed\r\n");
	pair_end(&p);
}

/* RFC 3501 7.4.1: numbers stay while a command counts by them. */
static void expunges_of_others(void **state)
{
	struct pair p = two_in(*state, "gone", 5);
	const char *said;

	expect(p.a, "a SELECT gone\r\n", "a OK");       /* nothing is \Recent any more */
	expect(p.b, "b STORE 2,4 +FLAGS.SILENT \\Deleted\r\n", "b OK");
	expect(p.b, "b EXPUNGE\r\n", "b OK");
	append(p.b, "gone");

	/* Additions are told at once, after all five; expunges are not. */
	said = expect(p.a, "a STORE 5 +FLAGS (\\Seen)\r\n", "a OK STORE completed");
	has(said, "* 6 EXISTS\r\n");
	has(said, "* 5 FETCH (FLAGS (\\Seen))\r\n");
	has_not(said, "EXPUNGE");
	said = expect(p.a, "a STORE 2 +FLAGS (\\Seen)\r\n", "a OK [EXPUNGEISSUED]");
	has_not(said, "* ");
	said = expect(p.a, "a SEARCH ALL\r\n", "a OK");
	has_not(said, "EXPUNGE\r\n");
	said = expect(p.a, "a FETCH 3 (UID)\r\n", "a OK");
	has(said, "* 3 FETCH (UID 3)");
	has_not(said, "EXPUNGE\r\n");
	assert_string_equal(fake_conn_say(p.a, "a NOOP\r\n"),
			    "* 2 EXPUNGE\r\n* 3 EXPUNGE\r\na OK NOOP completed\r\n");
	said = expect(p.a, "a FETCH 4 (UID)\r\n", "a OK");
	has(said, "* 4 FETCH (UID 6)");

	/* The UID forms do not count, so they may tell. */
	expect(p.b, "b STORE 1 +FLAGS.SILENT \\Deleted\r\n", "b OK");
	expect(p.b, "b EXPUNGE\r\n", "b OK");
	assert_string_equal(fake_conn_say(p.a, "a UID STORE 3 +FLAGS.SILENT \\Seen\r\n"),
			    "* 1 EXPUNGE\r\na OK UID STORE completed\r\n");
	pair_end(&p);
}

static void idle(void **state)
{
	struct pair p = two_in(*state, "idle", 2);
	uint64_t began;

	assert_string_equal(fake_conn_say(p.a, "a IDLE\r\n"), "+ idling\r\n");
	began = clock_mono_ms();
	deliver(p.w, "idle");
	await(p.w, p.a, "* 3 EXISTS\r\n");
	assert_true(clock_mono_ms() - began < 1000);
	expect(p.b, "b STORE 1 +FLAGS.SILENT \\Deleted\r\n", "b OK");
	await(p.w, p.a, "* 1 FETCH (FLAGS (\\Deleted");
	expect(p.b, "b EXPUNGE\r\n", "b OK");
	await(p.w, p.a, "* 1 EXPUNGE\r\n");
	assert_string_equal(fake_conn_say(p.a, "DONE\r\n"), "a OK IDLE terminated\r\n");

	/* Outside IDLE nothing is said until it is asked for. */
	deliver(p.w, "idle");
	began = clock_mono_ms();
	while (clock_mono_ms() - began < 100)
		loop_turn(p.w->loop, 10);
	assert_string_equal(fake_conn_take(p.a), "");
	/* What is known when it begins comes first. */
	has(fake_conn_say(p.a, "a IDLE\r\n"), "* 3 EXISTS\r\n");
	expect(p.a, "NOOP\r\n", "a BAD IDLE ends with DONE");
	expect(p.a, "b NOOP\r\n", "b OK");
	pair_end(&p);
}

/* A mail program that does not read is not written to. */
static void idle_unread(void **state)
{
	struct pair p = two_in(*state, "slow", 1);
	char *much = mem_alloc(3000);
	size_t before;

	p.a->slow = true;
	memset(much, 'y', 2990);
	while (!conn_full(fake_conn_conn(p.a))) {
		char *line = mem_printf("%s NOOP\r\n", much);

		fake_conn_say(p.a, line);
		free(line);
	}
	fake_conn_feed(p.a, SLICE("a IDLE\r\n"));
	fake_conn_drain(p.a);
	has(fake_conn_take(p.a), "+ idling\r\n");
	/* Full again. */
	for (int i = 0; !conn_full(fake_conn_conn(p.a)); i++) {
		conn_write(fake_conn_conn(p.a), SLICE("* OK Still here\r\n"));
		assert_true(i < 100000);
	}
	before = p.a->output.len;
	fake_conn_say(p.b, "b IDLE\r\n");
	deliver(p.w, "slow");
	await(p.w, p.b, "* 2 EXISTS\r\n");
	assert_int_equal(p.a->output.len, before);
	fake_conn_drain(p.a);
	has(fake_conn_take(p.a), "* 2 EXISTS\r\n");
	free(much);
	pair_end(&p);
}

/* RFC 2180 3.3 */
static void deleted_under_a_session(void **state)
{
	struct pair p = two_in(*state, "doomed", 1);

	expect(p.b, "b DELETE doomed\r\n", "b OK");
	await(p.w, p.a, "* BYE The selected mailbox was deleted or renamed\r\n");
	fake_conn_settle(p.a);
	fake_conn_run(p.a);
	assert_true(p.a->closed);
	assert_false(p.b->finished);
	pair_end(&p);
}

/* Connections that break at every step of a change leave nothing behind them. */
static void broken_off(void **state)
{
	static const char *const steps[] = {
		"a SELECT broken\r\n", "a APPEND broken {100+}\r\nabc", "a APPEND broken {3+}\r\nabc\r\n",
		"a STATUS broken (MESSAGES)\r\n", "a LIST \"\" *\r\n", "a CREATE broken2\r\n",
		"a APPEND broken {100}\r\n",
	};
	static const char *const selected[] = {
		"a STORE 1 +FLAGS \\Seen\r\n", "a COPY 1 broken\r\n", "a EXPUNGE\r\n", "a NOOP\r\n",
		"a FETCH 1 BODY[]\r\n", "a SEARCH TEXT x\r\n", "a IDLE\r\n", "a CLOSE\r\n",
	};
	struct world *w = *state;
	struct fake_conn *f = logged_in(w);

	expect(f, "a CREATE broken\r\n", "a OK");
	append(f, "broken");
	fake_conn_free(f);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		f = logged_in(w);
		fake_conn_feed(f, slice_of(steps[i]));
		fake_conn_break(f);
		fake_conn_free(f);
		loop_turn(w->loop, 10);
	}
	for (size_t i = 0; i < sizeof(selected) / sizeof(selected[0]); i++) {
		f = logged_in(w);
		expect(f, "s SELECT broken\r\n", "s OK");
		fake_conn_feed(f, slice_of(selected[i]));
		fake_conn_break(f);
		fake_conn_free(f);
		loop_turn(w->loop, 10);
	}
}

/* A change under way when the daemon ends is answered first. */
static void shutdown_in_a_change(void **state)
{
	struct pair p = two_in(*state, "ending", 1);
	const char *said;

	fake_conn_feed(p.a, SLICE("a STORE 1 +FLAGS.SILENT \\Seen\r\n"));
	assert_true(p.a->paused);
	fake_conn_shutdown(p.a);
	assert_false(p.a->finished);
	fake_conn_settle(p.a);
	said = fake_conn_take(p.a);
	assert_string_equal(said, "a OK STORE completed\r\n* BYE The server is shutting down\r\n");
	fake_conn_say(p.b, "b IDLE\r\n");
	fake_conn_shutdown(p.b);
	assert_string_equal(fake_conn_take(p.b), "* BYE The server is shutting down\r\n");
	pair_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recent),
		cmocka_unit_test(flags_of_others),
		cmocka_unit_test(expunges_of_others),
		cmocka_unit_test(idle),
		cmocka_unit_test(idle_unread),
		cmocka_unit_test(deleted_under_a_session),
		cmocka_unit_test(broken_off),
		cmocka_unit_test(shutdown_in_a_change),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
