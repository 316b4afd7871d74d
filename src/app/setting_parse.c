/* The kinds of settings: what each accepts, and what it says when it does not. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "mime/domain.h"
#include "setting.h"

enum {
	PATTERNS_MAX = 1000,             /* a list that a person keeps by hand */
	COUNT_MAX = 1000000,
	LOCAL_PART_MAX = 64,             /* RFC 5321 4.5.3.1.1 */
	SIZE_LEAST = 1024,               /* "25" was meant to be 25M */
};
#define DURATION_MAX_MS (INT64_C(10) * 366 * 86400 * 1000)

static const char *parse_domain(const char *text, char **place)
{
	struct buf out;
	bool ok;

	buf_init(&out, 256);
	ok = domain_to_ascii(&out, slice_of(text));
	if (ok)
		*place = buf_take_string(&out);
	buf_release(&out);
	return ok ? NULL : "a domain name such as example.com";
}

static const char *parse_local_part(const char *text, char **place)
{
	size_t len = strlen(text);

	/* It is also the name of a folder. */
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-_.+", text[i]))
			return "letters, digits and - _ . + only";
	if (len == 0 || len > LOCAL_PART_MAX || text[0] == '.')
		return "1 to 64 characters, the first not a dot";
	*place = mem_string(text);
	text_lower(*place, len);
	return NULL;
}

static const char *parse_path(const char *text, char **place)
{
	if (text[0] != '/' || strlen(text) > 1024)
		return "an absolute path, beginning with /";
	*place = mem_string(text);
	for (size_t n = strlen(*place); n > 1 && (*place)[n - 1] == '/'; n--)
		(*place)[n - 1] = '\0';
	return NULL;
}

static const char *parse_flag(const char *text, bool *place)
{
	static const char *const on[] = { "true", "1", "yes", "on" };
	static const char *const off[] = { "false", "0", "no", "off" };

	for (size_t i = 0; i < sizeof on / sizeof *on; i++) {
		if (strcasecmp(text, on[i]) == 0 || strcasecmp(text, off[i]) == 0) {
			*place = strcasecmp(text, on[i]) == 0;
			return NULL;
		}
	}
	return "true or false";
}

static const char *parse_choice(const char *text, const char *choices, bool *place)
{
	const char *bar = strchr(choices, '|');
	struct slice first = { choices, (size_t)(bar - choices) };

	if (slice_is_nocase(first, text) || strcasecmp(bar + 1, text) == 0) {
		*place = strcasecmp(bar + 1, text) == 0;
		return NULL;
	}
	return choices;
}

/* Go's time.ParseDuration: a sum of decimals with units, "1h30m", "1.5s". */
static bool duration_piece(const char **at, double *ms)
{
	static const struct { const char *unit; double ms; } units[] = {
		{ "ns", 1e-6 }, { "us", 1e-3 }, { "\xc2\xb5s", 1e-3 }, { "ms", 1 },
		{ "s", 1e3 }, { "m", 60e3 }, { "h", 3600e3 },
	};
	double value = 0, scale = 1;
	const char *p = *at;
	bool any = false;

	for (; isdigit((unsigned char)*p); p++, any = true)
		value = value * 10 + (*p - '0');
	if (*p == '.')
		for (p++; isdigit((unsigned char)*p); p++, any = true)
			value += (*p - '0') * (scale /= 10);
	for (size_t i = 0; any && i < sizeof units / sizeof *units; i++) {
		size_t n = strlen(units[i].unit);

		/* "m" must not take the first letter of "ms" */
		if (strncmp(p, units[i].unit, n) == 0 && !isalpha((unsigned char)p[n])) {
			*ms += value * units[i].ms;
			*at = p + n;
			return true;
		}
	}
	return false;
}

static const char *parse_duration(const char *text, int64_t *place)
{
	double ms = 0;

	if (strcmp(text, "0") == 0) {
		*place = 0;
		return NULL;
	}
	do {
		if (!duration_piece(&text, &ms) || ms > (double)DURATION_MAX_MS)
			return "a time such as 30s, 5m, 1h30m or 36h";
	} while (*text);
	*place = (int64_t)(ms + 0.5);
	return NULL;
}

