#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../src/imap/fetch_job.h"
#include "../support/fake_messages.h"

static int setup(void **state)
{
	(void)state;
	memset(&fakes, 0, sizeof(fakes));
	setenv("TZ", "UTC", 1);
	tzset();
	return 0;
}

/* A job for these UIDs; \Recent and newly \Seen are UID 1 where asked for. */
static struct fetch_job *job(const char *items, uint32_t first, uint32_t last, bool recent,
			     bool seen)
{
	struct fetch_job *f = fetch_job_new();
	struct imap_args a = { .rest = slice_of(items), .arena = f->keep };
	struct uid_set set;

	assert_true(fetch_plan_parse(&f->plan, &a, f->keep, false));
	uid_set_init(&set);
	if (recent)
		uid_set_add(&set, 1, 1);
	if (seen)
		uid_set_add(&f->seen, 1, 1);
	uid_set_add(&f->uids, first, last);
	fetch_job_begin(f, NULL, &fakes, &set);
	uid_set_release(&set);
	return f;
}

/* All slices together. */
static char *run(struct fetch_job *f, unsigned *slices)
{
	struct buf all;

	buf_init(&all, 64 << 20);
	for (*slices = 0; !f->finished && !f->broken; ++*slices) {
		f->job.work(&f->job);
		assert_true(f->out.len <= FETCH_SLICE_BYTES + 80 * 1024);
		buf_add(&all, buf_slice(&f->out));
		buf_clear(&f->out);
	}
	assert_false(all.overflow);
	return buf_take_string(&all);
}

static void check(const char *items, const char *want)
{
	struct fetch_job *f = job(items, 1, UINT32_MAX - 1, true, false);
	unsigned slices;
	char *got = run(f, &slices);

	assert_string_equal(got, want);
	free(got);
	fetch_job_free(f);
}

static void test_snapshot_items(void **state)
{
	(void)state;
	fake_add(1, SLICE("A: b\n\nc\n"));
	fake_add(7, SLICE("A: b\n\n"));
	fakes.at[0].info.flags = MESSAGE_SEEN | MESSAGE_DRAFT;
	fakes.at[0].info.keywords = 1;
	fakes.at[0].info.received = 760073345;   /* 1-Feb-1994 03:29:05 */
	check("(UID FLAGS)", "* 1 FETCH (UID 1 FLAGS (\\Seen \\Draft \\Recent $Work later))\r\n"
			     "* 2 FETCH (UID 7 FLAGS ())\r\n");
	check("RFC822.SIZE", "* 1 FETCH (RFC822.SIZE 11)\r\n* 2 FETCH (RFC822.SIZE 8)\r\n");
	fakes.at[0].info.saved = 760073345;
	check("SAVEDATE", "* 1 FETCH (SAVEDATE \" 1-Feb-1994 03:29:05 +0000\")\r\n"
			  "* 2 FETCH (SAVEDATE NIL)\r\n");
	check("INTERNALDATE", "* 1 FETCH (INTERNALDATE \" 1-Feb-1994 03:29:05 +0000\")\r\n"
			      "* 2 FETCH (INTERNALDATE \" 1-Jan-1970 00:00:00 +0000\")\r\n");
	setenv("TZ", "XST+3:30", 1);
	tzset();
	check("INTERNALDATE", "* 1 FETCH (INTERNALDATE \"31-Jan-1994 23:59:05 -0330\")\r\n"
			      "* 2 FETCH (INTERNALDATE \"31-Dec-1969 20:30:00 -0330\")\r\n");
	assert_int_equal(fakes.opened + fakes.read + fakes.described, 0);
}

static void test_uids_with_holes(void **state)
{
	struct fetch_job *f;
	unsigned slices;
	char *got;

	(void)state;
	for (uint32_t uid = 2; uid <= 20; uid += 3)
		fake_add(uid, SLICE("x"));       /* 2 5 8 11 14 17 20 */
	f = job("UID", 4, 9, false, false);
	uid_set_add(&f->uids, 13, 13);
	uid_set_add(&f->uids, 17, UINT32_MAX);
	got = run(f, &slices);
	assert_string_equal(got, "* 2 FETCH (UID 5)\r\n* 3 FETCH (UID 8)\r\n"
				 "* 6 FETCH (UID 17)\r\n* 7 FETCH (UID 20)\r\n");
	free(got);
	fetch_job_free(f);
}

