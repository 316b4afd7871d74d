/* QRESYNC (RFC 7162 3.2): its examples, in our data, and what a client has when it comes
 * back again and again, against all there is. */
#include "sync_world.h"

#include <dirent.h>

static struct fake_conn *resyncing(struct world *w, const char *folder, unsigned count)
{
	struct fake_conn *f = with_messages(w, folder, count);

	assert_string_equal(fake_conn_say(f, "e ENABLE QRESYNC\r\n"),
			    "* ENABLED QRESYNC\r\ne OK ENABLE completed\r\n");
	return f;
}

/* What there is to know of a folder to come back to it. */
struct known { unsigned long long validity, modseq; };

static struct known selected(struct fake_conn *f, const char *folder)
{
	const char *said = say(f, "s OK", "s SELECT %s\r\n", folder);

	return (struct known){ number_after(said, "[UIDVALIDITY "),
			       number_after(said, "[HIGHESTMODSEQ ") };
}

static void enabling(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_messages(w, "enabling", 1);

	expect(f, "a SELECT enabling (QRESYNC (1 1))\r\n", "a BAD");
	/* 3.2.3: in any order, and with identical results. */
	assert_string_equal(fake_conn_say(f, "e ENABLE QRESYNC CONDSTORE\r\n"),
			    "* ENABLED QRESYNC CONDSTORE\r\ne OK ENABLE completed\r\n");
	expect(f, "a SELECT enabling (QRESYNC (1 1))\r\n", "a OK");
	fake_conn_free(f);
	f = logged_in(w);
	assert_string_equal(fake_conn_say(f, "e ENABLE CONDSTORE QRESYNC\r\n"),
			    "* ENABLED CONDSTORE QRESYNC\r\ne OK ENABLE completed\r\n");
	expect(f, "a SELECT enabling (CONDSTORE QRESYNC (1 1))\r\n", "a OK");
	fake_conn_free(f);
}

/* 3.2.5 to 3.2.5.2. */
static void catching_up(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = resyncing(w, "catching", 20), *other;
	struct known k = selected(f, "catching");
	const char *said;

	/* Nothing happened. */
	said = say(f, "a OK", "a SELECT catching (QRESYNC (%llu %llu))\r\n", k.validity, k.modseq);
	has(said, "* OK [CLOSED] ");
	has_not(said, "VANISHED");
	has_not(said, " FETCH ");
	expect(f, "a UNSELECT\r\n", "a OK");

	other = joined(w, "catching", NULL);
	expect(other, "b STORE 1:5,7:8,10:15 +FLAGS.SILENT \\Deleted\r\n", "b OK");
	expect(other, "b EXPUNGE\r\n", "b OK");
	expect(other, "b UID STORE 6 +FLAGS.SILENT \\Flagged\r\n", "b OK");
	expect(other, "b UID STORE 20 +FLAGS.SILENT \\Seen\r\n", "b OK");
	expect(other, "b APPEND catching {3+}\r\nx\r\n\r\n", "b OK");
	said = say(f, "a OK", "a SELECT catching (QRESYNC (%llu %llu))\r\n", k.validity, k.modseq);
	has(plain(said), "* OK [HIGHESTMODSEQ N] Highest\r\n"
	    "* VANISHED (EARLIER) 1:5,7:8,10:15\r\n"
	    "* 1 FETCH (UID 6 FLAGS (\\Flagged) MODSEQ (N))\r\n"
	    "* 7 FETCH (UID 20 FLAGS (\\Seen) MODSEQ (N))\r\n"
	    "* 8 FETCH (UID 21 FLAGS () MODSEQ (N))\r\na OK [READ-WRITE] SELECT completed\r\n");
	/* Of the known ones alone. */
	said = say(f, "a OK", "a SELECT catching (QRESYNC (%llu %llu 3:6,9:10,21:90))\r\n",
		   k.validity, k.modseq);
	has(plain(said), "* VANISHED (EARLIER) 3:5,10\r\n* 1 FETCH (UID 6 ");
	has(said, "* 8 FETCH (UID 21 ");
	has_not(said, "UID 20 ");
	/* 3.2.5.2: up to the last pair that holds nothing is told as vanished.  Number 2
	 * is UID 9 by now, and 3 is 16. */
	said = say(f, "a OK", "a SELECT catching (QRESYNC (%llu %llu 1:20 (2,4 9,12)))\r\n",
		   k.validity, k.modseq);
	has(said, "* VANISHED (EARLIER) 10:15\r\n");
	has(said, "* 1 FETCH (UID 6 ");
	said = say(f, "a OK", "a EXAMINE catching (QRESYNC (%llu %llu 1:20 (2:4 9,16:17)))\r\n",
		   k.validity, k.modseq);
	has_not(said, "VANISHED");
	has(said, "a OK [READ-ONLY] ");
	said = say(f, "a OK", "a SELECT catching (QRESYNC (%llu %llu (1:20 1:20)))\r\n",
		   k.validity, k.modseq);
	has(said, "* VANISHED (EARLIER) 1:5,7:8,10:15\r\n");
	/* Pairs without number of which there are few here. */
	said = say(f, "a OK", "a SELECT catching (QRESYNC (%llu %llu 1:20 (1:4000000000 1:4000000000)))\r\n",
		   k.validity, k.modseq);
	has(said, "* VANISHED (EARLIER) 1:5,7:8,10:15\r\n");

	/* 3.2.5: another UIDVALIDITY, and nothing is told. */
	said = say(f, "a OK", "a SELECT catching (QRESYNC (%llu %llu 1:20))\r\n", k.validity + 1, k.modseq);
	has_not(said, "VANISHED");
	has_not(said, " FETCH ");
	/* A modseq that was never told: everything is. */
	said = say(f, "a OK", "a SELECT catching (QRESYNC (%llu 9223372036854775807))\r\n", k.validity);
	has(said, "* VANISHED (EARLIER) 1:5,7:8,10:15\r\n");
	has(said, "* 2 FETCH (UID 9 FLAGS () MODSEQ (");
	fake_conn_free(other);
	fake_conn_free(f);
}

