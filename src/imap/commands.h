#ifndef IMAP_COMMANDS_H
#define IMAP_COMMANDS_H

#include "session.h"

extern const struct imap_command imap_commands[];        /* ends with a NULL name */

/* The UID forms are the same functions, with imap_running.uid set. */
imap_run_fn cmd_capability, cmd_noop, cmd_logout, cmd_id, cmd_enable, cmd_compress;
imap_run_fn cmd_starttls, cmd_login, cmd_authenticate, cmd_unauthenticate;
imap_run_fn cmd_select, cmd_examine, cmd_status, cmd_close, cmd_unselect, cmd_check;
imap_run_fn cmd_create, cmd_delete, cmd_rename, cmd_subscribe, cmd_unsubscribe, cmd_namespace;
imap_run_fn cmd_list, cmd_lsub, cmd_getmetadata, cmd_setmetadata;
imap_run_fn cmd_getquota, cmd_getquotaroot, cmd_setquota;
imap_run_fn cmd_fetch, cmd_search, cmd_esearch, cmd_cancelupdate, cmd_store, cmd_copy, cmd_move, cmd_expunge;
imap_run_fn cmd_append, cmd_replace, cmd_idle, cmd_notify;
imap_run_fn cmd_sort, cmd_thread;

#endif
