#ifndef CALENDAR_EXTRACT_H
#define CALENDAR_EXTRACT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

/* The calendar texts of one message, wherever they lie in it: text/calendar,
 * application/ics, and anything whose name ends in .ics, at any depth, in forwarded
 * messages too.  Pure; any thread. */
struct extract_text {
	struct extract_text *next;
	struct slice text;               /* UTF-8, unfolded (ics_unfold), in the arena */
	struct slice method;             /* of the Content-Type; empty: none */
};

enum {
	EXTRACT_TEXTS = 32,              /* a mail has two; a forwarded thread some more */
	EXTRACT_BYTES = 8 * 1024 * 1024, /* of one text: a year of a company's rooms is 3 MB */
	EXTRACT_TOTAL = 16 * 1024 * 1024,
};

struct extracted {
	struct extract_text *texts;      /* in the order of the parts */
	unsigned count;
	unsigned left_out;               /* past a ceiling */
	struct slice from, message_id;   /* of the message's header, for the log */
	int64_t sent;                    /* Date; 0: none that can be read */
};

struct extracted extract(struct arena *a, struct slice message);

#endif
