#ifndef BASE_LINES_H
#define BASE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * The two forms of a message.  On the wire lines end in CR LF; in a Maildir
 * they end in LF, as every other program that reads one expects.  These turn
 * one into the other across any split of the input.
 *
 * to-LF: CR LF and CR CR LF become LF; a CR elsewhere stays.
 * to-CRLF: an LF that has no CR before it becomes CR LF; all else stays.
 */
struct lf_form { unsigned char cr; };    /* zeroed to start; CRs held back, 0 to 2 */
bool lf_form_add(struct lf_form *f, struct buf *out, struct slice in);
bool lf_form_end(struct lf_form *f, struct buf *out);   /* gives out held CRs */

struct crlf_form { bool cr; };           /* zeroed to start; true: last byte was CR */
bool crlf_form_add(struct crlf_form *f, struct buf *out, struct slice in);

/* How many bytes `in` will have in CRLF form, given what came before. */
uint64_t crlf_form_count(struct crlf_form *f, struct slice in);

#endif
