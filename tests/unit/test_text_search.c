/* A search that uses the text index, against one that reads every message: random
 * messages, random keys with needles taken from them. */
#include "text_fixture.h"

#include "base/encode.h"
#include "mime/charset.h"
#include "mime/search_text.h"

/* ---- Random messages ---- */

static unsigned dice_state = 1;

static unsigned dice(unsigned sides)
{
	dice_state = dice_state * 1103515245 + 12345;
	return (dice_state >> 16) % sides;
}

static const char *const WORDS[] = {
	"alpha", "Beta", "GAMMA", ("Stra\xC3\x9F" "e"), "\xC3\x84pfel", "caf\xC3\xA9", "na\xC3\xAFve",
	"\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82", "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E",
	"\xF0\x9F\x98\x80", "\xEF\xAC\x81n", "invoice", "2026-11-20", "x", "ab", "=", "a&b", "<tag>",
	"https://example.org/?q=1", "meeting", "the", "of", "and",
};
enum { WORDS_COUNT = sizeof(WORDS) / sizeof(WORDS[0]) };

static const char *word(void)
{
	return WORDS[dice(WORDS_COUNT)];
}

static void add_words(struct buf *out, unsigned most)
{
	for (unsigned n = dice(most) + 1; n > 0; n--) {
		buf_add_text(out, word());
		buf_add_text(out, dice(9) ? " " : "\n");
	}
}

static void add_html(struct buf *out)
{
	static const char *const tags[] = {
		"<p>", "</p>", "<b>", "</b>", "<br>", "&nbsp;", "&auml;", "<a href=\"hidden\">", "&",
		"<style>nothing</style>", "<!-- unseen -->", "<", "<script>if (a<b)</script>",
	};

	for (unsigned n = dice(40) + 1; n > 0; n--) {
		buf_add_text(out, dice(2) ? word() : tags[dice(13)]);
		if (dice(2))
			buf_add_text(out, dice(2) ? " " : "\n");
	}
}

static void add_field(struct buf *out)
{
	static const char *const names[] = {
		"Subject", "From", "To", "Cc", "X-Thing", "X-Tight", "Message-ID", "subject", "Received",
	};

	buf_printf(out, "%s:%s", names[dice(9)], dice(4) ? " " : "");
	for (unsigned n = dice(4); n > 0; n--) {
		if (dice(3)) {
			buf_add_text(out, word());
		} else {
			buf_add_text(out, "=?utf-8?B?");
			base64_encode(out, slice_of(word()));
			buf_add_text(out, "?=");
		}
		buf_add_text(out, dice(6) ? " " : "\n ");
	}
	buf_add_text(out, "\n");
}

static void add_body(struct buf *out, const char *type)
{
	static const char *const charsets[] = { "utf-8", "iso-8859-1", "us-ascii", "utf-16", "" };
	struct buf text;

	buf_init(&text, 1 << 20);
	if (strcmp(type, "text/html") == 0)
		add_html(&text);
	else
		add_words(&text, dice(20) ? 30 : 9000);
	buf_printf(out, "Content-Type: %s; charset=%s\n", type, charsets[dice(5)]);
	if (dice(3) == 0) {
		buf_add_text(out, "Content-Transfer-Encoding: base64\n\n");
		base64_encode(out, buf_slice(&text));
	} else {
		buf_add_text(out, dice(3) ? "\n" : "Content-Transfer-Encoding: quoted-printable\n\n");
		buf_add(out, buf_slice(&text));
	}
	buf_add_text(out, "\n");
	buf_release(&text);
}

static void add_entity(struct buf *out, unsigned depth)
{
	static const char *const types[] = { "text/plain", "text/html", "text/x-odd", "image/gif" };
	unsigned id = dice(100000);

	if (depth < 3 && dice(5) == 0) {
		buf_add_text(out, "Content-Type: message/rfc822\n\n");
		add_field(out);
		add_entity(out, depth + 1);
	} else if (depth < 3 && dice(3) == 0) {
		buf_printf(out, "Content-Type: multipart/mixed; boundary=b%u\n\npreamble\n", id);
		for (unsigned n = dice(4); n > 0; n--) {
			buf_printf(out, "--b%u\n", id);
			add_entity(out, depth + 1);
		}
		if (dice(4))
			buf_printf(out, "--b%u--\nepilogue\n", id);
	} else {
		add_body(out, types[dice(4)]);
	}
}

