/*
 * Base subjects.  The RFC tells the extraction as six steps over a grammar that is
 * ambiguous; here it is two ends that move towards each other.  Steps 3 to 5 take a
 * blob at a time and try again, which is quadratic for a subject of nothing but
 * "[][][]"; but whether a "re:" follows a row of blobs does not change while blobs are
 * taken off its front, so the row is walked over once.
 */
#include "mime/subject.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Step 1: tabs and continuations are spaces, and several are one. */
static bool collapse(struct buf *out, struct slice s)
{
	bool blank = false;

	if (!buf_reserve(out, s.len))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!is_space(s.at[i]) || !blank)
			out->data[out->len++] = is_space(s.at[i]) ? ' ' : s.at[i];
		blank = is_space(s.at[i]);
	}
	return true;
}

static struct slice skip_blanks(struct slice s)
{
	while (s.len && s.at[0] == ' ')
		s = slice_from(s, 1);
	return s;
}

/* subj-blob = "[" *BLOBCHAR "]" *WSP, where a BLOBCHAR is neither bracket nor NUL. */
static bool take_blob(struct slice *s)
{
	if (!s->len || s->at[0] != '[')
		return false;
	for (size_t i = 1; i < s->len && s->at[i] != '[' && s->at[i] != '\0'; i++) {
		if (s->at[i] == ']') {
			*s = skip_blanks(slice_from(*s, i + 1));
			return true;
		}
	}
	return false;
}

/* subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":" */
static bool take_refwd(struct slice *s)
{
	struct slice rest;

	if (slice_starts_nocase(*s, "re"))
		rest = slice_from(*s, 2);
	else if (slice_starts_nocase(*s, "fwd"))
		rest = slice_from(*s, 3);
	else if (slice_starts_nocase(*s, "fw"))
		rest = slice_from(*s, 2);
	else
		return false;
	rest = skip_blanks(rest);
	take_blob(&rest);
	if (!rest.len || rest.at[0] != ':')
		return false;
	*s = slice_from(rest, 1);
	return true;
}

/* Step 2: subj-trailer = "(fwd)" / WSP. */
static struct slice cut_trailers(struct slice s, bool *reply)
{
	for (;;) {
		if (s.len && s.at[s.len - 1] == ' ') {
			s.len--;
		} else if (s.len >= 5 && slice_is_nocase(slice_from(s, s.len - 5), "(fwd)")) {
			s.len -= 5;
			*reply = true;
		} else {
			return s;
		}
	}
}

/* Steps 3 to 5: subj-leader = (*subj-blob subj-refwd) / WSP, and blobs in front of a
 * subj-base that is not empty. */
static struct slice cut_leaders(struct slice s, bool *reply)
{
	for (;;) {
		struct slice behind, last;

		s = skip_blanks(s);
		behind = last = s;
		while (take_blob(&behind))
			if (behind.len)
				last = behind;
		if (take_refwd(&behind)) {
			*reply = true;
			s = behind;
			continue;
		}
		/* The last blob stays when nothing is behind it. */
		return last;
	}
}

bool subject_base(struct buf *out, struct slice decoded, bool *reply)
{
	struct buf text;
	struct slice s;
	bool good;

	*reply = false;
	buf_init(&text, decoded.len);
	good = collapse(&text, decoded);
	s = buf_slice(&text);
	for (;;) {
		s = cut_leaders(cut_trailers(s, reply), reply);
		/* Step 6: subj-fwd-hdr and subj-fwd-trl. */
		if (!slice_starts_nocase(s, "[fwd:") || s.at[s.len - 1] != ']')
			break;
		s = slice_from(slice_head(s, s.len - 1), 5);
		*reply = true;
	}
	good = good && buf_add(out, s);
	buf_release(&text);
	return good;
}
