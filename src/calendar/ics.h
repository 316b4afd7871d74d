#ifndef CALENDAR_ICS_H
#define CALENDAR_ICS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

/*
 * iCalendar text as a tree of content lines (RFC 5545 3.1), read from anything
 * and written strictly.  Slices point into the text that was parsed, or into the
 * arena.  Pure; any thread.
 */
struct ics_param {
	struct ics_param *next;
	struct slice name, value;        /* quotes taken off */
};

struct ics_prop {
	struct ics_prop *next;
	struct slice name, value;        /* value as it stands, escapes not undone */
	struct ics_param *params;
};

struct ics_comp {
	struct ics_comp *next;
	struct slice name;
	struct ics_prop *props, **props_end;
	struct ics_comp *children, **children_end;
};

/* VCALENDAR, VEVENT, VALARM are three levels; what is nested deeper than this is
 * left out. */
enum { ICS_DEPTH = 8 };

/* Folding undone on octets (3.1: it may stand within a character), any line end
 * made LF, empty lines dropped.  A line that cannot begin a property is put to the
 * one before it, where careless senders cut it off.  False: out is full. */
bool ics_unfold(struct buf *out, struct slice in);

/* Unfolded text to a nameless component that holds what stands at top level.
 * Lines past max_lines, or past the arena's ceiling, are not read.  An END that is
 * missing is supplied, one too many ignored. */
struct ics_comp *ics_parse(struct arena *a, struct slice unfolded, size_t max_lines);

/* Begin and end lines included; folded at 75 octets without splitting a character,
 * CRLF.  False: out is full. */
bool ics_print(struct buf *out, const struct ics_comp *c);
bool ics_print_prop(struct buf *out, const struct ics_prop *p);
bool ics_print_line(struct buf *out, struct slice line);

struct ics_comp *ics_comp_new(struct arena *a, struct slice name);
void ics_comp_add(struct ics_comp *c, struct ics_comp *child);
struct ics_prop *ics_prop_add(struct arena *a, struct ics_comp *c, struct slice name,
			      struct slice value);
void ics_prop_drop(struct ics_comp *c, const struct ics_prop *p);
void ics_prop_drop_all(struct ics_comp *c, const char *name);
void ics_param_add(struct arena *a, struct ics_prop *p, struct slice name, struct slice value);

/* The first of that name (case ignored), or the next one behind `after`. */
struct ics_prop *ics_prop_find(const struct ics_comp *c, const char *name);
struct ics_prop *ics_prop_next(const struct ics_prop *after, const char *name);
struct slice ics_value(const struct ics_comp *c, const char *name);  /* trimmed; empty: none */
struct slice ics_param(const struct ics_prop *p, const char *name);

/* TEXT values (3.3.11): escapes undone, with control characters and bytes that are
 * not UTF-8 left out; and made again.  At most `most` bytes are made, no blanks at the
 * ends: done twice it changes nothing. */
struct slice ics_text_clean(struct arena *a, struct slice value, size_t most, bool is_list);

/* A parameter's value (3.1, RFC 6868): the same, but nothing is an escape in it and
 * quotation marks cannot stand there. */
struct slice ics_param_clean(struct arena *a, struct slice value, size_t most);

#endif
