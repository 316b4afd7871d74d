/* What SORT and THREAD make of strangers' headers.  Any header has keys that can be read
 * again; of any references come threads in which each message stands once. */
#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/imap/thread.h"
#include "base/mem.h"
#include "mime/keys.h"
#include "mime/message_id.h"
#include "mime/subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_keys(struct slice header)
{
	struct mime_keys *k = mem_alloc(sizeof(*k));
	struct buf packed;

	buf_init(&packed, KEYS_MAX);
	assert(mime_keys_write(&packed, header) && mime_keys_read(k, buf_slice(&packed)));
	for (size_t n = 0; n < packed.len; n += n / 4 + 1)
		assert(!mime_keys_read(k, slice_head(buf_slice(&packed), n)));
	buf_release(&packed);
	/* Anything may lie in an index. */
	mime_keys_read(k, header);
	free(k);
}

static void check_subject(struct slice subject)
{
	struct buf once, again;
	bool reply;

	buf_init(&once, subject.len + 1);
	buf_init(&again, subject.len + 1);
	assert(subject_base(&once, subject, &reply));
	assert(subject_base(&again, buf_slice(&once), &reply));
	assert(again.len <= once.len);
	buf_release(&once);
	buf_release(&again);
}

/* ---- Threads: of each message a byte of its number, one of its subject, its
 * references up to a byte of zero ---- */

static void check_printed(struct slice text, uint32_t count)
{
	unsigned char *seen = mem_alloc(count + 1);
	size_t depth = 0, numbers = 0;

	for (size_t i = 0; i < text.len; i++) {
		size_t n = 0;

		depth += text.at[i] == '(';
		assert(text.at[i] != ')' || depth > 0);
		depth -= text.at[i] == ')';
		if (!isdigit((unsigned char)text.at[i]))
			continue;
		for (; i < text.len && isdigit((unsigned char)text.at[i]); i++)
			n = n * 10 + (size_t)(text.at[i] - '0');
		i--;
		assert(n >= 1 && n <= count && !seen[n]);
		seen[n] = 1;
		numbers++;
	}
	assert(depth == 0 && numbers == count);
	free(seen);
}

static void check_threads(struct slice in, enum thread_algorithm algorithm)
{
	static const char subjects[] = "abcdefgh";
	struct mime_keys *k = mem_alloc(sizeof(*k));
	uint32_t numbers[2000], count = 0;
	struct threader t;
	struct buf out;

	threader_init(&t, algorithm);
	for (size_t i = 0; i + 3 < in.len && count < 2000;) {
		struct message_info m = { .received = in.at[i + 2] };

		memset(k, 0, sizeof(*k));
		k->id = (uint8_t)in.at[i];
		k->reply = in.at[i + 1] & 8;
		k->texts[KEYS_SUBJECT] = slice_make(subjects + (in.at[i + 1] & 7), in.at[i + 1] & 16 ? 1 : 0);
		for (i += 3; i < in.len && in.at[i] && k->reference_count < KEYS_REFERENCES_MAX; i++)
			k->references[k->reference_count++] = (uint8_t)in.at[i];
		i += i < in.len && !in.at[i];
		numbers[count] = count + 1;
		count++;
		threader_add(&t, &m, k);
	}
	while (!threader_step(&t, UINT64_MAX))
		;
	buf_init(&out, 1 << 20);
	while (!threader_print(&t, &out, out.len + 50, numbers))
		;
	check_printed(buf_slice(&out), count);
	buf_release(&out);
	threader_release(&t);
	free(k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data + 1, size - 1 };
	uint64_t id;

	if (size < 1 || size > 50000)
		return 0;
	switch (data[0] % 6) {
	case 0: check_keys(in); break;
	case 1: check_subject(in); break;
	case 2:
		while (message_id_next(&in, &id))
			assert(id);
		break;
	case 3: check_threads(in, THREAD_ORDEREDSUBJECT); break;
	case 4: check_threads(in, THREAD_REFERENCES); break;
	case 5: check_threads(in, THREAD_REFS); break;
	}
	return 0;
}
