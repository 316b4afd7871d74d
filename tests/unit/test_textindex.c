/* The text index's life: copies, blocks, folders, restarts, damage. */
#include "text_fixture.h"

/* ---- What happens to messages ---- */

/* A copy and a move have the text of what they came from. */
static void test_copies_share(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = fixture_mailbox(f, "INBOX", true), *archive;
	struct uid_set uids;

	fixture_deliver(f, "INBOX", "Subject: one\n\nthe first text\n", 0);
	fixture_deliver(f, "INBOX", "Subject: two\n\nthe second text\n", 0);
	fixture_refresh(f, m);
	await_known(f, m, 2);
	uid_set_init(&uids);
	uid_set_add(&uids, 1, 1);
	mailbox_copy(m, &uids, "Archive", false, fixture_copied, f);
	fixture_wait(f);
	uid_set_add(&uids, 2, 2);
	mailbox_copy(m, &uids, "Archive", true, fixture_copied, f);
	fixture_wait(f);
	archive = fixture_mailbox(f, "Archive", true);
	gives(f, archive, "BODY first", "1 2");
	await_known(f, archive, 3);
	assert_int_equal(ask_file("SELECT count(*) FROM doc"), 2);
	gives(f, archive, "BODY first", "1 2");
	gives(f, archive, "TEXT second NOT SUBJECT one", "3");
	gives(f, m, "ALL", "");
	uid_set_release(&uids);
	mailbox_release(archive);
	mailbox_release(m);
}

/* Enough messages for blocks; most of them go; the rest is still found. */
static void test_blocks_come_and_go(void **state)
{
	enum { MANY = 1500 };
	struct fixture *f = *state;
	struct mailbox *m;

	for (unsigned i = 0; i < MANY; i++) {
		char name[64], text[256];

		snprintf(name, sizeof(name), "cur/%u.x:2,S", 100000 + i);
		snprintf(text, sizeof(text), "Subject: number %u\n\nnonce%05u and more\n", i, i);
		fixture_write(f, name, text);
	}
	m = fixture_mailbox(f, "INBOX", true);
	await_known(f, m, MANY);
	assert_true(ask_file("SELECT count(*) FROM block") > 0);
	gives(f, m, "BODY nonce00000", "1");
	gives(f, m, "BODY nonce01023", "1024");
	gives(f, m, "BODY nonce01499 SUBJECT 1499", "1500");
	gives(f, m, "BODY nonce02", "");
	same(f, m, "OR BODY nonce0012 BODY once01");
	expunge(f, m, 1, 900);
	gives(f, m, "BODY nonce01499", "600");
	/* The next message is the occasion to look. */
	fixture_deliver(f, "INBOX", "Subject: last\n\nnonce99999\n", 0);
	fixture_refresh(f, m);
	await_known(f, m, MANY - 900 + 1);
	await_file(f, "SELECT count(*) FROM doc", MANY - 900 + 1);
	assert_int_equal(ask_file("SELECT count(*) FROM body"), MANY - 900 + 1);
	assert_int_equal(ask_file("SELECT count(*) FROM block"), 0);
	assert_int_equal(ask_file("SELECT count(*) FROM part"), 0);
	gives(f, m, "BODY nonce01499", "600");
	gives(f, m, "BODY nonce00899", "");
	gives(f, m, "BODY nonce99999", "601");
	mailbox_release(m);
}

static void test_folders_that_go(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;

	store_create(f->store, "Old", fixture_done, f);
	fixture_wait(f);
	fixture_deliver(f, "Old", "A: b\n\nin the old one\n", 0);
	fixture_deliver(f, "INBOX", "A: b\n\nin the inbox\n", 0);
	m = fixture_mailbox(f, "INBOX", true);
	await_known(f, m, 1);
	await_file(f, "SELECT count(*) FROM doc", 2);
	store_delete(f->store, "Old", fixture_done, f);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_OK);
	fixture_deliver(f, "INBOX", "A: b\n\nand another\n", 0);
	await_file(f, "SELECT count(*) FROM doc WHERE id<3", 1);
	fixture_refresh(f, m);
	await_known(f, m, 2);
	gives(f, m, "BODY another", "2");
	mailbox_release(m);
}

/* UIDs that another program gave may lie four thousand million apart: a folder of such
 * goes as quickly as any, and the program ends when it is to. */
