/*
 * A reader of a Maildir empties its new/ into cur/ (https://cr.yp.to/proto/maildir.html).
 * Of a folder that another program filled all messages may lie there: it goes in slices.
 */
#include <errno.h>
#include <stdio.h>

#include "found.h"

/* The next record from there on whose file lies in new/; the count: none. */
static uint32_t next_new(const struct folder *f, uint32_t at)
{
	const struct records *all = &f->table.records;

	while (at < all->count) {
		const struct record *r;
		uint32_t run = records_run(all, at, &r);

		for (uint32_t k = 0; k < run; k++) {
			if (r[k].place == PLACE_NEW)
				return at + k;
		}
		at += run;
	}
	return at;
}

enum store_status folder_claim(struct folder *f, uint32_t *from)
{
	enum store_status st = folder_load(f);
	struct budget b;
	bool ok = true, over = false;
	uint32_t i;

	i = st == STORE_OK ? next_new(f, records_find(&f->table.records, *from)) : 0;
	if (st != STORE_OK || i == f->table.records.count)
		return st;
	budget_begin(&b, f->store);
	if (!store_begin(f->store))
		return index_failure(f->store->index);
	for (; ok && !over && i < f->table.records.count; i = next_new(f, i + 1)) {
		const struct record *r = records_at(&f->table.records, i);
		char old[FILE_NAME], new[FILE_NAME];
		struct path new_path, cur_path;

		*from = r->uid + 1;
		over = budget_is_over(&b);
		snprintf(old, sizeof(old), "%s", table_name(&f->table, r));
		if (!file_name_make(new, old, file_base_len(old), file_letters(old)))
			continue;
		path_message(&new_path, f->path, PLACE_NEW, old);
		path_message(&cur_path, f->path, PLACE_CUR, new);
		if (rename(new_path.at, cur_path.at) == 0) {
			ok = folder_file_moved(f, records_own(&f->table.records, i), PLACE_CUR, new);
		} else if (errno != ENOENT) {
			/* The next would fail as well: of a Maildir that is read-only one
			 * line in the log is enough. */
			maildir_failed("cannot move a message to cur/", new_path.at, errno);
			break;
		}
	}
	st = store_commit(f->store, ok);
	return st == STORE_OK && over ? store_unfinished(f->store) : st;
}

