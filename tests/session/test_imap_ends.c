/* Sessions that end at the worst moment: a client believes every byte up to the
 * last, so what is said in the middle of a response is taken for a part of it. */
#include "imap_world.h"

enum { LARGE = 700000 };

static void drop_file(struct world *w, unsigned lines)
{
	char *path = mem_printf("%s/Maildir/new/1.a.h", w->dir);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs("Subject: x\n\n", file);
	for (unsigned i = 0; i < lines; i++)
		fputs("123456789\n", file);
	assert_int_equal(fclose(file), 0);
	free(path);
}

/* Up to a moment in the middle of the literal, with a job under way or not. */
static struct fake_conn *half_a_message(struct world *w, bool job)
{
	struct fake_conn *f = logged_in(w);

	expect(f, "s SELECT INBOX\r\n", "s OK");
	f->slow = true;
	fake_conn_feed(f, SLICE("a FETCH 1 BODY.PEEK[]\r\n"));
	while (f->output.len < 200000)
		loop_turn(w->loop, 5);
	for (unsigned i = 0; i < 5; i++)
		loop_turn(w->loop, 1);
	if (job)
		fake_conn_drain(f);
	return f;
}

static void ends_without_a_word(struct world *w, struct fake_conn *f)
{
	size_t len = f->output.len;

	for (unsigned i = 0; i < 100 && !f->closed; i++) {
		fake_conn_drain(f);
		loop_turn(w->loop, 5);
	}
	assert_true(f->closed);
	assert_true(f->output.len >= len && f->output.len < LARGE);
	assert_null(memmem(f->output.data, f->output.len, "BYE", 3));
	fake_conn_free(f);
}

static void nothing_in_a_literal(void **state)
{
	struct world *w = *state;

	drop_file(w, LARGE / 10);
	for (int job = 0; job < 2; job++) {
		struct fake_conn *f = half_a_message(w, job);

		fake_conn_idle(f);
		ends_without_a_word(w, f);
		f = half_a_message(w, job);
		fake_conn_shutdown(f);
		ends_without_a_word(w, f);
	}
}

/* Between two messages there is room for it, and no reason to show them all. */
static void shutdown_between_messages(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = logged_in(w);

	for (unsigned i = 0; i < 5; i++)
		expect(f, "a APPEND INBOX {3+}\r\nabc\r\n", "a OK");
	expect(f, "s SELECT INBOX\r\n", "s OK");
	fake_conn_feed(f, SLICE("a FETCH 1:* (FLAGS)\r\n"));
	assert_true(f->paused);
	fake_conn_shutdown(f);
	fake_conn_settle(f);
	has(fake_conn_take(f), "* BYE The server is shutting down\r\n");
	assert_true(f->closed);
	fake_conn_free(f);
}

/* More numbers than are written at once. */
static void nothing_in_a_search(void **state)
{
	enum { MESSAGES = 9000 };
	struct world *w = *state;
	struct fake_conn *f = logged_in(w);
	char *first = mem_printf("%s/Maildir/new/1.a.h", w->dir);

	drop_file(w, 1);
	for (unsigned i = 2; i <= MESSAGES; i++) {
		char *path = mem_printf("%s/Maildir/new/%u.a.h", w->dir, i);

		assert_int_equal(link(first, path), 0);
		free(path);
	}
	expect(f, "s SELECT INBOX\r\n", "s OK");
	f->slow = true;
	fake_conn_say(f, "a FETCH 1:4300 (UID)\r\n");
	fake_conn_feed(f, SLICE("a SEARCH ALL\r\n"));
	while (!memmem(f->output.data, f->output.len, "* SEARCH 1 2 ", 13))
		loop_turn(w->loop, 5);
	assert_null(memmem(f->output.data, f->output.len, " 8999 9000", 10));
	fake_conn_shutdown(f);
	assert_true(f->finished);
	assert_null(memmem(f->output.data, f->output.len, "BYE", 3));
	free(first);
	fake_conn_free(f);
}

/* An APPEND that has made the spool busy is not a change yet. */
static void shutdown_in_an_upload(void **state)
{
	struct fake_conn *f = logged_in(*state);
	char *bytes = mem_alloc(LARGE);

	memset(bytes, 'x', LARGE - 1);
	fake_conn_feed(f, SLICE("a APPEND INBOX {900000+}\r\n"));
	fake_conn_settle(f);
	fake_conn_feed(f, slice_of(bytes));
	assert_true(f->paused);
	fake_conn_shutdown(f);
	fake_conn_settle(f);
	assert_string_equal(fake_conn_take(f), "* BYE The server is shutting down\r\n");
	assert_true(f->closed);
	free(bytes);
	fake_conn_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(nothing_in_a_literal),
		WORLD(shutdown_between_messages),
		WORLD(nothing_in_a_search),
		WORLD(shutdown_in_an_upload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
