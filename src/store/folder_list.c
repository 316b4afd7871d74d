/*
 * Folders by name: listed from the directory, because other programs make and
 * remove folders as well; the index is not asked.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "folder.h"
#include "special_use.h"
#include "subscribe.h"

/* Ten thousand names are a megabyte of LIST; no client shows them. */
enum { FOLDERS_MAX = 10000 };

/* Besides enum folder_flags: the folder's own file says what it is for. */
enum { USE_SAID = 1 << 30 };

struct listed {
	struct folder_name name;
	unsigned flags;
};

struct list_job {
	struct mail_job mail;
	struct listed *all;
	size_t count, cap;
	store_folders_fn *fn;
};

static void add(struct list_job *j, const struct folder_name *name, unsigned flags)
{
	if (j->count == FOLDERS_MAX)
		return;
	if (j->count == j->cap) {
		j->cap = j->cap ? j->cap * 2 : 16;
		j->all = mem_grow(j->all, j->cap, sizeof(*j->all));
	}
	j->all[j->count++] = (struct listed){ *name, flags };
}

/* INBOX first; "/" before everything, so that children follow their parent. */
static int compare(const void *a, const void *b)
{
	const unsigned char *x = (const unsigned char *)((const struct listed *)a)->name.at;
	const unsigned char *y = (const unsigned char *)((const struct listed *)b)->name.at;
	bool x_inbox = strcmp((const char *)x, "INBOX") == 0;
	bool y_inbox = strcmp((const char *)y, "INBOX") == 0;

	if (x_inbox || y_inbox)
		return y_inbox - x_inbox;
	while (*x && *x == *y) {
		x++;
		y++;
	}
	if (*x == '/' || *y == '/')
		return *x == *y ? 0 : *x == '/' ? (*y ? -1 : 1) : (*x ? 1 : -1);
	return (*x > *y) - (*x < *y);
}

/* Sorted, each name once: what any of its entries knows of it. */
static void sort(struct list_job *j)
{
	size_t kept = 0;

	qsort(j->all, j->count, sizeof(*j->all), compare);
	for (size_t i = 0; i < j->count; i++) {
		struct listed *last = kept ? &j->all[kept - 1] : NULL;

		if (!last || strcmp(last->name.at, j->all[i].name.at) != 0) {
			j->all[kept++] = j->all[i];
			continue;
		}
		/* A folder that is there is not only a name. */
		if (!(j->all[i].flags & FOLDER_NOSELECT))
			last->flags &= ~(unsigned)(FOLDER_NOSELECT | FOLDER_GONE);
		else if (!(last->flags & FOLDER_NOSELECT))
			j->all[i].flags &= ~(unsigned)(FOLDER_NOSELECT | FOLDER_GONE);
		/* A level above others is not gone. */
		if ((last->flags ^ j->all[i].flags) & FOLDER_GONE) {
			last->flags &= ~(unsigned)FOLDER_GONE;
			j->all[i].flags &= ~(unsigned)FOLDER_GONE;
		}
		last->flags |= j->all[i].flags;
	}
	j->count = kept;
}

/* All of them or a failure: a client takes a folder that is not listed for removed,
 * and some remove their copy. */
static bool read_root(struct list_job *j, const char *root)
{
	struct folder_name name;
	struct dirent *e;
	DIR *dir = opendir(root);
	int err = dir ? 0 : errno;

	if (name_from_dir("", &name))
		add(j, &name, 0);
	while (dir) {
		struct path path;
		unsigned uses = 0;
		bool said = false;

		errno = 0;
		e = readdir(dir);
		err = errno;
		if (!e)
			break;
		if (e->d_name[0] != '.' || strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0 || strlen(e->d_name) > NAME_DIR_MAX)
			continue;
		path_make(&path, root, e->d_name, "", "");
		if (!name_from_dir(e->d_name, &name) || !maildir_is_folder(path.at))
			continue;
		(void)special_use_read(root, e->d_name, &uses, &said);
		add(j, &name, uses | (said ? USE_SAID : 0));
	}
	if (dir)
		closedir(dir);
	if (err)
		maildir_failed("cannot list the folders of", root, err);
	return err == 0;
}

/* Every level above a folder is a name as well. */
static void add_levels(struct list_job *j, size_t from, unsigned flags)
{
	size_t count = j->count;

	for (size_t i = from; i < count; i++) {
		struct folder_name name = j->all[i].name;
		char *slash;

		while ((slash = strrchr(name.at, '/'))) {
			*slash = '\0';
			add(j, &name, flags);
		}
	}
}

static bool add_subscribed(struct list_job *j, const char *root)
{
	struct subscriptions subs;
	bool ok = subscriptions_read(&subs, root);
	size_t before = j->count;

	for (size_t i = 0; i < subs.count; i++)
		add(j, &subs.names[i], FOLDER_SUBSCRIBED | FOLDER_NOSELECT | FOLDER_GONE);
	/* RFC 5258 3.5: a name that is not there can have a child that is subscribed. */
	add_levels(j, before, FOLDER_NOSELECT | FOLDER_GONE);
	subscriptions_release(&subs);
	return ok;
}

/* A name is as good as being told, where nobody was. */
static void use_names(struct list_job *j)
{
	unsigned taken = 0;

	for (size_t i = 0; i < j->count; i++)
		taken |= j->all[i].flags & SPECIAL_USES;
	for (size_t i = 0; i < j->count; i++) {
		unsigned *flags = &j->all[i].flags;

		if (!(*flags & (USE_SAID | FOLDER_NOSELECT)))
			*flags |= special_use_by_name(j->all[i].name.at) & ~taken;
		*flags &= ~(unsigned)USE_SAID;
	}
}

static void run_list(struct mail_job *mail)
{
	struct list_job *j = container_of(mail, struct list_job, mail);
	const char *root = mail->question.store->root;

	if (!read_root(j, root)) {
		mail->st = STORE_FAILED;
		return;
	}
	add_levels(j, 0, FOLDER_NOSELECT | FOLDER_CHILDREN);
	if (!add_subscribed(j, root))
		mail->st = STORE_FAILED;
	sort(j);
	if (j->count == FOLDERS_MAX)
		log_event(LEVEL_WARN, "store", "there are more folders than are listed",
			  log_number("listed", FOLDERS_MAX));
	use_names(j);
}

static void finish_list(struct mail_job *mail)
{
	struct list_job *j = container_of(mail, struct list_job, mail);
	struct folder_entry *entries;

	if (!mail->question.abandoned) {
		entries = mem_array(j->count ? j->count : 1, sizeof(*entries));
		for (size_t i = 0; i < j->count; i++)
			entries[i] = (struct folder_entry){ j->all[i].name.at, j->all[i].flags };
		j->fn(mail->question.owner, mail->st, entries, j->count);
		free(entries);
	}
	free(j->all);
}

void store_folders(struct store *s, store_folders_fn *fn, void *owner)
{
	struct list_job *j = mem_alloc(sizeof(*j));

	j->mail.run = run_list;
	j->mail.finish = finish_list;
	j->fn = fn;
	store_ask(s, &j->mail, owner);
}
