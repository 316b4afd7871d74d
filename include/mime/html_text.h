#ifndef MIME_HTML_TEXT_H
#define MIME_HTML_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * HTML without its tags, as a reader sees it: comments, scripts and styles are gone,
 * character references are characters, any run of blanks is one space, and tags that
 * do not stand within a line (<p>, <td>, <br>) are a blank too.  Pushed in pieces cut
 * anywhere, in bounded memory; what is no HTML comes out somehow.  UTF-8 in and out.
 * Pure; any thread.
 */
struct html_text {
	int state;
	bool blank;                  /* one is owed before the next character */
	bool any;                    /* something was written */
	bool closing;                /* the tag's name had a slash before it */
	unsigned dashes;             /* seen in a row, in a comment */
	struct slice hidden;         /* the element whose content is passed over */
	char word[40];               /* a tag's name or a reference, so far */
	size_t word_len;
};

void html_text_begin(struct html_text *h);
bool html_text_add(struct html_text *h, struct buf *out, struct slice in);   /* false: out full */
bool html_text_end(struct html_text *h, struct buf *out);

#endif