static const char *parse_size(const char *text, uint64_t *place)
{
	static const char units[] = "KMGT";
	struct slice s = slice_trim(slice_of(text));
	const char *unit = NULL;
	uint64_t value;
	unsigned shift = 0;

	if (s.len && (s.at[s.len - 1] == 'B' || s.at[s.len - 1] == 'b'))
		s.len--;
	if (s.len && (unit = strchr(units, toupper((unsigned char)s.at[s.len - 1]))) && *unit) {
		shift = 10 * (unsigned)(unit - units + 1);
		s = slice_trim(slice_head(s, s.len - 1));
	}
	if (!text_number(s, UINT64_MAX >> shift >> 1, &value) || value << shift < SIZE_LEAST)
		return "a number of bytes such as 36700160 or 25M";
	*place = value << shift;
	return NULL;
}

static const char *parse_count(const char *text, uint64_t *place)
{
	if (!text_number(slice_of(text), COUNT_MAX, place) || *place == 0)
		return "a whole number from 1 to 1000000";
	return NULL;
}

static const char *parse_patterns(const char *text, char ***place)
{
	struct slice rest = slice_of(text), piece;
	char **list = mem_array(PATTERNS_MAX + 1, sizeof *list);
	size_t n = 0;

	while (text_next(&rest, ',', &piece)) {
		if (piece.len == 0)
			continue;
		if (n == PATTERNS_MAX) {
			for (size_t i = 0; i < n; i++)
				free(list[i]);
			free(list);
			return "at most 1000 local parts, separated by commas";
		}
		list[n++] = mem_bytes(piece.at, piece.len);
	}
	*place = mem_grow(list, n + 1, sizeof *list);
	return NULL;
}

/* With commas or spaces between.  All or nothing: a name that is misspelt would
 * leave on what was to be off. */
static const char *parse_capabilities(const char *text, struct imap_caps *place)
{
	struct slice rest = slice_of(text), piece, name;

	while (text_next(&rest, ',', &piece)) {
		while (text_next(&piece, ' ', &name))
			if (name.len && !imap_caps_add(place, name))
				return "names among";
	}
	return NULL;
}

static const char *parse_networks(const char *text, struct network_set **place)
{
	struct slice bad;

	*place = network_set_parse(slice_of(text), &bad);
	return *place ? NULL : "networks such as 10.0.0.0/8, 192.0.2.7 or fd00::/8, separated by commas";
}

const char *setting_parse(const struct setting *row, const char *text, struct config *c)
{
	void *place = (char *)c + row->at;

	switch (row->kind) {
	case KIND_SECRET:
		*(char **)place = mem_string(text);
		return NULL;
	case KIND_DOMAIN:
		return parse_domain(text, place);
	case KIND_LOCAL_PART:
		return parse_local_part(text, place);
	case KIND_PATH:
		return parse_path(text, place);
	case KIND_LISTEN:
		return listen_list_parse(place, slice_of(text)) ?
			NULL : "addresses such as :25 or 127.0.0.1:2525 or [::1]:25, or off";
	case KIND_FLAG:
		return parse_flag(text, place);
	case KIND_CHOICE:
		return parse_choice(text, row->choices, place);
	case KIND_DURATION:
		return parse_duration(text, place);
	case KIND_SIZE:
		return parse_size(text, place);
	case KIND_COUNT:
		return parse_count(text, place);
	case KIND_NETWORKS:
		return parse_networks(text, place);
	case KIND_PATTERNS:
		return parse_patterns(text, place);
	case KIND_CAPABILITIES:
		return parse_capabilities(text, place);
	}
	return "nothing";
}

void setting_release(const struct setting *row, struct config *c)
{
	char **text = (char **)(void *)((char *)c + row->at);

	switch (row->kind) {
	case KIND_SECRET:
		if (*text)
			mem_wipe(*text, strlen(*text));
		/* fall through */
	case KIND_DOMAIN:
	case KIND_LOCAL_PART:
	case KIND_PATH:
		free(*text);
		*text = NULL;
		break;
	case KIND_NETWORKS:
		network_set_free(*(struct network_set **)(void *)text);
		*(struct network_set **)(void *)text = NULL;
		break;
	case KIND_PATTERNS: {
		char ***list = (char ***)(void *)text;

		for (size_t i = 0; *list && (*list)[i]; i++)
			free((*list)[i]);
		free(*list);
		*list = NULL;
		break;
	}
	default:
		break;
	}
}
