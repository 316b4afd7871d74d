/*
 * ENVELOPE (RFC 3501 7.4.2).  The ten fields are found in one walk, since a
 * header block may hold a hundred thousand others; those that list addresses
 * keep every occurrence (RFC 5322 4.5.3 joins them), the rest their first.
 */
#include "base/arena.h"
#include "mime/address.h"
#include "mime/describe.h"
#include "mime/header.h"

enum which { DATE, SUBJECT, FROM, SENDER, REPLY_TO, TO, CC, BCC, IN_REPLY_TO, MESSAGE_ID, FIELDS };

enum { ARENA_SLACK = 4096 };

static const struct {
	const char *name;
	bool addresses;
} fields[FIELDS] = {
	[DATE] = { "Date", false },
	[SUBJECT] = { "Subject", false },
	[FROM] = { "From", true },
	[SENDER] = { "Sender", true },
	[REPLY_TO] = { "Reply-To", true },
	[TO] = { "To", true },
	[CC] = { "Cc", true },
	[BCC] = { "Bcc", true },
	[IN_REPLY_TO] = { "In-Reply-To", false },
	[MESSAGE_ID] = { "Message-ID", false },
};

/* What was found: the first value, or the addresses written already. */
struct found {
	struct slice value[FIELDS];              /* at NULL: none */
	struct buf addresses[FIELDS];
};

/* RFC 3501 7.4.2: a host of NIL means group syntax, so an address without one
 * has an empty host, and one without a mailbox an empty mailbox. */
static bool write_address(struct buf *out, const struct mime_address *a)
{
	bool ends_group = !a->mailbox.at && !a->host.at;
	struct slice mailbox = a->mailbox, host = a->host;

	if (!ends_group && !a->is_group) {
		if (!mailbox.at)
			mailbox = SLICE("");
		if (!host.at)
			host = SLICE("");
	}
	buf_add_byte(out, '(');
	mime_nstring(out, a->name);
	buf_add_byte(out, ' ');
	mime_nstring(out, a->route);
	buf_add_byte(out, ' ');
	mime_nstring(out, mailbox);
	buf_add_byte(out, ' ');
	mime_nstring(out, host);
	return buf_add_byte(out, ')');
}

static void add_addresses(struct arena *arena, struct buf *out, struct slice value)
{
	for (const struct mime_address *a = mime_addresses(arena, value); a; a = a->next)
		write_address(out, a);
	arena_clear(arena);
}

static void find_fields(struct found *found, struct arena *arena, struct slice header)
{
	struct header_field f;

	while (header_next(&header, &f)) {
		for (int i = 0; i < FIELDS; i++) {
			if (!slice_is_nocase(f.name, fields[i].name))
				continue;
			if (fields[i].addresses)
				add_addresses(arena, &found->addresses[i], f.value);
			else if (!found->value[i].at)
				found->value[i] = slice_trim(f.value);
			break;
		}
	}
}

/* Unfolded, which the value's length is room enough for. */
static void write_text(struct buf *out, struct slice value)
{
	struct buf text;

	if (!value.at) {
		buf_add_text(out, "NIL");
		return;
	}
	buf_init(&text, value.len + 1);
	header_unfold(&text, value);
	mime_nstring(out, text.len ? buf_slice(&text) : SLICE(""));
	buf_release(&text);
}

static void write_addresses(struct buf *out, const struct buf *list)
{
	if (list->overflow)
		out->overflow = true;
	if (!list->len) {
		buf_add_text(out, "NIL");
		return;
	}
	buf_add_byte(out, '(');
	buf_add(out, buf_slice(list));
	buf_add_byte(out, ')');
}

/* RFC 3501 7.4.2: Sender and Reply-To default to From. */
static const struct buf *addresses_of(const struct found *found, int which)
{
	const struct buf *own = &found->addresses[which];

	return (which == SENDER || which == REPLY_TO) && !own->len ? &found->addresses[FROM] : own;
}

bool mime_envelope(struct buf *out, struct slice header)
{
	struct arena *arena = arena_new(MIME_ADDRESSES_MAX * sizeof(struct mime_address) +
					2 * header.len + ARENA_SLACK);
	struct found found = { .value = { { NULL, 0 } } };

	for (int i = 0; i < FIELDS; i++)
		buf_init(&found.addresses[i], out->max);
	find_fields(&found, arena, header);
	for (int i = 0; i < FIELDS; i++) {
		buf_add_byte(out, i ? ' ' : '(');
		if (fields[i].addresses)
			write_addresses(out, addresses_of(&found, i));
		else
			write_text(out, found.value[i]);
	}
	buf_add_byte(out, ')');
	for (int i = 0; i < FIELDS; i++)
		buf_release(&found.addresses[i]);
	arena_free(arena);
	return !out->overflow;
}
