/*
 * Why the keys come in batches that are copied: the index is locked while it is read,
 * and making what it lacks reads a file.
 */
#include "order_job.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"

enum { BATCH = 1000 };                   /* asked of the index at once */

struct order_row {
	uint32_t uid;
	size_t at, len;                  /* in `bytes` */
};

static void work(struct job *job);

struct order_job *order_job_new(enum order_kind kind)
{
	struct order_job *j = mem_alloc(sizeof(*j));

	j->job.work = work;
	j->kind = kind;
	j->rows = mem_array(BATCH, sizeof(*j->rows));
	buf_init(&j->bytes, (size_t)BATCH * KEYS_MAX);
	buf_init(&j->made, KEYS_MAX);
	return j;
}

void order_job_free(struct order_job *j)
{
	if (!j)
		return;
	if (j->kind == ORDER_SORT)
		sorter_release(&j->sorter);
	if (j->kind == ORDER_THREAD)
		threader_release(&j->threader);
	if (j->reader)
		reader_free(j->reader);
	snapshot_drop(j->view);
	buf_release(&j->bytes);
	buf_release(&j->made);
	free(j->rows);
	free(j->found);
	free(j);
}

void order_job_begin(struct order_job *j, struct mailbox *m, const struct snapshot *view,
		     uint32_t *found, size_t count)
{
	j->view = snapshot_hold(view);
	j->reader = reader_new(m, view);
	j->found = found;
	j->count = count;
}

/* ---- Keys ---- */

static void keep_row(void *ctx, uint32_t uid, uint64_t thread, struct slice keys)
{
	struct order_job *j = ctx;
	struct order_row *row = &j->rows[j->row_count];

	(void)thread;
	*row = (struct order_row){ uid, j->bytes.len, keys.len };
	/* What does not fit is none of ours and is made again. */
	if (buf_add(&j->bytes, keys))
		j->row_count++;
}

static void next_batch(struct order_job *j, uint32_t uid)
{
	unsigned most = j->count - j->at < BATCH ? (unsigned)(j->count - j->at) : BATCH;

	buf_clear(&j->bytes);
	j->row = j->row_count = 0;
	reader_keys(j->reader, uid, most, keep_row, j);
	j->last_batch = j->row_count == 0;
}

/* Its keys as the index has them; at NULL: it has none. */
static struct slice find_row(struct order_job *j, uint32_t uid)
{
	while (j->row < j->row_count && j->rows[j->row].uid < uid)
		j->row++;
	if (j->row == j->row_count && !j->last_batch)
		next_batch(j, uid);
	if (j->row == j->row_count || j->rows[j->row].uid != uid)
		return slice_make(NULL, 0);
	return slice_from(slice_head(buf_slice(&j->bytes), j->rows[j->row].at + j->rows[j->row].len),
			  j->rows[j->row].at);
}

/* A message that cannot be read (any more) has a date and no header. */
static void take_keys(struct order_job *j, struct mime_keys *k, uint32_t uid)
{
	struct slice keys = find_row(j, uid);

	if (keys.at && mime_keys_read(k, keys))
		return;
	buf_clear(&j->made);
	j->made_count++;
	if (reader_text(j->reader, uid, READER_KEYS, &j->made) == STORE_OK &&
	    mime_keys_read(k, buf_slice(&j->made)))
		return;
	*k = (struct mime_keys){ .id = 0 };
}

static bool is_over(const struct order_job *j)
{
	return (j->kind == ORDER_SORT && j->sorter.too_much) ||
	       (j->kind == ORDER_THREAD && j->threader.too_many);
}

static bool gather(struct order_job *j, uint64_t until)
{
	struct mime_keys k;

	while (j->at < j->count && !is_over(j)) {
		uint32_t seq = j->found[j->at];
		struct message_info m = snapshot_message(j->view, seq);

		if (clock_mono_ms() >= until)
			return false;
		take_keys(j, &k, m.uid);
		j->at++;
		if (j->kind == ORDER_SORT)
			sorter_add(&j->sorter, seq, &m, &k);
		else if (j->kind == ORDER_THREAD)
			threader_add(&j->threader, &m, &k);
		j->keys_full = reader_has_much(j->reader);
		if (j->keys_full)
			return false;
	}
	return true;
}

static void work(struct job *job)
{
	struct order_job *j = container_of(job, struct order_job, job);
	uint64_t until = clock_mono_ms() + ORDER_SLICE_MS;

	if (!gather(j, until))
		return;
	if (j->kind == ORDER_SORT && !sorter_step(&j->sorter, until))
		return;
	if (j->kind == ORDER_THREAD && !threader_step(&j->threader, until))
		return;
	j->over = is_over(j);
	for (size_t i = 0; j->kind == ORDER_SORT && !j->over && i < j->count; i++)
		j->found[i] = sorter_number(&j->sorter, i);
	j->finished = true;
}
