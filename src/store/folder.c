/*
 * The mail lane's side of a folder: its row in the index, its table, and the few
 * changes that everything is made of.
 *
 * The order is always disk, index, memory that others see.  A crash after the
 * disk is healed by the next comparison; an index that fails leaves a folder
 * that is marked broken and read again; a snapshot shows only what is committed.
 */
#include "folder.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "watch.h"

/* To hash the names of a million messages takes a fifth of a second: for a few files
 * the index is asked. */
enum { HASHED_AT_ONCE = 5000, ASKED_MAX = 500 };

/* A directory whose name says this in some other spelling than ours. */
static bool search_root(const char *root, const char *name, struct folder_dir *out)
{
	DIR *dir = opendir(root);
	bool found = false;
	struct dirent *e;

	while (dir && !found && (e = readdir(dir))) {
		struct folder_name read;

		if (e->d_name[0] != '.' || e->d_name[1] == '\0' ||
		    strlen(e->d_name) > NAME_DIR_MAX)
			continue;
		if (name_from_dir(e->d_name, &read) && strcmp(read.at, name) == 0) {
			struct path path;

			path_make(&path, root, e->d_name, "", "");
			found = maildir_is_folder(path.at);
			memcpy(out->at, e->d_name, strlen(e->d_name) + 1);
		}
	}
	if (dir)
		closedir(dir);
	return found;
}

bool folder_resolve(const char *root, const char *name, struct folder_dir *dir)
{
	struct folder_name canonical;
	struct path path;

	if (!name_canonical(slice_of(name), &canonical))
		return false;
	if (name_to_dir(&canonical, dir)) {
		path_make(&path, root, dir->at, "", "");
		if (maildir_is_folder(path.at))
			return true;
	}
	return search_root(root, canonical.at, dir);
}

static struct folder *find_dir(struct store *s, const char *dir)
{
	list_each(node, after, &s->folders) {
		struct folder *f = container_of(node, struct folder, node);

		if (!f->gone && strcmp(f->dir, dir) == 0)
			return f;
	}
	return NULL;
}

struct folder *folder_by_name(struct store *s, const char *name)
{
	struct folder_dir dir;
	struct folder *f = folder_resolve(s->root, name, &dir) ? find_dir(s, dir.at) : NULL;

	return f && !f->broken && f->head.id ? f : NULL;
}

static struct folder *folder_new(struct store *s, const char *dir)
{
	struct folder *f = mem_alloc(sizeof(*f));
	struct path path;

	path_make(&path, s->root, dir, "", "");
	f->store = s;
	f->dir = mem_string(dir);
	f->path = mem_string(path.at);
	f->wd[PLACE_NEW] = f->wd[PLACE_CUR] = -1;
	f->letters.mtime = LETTERS_UNKNOWN;
	uid_set_init(&f->vanished);
	list_append(&s->folders, &f->node);
	return f;
}

void folder_free(struct folder *f)
{
	if (!f)
		return;
	list_remove(&f->node);
	watch_remove(f->store->watch, f->wd);
	scan_free(f->scan);
	if (f->loaded)
		table_release(&f->table);
	uid_set_release(&f->vanished);
	free(f->dir);
	free(f->path);
	free(f);
}

void folder_is_gone(struct folder *f)
{
	f->gone = true;
}

/* A folder the index does not know: UIDVALIDITY is given, the table is empty. */
static enum store_status begin_life(struct folder *f)
{
	struct store *s = f->store;
	struct uidlist *dovecot;
	enum store_status st;
	uint32_t validity, next;
	bool taken_over;

	f->head.uid_next = f->head.first_recent = 1;
	f->head.modseq = 1;
	if (!uidlist_read(f->path, &dovecot, &validity, &next))
		return STORE_FAILED;
	taken_over = dovecot != NULL;
	if (dovecot) {
		f->head.uid_validity = validity;
		f->head.uid_next = f->head.first_recent = next;
		st = store_raise_validity(s, validity);
	} else {
		st = store_new_validity(s, &f->head.uid_validity);
	}
	uidlist_free(dovecot);
	if (st != STORE_OK)
		return st;
	if (!store_begin(s))
		return index_failure(s->index);
	return store_commit(s, index_folder_new(s->index, f->dir, &f->head) &&
			       vanished_begin(f, taken_over));
}

static enum store_status read_head(struct folder *f)
{
	struct store *s = f->store;
	enum store_status st = STORE_OK;

	if (!index_folder_get(s->index, f->dir, &f->head))
		return index_failure(s->index);
	if (f->head.id == 0) {
		if (!maildir_complete(f->path))
			return STORE_FAILED;
		maildir_clean_tmp(f->path);
		st = begin_life(f);
	}
	return st;
}

/* After a failed commit: what the index says is right, and the disk is asked. */
static enum store_status mend(struct folder *f)
{
	struct index_folder head;
	bool had_table = f->loaded;

