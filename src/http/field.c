/*
 * Why not text_next() for the lists: an entity tag may hold a comma, and a list
 * that is cut there would make two tags of one.
 */
#include "field.h"

#include "base/text.h"

bool http_is_token_byte(char c)
{
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
		return true;
	return c && strchr("!#$%&'*+-.^_`|~", c);
}

bool http_is_token(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!http_is_token_byte(s.at[i]))
			return false;
	return s.len > 0;
}

bool http_list_next(struct slice *rest, struct slice *item)
{
	while (rest->len) {
		bool quoted = false;
		size_t end = 0;

		while (end < rest->len && (quoted || rest->at[end] != ',')) {
			if (rest->at[end] == '"')
				quoted = !quoted;
			end++;
		}
		*item = slice_trim(slice_head(*rest, end));
		*rest = slice_from(*rest, end + 1);
		if (item->len)
			return true;
	}
	return false;
}

bool http_list_has(struct slice list, const char *token)
{
	struct slice item;

	while (http_list_next(&list, &item))
		if (slice_is_nocase(item, token))
			return true;
	return false;
}

/* RFC 9110 12.4.2: only the value nought refuses; what is no weight is ignored. */
static bool weight_is_nought(struct slice parameters)
{
	struct slice p;

	while (text_next(&parameters, ';', &p)) {
		if (!slice_starts_nocase(p, "q="))
			continue;
		p = slice_from(p, 2);
		if (p.len == 0 || p.len > 5 || p.at[0] != '0' || (p.len > 1 && p.at[1] != '.'))
			return false;
		for (size_t i = 2; i < p.len; i++)
			if (p.at[i] != '0')
				return false;
		return true;
	}
	return false;
}

void http_gzip_read(struct http_gzip_said *said, struct slice value)
{
	struct slice item;

	while (http_list_next(&value, &item)) {
		size_t end = slice_find(item, ';');
		struct slice coding = slice_trim(slice_head(item, end));
		enum http_gzip answer = weight_is_nought(slice_from(item, end + 1)) ?
					HTTP_GZIP_NO : HTTP_GZIP_YES;

		if (slice_is_nocase(coding, "gzip") || slice_is_nocase(coding, "x-gzip"))
			said->named = answer;
		else if (slice_is(coding, "*"))
			said->star = answer;
	}
}

bool http_gzip_taken(const struct http_gzip_said *said)
{
	enum http_gzip answer = said->named ? said->named : said->star;

	return answer == HTTP_GZIP_YES;
}