static char *random_message(void)
{
	struct buf out;

	buf_init(&out, 8 << 20);
	if (dice(20) == 0) {
		add_words(&out, 20);             /* no header, or what looks like one */
		return buf_take_string(&out);
	}
	for (unsigned n = dice(6); n > 0; n--)
		add_field(&out);
	if (dice(3))
		buf_printf(&out, "Date: %u Nov 20%u 10:00:00 +0000\n", dice(32), dice(40));
	if (dice(10) == 0)
		buf_add_text(&out, "garbage without a colon\n");
	add_entity(&out, 0);
	return buf_take_string(&out);
}

/* ---- Random needles and keys ---- */

struct sample {
	struct buf text;
	unsigned left;                   /* pieces to pass over */
};

static void sample_piece(void *ctx, const struct search_piece *piece)
{
	struct sample *s = ctx;

	if (s->left-- == 0 || s->text.len == 0) {
		buf_clear(&s->text);
		buf_add(&s->text, piece->text);
	}
}

static ssize_t read_text(void *ctx, uint64_t at, void *out, size_t len)
{
	struct slice piece = slice_head(slice_from(*(struct slice *)ctx, at), len);

	if (piece.len)
		memcpy(out, piece.at, piece.len);
	return (ssize_t)piece.len;
}

/* Some characters of some text of the message, quoted. */
static void add_needle(struct buf *out, const char *message)
{
	struct arena *arena = mime_arena_new();
	struct slice bytes = slice_of(message);
	struct sample s = { .left = dice(8) };
	struct search_text x;
	size_t from, len = 1 + dice(dice(3) ? 12 : 3);

	buf_init(&s.text, 1 << 20);
	search_text_init(&x);
	search_text_begin(&x, mime_scan(arena, bytes, &mime_default_limits), read_text, &bytes,
			  sample_piece, &s);
	while (search_text_step(&x))
		;
	from = s.text.len ? dice((unsigned)s.text.len) : 0;
	while (from > 0 && ((unsigned char)s.text.data[from] & 0xC0) == 0x80)
		from--;
	buf_add_byte(out, '"');
	for (size_t i = from; i < s.text.len && (i < from + len ||
	     ((unsigned char)s.text.data[i] & 0xC0) == 0x80); i++) {
		char c = s.text.data[i];

		if (c == '\n' || c == '\r' || c == '\0')
			break;
		if (c == '"' || c == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, c);
	}
	buf_add_byte(out, '"');
	search_text_release(&x);
	buf_release(&s.text);
	arena_free(arena);
}

static void add_key(struct buf *out, char **messages, unsigned count, unsigned depth)
{
	static const char *const text_keys[] = {
		"BODY", "TEXT", "SUBJECT", "FROM", "TO", "HEADER X-Thing", "HEADER message-id", "TEXT",
		"BODY", "HEADER content-type", "HEADER x-none",
	};
	static const char *const others[] = {
		"SEEN", "ALL", "1:5", "SENTSINCE 10-Nov-2020", "SENTON 7-Nov-2010", "UNFLAGGED",
		"SENTBEFORE 1-Jan-2015", "SINCE 1-Jan-2020", "LARGER 900", "HEADER X-Thing \"\"",
		"TEXT \"\"", "SUBJECT \"\"", "BODY zzzqqq",
	};
	unsigned what = dice(depth < 3 ? 10 : 6);

	if (what < 5) {
		buf_printf(out, "%s ", text_keys[dice(11)]);
		add_needle(out, messages[dice(count)]);
	} else if (what == 5) {
		buf_add_text(out, others[dice(13)]);
	} else if (what == 6) {
		buf_add_text(out, "NOT ");
		add_key(out, messages, count, depth + 1);
	} else if (what == 7) {
		buf_add_text(out, "OR ");
		add_key(out, messages, count, depth + 1);
		buf_add_byte(out, ' ');
		add_key(out, messages, count, depth + 1);
	} else {
		buf_add_byte(out, '(');
		add_key(out, messages, count, depth + 1);
		buf_add_byte(out, ' ');
		add_key(out, messages, count, depth + 1);
		buf_add_byte(out, ')');
	}
}

