/* The settings: every mistake is named at once, defaults follow one another,
 * and what the table prints can be read back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/app/config_source.h"

/* Reads a NULL-terminated list of NAME=value; *said gets what was printed. */
static bool read_config(struct config *c, const char *const *pairs, char **said)
{
	char *copies[64] = { NULL };
	size_t size, n;
	FILE *errors = open_memstream(said, &size);
	struct config_source *s;
	bool ok;

	for (n = 0; pairs[n]; n++)
		copies[n] = strdup(pairs[n]);
	s = config_source_new(copies);
	ok = config_read(c, s, errors);
	config_source_free(s);
	fclose(errors);
	while (n)
		free(copies[--n]);
	return ok;
}

static void defaults_follow_one_another(void **state)
{
	const char *const pairs[] = { "DOMAINNAME=Example.COM", "MAILPASSWORD=secret", "MAILFOLDER=/data/", NULL };
	struct config c;
	char *said;

	(void)state;
	assert_true(read_config(&c, pairs, &said));
	assert_string_equal(said, "");
	assert_string_equal(c.domain, "example.com");
	assert_string_equal(c.hostname, "example.com");
	assert_string_equal(c.user, "admin");
	assert_string_equal(c.mailfolder, "/data");
	assert_string_equal(c.indexfolder, "/data/admin");
	assert_string_equal(c.greylist_db, "/data/admin/graylist.db");
	assert_string_equal(c.keyfile, "/data/tls/key.pem");
	assert_int_equal(c.greylist_delay_ms, 30000);
	assert_int_equal(c.greylist_expiry_ms, 36 * 3600 * 1000);
	assert_int_equal(c.message_max, 36700160);
	assert_true(c.greylist);
	assert_false(c.webcal);
	assert_int_equal(c.smtp_listen.count, 1);
	assert_true(c.smtp_listen.at[0].any);
	assert_int_equal(c.imaps_listen.count, 0);
	assert_null(c.blocked);
	config_release(&c);
	free(said);
}

static void every_mistake_is_named(void **state)
{
	const char *const pairs[] = {
		"DOMAINNAME=not a domain", "SMTP_LISTEN=nowhere", "GRAYLISTING_DELAY=soon",
		"WEBCAL_ENABLED=perhaps", "MAX_MESSAGE_SIZE=-1", "TRUSTED_PROXIES=10.0.0.0/99",
		"LOG_FORMAT=xml", "MAILFOLDER=relative", "MAILUSER=../x", "SMTP_MAX_CONNECTIONS=0", NULL
	};
	const char *const named[] = {
		"DOMAINNAME", "MAILPASSWORD", "SMTP_LISTEN", "GRAYLISTING_DELAY", "WEBCAL_ENABLED",
		"MAX_MESSAGE_SIZE", "TRUSTED_PROXIES", "LOG_FORMAT", "MAILFOLDER", "MAILUSER",
		"SMTP_MAX_CONNECTIONS",
	};
	struct config c;
	char *said;

	(void)state;
	assert_false(read_config(&c, pairs, &said));
	for (size_t i = 0; i < sizeof named / sizeof *named; i++)
		assert_non_null(strstr(said, named[i]));
	config_release(&c);
	free(said);
}

static void the_other_spelling_is_named(void **state)
{
	const char *const pairs[] = { "DOMAINNAME=x.example", "MAILPASSWORD=p", "GREYLISTING_EXPIRY=1 day", NULL };
	struct config c;
	char *said;

	(void)state;
	assert_false(read_config(&c, pairs, &said));
	assert_non_null(strstr(said, "GREYLISTING_EXPIRY=1 day: expected a time"));
	config_release(&c);
	free(said);
}

static void a_wrong_secret_is_not_shown(void **state)
{
	const char *const pairs[] = { "DOMAINNAME=x.example", "MAILPASSWORD=hunter2",
				      "MAILPASSWORD_FILE=/nowhere", NULL };
	struct config c;
	char *said;

	(void)state;
	assert_false(read_config(&c, pairs, &said));
	assert_null(strstr(said, "hunter2"));
	assert_non_null(strstr(said, "MAILPASSWORD_FILE"));
	config_release(&c);
	free(said);
}

static void a_secret_from_a_file(void **state)
{
	char path[] = "/tmp/letterplate-secret-XXXXXX", pair[128];
	const char *pairs[] = { "DOMAINNAME=x.example", pair, NULL };
	int fd = mkstemp(path);
	struct config c;
	char *said;

	(void)state;
	assert_int_equal(write(fd, "from a file\n", 12), 12);
	close(fd);
	snprintf(pair, sizeof pair, "MAILPASSWORD_FILE=%s", path);
	assert_true(read_config(&c, pairs, &said));
	assert_string_equal(c.password, "from a file");
	config_release(&c);
	free(said);
	unlink(path);
}