static void test_newly_seen(void **state)
{
	struct fetch_job *f;
	unsigned slices;
	char *got;

	(void)state;
	fake_add(1, SLICE("A: b\n\nc"));
	fake_add(2, SLICE("A: b\n\nd"));
	fakes.at[0].info.flags = MESSAGE_SEEN;
	f = job("BODY[TEXT]", 1, 2, false, true);
	got = run(f, &slices);
	assert_string_equal(got, "* 1 FETCH (BODY[TEXT] {1}\r\nc FLAGS (\\Seen))\r\n"
				 "* 2 FETCH (BODY[TEXT] {1}\r\nd)\r\n");
	free(got);
	fetch_job_free(f);
}

/* What clients ask of every message when they open a folder is in its header. */
static void test_headers_read_no_body(void **state)
{
	(void)state;
	fake_add(1, SLICE("A: b\nC: d\n\nbody\n"));
	check("(BODY.PEEK[HEADER.FIELDS (C)] BODY.PEEK[HEADER.FIELDS.NOT (C)])",
	      "* 1 FETCH (BODY[HEADER.FIELDS (C)] {8}\r\nC: d\r\n\r\n"
	      " BODY[HEADER.FIELDS.NOT (C)] {8}\r\nA: b\r\n\r\n)\r\n");
	assert_int_equal(fakes.read, 0);
	check("RFC822.HEADER", "* 1 FETCH (RFC822.HEADER {14}\r\nA: b\r\nC: d\r\n\r\n)\r\n");
	assert_int_equal(fakes.read, 1);
}

/* RFC 2180 4.1.2: the others are answered. */
static void test_gone(void **state)
{
	static const char *const items[] = { "(FLAGS BODY.PEEK[])", "(FLAGS ENVELOPE)", "BODY" };

	(void)state;
	for (uint32_t uid = 1; uid <= 3; uid++)
		fake_add(uid, SLICE("A: b\n\nc\n"));
	fakes.at[1].gone = true;
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		struct fetch_job *f = job(items[i], 1, 3, false, false);
		unsigned slices;
		char *got = run(f, &slices);

		assert_non_null(strstr(got, "* 1 FETCH ("));
		assert_null(strstr(got, "* 2"));
		assert_non_null(strstr(got, ")\r\n* 3 FETCH ("));
		assert_true(f->gone);
		assert_false(f->failed);
		free(got);
		fetch_job_free(f);
	}
	check("FLAGS", "* 1 FETCH (FLAGS (\\Recent))\r\n* 2 FETCH (FLAGS ())\r\n"
		       "* 3 FETCH (FLAGS ())\r\n");
}

/* Vanished behind a body of which the client has the first half. */
static void test_gone_half_way(void **state)
{
	size_t size = 3 * FETCH_SLICE_BYTES;
	char *bytes = mem_alloc(size);
	struct fetch_job *f;
	unsigned slices;
	char *got, *end;

	(void)state;
	memset(bytes, 'x', size);
	bytes[0] = '\n';
	fake_add(1, slice_make(bytes, size));
	fakes.at[0].no_text = true;
	f = job("(BODY.PEEK[] ENVELOPE)", 1, 1, false, false);
	got = run(f, &slices);
	assert_true(slices >= 3);
	end = got + strlen(got) - strlen(" ENVELOPE NIL)\r\n");
	assert_string_equal(end, " ENVELOPE NIL)\r\n");
	assert_true(f->gone);
	free(got);
	free(bytes);
	fetch_job_free(f);
}

/* A literal that cannot be finished ends everything: nothing is put in its place. */
static void test_torn(void **state)
{
	static const char text[] = "A: b\n\nbody body body\n";
	struct fetch_job *f;
	unsigned slices;
	char *got;

	(void)state;
	fake_add(1, slice_of(text));
	fakes.at[0].torn_at = 10;
	f = job("BODY.PEEK[]", 1, 1, false, false);
	got = run(f, &slices);
	assert_true(f->broken);
	assert_string_equal(got, "* 1 FETCH (BODY[] {24}\r\n");
	free(got);
	fetch_job_free(f);
}

