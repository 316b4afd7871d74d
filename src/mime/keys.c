/*
 * One walk over the header.  The packed form is numbers from the low byte up and
 * texts with their length before them; its first byte says which form it is, so that
 * another can follow it: what mime_keys_read() does not know is written again.
 */
#include "mime/keys.h"

#include <string.h>

#include "base/arena.h"
#include "mime/address.h"
#include "mime/charset.h"
#include "mime/date.h"
#include "mime/header.h"
#include "mime/message_id.h"
#include "mime/subject.h"
#include "mime/word.h"

enum { FORM = 1, HAS_DATE = 1 << 0, IS_REPLY = 1 << 1 };

enum {
	/* What is looked at of a field: no mail program shows more of a subject, and of
	 * a list of addresses only the first is wanted. */
	FIELD_MAX = 16 * 1024,
	/* windows-1252 gives three bytes for one, and U+FDFA 33 for three. */
	DECODED_MAX = 4 * FIELD_MAX,
	CASEMAP_MAX = 12 * DECODED_MAX,
	ARENA_MAX = 2 * FIELD_MAX + MIME_ADDRESSES_MAX * (int)sizeof(struct mime_address),
};

enum which { DATE, SUBJECT, FROM, TO, CC, MESSAGE_ID, IN_REPLY_TO, REFERENCES, FIELDS };

static const char *const names[FIELDS] = {
	[DATE] = "Date", [SUBJECT] = "Subject", [FROM] = "From", [TO] = "To", [CC] = "Cc",
	[MESSAGE_ID] = "Message-ID", [IN_REPLY_TO] = "In-Reply-To", [REFERENCES] = "References",
};

/* The first of each; at NULL: none. */
static void find_fields(struct slice value[FIELDS], struct slice header)
{
	struct header_field f;

	while (header_next(&header, &f))
		for (int i = 0; i < FIELDS; i++)
			if (slice_is_nocase(f.name, names[i]) && !value[i].at)
				value[i] = f.value;
}

/* ---- Writing ---- */

static void put_number(struct buf *out, uint64_t n, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		buf_add_byte(out, (char)(n >> (8 * i) & 0xff));
}

/* RFC 5255 4.6: what could not be converted stands behind all that could. */
static bool is_broken(struct slice utf8)
{
	return utf8.len && memmem(utf8.at, utf8.len, "\xef\xbf\xbd", 3);
}

static void put_text(struct buf *out, struct slice utf8)
{
	struct buf key;

	buf_init(&key, CASEMAP_MAX);
	if (is_broken(utf8))
		buf_add_byte(&key, '\xff');
	charset_casemap(&key, utf8);
	if (key.len > KEYS_TEXT_MAX)
		key.len = KEYS_TEXT_MAX;
	put_number(out, key.len, 2);
	buf_add(out, buf_slice(&key));
	buf_release(&key);
}

static void put_subject(struct buf *out, struct slice value, bool *reply)
{
	struct buf decoded, base;

	buf_init(&decoded, DECODED_MAX);
	buf_init(&base, DECODED_MAX);
	header_decode(&decoded, slice_head(value, FIELD_MAX));
	subject_base(&base, buf_slice(&decoded), reply);
	put_text(out, buf_slice(&base));
	buf_release(&decoded);
	buf_release(&base);
}

/* Local parts and hosts are no RFC 2047 words, but may be in some 8-bit charset. */
static void add_utf8(struct buf *out, struct slice s)
{
	charset_to_utf8(out, slice_make(NULL, 0), s);
}

/* RFC 5957 3: the name when there is one, else as much of an address as there is. */
static void put_display(struct buf *out, const struct mime_address *a)
{
	struct buf text;

	buf_init(&text, 2 * DECODED_MAX);
	if (a && a->name.len)
		header_decode(&text, a->name);
	if (a && !text.len) {
		add_utf8(&text, a->mailbox);
		if (a->host.len) {
			buf_add_byte(&text, '@');
			add_utf8(&text, a->host);
		}
	}
	put_text(out, buf_slice(&text));
	buf_release(&text);
}

