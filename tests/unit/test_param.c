#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/mime/param.h"
#include "base/clock.h"
#include "mime/part.h"

/* The text of "name" in a part whose Content-Type has these parameters; NULL: none. */
static void check(const char *params, const char *want)
{
	struct arena *a = mime_arena_new();
	struct buf message, out;
	const struct mime_part *p;
	bool found;

	buf_init(&message, 1 << 16);
	buf_init(&out, 1 << 16);
	buf_printf(&message, "Content-Type: a/b; %s\n\n", params);
	p = mime_scan(a, buf_slice(&message), &mime_default_limits);
	found = mime_param_text(&out, p->params, "name");
	if (found != (want != NULL) || (want && !slice_is(buf_slice(&out), want)))
		fail_msg("%s\n want %s\n  got %.*s", params, want, (int)out.len, out.data);
	buf_release(&message);
	buf_release(&out);
	arena_free(a);
}

static void test_text(void **state)
{
	(void)state;
	check("x=1", NULL);
	check("name=a.txt", "a.txt");
	check("NAME=\"a b.txt\"", "a b.txt");
	check("name=\"=?utf-8?Q?Gr=C3=BC=C3=9Fe?=\"", "Gr\xc3\xbc\xc3\x9f" "e");
	check("name=\"Gr\xfc\xdf" "e\"", "Gr\xc3\xbc\xc3\x9f" "e");
	check("name=\"\"", "");
}

/* RFC 2231 3 and 4, with its own examples. */
static void test_extended(void **state)
{
	(void)state;
	check("name*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "This is ***fun***");
	check("name*0=\"ftp://\"; name*1=\"cs.utk.edu/pub\"", "ftp://cs.utk.edu/pub");
	check("name*0*=us-ascii'en'This%20is%20even%20more%20; name*1*=%2A%2A%2Afun%2A%2A%2A%20; "
	      "name*2=\"isn't it!\"", "This is even more ***fun*** isn't it!");
	check("name*1*=%20zwei; name*0*=ISO-8859-1'de'Gr%FC%DFe", "Gr\xc3\xbc\xc3\x9f" "e zwei");
	/* A character split between two pieces. */
	check("name*0*=utf-8''%C3; name*1*=%BC", "\xc3\xbc");
	check("name=plain; name*=utf-8''better", "better");
	check("name*=utf-8''better; name=plain", "better");
}

static void test_broken(void **state)
{
	(void)state;
	check("name*=''x%", "x%");
	check("name*=''x%4", "x%4");
	check("name*=''x%zz%41", "x%zzA");
	check("name*=%41", "A");
	check("name*=nobody'''%41", "'A");
	check("name*0=a; name*2=c", "a");
	check("name*1=b", NULL);
	check("name*1=b; name=x", "x");
	check("name*x=b", NULL);
	check("name*0=a; name*0=b; name*1=c", "ac");
	check("name*99999999999999999999=a", NULL);
}

static void test_piece(void **state)
{
	static const struct {
		const char *name;
		bool is;
		const char *base;
		uint64_t number;
		bool numbered, encoded;
	} cases[] = {
		{ "name", false, "name", 0, false, false },
		{ "name*", true, "name", 0, false, true },
		{ "name*0", true, "name", 0, true, false },
		{ "name*12*", true, "name", 12, true, true },
		{ "name**", false, "name", 0, true, true },
		{ "*0", false, "", 0, false, false },
		{ "*", false, "", 0, false, false },
		{ "name*1000", false, "name", 0, true, false },
		{ "name*-1", false, "name", 0, true, false },
		{ "", false, "", 0, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct param_piece p;

		assert_int_equal(param_piece(slice_of(cases[i].name), &p), cases[i].is);
		if (!cases[i].is)
			continue;
		assert_true(slice_is(p.base, cases[i].base));
		assert_int_equal(p.number, cases[i].number);
		assert_int_equal(p.numbered, cases[i].numbered);
		assert_int_equal(p.encoded, cases[i].encoded);
	}
}

/* Pieces in the worst order: the search is given up, it does not go on for ever. */
static void test_hostile(void **state)
{
	struct arena *a = mime_arena_new();
	uint64_t start = clock_mono_ms();
	struct buf message, out;

	(void)state;
	buf_init(&message, 1 << 20);
	buf_init(&out, 1 << 20);
	buf_add_text(&message, "Content-Type: a/b");
	for (int i = 20000; i >= 0; i--)
		buf_printf(&message, ";name*%d=x", i % 1000);
	buf_add_text(&message, "\n\n");
	const struct mime_part *p = mime_scan(a, buf_slice(&message), &mime_default_limits);
	assert_true(mime_param_text(&out, p->params, "name"));
	assert_true(out.len >= 1);
	assert_true(clock_mono_ms() - start < 5000);
	buf_release(&message);
	buf_release(&out);
	arena_free(a);
}

static void test_out_full(void **state)
{
	struct mime_param p = { .name = SLICE("name"), .value = SLICE("abc") };
	struct buf out;

	(void)state;
	buf_init(&out, 2);
	assert_false(mime_param_text(&out, &p, "name"));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_extended),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_piece),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_out_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
