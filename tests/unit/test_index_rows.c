/* Rows of the index: what goes in comes out. */
#include "store_fixture.h"

#include "../../src/store/ahead.h"
#include "../../src/store/index.h"
#include "mime/keys.h"

struct world {
	char dir[200];
	struct index *ix;
	struct index_folder f;
	char list[2000];
};

static int begin(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	const char *tmp = getenv("TMPDIR");
	char error[200], path[300];

	snprintf(w->dir, sizeof(w->dir), "%s/rows-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(w->dir));
	snprintf(path, sizeof(path), "%s/index.db", w->dir);
	w->ix = index_open(path, error, sizeof(error));
	assert_non_null(w->ix);
	assert_true(index_begin(w->ix));
	assert_true(index_folder_new(w->ix, "", &w->f));
	*state = w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;

	assert_true(index_commit(w->ix));
	index_close(w->ix);
	nftw(w->dir, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
	free(w);
	return 0;
}

static bool add(struct world *w, uint32_t uid, const char *name, const char *keywords)
{
	struct index_message m = { .uid = uid, .place = PLACE_CUR, .name = name,
				   .keywords = keywords, .modseq = UINT64_C(1) << 40,
				   .size = 123, .received = -5, .saved = 6 };

	return index_message_add(w->ix, w->f.id, &m);
}

static void list_one(void *ctx, const struct index_message *m)
{
	struct world *w = ctx;

	assert_int_equal(m->size, 123);
	assert_int_equal(m->received, -5);
	assert_int_equal(m->saved, 6);
	snprintf(w->list + strlen(w->list), 200, "%u %s/%s [%s];", m->uid, place_name(m->place),
		 m->name, m->keywords);
}

static const char *list(struct world *w)
{
	w->list[0] = '\0';
	assert_true(index_messages(w->ix, w->f.id, list_one, w));
	return w->list;
}

/* What no index of ours says, though SQLite reads it. */
static void impossible(void **state)
{
	struct world *w = *state;

	assert_true(add(w, 1, "1.a", ""));
	assert_true(add(w, 2, "../../x", ""));
	w->list[0] = '\0';
	assert_false(index_messages(w->ix, w->f.id, list_one, w));
	assert_string_equal(w->list, "1 cur/1.a [];");
	assert_true(index_is_damaged(w->ix));
}

static void messages(void **state)
{
	struct world *w = *state;
	struct index_message change = { .uid = 2, .place = PLACE_NEW, .name = "2.b", .keywords = "" };
	uint32_t uid, count;

	assert_true(add(w, 2, "2.b:2,S", "Work Play"));
	assert_true(add(w, 1, "1.a", ""));
	assert_string_equal(list(w), "1 cur/1.a [];2 cur/2.b:2,S [Work Play];");
	assert_true(index_message_change(w->ix, w->f.id, &change));
	assert_string_equal(list(w), "1 cur/1.a [];2 new/2.b [];");
	assert_true(index_message_uid(w->ix, w->f.id, "2.b", 3, &uid));
	assert_int_equal(uid, 2);
	assert_true(index_message_uid(w->ix, w->f.id, "2", 1, &uid));
	assert_int_equal(uid, 0);
	assert_true(index_count_from(w->ix, w->f.id, 2, &count));
	assert_int_equal(count, 1);
	assert_true(index_message_delete(w->ix, w->f.id, 1));
	assert_true(index_message_delete(w->ix, w->f.id, 1));
	assert_string_equal(list(w), "2 new/2.b [];");
	/* Neither a UID nor a base can be there twice. */
	assert_false(add(w, 2, "3.c", ""));
	assert_false(add(w, 3, "2.b:2,F", ""));
}

static void texts(void **state)
{
	struct world *w = *state;
	const struct slice three[INDEX_TEXTS] = { SLICE("env"), SLICE(""), SLICE("b\0s") };
	char name[FILE_NAME];
	enum place place;
	struct buf out;

	assert_true(add(w, 1, "1.a:2,S", ""));
	assert_true(add(w, 2, "2.b", ""));
	assert_true(index_texts_put(w->ix, w->f.id, 1, three));
	assert_true(index_texts_put(w->ix, w->f.id, 9, three));
	assert_true(index_texts_copy(w->ix, w->f.id, 1, w->f.id, 2, "1.a:2,S"));
	assert_true(index_texts_copy(w->ix, w->f.id, 77, w->f.id, 2, "x"));
	assert_true(index_commit(w->ix));
	buf_init(&out, 100);
	assert_true(index_text(w->ix, w->f.id, 2, 0, &out));
	assert_false(index_text(w->ix, w->f.id, 2, 1, &out));
	assert_true(index_text(w->ix, w->f.id, 2, 2, &out));
	assert_int_equal(out.len, 6);
	assert_memory_equal(out.data, "envb\0s", 6);
	assert_false(index_text(w->ix, w->f.id, 9, 0, &out));
	assert_true(index_file(w->ix, w->f.id, 1, &place, name));
	assert_string_equal(name, "1.a:2,S");
	assert_int_equal(place, PLACE_CUR);
	assert_false(index_file(w->ix, w->f.id, 9, &place, name));
	buf_release(&out);
	assert_true(index_begin(w->ix));
	assert_true(index_message_delete(w->ix, w->f.id, 2));
	assert_true(index_commit(w->ix));
	assert_false(index_text(w->ix, w->f.id, 2, 0, &out));
	assert_true(index_begin(w->ix));
}

static struct slice ahead(struct world *w, struct ahead *a, uint32_t uid, unsigned which)
{
	return ahead_text(a, w->ix, w->f.id, uid, which);
}

/* Every third message has an envelope with its number, every sixth no structure. */
static void texts_ahead(void **state)
{
	const struct slice nothing[INDEX_TEXTS] = { SLICE("x") };
	struct world *w = *state;
	char name[20], text[20];
	struct ahead a;

	for (uint32_t uid = 1; uid <= 3000; uid++) {
		struct slice texts[INDEX_TEXTS] = { SLICE("") };

		snprintf(name, sizeof(name), "%u.a", uid);
		texts[0] = slice_of(name);
		texts[2] = uid % 6 ? SLICE("structure") : SLICE("");
		texts[INDEX_PREVIEW] = SLICE("preview");
		assert_true(add(w, uid, name, ""));
		assert_true(uid % 3 || index_texts_put(w->ix, w->f.id, uid, texts));
	}
	assert_true(index_commit(w->ix));
	ahead_init(&a);
	for (uint32_t uid = 1; uid <= 3100; uid += uid > 1000 && uid < 2000 ? 70 : 1) {
		bool has = uid % 3 == 0 && uid <= 3000;

		snprintf(text, sizeof(text), "%u.a", uid);
		assert_true(slice_is(ahead(w, &a, uid, 0), has ? text : ""));
		assert_true(slice_is(ahead(w, &a, uid, 2), has && uid % 6 ? "structure" : ""));
		assert_int_equal(ahead(w, &a, uid, 1).len, 0);
		assert_true(slice_is(ahead(w, &a, uid, INDEX_PREVIEW), has ? "preview" : ""));
	}
	/* In any order. */
	assert_true(slice_is(ahead(w, &a, 3, 0), "3.a"));
	assert_true(slice_is(ahead(w, &a, 2997, 0), "2997.a"));
	assert_true(slice_is(ahead(w, &a, 2994, 0), "2994.a"));
	assert_true(slice_is(ahead(w, &a, 2997, 0), "2997.a"));
	assert_int_equal(ahead(w, &a, UINT32_MAX - 1, 0).len, 0);
	ahead_release(&a);
	/* One that was written later is seen by the next. */
	assert_true(index_begin(w->ix));
	assert_true(index_texts_put(w->ix, w->f.id, 1, nothing));
	assert_true(index_commit(w->ix));
	ahead_init(&a);
	assert_true(slice_is(ahead(w, &a, 1, 0), "x"));
	ahead_release(&a);
	assert_true(index_begin(w->ix));
}

static void put_keys(struct world *w, uint32_t uid, const char *header)
{
	struct slice texts[INDEX_TEXTS] = { SLICE("e"), SLICE("b"), SLICE("s") };
	struct buf keys;

	buf_init(&keys, KEYS_MAX);
	assert_true(mime_keys_write(&keys, slice_of(header)));
	texts[INDEX_KEYS] = buf_slice(&keys);
	assert_true(index_texts_put(w->ix, w->f.id, uid, texts));
	buf_release(&keys);
}

/* As a session sees them. */
static struct object_ids ids_of(struct world *w, int64_t folder, uint32_t uid)
{
	struct object_ids ids;

	assert_true(index_commit(w->ix));
	assert_true(index_ids(w->ix, folder, uid, &ids));
	assert_true(index_begin(w->ix));
	return ids;
}

static void threads_are_given_once(void **state)
{
	struct world *w = *state;
	struct object_ids one, ids;

	for (uint32_t uid = 1; uid <= 6; uid++) {
		char name[20];

		snprintf(name, sizeof(name), "%u.a", uid);
		assert_true(add(w, uid, name, ""));
	}
	assert_int_equal(ids_of(w, w->f.id, 1).thread, 0);
	put_keys(w, 1, "Message-ID: <1@x>\nReferences: <0@x>\n\n");
	one = ids_of(w, w->f.id, 1);
	assert_true(one.thread && one.email && one.thread != one.email);
	/* A reply, a sibling by way of a message that nobody has, another beginning. */
	put_keys(w, 2, "Message-ID: <2@x>\nIn-Reply-To: <1@x>\n\n");
	put_keys(w, 3, "Message-ID: <3@x>\nReferences: <9@x> <0@x>\n\n");
	put_keys(w, 4, "Message-ID: <4@x>\n\n");
	assert_true(ids_of(w, w->f.id, 2).thread == one.thread);
	assert_true(ids_of(w, w->f.id, 3).thread == one.thread);
	ids = ids_of(w, w->f.id, 4);
	assert_true(ids.thread != one.thread);
	/* One that joins two threads changes neither, nor does writing again. */
	put_keys(w, 5, "Message-ID: <5@x>\nReferences: <4@x> <1@x>\n\n");
	put_keys(w, 4, "Message-ID: <4@x>\nReferences: <1@x>\n\n");
	assert_true(ids_of(w, w->f.id, 5).thread == one.thread);
	assert_true(ids_of(w, w->f.id, 4).thread == ids.thread);
	/* Without any Message-ID it is alone. */
	put_keys(w, 6, "Subject: x\n\n");
	ids = ids_of(w, w->f.id, 6);
	assert_true(ids.thread == ids.email);
	assert_true(index_message_delete(w->ix, w->f.id, 6));
	assert_true(index_commit(w->ix));
	assert_false(index_ids(w->ix, w->f.id, 6, &ids));
	assert_true(index_begin(w->ix));
}

static void copies_keep_their_ids(void **state)
{
	struct world *w = *state;
	struct index_folder other = { .uid_validity = 5 };
	struct object_ids one, bare;

	assert_true(index_folder_new(w->ix, ".B", &other));
	assert_true(add(w, 1, "1.a:2,S", ""));
	assert_true(add(w, 2, "2.b:2,", ""));
	put_keys(w, 1, "Message-ID: <1@x>\n\n");
	one = ids_of(w, w->f.id, 1);
	bare = ids_of(w, w->f.id, 2);
	for (uint32_t uid = 1; uid <= 3; uid++) {
		struct index_message m = { .uid = uid, .name = uid == 1 ? "x" : uid == 2 ? "y" : "z",
					   .keywords = "" };

		assert_true(index_message_add(w->ix, other.id, &m));
	}
	assert_true(index_texts_copy(w->ix, w->f.id, 1, other.id, 1, "1.a:2,S"));
	assert_true(index_texts_copy(w->ix, w->f.id, 2, other.id, 2, "2.b:2,"));
	assert_true(index_texts_copy(w->ix, other.id, 2, other.id, 3, "y"));
	assert_true(ids_of(w, other.id, 1).email == one.email);
	assert_true(ids_of(w, other.id, 1).thread == one.thread);
	assert_true(ids_of(w, other.id, 2).email == bare.email);
	assert_true(ids_of(w, other.id, 3).email == bare.email);
	assert_int_equal(ids_of(w, other.id, 3).thread, 0);
	/* What comes later does not take the email id away. */
	w->f.id = other.id;
	put_keys(w, 2, "Subject: x\n\n");
	assert_true(ids_of(w, other.id, 2).email == bare.email);
	assert_true(ids_of(w, other.id, 2).thread == bare.email);
}

static void count_keys(void *ctx, uint32_t uid, uint64_t thread, struct slice keys)
{
	struct world *w = ctx;
	struct mime_keys k;

	assert_true(thread && mime_keys_read(&k, keys));
	snprintf(w->list + strlen(w->list), 200, "%u %.*s;", uid, (int)k.texts[KEYS_SUBJECT].len,
		 k.texts[KEYS_SUBJECT].at);
}

static void keys_by_the_thousand(void **state)
{
	struct world *w = *state;

	for (uint32_t uid = 1; uid <= 5; uid++) {
		char name[20], header[40];

		snprintf(name, sizeof(name), "%u.a", uid);
		snprintf(header, sizeof(header), "Subject: s%u\n\n", uid);
		assert_true(add(w, uid, name, ""));
		if (uid != 3)
			put_keys(w, uid, header);
	}
	assert_true(index_texts_copy(w->ix, w->f.id, 9, w->f.id, 3, "old"));
	assert_true(index_commit(w->ix));
	w->list[0] = '\0';
	index_keys(w->ix, w->f.id, 1, 3, count_keys, w);
	assert_string_equal(w->list, "1 S1;2 S2;");
	index_keys(w->ix, w->f.id, 3, 100, count_keys, w);
	assert_string_equal(w->list, "1 S1;2 S2;4 S4;5 S5;");
	index_keys(w->ix, w->f.id, 6, 100, count_keys, w);
	index_keys(w->ix, w->f.id + 1, 1, 100, count_keys, w);
	assert_string_equal(w->list, "1 S1;2 S2;4 S4;5 S5;");
	assert_true(index_begin(w->ix));
}

static void folders(void **state)
{
	struct world *w = *state;
	struct index_folder other = { .uid_validity = 5, .bytes = 100 }, read;

	assert_true(add(w, 1, "1.a", ""));
	assert_true(index_folder_new(w->ix, ".B", &other));
	assert_int_not_equal(other.id, w->f.id);
	w->f.bytes = 11;
	w->f.new_mtime = INT64_MAX;
	assert_true(index_folder_put(w->ix, &w->f));
	assert_int_equal(index_bytes(w->ix), 111);
	assert_true(index_folder_rename(w->ix, ".B", ".C"));
	assert_true(index_folder_get(w->ix, ".C", &read));
	assert_int_equal(read.id, other.id);
	assert_true(index_folder_get(w->ix, ".B", &read));
	assert_int_equal(read.id, 0);
	assert_true(index_folder_get(w->ix, "", &read));
	assert_true(read.new_mtime == INT64_MAX);
	assert_true(index_folder_delete(w->ix, w->f.id));
	assert_string_equal(list(w), "");
	assert_int_equal(index_bytes(w->ix), 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(messages, begin, end),
		cmocka_unit_test_setup_teardown(impossible, begin, end),
		cmocka_unit_test_setup_teardown(texts, begin, end),
		cmocka_unit_test_setup_teardown(texts_ahead, begin, end),
		cmocka_unit_test_setup_teardown(threads_are_given_once, begin, end),
		cmocka_unit_test_setup_teardown(copies_keep_their_ids, begin, end),
		cmocka_unit_test_setup_teardown(keys_by_the_thousand, begin, end),
		cmocka_unit_test_setup_teardown(folders, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
