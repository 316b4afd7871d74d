#ifndef DELIVERY_TRACE_H
#define DELIVERY_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "smtp/smtp.h"

/* What is written in front of a message: Return-Path (RFC 5321 4.4), Delivered-To
 * and X-Original-To for each recipient, Received.  LF line ends. */
struct trace {
	const struct smtp_transaction *transaction;
	const char *hostname, *domain;   /* domain: for <Postmaster> */
	const char *id;                  /* of the message, for Received and the log */
	const char *peer;                /* "192.0.2.1" */
	bool peer_is_ipv6;
	const char *tls_version, *tls_cipher;    /* NULL in the clear */
	int64_t now;
};
bool trace_write(struct buf *out, const struct trace *t);

/* ... and what is taken out of it: the same three fields, when a sender wrote them
 * itself.  Works on any split; passes everything behind the header on as it is. */
enum { TRACE_NAME_MAX = 24 };    /* longer than the longest of the names */
struct trace_filter {
	enum { TRACE_LINE_START, TRACE_NAME, TRACE_KEEP, TRACE_DROP, TRACE_BODY } state;
	bool dropping;           /* what continuation lines belong to */
	bool begun;              /* a byte was seen */
	char name[TRACE_NAME_MAX];
	size_t name_len;
};
/* Zero to start.  Adds what stays of `in` to out: at most in.len + TRACE_NAME_MAX.
 * A message that begins with a blank has no header: an empty line is put before it,
 * or it would continue our own last line. */
void trace_filter_add(struct trace_filter *f, struct buf *out, struct slice in);
/* The message is over: gives out what was held back. */
void trace_filter_end(struct trace_filter *f, struct buf *out);

#endif
