#ifndef SYNC_WORLD_H
#define SYNC_WORLD_H

/* What the tests of RFC 7162 and RFC 9586 need: folders with messages, and the numbers
 * in what a server says of them. */
#include "imap_world.h"

/* `count` messages in a new folder; nothing selected. */
static UNUSED struct fake_conn *with_messages(struct world *w, const char *folder, unsigned count)
{
	struct fake_conn *f = logged_in(w);
	char *line = mem_printf("c CREATE %s\r\n", folder);

	expect(f, line, "c OK");
	free(line);
	for (unsigned i = 1; i <= count; i++) {
		line = mem_printf("a APPEND %s {18+}\r\nSubject: %2u\r\n\r\nx\r\n\r\n", folder, i);
		expect(f, line, "a OK");
		free(line);
	}
	/* \Recent is for whoever comes first. */
	line = mem_printf("s SELECT %s\r\n", folder);
	expect(f, line, "s OK");
	expect(f, "u UNSELECT\r\n", "u OK");
	free(line);
	return f;
}

/* Another session that has it selected, with what it enables before. */
static UNUSED struct fake_conn *joined(struct world *w, const char *folder, const char *enable)
{
	struct fake_conn *f = logged_in(w);
	char *line = mem_printf("s SELECT %s\r\n", folder);

	if (enable) {
		char *first = mem_printf("e ENABLE %s\r\n", enable);

		expect(f, first, "e OK");
		free(first);
	}
	expect(f, line, "s OK");
	free(line);
	return f;
}

/* The number behind `word` where it is last. */
static UNUSED uint64_t number_after(const char *text, const char *word)
{
	const char *at = NULL;

	for (const char *p = text; (p = strstr(p, word)) != NULL; p++)
		at = p;
	if (!at)
		fail_msg("no \"%s\" in\n%s", word, text);
	return strtoull(at + strlen(word), NULL, 10);
}

static UNUSED const char *say(struct fake_conn *f, const char *status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static UNUSED const char *say(struct fake_conn *f, const char *status, const char *fmt, ...)
{
	char line[4096];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	return expect(f, line, status);
}

/* Modseqs become N, in a copy that lives until the next call. */
static UNUSED const char *plain(const char *text)
{
	static char out[1 << 16];
	size_t n = 0;

	for (const char *p = text; *p && n + 2 < sizeof(out);) {
		bool here = strncmp(p, "MODSEQ ", 7) == 0;
		size_t len = here ? 7 : 1;

		memcpy(out + n, p, len);
		n += len;
		p += len;
		if (!here)
			continue;
		if (*p == '(')
			out[n++] = *p++;
		if (*p >= '0' && *p <= '9') {
			out[n++] = 'N';
			p += strspn(p, "0123456789");
		}
	}
	out[n] = '\0';
	return out;
}

#define SAYS(f, command, text) assert_string_equal(plain(fake_conn_say(f, command)), text)

#endif