	scan_free(f->scan);
	f->scan = NULL;
	if (!index_folder_get(f->store->index, f->dir, &head))
		return index_failure(f->store->index);
	if (head.id != f->head.id) {
		folder_is_gone(f);
		return STORE_NO_FOLDER;
	}
	if (had_table)
		table_release(&f->table);
	/* What was counted in this job was not kept: it counts anew. */
	f->loaded = f->broken = f->ticked = false;
	f->head = head;
	f->head.new_mtime = f->head.cur_mtime = 0;
	f->changed = f->suspect = true;
	return had_table ? folder_load(f) : STORE_OK;
}

enum store_status folder_open(struct store *s, const char *name, bool records,
			      struct folder **out)
{
	enum store_status st = STORE_OK;
	struct folder_dir dir;
	struct folder *f;

	*out = NULL;
	if (!folder_resolve(s->root, name, &dir))
		return STORE_NO_FOLDER;
	f = find_dir(s, dir.at);
	if (!f) {
		f = folder_new(s, dir.at);
		st = read_head(f);
	} else if (f->broken) {
		st = mend(f);
	}
	kept_use(f);
	if (st == STORE_OK) {
		letters_load(&f->letters, s->keywords, f->path);
		st = folder_fill(f);
		if (st == STORE_OK && records)
			st = folder_load(f);
	}
	if (f->scan && s->unfinished)
		return st;
	if (st != STORE_OK) {
		/* Whoever else got it in this job may go on holding it. */
		if (!f->mailbox)
			f->gone = true;
		return st;
	}
	*out = f;
	return STORE_OK;
}

struct folder *folder_of_mailbox(struct store *s, const struct mailbox *m)
{
	list_each(node, after, &s->folders) {
		struct folder *f = container_of(node, struct folder, node);

		if (f->mailbox != m || f->gone)
			continue;
		if (f->broken && mend(f) != STORE_OK)
			return NULL;
		kept_use(f);
		letters_load(&f->letters, s->keywords, f->path);
		return f;
	}
	return NULL;
}

static uint32_t last_uid(const struct folder *f)
{
	if (!f->loaded)
		return f->head.uid_next - 1;
	return f->table.records.count ?
	       records_at(&f->table.records, f->table.records.count - 1)->uid : 0;
}

static void load_one(void *ctx, const struct index_message *m)
{
	struct folder *f = ctx;
	struct keywords *k = f->store->keywords;
	struct record r = {
		.uid = m->uid, .modseq = m->modseq, .size = m->size,
		.received = m->received, .saved = m->saved, .place = (uint8_t)m->place,
		.flags = (uint8_t)letters_to_flags(file_letters(m->name)),
	};
	unsigned set = 0;

	if (m->keywords[0])
		keywords_parse(k, slice_of(m->keywords), &set);
	r.keywords = set;
	table_add(&f->table, &r, m->name, k);
}

enum store_status folder_load(struct folder *f)
{
	if (f->loaded)
		return STORE_OK;
	table_init(&f->table);
	f->asked = 0;
	if (!kept_read(f) && !index_messages(f->store->index, f->head.id, load_one, f)) {
		table_release(&f->table);
		return index_failure(f->store->index);
	}
	f->loaded = true;
	if (f->head.uid_next <= last_uid(f))
		f->head.uid_next = last_uid(f) + 1;
	return STORE_OK;
}

enum store_status folder_forget(struct store *s, const char *dir)
{
	struct index_folder head;

	/* Kept, it would come back with rows that are no more. */
	list_each(node, after, &s->folders) {
		struct folder *f = container_of(node, struct folder, node);

		if (!f->mailbox && strcmp(f->dir, dir) == 0)
			folder_is_gone(f);
	}
	if (!index_folder_get(s->index, dir, &head))
		return index_failure(s->index);
	if (head.id == 0)
		return STORE_OK;
	if (!store_begin(s))
		return index_failure(s->index);
	return store_commit(s, index_folder_delete(s->index, head.id));
}

static struct news *make_news(struct folder *f)
{
	struct news *n = mem_alloc(sizeof(*n));

	n->mailbox = f->mailbox;
	n->first_recent = f->head.first_recent;
	if (f->gone)
		return n;
	n->snapshot = table_snapshot(&f->table, f->store->keywords);
	n->snapshot->uid_validity = f->head.uid_validity;
	n->snapshot->uid_next = f->head.uid_next;
	n->snapshot->modseq = f->head.modseq;
	n->snapshot->unseen = (uint32_t)f->head.unseen;
	return n;
}

uint64_t folders_settle(struct store *s, struct news **news)
{
	list_each(node, after, &s->folders) {
		struct folder *f = container_of(node, struct folder, node);

		assert(!f->touched);
		f->ticked = false;
		if (f->broken && f->mailbox && !f->gone)
			(void)mend(f);
		if (f->mailbox && !f->broken && (f->gone || (f->changed && f->loaded && !f->coming))) {
			*news = make_news(f);
			news = &(*news)->next;
			f->changed = false;
		}
	}
	return kept_settle(s, clock_mono_ms());
}

bool folder_has(const struct folder *f, const struct record *r)
{
	return maildir_has(f->path, (enum place)r->place, table_name(&f->table, r));
}

