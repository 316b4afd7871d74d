/*
 * GETMETADATA and SETMETADATA (RFC 5464).  The RFC's syntax has GETMETADATA's options
 * before the mailbox, its examples behind it, and clients do both; so both are read.
 */
#include <string.h>

#include "capability.h"
#include "commands.h"
#include "metadata.h"

struct metadata {
	const char *mailbox;             /* "": the server */
	struct imap_entries entries;
	struct buf out;
	uint64_t longest;                /* of the values over MAXSIZE */
	struct annotation changes[ANNOTATIONS_MAX];
	size_t change_count;
	bool too_many, too_large, read_only;
};

static void metadata_release(struct imap_session *s, struct imap_running *cmd)
{
	struct metadata *m = cmd->at;

	(void)s;
	buf_release(&m->out);
}

static struct metadata *begin(struct imap_running *cmd)
{
	struct metadata *m = cmd->at = arena_get(cmd->arena, sizeof(*m));

	m->entries.max_size = UINT64_MAX;
	buf_init(&m->out, IMAP_METADATA_TEXT);
	cmd->release = metadata_release;
	return m;
}

/* astring; "" is the server. */
static bool read_mailbox(struct imap_args *a, const char **name)
{
	struct imap_args before = *a;
	struct slice text;

	if (!args_astring(a, &text))
		return false;
	if (!text.len) {
		*name = "";
		return true;
	}
	*a = before;
	if (!args_mailbox(a, name))
		return false;
	/* What cannot be a name must not become the server. */
	if (!**name)
		*name = "/";
	return true;
}

/* ---- GETMETADATA ---- */

static bool read_option(struct imap_args *a, struct imap_entries *e)
{
	if (args_word(a, "MAXSIZE"))
		return args_space(a) && args_number64(a, &e->max_size);
	if (!args_word(a, "DEPTH") || !args_space(a))
		return args_want(a, "MAXSIZE or DEPTH");
	if (args_word(a, "0"))
		e->depth = 0;
	else if (args_word(a, "1"))
		e->depth = 1;
	else if (args_word(a, "infinity"))
		e->depth = UINT32_MAX;
	else
		return false;
	return true;
}

static bool at_options(const struct imap_args *a)
{
	struct slice rest = slice_from(a->rest, 1);

	return args_peek(a, '(') && (slice_starts_nocase(rest, "MAXSIZE ") ||
				     slice_starts_nocase(rest, "DEPTH "));
}

/* "(" option *(SP option) ")" SP */
static bool read_options(struct imap_args *a, struct imap_entries *e)
{
	if (!args_char(a, '('))
		return false;
	do {
		if (!read_option(a, e))
			return false;
	} while (args_peek(a, ' ') && args_space(a));
	return args_char(a, ')') && args_space(a);
}

static bool read_get(struct imap_args *a, struct metadata *m)
{
	if (!args_space(a) || (args_peek(a, '(') && !read_options(a, &m->entries)) ||
	    !read_mailbox(a, &m->mailbox) || !args_space(a))
		return false;
	if (at_options(a) && !read_options(a, &m->entries))
		return false;
	if (!args_peek(a, '('))
		return imap_entries_read_bare(a, &m->entries) && args_end(a);
	return imap_entries_read(a, &m->entries) && args_end(a);
}

static void got(void *owner, enum store_status st, const struct annotation *all, size_t count)
{
	struct imap_session *s = owner;
	struct metadata *m = s->running->at;

	if (st == STORE_OK)
		imap_metadata_text(&m->out, s, m->mailbox, &m->entries, all, count, &m->longest);
	imap_store_answer(owner, st);
}

static enum imap_progress tell(struct imap_session *s, struct imap_running *cmd)
{
	struct metadata *m = cmd->at;

	if (cmd->status != STORE_OK)
		return imap_no_status(s, cmd, cmd->status);
	imap_write(s, buf_slice(&m->out));
	if (m->longest)
		return imap_ok(s, cmd, "[METADATA LONGENTRIES %llu] GETMETADATA completed",
			       (unsigned long long)m->longest);
	return imap_completed(s, cmd);
}

