/*
 * inotify.  Only where the kernel sees every change: on a network file system
 * another machine's changes make no event, so a folder there is not "live" and
 * is compared by its directories' times instead.  The list below is of file
 * systems we trust; an unknown one costs comparisons, never a message.
 *
 * A watch is set on the mail lane, so an event may be read before the loop knows
 * whose it is.  Such watch numbers are remembered until they are assigned.
 *
 * The first event is read at once.  After it the kernel may gather some for a few
 * milliseconds: a hundred thousand renames, our own among them, would wake the loop
 * a hundred thousand times.
 */
#include "watch.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

/* One read; more comes with the next turn. */
enum { EVENTS_BUFFER = 64 * 1024 };

/* A tenth of what the kernel keeps for us comes in that time, if somebody is quick. */
enum { GATHER_MS = 5 };

/* Watches whose owner is not known yet; more are treated as lost events. */
enum { STRAYS_MAX = 64 };

enum { NAMES_MASK = IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_CLOSE_WRITE };
enum { GONE_MASK = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT };

struct watched {
	int wd;
	enum place place;
	struct mailbox *mailbox;
	struct file_event *events, **last;       /* of this read */
	struct file_event **from;        /* the last of them, when it is half of a rename */
	uint32_t cookie;
	bool lost;
};

struct watch_table {
	struct loop *loop;
	watch_events_fn *fn;
	struct watch watch;
	struct watched *list;
	size_t count, cap;
	struct stray { int wd; uint64_t at; } stray[STRAYS_MAX];
	size_t strays;
	uint64_t events;                 /* ever read */
	struct timer gathering;
};

static void events_ready(struct watch *w, unsigned events)
{
	struct watch_table *table = container_of(w, struct watch_table, watch);

	(void)events;
	loop_watch(table->loop, w, 0);
	timer_set(table->loop, &table->gathering, GATHER_MS);
	watch_drain(table);
}

static void gathered(struct timer *t)
{
	struct watch_table *w = container_of(t, struct watch_table, gathering);
	uint64_t before = w->events;

	watch_drain(w);
	if (w->events != before)
		timer_set(w->loop, t, GATHER_MS);
	else if (!loop_watch(w->loop, &w->watch, WATCH_READ))
		timer_set(w->loop, t, 1000);
}

struct watch_table *watch_new(struct loop *loop, watch_events_fn *fn)
{
	struct watch_table *w = mem_alloc(sizeof(*w));

	w->loop = loop;
	w->fn = fn;
	w->gathering.fire = gathered;
	w->watch = (struct watch){ .fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC),
				   .ready = events_ready };
	if (w->watch.fd < 0) {
		log_event(LEVEL_WARN, "store", "inotify is not to be had", log_errno(errno));
	} else if (!loop_watch(loop, &w->watch, WATCH_READ)) {
		close(w->watch.fd);
		w->watch.fd = -1;
	}
	return w;
}

void watch_free(struct watch_table *w)
{
	if (!w)
		return;
	if (w->watch.fd >= 0) {
		loop_watch(w->loop, &w->watch, 0);
		timer_clear(w->loop, &w->gathering);
		close(w->watch.fd);
	}
	free(w->list);
	free(w);
}

static bool is_local(const char *path)
{
	static const long local[] = {
		EXT4_SUPER_MAGIC, BTRFS_SUPER_MAGIC, TMPFS_MAGIC, F2FS_SUPER_MAGIC,
		OVERLAYFS_SUPER_MAGIC, XFS_SUPER_MAGIC, REISERFS_SUPER_MAGIC,
		0x2fc12fc1 /* ZFS */, 0xca451a4e /* bcachefs */, 0x3153464a /* JFS */,
	};
	struct statfs fs;

	if (statfs(path, &fs) != 0)
		return false;
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		if ((long)fs.f_type == local[i])
			return true;
	}
	return false;
}

static int add_watch(struct watch_table *w, const char *folder, int place)
{
	struct path path;

	path_make(&path, folder, place_name((enum place)place), "", "");
	return inotify_add_watch(w->watch.fd, path.at, NAMES_MASK | GONE_MASK | IN_ONLYDIR);
}

bool watch_add(struct watch_table *w, const char *folder, int wd[2])
{
	if (w->watch.fd < 0)
		return false;
	for (int place = PLACE_NEW; place <= PLACE_CUR; place++) {
		int before = wd[place];

		wd[place] = add_watch(w, folder, place);
		if (before >= 0 && before != wd[place])
			inotify_rm_watch(w->watch.fd, before);
		if (wd[place] < 0) {
			log_event(LEVEL_WARN, "store", "cannot watch a directory",
				  log_text("path", folder), log_errno(errno));
			watch_remove(w, wd);
			return false;
		}
	}
	return is_local(folder);
}

void watch_remove(struct watch_table *w, int wd[2])
{
	for (int i = 0; i < 2; i++) {
		if (wd[i] >= 0)
			inotify_rm_watch(w->watch.fd, wd[i]);
		wd[i] = -1;
	}
}

