/* FETCH and UID FETCH: what is said for each item, byte for byte. */
#include "imap_world.h"

#include <fcntl.h>

#include "base/lines.h"

/* A file put into INBOX's new/ as another program would. */
static void drop(struct world *w, const char *name, struct slice bytes)
{
	char *path = mem_printf("%s/Maildir/new/%s", w->dir, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes.at ? bytes.at : "", 1, bytes.len, file), bytes.len);
	assert_int_equal(fclose(file), 0);
	free(path);
}

static void drop_text(struct world *w, const char *name, const char *text)
{
	drop(w, name, slice_of(text));
}

static struct fake_conn *selected(struct world *w)
{
	struct fake_conn *f = logged_in(w);

	expect(f, "s SELECT INBOX\r\n", "s OK");
	return f;
}

/* What IMAP shows of a file, by the simplest means. */
static char *wire_form(struct slice in, size_t *len)
{
	char *out = mem_alloc(2 * in.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		if (in.at[i] == '\n' && (i == 0 || in.at[i - 1] != '\r'))
			out[n++] = '\r';
		out[n++] = in.at[i] ? in.at[i] : (char)0x80;
	}
	*len = n;
	return out;
}

static const char letter[] =
	"Date: Mon, 7 Feb 1994 21:52:25 -0800\n"
	"From: Fred Foobar <foobar@blurdybloop.example>\n"
	"Subject: afternoon\n meeting\n"
	"To: mooch@owatagu.example\n"
	"Received: from one\n"
	"Received: from two\n"
	"\n"
	"Hello Joe,\nat 3:30?\n";

static void exact_answers(void **state)
{
	static const struct { const char *command, *answer; } rows[] = {
		{ "a FETCH 1 FLAGS\r\n", "* 1 FETCH (FLAGS (\\Recent))\r\na OK FETCH completed\r\n" },
		{ "a FETCH 1 (FLAGS UID)\r\n",
		  "* 1 FETCH (FLAGS (\\Recent) UID 1)\r\na OK FETCH completed\r\n" },
		{ "a UID FETCH 1 FLAGS\r\n",
		  "* 1 FETCH (FLAGS (\\Recent) UID 1)\r\na OK UID FETCH completed\r\n" },
		{ "a UID FETCH 1 (UID)\r\n",
		  "* 1 FETCH (UID 1)\r\na OK UID FETCH completed\r\n" },
		{ "a FETCH * RFC822.SIZE\r\n",
		  "* 1 FETCH (RFC822.SIZE 207)\r\na OK FETCH completed\r\n" },
		{ "a FETCH 1 BODY.PEEK[HEADER.FIELDS (DATE FROM)]\r\n",
		  "* 1 FETCH (BODY[HEADER.FIELDS (DATE FROM)] {88}\r\n"
		  "Date: Mon, 7 Feb 1994 21:52:25 -0800\r\n"
		  "From: Fred Foobar <foobar@blurdybloop.example>\r\n\r\n)\r\n"
		  "a OK FETCH completed\r\n" },
		{ "a FETCH 1 BODY.PEEK[HEADER.FIELDS.NOT (date from received To)]\r\n",
		  "* 1 FETCH (BODY[HEADER.FIELDS.NOT (date from received To)] {32}\r\n"
		  "Subject: afternoon\r\n meeting\r\n\r\n)\r\na OK FETCH completed\r\n" },
		{ "a FETCH 1 BODY.PEEK[HEADER.FIELDS (received)]<10.11>\r\n",
		  "* 1 FETCH (BODY[HEADER.FIELDS (received)]<10> {11}\r\nfrom one\r\nR)\r\n"
		  "a OK FETCH completed\r\n" },
		{ "a FETCH 1 BODY.PEEK[TEXT]\r\n",
		  "* 1 FETCH (BODY[TEXT] {22}\r\nHello Joe,\r\nat 3:30?\r\n)\r\n"
		  "a OK FETCH completed\r\n" },
		{ "a FETCH 1 BODY.PEEK[1]<0.5>\r\n",
		  "* 1 FETCH (BODY[1]<0> {5}\r\nHello)\r\na OK FETCH completed\r\n" },
		{ "a FETCH 1 BODY.PEEK[]<207.5>\r\n",
		  "* 1 FETCH (BODY[]<207> \"\")\r\na OK FETCH completed\r\n" },
		{ "a FETCH 1 (BODY.PEEK[2] BODY.PEEK[1.1] BODY.PEEK[1.HEADER])\r\n",
		  "* 1 FETCH (BODY[2] NIL BODY[1.1] NIL BODY[1.HEADER] NIL)\r\n"
		  "a OK FETCH completed\r\n" },
		{ "a FETCH 1 ENVELOPE\r\n",
		  "* 1 FETCH (ENVELOPE (\"Mon, 7 Feb 1994 21:52:25 -0800\" \"afternoon meeting\" "
		  "((\"Fred Foobar\" NIL \"foobar\" \"blurdybloop.example\")) "
		  "((\"Fred Foobar\" NIL \"foobar\" \"blurdybloop.example\")) "
		  "((\"Fred Foobar\" NIL \"foobar\" \"blurdybloop.example\")) "
		  "((NIL NIL \"mooch\" \"owatagu.example\")) NIL NIL NIL NIL))\r\n"
		  "a OK FETCH completed\r\n" },
		{ "a FETCH 2 FLAGS\r\n", "a BAD No such message number\r\n" },
		{ "a UID FETCH 2:4 FLAGS\r\n", "a OK UID FETCH completed\r\n" },
	};
	struct fake_conn *f;

	drop_text(*state, "1.a.h", letter);
	f = selected(*state);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(fake_conn_say(f, rows[i].command), rows[i].answer);
	/* None of these has set \Seen. */
	assert_string_equal(fake_conn_say(f, "b FETCH 1 FLAGS\r\n"),
			    "* 1 FETCH (FLAGS (\\Recent))\r\nb OK FETCH completed\r\n");
	fake_conn_free(f);
}