static void bad_params(void **state)
{
	static const char *const params[] = {
		"QRESYNC", "QRESYNC ()", "QRESYNC (1)", "QRESYNC (0 1)", "QRESYNC (1 1 1:*)",
		"QRESYNC (1 1 )", "QRESYNC (1 1 1 )", "QRESYNC (1 1 1:2 (1 *))", "QRESYNC (1 1 (1 1) 1)",
		"QRESYNC (1 1 (1,2 1))", "QRESYNC (1 1 (2,1 1,2))", "QRESYNC (1 1 (1,2 2,1))",
		"QRESYNC (1 1 (1))", "QRESYNC (1 1 ())", "QRESYNC (1 1 $)", "QRESYNC (1 1) QRESYNC (1 1)",
		"QRESYNC (1 x)", "QRESYNC (x 1)", "QRESYNC (1 1 1:2 3:4)", "QRESYNC 1 1",
	};
	struct world *w = *state;
	struct fake_conn *f = resyncing(w, "params", 1);

	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
		say(f, "a BAD", "a SELECT params (%s)\r\n", params[i]);
		expect(f, "n NOOP\r\n", "n OK");
	}
	expect(f, "a CHECK\r\n", "a BAD Select a mailbox first");
	fake_conn_free(f);
}

/* 3.2.6. */
static void uid_fetch_vanished(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = resyncing(w, "fetching", 12), *other;
	struct known k = selected(f, "fetching");
	const char *said;

	expect(f, "b UID STORE 3,5:6,12 +FLAGS.SILENT \\Deleted\r\n", "b OK");
	expect(f, "b EXPUNGE\r\n", "b OK");
	expect(f, "b UID STORE 4,8 +FLAGS.SILENT \\Seen\r\n", "b OK");
	assert_string_equal(plain(say(f, "s100 OK",
		"s100 UID FETCH 2:10 (FLAGS) (CHANGEDSINCE %llu VANISHED)\r\n", k.modseq)),
		"* VANISHED (EARLIER) 3,5:6\r\n"
		"* 3 FETCH (FLAGS (\\Seen) UID 4 MODSEQ (N))\r\n"
		"* 5 FETCH (FLAGS (\\Seen) UID 8 MODSEQ (N))\r\n"
		"s100 OK UID FETCH completed\r\n");
	/* "*" is any there was. */
	has(say(f, "s OK", "s UID FETCH 5:* (FLAGS) (VANISHED CHANGEDSINCE %llu)\r\n", k.modseq),
	    "* VANISHED (EARLIER) 5:6,12\r\n");
	has_not(say(f, "s OK", "s UID FETCH 7:11 (FLAGS) (VANISHED CHANGEDSINCE %llu)\r\n", k.modseq),
		"VANISHED");
	say(f, "s BAD", "s FETCH 1:2 (FLAGS) (CHANGEDSINCE %llu VANISHED)\r\n", k.modseq);
	say(f, "s BAD", "s UID FETCH 1:2 (FLAGS) (VANISHED)\r\n");
	/* What was not told yet is no earlier one: the client counts it down (3.2.10). */
	other = joined(w, "fetching", NULL);
	expect(other, "b UID STORE 7 +FLAGS \\Deleted\r\n", "b OK");
	expect(other, "b EXPUNGE\r\n", "b OK");
	said = say(f, "s OK", "s UID FETCH 1:* (FLAGS) (CHANGEDSINCE %llu VANISHED)\r\n", k.modseq);
	has(said, "* VANISHED (EARLIER) 3,5:6,12\r\n");
	has(said, "* VANISHED 7\r\n");
	fake_conn_free(other);
	fake_conn_free(f);
}

