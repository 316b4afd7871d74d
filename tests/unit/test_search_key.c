#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/imap/search_key.h"
#include "store/snapshot.h"

struct parsed {
	struct arena *arena;
	struct search_plan plan;
	enum search_parse result;
	const char *wanted;
};

static struct parsed parse_with(const char *text, bool utf8)
{
	struct parsed p = { .arena = arena_new(2 * SEARCH_PLAN_BYTES) };
	struct imap_args args = { .rest = slice_of(text), .arena = p.arena, .utf8 = utf8 };

	p.result = search_plan_parse(&p.plan, &args, p.arena, utf8);
	p.wanted = args.wanted;
	return p;
}

static struct parsed parse(const char *text)
{
	return parse_with(text, false);
}

/* The tree as text: kinds by their names, arguments behind them. */
static void print_key(struct buf *out, const struct search_key *k)
{
	static const char *const names[] = {
		[SEARCH_AND] = "and", [SEARCH_OR] = "or", [SEARCH_NOT] = "not",
		[SEARCH_ALL] = "all", [SEARCH_NUMBERS] = "seq", [SEARCH_UIDS] = "uid",
		[SEARCH_FLAG] = "flag", [SEARCH_RECENT] = "recent", [SEARCH_NEW] = "new",
		[SEARCH_KEYWORD] = "keyword", [SEARCH_DATE] = "date", [SEARCH_SIZE] = "size",
		[SEARCH_SENT] = "sent", [SEARCH_HEADER] = "header", [SEARCH_BODY] = "body",
		[SEARCH_TEXT] = "text",
	};
	static const char *const orders[] = {
		[SEARCH_LESS] = "<", [SEARCH_EQUAL] = "=", [SEARCH_AT_LEAST] = ">=",
		[SEARCH_MORE] = ">",
	};

	buf_printf(out, "%s%s", k->negated ? "!" : "", names[k->kind]);
	if (k->kind == SEARCH_FLAG)
		buf_printf(out, "%u", k->flag);
	if (k->kind == SEARCH_DATE || k->kind == SEARCH_SENT)
		buf_printf(out, "%s%lld", orders[k->order], (long long)k->days);
	if (k->kind == SEARCH_SIZE)
		buf_printf(out, "%s%llu", orders[k->order], (unsigned long long)k->size);
	if (k->name.len)
		buf_printf(out, ":%.*s", (int)k->name.len, k->name.at);
	if (k->kind >= SEARCH_HEADER)
		buf_printf(out, "'%.*s'", (int)k->needle.len, k->needle.at);
	if (k->kind == SEARCH_NUMBERS || k->kind == SEARCH_UIDS) {
		buf_add_byte(out, ' ');
		uid_set_print(out, &k->set);
	}
	if (!k->child)
		return;
	buf_add_byte(out, '(');
	for (const struct search_key *c = k->child; c; c = c->next) {
		print_key(out, c);
		if (c->next)
			buf_add_byte(out, ' ');
	}
	buf_add_byte(out, ')');
}

