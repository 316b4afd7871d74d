/* PROXY headers: never reads past its header, and decides the same however the
 * bytes come. */
#include <assert.h>
#include <stdint.h>

#include "../../src/net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = { (const char *)data, size };
	struct address a, b;
	size_t used_all, used;
	enum proxy_result whole = proxy_read(all, &used_all, &a);

	assert(used_all <= size);
	for (size_t n = 0; n <= size; n++) {
		enum proxy_result r = proxy_read(slice_head(all, n), &used, &b);

		assert(used <= n);
		if (r != PROXY_NEED_MORE) {
			assert(r == whole && used == used_all);
			return 0;
		}
	}
	assert(whole == PROXY_NEED_MORE);
	return 0;
}