/* 3.2.7 to 3.2.10: in the place of EXPUNGE, whoever removed what, and when. */
static void expunging(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = resyncing(w, "expunging", 14), *other;
	uint64_t before = selected(f, "expunging").modseq;
	const char *said;

	expect(f, "a STORE 3,4,7,11 +FLAGS.SILENT \\Deleted\r\n", "a OK");
	said = expect(f, "A202 EXPUNGE\r\n", "A202 OK [HIGHESTMODSEQ ");
	assert_true(number_after(said, "A202 OK [HIGHESTMODSEQ ") > before);
	assert_string_equal(plain(said), "* VANISHED 3:4,7,11\r\n"
			    "A202 OK [HIGHESTMODSEQ N] EXPUNGE completed\r\n");
	/* Nothing was removed, and no modseq is new. */
	assert_string_equal(fake_conn_say(f, "A203 EXPUNGE\r\n"), "A203 OK EXPUNGE completed\r\n");
	expect(f, "a STORE 1:2 +FLAGS.SILENT \\Deleted\r\n", "a OK");
	SAYS(f, "a UID EXPUNGE 2:14\r\n",
	     "* VANISHED 2\r\na OK [HIGHESTMODSEQ N] UID EXPUNGE completed\r\n");

	/* RFC 6851 4.3, 4.4: where it went, that it went, and the modseq. */
	said = plain(fake_conn_say(f, "a UID MOVE 5:6 Archive\r\n"));
	has(said, "* OK [COPYUID ");
	has(said, " 5:6 1:2] Moved\r\n* VANISHED 5:6\r\n* OK [HIGHESTMODSEQ N] Highest\r\n"
	    "a OK UID MOVE completed\r\n");

	/* Another's are told when they may be: not while numbers are looked at. */
	other = joined(w, "expunging", NULL);
	expect(other, "b UID STORE 8 +FLAGS \\Deleted\r\n", "b OK");
	expect(other, "b UID EXPUNGE 8\r\n", "b OK");
	has_not(fake_conn_say(f, "a FETCH 1 FLAGS\r\n"), "VANISHED");
	has_not(fake_conn_say(f, "a UID SEARCH 1:2\r\n"), "VANISHED");
	has_not(fake_conn_say(f, "a SEARCH ALL\r\n"), "VANISHED");
	has(fake_conn_say(f, "a UID SEARCH ALL\r\n"), "* VANISHED 8\r\n");
	fake_conn_say(f, "i IDLE\r\n");
	expect(other, "b UID STORE 9 +FLAGS \\Deleted\r\n", "b OK");
	expect(other, "b UID EXPUNGE 9\r\n", "b OK");
	await(w, f, "* VANISHED 9\r\n* OK [HIGHESTMODSEQ ");
	expect(f, "DONE\r\n", "i OK");
	/* 3.2.10.2: one that came and went unseen is nobody's. */
	has(fake_conn_say(other, "b APPEND expunging (\\Deleted) {3+}\r\nx\r\n\r\n"), "* 6 EXISTS");
	expect(other, "b EXPUNGE\r\n", "b OK");
	has_not(fake_conn_say(f, "n NOOP\r\n"), "VANISHED 15");

	/* 3.2.8: CLOSE says nothing, and it is remembered. */
	before = number_after(expect(f, "s SELECT expunging\r\n", "s OK"), "[HIGHESTMODSEQ ");
	expect(f, "a UID STORE 10 +FLAGS.SILENT \\Deleted\r\n", "a OK");
	assert_string_equal(fake_conn_say(f, "a CLOSE\r\n"), "a OK CLOSE completed\r\n");
	has(say(f, "s OK", "s SELECT expunging (QRESYNC (%llu %llu))\r\n",
		(unsigned long long)number_after(fake_conn_say(f, "t STATUS expunging (UIDVALIDITY)\r\n"),
						 "UIDVALIDITY "), (unsigned long long)before),
	    "* VANISHED (EARLIER) 10\r\n");
	fake_conn_free(other);
	fake_conn_free(f);
}