static void compare(struct fixture *f, struct mailbox *m, char **messages, unsigned count,
		    unsigned rounds)
{
	while (rounds-- > 0) {
		struct buf keys;
		char *text;

		buf_init(&keys, 1 << 20);
		buf_add_text(&keys, "CHARSET UTF-8 ");
		add_key(&keys, messages, count, 0);
		text = buf_take_string(&keys);
		same(f, m, text);
		free(text);
	}
}

enum { MESSAGES = 120 };

/* With the index of all messages, of some, and while it grows. */
static void test_same_as_reading(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = fixture_mailbox(f, "INBOX", false);
	const char *seed = getenv("SEED");
	char *messages[MESSAGES];

	dice_state = seed ? (unsigned)atoi(seed) : 1;
	for (unsigned i = 0; i < MESSAGES; i++) {
		messages[i] = random_message();
		fixture_deliver(f, i % 10 ? "INBOX" : "Archive", messages[i], i % 3 ? 0 : MESSAGE_SEEN);
		if (i == MESSAGES / 2) {
			fixture_refresh(f, m);
			await_known(f, m, snapshot_count(mailbox_newest(m)));
			compare(f, m, messages, i, 150);
		}
	}
	fixture_refresh(f, m);
	compare(f, m, messages, MESSAGES, 150);
	await_known(f, m, snapshot_count(mailbox_newest(m)));
	compare(f, m, messages, MESSAGES, 300);
	for (unsigned i = 0; i < MESSAGES; i++)
		free(messages[i]);
	mailbox_release(m);
}

/* A folder of real messages: CORPUS=dir, by hand. */
static void test_corpus(void **state)
{
	const char *path = getenv("CORPUS");
	struct fixture *f = *state;
	DIR *dir = path ? opendir(path) : NULL;
	char *messages[2000];
	unsigned count = 0;
	struct mailbox *m;
	struct dirent *e;

	while (dir && (e = readdir(dir)) && count < 2000) {
		char *name = mem_printf("%s/%s", path, e->d_name);
		FILE *file = fopen(name, "r");
		struct buf text;

		buf_init(&text, 9 << 20);
		if (e->d_name[0] != '.' && file && buf_reserve(&text, 8 << 20)) {
			text.len = fread(text.data, 1, 8 << 20, file);
			messages[count] = buf_take_string(&text);
			fixture_deliver(f, "INBOX", messages[count++], 0);
		}
		buf_release(&text);
		if (file)
			fclose(file);
		free(name);
	}
	if (!dir)
		return;
	closedir(dir);
	m = fixture_mailbox(f, "INBOX", false);
	await_known(f, m, snapshot_count(mailbox_newest(m)));
	compare(f, m, messages, count, 200);
	while (count > 0)
		free(messages[--count]);
	mailbox_release(m);
}

/* Searches, deliveries, expunges and the text lane at the same time. */
static void test_all_at_once(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = fixture_mailbox(f, "INBOX", true);
	char *messages[40];

	dice_state = 7;
	for (unsigned i = 0; i < 40; i++)
		messages[i] = random_message();
	for (unsigned i = 0; i < 200; i++) {
		fixture_deliver(f, "INBOX", messages[i % 40], 0);
		if (i % 25 == 24) {
			fixture_refresh(f, m);
			expunge(f, m, i - 20, i - 10);
			fixture_refresh(f, m);
			compare(f, m, messages, 40, 10);
		}
	}
	fixture_refresh(f, m);
	await_known(f, m, snapshot_count(mailbox_newest(m)));
	assert_true(ask_file("SELECT count(*) FROM doc") <= 40);
	compare(f, m, messages, 40, 30);
	for (unsigned i = 0; i < 40; i++)
		free(messages[i]);
	mailbox_release(m);
}

