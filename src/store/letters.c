/*
 * Dovecot's keyword letters.  The file dovecot-keywords of a folder says what a
 * to z mean there ("0 $Label1" is a); a keyword beyond the twenty-sixth lives in
 * the index alone.  We change the file as Dovecot does: a lock file with the new
 * content, renamed over it.  Who finds the lock taken does without a letter.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "keyword.h"

/* Twenty-six names of the length we take, and room for longer ones. */
enum { FILE_MAX = 64 * 1024 };

/* Dovecot holds it for milliseconds; an older one was left by a crash. */
enum { LOCK_STALE_S = 120 };

static const char FILE_NAMED[] = "dovecot-keywords";

static void read_line(struct letters *l, struct keywords *k, struct slice line)
{
	size_t space = slice_find(line, ' ');
	uint64_t letter;

	if (text_number(slice_head(line, space), 25, &letter) && l->id[letter] < 0)
		l->id[letter] = keywords_id(k, slice_trim(slice_from(line, space + 1)));
}

void letters_load(struct letters *l, struct keywords *k, const char *folder)
{
	struct slice rest, line;
	struct path path;
	struct stat st = { 0 };
	int64_t mtime = 0;
	struct buf text;

	path_make(&path, folder, FILE_NAMED, "", "");
	if (stat(path.at, &st) == 0)
		mtime = stat_mtime_ns(&st);
	else if (errno != ENOENT)
		mtime = LETTERS_UNKNOWN;
	if (mtime == l->mtime && mtime != LETTERS_UNKNOWN)
		return;
	for (size_t i = 0; i < 26; i++)
		l->id[i] = -1;
	l->passed = keywords_id(k, SLICE("$Forwarded"));
	l->mtime = mtime;
	if (mtime == 0 || mtime == LETTERS_UNKNOWN)
		return;
	buf_init(&text, FILE_MAX);
	if (maildir_read(folder, FILE_NAMED, &text)) {
		rest = buf_slice(&text);
		while (text_next(&rest, '\n', &line))
			read_line(l, k, line);
	} else {
		l->mtime = LETTERS_UNKNOWN;
	}
	buf_release(&text);
}

static int open_lock(const char *lock)
{
	struct stat st;
	int fd = open(lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0 || errno != EEXIST)
		return fd;
	if (stat(lock, &st) != 0 || st.st_mtime > clock_wall() - LOCK_STALE_S)
		return -1;
	unlink(lock);
	return open(lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

static bool write_file(const struct letters *l, const struct keywords *k, int fd,
		       const char *lock, const char *path)
{
	struct buf text;
	bool ok;

	buf_init(&text, FILE_MAX);
	for (unsigned i = 0; i < 26; i++) {
		if (l->id[i] >= 0)
			buf_printf(&text, "%u %s\n", i, keywords_name(k, l->id[i]));
	}
	ok = file_write(fd, buf_slice(&text)) && fsync(fd) == 0 && rename(lock, path) == 0;
	if (!ok) {
		maildir_failed("cannot write a file", path, errno);
		unlink(lock);
	}
	buf_release(&text);
	return ok;
}

static bool has_letter(const struct letters *l, int id)
{
	for (size_t i = 0; i < 26; i++) {
		if (l->id[i] == id)
			return true;
	}
	return id == l->passed;
}

/* The next free one; a name keeps its letter for ever, as in Dovecot. */
static bool give_letter(struct letters *l, int id)
{
	for (size_t i = 0; i < 26; i++) {
		if (l->id[i] < 0) {
			l->id[i] = id;
			return true;
		}
	}
	return false;
}

void letters_assign(struct letters *l, struct keywords *k, const char *folder,
		    const struct keyword_set *set)
{
	struct letters wanted;
	struct path path, lock;
	struct stat st;
	bool more = false, any_free = false;
	int fd;

	for (size_t i = 0; i < 26; i++)
		any_free = any_free || l->id[i] < 0;
	for (size_t i = 0; i < set->count; i++)
		more = more || !has_letter(l, set->ids[i]);
	if (!more || !any_free)
		return;
	path_make(&path, folder, FILE_NAMED, "", "");
	path_make(&lock, folder, "dovecot-keywords.lock", "", "");
	fd = open_lock(lock.at);
	if (fd < 0)
		return;
	/* Read again whatever its time says: that is as coarse as the clock's tick. */
	l->mtime = LETTERS_UNKNOWN;
	letters_load(l, k, folder);
	wanted = *l;
	more = false;
	/* What could not be read is not written over: letters would change their sense. */
	for (size_t i = 0; l->mtime != LETTERS_UNKNOWN && i < set->count; i++) {
		if (!has_letter(&wanted, set->ids[i]))
			more = give_letter(&wanted, set->ids[i]) || more;
	}
	if (!more)
		unlink(lock.at);
	else if (write_file(&wanted, k, fd, lock.at, path.at))
		*l = wanted;
	close(fd);
	if (more && stat(path.at, &st) == 0)
		l->mtime = stat_mtime_ns(&st);
}

letter_set letters_of_set(const struct letters *l, const struct keyword_set *set)
{
	letter_set letters = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (set->ids[i] == l->passed)
			letters |= LETTER('P');
		for (unsigned j = 0; j < 26; j++) {
			if (l->id[j] == set->ids[i])
				letters |= (letter_set)1 << (26 + j);
		}
	}
	return letters;
}

letter_set letters_known(const struct letters *l)
{
	letter_set letters = LETTER('P');

	for (unsigned j = 0; j < 26; j++) {
		if (l->id[j] >= 0)
			letters |= (letter_set)1 << (26 + j);
	}
	return letters;
}

unsigned letters_apply(const struct letters *l, struct keywords *k, unsigned old,
		       letter_set letters)
{
	struct keyword_list list;
	unsigned set;

	keyword_list_of(k, old, &list);
	for (unsigned j = 0; j < 26; j++)
		keyword_list_remove(&list, l->id[j]);
	keyword_list_remove(&list, l->passed);
	for (unsigned j = 0; j < 26; j++) {
		if (letters >> (26 + j) & 1)
			keyword_list_add(&list, l->id[j]);
	}
	if (letters & LETTER('P'))
		keyword_list_add(&list, l->passed);
	return keywords_intern(k, list.ids, list.count, &set) ? set : old;
}
