#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../src/imap/fetch_item.h"

/* The plan for `text`; names are checked against "FLAGS|BODY[]<0>". */
static bool parse(struct fetch_plan *plan, struct arena *a, const char *text, bool uid)
{
	struct imap_args args = { .rest = slice_of(text), .arena = a };

	if (!fetch_plan_parse(plan, &args, a, uid)) {
		assert_non_null(args.wanted);
		return false;
	}
	return args.rest.len == 0;
}

static char *names_of(const struct fetch_plan *plan)
{
	struct buf out;

	buf_init(&out, 10000);
	for (size_t i = 0; i < plan->count; i++) {
		if (i)
			buf_add_text(&out, "|");
		buf_add(&out, plan->items[i].name);
	}
	return buf_take_string(&out);
}

static void test_plans(void **state)
{
	static const struct {
		const char *in;
		bool uid;
		const char *names;           /* NULL: refused */
		bool seen, bodies;
	} rows[] = {
		{ "ALL", false, "FLAGS|INTERNALDATE|RFC822.SIZE|ENVELOPE", false, false },
		{ "fast", false, "FLAGS|INTERNALDATE|RFC822.SIZE", false, false },
		{ "Full", false, "FLAGS|INTERNALDATE|RFC822.SIZE|ENVELOPE|BODY", false, false },
		{ "FULL", true, "FLAGS|INTERNALDATE|RFC822.SIZE|ENVELOPE|BODY|UID", false, false },
		{ "FLAGS", false, "FLAGS", false, false },
		{ "flags", true, "FLAGS|UID", false, false },
		{ "(uid flags)", true, "UID|FLAGS", false, false },
		{ "BODY", false, "BODY", false, false },
		{ "(BODYSTRUCTURE)", false, "BODYSTRUCTURE", false, false },
		{ "(BODY ENVELOPE INTERNALDATE RFC822.SIZE)", false,
		  "BODY|ENVELOPE|INTERNALDATE|RFC822.SIZE", false, false },
		{ "BODY[]", false, "BODY[]", true, true },
		{ "BODY.PEEK[]", false, "BODY[]", false, true },
		{ "body.peek[1.mime]<0.10>", false, "BODY[1.MIME]<0>", false, true },
		{ "(BODY.PEEK[] BODY[1])", false, "BODY[]|BODY[1]", true, true },
		{ "BODY[HEADER.FIELDS (DATE FROM)]<7.1>", false,
		  "BODY[HEADER.FIELDS (DATE FROM)]<7>", true, true },
		{ "BODY[]<9223372036854775807.9223372036854775807>", false,
		  "BODY[]<9223372036854775807>", true, true },
		{ "RFC822", false, "RFC822", true, true },
		{ "RFC822.HEADER", false, "RFC822.HEADER", false, true },
		{ "RFC822.TEXT", false, "RFC822.TEXT", true, true },
		{ "", false, NULL, false, false },
		{ "()", false, NULL, false, false },
		{ "(FLAGS", false, NULL, false, false },
		{ "(FLAGS )", false, NULL, false, false },
		{ "( FLAGS)", false, NULL, false, false },
		{ "(FLAGS  UID)", false, NULL, false, false },
		{ "(FLAGS)x", false, NULL, false, false },
		{ "(ALL)", false, NULL, false, false },
		{ "(FLAGS FAST)", false, NULL, false, false },
		{ "FLAGS UID", false, NULL, false, false },
		{ "ALL FLAGS", false, NULL, false, false },
		{ "FLAG", false, NULL, false, false },
		{ "FLAGS[]", false, NULL, false, false },
		{ "BODY.PEEK", false, NULL, false, false },
		{ "BODYSTRUCTURE[]", false, NULL, false, false },
		{ "RFC822[]", false, NULL, false, false },
		{ "BODY[]<0>", false, NULL, false, false },
		{ "BODY[]<0.0>", false, NULL, false, false },
		{ "BODY[]<.5>", false, NULL, false, false },
		{ "BODY[]<1.5", false, NULL, false, false },
		{ "BODY[]<-1.5>", false, NULL, false, false },
		{ "BODY[MIME]", false, NULL, false, false },
		{ "BODY<0.5>", false, NULL, false, false },
		{ "\"FLAGS\"", false, NULL, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *a = arena_new(2 * FETCH_PLAN_BYTES);
		struct fetch_plan plan;

		if (parse(&plan, a, rows[i].in, rows[i].uid) != (rows[i].names != NULL))
			fail_msg("%s: read is %d", rows[i].in, rows[i].names == NULL);
		if (rows[i].names) {
			char *names = names_of(&plan);

			assert_string_equal(names, rows[i].names);
			assert_int_equal(plan.sets_seen, rows[i].seen);
			assert_int_equal(plan.bodies, rows[i].bodies);
			assert_int_equal(plan.flags, strstr(names, "FLAGS") != NULL);
			free(names);
		}
		arena_free(a);
	}
}

static void test_what_is_asked(void **state)
{
	struct arena *a = arena_new(2 * FETCH_PLAN_BYTES);
	struct fetch_plan plan;

	(void)state;
	assert_true(parse(&plan, a, "(BODY[2.1]<3.40> RFC822.TEXT RFC822.HEADER BODY)", false));
	assert_int_equal(plan.count, 4);
	assert_int_equal(plan.items[0].kind, FETCH_SECTION);
	assert_int_equal(plan.items[0].section.depth, 2);
	assert_int_equal(plan.items[0].section.path[0], 2);
	assert_int_equal(plan.items[0].section.path[1], 1);
	assert_true(plan.items[0].partial);
	assert_int_equal(plan.items[0].start, 3);
	assert_int_equal(plan.items[0].count, 40);
	assert_int_equal(plan.items[1].section.text, SECTION_TEXT);
	assert_int_equal(plan.items[2].section.text, SECTION_HEADER);
	assert_false(plan.items[2].partial);
	assert_int_equal(plan.items[3].kind, FETCH_BODY);
	arena_free(a);
}

/* A job follows the plan after the command's text is gone. */
static void test_plan_is_its_own(void **state)
{
	struct arena *a = arena_new(2 * FETCH_PLAN_BYTES);
	struct fetch_plan plan;
	char text[] = "(BODY[HEADER.FIELDS (Date {2}\r\nTo)] RFC822.SIZE)";
	char *names;

	(void)state;
	assert_true(parse(&plan, a, text, false));
	memset(text, '?', sizeof(text) - 1);
	names = names_of(&plan);
	assert_string_equal(names, "BODY[HEADER.FIELDS (Date To)]|RFC822.SIZE");
	assert_int_equal(plan.items[0].section.field_count, 2);
	assert_true(slice_is(plan.items[0].section.fields[1], "To"));
	free(names);
	arena_free(a);
}

static void test_ceiling(void **state)
{
	(void)state;
	for (int over = 0; over < 2; over++) {
		struct arena *a = arena_new(2 * FETCH_PLAN_BYTES);
		struct fetch_plan plan;
		struct buf text;
		char *string;

		buf_init(&text, 10000);
		buf_add_text(&text, "(BODY[]");
		for (int i = 1; i < FETCH_ITEMS_MAX + over; i++)
			buf_add_text(&text, " BODY[]");
		buf_add_text(&text, ")");
		string = buf_take_string(&text);
		assert_int_equal(parse(&plan, a, string, true), !over);
		if (!over)
			assert_int_equal(plan.count, FETCH_ITEMS_MAX + 1);
		free(string);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_what_is_asked),
		cmocka_unit_test(test_plan_is_its_own),
		cmocka_unit_test(test_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
