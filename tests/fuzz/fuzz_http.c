/* A whole HTTP conversation: any bytes in any pieces; every answer that comes out
 * is one, and its length is the one that was announced. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "../support/fake_conn.h"
#include "http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(void *ctx, struct http_request *r)
{
	(void)ctx;
	http_respond(r, &(struct http_response){
		.status = 200, .type = "text/plain", .body = SLICE("hello"), .etag = "\"a\"",
		.modified = 1000000000,
	});
}

static const struct http_route routes[] = {
	{ .path = "/a", .open = true, .run = run },
	{ .path = "/b/*", .open = true, .run = run },
	{ .path = NULL }
};

static void check(const char *text)
{
	while (*text) {
		const char *end = strstr(text, "\r\n\r\n"), *length = strstr(text, "Content-Length: ");

		assert(strncmp(text, "HTTP/1.1 ", 9) == 0 && end);
		text = end + 4;
		/* HEAD and 304 announce a body that does not come. */
		if (length && length < end && strncmp(text, "HTTP/1.1 ", 9) != 0 && *text) {
			unsigned long n = strtoul(length + 16, NULL, 10);

			assert(strlen(text) >= n);
			text += n;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_server server = { .realm = "x", .routes = routes };
	struct fake_conn *f = fake_conn_new(&http_protocol, &server, NULL);

	fake_conn_open(f);
	while (size > 1 && !f->finished) {
		size_t n = 1 + data[0] % 64;

		data++;
		size--;
		n = n < size ? n : size;
		fake_conn_feed(f, slice_make((const char *)data, n));
		data += n;
		size -= n;
	}
	check(fake_conn_take(f));
	fake_conn_free(f);
	return 0;
}
