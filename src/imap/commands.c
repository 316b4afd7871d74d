/*
 * The commands.  IMAP_IN_CLEAR is what a client needs before it has TLS and
 * nothing more; NO_EXPUNGE follows RFC 3501 7.4.1, where the UID forms are free
 * to tell of expunges because their arguments do not count messages.
 */
#include "commands.h"

#define ANY   (IMAP_FRESH | IMAP_AUTHED | IMAP_SELECTED)
#define IN    (IMAP_AUTHED | IMAP_SELECTED)
#define TAKES IMAP_RENUMBERS
#define BY_NUMBER (IMAP_NUMBERS | IMAP_NO_EXPUNGE)

const struct imap_command imap_commands[] = {
	/* any state */
	{ "CAPABILITY",   ANY, IMAP_IN_CLEAR | IMAP_BARE, cmd_capability, 0 }, /* RFC 3501 6.1.1 */
	{ "NOOP",         ANY, IMAP_IN_CLEAR | IMAP_BARE, cmd_noop, 0 },      /* 6.1.2 */
	{ "LOGOUT",       ANY, IMAP_IN_CLEAR | IMAP_BARE, cmd_logout, 0 },    /* 6.1.3 */
	{ "ID",           ANY, IMAP_IN_CLEAR, cmd_id, CAP_ID },               /* RFC 2971 3.1 */

	/* not authenticated */
	/* RFC 3501 6.2.1 */
	{ "STARTTLS",     IMAP_FRESH, IMAP_IN_CLEAR | IMAP_BARE, cmd_starttls, CAP_STARTTLS },
	{ "AUTHENTICATE", IMAP_FRESH, IMAP_SECRET, cmd_authenticate, 0 },     /* 6.2.2, RFC 4959 */
	{ "LOGIN",        IMAP_FRESH, IMAP_SECRET, cmd_login, 0 },            /* 6.2.3 */

	/* authenticated */
	{ "SELECT",       IN, 0, cmd_select, 0 },                             /* 6.3.1 */
	{ "EXAMINE",      IN, 0, cmd_examine, 0 },                            /* 6.3.2 */
	{ "CREATE",       IN, 0, cmd_create, 0 },                             /* 6.3.3 */
	{ "DELETE",       IN, 0, cmd_delete, 0 },                             /* 6.3.4 */
	{ "RENAME",       IN, 0, cmd_rename, 0 },                             /* 6.3.5 */
	{ "SUBSCRIBE",    IN, 0, cmd_subscribe, 0 },                          /* 6.3.6 */
	{ "UNSUBSCRIBE",  IN, 0, cmd_unsubscribe, 0 },                        /* 6.3.7 */
	{ "LIST",         IN, 0, cmd_list, 0 },                               /* 6.3.8, RFC 6154 */
	{ "LSUB",         IN, 0, cmd_lsub, 0 },                               /* 6.3.9 */
	{ "STATUS",       IN, 0, cmd_status, 0 },                             /* 6.3.10 */
	{ "APPEND",       IN, IMAP_OWN_INPUT, cmd_append, 0 },                /* 6.3.11 */
	{ "NAMESPACE",    IN, IMAP_BARE, cmd_namespace, CAP_NAMESPACE },      /* RFC 2342 5 */
	{ "COMPRESS",     IN, 0, cmd_compress, CAP_COMPRESS },                /* RFC 4978 3 */
	/* RFC 8437 3 */
	{ "UNAUTHENTICATE", IN, IMAP_BARE, cmd_unauthenticate, CAP_UNAUTHENTICATE },
	{ "ESEARCH",      IN, 0, cmd_esearch, CAP_MULTISEARCH },              /* RFC 7377 2 */
	{ "UID ESEARCH",  IN, 0, cmd_esearch, CAP_MULTISEARCH },  /* in its example: the same */
	{ "GETMETADATA",  IN, 0, cmd_getmetadata, CAP_METADATA_SERVER },      /* RFC 5464 4.2 */
	{ "SETMETADATA",  IN, 0, cmd_setmetadata, CAP_METADATA_SERVER },      /* 4.3 */
	{ "GETQUOTA",     IN, 0, cmd_getquota, CAP_QUOTA },                   /* RFC 9208 4.1.1 */
	{ "GETQUOTAROOT", IN, 0, cmd_getquotaroot, CAP_QUOTA },               /* 4.1.2 */
	{ "SETQUOTA",     IN, 0, cmd_setquota, CAP_QUOTA },                   /* 4.1.3 */
	{ "NOTIFY",       IN, 0, cmd_notify, CAP_NOTIFY },                    /* RFC 5465 3.1 */
	{ "ENABLE",       IN, 0, cmd_enable, CAP_ENABLE },                    /* RFC 5161 3.1 */
	{ "IDLE",         IN, IMAP_BARE | IMAP_PUSHES, cmd_idle, CAP_IDLE },  /* RFC 2177 3 */

	/* selected */
	{ "CHECK",        IMAP_SELECTED, IMAP_BARE, cmd_check, 0 },           /* RFC 3501 6.4.1 */
	{ "CLOSE",        IMAP_SELECTED, IMAP_BARE, cmd_close, 0 },           /* 6.4.2 */
	{ "UNSELECT",     IMAP_SELECTED, IMAP_BARE, cmd_unselect, CAP_UNSELECT }, /* RFC 3691 2 */
	{ "EXPUNGE",      IMAP_SELECTED, IMAP_BARE | TAKES, cmd_expunge, 0 }, /* RFC 3501 6.4.3 */
	{ "UID EXPUNGE",  IMAP_SELECTED, TAKES, cmd_expunge, CAP_UIDPLUS }, /* RFC 4315 2.1 */
	{ "SEARCH",       IMAP_SELECTED, BY_NUMBER, cmd_search, 0 },          /* RFC 3501 6.4.4 */
	{ "UID SEARCH",   IMAP_SELECTED, 0, cmd_search, 0 },                  /* 6.4.8 */
	{ "CANCELUPDATE", IMAP_SELECTED, 0, cmd_cancelupdate, 0 },   /* RFC 5267 4.3.5 */
	{ "SORT",         IMAP_SELECTED, BY_NUMBER, cmd_sort, CAP_SORT },     /* RFC 5256 3 */
	{ "UID SORT",     IMAP_SELECTED, 0, cmd_sort, CAP_SORT },
	{ "THREAD",       IMAP_SELECTED, BY_NUMBER, cmd_thread, 0 },          /* RFC 5256 3 */
	{ "UID THREAD",   IMAP_SELECTED, 0, cmd_thread, 0 },
	{ "FETCH",        IMAP_SELECTED, BY_NUMBER, cmd_fetch, 0 },           /* 6.4.5 */
	{ "UID FETCH",    IMAP_SELECTED, 0, cmd_fetch, 0 },                   /* 6.4.8 */
	{ "STORE",        IMAP_SELECTED, BY_NUMBER, cmd_store, 0 },           /* 6.4.6 */
	{ "UID STORE",    IMAP_SELECTED, 0, cmd_store, 0 },                   /* 6.4.8 */
	{ "COPY",         IMAP_SELECTED, IMAP_NUMBERS, cmd_copy, 0 },         /* 6.4.7 */
	{ "UID COPY",     IMAP_SELECTED, 0, cmd_copy, 0 },                    /* 6.4.8 */
	/* RFC 6851 3.1 */
	{ "MOVE",         IMAP_SELECTED, IMAP_NUMBERS | TAKES, cmd_move, CAP_MOVE },
	{ "UID MOVE",     IMAP_SELECTED, TAKES, cmd_move, CAP_MOVE }, /* 3.2 */
	/* RFC 8508 3.2 */
	{ "REPLACE",      IMAP_SELECTED, IMAP_OWN_INPUT | IMAP_NUMBERS | TAKES, cmd_replace, CAP_REPLACE },
	/* 3.3 */
	{ "UID REPLACE",  IMAP_SELECTED, IMAP_OWN_INPUT | TAKES, cmd_replace, CAP_REPLACE },
	{ NULL, 0, 0, NULL, 0 }
};
