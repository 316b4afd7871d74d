/*
 * A msg-id has to have an "@" and something on both sides of it.  In-Reply-To fields
 * hold prose ("Your message of <Monday>"), so less cannot be asked for.
 */
#include "mime/message_id.h"

#include "base/hash.h"
#include "lexer.h"

/* Nobody's Message-ID is longer: a line is not (RFC 5322 2.1.1). */
enum { ID_MAX = 1000 };

struct id {
	char text[ID_MAX];
	size_t len, at;          /* of the "@"; 0: none yet */
	bool too_long;
};

static void put(struct id *id, char c)
{
	if (id->len < ID_MAX)
		id->text[id->len++] = c;
	else
		id->too_long = true;
}

/* At a '"'. */
static void put_quoted(struct id *id, struct lexer *l)
{
	for (l->at++; lex_more(l) && *l->at != '"'; l->at++) {
		if (*l->at == '\\' && l->end - l->at > 1)
			l->at++;
		if (*l->at != '\r' && *l->at != '\n')
			put(id, *l->at);
	}
	if (lex_more(l))
		l->at++;
}

/* Behind the "<"; ends behind the ">", at another "<", or at the end. */
static bool read_id(struct id *id, struct lexer *l)
{
	id->len = id->at = 0;
	id->too_long = false;
	while (lex_more(l) && *l->at != '<') {
		char c = *l->at;

		if (c == '"' && !id->at) {
			put_quoted(id, l);
			continue;
		}
		l->at++;
		if (c == '>')
			return id->at && id->len > id->at + 1 && !id->too_long;
		if (c == '@')
			id->at = id->len;
		if (!lex_blank(c))
			put(id, c);
	}
	return false;
}

bool message_id_next(struct slice *rest, uint64_t *out)
{
	static const uint8_t key[HASH_KEY] = "letterplate-mid";
	struct lexer l = lexer_of(*rest);
	bool found = false;
	struct id id;

	while (lex_more(&l) && !found)
		if (*l.at++ == '<')
			found = read_id(&id, &l);
	*rest = slice_make(l.at, (size_t)(l.end - l.at));
	if (!found)
		return false;
	*out = hash_siphash(key, slice_make(id.text, id.len));
	*out += *out == 0;
	return true;
}
