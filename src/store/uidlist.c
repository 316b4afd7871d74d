/*
 * Moving from Dovecot without any client downloading its mail again: a folder
 * that the index does not know, and that has a dovecot-uidlist, keeps Dovecot's
 * UIDVALIDITY and UIDs.
 *
 * Once.  From the first message that we number, our UIDs and those in the file
 * part; a lost index that took them again would give one UID to two messages.
 * So a mark is left beside it, and the file itself stays as it is.
 *
 * The file, version 3:   3 V<uidvalidity> N<next uid> ...
 *                        <uid> <letter><value>... :<base name>
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "folder.h"

#define MARK "letterplate-uids-taken"

/* Two million messages in one folder. */
enum { UIDLIST_MAX = 256 * 1024 * 1024 };

struct entry {
	const char *base;
	size_t len;
	uint32_t uid;
};

struct uidlist {
	struct buf text;
	struct entry *entries;
	size_t count, cap;
};

static int compare_bases(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int c = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return c ? c : (a_len > b_len) - (a_len < b_len);
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return compare_bases(x->base, x->len, y->base, y->len);
}

static bool read_header(struct slice line, uint32_t *validity, uint32_t *next)
{
	struct slice field;
	uint64_t number;

	*validity = *next = 0;
	if (!text_next(&line, ' ', &field) || !slice_is(field, "3"))
		return false;
	while (text_next(&line, ' ', &field)) {
		if (field.len < 2 || !text_number(slice_from(field, 1), UINT32_MAX - 1, &number))
			continue;
		if (field.at[0] == 'V')
			*validity = (uint32_t)number;
		else if (field.at[0] == 'N')
			*next = (uint32_t)number;
	}
	return *validity > 0 && *next > 0;
}

static void read_entry(struct uidlist *l, struct slice line)
{
	size_t colon = slice_find(line, ':');
	struct slice base = slice_from(line, colon + 1);
	uint64_t uid;

	if (!text_number(slice_head(line, slice_find(line, ' ')), UINT32_MAX - 2, &uid) ||
	    uid == 0 || base.len == 0)
		return;
	if (l->count == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->entries = mem_grow(l->entries, l->cap, sizeof(*l->entries));
	}
	l->entries[l->count++] = (struct entry){ base.at, slice_find(base, ':'), (uint32_t)uid };
}

bool uidlist_read(const char *folder, struct uidlist **out, uint32_t *validity, uint32_t *next)
{
	struct uidlist *l = mem_alloc(sizeof(*l));
	struct slice rest, line;
	struct path mark;

	*out = NULL;
	path_make(&mark, folder, MARK, "", "");
	buf_init(&l->text, UIDLIST_MAX);
	if (access(mark.at, F_OK) != 0 && !maildir_read(folder, "dovecot-uidlist", &l->text)) {
		/* One that is too large is not waited for for ever. */
		bool never = errno == EFBIG;

		uidlist_free(l);
		return never;
	}
	rest = buf_slice(&l->text);
	if (!text_next(&rest, '\n', &line) || !read_header(line, validity, next)) {
		uidlist_free(l);
		return true;
	}
	while (text_next(&rest, '\n', &line))
		read_entry(l, line);
	if (l->count > 0)
		qsort(l->entries, l->count, sizeof(*l->entries), compare_entries);
	*out = l;
	return true;
}

void uidlist_free(struct uidlist *l)
{
	if (!l)
		return;
	free(l->entries);
	buf_release(&l->text);
	free(l);
}

uint32_t uidlist_find(const struct uidlist *l, const char *base, size_t base_len)
{
	const struct entry key = { base, base_len, 0 };
	const struct entry *e = l->count == 0 ? NULL :
		bsearch(&key, l->entries, l->count, sizeof(key), compare_entries);

	return e ? e->uid : 0;
}

enum store_status uidlist_taken(const char *folder)
{
	return maildir_replace(folder, MARK,
			       SLICE("UIDs were taken over from dovecot-uidlist.\n"));
}
