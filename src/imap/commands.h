#ifndef IMAP_COMMANDS_H
#define IMAP_COMMANDS_H

#include "session.h"

/*
 * What a client may say.  cmd_*.c are the commands, a file for a group.  What one needs
 * besides begins with its name: its arguments are read in *_request, *_item, *_key,
 * *_param, *_modifier and *_return, what is done on a lane is a *_job, and what sends
 * that there until it is finished a *_run; what SORT and THREAD do is order_*.
 *
 * Before a command: input collects its line, dispatch finds it here, args takes the line
 * apart.  Behind it: reply writes, update tells what else happened.
 */
extern const struct imap_command imap_commands[];        /* ends with a NULL name */

/* The UID forms are the same functions, with imap_running.uid set. */
imap_run_fn cmd_capability, cmd_noop, cmd_logout, cmd_id, cmd_enable, cmd_compress;
imap_run_fn cmd_starttls, cmd_login, cmd_authenticate, cmd_unauthenticate;
imap_run_fn cmd_select, cmd_examine, cmd_status, cmd_close, cmd_unselect, cmd_check;
imap_run_fn cmd_create, cmd_delete, cmd_rename, cmd_subscribe, cmd_unsubscribe, cmd_namespace;
imap_run_fn cmd_list, cmd_lsub, cmd_getmetadata, cmd_setmetadata;
imap_run_fn cmd_getquota, cmd_getquotaroot, cmd_setquota;
imap_run_fn cmd_search, cmd_esearch, cmd_sort, cmd_thread, cmd_cancelupdate;
imap_run_fn cmd_fetch, cmd_store, cmd_copy, cmd_move, cmd_expunge;
imap_run_fn cmd_append, cmd_replace, cmd_idle, cmd_notify;

#endif
