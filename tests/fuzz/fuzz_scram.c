/* What a stranger says in AUTHENTICATE: the messages of SCRAM, and names and passwords
 * through SASLprep.  The lines of the input are the exchange. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "../../src/auth/saslprep.h"
#include "../../src/auth/scram_private.h"
#include "auth/scram.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice line(struct slice *rest)
{
	size_t end = slice_find(*rest, '\n');
	struct slice is = slice_head(*rest, end);

	*rest = slice_from(*rest, end + 1);
	return is;
}

static void prepare(struct slice text)
{
	struct buf once, again;

	buf_init(&once, 1 << 20);
	buf_init(&again, 1 << 20);
	if (saslprep(&once, text)) {
		assert(text_is_utf8(buf_slice(&once)));
		if (saslprep(&again, buf_slice(&once)))
			assert(slice_equal(buf_slice(&once), buf_slice(&again)));
	}
	buf_release(&once);
	buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct scram_keys keys = { .salt = { 1 } };
	struct slice rest = { (const char *)data + 1, size - 1 }, first;
	struct scram *x;
	struct buf reply;

	if (size < 1 || size > 20000)
		return 0;
	x = scram_new(&(struct scram_options){
		.plus = data[0] & 1, .plus_offered = data[0] & 2,
		.exporter = data[0] & 4 ? SLICE("01234567890123456789012345678901") : SLICE(""),
		.end_point = data[0] & 8 ? SLICE("abcdefghijklmnopqrstuvwxyzabcdef") : SLICE(""),
	});
	buf_init(&reply, 4096);
	first = line(&rest);
	if (scram_read_first(x, first) == SCRAM_GOOD) {
		prepare(slice_of(scram_user(x)));
		assert(scram_write_first(x, &keys, SLICE("salt"), SLICE("nonce"), &reply));
		if (scram_final(x, line(&rest)) == SCRAM_GOOD)
			assert(!scram_proof_fits(x));
	}
	prepare(first);
	buf_release(&reply);
	scram_free(x);
	return 0;
}
