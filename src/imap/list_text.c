/*
 * The text of a LIST response: what was asked for by LIST, and what is told unasked.
 *
 * IMAP4rev2 wants a LIST of the mailbox that was selected, with accurate attributes
 * (RFC 9051 6.3.2), and of one whose name is not spelt as the client spelt it
 * (6.3.9.7).  What has children or is subscribed only the store can say, so a command
 * that tells such a response asks first, and is resumed behind it.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "capability.h"
#include "list_text.h"

enum { NAMED_MAX = 16 * 1024 };          /* two names, as literals, and attributes */

static const struct { unsigned flag; const char *name; } attributes[] = {
	{ FOLDER_DRAFTS,     "\\Drafts" },
	{ FOLDER_SENT,       "\\Sent" },
	{ FOLDER_TRASH,      "\\Trash" },
	{ FOLDER_JUNK,       "\\Junk" },
	{ FOLDER_ARCHIVE,    "\\Archive" },
	{ FOLDER_SUBSCRIBED, "\\Subscribed" },
};

void imap_attributes_text(struct buf *out, unsigned flags, const char *missing)
{
	const char *between = "";

	if (flags & (FOLDER_NOSELECT | FOLDER_GONE)) {
		buf_add_text(out, missing);
		between = " ";
	}
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		if (flags & attributes[i].flag) {
			buf_printf(out, "%s%s", between, attributes[i].name);
			between = " ";
		}
}

void imap_list_begin(struct buf *out, const struct imap_session *s, unsigned flags,
		     const char *missing, const char *name)
{
	if (!imap_has(s, CAP_SPECIAL_USE))
		flags &= ~(unsigned)LIST_SPECIAL_USES;
	buf_add_text(out, "* LIST (");
	imap_attributes_text(out, flags, missing);
	if (imap_has(s, CAP_CHILDREN))
		buf_printf(out, "%s%s", out->data[out->len - 1] == '(' ? "" : " ",
			   flags & FOLDER_CHILDREN ? "\\HasChildren" : "\\HasNoChildren");
	buf_add_text(out, ") \"/\" ");
	imap_mailbox_text(out, s, name);
}

/* ---- Unasked ---- */

struct imap_named {
	char name[STORE_NAME_MAX + 1];
	struct slice written;
};

static void tell(struct imap_session *s, const struct imap_named *n, enum store_status st,
		 unsigned flags)
{
	struct buf out;

	buf_init(&out, NAMED_MAX);
	if (st == STORE_OK) {
		imap_list_begin(&out, s, flags, "\\NonExistent", n->name);
	} else {
		/* No attribute is better than a wrong one. */
		buf_add_text(&out, "* LIST () \"/\" ");
		imap_mailbox_text(&out, s, n->name);
	}
	if (!slice_is(n->written, n->name)) {
		char *old = mem_bytes(n->written.at, n->written.len);

		buf_add_text(&out, " (\"OLDNAME\" (");
		imap_quoted_text(&out, s, slice_of(old));
		buf_add_text(&out, "))");
		free(old);
	}
	if (buf_add_text(&out, "\r\n") && !out.overflow)
		imap_write(s, buf_slice(&out));
	buf_release(&out);
}

static void got_folder(void *owner, enum store_status st, const struct folder_entry *folder)
{
	struct imap_session *s = owner;

	tell(s, s->running->named, st, folder->flags);
	imap_store_answer(owner, STORE_OK);
}

enum imap_progress imap_tell_name(struct imap_session *s, struct imap_running *cmd,
				  const char *name, struct slice written, bool always,
				  imap_run_fn *then)
{
	struct imap_named *n = arena_get(cmd->arena, sizeof(*n));

	if (!(s->enabled & IMAP_REV2) || !store_name(name, n->name) ||
	    (!always && slice_is(written, n->name)))
		return then(s, cmd);
	n->written = arena_copy(cmd->arena, written);
	cmd->named = n;
	cmd->resume = then;
	store_folder(s->server->store, n->name, got_folder, s);
	return IMAP_WAIT_JOB;
}