static void kinds(void **state)
{
	static const struct { const char *pair; bool ok; } cases[] = {
		{ "GRAYLISTING_DELAY=1h30m", true }, { "GRAYLISTING_DELAY=500ms", true },
		{ "GRAYLISTING_DELAY=1.5h", true }, { "GRAYLISTING_DELAY=0", true },
		{ "GRAYLISTING_DELAY=5", false }, { "GRAYLISTING_DELAY=h", false },
		{ "GRAYLISTING_DELAY=-5m", false }, { "GRAYLISTING_DELAY=999999999h", false },
		{ "GREYLISTING_DELAY=5m", true }, { "GREYLISTING_DELAY=x", false },
		{ "MAX_MESSAGE_SIZE=25M", true }, { "MAX_MESSAGE_SIZE=1G", true },
		{ "MAX_MESSAGE_SIZE=25MB", true }, { "MAX_MESSAGE_SIZE=0", false }, { "MAX_MESSAGE_SIZE=25", false },
		{ "MAX_MESSAGE_SIZE=99999999999999999999", false }, { "MAX_MESSAGE_SIZE=M", false },
		{ "WEBCAL_ENABLED=Yes", true }, { "WEBCAL_ENABLED=off", true },
		{ "SMTP_LISTEN=off", true }, { "SMTP_LISTEN=127.0.0.1:0,[::1]:0", true },
		{ "WEBCAL_INGEST=all", true }, { "WEBCAL_INGEST=some", false },
		{ "TRUSTED_PROXIES=10.0.0.0/8, fd00::/8", true },
		{ "BLOCKED_ADDRESSES=a,b-*,,c", true }, { "WEBCAL_INGEST_USER=admin", true },
		{ "MAIL_QUOTA=", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *pairs[] = { "DOMAINNAME=x.example", "MAILPASSWORD=p", cases[i].pair, NULL };
		struct config c;
		char *said;
		bool ok = read_config(&c, pairs, &said);

		if (ok != cases[i].ok)
			fail_msg("%s: %s", cases[i].pair, said);
		config_release(&c);
		free(said);
	}
}

static void unknown_names_are_a_warning(void **state)
{
	const char *const pairs[] = { "DOMAINNAME=x.example", "MAILPASSWORD=p", "SMTP_LISTN=:25",
				      "HOME=/", "WEBCAL_TOKEN=a:b", NULL };
	struct config c;
	char *said;

	(void)state;
	assert_true(read_config(&c, pairs, &said));
	assert_non_null(strstr(said, "SMTP_LISTN is not a setting; did you mean SMTP_LISTEN?"));
	assert_non_null(strstr(said, "WEBCAL_TOKEN has no effect"));
	assert_null(strstr(said, "HOME"));
	config_release(&c);
	free(said);
}

static void capabilities_are_named(void **state)
{
	static const struct { const char *pair; bool ok; } cases[] = {
		{ "IMAP_DISABLE_CAPABILITIES=idle, MOVE UIDPLUS,,", true },
		{ "IMAP_DISABLE_CAPABILITIES=", true },
		{ "IMAP_DISABLE_CAPABILITIES=IDLE,MOV", false },
		{ "IMAP_DISABLE_CAPABILITIES=IMAP4rev1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *const pairs[] = { "DOMAINNAME=x.example", "MAILPASSWORD=p", cases[i].pair, NULL };
		struct imap_caps idle = { { 0 } }, none = idle;
		struct config c;
		char *said;

		assert_true(imap_caps_add(&idle, SLICE("IDLE")) && imap_caps_add(&idle, SLICE("MOVE")) &&
			    imap_caps_add(&idle, SLICE("UIDPLUS")));
		assert_int_equal(read_config(&c, pairs, &said), cases[i].ok);
		assert_int_equal(strstr(said, ": expected names among ") != NULL, !cases[i].ok);
		assert_int_equal(strstr(said, " IDLE ") != NULL, !cases[i].ok);
		assert_null(strstr(said, "warning"));
		if (i < 2)
			assert_memory_equal(&c.imap_off, i ? &none : &idle, sizeof idle);
		config_release(&c);
		free(said);
	}
}

static void near_names_are_suggested(void **state)
{
	const char *const pairs[] = { "DOMAINNAME=x.example", "MAILPASSWORD=p", "DOMAIN=y.example",
				      "GRAYLIST_ENABLED=no", "IMAP_PORT=143", NULL };
	struct config c;
	char *said;

	(void)state;
	assert_true(read_config(&c, pairs, &said));
	assert_non_null(strstr(said, "DOMAIN is not a setting; did you mean DOMAINNAME?"));
	assert_non_null(strstr(said, "did you mean GRAYLISTING_ENABLED?"));
	assert_non_null(strstr(said, "IMAP_PORT is not a setting\n"));
	config_release(&c);
	free(said);
}

/* What `docker run --env-file` makes of a file that a shell would read otherwise. */
static void a_password_with_quotes_is_a_warning(void **state)
{
	static const struct { const char *pair; bool warned; } cases[] = {
		{ "MAILPASSWORD=\"hunter2\"", true }, { "MAILPASSWORD='hunter2'", true },
		{ "MAILPASSWORD='hunter2", false }, { "MAILPASSWORD=\"", false },
		{ "MAILPASSWORD=change-me", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *const pairs[] = { "DOMAINNAME=x.example", cases[i].pair, NULL };
		struct config c;
		char *said;

		assert_true(read_config(&c, pairs, &said));
		assert_int_equal(strstr(said, "warning: MAILPASSWORD") != NULL, cases[i].warned);
		assert_null(strstr(said, "hunter2"));
		config_release(&c);
		free(said);
	}
}

static void a_comment_behind_a_value_is_a_warning(void **state)
{
	static const char text[] = "MAILFOLDER=/mail  # on the large disk\nMAILUSER='a' # b\n"
				   "MAILPASSWORD=p#w\nDOMAINNAME=x.example\nKEYFILE='/a #b'\n";
	char path[] = "/tmp/letterplate-env-XXXXXX", *said;
	char *nothing[] = { NULL };
	struct config_source *s = config_source_new(nothing);
	int fd = mkstemp(path);
	size_t size;
	FILE *errors = open_memstream(&said, &size);

	(void)state;
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	assert_true(config_source_add_file(s, path, errors));
	fclose(errors);
	assert_non_null(strstr(said, "line 1: all of the line belongs to MAILFOLDER"));
	assert_non_null(strstr(said, "line 2: all of the line belongs to MAILUSER"));
	assert_null(strstr(said, "line 3"));
	assert_null(strstr(said, "line 5"));
	config_source_free(s);
	free(said);
	unlink(path);
}

static void the_example_can_be_read(void **state)
{
	char path[] = "/tmp/letterplate-example-XXXXXX", *said;
	char *nothing[] = { NULL };
	FILE *out = fdopen(mkstemp(path), "w"), *errors;
	struct config_source *s = config_source_new(nothing);
	struct config c;
	size_t size;

	(void)state;
	config_print_example(out);
	fclose(out);
	errors = open_memstream(&said, &size);
	assert_true(config_source_add_file(s, path, errors));
	assert_true(config_read(&c, s, errors));
	fclose(errors);
	assert_non_null(strstr(said, "warning: MAILPASSWORD is still the one of the example"));
	assert_null(strchr(strchr(said, '\n') + 1, '\n'));     /* and no more */
	assert_int_equal(c.imaps_listen.at[0].address.port, 993);
	assert_true(c.webcal);
	config_release(&c);
	config_source_free(s);
	free(said);
	unlink(path);
}

static void the_environment_goes_over_the_file(void **state)
{
	char path[] = "/tmp/letterplate-env-XXXXXX", *said;
	char given[] = "MAILUSER=bob";
	char *environment[] = { given, NULL };
	int fd = mkstemp(path);
	static const char text[] = "# a comment\nMAILUSER=alice\nexport DOMAINNAME=\"x.example\"\n\nMAILPASSWORD='p w'\n";
	struct config_source *s = config_source_new(environment);
	struct config c;
	size_t size;
	FILE *errors = open_memstream(&said, &size);

	(void)state;
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	assert_true(config_source_add_file(s, path, errors));
	assert_true(config_read(&c, s, errors));
	assert_string_equal(c.user, "bob");
	assert_string_equal(c.domain, "x.example");
	assert_string_equal(c.password, "p w");
	config_release(&c);
	config_source_free(s);
	fclose(errors);
	free(said);
	unlink(path);
}

static void the_secret_leaves_the_environment(void **state)
{
	char password[] = "MAILPASSWORD=hunter2", domain[] = "DOMAINNAME=x.example";
	char *environment[] = { domain, password, NULL };
	struct config_source *s = config_source_new(environment);
	struct config c;

	(void)state;
	assert_true(config_read(&c, s, stderr));
	assert_string_equal(c.password, "hunter2");
	assert_null(strstr(password, "hunter2"));
	config_release(&c);
	config_source_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_follow_one_another),
		cmocka_unit_test(every_mistake_is_named),
		cmocka_unit_test(the_other_spelling_is_named),
		cmocka_unit_test(a_wrong_secret_is_not_shown),
		cmocka_unit_test(a_secret_from_a_file),
		cmocka_unit_test(kinds),
		cmocka_unit_test(unknown_names_are_a_warning),
		cmocka_unit_test(capabilities_are_named),
		cmocka_unit_test(near_names_are_suggested),
		cmocka_unit_test(a_password_with_quotes_is_a_warning),
		cmocka_unit_test(a_comment_behind_a_value_is_a_warning),
		cmocka_unit_test(the_example_can_be_read),
		cmocka_unit_test(the_environment_goes_over_the_file),
		cmocka_unit_test(the_secret_leaves_the_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
