#ifndef IMAP_SESSION_H
#define IMAP_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "args.h"
#include "base/buf.h"
#include "capability.h"
#include "base/list.h"
#include "imap/imap.h"
#include "net/loop.h"
#include "store/annotation.h"
#include "store/mailbox.h"
#include "store/snapshot.h"
#include "store/uid_set.h"

/* What changes the form of responses once the client has asked for it (RFC 5161), by
 * ENABLE or by using it. */
enum imap_enabled {
	IMAP_UTF8      = 1 << 0,    /* UTF8=ACCEPT (RFC 6855), or IMAP4rev2: names and strings */
	IMAP_REV2      = 1 << 1,    /* IMAP4rev2 (RFC 9051) */
	IMAP_CONDSTORE = 1 << 2,    /* RFC 7162 3.1: MODSEQ in every FETCH of flags */
	IMAP_QRESYNC   = 1 << 3,    /* RFC 7162 3.2: VANISHED in the place of EXPUNGE */
	IMAP_UIDONLY   = 1 << 4,    /* RFC 9586: no message numbers */
	IMAP_METADATA  = 1 << 5,    /* RFC 5464 4.4: what others annotate is told */
	IMAP_ACCEPT    = 1 << 6,    /* UTF8=ACCEPT by its own name: more than IMAP_UTF8 */
};

/*
 * One client's conversation.  A line (with its literals) is collected whole, then
 * found in the table, tested (TLS, state, arguments, in that order) and run.
 * One command runs at a time: while it waits for a job, the connection is paused
 * and pipelined commands stay unread, which costs nothing and is always right.
 */

enum imap_state {
	IMAP_FRESH    = 1 << 0,     /* RFC 3501 3.1 not authenticated */
	IMAP_AUTHED   = 1 << 1,     /* 3.2 authenticated */
	IMAP_SELECTED = 1 << 2,     /* 3.3 selected */
};

/* How far a command got.  One that is not done is called again (its `resume`)
 * when what it waits for has happened. */
enum imap_progress {
	IMAP_DONE,                  /* the tagged reply has been written */
	IMAP_WAIT_OUTPUT,           /* resume when the client has read */
	IMAP_WAIT_JOB,              /* a callback will call imap_command_resume() */
	IMAP_WAIT_INPUT,            /* resume gets the client's next line or bytes (IDLE,
				     * AUTHENTICATE, APPEND): see imap_running.take */
};

enum {
	IMAP_IN_CLEAR   = 1 << 0,   /* allowed before TLS where TLS is to be had */
	IMAP_NO_EXPUNGE = 1 << 1,   /* no EXPUNGE response during or at its end (RFC 3501 7.4.1) */
	IMAP_SECRET     = 1 << 2,   /* arguments never logged */
	/* Run at its first literal behind the first argument, which it reads itself
	 * (APPEND): args end with that "{n}" CR LF. */
	IMAP_OWN_INPUT  = 1 << 3,
	IMAP_BARE       = 1 << 4,   /* takes no arguments */
	IMAP_PUSHES     = 1 << 5,   /* updates are told as they come (IDLE) */
	IMAP_RENUMBERS  = 1 << 7,   /* takes messages away, and so tells of all changes */
	IMAP_NUMBERS    = 1 << 6,   /* names messages by number: not after ENABLE UIDONLY */
};

struct imap_literal;
struct imap_named;
struct imap_session;
struct imap_running;

typedef enum imap_progress imap_run_fn(struct imap_session *s, struct imap_running *cmd);

struct imap_command {
	const char *name;           /* "UID FETCH" has a row of its own */
	unsigned states, flags;
	imap_run_fn *run;           /* declared in commands.h */
	enum imap_cap cap;          /* what it belongs to: unknown when that is off */
};

/* The command under way; everything it allocates lies in its arena. */
struct imap_running {
	const struct imap_command *command;
	const char *tag;            /* "*" when it could not be read */
	struct arena *arena;        /* ends with the command */
	struct imap_args args;      /* begin with the SP behind the name */
	bool uid;                   /* the UID form */
	bool no_expunge;            /* as IMAP_NO_EXPUNGE, at first */
	bool unasked;               /* no client's: there is no reply (unasked.c) */
	bool modseq_in_reply;       /* the tagged reply has HIGHESTMODSEQ */
	/* IMAP_OWN_INPUT: the literal whose head ends args; NULL: there is none. */
	const struct imap_literal *own;
	imap_run_fn *resume;        /* called instead of run from the second time on */
	/* With IMAP_WAIT_INPUT: gets the unread bytes, returns how many it used; when
	 * it used some, resume is called. */
	size_t (*take)(struct imap_session *s, struct imap_running *cmd, struct slice unread);
	/* The session is closing under the command: abandon jobs, free what is not
	 * in the arena.  Also called after IMAP_DONE.  May be NULL. */
	void (*release)(struct imap_session *s, struct imap_running *cmd);
	const struct imap_named *named;     /* list_text.c */
	void *at;                   /* the command's own place, usually in the arena */
	enum store_status status;   /* the store's last answer, by imap_store_answer() */
	enum imap_progress waiting; /* dispatch.c's */
	uint64_t done, goal;        /* how far it is, for INPROGRESS; goal 0: not known */
};

