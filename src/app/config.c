/* Reads the table of settings.  Nothing stops at the first mistake: a person who
 * starts a container wants to see all of them at once. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "config_source.h"
#include "setting.h"

enum {
	VALUE_MAX = 64 * 1024,           /* the longest list anybody keeps */
	NAME_MAX_BYTES = 64,
	NEAR = 4,                        /* DOMAIN and DOMAINNAME; further is another word */
};

/* ==== Finding a value ==== */

/* The content of the file that NAME_FILE names, last line end cut.  NULL: said. */
static char *read_secret_file(const char *variable, const char *path, FILE *errors)
{
	char *text = mem_alloc(VALUE_MAX + 1);
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		n = read(fd, text, VALUE_MAX);
		close(fd);
	}
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		text[--n] = '\0';
	if (n > 0)
		return text;
	fprintf(errors, "letterplate: %s: %s: %s\n", variable, path,
		n == 0 ? "the file is empty" : strerror(errno));
	free(text);
	return NULL;
}

/* "${NAME}" in a default stands for a row above. */
static char *expand(const char *fallback, const struct config *c)
{
	struct buf out;
	char *result;

	buf_init(&out, VALUE_MAX);
	while (*fallback) {
		const struct setting *row = settings;
		const char *end = strncmp(fallback, "${", 2) == 0 ? strchr(fallback, '}') : NULL;

		if (!end) {
			buf_add_byte(&out, *fallback++);
			continue;
		}
		while (row->name && !slice_is(slice_make(fallback + 2, (size_t)(end - fallback - 2)), row->name))
			row++;
		if (row->name)
			buf_add_text(&out, *(char *const *)(const void *)((const char *)c + row->at));
		fallback = end + 1;
	}
	result = buf_take_string(&out);
	buf_release(&out);
	return result;
}

/* The name that was used for the row. */
static const char *spelling(const struct setting *row, const struct config_source *s)
{
	bool other = row->other_name && !config_source_get(s, row->name) &&
		     config_source_get(s, row->other_name);

	return other ? row->other_name : row->name;
}

/* What was given for the row: a copy to free, or NULL.  *bad: it was said already. */
static char *given(const struct setting *row, const struct config_source *s, FILE *errors, bool *bad)
{
	const char *text = config_source_get(s, spelling(row, s));
	char file_variable[NAME_MAX_BYTES];
	const char *path;

	if (row->kind != KIND_SECRET)
		return mem_string(text);
	snprintf(file_variable, sizeof file_variable, "%s_FILE", row->name);
	path = config_source_get(s, file_variable);
	if (text && path) {
		fprintf(errors, "letterplate: %s and %s are both set: keep one\n", row->name, file_variable);
		*bad = true;
		return NULL;
	}
	if (path) {
		char *secret = read_secret_file(file_variable, path, errors);

		*bad = !secret;
		return secret;
	}
	return mem_string(text);
}

/* `docker run --env-file` and compose's `- NAME="value"` keep quotes: a password
 * with them is another one, and nothing else would ever say so. */
static void warn_secret(const struct setting *row, const char *text, FILE *errors)
{
	size_t n = strlen(text);

	if (n >= 2 && (text[0] == '"' || text[0] == '\'') && text[n - 1] == text[0])
		fprintf(errors, "letterplate: warning: %s begins and ends with %c: the quotes are "
			"taken as part of it; `docker run --env-file` wants none\n", row->name, text[0]);
	else if (row->example && strcmp(text, row->example) == 0)
		fprintf(errors, "letterplate: warning: %s is still the one of the example, which "
			"everybody knows\n", row->name);
}

static void say_wanted(const struct setting *row, const char *text, const char *wanted,
		       const struct config_source *s, FILE *errors)
{
	struct buf names;

	if (row->kind == KIND_SECRET) {
		fprintf(errors, "letterplate: %s: expected %s\n", row->name, wanted);
		return;
	}
	/* A default can only be wrong where the row it is made of was: said there. */
	if (!config_source_get(s, spelling(row, s)))
		return;
	buf_init(&names, VALUE_MAX);
	if (row->kind == KIND_CAPABILITIES)
		imap_caps_names(&names);
	fprintf(errors, "letterplate: %s=%.100s: expected %s%s%.*s\n", spelling(row, s), text, wanted,
		names.len ? " " : "", (int)names.len, names.data ? names.data : "");
	buf_release(&names);
}

static bool read_row(const struct setting *row, struct config *c, const struct config_source *s, FILE *errors)
{
	bool bad = false;
	char *text = given(row, s, errors, &bad);
	const char *wanted;

	if (bad)
		return false;
	if (!text && !row->fallback) {
		fprintf(errors, "letterplate: %s is missing: %s\n", row->name, row->meaning);
		return false;
	}
	if (!text && row->fallback[0])
		text = expand(row->fallback, c);
	if (!text)
		return true;
	wanted = setting_parse(row, text, c);
	if (wanted)
		say_wanted(row, text, wanted, s, errors);
	if (row->kind == KIND_SECRET) {
		warn_secret(row, text, errors);
		mem_wipe(text, strlen(text));
		config_source_hide(s, row->name);
	}
	free(text);
	return !wanted;
}