static void test_distant_uids(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	uint64_t began;

	store_create(f->store, "Far", fixture_done, f);
	fixture_wait(f);
	fixture_close(f);
	assert_int_equal(remove(f->index), 0);
	fixture_write(f, ".Far/dovecot-uidlist", "3 V7 N4294967000\n21 :1.a\n4294966999 :2.a\n");
	fixture_write(f, ".Far/cur/1.a:2,S", "A: b\n\nnear\n");
	fixture_write(f, ".Far/cur/2.a:2,S", "A: b\n\nfar away\n");
	fixture_write(f, "cur/3.a:2,S", "A: b\n\nhere\n");
	fixture_open(f);
	m = fixture_mailbox(f, "Far", true);
	await_known(f, m, 2);
	assert_int_equal(snapshot_uid(mailbox_newest(m), 2), 4294966999);
	gives(f, m, "BODY far", "2");
	mailbox_release(m);
	m = fixture_mailbox(f, "INBOX", true);
	await_known(f, m, 1);
	began = clock_mono_ms();
	store_delete(f->store, "Far", fixture_done, f);
	fixture_wait(f);
	fixture_deliver(f, "INBOX", "A: b\n\nthe occasion\n", 0);
	await_file(f, "SELECT count(*) FROM doc", 2);
	assert_true(clock_mono_ms() - began < 10000);
	mailbox_release(m);
}

static void test_restart(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;

	fixture_deliver(f, "INBOX", "A: b\n\nbefore\n", 0);
	m = fixture_mailbox(f, "INBOX", true);
	await_known(f, m, 1);
	mailbox_release(m);
	fixture_close(f);
	fixture_open(f);
	fixture_deliver(f, "INBOX", "A: b\n\nbehind\n", 0);
	m = fixture_mailbox(f, "INBOX", true);
	await_known(f, m, 2);
	gives(f, m, "BODY before", "1");
	gives(f, m, "BODY be", "1 2");
	mailbox_release(m);
}

/* Any bytes in the file: nothing is answered wrongly, and it is made again. */
static void test_damage(void **state)
{
	static const struct { long at; const char *bytes; } rows[] = {
		{ 0, "this is no database at all, but a text" }, { 100, "\xFF\xFF\xFF\xFF\xFF\xFF" },
	};
	struct fixture *f = *state;

	fixture_deliver(f, "INBOX", "A: b\n\nneedle\n", 0);
	for (size_t i = 0; i < 2; i++) {
		struct mailbox *m = fixture_mailbox(f, "INBOX", true);
		FILE *file;

		await_known(f, m, 1);
		mailbox_release(m);
		fixture_close(f);
		file = fopen(text_path, "r+");
		assert_non_null(file);
		fseek(file, rows[i].at, SEEK_SET);
		fputs(rows[i].bytes, file);
		fclose(file);
		fixture_open(f);
		m = fixture_mailbox(f, "INBOX", true);
		gives(f, m, "BODY needle", "1");
		await_known(f, m, 1);
		gives(f, m, "BODY needle", "1");
		mailbox_release(m);
	}
}

/* Longer than what is kept of one message: it is read, and found. */
static void test_too_long(void **state)
{
	enum { LONG = 5 << 20 };
	struct fixture *f = *state;
	char *text = mem_alloc(LONG + 20);
	struct mailbox *m;

	memset(text, 'x', LONG);
	memcpy(text, "A: b\n\n", 6);
	for (size_t i = 100; i < LONG; i += 100)
		text[i] = '\n';
	memcpy(text + LONG, "needle\n", 8);
	fixture_deliver(f, "INBOX", text, 0);
	fixture_deliver(f, "INBOX", "A: b\n\nneedle\n", 0);
	m = fixture_mailbox(f, "INBOX", true);
	await_known(f, m, 1);
	gives(f, m, "BODY needle", "1 2");
	gives(f, m, "BODY nothing", "");
	mailbox_release(m);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_copies_share, setup, fixture_free),
		cmocka_unit_test_setup_teardown(test_blocks_come_and_go, setup, fixture_free),
		cmocka_unit_test_setup_teardown(test_folders_that_go, setup, fixture_free),
		cmocka_unit_test_setup_teardown(test_distant_uids, setup, fixture_free),
		cmocka_unit_test_setup_teardown(test_restart, setup, fixture_free),
		cmocka_unit_test_setup_teardown(test_damage, setup, fixture_free),
		cmocka_unit_test_setup_teardown(test_too_long, setup, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