static void macros_and_texts(void **state)
{
	struct fake_conn *f;
	const char *said;

	drop_text(*state, "1.a.h", letter);
	f = selected(*state);
	said = expect(f, "a FETCH 1 FAST\r\n", "a OK");
	has(said, "* 1 FETCH (FLAGS (\\Recent) INTERNALDATE \"");
	has(said, "\" RFC822.SIZE 207)\r\n");
	has_not(said, "ENVELOPE");
	said = expect(f, "a FETCH 1 ALL\r\n", "a OK");
	has(said, " RFC822.SIZE 207 ENVELOPE (\"Mon, 7 Feb");
	has_not(said, "BODY");
	said = expect(f, "a FETCH 1 FULL\r\n", "a OK");
	has(said, " BODY (\"text\" \"plain\" ");
	said = expect(f, "a FETCH 1 (BODYSTRUCTURE)\r\n", "a OK");
	has(said, "* 1 FETCH (BODYSTRUCTURE (\"text\" \"plain\" ");
	said = expect(f, "a FETCH 1 (RFC822.HEADER)\r\n", "a OK");
	has(said, "* 1 FETCH (RFC822.HEADER {185}\r\nDate: Mon,");
	has(said, "two\r\n\r\n)\r\na OK");
	fake_conn_free(f);
}

static void refused(void **state)
{
	static const char *const rows[] = {
		"a FETCH\r\n", "a FETCH 1\r\n", "a FETCH 1 \r\n", "a FETCH 1 ()\r\n",
		"a FETCH FLAGS\r\n", "a FETCH 0 FLAGS\r\n", "a FETCH 1 FLAGS UID\r\n",
		"a FETCH 1 (ALL)\r\n", "a FETCH 1 BODY[\r\n", "a FETCH 1 BODY[]<1>\r\n",
		"a FETCH 1 (FLAGS\r\n", "a FETCH 1 X-THING\r\n", "a FETCH 1,2 FLAGS\r\n",
		"a FETCH 1:2 FLAGS\r\n", "a UID FETCH x FLAGS\r\n",
	};
	struct fake_conn *f;

	drop_text(*state, "1.a.h", letter);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f = selected(*state);
		expect(f, rows[i], "a BAD ");
		fake_conn_free(f);
	}
}