enum {
	/* Of "$": two megabytes for a session, and more than clients can name (args.h).
	 * Past it RETURN (SAVE) is NO [NOTSAVED]. */
	IMAP_SAVED_RANGES_MAX = 256 * 1024,
};

/* Wants to know when the client has been told of changes (update.c): embed, set moved,
 * imap_observe().  It may take itself off, and no other. */
struct imap_observer {
	struct list node;                   /* the session's */
	/* The view is going to move; nothing is told yet.  `newest` may have lost messages
	 * that the view still keeps.  May be NULL. */
	void (*moves)(struct imap_observer *o, const struct snapshot *from,
		      const struct snapshot *newest);
	/* The view was `from` and is `to`; all is told.  NULL: the mailbox is no longer
	 * selected, and nothing is observed any more. */
	void (*moved)(struct imap_observer *o, const struct snapshot *from,
		      const struct snapshot *to);
};

struct imap_session {
	struct session base;
	const struct imap_server *server;
	enum imap_state state;

	struct mailbox *mailbox;            /* IMAP_SELECTED only, as all up to `recent` */
	const struct snapshot *view;        /* what the client has been told */
	struct mailbox_watcher watcher;
	bool read_only;                     /* EXAMINE */
	/* The folder's modseq up to which the client knows everything.  The view has
	 * later flags while expunges may not be told (RFC 7162 3.2). */
	uint64_t synced;
	bool misses_flags;                  /* and no later one: NOTIFY kept flags from it */
	bool holds_back;                    /* some expunges were not told yet */
	struct uid_set recent;              /* \Recent for this session */
	struct uid_set saved;               /* "$" (RFC 5182): UIDs, some perhaps gone */
	struct list observers;
	struct list contexts;               /* searches with UPDATE: context.c */

	struct imap_running *running;       /* NULL: waiting for a command */
	struct imap_running *set_aside;     /* IDLE, while a command of our own runs */
	struct list unasked;                /* unasked.c, with the next */
	struct deferred unasked_go;
	struct imap_notify *notify;         /* NULL: there was no NOTIFY */
	struct imap_input *input;           /* the line being collected: input.c */
	struct timer progress;              /* of the running command: progress.c */
	struct deferred go_on;              /* a command that waits for no one: dispatch.c */
	unsigned enabled;                   /* imap_enabled: what ENABLE did */
	struct annotation_watcher annotations;      /* as metadata.c, with the next */
	struct buf untold;                  /* responses about what others annotated */
	unsigned bad_replies;               /* in a row */
	unsigned login_failures;
	bool deflating;                     /* COMPRESS */
	bool paused;                        /* the connection, by dispatch.c */
	bool leaving;                       /* BYE when the command under way is over */
	bool ending;                        /* BYE was sent */
	bool in_response;                   /* a response is half written */
};

/*
 * What a command asks of the store it asks with the session as owner: when the
 * session closes, store_abandon() takes care of all of it, and a command that is
 * over has no question open.  Only jobs of its own (reader_submit) are for the
 * command's release() to abandon.
 */

/* A store_fn: keeps the answer in s->running->status and resumes the command. */
void imap_store_answer(void *owner, enum store_status st);

/* ---- Replies (reply.c).  A tagged reply is preceded by the pending updates
 * (update.c) that the command allows; commands do not call that themselves. ---- */
