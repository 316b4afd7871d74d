#ifndef DELIVERY_DELIVERY_H
#define DELIVERY_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "smtp/smtp.h"

struct calendar;
struct greylist;
struct store;

/* What mail means here: whom it is accepted for, who must wait, what is written
 * in front of it, where it goes, and which messages carry an invitation.  Fills
 * smtp's backend.  Loop thread. */
struct delivery;

struct delivery_options {
	struct store *store;
	struct greylist *greylist;       /* NULL: GRAYLISTING_ENABLED=false */
	struct calendar *calendar;       /* NULL: WEBCAL_ENABLED=false */
	const char *domain;              /* A-label, lower case */
	const char *hostname;            /* in Received */
	const char *ingest_user;         /* "secretary" */
	bool ingest_all;                 /* WEBCAL_INGEST=all */
	/* Patterns of local parts (text_glob); NULL ends; may be NULL.  They live as
	 * long as the delivery. */
	char *const *blocked;            /* BLOCKED_ADDRESSES: refused */
	char *const *greylist_skip;      /* GRAYLISTING_SKIP: never delayed */
};

struct delivery *delivery_new(const struct delivery_options *o);   /* the options are copied */
void delivery_free(struct delivery *d);
struct smtp_backend delivery_backend(struct delivery *d);

#endif