/* RFC 3501 6.4.5: "if this causes the flags to change, they SHOULD be included as
 * part of the FETCH responses". */
static void seen(void **state)
{
	struct fake_conn *f, *other;

	drop_text(*state, "1.a.h", "A: 1\n\nx\n");
	drop_text(*state, "2.a.h", "A: 2\n\ny\n");
	f = selected(*state);
	other = logged_in(*state);
	expect(other, "s EXAMINE INBOX\r\n", "s OK");

	/* Not with PEEK, not when examined, not for a header. */
	assert_string_equal(fake_conn_say(other, "a FETCH 1 BODY[TEXT]\r\n"),
			    "* 1 FETCH (BODY[TEXT] {3}\r\nx\r\n)\r\na OK FETCH completed\r\n");
	assert_string_equal(fake_conn_say(f, "a FETCH 1 (BODY.PEEK[TEXT] RFC822.HEADER)\r\n"),
			    "* 1 FETCH (BODY[TEXT] {3}\r\nx\r\n"
			    " RFC822.HEADER {8}\r\nA: 1\r\n\r\n)\r\na OK FETCH completed\r\n");

	assert_string_equal(fake_conn_say(f, "b FETCH 1 BODY[TEXT]\r\n"),
			    "* 1 FETCH (BODY[TEXT] {3}\r\nx\r\n FLAGS (\\Seen \\Recent))\r\n"
			    "b OK FETCH completed\r\n");
	/* Told once; a second time there is nothing to tell. */
	assert_string_equal(fake_conn_say(f, "c FETCH 1:2 RFC822.TEXT\r\n"),
			    "* 1 FETCH (RFC822.TEXT {3}\r\nx\r\n)\r\n"
			    "* 2 FETCH (RFC822.TEXT {3}\r\ny\r\n FLAGS (\\Seen \\Recent))\r\n"
			    "c OK FETCH completed\r\n");
	assert_string_equal(fake_conn_say(f, "d UID FETCH 1 (FLAGS RFC822)\r\n"),
			    "* 1 FETCH (FLAGS (\\Seen \\Recent) RFC822 {11}\r\n"
			    "A: 1\r\n\r\nx\r\n UID 1)\r\nd OK UID FETCH completed\r\n");
	assert_string_equal(fake_conn_say(f, "e NOOP\r\n"), "e OK NOOP completed\r\n");
	has(fake_conn_say(other, "e NOOP\r\n"), "* 2 FETCH (FLAGS (\\Seen");
	fake_conn_free(other);
	fake_conn_free(f);
}

static void seen_with_flags_asked(void **state)
{
	struct fake_conn *f;

	drop_text(*state, "1.a.h", "A: 1\n\nx\n");
	f = selected(*state);
	assert_string_equal(fake_conn_say(f, "b FETCH 1 (BODY[TEXT] FLAGS)\r\n"),
			    "* 1 FETCH (BODY[TEXT] {3}\r\nx\r\n FLAGS (\\Seen \\Recent))\r\n"
			    "b OK FETCH completed\r\n");
	fake_conn_free(f);
}

/* Messages as strangers send them and other programs store them. */
#define BYTES(text) { text, sizeof(text) - 1 }
static const struct slice strange[] = {
	BYTES("A: b\n\nline\n"),
	BYTES("A: b\n\nno end"),
	BYTES("A: b\r\n\r\nline\r\n"),
	BYTES("A: b\r\n\nmixed\r\n\n\r"),
	BYTES("A: b\n\n\r\r\n\r\rx\n"),
	BYTES("A: b\n\nn\0l\0\n"),
	BYTES("A: b\n"),
	BYTES("A: b"),
	BYTES("\nonly body\n"),
	BYTES("\n"),
	BYTES("no header at all"),
	BYTES("A: \xFF\xFE\n\n\xC3(\n"),
};
enum { STRANGE = sizeof(strange) / sizeof(strange[0]) };

