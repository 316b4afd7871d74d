#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "../../src/net/certificate.h"
#include "../support/net_peer.h"

static char error[512];

static bool ensure(struct pair_folder *p, const char *hostname, bool *made)
{
	error[0] = '\0';
	return certificate_ensure(p->cert, p->key, hostname, made, error, sizeof(error));
}

static bool read_pair(struct pair_folder *p, struct certificate *c)
{
	error[0] = '\0';
	return certificate_read(c, p->cert, p->key, error, sizeof(error));
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static char *take(const char *path)
{
	static char text[1 << 16];
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return mem_string(text);
}

static void test_made_once(void **state)
{
	struct pair_folder p;
	struct certificate c;
	struct stat st;
	char *first, *second;
	bool made;

	(void)state;
	pair_folder_make(&p);
	assert_true(ensure(&p, "mx.example", &made));
	assert_true(made);
	assert_int_equal(stat(p.key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(read_pair(&p, &c));
	assert_int_equal(X509_check_host(c.leaf, "mx.example", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(c.leaf, "other.example", 0, 0, NULL), 0);
	assert_int_equal(certificate_expiry(&c), INT64_C(253402300799));
	assert_true(X509_cmp_current_time(X509_get0_notBefore(c.leaf)) < 0);
	assert_int_equal(X509_verify(c.leaf, c.key), 1);
	assert_int_equal(EVP_PKEY_get_bits(c.key), 256);
	assert_int_equal(X509_get_version(c.leaf), X509_VERSION_3);
	assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(c.leaf)), 16);
	certificate_release(&c);

	first = take(p.cert);
	assert_true(ensure(&p, "mx.example", &made));
	assert_false(made);
	second = take(p.cert);
	assert_string_equal(first, second);
	free(first);
	free(second);
	pair_folder_remove(&p);
}

static void test_folder_is_made(void **state)
{
	struct pair_folder p, deep;
	char a[96], ab[112];
	bool made;

	(void)state;
	pair_folder_make(&p);
	snprintf(a, sizeof(a), "%s/a", p.folder);
	snprintf(ab, sizeof(ab), "%s/b", a);
	snprintf(deep.cert, sizeof(deep.cert), "%.80s/c.pem", ab);
	snprintf(deep.key, sizeof(deep.key), "%.80s/k.pem", ab);
	assert_true(ensure(&deep, "mx.example", &made));
	assert_true(made);
	unlink(deep.cert);
	unlink(deep.key);
	assert_int_equal(rmdir(ab), 0);
	assert_int_equal(rmdir(a), 0);
	pair_folder_remove(&p);
}

static void test_names(void **state)
{
	static const struct { const char *name; bool ip; } row[] = {
		{ "a-name-of-more-than-sixty-four-characters.in-a-domain-that-is.long.example", false },
		{ "x,DNS:evil.example", false },
		{ "192.0.2.7", true },
		{ "2001:db8::7", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct pair_folder p;
		struct certificate c;
		bool made;

		pair_folder_make(&p);
		assert_true(ensure(&p, row[i].name, &made));
		assert_true(read_pair(&p, &c));
		if (row[i].ip)
			assert_int_equal(X509_check_ip_asc(c.leaf, row[i].name, 0), 1);
		else
			assert_int_equal(X509_check_host(c.leaf, "evil.example", 0, 0, NULL), 0);
		if (i == 0)
			assert_int_equal(X509_check_host(c.leaf, row[i].name, 0, 0, NULL), 1);
		certificate_release(&c);
		pair_folder_remove(&p);
	}
}

static void test_one_missing_is_said(void **state)
{
	struct pair_folder p;
	bool made;

	(void)state;
	pair_folder_make(&p);
	assert_true(ensure(&p, "mx.example", &made));
	unlink(p.key);
	assert_false(ensure(&p, "mx.example", &made));
	assert_non_null(strstr(error, p.key));
	assert_non_null(strstr(error, "is missing"));
	assert_int_equal(access(p.key, F_OK), -1);
	pair_folder_remove(&p);
}

static void test_nowhere_to_write(void **state)
{
	struct pair_folder p = { .cert = "/proc/no/cert.pem", .key = "/proc/no/key.pem" };
	bool made;

	(void)state;
	assert_false(ensure(&p, "mx.example", &made));
	assert_non_null(strstr(error, "/proc/no/key.pem"));
}

static void test_interrupted_between_the_two(void **state)
{
	struct pair_folder p;
	struct certificate c;
	char name[128];
	bool made;

	(void)state;
	pair_folder_make(&p);
	assert_true(ensure(&p, "mx.example", &made));
	snprintf(name, sizeof(name), "%s.new", p.cert);
	assert_int_equal(rename(p.cert, name), 0);
	assert_true(ensure(&p, "mx.example", &made));
	assert_false(made);
	assert_true(read_pair(&p, &c));
	certificate_release(&c);
	pair_folder_remove(&p);
}

static void test_what_is_not_a_pair(void **state)
{
	struct pair_folder p, other;
	struct certificate c;
	char *cert, *key, *other_key;
	bool made;

	(void)state;
	pair_folder_make(&p);
	pair_folder_make(&other);
	assert_true(ensure(&p, "mx.example", &made));
	assert_true(ensure(&other, "mx.example", &made));
	cert = take(p.cert);
	key = take(p.key);
	other_key = take(other.key);

	put(p.key, other_key);
	assert_false(read_pair(&p, &c));
	assert_non_null(strstr(error, "does not belong"));
	put(p.key, cert);
	assert_false(read_pair(&p, &c));
	assert_non_null(strstr(error, "no PEM private key"));
	put(p.key, key);
	for (size_t len = 0; len + 40 < strlen(cert); len += 37) {
		char *half = mem_bytes(cert, len);

		put(p.cert, half);
		assert_false(read_pair(&p, &c));
		free(half);
	}
	assert_non_null(strstr(error, "no PEM certificate"));
	unlink(p.cert);
	assert_false(read_pair(&p, &c));
	assert_non_null(strstr(error, "No such file"));
	free(cert);
	free(key);
	free(other_key);
	pair_folder_remove(&p);
	pair_folder_remove(&other);
}

/* Never a question on the terminal. */
static void test_key_with_pass_phrase(void **state)
{
	struct pair_folder p;
	struct certificate c;
	bool made;
	FILE *f;

	(void)state;
	pair_folder_make(&p);
	assert_true(ensure(&p, "mx.example", &made));
	assert_true(read_pair(&p, &c));
	f = fopen(p.key, "w");
	assert_int_equal(PEM_write_PKCS8PrivateKey(f, c.key, EVP_aes_128_cbc(), "secret", 6,
						   NULL, NULL), 1);
	fclose(f);
	certificate_release(&c);
	assert_false(read_pair(&p, &c));
	assert_non_null(strstr(error, "without a pass phrase"));
	pair_folder_remove(&p);
}

static void test_chain(void **state)
{
	struct pair_folder p, other;
	struct certificate c;
	char *cert, *next, *both;
	bool made;

	(void)state;
	pair_folder_make(&p);
	pair_folder_make(&other);
	assert_true(ensure(&p, "mx.example", &made));
	assert_true(ensure(&other, "ca.example", &made));
	cert = take(p.cert);
	next = take(other.cert);
	both = mem_printf("leaf\n%s\nintermediate\n%s\n%s", cert, next, next);
	put(p.cert, both);
	assert_true(read_pair(&p, &c));
	assert_int_equal(X509_check_host(c.leaf, "mx.example", 0, 0, NULL), 1);
	assert_int_equal(sk_X509_num(c.chain), 2);
	certificate_release(&c);
	free(cert);
	free(next);
	free(both);
	pair_folder_remove(&p);
	pair_folder_remove(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_once),
		cmocka_unit_test(test_folder_is_made),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_one_missing_is_said),
		cmocka_unit_test(test_nowhere_to_write),
		cmocka_unit_test(test_interrupted_between_the_two),
		cmocka_unit_test(test_what_is_not_a_pair),
		cmocka_unit_test(test_key_with_pass_phrase),
		cmocka_unit_test(test_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