enum imap_progress imap_ok(struct imap_session *s, struct imap_running *cmd, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));           /* "tag OK text"; returns IMAP_DONE */
enum imap_progress imap_no(struct imap_session *s, struct imap_running *cmd, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
enum imap_progress imap_bad(struct imap_session *s, struct imap_running *cmd, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "tag OK FETCH completed". */
enum imap_progress imap_completed(struct imap_session *s, struct imap_running *cmd);
/* The same, with EXPUNGEISSUED (RFC 5530) when it lacks messages that are gone. */
enum imap_progress imap_completed_but(struct imap_session *s, struct imap_running *cmd,
				      bool gone);
/* BAD with args.wanted, or NO [LIMIT]. */
enum imap_progress imap_bad_args(struct imap_session *s, struct imap_running *cmd);
/* NO with the text and RFC 5530 code that belong to the status. */
enum imap_progress imap_no_status(struct imap_session *s, struct imap_running *cmd,
				  enum store_status st);
void imap_untagged(struct imap_session *s, const char *fmt, ...)   /* "* " and CRLF added */
	__attribute__((format(printf, 2, 3)));
void imap_write(struct imap_session *s, struct slice bytes);       /* as it is */
/* "* BYE text" and the end of the connection; a command may still write its reply.
 * In the middle of a response only the end: text would be taken for mail. */
void imap_bye(struct imap_session *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A callback of the running command: go on with it (calls resume, writes the
 * rest, unpauses the connection when it is done).  Never from within run/resume. */
void imap_command_resume(struct imap_session *s);

/* ---- The selected folder (update.c) ---- */

/* Tells the client what changed between s->view and the newest snapshot, and moves
 * the view there.  Without `expunges`, messages that are gone keep their numbers. */
void imap_update(struct imap_session *s, bool expunges);
/* What may be told of the selected folder without a tagged reply. */
void imap_tell_now(struct imap_session *s);
/* As imap_update without expunges; what is said of the UIDs in `own` is: */
enum imap_own {
	IMAP_OWN_FLAGS,             /* FLAGS, changed or not */
	/* If nothing but this edit happened to them nothing, or the new MODSEQ to who
	 * wants those (.SILENT); else FLAGS. */
	IMAP_OWN_SILENT,
	IMAP_OWN_MODSEQ,            /* the same, but MODSEQ changed or not (UNCHANGEDSINCE) */
	IMAP_OWN_LATER,             /* nothing, the command says it; else FLAGS */
};
/* with_uid: FETCH responses carry the UID. */
void imap_update_edit(struct imap_session *s, const struct uid_set *own,
		      const struct flag_edit *edit, enum imap_own told, bool with_uid);
void imap_observe(struct imap_session *s, struct imap_observer *o);
void imap_unobserve(struct imap_observer *o);            /* harmless when not observing */
/* Takes the mailbox (a reference) as the selected one. */
void imap_select(struct imap_session *s, struct mailbox *m, bool read_only);
void imap_unselect(struct imap_session *s);              /* to IMAP_AUTHED; silent */
/* To IMAP_FRESH, as the connection was when it was greeted (RFC 8437 4.1): whatever a
 * session keeps from one command to the next is forgotten here.  Silent. */
void imap_forget_user(struct imap_session *s);
void imap_tell_flags(struct imap_session *s);            /* FLAGS and PERMANENTFLAGS */
uint32_t imap_recent_count(const struct imap_session *s);

/* ---- The forms of what is told (told.c) ---- */

/* What ENABLE does, or a command that has the same effect: with a mailbox selected
 * the first that asks for modseqs is told HIGHESTMODSEQ (RFC 7162 3.1). */
void imap_enable(struct imap_session *s, unsigned enabled);
void imap_tell_modseq(struct imap_session *s);           /* OK [HIGHESTMODSEQ ...] */
/* A FETCH response of a message's flags, or (flags false) of its MODSEQ alone, with all
 * that the session has enabled. */
bool imap_message_text(struct buf *out, const struct imap_session *s,
		       const struct snapshot *view, uint32_t seq, bool flags, bool with_uid);
/* "* VANISHED 405,407"; nothing for an empty set. */
void imap_tell_vanished(struct imap_session *s, const struct uid_set *uids, bool earlier);
/* RFC 8474 4: a folder's MAILBOXID, for its id. */
#define IMAP_MAILBOXID "F%llu"

/* ---- What a STORE made of a message (edited.c) ---- */

/* Whether the message is what the edit made of what it was in `from`. */
bool imap_as_edited(const struct flag_edit *edit, const struct snapshot *from,
		    const struct snapshot *to, uint32_t uid);

/* ---- Sets and the view (resolve.c) ---- */

/* A set resolved against the view: message numbers, or UIDs with `uid`, to the UIDs in the
 * view; "$" whatever it was set by.  False: a message number that is not there (BAD;
 * RFC 3501 6.4.8's UIDs are passed over silently). */
bool imap_set_resolve(const struct imap_session *s, const struct imap_set *set, bool uid,
		      struct uid_set *uids);
/* UIDs as written, whether there are such or not, up to `last`, which is "*" too. */
void imap_set_known(const struct imap_set *set, uint32_t last, struct uid_set *uids);

/* ---- A mailbox that is told of unasked (list_text.c) ---- */

/* An unsolicited LIST of the mailbox (RFC 9051 6.3.2, 6.3.9.7), with OLDNAME when it is
 * not what the client wrote; then goes on with `then`, whose answer is returned when
 * there is nothing to be told: to a client of IMAP4rev1, and without `always` when the
 * two are the same. */
enum imap_progress imap_tell_name(struct imap_session *s, struct imap_running *cmd,
				  const char *name, struct slice written, bool always,
				  imap_run_fn *then);

/* ---- Strings (reply.c) ---- */

/* A mailbox name as the client wants it: modified UTF-7 or UTF-8, as astring. */
bool imap_mailbox_text(struct buf *out, const struct imap_session *s, const char *name);
/* Any bytes as an IMAP string: quoted where legal, else a literal. */
bool imap_string_text(struct buf *out, struct slice bytes);
/* UTF-8, in quotes as far as this client takes it there. */
bool imap_quoted_text(struct buf *out, const struct imap_session *s, struct slice text);

#endif
