/* dovecot-keywords, read and written. */
#include "store_fixture.h"

#include "../../src/store/keyword.h"

static struct letters load(struct fixture *f, struct keywords *k)
{
	struct letters l = { .mtime = -1 };

	letters_load(&l, k, f->maildir);
	return l;
}

static unsigned parse(struct keywords *k, const char *text)
{
	unsigned set;

	assert_true(keywords_parse(k, slice_of(text), &set));
	return set;
}

static void read_as_dovecot_wrote_it(void **state)
{
	struct fixture *f = *state;
	struct keywords *k = keywords_new();
	struct letters l = load(f, k);

	assert_int_equal(letters_known(&l), LETTER('P'));
	fixture_write(f, "dovecot-keywords",
		      "0 Work\n1 $Junk\n25 Last\n26 Over\n-1 x\nno number\n3\n4 bad name\n1 Twice\n");
	letters_load(&l, k, f->maildir);
	assert_int_equal(letters_known(&l), LETTER('P') | LETTER('a') | LETTER('b') | LETTER('z'));
	assert_int_equal(letters_of_set(&l, keywords_set(k, parse(k, "last work other"))),
			 LETTER('a') | LETTER('z'));
	assert_int_equal(letters_of_set(&l, keywords_set(k, parse(k, "$Forwarded"))), LETTER('P'));
	keywords_free(k);
}

static void letters_replace_lettered_keywords_only(void **state)
{
	struct fixture *f = *state;
	struct keywords *k = keywords_new();
	struct letters l;
	char *text;

	fixture_write(f, "dovecot-keywords", "0 Work\n1 Play\n");
	l = load(f, k);
	text = keywords_print(k, letters_apply(&l, k, parse(k, "Work index-only $Forwarded"),
					       LETTER('b') | LETTER('q') | LETTER('S')));
	assert_string_equal(text, "Play index-only");
	free(text);
	keywords_free(k);
}

static void given_and_kept(void **state)
{
	struct fixture *f = *state;
	struct keywords *k = keywords_new();
	struct letters l = load(f, k), again;

	letters_assign(&l, k, f->maildir, keywords_set(k, parse(k, "one two")));
	assert_int_equal(letters_known(&l), LETTER('P') | LETTER('a') | LETTER('b'));
	again = load(f, k);
	assert_memory_equal(&again.id, &l.id, sizeof(l.id));
	for (int i = 0; i < 40; i++) {
		char word[16];

		snprintf(word, sizeof(word), "k%d", i);
		letters_assign(&l, k, f->maildir, keywords_set(k, parse(k, word)));
	}
	assert_int_equal(letters_known(&l), LETTER('P') | LETTERS_KEYWORD);
	assert_int_equal(letters_of_set(&l, keywords_set(k, parse(k, "k39"))), 0);
	keywords_free(k);
}

static void does_without_while_locked(void **state)
{
	struct fixture *f = *state;
	struct keywords *k = keywords_new();
	struct letters l = load(f, k);
	char *lock = fixture_path(f, "dovecot-keywords.lock");

	fixture_write(f, "dovecot-keywords.lock", "");
	letters_assign(&l, k, f->maildir, keywords_set(k, parse(k, "one")));
	assert_int_equal(letters_known(&l), LETTER('P'));
	/* A lock that a crash left behind. */
	clock_set(clock_wall() + 1000);
	letters_assign(&l, k, f->maildir, keywords_set(k, parse(k, "one")));
	clock_set(-1);
	assert_int_equal(letters_known(&l), LETTER('P') | LETTER('a'));
	assert_int_not_equal(access(lock, F_OK), 0);
	free(lock);
	keywords_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(read_as_dovecot_wrote_it, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(letters_replace_lettered_keywords_only, fixture_new,
						fixture_free),
		cmocka_unit_test_setup_teardown(given_and_kept, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(does_without_while_locked, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
