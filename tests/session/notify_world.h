#ifndef NOTIFY_WORLD_H
#define NOTIFY_WORLD_H

/* Two sessions for the tests of NOTIFY: one is told what the other does. */
#include "imap_world.h"

struct pair {
	struct world *w;
	struct fake_conn *f, *other;     /* the one that is told, and the one that does things */
};

static UNUSED struct pair two(struct world *w)
{
	return (struct pair){ .w = w, .f = logged_in(w), .other = logged_in(w) };
}

static UNUSED void pair_end(struct pair *p)
{
	fake_conn_free(p->f);
	fake_conn_free(p->other);
}

/* Which of two sessions is the first to see a message is nobody's business here. */
static UNUSED void no_recent(char *text)
{
	static const char *const words[] = { " \\Recent", "\\Recent" };
	char *p = text;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		while ((p = strstr(text, words[i])) != NULL)
			memmove(p, p + strlen(words[i]), strlen(p + strlen(words[i])) + 1);
	while ((p = strstr(text, " RECENT\r\n")) != NULL) {
		char *line = p;

		while (line > text && line[-1] != '\n')
			line--;
		memmove(line, p + 9, strlen(p + 9) + 1);
	}
}

/* Turns the loop until so much was said, and it is that and nothing else. */
static UNUSED void told(struct pair *p, const char *exactly)
{
	uint64_t end = clock_mono_ms() + 5000;
	struct buf heard;

	buf_init(&heard, 1 << 20);
	for (;;) {
		buf_add_text(&heard, fake_conn_take(p->f));
		buf_add_byte(&heard, '\0');
		heard.len--;
		blur_behind(heard.data, "UIDVALIDITY ");
		blur_behind(heard.data, "HIGHESTMODSEQ ");
		no_recent(heard.data);
		heard.len = strlen(heard.data);
		if (heard.len >= strlen(exactly) || clock_mono_ms() > end)
			break;
		loop_turn(p->w->loop, 50);
	}
	if (strcmp(heard.data, exactly) != 0)
		fail_msg("heard\n%s\nnot\n%s", heard.data, exactly);
	buf_release(&heard);
}

/* The other says it; the first has said nothing by the time all of it is over. */
static UNUSED void does(struct pair *p, const char *command)
{
	char *line = mem_printf("o %s\r\n", command);

	expect(p->other, line, "o OK");
	free(line);
}

static UNUSED void nothing(struct pair *p)
{
	for (int i = 0; i < 3; i++) {
		while (lane_load(p->w->mail) || lane_load(p->w->readers))
			loop_turn(p->w->loop, 5);
		loop_turn(p->w->loop, 1);
	}
	told(p, "");
}

static UNUSED void append(struct pair *p, const char *folder)
{
	char *command = mem_printf("APPEND %s {40+}\r\nSubject: Re: good morning\r\nFrom: a@b\r\n\r\n",
				   folder);

	does(p, command);
	free(command);
}

static UNUSED void select_in_both(struct pair *p, const char *folder)
{
	char *line = mem_printf("x SELECT %s\r\n", folder);

	expect(p->f, line, "x OK");
	expect(p->other, line, "x OK");
	free(line);
}

#endif