static void put_mailbox(struct buf *out, const struct mime_address *a)
{
	struct buf text;

	buf_init(&text, DECODED_MAX);
	if (a)
		add_utf8(&text, a->mailbox);
	put_text(out, buf_slice(&text));
	buf_release(&text);
}

static void put_ids(struct buf *out, const struct slice value[FIELDS])
{
	uint64_t ids[KEYS_REFERENCES_MAX], id = 0;
	struct slice rest = value[MESSAGE_ID];
	size_t count = 0;

	if (!message_id_next(&rest, &id))
		id = 0;
	put_number(out, id, 8);
	rest = value[REFERENCES];
	while (message_id_next(&rest, &id)) {
		if (count == KEYS_REFERENCES_MAX)
			memmove(ids + 1, ids + 2, (--count - 1) * sizeof(ids[0]));
		ids[count++] = id;
	}
	rest = value[IN_REPLY_TO];
	if (count == 0 && message_id_next(&rest, &id))
		ids[count++] = id;
	put_number(out, count, 1);
	for (size_t i = 0; i < count; i++)
		put_number(out, ids[i], 8);
}

bool mime_keys_write(struct buf *out, struct slice header)
{
	static const enum which lists[] = { FROM, TO, CC };
	const struct mime_address *first[3];
	struct slice value[FIELDS] = { { NULL, 0 } };
	struct mime_date date = { .utc = 0 };
	size_t flags = out->len + 1;
	bool reply = false, dated;
	struct arena *arena = arena_new(3 * (size_t)ARENA_MAX);

	find_fields(value, header);
	for (int i = 0; i < 3; i++)
		first[i] = mime_addresses(arena, slice_head(value[lists[i]], FIELD_MAX));
	dated = value[DATE].at && mime_date_sent(&date, value[DATE]);
	put_number(out, FORM, 1);
	put_number(out, dated ? HAS_DATE : 0, 1);
	put_number(out, (uint64_t)date.utc, 8);
	put_number(out, dated ? (uint64_t)mime_days(date.year, date.month, date.day) : 0, 8);
	put_ids(out, value);
	put_subject(out, value[SUBJECT], &reply);
	for (int i = 0; i < 3; i++)
		put_mailbox(out, first[i]);
	put_display(out, first[0]);
	put_display(out, first[1]);
	arena_free(arena);
	if (out->overflow)
		return false;
	if (reply)
		out->data[flags] |= IS_REPLY;
	return true;
}

/* ---- Reading ---- */

static bool take_number(struct slice *s, unsigned bytes, uint64_t *n)
{
	*n = 0;
	if (s->len < bytes)
		return false;
	for (unsigned i = bytes; i-- > 0;)
		*n = *n << 8 | (uint8_t)s->at[i];
	*s = slice_from(*s, bytes);
	return true;
}

static bool take_ids(struct slice *s, struct mime_keys *k)
{
	uint64_t count;

	if (!take_number(s, 8, &k->id) || !take_number(s, 1, &count) ||
	    count > KEYS_REFERENCES_MAX)
		return false;
	k->reference_count = count;
	for (size_t i = 0; i < count; i++)
		if (!take_number(s, 8, &k->references[i]))
			return false;
	return true;
}

bool mime_keys_read(struct mime_keys *k, struct slice packed)
{
	uint64_t form, flags, sent, day, len;

	if (!take_number(&packed, 1, &form) || form != FORM || !take_number(&packed, 1, &flags) ||
	    !take_number(&packed, 8, &sent) || !take_number(&packed, 8, &day) ||
	    !take_ids(&packed, k))
		return false;
	k->has_date = flags & HAS_DATE;
	k->reply = flags & IS_REPLY;
	k->sent = (int64_t)sent;
	k->day = (int64_t)day;
	for (int i = 0; i < KEYS_TEXTS; i++) {
		if (!take_number(&packed, 2, &len) || len > packed.len)
			return false;
		k->texts[i] = slice_head(packed, len);
		packed = slice_from(packed, len);
	}
	return packed.len == 0;
}
