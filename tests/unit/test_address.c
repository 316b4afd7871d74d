#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "net/address.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct address address(const char *text)
{
	struct address a;

	if (!address_parse(&a, slice_of(text)))
		fail_msg("not an address: %s", text);
	return a;
}

static void test_parse_and_print(void **state)
{
	static const struct {
		const char *text, *printed;      /* NULL: no address */
		int len;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1", 4 },
		{ "0.0.0.0", "0.0.0.0", 4 },
		{ "255.255.255.255", "255.255.255.255", 4 },
		{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1", 16 },
		{ "::", "::", 16 },
		{ "::1", "::1", 16 },
		{ "::ffff:192.0.2.1", "192.0.2.1", 4 },
		{ "::FFFF:c000:201", "192.0.2.1", 4 },
		{ "64:ff9b::192.0.2.1", "64:ff9b::c000:201", 16 },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 16 },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 16 },
		{ "", NULL, 0 },
		{ " 192.0.2.1", NULL, 0 },
		{ "192.0.2.1 ", NULL, 0 },
		{ "192.0.2", NULL, 0 },
		{ "192.0.2.256", NULL, 0 },
		{ "192.0.2.01", NULL, 0 },
		{ "192.0.2.1.5", NULL, 0 },
		{ "192.0.2.1:25", NULL, 0 },
		{ "0x7f.1", NULL, 0 },
		{ "2130706433", NULL, 0 },
		{ "[::1]", NULL, 0 },
		{ "::1%lo", NULL, 0 },
		{ ":::", NULL, 0 },
		{ "1:2:3:4:5:6:7:8:9", NULL, 0 },
		{ "example.org", NULL, 0 },
		{ "0000000000000000000000000000000000000000000000000000000000000000001", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct address a;
		char out[ADDRESS_TEXT];
		bool ok = address_parse(&a, slice_of(cases[i].text));

		if (ok != (cases[i].printed != NULL))
			fail_msg("%s", cases[i].text);
		if (!ok)
			continue;
		assert_int_equal(a.len, cases[i].len);
		assert_int_equal(a.port, 0);
		address_print(&a, out);
		assert_string_equal(out, cases[i].printed);
	}
	assert_false(address_parse(&(struct address){ 0 }, SLICE("192.0.2.1\0")));
	assert_false(address_parse(&(struct address){ 0 }, SLICE("::1\0x")));
	assert_false(address_parse(&(struct address){ 0 }, (struct slice){ NULL, 0 }));
}

static void test_to_and_from_sockaddr(void **state)
{
	static const char *const texts[] = { "192.0.2.77", "2001:db8::4:5" };
	struct sockaddr_storage sa;
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in6 mapped = { .sin6_family = AF_INET6, .sin6_port = htons(99) };
	struct address a;
	char out[ADDRESS_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct address back;

		a = address(texts[i]);
		a.port = 2525;
		assert_int_equal(address_to_sockaddr(&a, &sa), i ? sizeof(struct sockaddr_in6)
								 : sizeof(struct sockaddr_in));
		assert_int_equal(sa.ss_family, i ? AF_INET6 : AF_INET);
		back = address_from_sockaddr((struct sockaddr *)&sa);
		assert_int_equal(back.port, 2525);
		address_print(&back, out);
		assert_string_equal(out, texts[i]);
	}

	inet_pton(AF_INET6, "::ffff:198.51.100.9", &mapped.sin6_addr);
	a = address_from_sockaddr((struct sockaddr *)&mapped);
	assert_int_equal(a.len, 4);
	assert_int_equal(a.port, 99);
	address_print(&a, out);
	assert_string_equal(out, "198.51.100.9");

	a = address_from_sockaddr((struct sockaddr *)&un);
	assert_int_equal(a.len, 0);
	assert_int_equal(address_to_sockaddr(&a, &sa), 0);
	address_print(&a, out);
	assert_string_equal(out, "local");
	address_print_network(&a, out);
	assert_string_equal(out, "local");
	assert_false(address_is_private(&a));
	assert_true(address_same_network(&a, &a));
}

