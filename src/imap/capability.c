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
	unsigned enables;       /* imap_enabled: what ENABLE (RFC 5161) does with it */
} capabilities[] = {
	{ "IMAP4rev1",     FRESH | INSIDE, 0 },         /* RFC 3501 */
	{ "STARTTLS",      FRESH | TLS_OPEN, 0 },       /* RFC 3501 6.2.1 */
	{ "LOGINDISABLED", FRESH | TLS_OPEN, 0 },       /* RFC 3501 6.2.3 */
	{ "AUTH=PLAIN",    FRESH | LOGIN_OK, 0 },       /* RFC 4616 */
	{ "SASL-IR",       FRESH | INSIDE, 0 },         /* RFC 4959 */
	{ "LITERAL+",      FRESH | INSIDE, 0 },         /* RFC 7888 */
	{ "ID",            FRESH | INSIDE, 0 },         /* RFC 2971 */
	{ "ENABLE",        FRESH | INSIDE, 0 },         /* RFC 5161 */
	{ "IDLE",          FRESH | INSIDE, 0 },         /* RFC 2177 */
	{ "NAMESPACE",     INSIDE, 0 },                 /* RFC 2342 */
	{ "UIDPLUS",       INSIDE, 0 },                 /* RFC 4315 */
	{ "UNSELECT",      INSIDE, 0 },                 /* RFC 3691 */
	{ "MOVE",          INSIDE, 0 },                 /* RFC 6851 */
	{ "CHILDREN",      INSIDE, 0 },                 /* RFC 3348 */
	{ "SPECIAL-USE",   INSIDE, 0 },                 /* RFC 6154 */
	{ "APPENDLIMIT=",  INSIDE | LIMIT, 0 },         /* RFC 7889 */
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

unsigned imap_capability_enables(struct slice name)
{
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		if (slice_is_nocase(name, capabilities[i].name))
			return capabilities[i].enables;
	return 0;
}
