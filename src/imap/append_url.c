/*
 * A part of a stored message on its way into a new one: found by its URL and read on
 * the readers lane, a slice at a time, while the command adds the slice before to its
 * spool.  A slice is what a spool keeps in memory before it goes to the disk, so a
 * piece of any size takes that much.
 */
#include "append_url.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/mem.h"
#include "body.h"
#include "net/lane.h"
#include "store/reader.h"
#include "url.h"

enum {
	SLICE_BYTES = 128 * 1024,        /* then others on the lane have their turn */
	SLICE_MAX = 2 * SLICE_BYTES,     /* the last piece goes over it */
	URL_MEMORY = 64 * 1024,          /* what a URL of 8 KiB is taken apart into */
};

struct url_copy {
	struct job job;
	struct arena *keep;              /* of the URL */
	struct imap_url url;
	struct mailbox *m;
	struct reader *reader;
	struct body body;
	uint64_t size;
	bool found;                      /* the part is open */
	bool running;                    /* the job is on its lane */
	struct buf out;
	bool good;
};

static void free_all(struct url_copy *c)
{
	if (c->reader)
		reader_free(c->reader);
	mailbox_release(c->m);
	body_release(&c->body);
	buf_release(&c->out);
	arena_free(c->keep);
	free(c);
}

void url_copy_free(struct url_copy *c)
{
	if (!c)
		return;
	if (c->running)
		job_abandon(&c->job);
	else
		free_all(c);
}

/* ---- The readers lane ---- */

static bool find(struct url_copy *c)
{
	if (reader_open(c->reader, c->url.uid) != STORE_OK ||
	    body_open(&c->body, c->reader, &c->url.section, false, false) != BODY_FOUND)
		return false;
	if (c->url.partial)
		body_partial(&c->body, c->url.start, c->url.count);
	c->size = c->body.left;
	c->found = true;
	return true;
}

static void work(struct job *job)
{
	struct url_copy *c = container_of(job, struct url_copy, job);
	bool good = c->found || find(c);

	while (good && c->body.left && c->out.len < SLICE_BYTES)
		good = body_more(&c->body, &c->out);
	c->good = good && !c->out.overflow;
}

/* ---- The loop ---- */

static void done(struct job *job)
{
	struct url_copy *c = container_of(job, struct url_copy, job);

	c->running = false;
	if (job->owner)
		imap_command_resume(job->owner);
	else
		free_all(c);
}

bool url_copy_more(struct url_copy *c)
{
	buf_clear(&c->out);
	c->running = reader_submit(c->reader, &c->job);
	return c->running;
}

struct url_copy *url_copy_new(struct imap_session *s, struct slice url)
{
	struct url_copy *c = mem_alloc(sizeof(*c));

	c->job.work = work;
	c->job.done = done;
	c->job.owner = s;
	c->keep = arena_new(URL_MEMORY);
	body_init(&c->body);
	buf_init(&c->out, SLICE_MAX);
	if (imap_url_parse(&c->url, url, c->keep))
		return c;
	free_all(c);
	return NULL;
}

const char *url_copy_mailbox(const struct url_copy *c)
{
	return c->url.mailbox;
}

bool url_copy_open(struct url_copy *c, struct mailbox *m)
{
	const struct snapshot *newest = mailbox_newest(m);

	c->m = m;
	c->reader = reader_new(m, newest);
	return !c->url.uid_validity || c->url.uid_validity == snapshot_uid_validity(newest);
}

bool url_copy_take(const struct url_copy *c, struct slice *octets, uint64_t *size, bool *end)
{
	*octets = buf_slice(&c->out);
	*size = c->size;
	*end = !c->body.left;
	return c->good;
}