static void test_client_network(void **state)
{
	static const struct {
		const char *a, *printed, *same, *other;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.0/24", "192.0.2.255", "192.0.3.1" },
		{ "127.0.0.1", "127.0.0.0/24", "127.0.0.2", "127.0.1.1" },
		{ "2001:db8:1:2::5", "2001:db8:1:2::/64", "2001:db8:1:2:ffff::", "2001:db8:1:3::5" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1:2::", "192.0.2.1" },
		{ "::1", "::/64", "::2", "0.0.0.0" },
		{ "::ffff:192.0.2.9", "192.0.2.0/24", "192.0.2.1", "::ffff:192.0.1.9" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct address a = address(cases[i].a);
		struct address same = address(cases[i].same), other = address(cases[i].other);
		char out[ADDRESS_TEXT];

		address_print_network(&a, out);
		assert_string_equal(out, cases[i].printed);
		same.port = 7;
		assert_true(address_same_network(&a, &same));
		assert_true(address_same_network(&same, &a));
		assert_false(address_same_network(&a, &other));
		assert_false(address_same_network(&other, &a));
	}
}

static void test_loopback_and_private(void **state)
{
	static const struct {
		const char *text;
		bool is_loopback, is_private;
	} cases[] = {
		{ "127.0.0.1", true, true },      { "127.255.255.255", true, true },
		{ "126.255.255.255", false, false }, { "128.0.0.0", false, false },
		{ "::1", true, true },            { "::2", false, false },
		{ "::", false, false },           { "::ffff:127.0.0.1", true, true },
		{ "10.0.0.0", false, true },      { "10.255.255.255", false, true },
		{ "11.0.0.0", false, false },     { "9.255.255.255", false, false },
		{ "172.16.0.0", false, true },    { "172.31.255.255", false, true },
		{ "172.15.255.255", false, false }, { "172.32.0.0", false, false },
		{ "192.168.0.1", false, true },   { "192.169.0.0", false, false },
		{ "169.254.1.1", false, true },   { "169.255.0.0", false, false },
		{ "fe80::1", false, true },       { "febf::1", false, true },
		{ "fec0::1", false, false },      { "fc00::", false, true },
		{ "fdff:ffff::", false, true },   { "fe00::", false, false },
		{ "0.0.0.0", false, false },      { "2001:db8::1", false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct address a = address(cases[i].text);

		if (address_is_loopback(&a) != cases[i].is_loopback ||
		    address_is_private(&a) != cases[i].is_private)
			fail_msg("%s", cases[i].text);
	}
}

static void test_network_sets(void **state)
{
	static const struct {
		const char *set, *in, *out;
	} cases[] = {
		{ "10.0.0.0/8, 192.0.2.7, fd00::/8", "10.9.8.7", "11.0.0.0" },
		{ "10.0.0.0/8, 192.0.2.7, fd00::/8", "192.0.2.7", "192.0.2.8" },
		{ "10.0.0.0/8,192.0.2.7,fd00::/8", "fdab::1", "fc00::1" },
		{ "0.0.0.0/0", "203.0.113.9", "::1" },
		{ "::/0", "2001:db8::1", "192.0.2.1" },
		{ "192.168.1.1/24", "192.168.1.200", "192.168.2.1" },
		{ "192.0.2.128/25", "192.0.2.128", "192.0.2.127" },
		{ "192.0.2.7/31", "192.0.2.6", "192.0.2.8" },
		{ "192.0.2.7/32", "192.0.2.7", "192.0.2.6" },
		{ "2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::" },
		{ "::1/128", "::1", "::" },
		{ "::ffff:10.0.0.0/104", "10.1.2.3", "11.1.2.3" },
		{ "::ffff:10.0.0.1", "10.0.0.1", "10.0.0.2" },
		{ ", 10.0.0.1,,\t10.0.0.2 ,", "10.0.0.2", "10.0.0.3" },
		{ "", NULL, "127.0.0.1" },
		{ " , ", NULL, "127.0.0.1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice bad = SLICE("untouched");
		struct network_set *set = network_set_parse(slice_of(cases[i].set), &bad);
		struct address out = address(cases[i].out);

		assert_non_null(set);
		assert_true(slice_is(bad, "untouched"));
		if (cases[i].in) {
			struct address in = address(cases[i].in);

			if (!network_set_has(set, &in))
				fail_msg("%s lacks %s", cases[i].set, cases[i].in);
		}
		if (network_set_has(set, &out))
			fail_msg("%s has %s", cases[i].set, cases[i].out);
		assert_false(network_set_has(set, &(struct address){ .len = 0 }));
		network_set_free(set);
	}
	network_set_free(NULL);
	assert_false(network_set_has(NULL, &(struct address){ .len = 4 }));
}

static void test_bad_network_sets(void **state)
{
	static const struct {
		const char *set, *bad;
	} cases[] = {
		{ "10.0.0.0/8, 10.0.0.0/33", "10.0.0.0/33" },
		{ "::/129", "::/129" },
		{ "10.0.0.0/", "10.0.0.0/" },
		{ "10.0.0.0/-1", "10.0.0.0/-1" },
		{ "10.0.0.0/8/8", "10.0.0.0/8/8" },
		{ "10.0.0.0/ 8", "10.0.0.0/ 8" },
		{ "10.0.0.0/18446744073709551624", "10.0.0.0/18446744073709551624" },
		{ "/8", "/8" },
		{ "10/8", "10/8" },
		{ "::ffff:10.0.0.0/95", "::ffff:10.0.0.0/95" },
		{ "127.0.0.1, localhost ,x", "localhost" },
		{ "[::1]", "[::1]" },
	};
	char many[257 * 8 + 1] = "";
	struct slice bad;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_null(network_set_parse(slice_of(cases[i].set), &bad));
		if (!slice_is(bad, cases[i].bad))
			fail_msg("%s: %.*s", cases[i].set, (int)bad.len, bad.at);
		assert_true(bad.at >= cases[i].set);
	}

	for (int i = 0; i < 257; i++)
		memcpy(many + 8 * i, "1.1.1.1,", 9);
	assert_null(network_set_parse(slice_of(many), &bad));
	assert_ptr_equal(bad.at, many + 8 * 256);
	many[8 * 256] = '\0';
	network_set_free(network_set_parse(slice_of(many), &bad));
}

static void test_listen(void **state)
{
	static const struct {
		const char *text, *printed;      /* NULL: refused */
	} cases[] = {
		{ "", "" }, { "off", "" }, { "OFF", "" }, { "  ", "" }, { " off ", "" },
		{ ":25", "*:25 " },
		{ ":0", "*:0 " },
		{ ":65535", "*:65535 " },
		{ "0.0.0.0:25", "0.0.0.0:25 " },
		{ "127.0.0.1:2525", "127.0.0.1:2525 " },
		{ "[::1]:25", "::1:25 " },
		{ "[::]:25", ":::25 " },
		{ "[2001:db8::7]:143, 192.0.2.1:143 ,:993",
		  "2001:db8::7:143 192.0.2.1:143 *:993 " },
		{ ":1,:2,:3,:4,:5,:6,:7,:8,:9,:10,:11,:12,:13,:14,:15,:16",
		  "*:1 *:2 *:3 *:4 *:5 *:6 *:7 *:8 *:9 *:10 *:11 *:12 *:13 *:14 *:15 *:16 " },
		{ ":1,:2,:3,:4,:5,:6,:7,:8,:9,:10,:11,:12,:13,:14,:15,:16,:17", NULL },
		{ "25", NULL }, { ":", NULL }, { ":65536", NULL }, { ":-1", NULL },
		{ ":25x", NULL }, { ": 25", NULL }, { ":+25", NULL },
		{ "localhost:25", NULL }, { "*:25", NULL },
		{ "::1:25", NULL }, { "1:2:25", NULL }, { "[::1]25", NULL }, { "[::1]", NULL },
		{ "[]:25", NULL }, { "[:25", NULL }, { "]:25", NULL },
		{ "[127.0.0.1]:25", NULL }, { "127.0.0.1", NULL }, { "127.0.0.1:", NULL },
		{ "[[::1]]:25", NULL }, { "[::1:25", NULL }, { "::1]:25", NULL },
		{ ":25,off", NULL }, { "off,:25", NULL }, { ":25,,:26", NULL }, { ",", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct listen_list list;
		char printed[512] = "", one[ADDRESS_TEXT];
		bool ok = listen_list_parse(&list, slice_of(cases[i].text));

		if (ok != (cases[i].printed != NULL))
			fail_msg("'%s'", cases[i].text);
		for (size_t k = 0; ok && k < list.count; k++) {
			size_t used = strlen(printed);

			snprintf(one, sizeof(one), "*");
			if (!list.at[k].any)
				address_print(&list.at[k].address, one);
			else
				assert_int_equal(list.at[k].address.len, 0);
			snprintf(printed + used, sizeof(printed) - used, "%s:%u ", one,
				 list.at[k].address.port);
		}
		if (ok)
			assert_string_equal(printed, cases[i].printed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_and_print),
		cmocka_unit_test(test_to_and_from_sockaddr),
		cmocka_unit_test(test_client_network),
		cmocka_unit_test(test_loopback_and_private),
		cmocka_unit_test(test_network_sets),
		cmocka_unit_test(test_bad_network_sets),
		cmocka_unit_test(test_listen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
