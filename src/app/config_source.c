/* Names and values from the environment and from a file of them.  The values are
 * copies, and a secret's bytes in the environment itself are overwritten once
 * read: /proc/PID/environ shows what the process was started with otherwise. */
#include "config_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	ENTRIES_MAX = 10000,             /* an environment larger than that is not one */
	LINE_MAX_BYTES = 64 * 1024,
};

struct config_source *config_source_new(char **environment)
{
	struct config_source *s = mem_alloc(sizeof *s);

	for (char **e = environment; e && *e && s->count < ENTRIES_MAX; e++) {
		char *equals = strchr(*e, '=');

		if (!equals)
			continue;
		s->entries = mem_grow(s->entries, s->count + 1, sizeof *s->entries);
		s->entries[s->count++] = (struct config_entry){
			.name = mem_bytes(*e, (size_t)(equals - *e)),
			.value = mem_string(equals + 1),
			.inherited = equals + 1,
		};
	}
	return s;
}

void config_source_free(struct config_source *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		mem_wipe(s->entries[i].value, strlen(s->entries[i].value));
		free(s->entries[i].value);
		free(s->entries[i].name);
	}
	free(s->entries);
	free(s);
}

static struct config_entry *find(const struct config_source *s, const char *name, size_t len)
{
	for (size_t i = 0; i < s->count; i++)
		if (strlen(s->entries[i].name) == len && memcmp(s->entries[i].name, name, len) == 0)
			return &s->entries[i];
	return NULL;
}

const char *config_source_get(const struct config_source *s, const char *name)
{
	const struct config_entry *e = find(s, name, strlen(name));

	/* An empty value is what an unset variable becomes in a compose file. */
	return e && e->value[0] ? e->value : NULL;
}

void config_source_hide(const struct config_source *s, const char *name)
{
	struct config_entry *e = find(s, name, strlen(name));

	if (e && e->inherited)
		mem_wipe(e->inherited, strlen(e->inherited));
}

/* `docker run --env-file` has no comments behind a value, compose has: to guess
 * would break one of them, and a password may have a # in it. */
static void warn_comment(struct slice name, struct slice value, unsigned number, FILE *errors)
{
	for (size_t i = 1; i < value.len; i++) {
		if (value.at[i] != '#' || !strchr(" \t", value.at[i - 1]))
			continue;
		fprintf(errors, "letterplate: warning: line %u: all of the line belongs to %.*s, also "
			"what stands behind #; a comment needs a line of its own\n",
			number, (int)(name.len < 100 ? name.len : 100), name.at);
		return;
	}
}

static void add_line(struct config_source *s, struct slice line, unsigned number, FILE *errors)
{
	size_t equals = slice_find(line, '=');
	struct slice name = slice_trim(slice_head(line, equals));
	struct slice value = slice_trim(slice_from(line, equals + 1));

	if (value.len >= 2 && (value.at[0] == '"' || value.at[0] == '\'') &&
	    value.at[value.len - 1] == value.at[0])
		value = slice_make(value.at + 1, value.len - 2);
	else
		warn_comment(name, value, number, errors);
	if (find(s, name.at, name.len) || s->count >= ENTRIES_MAX)
		return;
	s->entries = mem_grow(s->entries, s->count + 1, sizeof *s->entries);
	s->entries[s->count++] = (struct config_entry){
		.name = mem_bytes(name.at, name.len),
		.value = mem_bytes(value.at, value.len),
	};
}

bool config_source_add_file(struct config_source *s, const char *path, FILE *errors)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	bool ok = f != NULL;
	unsigned number = 0;

	if (!f)
		fprintf(errors, "letterplate: cannot read %s: %s\n", path, strerror(errno));
	while (ok && (len = getline(&line, &cap, f)) >= 0) {
		struct slice text = slice_trim(slice_make(line, (size_t)len));

		number++;
		if (text.len == 0 || text.at[0] == '#')
			continue;
		if (slice_starts_nocase(text, "export "))
			text = slice_trim(slice_from(text, 7));
		if (text.len > LINE_MAX_BYTES || slice_find(text, '=') == text.len) {
			fprintf(errors, "letterplate: %s line %u is not NAME=value\n", path, number);
			ok = false;
			continue;
		}
		add_line(s, text, number, errors);
	}
	if (line)
		mem_wipe(line, cap);
	free(line);
	if (f)
		fclose(f);
	return ok;
}
