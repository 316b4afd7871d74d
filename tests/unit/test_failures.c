#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "../../src/auth/failures.h"

static struct address at(const char *text)
{
	struct address a;

	assert_true(address_parse(&a, slice_of(text)));
	return a;
}

enum { START = 1000000 };

static void delays_double(void **state)
{
	static const uint64_t want[] = { 1000, 2000, 4000, 8000, 15000, 15000, 15000 };
	struct failures *f = failures_new();
	struct address a = at("192.0.2.1"), neighbour = at("192.0.2.200");

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_int_equal(failures_add(f, i % 2 ? &a : &neighbour, START + i), want[i]);
	failures_free(f);
}

static void others_are_not_touched(void **state)
{
	static const char *const others[] = { "192.0.3.1", "2001:db8::1", "127.0.0.1" };
	struct failures *f = failures_new();
	struct address a = at("192.0.2.1"), none = { .len = 0 };

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		failures_add(f, &a, START);
	assert_true(failures_blocked(f, &a, START));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct address b = at(others[i]);

		assert_false(failures_blocked(f, &b, START));
		assert_int_equal(failures_add(f, &b, START), 1000);
	}
	assert_false(failures_blocked(f, &none, START));
	assert_int_equal(failures_add(f, &none, START), 1000);
	assert_int_equal(failures_add(f, &none, START), 2000);
	failures_free(f);
}

static void ipv6_by_64(void **state)
{
	struct failures *f = failures_new();
	struct address a = at("2001:db8:1:2::1"), b = at("2001:db8:1:2:ffff::9"),
		       c = at("2001:db8:1:3::1");

	(void)state;
	assert_int_equal(failures_add(f, &a, START), 1000);
	assert_int_equal(failures_add(f, &b, START), 2000);
	assert_int_equal(failures_add(f, &c, START), 1000);
	failures_free(f);
}

static void blocked_until_the_first_is_due(void **state)
{
	struct failures *f = failures_new();
	struct address a = at("192.0.2.1");

	(void)state;
	for (unsigned i = 0; i < FAILURES_COMING; i++) {
		assert_false(failures_blocked(f, &a, START));
		failures_add(f, &a, START);
	}
	assert_true(failures_blocked(f, &a, START));
	assert_true(failures_blocked(f, &a, START + 999));
	assert_false(failures_blocked(f, &a, START + 1000));
	failures_add(f, &a, START + 1000);
	assert_true(failures_blocked(f, &a, START + 1000));
	failures_free(f);
}

static void decays(void **state)
{
	struct failures *f = failures_new();
	struct address a = at("192.0.2.1");
	uint64_t now = START;

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		failures_add(f, &a, now);
	now += FAILURES_DECAY_MS - 1;
	assert_int_equal(failures_add(f, &a, now), 15000);
	now += FAILURES_DECAY_MS;
	assert_int_equal(failures_add(f, &a, now), 8000);
	now += 2 * FAILURES_DECAY_MS;
	assert_int_equal(failures_add(f, &a, now), 4000);
	now += 100 * (uint64_t)FAILURES_DECAY_MS;
	assert_int_equal(failures_add(f, &a, now), 1000);
	failures_free(f);
}

static void right_answer_forgets(void **state)
{
	struct failures *f = failures_new();
	struct address a = at("192.0.2.1"), b = at("192.0.2.77");

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		failures_add(f, &a, START);
	failures_forget(f, &b);
	assert_false(failures_blocked(f, &a, START));
	assert_int_equal(failures_add(f, &a, START), 1000);
	failures_forget(f, &(struct address){ .len = 0 });
	failures_free(f);
}

/* A full table lets the oldest go and takes everybody new. */
static void bounded(void **state)
{
	struct failures *f = failures_new();
	struct address first = at("192.0.2.1"), second = at("192.0.3.1");

	(void)state;
	failures_add(f, &first, START);
	failures_add(f, &second, START + 1);
	for (unsigned i = 0; i < FAILURES_NETWORKS - 1; i++) {
		char text[32];
		struct address a;

		snprintf(text, sizeof(text), "10.%u.%u.1", i / 256, i % 256);
		a = at(text);
		assert_int_equal(failures_add(f, &a, START + 2 + i), 1000);
	}
	assert_int_equal(failures_add(f, &second, START + 5000), 2000);   /* still there */
	assert_int_equal(failures_add(f, &first, START + 5000), 1000);    /* made room */
	for (unsigned i = 0; i < 10 * FAILURES_NETWORKS; i++) {
		char text[64];
		struct address a;

		snprintf(text, sizeof(text), "2001:db8:%x::1", i);
		a = at(text);
		failures_add(f, &a, START + 10000 + i);
	}
	failures_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_double),
		cmocka_unit_test(others_are_not_touched),
		cmocka_unit_test(ipv6_by_64),
		cmocka_unit_test(blocked_until_the_first_is_due),
		cmocka_unit_test(decays),
		cmocka_unit_test(right_answer_forgets),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