/* ==== Names nobody knows ==== */

static unsigned edit_distance(const char *a, const char *b)
{
	unsigned row[NAME_MAX_BYTES + 1];
	size_t n = strlen(b);

	if (strlen(a) > NAME_MAX_BYTES || n > NAME_MAX_BYTES)
		return NAME_MAX_BYTES;
	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; a[i - 1]; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= n; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[n];
}

static bool is_known(const char *name)
{
	for (const struct setting *row = settings; row->name; row++) {
		size_t n = strlen(row->name);

		if (strcmp(name, row->name) == 0 || (row->other_name && strcmp(name, row->other_name) == 0))
			return true;
		if (row->kind == KIND_SECRET && strncmp(name, row->name, n) == 0 &&
		    strcmp(name + n, "_FILE") == 0)
			return true;
	}
	return false;
}

static bool is_reserved(const char *name)
{
	for (const char *const *r = settings_reserved; *r; r++)
		if (strcmp(name, *r) == 0)
			return true;
	return false;
}

static void warn_unknown(const struct config_source *s, FILE *errors)
{
	static const char *const prefixes[] = {
		"SMTP_", "IMAP_", "IMAPS_", "WEBCAL_", "GRAYLIST", "GREYLIST", "MAIL", "DOMAIN",
	};

	for (size_t i = 0; i < s->count; i++) {
		const char *name = s->entries[i].name, *nearest = settings[0].name;
		bool ours = false;

		if (is_known(name))
			continue;
		if (is_reserved(name)) {
			fprintf(errors, "letterplate: warning: %s has no effect in this version\n", name);
			continue;
		}
		for (size_t p = 0; p < sizeof prefixes / sizeof *prefixes; p++)
			ours |= strncmp(name, prefixes[p], strlen(prefixes[p])) == 0;
		for (const struct setting *row = settings; ours && row->name; row++)
			if (edit_distance(name, row->name) < edit_distance(name, nearest))
				nearest = row->name;
		if (!ours || strcmp(name, "MAIL") == 0 || strcmp(name, "MAILCHECK") == 0 ||
		    strcmp(name, "MAILPATH") == 0)       /* the shell's own */
			continue;
		if (edit_distance(name, nearest) <= NEAR)
			fprintf(errors, "letterplate: warning: %.100s is not a setting; did you mean %s?\n",
				name, nearest);
		else
			fprintf(errors, "letterplate: warning: %.100s is not a setting\n", name);
	}
}

bool config_read(struct config *c, const struct config_source *s, FILE *errors)
{
	bool ok = true;

	memset(c, 0, sizeof *c);
	for (const struct setting *row = settings; row->name; row++)
		ok &= read_row(row, c, s, errors);
	warn_unknown(s, errors);
	if (ok && strcmp(c->user, c->webcal_user) == 0 && c->webcal) {
		fprintf(errors, "letterplate: WEBCAL_INGEST_USER is MAILUSER: expected another name\n");
		ok = false;
	}
	return ok;
}

void config_release(struct config *c)
{
	for (const struct setting *row = settings; row->name; row++)
		setting_release(row, c);
}

/* ==== The table on paper ==== */

void config_print_example(FILE *out)
{
	fprintf(out,
		"# Settings of letterplate, as environment variables (docker run --env-file,\n"
		"# or letterplate --env-file).  A line with # in front shows the default.\n"
		"#\n"
		"# Times: 30s 5m 1h30m 36h.  Sizes: bytes, or 25M.  Yes and no: true, false.\n"
		"# Addresses: :25 (IPv4 and IPv6), 127.0.0.1:2525, [::1]:25, several with\n"
		"# commas, or off.\n");
	for (const struct setting *row = settings; row->name; row++) {
		fprintf(out, "\n# %s\n", row->meaning);
		if (row->example)
			fprintf(out, "%s=%s\n", row->name, row->example);
		else
			fprintf(out, "#%s=%s\n", row->name, row->fallback);
	}
}

void config_print_table(FILE *out)
{
	fprintf(out, "| variable | default | meaning |\n|---|---|---|\n");
	for (const struct setting *row = settings; row->name; row++) {
		if (!row->fallback)
			fprintf(out, "| `%s` | required | %s |\n", row->name, row->meaning);
		else if (!row->fallback[0])
			fprintf(out, "| `%s` | | %s |\n", row->name, row->meaning);
		else
			fprintf(out, "| `%s` | `%s` | %s |\n", row->name, row->fallback, row->meaning);
	}
}