/* The literal of the one item in the answer. */
static struct slice literal_of(const char *said)
{
	const char *open = strchr(said, '{'), *end = strstr(said, "}\r\n");
	unsigned long len;

	if (strstr(said, " \"\")\r\n"))
		return slice_make("", 0);
	assert_non_null(open);
	assert_non_null(end);
	len = strtoul(open + 1, NULL, 10);
	assert_true(strlen(end + 3) >= len);
	return slice_make(end + 3, len);
}

static void byte_for_byte(void **state)
{
	struct fake_conn *f;

	for (unsigned i = 0; i < STRANGE; i++) {
		char name[20];

		snprintf(name, sizeof(name), "%02u.a.h", i);
		drop(*state, name, strange[i]);
	}
	f = selected(*state);
	for (unsigned i = 0; i < STRANGE; i++) {
		char *command = mem_printf("a FETCH %u BODY.PEEK[]\r\n", i + 1);
		const char *said = expect(f, command, "a OK");
		size_t len;
		char *want = wire_form(strange[i], &len), size[40];
		struct slice got = literal_of(said);

		assert_int_equal(got.len, len);
		assert_memory_equal(got.at, want, len);
		assert_string_equal(got.at + got.len, ")\r\na OK FETCH completed\r\n");
		free(command);

		command = mem_printf("a FETCH %u RFC822.SIZE\r\n", i + 1);
		snprintf(size, sizeof(size), "RFC822.SIZE %zu)", len);
		has(fake_conn_say(f, command), size);
		free(command);
		free(want);
	}
	fake_conn_free(f);
}

/* Header and text are the message, whatever it is. */
static void halves_make_a_whole(void **state)
{
	struct fake_conn *f;

	for (unsigned i = 0; i < STRANGE; i++) {
		char name[20];

		snprintf(name, sizeof(name), "%02u.a.h", i);
		drop(*state, name, strange[i]);
	}
	f = selected(*state);
	for (unsigned i = 0; i < STRANGE; i++) {
		char *command = mem_printf("a FETCH %u BODY.PEEK[HEADER]\r\n", i + 1);
		struct slice part = literal_of(expect(f, command, "a OK"));
		size_t len, header = part.len;
		char *want = wire_form(strange[i], &len);

		assert_true(header <= len);
		assert_memory_equal(part.at, want, header);
		free(command);
		command = mem_printf("a FETCH %u BODY.PEEK[TEXT]\r\n", i + 1);
		part = literal_of(expect(f, command, "a OK"));
		assert_int_equal(header + part.len, len);
		assert_memory_equal(part.at, want + header, part.len);
		free(command);
		free(want);
	}
	fake_conn_free(f);
}

/* More header than anybody keeps in memory is shown all the same. */
static void header_of_any_size(void **state)
{
	struct fake_conn *f;
	struct buf file;
	char *command, *want;
	size_t header, len;

	buf_init(&file, 4 << 20);
	while (file.len < 1400000)
		buf_printf(&file, "X-Line: %zu\n", file.len);
	buf_add_text(&file, "\n");
	header = file.len;
	buf_add_text(&file, "body\n");
	drop(*state, "1.a.h", buf_slice(&file));
	want = wire_form(slice_head(buf_slice(&file), header), &len);
	f = selected(*state);
	command = mem_printf("* 1 FETCH (BODY[HEADER] {%zu}\r\n%.*s)\r\na OK FETCH completed\r\n",
			     len, (int)len, want);
	assert_string_equal(fake_conn_say(f, "a FETCH 1 BODY.PEEK[HEADER]\r\n"), command);
	assert_string_equal(fake_conn_say(f, "a FETCH 1 BODY.PEEK[TEXT]\r\n"),
			    "* 1 FETCH (BODY[TEXT] {6}\r\nbody\r\n)\r\na OK FETCH completed\r\n");
	free(command);
	free(want);
	buf_release(&file);
	fake_conn_free(f);
}

