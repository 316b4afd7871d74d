/* INPROGRESS (RFC 9585): lanes are held up by jobs that wait, and the time between
 * two notices is a millisecond. */
#include <pthread.h>

#include "search_world.h"

#include "base/list.h"

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t opened;
	bool open;
	unsigned inside;                 /* loop thread */
};

struct waiting {
	struct job job;
	struct gate *gate;
};

static void wait_for(struct job *job)
{
	struct gate *g = container_of(job, struct waiting, job)->gate;

	pthread_mutex_lock(&g->lock);
	while (!g->open)
		pthread_cond_wait(&g->opened, &g->lock);
	pthread_mutex_unlock(&g->lock);
}

static void through(struct job *job)
{
	struct waiting *w = container_of(job, struct waiting, job);

	w->gate->inside--;
	free(w);
}

static void hold(struct lane *lane, struct gate *g, unsigned threads)
{
	*g = (struct gate){ PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false,
			    threads };
	for (unsigned i = 0; i < threads; i++) {
		struct waiting *w = mem_alloc(sizeof(*w));

		w->job.work = wait_for;
		w->job.done = through;
		w->gate = g;
		assert_true(lane_submit(lane, &w->job));
	}
}

static void let_go(struct world *w, struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	g->open = true;
	pthread_cond_broadcast(&g->opened);
	pthread_mutex_unlock(&g->lock);
	while (g->inside)
		loop_turn(w->loop, 10);
}

/* How long it is until nothing would have come is counted in turns. */
static void turns(struct world *w, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		loop_turn(w->loop, 2);
}

static void search_tells_how_far(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_21(w);
	struct gate g;

	w->server.progress_ms = 1;
	hold(w->readers, &g, 2);
	fake_conn_feed(f, SLICE("A001 SEARCH TEXT letter\r\n"));
	await(w, f, "* OK [INPROGRESS (\"A001\" 0 21)] ");
	await(w, f, "* OK [INPROGRESS (\"A001\" 0 21)] ");
	let_go(w, &g);
	await(w, f, "A001 OK SEARCH completed\r\n");
	turns(w, 10);
	assert_string_equal(fake_conn_take(f), "");
	fake_conn_free(f);
}

/* RFC 9585 4: NIL for what is not known, and for a tag with a bracket. */
static void others_tell_that_they_work(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_21(w);
	struct gate g;

	w->server.progress_ms = 1;
	hold(w->mail, &g, 1);
	fake_conn_feed(f, SLICE("A002 COPY 1:* Archive\r\n"));
	await(w, f, "* OK [INPROGRESS (\"A002\" NIL NIL)] ");
	let_go(w, &g);
	await(w, f, "A002 OK");
	hold(w->mail, &g, 1);
	fake_conn_feed(f, SLICE("A]3 CREATE new\r\n"));
	await(w, f, "* OK [INPROGRESS (NIL NIL NIL)] ");
	let_go(w, &g);
	await(w, f, "A]3 OK [MAILBOXID (F");
	fake_conn_free(f);
}

/* A literal is not interrupted. */
static void not_within_a_response(void **state)
{
	enum { SIZE = 900 * 1024 };
	struct world *w = *state;
	struct fake_conn *f = logged_in(w);
	char *text = mem_alloc(SIZE), *head;
	const char *begin;
	struct gate g;

	memset(text, 'x', SIZE);
	head = mem_printf("a APPEND INBOX {%u+}\r\n", (unsigned)SIZE);
	for (size_t i = 99; i < SIZE; i += 100)
		memcpy(text + i - 1, "\r\n", 2);
	fake_conn_feed(f, slice_of(head));
	fake_conn_feed(f, slice_make(text, SIZE));
	expect(f, "\r\n", "a OK");
	expect(f, "a SELECT INBOX\r\n", "a OK");
	w->server.progress_ms = 1;
	f->slow = true;
	fake_conn_feed(f, SLICE("a FETCH 1 BODY.PEEK[]\r\n"));
	await(w, f, "BODY[] {");
	hold(w->readers, &g, 2);
	fake_conn_drain(f);
	turns(w, 20);
	let_go(w, &g);
	f->slow = false;
	fake_conn_drain(f);
	await(w, f, "a OK FETCH");
	begin = memmem(f->output.data, f->output.len, "* 1 FETCH", 9);
	assert_non_null(begin);
	assert_null(memmem(begin, f->output.len - (size_t)(begin - f->output.data),
			   "INPROGRESS", 10));
	free(text);
	free(head);
	fake_conn_free(f);
}

static void not_when_switched_off(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_21(w);
	struct gate g;

	w->server.progress_ms = 1;
	turn_off(w, "INPROGRESS");
	hold(w->readers, &g, 2);
	fake_conn_feed(f, SLICE("a SEARCH TEXT letter\r\n"));
	turns(w, 20);
	assert_string_equal(fake_conn_take(f), "");
	let_go(w, &g);
	await(w, f, "a OK SEARCH");
	turn_all_on(w);
	fake_conn_free(f);
}

static void session_dies_meanwhile(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_21(w);
	struct gate g;

	w->server.progress_ms = 1;
	hold(w->readers, &g, 2);
	fake_conn_feed(f, SLICE("a SEARCH TEXT letter\r\n"));
	await(w, f, "INPROGRESS");
	fake_conn_break(f);
	fake_conn_free(f);
	turns(w, 5);
	let_go(w, &g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(search_tells_how_far),
		WORLD(others_tell_that_they_work),
		WORLD(not_within_a_response),
		WORLD(not_when_switched_off),
		WORLD(session_dies_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
