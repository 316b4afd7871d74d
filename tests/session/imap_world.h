#ifndef IMAP_WORLD_H
#define IMAP_WORLD_H

/*
 * What an IMAP session needs around it: a loop, lanes, a store in a temporary
 * folder and the one user, "admin" with "secret".  A connection is a fake one.
 * Lines of static functions, because a session test is linked with the archive
 * and nothing else.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "imap/imap.h"
#include "net/lane.h"
#include "net/loop.h"
#include "store/spool.h"
#include "store/store.h"

#include "../support/fake_conn.h"

#define UNUSED __attribute__((unused))

struct world {
	char dir[200];
	struct loop *loop;
	struct lane *mail, *writers, *readers;
	struct store *store;
	struct auth *auth;
	struct imap_server server;
};

static UNUSED int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static UNUSED struct world *world_new(void)
{
	const char *tmp = getenv("TMPDIR");
	struct world *w = mem_alloc(sizeof(*w));
	char error[256] = "", *maildir, *index;

	log_setup(false, LEVEL_ERROR);
	snprintf(w->dir, sizeof(w->dir), "%s/imap.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(w->dir));
	maildir = mem_printf("%s/Maildir", w->dir);
	index = mem_printf("%s/index.db", w->dir);
	w->loop = loop_new();
	w->mail = lane_new(w->loop, "mail", 1, 1000);
	w->writers = lane_new(w->loop, "writers", 2, 1000);
	w->readers = lane_new(w->loop, "readers", 2, 1000);
	w->store = store_open(&(struct store_options){
		.loop = w->loop, .mail = w->mail, .writers = w->writers, .readers = w->readers,
		.maildir = maildir, .index_path = index, .message_max = 1 << 20,
	}, error, sizeof(error));
	if (!w->store)
		fail_msg("%s", error);
	w->auth = auth_new(&(struct auth_options){
		.loop = w->loop, .lane = w->readers, .user = "admin",
		.domain = "example.org", .password = "secret",
	});
	w->server = (struct imap_server){
		.store = w->store, .auth = w->auth, .hostname = "mx.example.org",
		.append_max = 1 << 20, .log_protocol = true,
		.admin = "mailto:postmaster@example.org",
	};
	free(maildir);
	free(index);
	return w;
}

static UNUSED void world_free(struct world *w)
{
	auth_free(w->auth);
	/* As the daemon does: readers and writers feed the mail lane. */
	lane_free(w->readers);
	lane_free(w->writers);
	lane_free(w->mail);
	store_close(w->store);
	loop_free(w->loop);
	nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(w);
}

static UNUSED int world_setup(void **state)
{
	*state = world_new();
	return 0;
}

static UNUSED int world_teardown(void **state)
{
	world_free(*state);
	return 0;
}

/* A test with a world of its own. */
#define WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

/* A connection that has been greeted, in the clear or not. */
static UNUSED struct fake_conn *client(struct world *w, bool secure)
{
	struct fake_conn *f = fake_conn_new(&imap_protocol, &w->server, w->loop);

	f->secure = secure;
	fake_conn_open(f);
	fake_conn_take(f);
	return f;
}

static UNUSED struct fake_conn *logged_in(struct world *w)
{
	struct fake_conn *f = client(w, true);
	const char *said = fake_conn_say(f, "in LOGIN admin secret\r\n");

	if (strncmp(said, "in OK", 5) != 0)
		fail_msg("login: %s", said);
	return f;
}

/* The answer ends with the line that starts so. */
static UNUSED const char *expect(struct fake_conn *f, const char *command, const char *status)
{
	const char *said = fake_conn_say(f, command), *last = said;

	for (const char *p = said; *p; p++)
		if (p[0] == '\n' && p[1])
			last = p + 1;
	if (strncmp(last, status, strlen(status)) != 0)
		fail_msg("%s gave\n%s not %s", command, said, status);
	return said;
}

static UNUSED void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in\n%s", part, text);
}

static UNUSED void has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" in\n%s", part, text);
}

static UNUSED const char *log_of(struct fake_conn *f)
{
	buf_add_byte(&f->log, '\0');
	f->log.len--;
	return f->log.data;
}

/* Turns the loop until the connection has said `part`, or 5 s are over. */
static UNUSED void await(struct world *w, struct fake_conn *f, const char *part)
{
	uint64_t end = clock_mono_ms() + 5000;
	struct buf heard;

	buf_init(&heard, 1 << 20);
	for (;;) {
		buf_add_text(&heard, fake_conn_take(f));
		buf_add_byte(&heard, '\0');
		heard.len--;
		if (strstr(heard.data, part))
			break;
		if (clock_mono_ms() > end)
			fail_msg("waited for \"%s\", heard\n%s", part, heard.data);
		loop_turn(w->loop, 50);
	}
	buf_release(&heard);
}

/* IMAP_DISABLE_CAPABILITIES, one more of them. */
static UNUSED void turn_off(struct world *w, const char *name)
{
	assert_true(imap_caps_add(&w->server.off, slice_of(name)));
}

static UNUSED void turn_all_on(struct world *w)
{
	w->server.off = (struct imap_caps){ { 0 } };
}

/* Numbers that differ from run to run (UIDVALIDITY, MAILBOXID) become 0, in place. */
static UNUSED void blur_behind(char *text, const char *word)
{
	for (char *p = text; (p = strstr(p, word)) != NULL;) {
		size_t digits;

		p += strlen(word);
		digits = strspn(p, "0123456789");
		if (!digits)
			continue;
		memmove(p + 1, p + digits, strlen(p + digits) + 1);
		*p = '0';
	}
}

static UNUSED void blur(char *text)
{
	blur_behind(text, "[UIDVALIDITY ");
	blur_behind(text, "[APPENDUID ");
	blur_behind(text, "[COPYUID ");
	blur_behind(text, "[MAILBOXID (F");
}

/* The whole answer. */
static UNUSED void says(struct fake_conn *f, const char *command, const char *answer)
{
	const char *said = fake_conn_say(f, command);

	if (strcmp(said, answer) != 0)
		fail_msg("%s gave\n%snot\n%s", command, said, answer);
}

/* A session that is logged in says the script in every cut; its answers are these, with
 * blurred numbers. */
struct split { struct world *w; const char *answer; };

static UNUSED struct fake_conn *split_session(void *arg)
{
	return logged_in(((struct split *)arg)->w);
}

static UNUSED void split_check(struct fake_conn *f, void *arg)
{
	char *said = mem_string(fake_conn_take(f));

	blur(said);
	assert_string_equal(said, ((struct split *)arg)->answer);
	free(said);
}

static UNUSED void says_in_every_split(struct world *w, const char *script, const char *answer)
{
	struct split split = { w, answer };

	fake_conn_every_split(split_session, split_check, &split, slice_of(script));
}

#endif
