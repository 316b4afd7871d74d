/*
 * The forms of what a session is told of its mailbox: they depend on what the client
 * has enabled (RFC 7162, RFC 9586), and are the same whether an update, a STORE or a
 * SELECT that catches up says it.
 */
#include "capability.h"
#include "flags.h"
#include "session.h"

enum { VANISHED_PIECE = 32 * 1024 };     /* written at a time */

void imap_tell_modseq(struct imap_session *s)
{
	if (imap_has(s, CAP_CONDSTORE))
		imap_untagged(s, "OK [HIGHESTMODSEQ %llu] Highest",
			      (unsigned long long)s->synced);
}

void imap_enable(struct imap_session *s, unsigned enabled)
{
	bool first = enabled & ~s->enabled & IMAP_CONDSTORE;

	s->enabled |= enabled;
	if (enabled & IMAP_REV2)
		uid_set_release(&s->recent);
	if (first && s->mailbox)
		imap_tell_modseq(s);
}

bool imap_message_text(struct buf *out, const struct imap_session *s,
		       const struct snapshot *view, uint32_t seq, bool flags, bool with_uid)
{
	struct message_info m = snapshot_message(view, seq);
	bool uid_only = s->enabled & IMAP_UIDONLY, modseq = s->enabled & IMAP_CONDSTORE;
	/* RFC 9051 7.5.2, RFC 7162 3.2.4: who hears of modseqs always gets the UID. */
	bool uid = with_uid || s->enabled & (IMAP_REV2 | IMAP_CONDSTORE);

	/* RFC 9586 3: the UID in front, and then not again. */
	buf_printf(out, "* %u %s (", uid_only ? m.uid : seq, uid_only ? "UIDFETCH" : "FETCH");
	if (uid && !uid_only)
		buf_printf(out, "UID %u ", m.uid);
	if (flags) {
		buf_add_text(out, "FLAGS ");
		imap_flags_text(out, view, &s->recent, &m);
	}
	if (modseq)
		buf_printf(out, "%sMODSEQ (%llu)", flags ? " " : "",
			   (unsigned long long)m.modseq);
	return buf_add_text(out, ")\r\n") && !out->overflow;
}

void imap_tell_vanished(struct imap_session *s, const struct uid_set *uids, bool earlier)
{
	struct buf out;

	if (uids->count == 0 || s->ending)
		return;
	buf_init(&out, VANISHED_PIECE);
	buf_add_text(&out, earlier ? "* VANISHED (EARLIER) " : "* VANISHED ");
	for (size_t i = 0; i < uids->count; i++) {
		struct uid_set one = { .ranges = &uids->ranges[i], .count = 1 };

		if (out.len + UID_RANGE_TEXT + 1 > VANISHED_PIECE) {
			imap_write(s, buf_slice(&out));
			buf_clear(&out);
		}
		if (i > 0)
			buf_add_byte(&out, ',');
		uid_set_print(&out, &one);
	}
	imap_write(s, buf_slice(&out));
	imap_write(s, SLICE("\r\n"));
	buf_release(&out);
}