static void partials_at_every_offset(void **state)
{
	static const struct slice file =
		BYTES("A: b\nC: d\r\n\nx\n\ny\r\n\r\rz\n\n\nend");
	static const size_t counts[] = { 1, 2, 3, 11, 1000 };
	struct fake_conn *f;
	size_t len;
	char *want = wire_form(file, &len);

	drop(*state, "1.a.h", file);
	f = selected(*state);
	for (size_t at = 0; at <= len + 1; at++)
		for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
			char *command = mem_printf("a FETCH 1 BODY.PEEK[]<%zu.%zu>\r\n",
						   at, counts[c]);
			struct slice whole = slice_from(slice_make(want, len), at);
			struct slice part = slice_head(whole, counts[c]);
			struct slice got = literal_of(expect(f, command, "a OK"));

			assert_int_equal(got.len, part.len);
			assert_memory_equal(got.at, part.at, part.len);
			free(command);
		}
	free(want);
	fake_conn_free(f);
}

/* A message of many lines, larger than a slice. */
static struct slice large(struct buf *b, size_t size)
{
	buf_init(b, 2 * size + 1000);
	buf_add_text(b, "Subject: large\n\n");
	for (unsigned i = 0; b->len < size; i++)
		buf_printf(b, "line %u %.*s\n", i, (int)(i % 70),
			   "......................................................................");
	return buf_slice(b);
}

static void partials_of_a_large_one(void **state)
{
	static const size_t starts[] = { 0, 1, 32767, 32768, 32769, 65536, 262143, 262144,
					 300000, 499999 };
	static const size_t counts[] = { 1, 4096, 32768, 70000, 1000000 };
	struct fake_conn *f;
	struct buf file;
	size_t len;
	char *want;

	drop(*state, "1.a.h", large(&file, 500000));
	want = wire_form(buf_slice(&file), &len);
	f = selected(*state);
	for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++)
		for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
			char *command = mem_printf("a FETCH 1 BODY.PEEK[]<%zu.%zu>\r\n",
						   starts[s], counts[c]);
			struct slice rest = slice_from(slice_make(want, len), starts[s]);
			struct slice part = slice_head(rest, counts[c]);
			struct slice got = literal_of(expect(f, command, "a OK"));

			assert_int_equal(got.len, part.len);
			assert_memory_equal(got.at, part.at, part.len);
			free(command);
		}
	free(want);
	buf_release(&file);
	fake_conn_free(f);
}

/* A client that does not read holds up its own answer, which takes no more memory
 * than a slice, and is whole in the end. */
static void slow_reader(void **state)
{
	enum { MESSAGES = 6, SIZE = 700000 };
	struct world *w = *state;
	struct fake_conn *f;
	struct buf file, all;
	size_t len, before;
	char *want;
	const char *at;

	large(&file, SIZE);
	want = wire_form(buf_slice(&file), &len);
	for (unsigned i = 0; i < MESSAGES; i++) {
		char name[20];

		snprintf(name, sizeof(name), "%u.a.h", i);
		drop(w, name, buf_slice(&file));
	}
	f = selected(w);
	f->slow = true;
	before = f->output.len;
	fake_conn_feed(f, SLICE("a FETCH 1:* (UID BODY.PEEK[])\r\n"));
	buf_init(&all, 2 * MESSAGES * SIZE + 100000);
	for (unsigned round = 0; round < 200; round++) {
		size_t most = f->output.len;

		for (unsigned i = 0; i < 10; i++)
			loop_turn(w->loop, 5);
		assert_true(f->output.len - most <= 600 * 1024);
		fake_conn_drain(f);
		if (f->output.len > 24 &&
		    !memcmp(f->output.data + f->output.len - 22, "a OK FETCH completed\r\n", 22))
			break;
	}
	buf_add(&all, slice_from(buf_slice(&f->output), before));
	buf_add_byte(&all, '\0');
	at = all.data;
	for (unsigned i = 1; i <= MESSAGES; i++) {
		char head[80];

		snprintf(head, sizeof(head), "* %u FETCH (UID %u BODY[] {%zu}\r\n", i, i, len);
		assert_memory_equal(at, head, strlen(head));
		assert_memory_equal(at + strlen(head), want, len);
		at += strlen(head) + len;
		assert_memory_equal(at, ")\r\n", 3);
		at += 3;
	}
	assert_string_equal(at, "a OK FETCH completed\r\n");
	buf_release(&all);
	buf_release(&file);
	free(want);
	fake_conn_free(f);
}

