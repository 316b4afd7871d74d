/* Rows of the index: what goes in comes out. */
#include "store_fixture.h"

#include "../../src/store/index.h"

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
	assert_true(index_texts_copy(w->ix, w->f.id, 1, w->f.id, 2));
	assert_true(index_texts_copy(w->ix, w->f.id, 77, w->f.id, 2));
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
		cmocka_unit_test_setup_teardown(folders, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
