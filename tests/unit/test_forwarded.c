#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/http/forwarded.h"
#include "../../src/http/request.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_who_asks(void **state)
{
	static const struct {
		const char *peer, *headers, *client;
	} cases[] = {
		{ "10.0.0.1", "", "10.0.0.1" },
		{ "10.0.0.1", "X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7" },
		{ "192.0.2.9", "X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.9" },
		{ "10.0.0.1", "X-Forwarded-For: 198.51.100.1, 192.0.2.7\r\n", "192.0.2.7" },
		{ "10.0.0.1", "X-Forwarded-For: 198.51.100.1, 192.0.2.7, 10.0.0.2\r\n", "192.0.2.7" },
		{ "10.0.0.1", "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 192.0.2.7\r\n",
		  "192.0.2.7" },
		{ "10.0.0.1", "X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n", "10.0.0.3" },
		{ "10.0.0.1", "X-Forwarded-For: 192.0.2.7:4711\r\n", "192.0.2.7" },
		{ "10.0.0.1", "X-Forwarded-For: 2001:db8::7\r\n", "2001:db8::7" },
		{ "10.0.0.1", "X-Forwarded-For: [2001:db8::7]:4711\r\n", "2001:db8::7" },
		{ "10.0.0.1", "X-Forwarded-For: 192.0.2.7, unknown\r\n", "10.0.0.1" },
		{ "10.0.0.1", "X-Forwarded-For: 192.0.2.7, unknown, 10.0.0.2\r\n", "10.0.0.2" },
		{ "10.0.0.1", "X-Forwarded-For: unknown, 192.0.2.7\r\n", "192.0.2.7" },
		{ "10.0.0.1", "X-Forwarded-For: [, ], [], :\r\n", "10.0.0.1" },
		{ "10.0.0.1", "X-Forwarded-For: \r\n", "10.0.0.1" },
	};
	struct slice bad;
	struct network_set *proxies = network_set_parse(SLICE("10.0.0.0/8"), &bad);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct address peer, client;
		struct http_head h;
		char text[ADDRESS_TEXT];
		size_t used;

		assert_true(address_parse(&peer, slice_of(cases[i].peer)));
		http_head_init(&h);
		http_head_read(&h, SLICE("GET / HTTP/1.1\r\nHost: h\r\n"), &used);
		http_head_read(&h, slice_of(cases[i].headers), &used);
		assert_true(http_head_read(&h, SLICE("\r\n"), &used));
		client = http_client(&h, &peer, proxies);
		address_print(&client, text);
		if (!slice_is(slice_of(text), cases[i].client))
			fail_msg("%s %s: %s", cases[i].peer, cases[i].headers, text);
		client = http_client(&h, &peer, NULL);
		assert_memory_equal(&client, &peer, sizeof(peer));
		http_head_release(&h);
	}
	network_set_free(proxies);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