/* Without it EXPUNGE, and with CONDSTORE alone as well. */
static void without(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_messages(w, "without", 4);

	expect(f, "a SELECT without (CONDSTORE)\r\n", "a OK");
	expect(f, "a STORE 2:3 +FLAGS.SILENT \\Deleted\r\n", "a OK");
	SAYS(f, "a EXPUNGE\r\n",
	     "* 2 EXPUNGE\r\n* 2 EXPUNGE\r\na OK [HIGHESTMODSEQ N] EXPUNGE completed\r\n");
	fake_conn_free(f);
}

/* ---- A client that comes back ---- */

enum { UIDS = 400 };

/* What it knows of a folder: by UID what was said of the flags; NULL: not there. */
struct cache {
	char *flags[UIDS];
	unsigned long long validity, modseq;
	unsigned last;                   /* UID that it has asked for */
};

static void forget(struct cache *c, uint32_t uid)
{
	free(c->flags[uid]);
	c->flags[uid] = NULL;
}

static void take_vanished(struct cache *c, const char *at)
{
	if (strncmp(at, "(EARLIER) ", 10) == 0)
		at += 10;
	for (;;) {
		char *end;
		unsigned long first = strtoul(at, &end, 10), last = first;

		if (*end == ':')
			last = strtoul(end + 1, &end, 10);
		for (; first <= last && first < UIDS; first++)
			forget(c, (uint32_t)first);
		if (*end != ',')
			return;
		at = end + 1;
	}
}

static void take_fetch(struct cache *c, const char *line)
{
	const char *uid = strstr(line, "UID "), *flags = strstr(line, "FLAGS (");
	uint32_t u = uid ? (uint32_t)strtoul(uid + 4, NULL, 10) : 0;

	assert_true(u > 0 && u < UIDS);
	if (!flags)
		return;
	forget(c, u);
	c->flags[u] = mem_printf("%.*s", (int)(strchr(flags, ')') - flags + 1), flags);
}

/* As section 6 says: HIGHESTMODSEQ, or else the highest there was. */
static void take(struct cache *c, const char *said)
{
	unsigned long long told = 0, highest = c->modseq;

	for (const char *line = said; *line; line = strchr(line, '\n') + 1) {
		const char *modseq = strstr(line, "MODSEQ ("), *end = strchr(line, '\n');
		const char *high = strstr(line, "[HIGHESTMODSEQ ");

		if (strncmp(line, "* VANISHED ", 11) == 0)
			take_vanished(c, line + 11);
		if (strstr(line, " FETCH (") && strstr(line, " FETCH (") < end)
			take_fetch(c, line);
		if (modseq && modseq < end && strtoull(modseq + 8, NULL, 10) > highest)
			highest = strtoull(modseq + 8, NULL, 10);
		if (high && high < end)
			told = strtoull(high + 15, NULL, 10);
	}
	c->modseq = told ? told : highest;
}

/* New ones are announced by their number alone: it is for the client to ask. */
static void fetch_new(struct cache *c, struct fake_conn *f)
{
	take(c, say(f, "f OK", "f UID FETCH %u:* (FLAGS)\r\n", c->last + 1));
	for (unsigned uid = c->last + 1; uid < UIDS; uid++)
		if (c->flags[uid])
			c->last = uid;
}

static void compare(struct world *w, const struct cache *c, const char *folder)
{
	struct fake_conn *f = joined(w, folder, "CONDSTORE");
	struct cache all = { .modseq = 0 };

	take(&all, expect(f, "f UID FETCH 1:* (FLAGS)\r\n", "f OK"));
	for (unsigned uid = 1; uid < UIDS; uid++) {
		const char *is = all.flags[uid] ? all.flags[uid] : "none";
		const char *was = c->flags[uid] ? c->flags[uid] : "none";

		if (strcmp(is, was) != 0)
			fail_msg("UID %u is %s and the client has %s", uid, is, was);
		forget(&all, uid);
	}
	fake_conn_free(f);
}

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16 & 0x7fff;
}