/* The job outlives the session, and frees what it holds. */
static void session_dies_under_a_job(void **state)
{
	struct world *w = *state;
	struct buf file;

	drop(w, "1.a.h", large(&file, 600000));
	buf_release(&file);
	for (unsigned turns = 0; turns < 8; turns++) {
		struct fake_conn *f = selected(w);

		f->slow = true;
		fake_conn_feed(f, turns % 2 ? SLICE("a FETCH 1 BODY[]\r\n") :
					      SLICE("a FETCH 1 (BODY.PEEK[] ENVELOPE)\r\n"));
		for (unsigned i = 0; i < turns; i++)
			loop_turn(w->loop, 1);
		fake_conn_break(f);
		fake_conn_free(f);
	}
}

/* RFC 2180 4.1: somebody else has expunged what is asked for. */
static void expunged_by_another(void **state)
{
	struct fake_conn *f, *other;
	const char *said;

	drop_text(*state, "1.a.h", "A: 1\n\nx\n");
	drop_text(*state, "2.a.h", "A: 2\n\ny\n");
	f = selected(*state);
	other = selected(*state);
	expect(other, "a STORE 1 +FLAGS (\\Deleted)\r\n", "a OK");
	expect(other, "a EXPUNGE\r\n", "a OK");

	said = expect(f, "b FETCH 1:2 BODY.PEEK[TEXT]\r\n", "b NO [EXPUNGEISSUED] ");
	has(said, "* 2 FETCH (BODY[TEXT] {3}\r\ny\r\n)\r\n");
	has_not(said, "EXPUNGE\r\n");
	/* One more look, now with a command that would set \Seen on both. */
	said = expect(f, "c FETCH 1:2 BODY[TEXT]\r\n", "c NO [EXPUNGEISSUED] ");
	has(said, "* 2 FETCH (BODY[TEXT] {3}\r\ny\r\n FLAGS (\\Seen");
	/* The UID form may tell of it, and does. */
	said = expect(f, "d UID FETCH 1:2 BODY.PEEK[TEXT]\r\n", "d OK");
	has(said, "* 1 EXPUNGE\r\n");
	said = expect(f, "e FETCH 1 UID\r\n", "e OK");
	has(said, "* 1 FETCH (UID 2)\r\n");
	fake_conn_free(other);
	fake_conn_free(f);
}

static void pipelined(void **state)
{
	struct fake_conn *f;
	const char *said;

	drop_text(*state, "1.a.h", "A: 1\n\nx\n");
	f = selected(*state);
	said = expect(f, "a FETCH 1 UID\r\nb UID FETCH 1 RFC822.SIZE\r\nc FETCH 1 FLAGS\r\n", "c OK");
	assert_string_equal(said, "* 1 FETCH (UID 1)\r\na OK FETCH completed\r\n"
				  "* 1 FETCH (RFC822.SIZE 11 UID 1)\r\nb OK UID FETCH completed\r\n"
				  "* 1 FETCH (FLAGS (\\Recent))\r\nc OK FETCH completed\r\n");
	fake_conn_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(exact_answers),
		WORLD(macros_and_texts),
		WORLD(refused),
		WORLD(seen),
		WORLD(seen_with_flags_asked),
		WORLD(byte_for_byte),
		WORLD(halves_make_a_whole),
		WORLD(header_of_any_size),
		WORLD(partials_at_every_offset),
		WORLD(partials_of_a_large_one),
		WORLD(slow_reader),
		WORLD(session_dies_under_a_job),
		WORLD(expunged_by_another),
		WORLD(pipelined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
