/*
 * The data items of STATUS, each a row: a capability that adds one adds it to
 * LIST-STATUS by the same line.
 */
#include "status_item.h"

#include "capability.h"

static const struct {
	const char *name;
	enum imap_cap cap;
} rows[ITEMS] = {
	[ITEM_MESSAGES]        = { "MESSAGES", CAP_NONE },               /* RFC 3501 6.3.10 */
	[ITEM_RECENT]          = { "RECENT", CAP_NONE },
	[ITEM_UIDNEXT]         = { "UIDNEXT", CAP_NONE },
	[ITEM_UIDVALIDITY]     = { "UIDVALIDITY", CAP_NONE },
	[ITEM_UNSEEN]          = { "UNSEEN", CAP_NONE },
	[ITEM_DELETED]         = { "DELETED", CAP_NONE },                /* RFC 9051 6.3.11 */
	[ITEM_DELETED_STORAGE] = { "DELETED-STORAGE", CAP_QUOTA_STORAGE },       /* RFC 9208 4.1.4 */
	[ITEM_SIZE]            = { "SIZE", CAP_STATUS_SIZE },            /* RFC 8438 3 */
	[ITEM_HIGHESTMODSEQ]   = { "HIGHESTMODSEQ", CAP_CONDSTORE },     /* RFC 7162 3.1.2 */
	[ITEM_MAILBOXID]       = { "MAILBOXID", CAP_OBJECTID },          /* RFC 8474 4.3 */
	[ITEM_APPENDLIMIT]     = { "APPENDLIMIT", CAP_APPENDLIMIT },     /* RFC 7889 3.1 */
};

static bool read_item(const struct imap_session *s, struct imap_args *a, unsigned *items)
{
	struct slice word;

	if (!args_atom(a, &word))
		return false;
	for (int i = 0; i < ITEMS; i++)
		if (slice_is_nocase(word, rows[i].name) && imap_has(s, rows[i].cap)) {
			*items |= 1u << i;
			return true;
		}
	return args_want(a, "MESSAGES, UIDNEXT, UIDVALIDITY, UNSEEN or another item of STATUS");
}

bool imap_status_items_read(const struct imap_session *s, struct imap_args *a, unsigned *items)
{
	*items = 0;
	if (!args_char(a, '('))
		return false;
	do {
		if (!read_item(s, a, items))
			return false;
	} while (args_peek(a, ' ') && args_space(a));
	return args_char(a, ')');
}

void imap_status_items_enable(struct imap_session *s, unsigned items)
{
	if (items & 1u << ITEM_HIGHESTMODSEQ)
		imap_enable(s, IMAP_CONDSTORE);
}

static uint64_t value(const struct imap_session *s, const struct folder_status *is,
		      enum imap_status_item item)
{
	switch (item) {
	case ITEM_MESSAGES:
		return is->messages;
	case ITEM_RECENT:
		return is->recent;
	case ITEM_UIDNEXT:
		return is->uid_next;
	case ITEM_UIDVALIDITY:
		return is->uid_validity;
	case ITEM_UNSEEN:
		return is->unseen;
	case ITEM_DELETED:
		return is->deleted;
	case ITEM_DELETED_STORAGE:
		return is->deleted_size;
	case ITEM_SIZE:
		return is->size;
	case ITEM_HIGHESTMODSEQ:
		return is->highest_modseq;
	case ITEM_MAILBOXID:
		return is->id;
	case ITEM_APPENDLIMIT:
		return s->server->append_max;
	case ITEMS:
		break;
	}
	return 0;
}

bool imap_status_text(struct buf *out, const struct imap_session *s, const char *name,
		      unsigned items, const struct folder_status *is)
{
	size_t before = out->len;
	const char *between = "";

	buf_add_text(out, "* STATUS ");
	imap_mailbox_text(out, s, name);
	buf_add_text(out, " (");
	for (int i = 0; i < ITEMS; i++) {
		unsigned long long number = value(s, is, (enum imap_status_item)i);

		if (!(items & 1u << i))
			continue;
		buf_printf(out, "%s%s ", between, rows[i].name);
		if (i == ITEM_MAILBOXID)
			buf_printf(out, "(" IMAP_MAILBOXID ")", number);
		else
			buf_printf(out, "%llu", number);
		between = " ";
	}
	if (buf_add_text(out, ")\r\n") && !out->overflow)
		return true;
	out->len = before;
	return false;
}