static void unlink_one(struct world *w, unsigned *seed)
{
	char path[600], first[300] = "";
	char *dir = mem_printf("%s/Maildir/.random/cur", w->dir);
	DIR *d = opendir(dir);
	struct dirent *e;
	unsigned skip = next_random(seed) % 5;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && (!first[0] || skip-- > 0))
			snprintf(first, sizeof(first), "%s", e->d_name);
	if (d)
		closedir(d);
	snprintf(path, sizeof(path), "%s/%s", dir, first);
	if (first[0])
		unlink(path);
	free(dir);
}

/* One change by another client, or by another program at the files. */
static void change(struct world *w, struct fake_conn *f, unsigned *seed)
{
	static const char *const flags[] = { "\\Seen", "\\Flagged", "$One", "\\Draft", "Two" };
	unsigned what = next_random(seed) % 11, uid = 1 + next_random(seed) % 100;
	const char *flag = flags[next_random(seed) % 5];

	if (what < 2 || what == 10)
		say(f, "c OK", "c APPEND random (%s) {3+}\r\nx\r\n\r\n", flag);
	else if (what < 5)
		say(f, "c OK", "c UID STORE %u:%u %cFLAGS (%s)\r\n", uid, uid + next_random(seed) % 4,
		    what == 2 ? '-' : '+', flag);
	else if (what == 5)
		say(f, "c OK", "c UID STORE %u +FLAGS.SILENT (\\Deleted)\r\n", uid);
	else if (what == 8 || what == 9 || (what == 6 && next_random(seed) % 2))
		say(f, "c OK", "c UID MOVE %u Archive\r\n", uid);
	else if (what == 6)
		say(f, "c OK", "c EXPUNGE\r\n");
	else
		unlink_one(w, seed);
}

/* It stays a while, is told this and that, and loses its connection anywhere. */
static void visit(struct world *w, struct cache *c, struct fake_conn *other, unsigned *seed)
{
	static const char *const commands[] = {
		"n NOOP\r\n", "n FETCH 1 (FLAGS MODSEQ UID)\r\n", "n UID FETCH 1:* (FLAGS MODSEQ)\r\n",
		"n STORE 1 FLAGS (\\Answered)\r\n", "n UID STORE 2:9 +FLAGS \\Answered\r\n",
		"n SEARCH 1\r\n", "n STORE 1 FLAGS ($One)\r\n",
	};
	struct fake_conn *f = logged_in(w);

	expect(f, "e ENABLE QRESYNC\r\n", "e OK");
	if (c->modseq)
		take(c, say(f, "s OK", "s SELECT random (QRESYNC (%llu %llu))\r\n",
			    c->validity, c->modseq));
	else
		take(c, expect(f, "s SELECT random\r\n", "s OK"));
	if (!c->validity) {
		c->validity = number_after(fake_conn_say(f, "t STATUS random (UIDVALIDITY)\r\n"),
					   "UIDVALIDITY ");
		take(c, expect(f, "f UID FETCH 1:* (FLAGS)\r\n", "f OK"));
	}
	fetch_new(c, f);
	for (unsigned i = next_random(seed) % 4; i > 0; i--) {
		change(w, other, seed);
		/* An empty folder has no number 1. */
		take(c, fake_conn_say(f, commands[next_random(seed) % 7]));
		/* With what was held back it is lost for good, if it counted as told. */
		if (next_random(seed) % 2)
			break;
		fetch_new(c, f);
	}
	fake_conn_free(f);
}

static void again_and_again(void **state)
{
	struct world *w = *state;
	struct fake_conn *other = with_messages(w, "random", 20);
	struct cache c = { .modseq = 0 };
	unsigned seed = 7162;

	expect(other, "s SELECT random\r\n", "s OK");
	for (unsigned round = 0; round < 120; round++) {
		visit(w, &c, other, &seed);
		for (unsigned i = next_random(&seed) % 4; i > 0; i--)
			change(w, other, &seed);
		/* Nothing but coming back is needed to know all. */
		if (round % 4 == 3) {
			struct fake_conn *f = logged_in(w);

			expect(f, "e ENABLE QRESYNC\r\n", "e OK");
			take(&c, say(f, "s OK", "s SELECT random (QRESYNC (%llu %llu))\r\n",
				     c.validity, c.modseq));
			fetch_new(&c, f);
			compare(w, &c, "random");
			fake_conn_free(f);
		}
	}
	for (unsigned uid = 0; uid < UIDS; uid++)
		forget(&c, uid);
	fake_conn_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enabling), cmocka_unit_test(catching_up),
		cmocka_unit_test(bad_params), cmocka_unit_test(uid_fetch_vanished),
		cmocka_unit_test(expunging), cmocka_unit_test(without),
		cmocka_unit_test(again_and_again),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
