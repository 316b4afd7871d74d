#ifndef APP_SETTING_H
#define APP_SETTING_H

#include <stddef.h>

#include "config.h"

/* One row of the table of settings (setting.c): it is parsed, printed as
 * config.env.example and as the README's table from here and nowhere else. */
enum setting_kind {
	KIND_DOMAIN, KIND_LOCAL_PART, KIND_SECRET, KIND_PATH, KIND_LISTEN,
	KIND_FLAG, KIND_DURATION, KIND_SIZE, KIND_COUNT, KIND_CHOICE, KIND_NETWORKS, KIND_PATTERNS,
	KIND_CAPABILITIES,
};

struct setting {
	const char *name;
	const char *other_name;          /* a second spelling that is accepted, or NULL */
	enum setting_kind kind;
	size_t at;                       /* offset in struct config */
	/* NULL: required.  "" : unset.  ${NAME} stands for the value of a row above. */
	const char *fallback;
	const char *example;             /* line of config.env.example; NULL: the fallback, commented out */
	const char *choices;             /* KIND_CHOICE: "no|yes": the second sets the flag */
	const char *meaning;             /* one line, for people */
};
extern const struct setting settings[];                  /* ends with a NULL name */

/* Names that belong to the product but to no part of this version. */
extern const char *const settings_reserved[];            /* ends with NULL */

/* Reads `text` into the row's place.  NULL, or what was expected instead; for
 * KIND_CAPABILITIES the names that are known (imap_caps_names) belong behind it. */
const char *setting_parse(const struct setting *row, const char *text, struct config *c);
void setting_release(const struct setting *row, struct config *c);

#endif