static void test_trees(void **state)
{
	static const struct {
		const char *in, *tree;
	} rows[] = {
		{ "ALL", "and(all)" },
		{ "all Seen UNSEEN", "and(all flag1 !flag1)" },
		{ "ANSWERED UNANSWERED FLAGGED UNFLAGGED", "and(flag2 !flag2 flag4 !flag4)" },
		{ "DELETED UNDELETED DRAFT UNDRAFT", "and(flag8 !flag8 flag16 !flag16)" },
		{ "NEW OLD RECENT", "and(new !recent recent)" },
		{ "KEYWORD $Junk UNKEYWORD work", "and(keyword:$Junk !keyword:work)" },
		{ "LARGER 0 SMALLER 4294967295", "and(size>0 size<4294967295)" },
		{ "BEFORE 2-Jan-1970", "and(date<1)" },
		{ "ON \"1-Jan-1970\"", "and(date=0)" },
		{ "SINCE 31-Dec-1969", "and(date>=-1)" },
		{ "SENTBEFORE 1-Feb-1970 SENTON 1-Feb-1970 SENTSINCE 1-Feb-1970",
		  "and(sent<31 sent=31 sent>=31)" },
		{ "FROM Smith TO x CC y BCC \"z z\" SUBJECT {2}\r\nAB",
		  "and(header:From'smith' header:To'x' header:Cc'y' header:Bcc'z z' "
		  "header:Subject'ab')" },
		{ "HEADER X-Spam \"\"", "and(header:X-Spam'')" },
		{ "HEADER \"List-Id\" YES", "and(header:List-Id'yes')" },
		{ "BODY \"Hello World\" TEXT ALL", "and(body'hello world' text'all')" },
		{ "NOT SEEN", "and(not(flag1))" },
		{ "OR SEEN NOT NOT FLAGGED", "and(or(not(not(flag4)) flag1))" },
		{ "(SEEN)", "and(and(flag1))" },
		{ "(SEEN (FLAGGED DRAFT)) ALL", "and(and(flag1 and(flag4 flag16)) all)" },
		{ "OR (SEEN FLAGGED) OR NEW OLD", "and(or(or(!recent new) and(flag1 flag4)))" },
		/* RFC 3501 6.4.4 */
		{ "FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"",
		  "and(flag4 date>=8797 not(header:From'smith'))" },
		{ "CHARSET UTF-8 TEXT {6}\r\n\xC3\x84\xC3\x96\xC3\x9C",
		  "and(text'a\xCC\x88o\xCC\x88u\xCC\x88')" },
		{ "CHARSET US-ASCII ALL", "and(all)" },
		{ "charset \"utf-8\" BODY stra\xC3\x9F" "e", NULL },
		{ "CHARSET UTF-8 BODY \"Stra\xC3\x9F" "e\"", "and(body'strasse')" },
		{ "CHARSET ISO-8859-1 BODY {1}\r\n\xC4", "and(body'a\xCC\x88')" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parsed p = parse(rows[i].in);

		if ((p.result == SEARCH_PARSED) != (rows[i].tree != NULL))
			fail_msg("%s: %d, wanted %s", rows[i].in, p.result, p.wanted);
		if (rows[i].tree) {
			struct buf out;
			char *text;

			buf_init(&out, 10000);
			print_key(&out, p.plan.root);
			text = buf_take_string(&out);
			assert_string_equal(text, rows[i].tree);
			free(text);
		} else {
			assert_int_equal(p.result, SEARCH_SYNTAX);
		}
		arena_free(p.arena);
	}
}

static void test_refused(void **state)
{
	static const char *const rows[] = {
		"", " ", "ALL ", " ALL", "ALL  SEEN", "SEENX", "NOT", "NOT ", "OR SEEN", "OR SEEN ",
		"()", "(SEEN", "SEEN)", "(SEEN))", "( SEEN)", "(SEEN )", "KEYWORD", "KEYWORD \"a\"",
		"LARGER", "LARGER x", "LARGER -1", "SMALLER 1x", "BEFORE", "BEFORE 1994",
		"BEFORE 32-Jan-1994", "BEFORE 1-Foo-1994", "FROM", "FROM (", "HEADER x",
		"HEADER", "UID", "UID x", "UID 0", "0", "1:", "1,,2", "1:2:3", "*x", "CHARSET",
		"CHARSET UTF-8", "CHARSET UTF-8 ", "CHARSETUTF-8 ALL", "TEXT {5}\r\nab", "\\Seen",
		"%", "SEEN\r\nSEEN",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parsed p = parse(rows[i]);

		if (p.result != SEARCH_SYNTAX)
			fail_msg("\"%s\": %d", rows[i], p.result);
		assert_non_null(p.wanted);
		arena_free(p.arena);
	}
}

static void test_charsets(void **state)
{
	struct parsed p;

	(void)state;
	p = parse("CHARSET KLINGON-7 ALL");
	assert_int_equal(p.result, SEARCH_CHARSET);
	arena_free(p.arena);
	/* RFC 6855 3 */
	p = parse_with("CHARSET UTF-8 ALL", true);
	assert_int_equal(p.result, SEARCH_SYNTAX);
	arena_free(p.arena);
	p = parse_with("ALL", true);
	assert_int_equal(p.result, SEARCH_PARSED);
	arena_free(p.arena);
}

static void test_sets(void **state)
{
	static const struct {
		const char *set;
		uint32_t last;
		const char *ranges;
	} rows[] = {
		{ "1", 9, "1" },
		{ "*", 9, "9" },
		{ "3:*", 9, "3:9" },
		{ "*:3", 9, "3:9" },
		{ "12:*", 9, "9:12" },          /* RFC 3501 9: always has the last one */
		{ "5:2", 9, "2:5" },
		{ "9,1:3,2,4,8:6,1", 9, "1:4,6:9" },
		{ "4294967294:4294967290,1", 9, "1,4294967290:4294967294" },
		{ "1:4294967294,2", 9, "1:4294967294" },
		{ "7,5,3,1", 9, "1,3,5,7" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int uid = 0; uid < 2; uid++) {
			struct parsed p;
			struct buf out;
			char *text;

			buf_init(&out, 1000);
			buf_printf(&out, "NOT (%s%s)", uid ? "UID " : "", rows[i].set);
			text = buf_take_string(&out);
			p = parse(text);
			free(text);
			assert_int_equal(p.result, SEARCH_PARSED);
			search_plan_resolve(&p.plan, uid ? 1 : rows[i].last,
					    uid ? rows[i].last : 1, NULL);
			buf_init(&out, 1000);
			uid_set_print(&out, &p.plan.root->child->child->child->set);
			text = buf_take_string(&out);
			assert_string_equal(text, rows[i].ranges);
			free(text);
			arena_free(p.arena);
		}
	}
}

/* "head" + n times "middle" + "tail" */
static struct parsed parse_many(const char *head, size_t n, const char *middle, const char *tail)
{
	struct parsed p;
	struct buf text;
	char *string;

	buf_init(&text, 4 * SEARCH_PLAN_BYTES);
	buf_add_text(&text, head);
	for (size_t i = 0; i < n; i++)
		buf_add_text(&text, middle);
	assert_true(buf_add_text(&text, tail));
	string = buf_take_string(&text);
	p = parse(string);
	free(string);
	return p;
}

static void test_ceilings(void **state)
{
	static const struct {
		const char *head;
		size_t most;
		const char *middle, *tail;
	} rows[] = {
		{ "", SEARCH_DEPTH_MAX - 1, "NOT ", "SEEN" },
		{ "", SEARCH_DEPTH_MAX - 1, "OR SEEN ", "SEEN" },
		{ "", SEARCH_KEYS_MAX - 2, "SEEN ", "SEEN" },
		{ "", SEARCH_NEEDLES_MAX - 1, "FROM x ", "TO y" },
		{ "TEXT ", SEARCH_NEEDLE_BYTES - 1, "x", "x" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parsed p = parse_many(rows[i].head, rows[i].most, rows[i].middle,
					     rows[i].tail);

		assert_int_equal(p.result, SEARCH_PARSED);
		arena_free(p.arena);
		p = parse_many(rows[i].head, rows[i].most + 1, rows[i].middle, rows[i].tail);
		assert_int_equal(p.result, SEARCH_LIMIT);
		assert_non_null(p.wanted);
		arena_free(p.arena);
	}
}

/* Neither depth nor text of a hostile command gets further than a ceiling. */
static void test_hostile(void **state)
{
	static const char *const middles[] = { "(", "NOT ", "OR ", "((ALL) ", "TEXT {9}\r\nxxxxxxxxx " };

	(void)state;
	for (size_t i = 0; i < sizeof(middles) / sizeof(middles[0]); i++) {
		struct parsed p = parse_many("", 20000, middles[i], "");

		assert_int_equal(p.result, SEARCH_LIMIT);
		arena_free(p.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_charsets),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
