/*
 * What the server says it can do.  Before login the list is short on purpose: it
 * has what a client needs to log in, and tells a stranger nothing else.  What
 * LOGINDISABLED says is what dispatch.c does.
 *
 * Any of them can be switched off by name, for the day on which some client
 * breaks over it.  One that is off must be off in whole, or a client that does not
 * look at the list trips over the rest: so whatever belongs to a capability asks
 * imap_has(), and one that makes no sense without another (`needs`) goes with it.
 */
#include "capability.h"

#include <string.h>

#include "auth/scram.h"
#include "session.h"

enum {
	FRESH    = 1 << 0,      /* before login */
	INSIDE   = 1 << 1,      /* after it */
	TLS_OPEN = 1 << 2,      /* only where STARTTLS can still be had */
	LOGIN_OK = 1 << 3,      /* only where a password may be sent */
	LIMIT    = 1 << 4,      /* with "=" and append_max behind it */
	STAYS    = 1 << 5,      /* cannot be switched off */
	PROOF    = 1 << 7,      /* only where the password can be proved (auth_has_scram) */
	BINDS    = 1 << 8,      /* only where an authentication can be bound to the TLS */
	ELSE     = 1 << 6,      /* only where the one in the row above does not hold */
	/* IMAP4rev2 has it in itself (RFC 9051 E 2, 3): there after ENABLE IMAP4rev2, told
	 * of or not. */
	IN_REV2  = 1 << 9,
};

