/* The lines that a delivery leaves on a message, and those it does not let others
 * leave: who may write Delivered-To is who delivers. */
#include "trace.h"

#include "base/clock.h"

/* RFC 5321 4.4, RFC 3848, RFC 6531 4.3. */
static const char *protocol_name(const struct trace *t)
{
	bool secure = t->tls_version != NULL;

	if (t->transaction->utf8)
		return secure ? "UTF8SMTPS" : "UTF8SMTP";
	if (!t->transaction->esmtp)
		return "SMTP";
	return secure ? "ESMTPS" : "ESMTP";
}

static void write_recipient(struct buf *out, const struct trace *t, const char *field,
			    const struct smtp_path *to)
{
	buf_printf(out, "%s: %s%s%s\n", field, to->text, to->domain[0] ? "" : "@",
		   to->domain[0] ? "" : t->domain);
}

bool trace_write(struct buf *out, const struct trace *t)
{
	const struct smtp_transaction *tr = t->transaction;
	char date[CLOCK_TEXT];

	clock_rfc5322(date, t->now);
	buf_printf(out, "Return-Path: <%s>\n", tr->from.text);
	for (size_t i = 0; i < tr->to_count; i++) {
		write_recipient(out, t, "Delivered-To", &tr->to[i]);
		write_recipient(out, t, "X-Original-To", &tr->to[i]);
	}
	buf_printf(out, "Received: from %s ([%s%s])\n", tr->helo, t->peer_is_ipv6 ? "IPv6:" : "", t->peer);
	if (t->tls_version)
		buf_printf(out, "\t(using %s with cipher %s)\n", t->tls_version,
			   t->tls_cipher ? t->tls_cipher : "unknown");
	buf_printf(out, "\tby %s with %s id %s", t->hostname, protocol_name(t), t->id);
	if (tr->to_count == 1)
		buf_printf(out, "\n\tfor <%s>", tr->to[0].text);
	buf_printf(out, "; %s\n", date);
	return !out->overflow;
}

/* ==== The filter ==== */

static bool is_ours(struct slice name)
{
	static const char *const ours[] = { "Return-Path", "Delivered-To", "X-Original-To" };

	name = slice_trim(name);         /* "Name :" is the same field (RFC 5322 4.5) */
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (slice_is_nocase(name, ours[i]))
			return true;
	return false;
}

static void release_name(struct trace_filter *f, struct buf *out)
{
	buf_add(out, slice_make(f->name, f->name_len));
	f->name_len = 0;
}

static void name_byte(struct trace_filter *f, struct buf *out, char c)
{
	if (c == ':') {
		f->dropping = is_ours(slice_make(f->name, f->name_len));
		f->state = f->dropping ? TRACE_DROP : TRACE_KEEP;
		if (f->dropping)
			f->name_len = 0;
	} else if (c == '\n' || f->name_len == TRACE_NAME_MAX) {
		f->dropping = false;
		f->state = TRACE_KEEP;
	}
	if (f->state == TRACE_KEEP)
		release_name(f, out);
}

/* Looks at in.at[0], perhaps at more; returns how many bytes are done with. */
static size_t step(struct trace_filter *f, struct buf *out, struct slice in)
{
	size_t line = slice_find(in, '\n');
	bool first = !f->begun;

	f->begun = true;
	switch (f->state) {
	case TRACE_LINE_START:
		if (first && (in.at[0] == ' ' || in.at[0] == '\t')) {
			buf_add(out, SLICE("\n"));
			f->state = TRACE_BODY;
		} else if (in.at[0] == '\n') {
			f->state = TRACE_BODY;
		} else if (in.at[0] == ' ' || in.at[0] == '\t') {
			f->state = f->dropping ? TRACE_DROP : TRACE_KEEP;
		} else {
			f->state = TRACE_NAME;
		}
		return 0;
	case TRACE_NAME:
		name_byte(f, out, in.at[0]);
		if (f->state != TRACE_NAME)
			return 0;        /* the byte goes the way of its line */
		f->name[f->name_len++] = in.at[0];
		return 1;
	case TRACE_KEEP:
	case TRACE_DROP:
		if (line < in.len)
			line++;
		if (f->state == TRACE_KEEP)
			buf_add(out, slice_head(in, line));
		if (in.at[line - 1] == '\n')
			f->state = TRACE_LINE_START;
		return line;
	case TRACE_BODY:
		buf_add(out, in);
		return in.len;
	}
	return in.len;
}

void trace_filter_add(struct trace_filter *f, struct buf *out, struct slice in)
{
	while (in.len)
		in = slice_from(in, step(f, out, in));
}

void trace_filter_end(struct trace_filter *f, struct buf *out)
{
	if (f->state == TRACE_NAME)
		release_name(f, out);
}