/* ---- Against the whole text, folded at once ---- */

enum { WHOLE = 12, WHOLE_LONGEST = 150 * 1000 };

/* Letters whose folding is longer, shorter, or of another letter's; with marks in both
 * orders and forms. */
static const char *const LETTERS[] = {
	"a", "B", " ", "x", "1", "\xC3\x9F", "\xC4\xB0", "\xEF\xAC\x83", "\xC3\xA9", "e\xCC\x81",
	"o\xCC\x82\xCC\xA3", "o\xCC\xA3\xCC\x82", "\xE2\x84\xAB", "\xE2\x84\xAA", "\xE6\xBC\xA2",
	"\xF0\x9F\x98\x80", "\xE1\xBA\x9B\xCC\xA3", "\xEA\xB0\x80", "\xE1\x84\x80\xE1\x85\xA1",
	"\xCE\xA3", "\xCF\x82", "\xEF\xB7\xBA",
};
enum { LETTERS_COUNT = sizeof(LETTERS) / sizeof(LETTERS[0]) };

/* Where each letter of the body begins. */
struct whole {
	struct buf body, folded;
	size_t *at, count;
};

static void make_whole(struct whole *x, unsigned number)
{
	unsigned breaks = number % 3 == 0 ? 0 : number % 3 == 1 ? 3000 : 40;
	/* What has no blank either, and what is nothing but marks. */
	bool blanks = number % 4 != 3;

	buf_init(&x->body, 2 * WHOLE_LONGEST);
	buf_init(&x->folded, 16 * WHOLE_LONGEST);
	x->at = mem_array(WHOLE_LONGEST, sizeof(*x->at));
	x->count = 0;
	while (x->body.len < WHOLE_LONGEST / (number % 3 + 1)) {
		unsigned which = number % 4 == 0 ? 9 + dice(3) : dice(LETTERS_COUNT);

		x->at[x->count++] = x->body.len;
		buf_add_text(&x->body, breaks && dice(breaks) == 0 ? "\n" :
			     !blanks && which == 2 ? "y" : LETTERS[which]);
	}
	assert_true(charset_fold(&x->folded, buf_slice(&x->body)));
}

static void deliver_whole(struct fixture *f, const struct whole *x, unsigned number)
{
	struct buf out;
	char *text;

	buf_init(&out, 4 << 20);
	buf_printf(&out, "Subject: %u\nContent-Type: text/plain; charset=utf-8\n", number);
	if (number % 2) {
		buf_add_text(&out, "Content-Transfer-Encoding: base64\n\n");
		base64_encode(&out, buf_slice(&x->body));
	} else {
		buf_add_text(&out, "\n");
		buf_add(&out, buf_slice(&x->body));
	}
	text = buf_take_string(&out);
	fixture_deliver(f, "INBOX", text, 0);
	free(text);
}

/* Some letters of it, often from where texts are cut. */
static struct slice needle_of(const struct whole *x)
{
	size_t from = dice((unsigned)x->count - 12), len = 1 + dice(11), cut;

	if (dice(2)) {
		cut = (1 + dice(4)) * 32768;
		for (size_t i = 0; i + 12 < x->count && x->at[i] < cut; i++)
			from = i;
		from -= from > 12 ? dice(12) : 0;
	}
	return slice_make(x->body.data + x->at[from], x->at[from + len] - x->at[from]);
}

