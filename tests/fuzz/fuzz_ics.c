/* Any bytes are some lines: unfolded and parsed they can be written, what is written
 * is strict, and reading that gives the same again.  Cleaned texts stay as they are. */
#include <assert.h>
#include <stdint.h>

#include "../../src/calendar/ics.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES = 100000, ROOM = 64 << 20 };

static struct ics_comp *read_text(struct arena *a, struct slice text)
{
	struct buf lines;
	struct ics_comp *root;

	buf_init(&lines, ROOM);
	assert(ics_unfold(&lines, text));
	root = ics_parse(a, arena_copy(a, buf_slice(&lines)), LINES);
	buf_release(&lines);
	return root;
}

/* What stands in a strict file: names that need no fold (none has half of that), values
 * without line ends. */
static void make_strict(struct arena *a, struct ics_comp *c)
{
	c->name = ics_param_clean(a, c->name, 40);
	if (c->name.len == 0)
		c->name = SLICE("X");
	for (struct ics_prop *p = c->props; p; p = p->next) {
		p->name = slice_head(p->name, 40);
		/* "END;X:VEVENT" */
		if (slice_is_nocase(p->name, "BEGIN") || slice_is_nocase(p->name, "END"))
			p->name = SLICE("X");
		p->value = ics_text_clean(a, p->value, 2000, false);
		assert(slice_equal(ics_text_clean(a, p->value, 2000, false), p->value));
		for (struct ics_param *q = p->params; q; q = q->next) {
			q->value = ics_param_clean(a, q->value, 200);
			assert(slice_equal(ics_param_clean(a, q->value, 200), q->value));
		}
	}
	for (struct ics_comp *child = c->children; child; child = child->next)
		make_strict(a, child);
}

static void check_lines(struct slice text)
{
	while (text.len) {
		size_t n = slice_find(text, '\n');

		assert(n > 0 && n < text.len && text.at[n - 1] == '\r' && n - 1 <= 75);
		text = slice_from(text, n + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(ROOM);
	struct ics_comp *root = read_text(a, slice_make((const char *)data, size));
	struct buf first, second;

	buf_init(&first, ROOM);
	buf_init(&second, ROOM);
	make_strict(a, root);
	for (const struct ics_comp *c = root->children; c; c = c->next)
		assert(ics_print(&first, c));
	check_lines(buf_slice(&first));
	assert(text_is_utf8(buf_slice(&first)));
	root = read_text(a, buf_slice(&first));
	for (const struct ics_comp *c = root->children; c; c = c->next)
		assert(ics_print(&second, c));
	assert(slice_equal(buf_slice(&first), buf_slice(&second)));
	buf_release(&first);
	buf_release(&second);
	arena_free(a);
	return 0;
}
