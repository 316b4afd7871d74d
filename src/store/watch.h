#ifndef STORE_WATCH_H
#define STORE_WATCH_H

#include <stdbool.h>

#include "folder.h"

/*
 * inotify on the directories of open mailboxes, and of folders that are kept.  Watches are set on the mail lane
 * before a folder is compared with the disk, so nothing falls between; what they
 * see is read on the loop.
 */
struct watch_table;

/* The last call of mailbox.c's that gets what was seen: it owns the events. */
typedef void watch_events_fn(struct mailbox *m, struct file_event *events, bool lost);

/* Never NULL; without inotify it watches nothing. */
struct watch_table *watch_new(struct loop *loop, watch_events_fn *fn);
void watch_free(struct watch_table *w);

/* Mail lane.  True: every change of this folder will be seen, by us or others.  `wd`
 * may hold watches of before, which are taken over or removed; else -1. */
bool watch_add(struct watch_table *w, const char *folder, int wd[2]);
void watch_remove(struct watch_table *w, int wd[2]);
/* Mail lane: those watches are on what lies at this path now. */
bool watch_holds(struct watch_table *w, const char *folder, const int wd[2]);

/* Loop: those watches are this mailbox's; false: events came before this, and after
 * `since`, which is what watch_now() said before they were set. */
bool watch_assign(struct watch_table *w, const int wd[2], struct mailbox *m, uint64_t since);
uint64_t watch_now(const struct watch_table *w);
void watch_unassign(struct watch_table *w, const struct mailbox *m);
/* Loop: reads what has been seen until now, and hands it out. */
void watch_drain(struct watch_table *w);

#endif