uint64_t folder_tick(struct folder *f)
{
	if (f->head.modseq == 1 && f->head.uid_next > 1)
		f->head.modseq = MODSEQ_TAKEN_OVER;
	if (!f->ticked)
		f->head.modseq++;
	f->ticked = f->touched = f->altered = f->changed = true;
	return f->head.modseq;
}

void folder_count(struct folder *f, const struct record *r, int by)
{
	uint64_t times = by > 0 ? 1 : UINT64_MAX;       /* modulo 2^64: minus one */

	f->touched = f->altered = f->changed = true;
	f->head.messages += times;
	f->head.bytes += times * r->size;
	if (!(r->flags & MESSAGE_SEEN))
		f->head.unseen += times;
	if (r->flags & MESSAGE_DELETED) {
		f->head.deleted += times;
		f->head.deleted_bytes += times * r->size;
	}
}

static struct index_message row_of(const struct folder *f, const struct record *r,
				   const char *name, char **keywords)
{
	*keywords = r->keywords ? keywords_print(f->store->keywords, r->keywords) : NULL;
	return (struct index_message){
		.uid = r->uid, .place = (enum place)r->place, .name = name,
		.keywords = *keywords ? *keywords : "", .modseq = r->modseq,
		.size = r->size, .received = r->received, .saved = r->saved,
	};
}

bool folder_keep(struct folder *f, const struct record *r)
{
	char *keywords;
	struct index_message m = row_of(f, r, table_name(&f->table, r), &keywords);
	bool ok = index_message_change(f->store->index, f->head.id, &m);

	f->touched = f->altered = f->changed = true;
	free(keywords);
	return ok;
}

bool folder_uid_of(struct folder *f, const char *name, uint32_t *uid)
{
	size_t len = file_base_len(name);

	if (f->loaded && (f->table.slot || f->table.records.count < HASHED_AT_ONCE ||
			  f->asked++ >= ASKED_MAX)) {
		const struct record *r = table_file(&f->table, name, len);

		*uid = r ? r->uid : 0;
		return true;
	}
	return index_message_uid(f->store->index, f->head.id, name, len, uid);
}

bool folder_record_of(struct folder *f, const char *name, const struct record **r)
{
	uint32_t uid;
	bool ok = folder_uid_of(f, name, &uid);

	*r = ok && uid ? table_uid(&f->table, uid) : NULL;
	return ok;
}

bool folder_add(struct folder *f, const struct arrival *a, uint32_t *uid)
{
	struct store *s = f->store;
	letter_set letters = file_letters(a->name);
	struct record r = {
		.size = a->size, .received = a->received, .saved = a->saved,
		.place = (uint8_t)a->place, .flags = (uint8_t)letters_to_flags(letters),
	};
	struct index_message m;
	char *keywords;
	bool ok;

	if (!folder_uid_of(f, a->name, uid))
		return false;
	if (*uid)
		return !a->texts || index_texts_put(s->index, f->head.id, *uid, a->texts);
	if (f->head.uid_next == UINT32_MAX) {
		log_event(LEVEL_ERROR, "store", "the folder has used up its UIDs",
			  log_text("path", f->path));
		return false;
	}
	r.keywords = a->keywords;
	if (letters & (LETTERS_KEYWORD | LETTER('P')))
		r.keywords = letters_apply(&f->letters, s->keywords, a->keywords, letters);
	/* A UID out of order is none: another message has it, or a larger one. */
	r.uid = *uid = a->uid > last_uid(f) ? a->uid : f->head.uid_next;
	r.modseq = folder_tick(f);
	if (r.uid >= f->head.uid_next)
		f->head.uid_next = r.uid + 1;
	m = row_of(f, &r, a->name, &keywords);
	ok = index_message_add(s->index, f->head.id, &m) &&
	     (!a->texts || index_texts_put(s->index, f->head.id, r.uid, a->texts));
	free(keywords);
	folder_count(f, &r, 1);
	s->added = true;
	if (f->loaded)
		table_add(&f->table, &r, a->name, s->keywords);
	return ok;
}

bool folder_file_moved(struct folder *f, struct record *r, enum place place, const char *name)
{
	letter_set old = file_letters(table_name(&f->table, r)), now = file_letters(name);
	const letter_set keyword_letters = LETTERS_KEYWORD | LETTER('P');
	struct record before = *r;

	if ((old & keyword_letters) != (now & keyword_letters)) {
		r->keywords = letters_apply(&f->letters, f->store->keywords, r->keywords, now);
		table_note_keywords(&f->table, f->store->keywords, r->keywords);
	}
	r->flags = (uint8_t)letters_to_flags(now);
	if (r->flags != before.flags || r->keywords != before.keywords) {
		r->modseq = folder_tick(f);
		folder_count(f, &before, -1);
		folder_count(f, r, 1);
	}
	r->place = (uint8_t)place;
	table_rename(&f->table, r, name);
	return folder_keep(f, r);
}

bool folder_remove(struct folder *f, const struct record *r)
{
	uint32_t uid = r->uid;

	folder_tick(f);
	folder_count(f, r, -1);
	table_remove(&f->table, r);
	uid_set_add(&f->vanished, uid, uid);
	return index_message_delete(f->store->index, f->head.id, uid);
}
