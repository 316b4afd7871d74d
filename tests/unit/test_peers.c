#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "../../src/net/peers.h"

static struct address at(const char *text)
{
	struct address a;

	assert_true(address_parse(&a, slice_of(text)));
	return a;
}

static struct peer_count *enter(struct peers *p, const char *text)
{
	struct address a = at(text);

	return peers_enter(p, &a);
}

static void test_a_network_has_its_share(void **state)
{
	static const struct { const char *a, *same, *other; } row[] = {
		{ "192.0.2.1", "192.0.2.254", "192.0.3.1" },
		{ "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1" },
		{ "127.0.0.1", "127.0.0.1", "127.0.0.2" },
		{ "::1", "::1", "127.0.0.1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct peers *p = peers_new(2);
		struct peer_count *one = enter(p, row[i].a), *two = enter(p, row[i].same);
		struct peer_count *other = enter(p, row[i].other);

		assert_non_null(one);
		assert_ptr_equal(one, two);
		assert_non_null(other);
		assert_ptr_not_equal(one, other);
		assert_null(enter(p, row[i].a));
		assert_null(enter(p, row[i].same));
		peers_leave(p, one);
		assert_non_null(enter(p, row[i].same));
		assert_null(enter(p, row[i].a));
		peers_leave(p, one);
		peers_leave(p, two);
		peers_leave(p, other);
		peers_free(p);
	}
}

static void test_many_networks(void **state)
{
	struct peers *p = peers_new(1);
	struct peer_count *count[1000];
	char text[32];

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 1000; i++) {
			snprintf(text, sizeof(text), "10.%u.%u.7", i / 250, i % 250);
			count[i] = enter(p, text);
			assert_non_null(count[i]);
			assert_null(enter(p, text));
		}
		for (unsigned i = 0; i < 1000; i++)
			peers_leave(p, count[i]);
	}
	assert_non_null(enter(p, "10.0.0.7"));
	peers_free(p);                   /* with one still in it */
	peers_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_network_has_its_share),
		cmocka_unit_test(test_many_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
