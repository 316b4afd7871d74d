/* Flags, keywords and expunge, with other programs at the same files. */
#include "store_fixture.h"

static const char MESSAGE[] = "Subject: tea\n\nAt four.\n";

static enum store_status edit(struct fixture *f, struct mailbox *m, uint32_t first, uint32_t last,
			      enum flag_change change, unsigned flags, const char *keyword,
			      uint64_t unchanged_since)
{
	struct flag_edit e = {
		.change = change, .flags = flags, .keywords = &keyword,
		.keyword_count = keyword ? 1 : 0, .unchanged_since = unchanged_since,
		.conditional = unchanged_since != 0,
	};
	struct uid_set uids;

	uid_set_init(&uids);
	uid_set_add(&uids, first, last);
	mailbox_edit_flags(m, &uids, &e, fixture_flagged, f);
	uid_set_release(&uids);
	fixture_wait(f);
	return f->st;
}

static enum store_status expunge(struct fixture *f, struct mailbox *m, const struct uid_set *uids)
{
	mailbox_expunge(m, uids, fixture_done, f);
	fixture_wait(f);
	return f->st;
}

static unsigned flags_of(struct mailbox *m, uint32_t uid)
{
	return snapshot_message(mailbox_newest(m), snapshot_seq(mailbox_newest(m), uid)).flags;
}

static void flags_are_letters(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	char name[256];
	static const struct {
		enum flag_change change;
		unsigned flags, result;
		const char *letters;
	} steps[] = {
		{ FLAGS_ADD, MESSAGE_SEEN, MESSAGE_SEEN, ":2,S" },
		{ FLAGS_ADD, MESSAGE_SEEN, MESSAGE_SEEN, ":2,S" },
		{ FLAGS_ADD, MESSAGE_ANSWERED | MESSAGE_DRAFT,
		  MESSAGE_SEEN | MESSAGE_ANSWERED | MESSAGE_DRAFT, ":2,DRS" },
		{ FLAGS_REMOVE, MESSAGE_SEEN | MESSAGE_FLAGGED,
		  MESSAGE_ANSWERED | MESSAGE_DRAFT, ":2,DR" },
		{ FLAGS_SET, MESSAGE_FLAGGED | MESSAGE_DELETED,
		  MESSAGE_FLAGGED | MESSAGE_DELETED, ":2,FT" },
		{ FLAGS_SET, 0, 0, ":2," },
	};

	fixture_deliver(f, "INBOX", MESSAGE, 0);
	m = fixture_mailbox(f, "INBOX", false);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		uint64_t before = snapshot_modseq(mailbox_newest(m));

		assert_int_equal(edit(f, m, 1, UINT32_MAX, steps[i].change, steps[i].flags,
				      NULL, 0), STORE_OK);
		assert_int_equal(flags_of(m, 1), steps[i].result);
		assert_int_equal(fixture_count(f, "cur", name), 1);
		assert_string_equal(strchr(name, ':'), steps[i].letters);
		assert_int_equal(snapshot_modseq(mailbox_newest(m)) - before, i == 1 ? 0 : 1);
	}
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.unseen, 1);
	mailbox_release(m);
}

static const char *keyword_text(struct mailbox *m, uint32_t uid, char out[256])
{
	const struct snapshot *s = mailbox_newest(m);
	const char *const *names;
	size_t n = snapshot_keywords(s, snapshot_message(s, snapshot_seq(s, uid)).keywords, &names);
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n && len < 200; i++)
		len += (size_t)snprintf(out + len, 256 - len, "%s%s", i ? " " : "", names[i]);
	return out;
}

