/*
 * What a hundred clients fetch every quarter of an hour is made once: the compressed
 * form, and the tags by which most of them learn that nothing has changed.
 */
#include "published.h"

#include <stdio.h>
#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/list.h"
#include "base/mem.h"
#include "state.h"

enum { GZIP_WINDOW = 15 + 16 };          /* zlib: a gzip wrapper */

/* Nothing when zlib has no memory: the plain form is served then. */
static void compress_feed(struct buf *out, struct slice in)
{
	z_stream z = { .zalloc = NULL };
	size_t most;

	if (deflateInit2(&z, 6, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return;
	most = deflateBound(&z, in.len);
	buf_init(out, most);
	buf_reserve(out, most);
	z.next_in = (const Bytef *)in.at;
	z.avail_in = (uInt)in.len;
	z.next_out = (Bytef *)out->data;
	z.avail_out = (uInt)most;
	if (deflate(&z, Z_FINISH) == Z_STREAM_END)
		out->len = most - z.avail_out;
	deflateEnd(&z);
	buf_shrink(out);
}

static void remember_file(struct published *p, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return;
	p->dev = st.st_dev;
	p->ino = st.st_ino;
	p->mtime = st.st_mtim;
	p->feed.modified = st.st_mtim.tv_sec;
}

struct published *published_new(struct buf *ics, struct buf *state, unsigned events,
				const char *path)
{
	struct published *p = mem_alloc(sizeof(*p));
	char digest[STATE_DIGEST];

	p->holders = 1;
	p->ics = *ics;
	p->state = *state;
	buf_init(ics, 0);
	buf_init(state, 0);
	buf_shrink(&p->ics);
	buf_shrink(&p->state);
	buf_init(&p->gzip, 0);
	compress_feed(&p->gzip, buf_slice(&p->ics));
	state_digest(digest, buf_slice(&p->ics));
	snprintf(p->etag, sizeof(p->etag), "\"%s\"", digest);
	snprintf(p->etag_gzip, sizeof(p->etag_gzip), "\"%s-gzip\"", digest);
	p->feed = (struct calendar_feed){
		.ics = buf_slice(&p->ics),
		.gzip = buf_slice(&p->gzip),
		.etag = p->etag,
		.etag_gzip = p->etag_gzip,
		.events = events,
	};
	remember_file(p, path);
	return p;
}

struct published *published_of(const struct calendar_feed *feed)
{
	/* Feeds are handed out as const; what is counted is ours. */
	return (struct published *)((uintptr_t)feed - offsetof(struct published, feed));
}

void published_drop(struct published *p)
{
	if (!p || --p->holders > 0)
		return;
	buf_release(&p->ics);
	buf_release(&p->gzip);
	buf_release(&p->state);
	free(p);
}

bool published_is_at(const struct published *p, const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == p->dev && st.st_ino == p->ino &&
	       st.st_mtim.tv_sec == p->mtime.tv_sec && st.st_mtim.tv_nsec == p->mtime.tv_nsec &&
	       (size_t)st.st_size == p->ics.len;
}
