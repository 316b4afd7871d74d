/* A whole SMTP conversation: any bytes, in pieces whose sizes the input chooses.
 * What must hold: every reply line is well-formed, and no message ends but by
 * CR LF . CR LF or by its chunks. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "../support/fake_conn.h"
#include "smtp/smtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void recipient(void *ctx, const struct smtp_transaction *t, const struct smtp_path *to,
		      struct smtp_question *q)
{
	(void)ctx;
	(void)t;
	smtp_answer(q, &(struct smtp_verdict){ to->local[0] == 'n' ? 550 : 250, "2.1.5", to->text });
}

static void *begin(void *ctx, const struct smtp_transaction *t, struct smtp_feed *feed)
{
	(void)feed;
	assert(t->to_count > 0);
	return ctx;
}

static bool bytes(void *message, struct slice text)
{
	(void)message;
	for (size_t i = 0; i < text.len; i++)
		assert(text.at[i] != '\r');
	return true;
}

static void end(void *message, struct smtp_question *q)
{
	(void)message;
	smtp_answer(q, &(struct smtp_verdict){ 250, "2.0.0", "Saved" });
}

static void abandon(void *message) { (void)message; }
static void question_abandon(void *ctx, struct smtp_question *q) { (void)ctx; (void)q; }

static void check_replies(const char *text)
{
	while (*text) {
		const char *cr = strchr(text, '\r');

		assert(cr && cr[1] == '\n' && cr - text < 520);
		assert(text[0] >= '2' && text[0] <= '5' && (text[3] == ' ' || text[3] == '-'));
		for (; text < cr; text++)
			assert((unsigned char)*text >= ' ');
		text = cr + 2;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int here;
	struct smtp_server server = {
		.hostname = "mx.example.com", .domain = "example.com", .size_max = 5000, .recipients_max = 5,
		.backend = { &here, NULL, recipient, begin, bytes, end, abandon, question_abandon },
	};
	struct fake_conn *f = fake_conn_new(&smtp_protocol, &server, NULL);

	f->secure = true;
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
	check_replies(fake_conn_take(f));
	fake_conn_free(f);
	return 0;
}
