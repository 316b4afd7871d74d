#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/mem.h"
#include "../../src/http/target.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_targets(void **state)
{
	static const struct {
		const char *target, *path, *query;       /* path NULL: refused */
	} cases[] = {
		{ "/", "/", "" },
		{ "/a", "/a", "" },
		{ "/a?", "/a", "" },
		{ "/a?b?c=%zz", "/a", "b?c=%zz" },
		{ "/a/b/", "/a/b/", "" },
		{ "//a", "//a", "" },
		{ "/%61%2E%2a", "/a.*", "" },
		{ "/%c3%a4", "/\xc3\xa4", "" },
		{ "/%25%32%65", "/%2e", "" },            /* decoded once */
		{ "/.", "/", "" },
		{ "/..", "/", "" },
		{ "/./a", "/a", "" },
		{ "/../a", "/a", "" },
		{ "/../../a/./b", "/a/b", "" },
		{ "/a/..", "/", "" },
		{ "/a/b/..", "/a/", "" },
		{ "/a/b/.", "/a/b/", "" },
		{ "/a/../b", "/b", "" },
		{ "/a/b/../../c", "/c", "" },
		{ "/a//../b", "/a/b", "" },
		{ "/%2e%2E/a", "/a", "" },
		{ "/...", "/...", "" },
		{ "/.a/..b", "/.a/..b", "" },
		{ "http://h", "/", "" },
		{ "http://h?q", "/", "q" },
		{ "HTTPS://h.example:8088/a?q", "/a", "q" },
		{ "http://[::1]:80/a", "/a", "" },
		{ "", NULL, NULL },
		{ "a", NULL, NULL },
		{ "*", NULL, NULL },
		{ "h:80", NULL, NULL },
		{ "ftp://h/a", NULL, NULL },
		{ "http:///a", NULL, NULL },
		{ "http://:80/a", NULL, NULL },
		{ "http://u@h/a", NULL, NULL },
		{ "http://h:x/a", NULL, NULL },
		{ "/a#b", NULL, NULL },
		{ "/a?b#c", NULL, NULL },
		{ "/%", NULL, NULL },
		{ "/%2", NULL, NULL },
		{ "/%2?", NULL, NULL },
		{ "/%g0", NULL, NULL },
		{ "/%0g", NULL, NULL },
		{ "/%00", NULL, NULL },
		{ "/%0d%0aX", NULL, NULL },
		{ "/%7F", NULL, NULL },
		{ "/a%2Fb", NULL, NULL },
		{ "/a%2fb", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice all = slice_of(cases[i].target), query;
		char *copy = mem_array(all.len, 1);
		struct buf path;
		const char *wrong;

		memcpy(copy, all.at, all.len);
		buf_init(&path, 100);
		wrong = http_target_read(slice_make(copy, all.len), &path, &query);
		if ((wrong != NULL) != (cases[i].path == NULL))
			fail_msg("%s: %s", cases[i].target, wrong ? wrong : "taken");
		if (!wrong && (!slice_is(buf_slice(&path), cases[i].path) ||
			       !slice_is(query, cases[i].query)))
			fail_msg("%s: %.*s", cases[i].target, (int)path.len, path.data);
		buf_release(&path);
		free(copy);
	}
}

static void test_hosts(void **state)
{
	static const char *const good[] = { "", "h", "h.example.:80", "h:", "192.0.2.1", "[::1]",
					    "[2001:db8::1]:8088", "a_b", "%41" };
	static const char *const bad[] = { "a b", "a,b/c", "u@h", "h:x", "h:65536", "h:-1", "h:1:2",
					   "[::1", "[]", "[::1]x", "::1", "h\\", "a\xe4" };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		if (!http_host_is_valid(slice_of(good[i])))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (http_host_is_valid(slice_of(bad[i])))
			fail_msg("%s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