/* The kernel answers with the old number when it is the same directory. */
bool watch_holds(struct watch_table *w, const char *folder, const int wd[2])
{
	for (int place = PLACE_NEW; place <= PLACE_CUR; place++) {
		int now = add_watch(w, folder, place);

		if (now == wd[place])
			continue;
		if (now >= 0)
			inotify_rm_watch(w->watch.fd, now);
		return false;
	}
	return true;
}

uint64_t watch_now(const struct watch_table *w)
{
	return w->events;
}

bool watch_assign(struct watch_table *w, const int wd[2], struct mailbox *m, uint64_t since)
{
	bool early = false;

	for (int place = PLACE_NEW; place <= PLACE_CUR; place++) {
		if (wd[place] < 0)
			continue;
		if (w->count == w->cap) {
			w->cap = w->cap ? w->cap * 2 : 8;
			w->list = mem_grow(w->list, w->cap, sizeof(*w->list));
		}
		w->list[w->count++] = (struct watched){ .wd = wd[place], .mailbox = m,
							.place = (enum place)place };
		for (size_t i = 0; i < w->strays; i++) {
			if (w->stray[i].wd != wd[place])
				continue;
			early = early || w->stray[i].at > since;
			w->stray[i--] = w->stray[--w->strays];
		}
	}
	return !early;
}

void watch_unassign(struct watch_table *w, const struct mailbox *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->count; i++) {
		if (w->list[i].mailbox != m)
			w->list[kept++] = w->list[i];
	}
	w->count = kept;
}

static void lose_all(struct watch_table *w)
{
	for (size_t i = 0; i < w->count; i++)
		w->list[i].lost = true;
	w->strays = 0;
}

static void add_stray(struct watch_table *w, int wd)
{
	for (size_t i = 0; i < w->strays; i++) {
		if (w->stray[i].wd == wd) {
			w->stray[i].at = w->events;
			return;
		}
	}
	/* The oldest are forgotten: of folders that were closed long ago. */
	if (w->strays == STRAYS_MAX)
		memmove(w->stray, w->stray + 1, --w->strays * sizeof(w->stray[0]));
	w->stray[w->strays++] = (struct stray){ wd, w->events };
}

/* Where it went is known: of the name it had there is nothing to say. */
static void forget_half(struct watched *to, const struct file_event *made)
{
	struct file_event *half = *to->from;
	size_t len = file_base_len(made->name);

	if (file_base_len(half->name) != len || memcmp(half->name, made->name, len) != 0)
		return;
	to->last = to->from;
	free(half);
}

static void take_event(struct watch_table *w, const struct inotify_event *e)
{
	struct file_event *made;
	struct watched *to = NULL;
	size_t len = e->len ? strlen(e->name) : 0;

	w->events++;
	if (e->mask & IN_Q_OVERFLOW) {
		lose_all(w);
		return;
	}
	for (size_t i = 0; i < w->count && !to; i++)
		to = w->list[i].wd == e->wd ? &w->list[i] : NULL;
	if (!to) {
		if (!(e->mask & IN_IGNORED))
			add_stray(w, e->wd);
		return;
	}
	if (e->mask & (GONE_MASK | IN_IGNORED))
		to->lost = true;
	if (!(e->mask & NAMES_MASK) || (e->mask & IN_ISDIR) || len == 0 || len >= FILE_NAME)
		return;
	made = mem_alloc(sizeof(*made) + len + 1);
	memcpy(made->name, e->name, len + 1);
	made->place = to->place;
	made->appeared = (e->mask & (IN_MOVED_TO | IN_CREATE | IN_CLOSE_WRITE)) != 0;
	made->written = (e->mask & IN_CLOSE_WRITE) != 0;
	if (!to->events) {
		to->last = &to->events;
		to->from = NULL;
	}
	if (to->from && (e->mask & IN_MOVED_TO) && to->cookie == e->cookie)
		forget_half(to, made);
	to->from = e->mask & IN_MOVED_FROM ? to->last : NULL;
	to->cookie = e->cookie;
	*to->last = made;
	to->last = &made->next;
}

void watch_drain(struct watch_table *w)
{
	char *buffer;
	ssize_t n;

	if (w->watch.fd < 0)
		return;
	buffer = mem_grow(NULL, EVENTS_BUFFER, 1);
	while ((n = read(w->watch.fd, buffer, EVENTS_BUFFER)) > 0) {
		for (ssize_t at = 0; at < n; ) {
			const struct inotify_event *e = (const void *)(buffer + at);

			take_event(w, e);
			at += (ssize_t)(sizeof(*e) + e->len);
		}
	}
	free(buffer);
	/* fn may not change the list: it only asks the mail lane. */
	for (size_t i = 0; i < w->count; i++) {
		struct watched *to = &w->list[i];
		struct file_event *events = to->events;
		bool lost = to->lost;

		to->events = NULL;
		to->lost = false;
		if (events || lost)
			w->fn(to->mailbox, events, lost);
	}
}