static const struct capability {
	const char *name;       /* NULL: not there */
	unsigned when;
	unsigned enables;       /* imap_enabled: what ENABLE (RFC 5161) does with it */
	enum imap_cap needs;
} capabilities[CAP_COUNT] = {
	[CAP_IMAP4REV1]     = { "IMAP4rev1", FRESH | INSIDE | STAYS, 0, 0 },    /* RFC 3501 */
	[CAP_IMAP4REV2]     = { "IMAP4rev2", FRESH | INSIDE, IMAP_REV2 | IMAP_UTF8, CAP_ENABLE },
	/* Without these two a client would not know why it may not log in. */
	[CAP_STARTTLS]      = { "STARTTLS", FRESH | TLS_OPEN | STAYS, 0, 0 },   /* RFC 3501 6.2.1 */
	[CAP_LOGINDISABLED] = { "LOGINDISABLED", FRESH | TLS_OPEN | STAYS, 0, 0 },      /* 6.2.3 */
	[CAP_AUTH_PLAIN]    = { "AUTH=PLAIN", FRESH | LOGIN_OK, 0, 0 },         /* RFC 4616 */
	[CAP_AUTH_SCRAM]    = { "AUTH=SCRAM-SHA-256", FRESH | LOGIN_OK | PROOF, 0, 0 }, /* RFC 7677 */
	[CAP_AUTH_SCRAM_PLUS] = { "AUTH=SCRAM-SHA-256-PLUS", FRESH | LOGIN_OK | PROOF | BINDS, 0,
				  CAP_AUTH_SCRAM },
	[CAP_SASL_IR]       = { "SASL-IR", FRESH | INSIDE | IN_REV2, 0, 0 },    /* RFC 4959 */
	/* RFC 7888 5: never both.  A stranger may send 4096 bytes unasked and is
	 * told so; whoever is logged in saves a round trip with each message. */
	[CAP_LITERAL_PLUS]  = { "LITERAL+", INSIDE, 0, 0 },                     /* RFC 7888 */
	[CAP_LITERAL_MINUS] = { "LITERAL-", FRESH | INSIDE | ELSE, 0, 0 },      /* 5 */
	[CAP_ID]            = { "ID", FRESH | INSIDE, 0, 0 },                   /* RFC 2971 */
	[CAP_ENABLE]        = { "ENABLE", FRESH | INSIDE, 0, 0 },               /* RFC 5161 */
	[CAP_IDLE]          = { "IDLE", FRESH | INSIDE | IN_REV2, 0, 0 },       /* RFC 2177 */
	/* After login only: no password is ever compressed, beside which somebody could
	 * place guesses and look at the lengths (RFC 4978 6, RFC 3749 6). */
	[CAP_COMPRESS]      = { "COMPRESS=DEFLATE", INSIDE, 0, 0 },             /* RFC 4978 */
	[CAP_UNAUTHENTICATE] = { "UNAUTHENTICATE", INSIDE, 0, 0 },              /* RFC 8437 */
	[CAP_NAMESPACE]     = { "NAMESPACE", INSIDE | IN_REV2, 0, 0 },          /* RFC 2342 */
	[CAP_UIDPLUS]       = { "UIDPLUS", INSIDE | IN_REV2, 0, 0 },            /* RFC 4315 */
	[CAP_UNSELECT]      = { "UNSELECT", INSIDE | IN_REV2, 0, 0 },           /* RFC 3691 */
	[CAP_MOVE]          = { "MOVE", INSIDE | IN_REV2, 0, 0 },               /* RFC 6851 */
	[CAP_CHILDREN]      = { "CHILDREN", INSIDE | IN_REV2, 0, 0 },           /* RFC 3348 */
	[CAP_SPECIAL_USE]   = { "SPECIAL-USE", INSIDE, 0, 0 },                  /* RFC 6154 */
	[CAP_CREATE_SPECIAL_USE] = { "CREATE-SPECIAL-USE", INSIDE, 0, 0 },      /* RFC 6154 3 */
	[CAP_METADATA_SERVER] = { "METADATA-SERVER", INSIDE, IMAP_METADATA, 0 },        /* RFC 5464 */
	[CAP_METADATA]      = { "METADATA", INSIDE, IMAP_METADATA, CAP_METADATA_SERVER },
	[CAP_LIST_METADATA] = { "LIST-METADATA", INSIDE, 0, CAP_METADATA },     /* RFC 9590 */
	[CAP_QUOTA]         = { "QUOTA", INSIDE, 0, 0 },                        /* RFC 9208 */
	[CAP_QUOTA_STORAGE] = { "QUOTA=RES-STORAGE", INSIDE, 0, CAP_QUOTA },    /* 5.1 */
	[CAP_LIST_EXTENDED] = { "LIST-EXTENDED", INSIDE | IN_REV2, 0, 0 },      /* RFC 5258 */
	[CAP_LIST_STATUS]   = { "LIST-STATUS", INSIDE | IN_REV2, 0, CAP_LIST_EXTENDED },  /* RFC 5819 */
	[CAP_STATUS_SIZE]   = { "STATUS=SIZE", INSIDE | IN_REV2, 0, 0 },        /* RFC 8438 */
	[CAP_I18NLEVEL_1]   = { "I18NLEVEL=1", INSIDE, 0, 0 },                  /* RFC 5255 4 */
	[CAP_OBJECTID]      = { "OBJECTID", INSIDE, 0, 0 },                     /* RFC 8474 */
	[CAP_SAVEDATE]      = { "SAVEDATE", INSIDE, 0, 0 },                     /* RFC 8514 */
	[CAP_NOTIFY]        = { "NOTIFY", INSIDE, 0, 0 },                       /* RFC 5465 */
	[CAP_INPROGRESS]    = { "INPROGRESS", INSIDE, 0, 0 },                   /* RFC 9585 */
	[CAP_PARTIAL]       = { "PARTIAL", INSIDE, 0, CAP_ESEARCH },            /* RFC 9394 */
	[CAP_CONDSTORE]     = { "CONDSTORE", INSIDE, IMAP_CONDSTORE, 0 },       /* RFC 7162 3.1 */
	[CAP_QRESYNC]       = { "QRESYNC", INSIDE, IMAP_QRESYNC | IMAP_CONDSTORE,       /* 3.2 */
				CAP_CONDSTORE },
	[CAP_UIDONLY]       = { "UIDONLY", INSIDE, IMAP_UIDONLY, 0 },           /* RFC 9586 */
	[CAP_ESEARCH]       = { "ESEARCH", INSIDE | IN_REV2, 0, 0 },            /* RFC 4731 */
	[CAP_SEARCHRES]     = { "SEARCHRES", INSIDE | IN_REV2, 0, CAP_ESEARCH },        /* RFC 5182 */
	[CAP_WITHIN]        = { "WITHIN", INSIDE, 0, 0 },                       /* RFC 5032 */
	[CAP_MULTISEARCH]   = { "MULTISEARCH", INSIDE, 0, CAP_ESEARCH },        /* RFC 7377 */
	[CAP_ESORT]         = { "ESORT", INSIDE, 0, CAP_SORT },                 /* RFC 5267 3 */
	[CAP_CONTEXT_SEARCH] = { "CONTEXT=SEARCH", INSIDE, 0, CAP_ESEARCH },    /* RFC 5267 */
	[CAP_CONTEXT_SORT]  = { "CONTEXT=SORT", INSIDE, 0, CAP_ESORT },         /* RFC 5267 */
	[CAP_BINARY]        = { "BINARY", INSIDE, 0, 0 },                       /* RFC 3516 */
	[CAP_CATENATE]      = { "CATENATE", INSIDE, 0, 0 },                     /* RFC 4469 */
	[CAP_REPLACE]       = { "REPLACE", INSIDE, 0, 0 },                      /* RFC 8508 */
	[CAP_UTF8_ACCEPT]   = { "UTF8=ACCEPT", INSIDE, IMAP_UTF8 | IMAP_ACCEPT, 0 },          /* RFC 6855 */
	[CAP_PREVIEW]       = { "PREVIEW", INSIDE, 0, 0 },                      /* RFC 8970 */
	[CAP_MULTIAPPEND]   = { "MULTIAPPEND", INSIDE, 0, 0 },                  /* RFC 3502 */
	[CAP_SORT]          = { "SORT", INSIDE, 0, 0 },                         /* RFC 5256 */
	[CAP_SORT_DISPLAY]  = { "SORT=DISPLAY", INSIDE, 0, CAP_SORT },          /* RFC 5957 */
	[CAP_THREAD_ORDEREDSUBJECT] = { "THREAD=ORDEREDSUBJECT", INSIDE, 0, 0 },        /* RFC 5256 */
	[CAP_THREAD_REFERENCES] = { "THREAD=REFERENCES", INSIDE, 0, 0 },        /* RFC 5256 */
	[CAP_THREAD_REFS]   = { "THREAD=REFS", INSIDE, 0, 0 },  /* draft-ietf-morg-inthread */
	[CAP_APPENDLIMIT]   = { "APPENDLIMIT", INSIDE | LIMIT, 0, 0 },          /* RFC 7889 */
};

