#ifndef TALK_H
#define TALK_H

/* Conversations as the RFCs print them: what is said, and the whole of what comes back. */
#include "imap_world.h"

/* A command without a line end is one of which only that matters: "a " is put before it. */
struct exchange { const char *command, *answer; };

/* Numbers that differ from run to run are 0. */
static UNUSED void converse(struct fake_conn *f, const struct exchange *e, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool whole = strchr(e[i].command, '\0')[-1] == '\n';
		char *line = whole ? mem_string(e[i].command) : mem_printf("a %s\r\n", e[i].command);
		char *said = mem_string(fake_conn_say(f, line));

		blur(said);
		if (strcmp(said, e[i].answer) != 0)
			fail_msg("%s gave\n%snot\n%s", line, said, e[i].answer);
		free(said);
		free(line);
	}
}

#define CONVERSE(f, list) converse(f, list, sizeof(list) / sizeof((list)[0]))

/* Each command of the text, a line each. */
static UNUSED void say(struct fake_conn *f, const char *commands)
{
	while (*commands) {
		size_t n = strcspn(commands, "\n");
		char *line = mem_printf("a %.*s\r\n", (int)n, commands);

		expect(f, line, "a OK");
		free(line);
		commands += n + (commands[n] != '\0');
	}
}

#endif
