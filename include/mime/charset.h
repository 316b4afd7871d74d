#ifndef MIME_CHARSET_H
#define MIME_CHARSET_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * Text in any charset to UTF-8, and UTF-8 to the form it is compared in.
 * Never fails on bad input: bytes that mean nothing become U+FFFD.  False only:
 * `out` is full (what came before is in it).  Time grows with the length of the
 * input and no faster.  Pure; any thread.
 */

/* `name` as MIME labels it, case and punctuation ignored, with the labels that
 * mail really carries ("utf8", "cp1252", "x-sjis", "ks_c_5601-1987"); an RFC
 * 2231 language behind a `*` is passed over.  An unknown or empty name: UTF-8
 * where the bytes are valid UTF-8, else windows-1252.  "us-ascii" with 8-bit
 * bytes is treated the same way, as senders do; "iso-8859-1" is read as
 * windows-1252, which differs only where Latin-1 has control characters. */
bool charset_to_utf8(struct buf *out, struct slice name, struct slice in);

/* A charset whose text may be searched for: one this program can convert, except
 * UTF-7, in which the same text has many spellings (RFC 2152). */
bool charset_known(struct slice name);

/* i;unicode-casemap in spirit (RFC 5051): full case folding after canonical and
 * compatibility decomposition, so that "STRASSE" finds "Straße", precomposed
 * finds decomposed and full-width finds narrow.  Input that is not UTF-8 is
 * taken byte by byte as U+FFFD. */
bool charset_fold(struct buf *out, struct slice utf8);

/* i;unicode-casemap to the letter (RFC 5051 2): title case, then compatibility
 * decomposition, a character at a time.  Two texts stand in the order of the bytes of
 * this form (SORT, THREAD).  Unlike charset_fold's, "ss" and "ß" differ in it. */
bool charset_casemap(struct buf *out, struct slice utf8);

/* NFC form of valid UTF-8 (mailbox names); invalid input is copied as it is, as
 * is text with more than 30 marks on one letter (UAX #15, section 13). */
bool charset_compose(struct buf *out, struct slice utf8);

#endif
