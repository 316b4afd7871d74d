/*
 * What the server says it can do.  Before login the list is short on purpose: it
 * has what a client needs to log in, and tells a stranger nothing else.  What
 * LOGINDISABLED says is what dispatch.c does.
 */
#include "capability.h"

enum {
	FRESH    = 1 << 0,      /* before login */
	INSIDE   = 1 << 1,      /* after it */
	TLS_OPEN = 1 << 2,      /* only where STARTTLS can still be had */
	LOGIN_OK = 1 << 3,      /* only where a password may be sent */
	LIMIT    = 1 << 4,      /* with append_max behind it */
};

static const struct {
	const char *name;
	unsigned when;
} capabilities[] = {
	{ "IMAP4rev1",     FRESH | INSIDE },            /* RFC 3501 */
	{ "STARTTLS",      FRESH | TLS_OPEN },          /* RFC 3501 6.2.1 */
	{ "LOGINDISABLED", FRESH | TLS_OPEN },          /* RFC 3501 6.2.3 */
	{ "AUTH=PLAIN",    FRESH | LOGIN_OK },          /* RFC 4616 */
	{ "SASL-IR",       FRESH | INSIDE },            /* RFC 4959 */
	{ "LITERAL+",      FRESH | INSIDE },            /* RFC 7888 */
	{ "ID",            FRESH | INSIDE },            /* RFC 2971 */
	{ "ENABLE",        FRESH | INSIDE },            /* RFC 5161 */
	{ "IDLE",          FRESH | INSIDE },            /* RFC 2177 */
	{ "NAMESPACE",     INSIDE },                    /* RFC 2342 */
	{ "UIDPLUS",       INSIDE },                    /* RFC 4315 */
	{ "UNSELECT",      INSIDE },                    /* RFC 3691 */
	{ "MOVE",          INSIDE },                    /* RFC 6851 */
	{ "CHILDREN",      INSIDE },                    /* RFC 3348 */
	{ "SPECIAL-USE",   INSIDE },                    /* RFC 6154 */
	{ "APPENDLIMIT=",  INSIDE | LIMIT },            /* RFC 7889 */
};

void imap_capability_text(struct buf *out, const struct imap_session *s)
{
	struct conn *conn = s->base.conn;
	bool tls_open = !conn_is_secure(conn) && conn_can_tls(conn);
	unsigned now = s->state == IMAP_FRESH ? FRESH : INSIDE;

	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++) {
		unsigned when = capabilities[i].when;

		if (!(when & now) || ((when & TLS_OPEN) && !tls_open) ||
		    ((when & LOGIN_OK) && tls_open))
			continue;
		buf_printf(out, "%s%s", i ? " " : "", capabilities[i].name);
		if (when & LIMIT)
			buf_printf(out, "%llu", (unsigned long long)s->server->append_max);
	}
}
