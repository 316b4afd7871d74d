/* SCRAM-SHA-256: the RFC's exchange, and every way in which one goes wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/auth/scram_private.h"
#include "../support/scram_client.h"
#include "base/encode.h"

static struct scram *start(bool plus, bool offered)
{
	return scram_new(&(struct scram_options){
		.plus = plus, .plus_offered = offered,
		.exporter = SLICE("exporter"), .end_point = SLICE("end point"),
	});
}

/* The server's words with the RFC's salt and the server's half of its nonce. */
static void answer(struct scram *x, const char *password, char *out, size_t size)
{
	struct scram_keys keys = { .salt = { 0 } };
	struct buf salt, reply;

	buf_init(&salt, 100);
	buf_init(&reply, 4096);
	assert_true(base64_decode(&salt, SLICE("W22ZaJ0SNY7soEsUEjb6gQ==")));
	assert_true(scram_derive(&keys, slice_of(password), (const uint8_t *)salt.data, salt.len,
				 SCRAM_ROUNDS));
	assert_true(scram_write_first(x, &keys, buf_slice(&salt),
				      SLICE("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"), &reply));
	snprintf(out, size, "%.*s", (int)reply.len, reply.data);
	buf_release(&salt);
	buf_release(&reply);
}

/* RFC 7677 3 */
static void example(void **state)
{
	struct scram *x = start(false, false);
	char first[500];
	struct buf v;

	(void)state;
	assert_int_equal(scram_read_first(x, SLICE("n,,n=user,r=rOprNGfwEbeRWgbNEkqO")), SCRAM_GOOD);
	assert_string_equal(scram_user(x), "user");
	answer(x, "pencil", first, sizeof(first));
	assert_string_equal(first, "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
			    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
	assert_int_equal(scram_final(x, SLICE("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
					      "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")), SCRAM_GOOD);
	assert_true(scram_proof_fits(x));
	buf_init(&v, 100);
	assert_true(scram_verifier(x, &v));
	assert_true(slice_is(buf_slice(&v), "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
	buf_release(&v);
	scram_free(x);
}

static void first_messages(void **state)
{
	static const struct {
		const char *message;
		bool plus, offered;
		enum scram_error want;
	} cases[] = {
		{ "n,,n=user,r=abc", false, true, SCRAM_GOOD },
		{ "n,a=user,n=user,r=abc", false, true, SCRAM_GOOD },
		{ "y,,n=user,r=abc", false, false, SCRAM_GOOD },
		{ "n,,n=a=2Cb=3Dc,r=abc,x=1,y=a=b", false, true, SCRAM_GOOD },
		{ "p=tls-exporter,,n=user,r=abc", true, true, SCRAM_GOOD },
		{ "p=tls-server-end-point,,n=user,r=abc", true, true, SCRAM_GOOD },
		/* 6: who thinks that we cannot bind was lied to. */
		{ "y,,n=user,r=abc", false, true, SCRAM_DOES_SUPPORT_BINDING },
		{ "y,,n=user,r=abc", true, true, SCRAM_DOES_SUPPORT_BINDING },
		{ "n,,n=user,r=abc", true, true, SCRAM_BINDINGS_DONT_MATCH },
		{ "p=tls-exporter,,n=user,r=abc", false, true, SCRAM_BINDING_NOT_SUPPORTED },
		{ "p=tls-unique,,n=user,r=abc", true, true, SCRAM_UNSUPPORTED_BINDING_TYPE },
		{ "p=,,n=user,r=abc", true, true, SCRAM_INVALID_ENCODING },
		{ "n,,m=x,n=user,r=abc", false, false, SCRAM_EXTENSIONS_NOT_SUPPORTED },
		{ "n,,n=,r=abc", false, false, SCRAM_INVALID_USERNAME },
		{ "n,,n=a=b,r=abc", false, false, SCRAM_INVALID_USERNAME },
		{ "n,,n=a=2,r=abc", false, false, SCRAM_INVALID_USERNAME },
		{ "n,,n=\xff,r=abc", false, false, SCRAM_INVALID_USERNAME },
		{ "n,a=a=,n=user,r=abc", false, false, SCRAM_INVALID_USERNAME },
		{ "n,user,n=user,r=abc", false, false, SCRAM_INVALID_ENCODING },
		{ "", false, false, SCRAM_INVALID_ENCODING },
		{ ",", false, false, SCRAM_INVALID_ENCODING },
		{ "n", false, false, SCRAM_INVALID_ENCODING },
		{ "n,", false, false, SCRAM_INVALID_ENCODING },
		{ "n,,", false, false, SCRAM_INVALID_ENCODING },
		{ "x,,n=user,r=abc", false, false, SCRAM_INVALID_ENCODING },
		{ "n,,r=abc,n=user", false, false, SCRAM_INVALID_ENCODING },
		{ "n,,n=user", false, false, SCRAM_INVALID_ENCODING },
		{ "n,,n=user,r=", false, false, SCRAM_INVALID_ENCODING },
		{ "n,,n=user,r=a b", false, false, SCRAM_INVALID_ENCODING },
		{ "n,,n=user,r=abc,", false, false, SCRAM_INVALID_ENCODING },
		{ "n,,n=user,r=abc,x", false, false, SCRAM_INVALID_ENCODING },
		{ "n,,n=user,r=abc,1=x", false, false, SCRAM_INVALID_ENCODING },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scram *x = start(cases[i].plus, cases[i].offered);
		enum scram_error e = scram_read_first(x, slice_of(cases[i].message));

		if (e != cases[i].want)
			fail_msg("%s: %s", cases[i].message, scram_error_text(e));
		scram_free(x);
	}
}

static void names_are_undone(void **state)
{
	struct scram *x = start(false, false);

	(void)state;
	assert_int_equal(scram_read_first(x, SLICE("n,a=x=3Dy,n=a=2Cb=3Dc,r=abc")), SCRAM_GOOD);
	assert_string_equal(scram_user(x), "a,b=c");
	assert_string_equal(scram_acts_as(x), "x=y");
	scram_free(x);
}

#define NONCE "abc%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define PROOF "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="

static void final_messages(void **state)
{
	static const struct { const char *message; enum scram_error want; } cases[] = {
		{ "c=biws,r=" NONCE ",p=" PROOF, SCRAM_GOOD },
		{ "c=biws,r=" NONCE ",x=ext,p=" PROOF, SCRAM_GOOD },
		{ "c=eSws,r=" NONCE ",p=" PROOF, SCRAM_BINDINGS_DONT_MATCH },
		{ "c=biwsYQ==,r=" NONCE ",p=" PROOF, SCRAM_BINDINGS_DONT_MATCH },
		{ "c=!,r=" NONCE ",p=" PROOF, SCRAM_BINDINGS_DONT_MATCH },
		{ "c=biws,r=abc,p=" PROOF, SCRAM_OTHER_ERROR },
		{ "c=biws,r=" NONCE "x,p=" PROOF, SCRAM_OTHER_ERROR },
		{ "m=x,c=biws,r=" NONCE ",p=" PROOF, SCRAM_EXTENSIONS_NOT_SUPPORTED },
		{ "", SCRAM_INVALID_ENCODING },
		{ "c=biws,r=" NONCE, SCRAM_INVALID_ENCODING },
		{ "c=biws,r=" NONCE ",p=", SCRAM_INVALID_ENCODING },
		{ "c=biws,r=" NONCE ",p=AAAA", SCRAM_INVALID_ENCODING },
		{ "c=biws,r=" NONCE ",p=" PROOF ",x=1", SCRAM_INVALID_ENCODING },
		{ "r=" NONCE ",c=biws,p=" PROOF, SCRAM_INVALID_ENCODING },
		{ "p=" PROOF, SCRAM_INVALID_ENCODING },
		{ "c=biws,p=" PROOF, SCRAM_INVALID_ENCODING },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scram *x = start(false, false);
		char first[500];
		enum scram_error e;

		assert_int_equal(scram_read_first(x, SLICE("n,,n=user,r=abc")), SCRAM_GOOD);
		answer(x, "pencil", first, sizeof(first));
		e = scram_final(x, slice_of(cases[i].message));
		if (e != cases[i].want)
			fail_msg("%s: %s", cases[i].message, scram_error_text(e));
		/* Of another nonce: no proof of this exchange. */
		if (e == SCRAM_GOOD)
			assert_false(scram_proof_fits(x));
		scram_free(x);
	}
}

static bool exchange(const char *header, const char *bound, bool plus, const char *password)
{
	struct scram *x = start(plus, true);
	char first[500], last[2000], hello[100];
	struct scram_client c;
	enum scram_error e;
	bool fits;

	snprintf(hello, sizeof(hello), "%sn=user,r=fyko", header);
	assert_int_equal(scram_read_first(x, slice_of(hello)), SCRAM_GOOD);
	answer(x, "pencil", first, sizeof(first));
	scram_client_final(&c, password, "n=user,r=fyko", first, header,
			   (const unsigned char *)bound, strlen(bound), last, sizeof(last));
	e = scram_final(x, slice_of(last));
	fits = e == SCRAM_GOOD && scram_proof_fits(x);
	if (e != SCRAM_GOOD)
		assert_int_equal(e, SCRAM_BINDINGS_DONT_MATCH);
	scram_free(x);
	return fits;
}

static void proofs(void **state)
{
	(void)state;
	assert_true(exchange("n,,", "", false, "pencil"));
	assert_true(exchange("n,a=user,", "", false, "pencil"));
	assert_false(exchange("n,,", "", false, "pencil "));
	assert_true(exchange("p=tls-exporter,,", "exporter", true, "pencil"));
	assert_true(exchange("p=tls-server-end-point,,", "end point", true, "pencil"));
	assert_false(exchange("p=tls-exporter,,", "end point", true, "pencil"));
	assert_false(exchange("p=tls-exporter,,", "", true, "pencil"));
	assert_false(exchange("p=tls-exporter,,", "exporter", true, "pen"));
}

/* Every name has keys, and all spellings of one have the same salt. */
static void nobody_has_a_salt_too(void **state)
{
	static const char *const same[][2] = {
		{ "admin", "ADMIN@Example.org" }, { "root", "Root" }, { "root", "root@EXAMPLE.ORG" },
	};
	struct scram_secret *s = scram_secret_new("Admin", "example.org", SLICE("secret"));
	struct scram_keys a, b;

	(void)state;
	assert_non_null(s);
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_true(scram_secret_keys(s, slice_of(same[i][0]), &a));
		assert_true(scram_secret_keys(s, slice_of(same[i][1]), &b));
		assert_memory_equal(&a, &b, sizeof(a));
	}
	assert_true(scram_secret_keys(s, SLICE("admin"), &b));
	assert_memory_not_equal(a.salt, b.salt, sizeof(a.salt));
	assert_memory_not_equal(a.stored, b.stored, sizeof(a.stored));
	assert_true(scram_derive(&a, SLICE("secret"), b.salt, SCRAM_SALT, SCRAM_ROUNDS));
	assert_memory_equal(a.stored, b.stored, sizeof(a.stored));
	scram_secret_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example),
		cmocka_unit_test(first_messages),
		cmocka_unit_test(names_are_undone),
		cmocka_unit_test(final_messages),
		cmocka_unit_test(proofs),
		cmocka_unit_test(nobody_has_a_salt_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
