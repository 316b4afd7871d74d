/*
 * The commands.  IMAP_IN_CLEAR is what a client needs before it has TLS and
 * nothing more; NO_EXPUNGE follows RFC 3501 7.4.1, where the UID forms are free
 * to tell of expunges because their arguments do not count messages.
 */
#include "commands.h"

#define ANY   (IMAP_FRESH | IMAP_AUTHED | IMAP_SELECTED)
#define IN    (IMAP_AUTHED | IMAP_SELECTED)

const struct imap_command imap_commands[] = {
	/* any state */
	{ "CAPABILITY",   ANY, IMAP_IN_CLEAR | IMAP_BARE, cmd_capability },   /* RFC 3501 6.1.1 */
	{ "NOOP",         ANY, IMAP_IN_CLEAR | IMAP_BARE, cmd_noop },         /* 6.1.2 */
	{ "LOGOUT",       ANY, IMAP_IN_CLEAR | IMAP_BARE, cmd_logout },       /* 6.1.3 */
	{ "ID",           ANY, IMAP_IN_CLEAR, cmd_id },                       /* RFC 2971 3.1 */

	/* not authenticated */
	/* RFC 3501 6.2.1 */
	{ "STARTTLS",     IMAP_FRESH, IMAP_IN_CLEAR | IMAP_BARE, cmd_starttls },
	{ "AUTHENTICATE", IMAP_FRESH, IMAP_SECRET, cmd_authenticate },        /* 6.2.2, RFC 4959 */
	{ "LOGIN",        IMAP_FRESH, IMAP_SECRET, cmd_login },               /* 6.2.3 */

	/* authenticated */
	{ "SELECT",       IN, 0, cmd_select },                                /* 6.3.1 */
	{ "EXAMINE",      IN, 0, cmd_examine },                               /* 6.3.2 */
	{ "CREATE",       IN, 0, cmd_create },                                /* 6.3.3 */
	{ "DELETE",       IN, 0, cmd_delete },                                /* 6.3.4 */
	{ "RENAME",       IN, 0, cmd_rename },                                /* 6.3.5 */
	{ "SUBSCRIBE",    IN, 0, cmd_subscribe },                             /* 6.3.6 */
	{ "UNSUBSCRIBE",  IN, 0, cmd_unsubscribe },                           /* 6.3.7 */
	{ "LIST",         IN, 0, cmd_list },                                  /* 6.3.8, RFC 6154 */
	{ "LSUB",         IN, 0, cmd_lsub },                                  /* 6.3.9 */
	{ "STATUS",       IN, 0, cmd_status },                                /* 6.3.10 */
	{ "APPEND",       IN, IMAP_OWN_INPUT, cmd_append },                   /* 6.3.11 */
	{ "NAMESPACE",    IN, IMAP_BARE, cmd_namespace },                     /* RFC 2342 5 */
	{ "ENABLE",       IN, 0, cmd_enable },                                /* RFC 5161 3.1 */
	{ "IDLE",         IN, IMAP_BARE | IMAP_PUSHES, cmd_idle },            /* RFC 2177 3 */

	/* selected */
	{ "CHECK",        IMAP_SELECTED, IMAP_BARE, cmd_check },              /* RFC 3501 6.4.1 */
	{ "CLOSE",        IMAP_SELECTED, IMAP_BARE, cmd_close },              /* 6.4.2 */
	{ "UNSELECT",     IMAP_SELECTED, IMAP_BARE, cmd_unselect },           /* RFC 3691 2 */
	{ "EXPUNGE",      IMAP_SELECTED, IMAP_BARE, cmd_expunge },            /* RFC 3501 6.4.3 */
	{ "UID EXPUNGE",  IMAP_SELECTED, 0, cmd_expunge },                    /* RFC 4315 2.1 */
	{ "SEARCH",       IMAP_SELECTED, IMAP_NO_EXPUNGE, cmd_search },       /* RFC 3501 6.4.4 */
	{ "UID SEARCH",   IMAP_SELECTED, 0, cmd_search },                     /* 6.4.8 */
	{ "FETCH",        IMAP_SELECTED, IMAP_NO_EXPUNGE, cmd_fetch },        /* 6.4.5 */
	{ "UID FETCH",    IMAP_SELECTED, 0, cmd_fetch },                      /* 6.4.8 */
	{ "STORE",        IMAP_SELECTED, IMAP_NO_EXPUNGE, cmd_store },        /* 6.4.6 */
	{ "UID STORE",    IMAP_SELECTED, 0, cmd_store },                      /* 6.4.8 */
	{ "COPY",         IMAP_SELECTED, 0, cmd_copy },                       /* 6.4.7 */
	{ "UID COPY",     IMAP_SELECTED, 0, cmd_copy },                       /* 6.4.8 */
	{ "MOVE",         IMAP_SELECTED, 0, cmd_move },                       /* RFC 6851 3.1 */
	{ "UID MOVE",     IMAP_SELECTED, 0, cmd_move },                       /* 3.2 */
	{ NULL, 0, 0, NULL }
};