static void test_whole(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = fixture_mailbox(f, "INBOX", false);
	struct whole all[WHOLE];

	dice_state = 3;
	for (unsigned i = 0; i < WHOLE; i++) {
		make_whole(&all[i], i);
		deliver_whole(f, &all[i], i);
	}
	fixture_refresh(f, m);
	await_known(f, m, WHOLE);
	for (unsigned round = 0; round < 100; round++) {
		struct slice needle = needle_of(&all[dice(WHOLE)]);
		struct buf folded, want, keys;
		char *text;

		if (slice_find(needle, '\n') < needle.len)
			continue;
		buf_init(&folded, 10000);
		buf_init(&want, 10000);
		buf_init(&keys, 10000);
		assert_true(charset_fold(&folded, needle));
		for (unsigned i = 0; i < WHOLE; i++)
			if (memmem(all[i].folded.data, all[i].folded.len, folded.data, folded.len))
				buf_printf(&want, "%s%u", want.len ? " " : "", i + 1);
		buf_printf(&keys, "CHARSET UTF-8 BODY \"");
		buf_add(&keys, needle);
		buf_add_byte(&keys, '"');
		buf_add_byte(&want, '\0');
		text = buf_take_string(&keys);
		gives(f, m, text, want.data);
		free(text);
		buf_release(&folded);
		buf_release(&want);
	}
	for (unsigned i = 0; i < WHOLE; i++) {
		buf_release(&all[i].body);
		buf_release(&all[i].folded);
		free(all[i].at);
	}
	mailbox_release(m);
}

/* How many it finds. */
static void finds(struct fixture *f, struct mailbox *m, const char *keys, unsigned want)
{
	char *found = search(f, m, keys, false);
	unsigned count = *found != '\0';

	for (const char *p = found; *p; p++)
		count += *p == ' ';
	if (count != want)
		fail_msg("%s gave \"%s\"", keys, found);
	free(found);
	same(f, m, keys);
}

static void deliver_line(struct fixture *f, const char *charset, const char *bytes, size_t at)
{
	struct buf out;
	size_t begin;
	char *text;

	buf_init(&out, 1 << 20);
	buf_printf(&out, "Subject: %s\nContent-Type: text/html; charset=%s\n\n", charset, charset);
	begin = out.len;
	while (out.len - begin + 4 <= at)
		buf_add_text(&out, "xyz ");
	while (out.len - begin < at)
		buf_add_byte(&out, ' ');
	buf_add_text(&out, bytes);
	for (unsigned n = 0; n < 10000; n++)
		buf_add_text(&out, " xyz");
	text = buf_take_string(&out);
	fixture_deliver(f, "INBOX", text, 0);
	free(text);
}

/* A line longer than what is read at a time is cut, and not within a character, nor
 * between a letter and its marks. */
static void test_long_lines(void **state)
{
	static const struct { const char *charset, *bytes, *needle; } rows[] = {
		{ "gb18030", "\xBA\xBA\xD7\xD6\xBA\xBA", "\xE6\xB1\x89\xE5\xAD\x97\xE6\xB1\x89" },
		{ "big5", "\xBA\x7E\xA6\x72\xBA\x7E", "\xE6\xBC\xA2\xE5\xAD\x97\xE6\xBC\xA2" },
		{ "iso-2022-jp", "\x1B$B4A;z\x1B(B", "\xE6\xBC\xA2\xE5\xAD\x97" },
		{ "utf-8", "o\xCC\x82\xCC\xA3k", "o\xCC\xA3\xCC\x82k" },
	};
	enum { SHIFTS = 12, READ = 32768 };
	struct fixture *f = *state;
	struct mailbox *m = fixture_mailbox(f, "INBOX", false);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *keys = mem_printf("CHARSET UTF-8 SUBJECT %s BODY \"%s\"", rows[i].charset,
					rows[i].needle);

		for (size_t shift = 0; shift < SHIFTS; shift++)
			deliver_line(f, rows[i].charset, rows[i].bytes, READ - shift);
		fixture_refresh(f, m);
		await_known(f, m, snapshot_count(mailbox_newest(m)));
		finds(f, m, keys, SHIFTS);
		free(keys);
	}
	mailbox_release(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_same_as_reading, setup, fixture_free),
		cmocka_unit_test_setup_teardown(test_whole, setup, fixture_free),
		cmocka_unit_test_setup_teardown(test_long_lines, setup, fixture_free),
		cmocka_unit_test_setup_teardown(test_corpus, setup, fixture_free),
		cmocka_unit_test_setup_teardown(test_all_at_once, setup, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