/* METADATA-SERVER alone has the server's. */
static bool has_mailboxes(const struct imap_session *s, const struct metadata *m)
{
	return !*m->mailbox || imap_has(s, CAP_METADATA);
}

enum imap_progress cmd_getmetadata(struct imap_session *s, struct imap_running *cmd)
{
	struct metadata *m = begin(cmd);

	if (!read_get(&cmd->args, m))
		return imap_bad_args(s, cmd);
	if (!has_mailboxes(s, m))
		return imap_no(s, cmd, "[CANNOT] Mailboxes have no annotations");
	cmd->resume = tell;
	store_annotations(s->server->store, m->mailbox, got, s);
	return IMAP_WAIT_JOB;
}

/* ---- SETMETADATA ---- */

/* value = nstring / literal8 */
static bool read_value(struct imap_args *a, struct slice *value)
{
	struct imap_args before = *a;

	if (args_char(a, '~') && args_peek(a, '{'))
		return args_string(a, value);
	*a = before;
	return args_nstring(a, value);
}

/* RFC 5464 3.2: two levels at least, four for a vendor's. */
static bool can_be_set(struct imap_args *a, const char *name)
{
	unsigned levels = 0, wanted = 2;

	for (const char *p = name; *p; p++)
		levels += *p == '/';
	if (strncmp(name, "/private/vendor", 15) == 0 || strncmp(name, "/shared/vendor", 14) == 0) {
		const char *end = name + (name[1] == 'p' ? 15 : 14);

		wanted = *end == '/' || !*end ? 4 : 2;
	}
	if (levels >= wanted && (strncmp(name, "/private/", 9) == 0 ||
				 strncmp(name, "/shared/", 8) == 0))
		return true;
	return args_want(a, "the whole name of an entry");
}

static bool read_change(struct imap_args *a, struct metadata *m)
{
	struct annotation c;

	if (!imap_entry_read(a, &c.name) || !can_be_set(a, c.name) || !args_space(a) ||
	    !read_value(a, &c.value))
		return false;
	m->too_large = m->too_large || c.value.len > ANNOTATION_VALUE_MAX;
	m->read_only = m->read_only || (!*m->mailbox && strcmp(c.name, "/shared/admin") == 0);
	m->too_many = m->too_many || m->change_count == ANNOTATIONS_MAX;
	if (!m->too_many)
		m->changes[m->change_count++] = c;
	return true;
}

static bool read_set(struct imap_args *a, struct metadata *m)
{
	if (!args_space(a) || !read_mailbox(a, &m->mailbox) || !args_space(a) || !args_char(a, '('))
		return false;
	do {
		if (!read_change(a, m))
			return false;
	} while (args_peek(a, ' ') && args_space(a));
	return args_char(a, ')') && args_end(a);
}

static enum imap_progress set(struct imap_session *s, struct imap_running *cmd)
{
	return cmd->status == STORE_OK ? imap_completed(s, cmd) :
					 imap_no_status(s, cmd, cmd->status);
}

/* 4.3: when one cannot be set none is. */
enum imap_progress cmd_setmetadata(struct imap_session *s, struct imap_running *cmd)
{
	struct metadata *m = begin(cmd);

	if (!read_set(&cmd->args, m))
		return imap_bad_args(s, cmd);
	if (m->too_large)
		return imap_no(s, cmd, "[METADATA MAXSIZE %d] A value is too long",
			       ANNOTATION_VALUE_MAX);
	if (m->too_many)
		return imap_no_status(s, cmd, STORE_TOO_MANY);
	if (m->read_only)
		return imap_no(s, cmd, "[NOPERM] /shared/admin cannot be changed");
	if (!has_mailboxes(s, m))
		return imap_no(s, cmd, "[CANNOT] Mailboxes have no annotations");
	cmd->resume = set;
	store_annotate(s->server->store, m->mailbox, m->changes, m->change_count,
		       imap_store_answer, s);
	return IMAP_WAIT_JOB;
}