static void keywords_stay(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	char text[256], name[256];
	const char *const *all;

	fixture_deliver(f, "INBOX", MESSAGE, 0);
	m = fixture_mailbox(f, "INBOX", true);
	assert_int_equal(edit(f, m, 1, 1, FLAGS_ADD, MESSAGE_SEEN, "Work", 0), STORE_OK);
	assert_int_equal(edit(f, m, 1, 1, FLAGS_ADD, 0, "WORK", 0), STORE_OK);
	assert_int_equal(edit(f, m, 1, 1, FLAGS_ADD, 0, "$MDNSent", 0), STORE_OK);
	assert_string_equal(keyword_text(m, 1, text), "Work $MDNSent");
	assert_int_equal(fixture_count(f, "cur", name), 1);
	assert_string_equal(strchr(name, ':'), ":2,Sab");
	assert_int_equal(edit(f, m, 1, 1, FLAGS_REMOVE, 0, "work", 0), STORE_OK);
	assert_string_equal(keyword_text(m, 1, text), "$MDNSent");
	assert_int_equal(snapshot_all_keywords(mailbox_newest(m), &all), 2);
	assert_int_equal(edit(f, m, 1, 1, FLAGS_ADD, 0, "not a keyword", 0), STORE_NO_SPACE);
	mailbox_release(m);
	fixture_close(f);
	unlink(f->index);
	fixture_open(f);
	m = fixture_mailbox(f, "INBOX", true);
	assert_string_equal(keyword_text(m, 1, text), "$MDNSent");
	assert_int_equal(flags_of(m, 1), MESSAGE_SEEN);
	mailbox_release(m);
}

static void more_keywords_than_letters(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	char text[256];

	fixture_deliver(f, "INBOX", MESSAGE, 0);
	m = fixture_mailbox(f, "INBOX", true);
	for (int i = 0; i < 30; i++) {
		char word[16];

		snprintf(word, sizeof(word), "k%d", i);
		assert_int_equal(edit(f, m, 1, 1, FLAGS_ADD, 0, word, 0), STORE_OK);
	}
	mailbox_release(m);
	fixture_close(f);
	fixture_open(f);
	m = fixture_mailbox(f, "INBOX", true);
	assert_non_null(strstr(keyword_text(m, 1, text), "k0 "));
	assert_non_null(strstr(text, "k29"));
	mailbox_release(m);
}

static void unchanged_since(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	uint64_t modseq;

	fixture_deliver(f, "INBOX", MESSAGE, 0);
	fixture_deliver(f, "INBOX", MESSAGE, 0);
	m = fixture_mailbox(f, "INBOX", true);
	modseq = snapshot_modseq(mailbox_newest(m));
	assert_int_equal(edit(f, m, 2, 2, FLAGS_ADD, MESSAGE_SEEN, NULL, 0), STORE_OK);
	assert_int_equal(edit(f, m, 1, 2, FLAGS_ADD, MESSAGE_FLAGGED, NULL, modseq), STORE_OK);
	assert_int_equal(uid_set_size(&f->refused), 1);
	assert_true(uid_set_has(&f->refused, 2));
	assert_int_equal(flags_of(m, 1), MESSAGE_FLAGGED);
	assert_int_equal(flags_of(m, 2), MESSAGE_SEEN);
	mailbox_release(m);
}

/* Its file has another name than we know, or none. */
static void others_rename_and_remove(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	char name[256], from[300], to[300], *path;

	fixture_deliver(f, "INBOX", MESSAGE, MESSAGE_SEEN);
	fixture_count(f, "cur", name);
	m = fixture_mailbox(f, "INBOX", true);
	snprintf(from, sizeof(from), "cur/%s", name);
	snprintf(to, sizeof(to), "cur/%.*s:2,FSX", (int)strcspn(name, ":"), name);
	fixture_rename(f, from, to);
	assert_int_equal(edit(f, m, 1, 1, FLAGS_ADD, MESSAGE_ANSWERED, NULL, 0), STORE_OK);
	assert_int_equal(flags_of(m, 1), MESSAGE_SEEN | MESSAGE_FLAGGED | MESSAGE_ANSWERED);
	fixture_count(f, "cur", name);
	assert_string_equal(strchr(name, ':'), ":2,FRSX");
	path = mem_printf("%s/cur/%s", f->maildir, name);
	unlink(path);
	free(path);
	assert_int_equal(edit(f, m, 1, 1, FLAGS_ADD, MESSAGE_DELETED, NULL, 0), STORE_OK);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 0);
	mailbox_release(m);
}

