/* Images of tables: what is read is what was written, and nothing else is believed. */
#include "store_fixture.h"

#include "../../src/store/folder.h"
#include "../../src/store/image.h"
#include "../../src/store/mailbox_private.h"

enum { MANY = 2500 };

static const struct image_stamp stamp = { 7, 0x1234567890, 99, MANY };

static void fill(struct table *t, struct keywords *k)
{
	unsigned sets[4] = { 0 };

	assert_true(keywords_parse(k, SLICE("Never Used"), &sets[1]));
	assert_true(keywords_parse(k, SLICE("Work Play"), &sets[2]));
	assert_true(keywords_parse(k, SLICE("$Label1"), &sets[3]));
	table_init(t);
	for (uint32_t i = 0; i < MANY; i++) {
		struct record r = { .uid = i * 3 + 1, .modseq = i, .size = i * 100, .flags = i % 32,
				    .keywords = sets[i % 5 == 0 ? 3 : i % 7 == 0 ? 2 : 0],
				    .received = (int64_t)i * -7, .place = i % 2 };
		char name[200];

		snprintf(name, sizeof(name), "%u.%.*s:2,S", i, (int)(i % 90),
			 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
			 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
		table_add(t, &r, name, k);
	}
}

static char *write_one(struct fixture *f, struct keywords *k, const struct image_stamp *st)
{
	char *path = mem_printf("%s/image", f->root);
	struct image_writer *w;
	struct table t;

	fill(&t, k);
	w = image_begin(path, st, &t, k);
	/* A slice that is over before it began does nothing; then all. */
	assert_true(image_go_on(w, 1));
	assert_false(image_go_on(w, 0));
	image_end(w);
	return path;
}

static bool reads(const char *path, const struct image_stamp *st, struct table *t)
{
	struct keywords *k = keywords_new();
	bool ok;

	table_init(t);
	ok = image_read(path, st, t, k);
	if (!ok)
		assert_int_equal(t->records.count, 0);
	keywords_free(k);
	return ok;
}

static void comes_back(void **state)
{
	struct keywords *k = keywords_new(), *other = keywords_new();
	struct table was, t;
	unsigned set;
	char *path = write_one(*state, k, &stamp);

	/* Another run of the daemon has other numbers for the same words. */
	assert_true(keywords_parse(other, SLICE("Something Else"), &set));
	table_init(&t);
	assert_true(image_read(path, &stamp, &t, other));
	fill(&was, k);
	assert_int_equal(t.records.count, MANY);
	assert_int_equal(t.all_count, 3);
	for (uint32_t i = 0; i < MANY; i++) {
		const struct record *a = records_at(&was.records, i), *b = records_at(&t.records, i);
		char *x = keywords_print(k, a->keywords), *y = keywords_print(other, b->keywords);
		const char *name = table_name(&was, a);

		assert_string_equal(x, y);
		assert_string_equal(name, table_name(&t, b));
		assert_ptr_equal(table_file(&t, name, file_base_len(name)), b);
		assert_true(a->uid == b->uid && a->modseq == b->modseq && a->size == b->size &&
			    a->flags == b->flags && a->received == b->received &&
			    a->place == b->place);
		free(x);
		free(y);
	}
	/* It goes on like any other. */
	table_add(&t, &(struct record){ .uid = MANY * 3 + 1 }, "more:2,", other);
	assert_string_equal(table_name(&t, table_file(&t, "more", 4)), "more:2,");
	table_release(&was);
	table_release(&t);
	keywords_free(k);
	keywords_free(other);
	free(path);
}

static void of_another_moment(void **state)
{
	struct keywords *k = keywords_new();
	char *path = write_one(*state, k, &stamp), *fresh = mem_printf("%s.new", path);
	struct image_stamp wrong[] = { stamp, stamp, stamp, stamp };
	struct table t;

	assert_int_not_equal(access(fresh, F_OK), 0);
	wrong[0].folder++;
	wrong[1].stamp++;
	wrong[2].uid_validity++;
	wrong[3].count++;
	for (size_t i = 0; i < 4; i++) {
		assert_false(reads(path, &wrong[i], &t));
		table_release(&t);
	}
	/* A table that is not what it should be is not written, and there is none then. */
	free(write_one(*state, k, &stamp));
	{
		struct table empty;
		struct image_writer *w;

		table_init(&empty);
		w = image_begin(path, &stamp, &empty, k);
		assert_false(image_go_on(w, 0));
		image_end(w);
	}
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_not_equal(access(fresh, F_OK), 0);
	assert_false(reads(path, &stamp, &t));
	table_release(&t);
	keywords_free(k);
	free(path);
	free(fresh);
}

/* One bit anywhere, and every length. */
static void torn(void **state)
{
	struct keywords *k = keywords_new();
	char *path = write_one(*state, k, &stamp);
	struct table t;
	struct stat st;
	int fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 0; at < st.st_size; at += at < 200 ? 1 : 1499) {
		char was, now;

		assert_int_equal(pread(fd, &was, 1, at), 1);
		now = (char)(was ^ 1 << at % 8);
		assert_int_equal(pwrite(fd, &now, 1, at), 1);
		assert_false(reads(path, &stamp, &t));
		table_release(&t);
		assert_int_equal(pwrite(fd, &was, 1, at), 1);
	}
	assert_true(reads(path, &stamp, &t));
	table_release(&t);
	for (off_t len = st.st_size - 1; len >= 0; len = len < 5000 ? len - 97 : len - 4999) {
		assert_int_equal(ftruncate(fd, len), 0);
		assert_false(reads(path, &stamp, &t));
		table_release(&t);
	}
	/* As a file system leaves what was never synced. */
	assert_int_equal(ftruncate(fd, st.st_size), 0);
	assert_false(reads(path, &stamp, &t));
	table_release(&t);
	close(fd);
	keywords_free(k);
	free(path);
}