/* However much is asked for, slices stay small and make a whole. */
static void test_slices(void **state)
{
	enum { SIZE = 1000000, TIMES = 20 };
	char *bytes = mem_alloc(SIZE), *at, *got;
	struct fetch_job *f;
	unsigned slices;
	char head[80];

	(void)state;
	memset(bytes, 'y', SIZE);
	for (size_t i = 0; i < SIZE; i += 50)
		bytes[i] = '\n';
	for (uint32_t uid = 1; uid <= TIMES; uid++)
		fake_add(uid, slice_make(bytes, SIZE));
	f = job("BODY.PEEK[]", 1, TIMES, false, false);
	at = got = run(f, &slices);
	assert_true(slices >= TIMES * SIZE / FETCH_SLICE_BYTES);
	for (unsigned i = 1; i <= TIMES; i++) {
		snprintf(head, sizeof(head), "* %u FETCH (BODY[] {%d}\r\n\r\nyyyy", i,
			 SIZE + SIZE / 50);
		assert_memory_equal(at, head, strlen(head));
		at += strlen(head) - 6 + SIZE + SIZE / 50;
		assert_memory_equal(at, ")\r\n", 3);
		at += 3;
	}
	assert_int_equal(*at, '\0');
	free(got);
	free(bytes);
	fetch_job_free(f);
}

/* The octets of a literal, or of "". */
static void add_octets(struct buf *out, const char *answer)
{
	const char *brace = strchr(answer, '{');

	if (brace)
		buf_add(out, slice_make(strchr(brace, '\n') + 1, strtoul(brace + 1, NULL, 10)));
}

static void fetch_part(struct buf *out, const char *what, size_t start, size_t count)
{
	char item[100];
	struct fetch_job *f;
	unsigned slices;
	char *got;

	snprintf(item, sizeof(item), "%s<%zu.%zu>", what, start, count);
	f = job(item, 1, 1, false, false);
	got = run(f, &slices);
	add_octets(out, got);
	free(got);
	fetch_job_free(f);
}

/* Piece by piece, each with a command of its own, is the same and costs the same as at
 * once; so is any piece in any order. */
static void pieces(const char *what)
{
	enum { PIECE = 10000 };
	struct buf all, joined, one;
	unsigned reads;

	buf_init(&all, 4 << 20);
	buf_init(&joined, 4 << 20);
	buf_init(&one, 4 << 20);
	fakes.mark = (struct reader_mark){ 0 };
	fetch_part(&all, what, 0, 4 << 20);
	assert_true(all.len > 500000);
	fakes.mark = (struct reader_mark){ 0 };
	fakes.read = 0;
	for (size_t at = 0; at < all.len; at += PIECE)
		fetch_part(&joined, what, at, PIECE);
	reads = fakes.read;
	assert_int_equal(joined.len, all.len);
	assert_memory_equal(joined.data, all.data, all.len);
	assert_in_range(reads, 1, 3 * (all.len / PIECE));
	for (size_t at = all.len; at > 7000; at -= 7000) {
		size_t start = at * 7919 % all.len;

		buf_clear(&one);
		fetch_part(&one, what, start, 3000);
		assert_memory_equal(one.data, all.data + start, one.len);
		assert_int_equal(one.len, all.len - start < 3000 ? all.len - start : 3000);
	}
	buf_release(&all);
	buf_release(&joined);
	buf_release(&one);
}

static void test_pieces(void **state)
{
	struct buf message;

	(void)state;
	buf_init(&message, 4 << 20);
	buf_add_text(&message, "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
			       "Content-Transfer-Encoding: base64\n\n");
	for (int i = 0; i < 14000; i++)
		buf_add_text(&message, i % 3 ? "aGVsbG8gdGhlcmUgYW5kIGV2ZXJ5d2hlcmUgZWxzZSBv\n" :
					       "biBFYXJ0aA0KaA\n=\n");
	buf_add_text(&message, "\n--b\nContent-Transfer-Encoding: quoted-printable\n\n");
	for (int i = 0; i < 14000; i++)
		buf_add_text(&message, i % 5 ? "caf=C3=A9 au lait and more words to fill the line=\n" :
					       "one   \n");
	buf_add_text(&message, "\n--b--\n");
	fake_add(1, buf_slice(&message));
	pieces("BODY.PEEK[]");
	pieces("BODY.PEEK[1]");
	pieces("BODY.PEEK[2]");
	pieces("BINARY.PEEK[2]");
	buf_release(&message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_snapshot_items, setup),
		cmocka_unit_test_setup(test_uids_with_holes, setup),
		cmocka_unit_test_setup(test_newly_seen, setup),
		cmocka_unit_test_setup(test_headers_read_no_body, setup),
		cmocka_unit_test_setup(test_gone, setup),
		cmocka_unit_test_setup(test_gone_half_way, setup),
		cmocka_unit_test_setup(test_torn, setup),
		cmocka_unit_test_setup(test_slices, setup),
		cmocka_unit_test_setup(test_pieces, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