static void expunge_removes_the_deleted(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	struct uid_set uids;

	for (unsigned i = 0; i < 6; i++)
		fixture_deliver(f, "INBOX", MESSAGE, i == 2 ? 0 : MESSAGE_DELETED);
	m = fixture_mailbox(f, "INBOX", true);
	uid_set_init(&uids);
	uid_set_add(&uids, 2, 4);
	assert_int_equal(expunge(f, m, &uids), STORE_OK);
	uid_set_release(&uids);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 4);
	assert_int_equal(snapshot_seq(mailbox_newest(m), 3), 2);
	assert_int_equal(expunge(f, m, NULL), STORE_OK);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 1);
	assert_int_equal(snapshot_uid(mailbox_newest(m), 1), 3);
	assert_int_equal(fixture_count(f, "cur", NULL), 1);
	assert_int_equal(fixture_deliver(f, "INBOX", MESSAGE, 0), 7);
	mailbox_release(m);
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.messages, 2);
	assert_int_equal(f->status.size, 2 * (strlen(MESSAGE) + 3));
}

/* ---- Long edits ---- */

enum { MANY = 20000 };

static struct mailbox *many(struct fixture *f)
{
	char name[64];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "cur/%u.a,W=3:2,", i);
		fixture_write(f, name, "x\n");
	}
	return fixture_mailbox(f, "INBOX", true);
}

struct long_edit {
	bool done;
	enum store_status st;
};

static void long_flags(void *owner, enum store_status st, const struct uid_set *refused)
{
	struct long_edit *e = owner;

	assert_int_equal(refused->count, 0);
	assert_false(e->done);
	e->done = true;
	e->st = st;
}

static void long_expunge(void *owner, enum store_status st)
{
	struct long_edit *e = owner;

	assert_false(e->done);
	e->done = true;
	e->st = st;
}

static uint32_t flagged(const struct snapshot *s, unsigned flags)
{
	uint32_t count = 0;

	for (uint32_t seq = 1; seq <= snapshot_count(s); seq++)
		count += (snapshot_message(s, seq).flags & flags) != 0;
	return count;
}

static void wait_for(struct fixture *f, const struct long_edit *e)
{
	uint64_t until = clock_mono_ms() + 60000;

	while (!e->done && clock_mono_ms() < until)
		loop_turn(f->loop, 100);
	assert_true(e->done);
	assert_int_equal(e->st, STORE_OK);
}

static void others_come_between(void **state)
{
	const struct flag_edit delete = { .change = FLAGS_ADD, .flags = MESSAGE_DELETED };
	struct fixture *f = *state;
	struct mailbox *m = many(f);
	struct long_edit e = { 0 };
	struct uid_set all;

	uid_set_init(&all);
	uid_set_add(&all, 1, UINT32_MAX);
	mailbox_edit_flags(m, &all, &delete, long_flags, &e);
	fixture_status(f, "Sent");
	assert_int_equal(f->st, STORE_OK);
	assert_false(e.done);
	/* What is done is seen, with its file and its row. */
	assert_in_range(flagged(mailbox_newest(m), MESSAGE_DELETED), 1, MANY - 1);
	fixture_deliver(f, "INBOX", "Subject: tea\n\nAt four.\n", 0);
	wait_for(f, &e);
	assert_in_range(flagged(mailbox_newest(m), MESSAGE_DELETED), MANY, MANY + 1);
	e.done = false;
	mailbox_expunge(m, &all, long_expunge, &e);
	fixture_status(f, "Sent");
	assert_false(e.done);
	assert_in_range(snapshot_count(mailbox_newest(m)), 2, MANY);
	wait_for(f, &e);
	assert_in_range(snapshot_count(mailbox_newest(m)), 0, 1);
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.messages, snapshot_count(mailbox_newest(m)));
	uid_set_release(&all);
	mailbox_release(m);
}

static void goes_on_when_nobody_waits(void **state)
{
	const struct flag_edit see = { .change = FLAGS_SET, .flags = MESSAGE_SEEN };
	struct fixture *f = *state;
	struct mailbox *m = many(f);
	struct long_edit e = { 0 };
	struct uid_set all;

	uid_set_init(&all);
	uid_set_add(&all, 1, UINT32_MAX);
	mailbox_edit_flags(m, &all, &see, long_flags, &e);
	store_abandon(f->store, &e);
	mailbox_release(m);
	uid_set_release(&all);
	/* Also when the lanes end meanwhile. */
	fixture_close(f);
	fixture_open(f);
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.messages, MANY);
	assert_int_equal(f->status.unseen, 0);
	assert_false(e.done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(flags_are_letters, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(keywords_stay, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(more_keywords_than_letters, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(unchanged_since, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(others_rename_and_remove, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(expunge_removes_the_deleted, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(others_come_between, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(goes_on_when_nobody_waits, fixture_new,
						fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
