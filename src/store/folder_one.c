/*
 * One folder by name, as a list of all would tell of it (RFC 9051 6.3.2: SELECT says
 * what LIST would say).  Not cut out of that list: with ten thousand folders it is a
 * quarter of a second of the mail lane, for each folder that a client opens.
 */
#include <dirent.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "folder.h"
#include "special_use.h"
#include "subscribe.h"

struct one_job {
	struct mail_job mail;
	struct folder_name name;
	unsigned flags;
	store_folder_fn *fn;
};

/* Most directories are told by their first bytes to lie elsewhere: all but those in
 * modified UTF-7 or raw UTF-8, which have several spellings, as INBOX has. */
static bool may_be_below(const char *entry, const char *parent, const struct folder_dir *dir)
{
	bool inbox = strncmp(parent, "INBOX", 5) == 0;
	size_t len = strlen(dir->at);

	if (strchr(entry, '&') || !text_is_ascii(slice_of(entry)))
		return true;
	return inbox ? slice_starts_nocase(slice_of(entry), ".INBOX") :
		       strncmp(entry, dir->at, len) == 0 && entry[len] == '.';
}

bool folder_has_children(const char *root, const char *name)
{
	struct folder_name parent, other;
	struct folder_dir spelt;
	bool found = false;
	struct dirent *e;
	DIR *dir;

	if (!name_canonical(slice_of(name), &parent) || !name_to_dir(&parent, &spelt))
		return false;
	dir = opendir(root);
	while (dir && !found && (e = readdir(dir))) {
		struct path path;

		if (e->d_name[0] != '.' || strlen(e->d_name) > NAME_DIR_MAX ||
		    !may_be_below(e->d_name, name, &spelt))
			continue;
		path_make(&path, root, e->d_name, "", "");
		found = name_from_dir(e->d_name, &other) && name_is_above(name, other.at) &&
			maildir_is_folder(path.at);
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool is_subscribed(const char *root, const char *name, bool *yes)
{
	struct subscriptions subs;
	bool ok = subscriptions_read(&subs, root);

	*yes = false;
	for (size_t i = 0; i < subs.count && !*yes; i++)
		*yes = strcmp(subs.names[i].at, name) == 0;
	subscriptions_release(&subs);
	return ok;
}

static void run_one(struct mail_job *mail)
{
	struct one_job *j = container_of(mail, struct one_job, mail);
	const char *root = mail->question.store->root;
	bool there, parent, subscribed;
	struct folder_dir dir;
	unsigned uses = 0;

	there = folder_resolve(root, j->name.at, &dir);
	if (!is_subscribed(root, j->name.at, &subscribed) ||
	    (there && !special_use_of(root, dir.at, j->name.at, &uses))) {
		mail->st = STORE_FAILED;
		return;
	}
	parent = folder_has_children(root, j->name.at);
	j->flags = uses | (parent ? FOLDER_CHILDREN : 0) | (subscribed ? FOLDER_SUBSCRIBED : 0);
	if (!there)
		j->flags |= parent ? FOLDER_NOSELECT : FOLDER_NOSELECT | FOLDER_GONE;
}

static void finish_one(struct mail_job *mail)
{
	struct one_job *j = container_of(mail, struct one_job, mail);
	struct folder_entry entry = { j->name.at, j->flags };

	if (!mail->question.abandoned)
		j->fn(mail->question.owner, mail->st, &entry);
}

void store_folder(struct store *s, const char *name, store_folder_fn *fn, void *owner)
{
	struct one_job *j = mem_alloc(sizeof(*j));

	j->mail.run = run_one;
	j->mail.finish = finish_one;
	j->fn = fn;
	if (name_canonical(slice_of(name), &j->name))
		store_ask(s, &j->mail, owner);
	else
		store_refuse(s, &j->mail, owner, STORE_BAD_NAME);
}
