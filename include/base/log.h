#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * The log: one line an event on standard error, as text
 *
 *   2026-11-20T10:14:00.123Z info smtp message accepted conn=5f2c peer=192.0.2.1 size=1234
 *
 * or, with LOG_FORMAT=json, as an object with the same names.  Events are fixed
 * English phrases; everything that varies is a field.  Field values are always
 * escaped here (control characters, quotes, bytes that are not UTF-8) and cut
 * at 256 bytes, so no peer can forge a line, whatever is passed in.  Never pass
 * a password, an AUTH line or a message body.  Any thread; a line is one write.
 */
enum log_level { LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG };

struct log_field {
	const char *name;                /* NULL ends a list */
	bool is_number;
	struct slice text;               /* copied before the call returns */
	int64_t number;
};

static inline struct log_field log_text(const char *name, const char *text)
{
	return (struct log_field){ .name = name, .text = slice_of(text) };
}

static inline struct log_field log_slice(const char *name, struct slice text)
{
	return (struct log_field){ .name = name, .text = text };
}

static inline struct log_field log_number(const char *name, int64_t number)
{
	return (struct log_field){ .name = name, .is_number = true, .number = number };
}

/* strerror(err), without the race. */
struct log_field log_errno(int err);

/* log_event(LEVEL_INFO, "smtp", "message accepted", log_number("size", n)); at
 * least one field must be given. */
#define log_event(level, area, event, ...) \
	log_write(level, area, event, \
		  (const struct log_field[]){ __VA_ARGS__, { .name = NULL } })

void log_write(enum log_level level, const char *area, const char *event,
	       const struct log_field *fields);

/* Before the first thread starts.  Default: text, LEVEL_INFO. */
void log_setup(bool json, enum log_level most);
bool log_wanted(enum log_level level);

#endif