/* ---- In a store ---- */

static void make_many(struct fixture *f)
{
	for (unsigned i = 1; i <= MANY; i++) {
		char name[60];

		snprintf(name, sizeof(name), "cur/%u.a,W=22:2,%s", i, i % 3 ? "S" : "");
		fixture_write(f, name, "Subject: tea\r\n\r\nFour\r\n");
	}
}

static struct folder *inbox(struct fixture *f)
{
	assert_false(list_empty(&f->store->folders));
	return container_of(f->store->folders.prev, struct folder, node);
}

static char *image_of(struct fixture *f)
{
	return mem_printf("%s%lld", f->store->images, (long long)inbox(f)->head.id);
}

/* Opens INBOX: whether its table came from an image. */
static bool opens_from_image(struct fixture *f)
{
	struct mailbox *m = fixture_mailbox(f, "INBOX", true);
	bool from_image = inbox(f)->image && inbox(f)->image == inbox(f)->head.stamp;

	assert_int_equal(snapshot_count(mailbox_newest(m)), MANY);
	f->opened = m;
	return from_image;
}

static unsigned flags_of(struct fixture *f, uint32_t seq)
{
	return snapshot_message(mailbox_newest(f->opened), seq).flags;
}

static void change_flags(struct fixture *f, uint32_t uid)
{
	const struct flag_edit edit = { .change = FLAGS_ADD, .flags = MESSAGE_FLAGGED };
	struct uid_set set;

	uid_set_init(&set);
	uid_set_add(&set, uid, uid);
	mailbox_edit_flags(f->opened, &set, &edit, fixture_flagged, f);
	uid_set_release(&set);
	fixture_wait(f);
}

static void reopen(struct fixture *f)
{
	mailbox_release(f->opened);
	fixture_close(f);
	fixture_open(f);
}

static void opened_again(void **state)
{
	struct fixture *f = *state;
	char *path, *older;
	bool exists;

	make_many(f);
	assert_false(opens_from_image(f));
	path = image_of(f);
	older = mem_printf("%s/older", f->root);
	reopen(f);
	assert_true(opens_from_image(f));
	assert_int_equal(flags_of(f, 1), MESSAGE_SEEN);
	assert_int_equal(link(path, older), 0);
	/* Without a change none is written. */
	assert_int_equal(unlink(path), 0);
	reopen(f);
	assert_int_not_equal(access(path, F_OK), 0);
	/* One that is older than the index, as after a crash. */
	assert_int_equal(link(older, path), 0);
	assert_true(opens_from_image(f));
	change_flags(f, 1);
	assert_int_equal(flags_of(f, 1), MESSAGE_SEEN | MESSAGE_FLAGGED);
	reopen(f);
	assert_int_equal(rename(older, path), 0);
	assert_false(opens_from_image(f));
	assert_int_equal(flags_of(f, 1), MESSAGE_SEEN | MESSAGE_FLAGGED);
	reopen(f);
	assert_true(opens_from_image(f));
	assert_int_equal(flags_of(f, 1), MESSAGE_SEEN | MESSAGE_FLAGGED);
	/* What a program leaves that was killed while it wrote, and a lost index. */
	free(older);
	older = mem_printf("%s.new", path);
	assert_int_equal(link(path, older), 0);
	mailbox_release(f->opened);
	fixture_close(f);
	assert_int_equal(unlink(f->index), 0);
	fixture_open(f);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_not_equal(access(older, F_OK), 0);
	assert_true(index_folder_exists(f->store->index, 1, &exists) && !exists);
	free(path);
	free(older);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(comes_back, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(of_another_moment, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(torn, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(opened_again, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