_Static_assert(CAP_COUNT <= 8 * sizeof(((struct imap_caps *)0)->bits), "a bit for each");

static bool is_off(const struct imap_caps *off, enum imap_cap cap)
{
	return off->bits[cap / 64] >> (cap % 64) & 1;
}

/* Told or not by what is switched off alone. */
static bool is_on(const struct imap_session *s, enum imap_cap cap)
{
	for (; cap != CAP_NONE; cap = capabilities[cap].needs)
		if (!capabilities[cap].name || is_off(&s->server->off, cap))
			return false;
	return true;
}

bool imap_has(const struct imap_session *s, enum imap_cap cap)
{
	return is_on(s, cap) || (s->enabled & IMAP_REV2 && capabilities[cap].when & IN_REV2);
}

static bool can_bind(const struct conn *conn)
{
	unsigned char bytes[STREAM_BINDING_MAX];

	return conn_binding(conn, STREAM_EXPORTER, bytes) ||
	       conn_binding(conn, STREAM_END_POINT, bytes);
}

bool imap_tells(const struct imap_session *s, enum imap_cap cap)
{
	struct conn *conn = s->base.conn;
	bool tls_open = !conn_is_secure(conn) && conn_can_tls(conn);
	unsigned now = s->state == IMAP_FRESH ? FRESH : INSIDE;
	unsigned when = capabilities[cap].when;

	if (!(when & now) || ((when & TLS_OPEN) && !tls_open) || ((when & LOGIN_OK) && tls_open))
		return false;
	if (((when & PROOF) && !auth_has_scram(s->server->auth)) ||
	    ((when & BINDS) && !can_bind(conn)))
		return false;
	/* RFC 9051 6.3.1: ENABLE changes nothing here. */
	return is_on(s, cap) && !((when & ELSE) && imap_tells(s, cap - 1));
}

void imap_capability_text(struct buf *out, const struct imap_session *s)
{
	for (enum imap_cap cap = 1; cap < CAP_COUNT; cap++) {
		if (!imap_tells(s, cap))
			continue;
		buf_printf(out, "%s%s", out->len ? " " : "", capabilities[cap].name);
		if (capabilities[cap].when & LIMIT)
			buf_printf(out, "=%llu", (unsigned long long)s->server->append_max);
	}
}

static enum imap_cap find(struct slice name)
{
	enum imap_cap cap = CAP_COUNT;

	while (--cap != CAP_NONE)
		if (capabilities[cap].name && slice_is_nocase(name, capabilities[cap].name))
			break;
	return cap;
}

unsigned imap_capability_enables(const struct imap_session *s, struct slice name)
{
	enum imap_cap cap = find(name);

	return is_on(s, cap) ? capabilities[cap].enables : 0;
}

/* ---- For the setting (face) ---- */

bool imap_caps_add(struct imap_caps *set, struct slice name)
{
	enum imap_cap cap = find(name);

	if (cap == CAP_NONE || (capabilities[cap].when & STAYS))
		return false;
	set->bits[cap / 64] |= UINT64_C(1) << (cap % 64);
	return true;
}

void imap_caps_names(struct buf *out)
{
	for (enum imap_cap cap = 1; cap < CAP_COUNT; cap++)
		if (capabilities[cap].name && !(capabilities[cap].when & STAYS))
			buf_printf(out, "%s%s", out->len ? " " : "", capabilities[cap].name);
}
