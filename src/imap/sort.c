/*
 * A merge sort from the bottom up, since it can stop anywhere: runs are sorted by the
 * library, then merged two by two.  Most comparisons are settled by the first eight
 * bytes of the first criterion, which lie in the row itself.
 */
#include "sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
	RUN = 1024,              /* rows that are sorted at once: about a millisecond */
	BETWEEN_LOOKS = 4096,    /* rows merged between two looks at the clock */
};

struct sort_row {
	uint64_t head;           /* of the first criterion, to be compared as a number */
	const char *values;      /* of all criteria, one behind the other */
	uint32_t number;
};

static const struct {
	const char *name;
	bool display;
	int text;                /* enum keys_text; -1: a number */
} keys[SORT_KEYS] = {
	[SORT_ARRIVAL] = { "ARRIVAL", false, -1 },
	[SORT_CC] = { "CC", false, KEYS_CC },
	[SORT_DATE] = { "DATE", false, -1 },
	[SORT_FROM] = { "FROM", false, KEYS_FROM },
	[SORT_SIZE] = { "SIZE", false, -1 },
	[SORT_SUBJECT] = { "SUBJECT", false, KEYS_SUBJECT },
	[SORT_TO] = { "TO", false, KEYS_TO },
	[SORT_DISPLAYFROM] = { "DISPLAYFROM", true, KEYS_DISPLAY_FROM },
	[SORT_DISPLAYTO] = { "DISPLAYTO", true, KEYS_DISPLAY_TO },
};

/* ---- The program ---- */

static void add_criterion(struct sort_program *p, enum sort_key key, bool reverse)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->at[i].key == key)
			return;
	p->at[p->count++] = (struct sort_criterion){ key, reverse };
}

/* sort-criterion = ["REVERSE" SP] sort-key */
static bool parse_criterion(struct sort_program *p, struct imap_args *a, bool display)
{
	struct slice word;
	bool reverse;

	if (!args_atom(a, &word))
		return false;
	reverse = slice_is_nocase(word, "REVERSE");
	if (reverse && (!args_space(a) || !args_atom(a, &word)))
		return false;
	for (int i = 0; i < SORT_KEYS; i++) {
		if (!slice_is_nocase(word, keys[i].name) || (keys[i].display && !display))
			continue;
		add_criterion(p, (enum sort_key)i, reverse);
		return true;
	}
	return args_want(a, "a sort criterion");
}

bool sort_program_parse(struct sort_program *out, struct imap_args *a, bool display)
{
	*out = (struct sort_program){ .count = 0 };
	if (!args_char(a, '('))
		return false;
	do {
		if (!parse_criterion(out, a, display))
			return false;
	} while (args_peek(a, ' ') && args_space(a));
	return args_char(a, ')');
}

/* ---- Rows ---- */

void sorter_init(struct sorter *s, const struct sort_program *program)
{
	*s = (struct sorter){ .program = *program };
	s->values = arena_new(SORT_VALUES_MAX);
}

void sorter_release(struct sorter *s)
{
	arena_free(s->values);
	free(s->rows);
	free(s->spare);
	*s = (struct sorter){ .values = NULL };
}

int64_t sort_sent(const struct message_info *m, const struct mime_keys *k)
{
	return k->has_date ? k->sent : m->received;
}

static int64_t number_of(enum sort_key key, const struct message_info *m,
			 const struct mime_keys *k)
{
	switch (key) {
	case SORT_DATE:
		return sort_sent(m, k);
	case SORT_SIZE:
		return m->size < INT64_MAX ? (int64_t)m->size : INT64_MAX;
	default:
		return m->received;
	}
}

static uint64_t text_head(struct slice text)
{
	uint64_t head = 0;

	for (size_t i = 0; i < 8; i++)
		head = head << 8 | (i < text.len ? (uint8_t)text.at[i] : 0);
	return head;
}

static size_t values_size(const struct sort_program *p, const struct mime_keys *k)
{
	size_t size = 0;

	for (size_t i = 0; i < p->count; i++) {
		int text = keys[p->at[i].key].text;

		size += text < 0 ? sizeof(int64_t) : sizeof(uint16_t) + k->texts[text].len;
	}
	return size;
}

void sorter_add(struct sorter *s, uint32_t number, const struct message_info *m,
		const struct mime_keys *k)
{
	const struct sort_program *p = &s->program;
	const size_t size = values_size(p, k);
	struct sort_row *row;
	char *values, *at;

	s->too_much = s->too_much || arena_room(s->values) < size;
	if (s->too_much)
		return;
	values = at = arena_get(s->values, size);
	if (s->count == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 64;
		s->rows = mem_grow(s->rows, s->cap, sizeof(*s->rows));
	}
	row = &s->rows[s->count++];
	*row = (struct sort_row){ .values = values, .number = number };
	for (size_t i = 0; i < p->count; i++) {
		int text = keys[p->at[i].key].text;
		uint64_t head;

		if (text < 0) {
			int64_t value = number_of(p->at[i].key, m, k);

			memcpy(at, &value, sizeof(value));
			at += sizeof(value);
			head = (uint64_t)value ^ UINT64_C(1) << 63;
		} else {
			uint16_t len = (uint16_t)k->texts[text].len;

			memcpy(at, &len, sizeof(len));
			if (len)
				memcpy(at + sizeof(len), k->texts[text].at, len);
			at += sizeof(len) + len;
			head = text_head(k->texts[text]);
		}
		if (i == 0)
			row->head = p->at[i].reverse ? ~head : head;
	}
}

/* Takes one value of each and moves behind them. */
static int compare_values(const char **a, const char **b, bool text)
{
	uint16_t x, y;
	int64_t m, n;
	int order;

	if (!text) {
		memcpy(&m, *a, sizeof(m));
		memcpy(&n, *b, sizeof(n));
		*a += sizeof(m);
		*b += sizeof(n);
		return (m > n) - (m < n);
	}
	memcpy(&x, *a, sizeof(x));
	memcpy(&y, *b, sizeof(y));
	order = memcmp(*a + sizeof(x), *b + sizeof(y), x < y ? x : y);
	*a += sizeof(x) + x;
	*b += sizeof(y) + y;
	return order ? order : (x > y) - (x < y);
}

static int compare(const void *left, const void *right, void *program)
{
	const struct sort_row *x = left, *y = right;
	const struct sort_program *p = program;
	const char *a = x->values, *b = y->values;

	if (x->head != y->head)
		return x->head < y->head ? -1 : 1;
	for (size_t i = 0; i < p->count; i++) {
		int order = compare_values(&a, &b, keys[p->at[i].key].text >= 0);

		if (order)
			return p->at[i].reverse ? -order : order;
	}
	return (x->number > y->number) - (x->number < y->number);
}

/* ---- Sorting ---- */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool sort_runs(struct sorter *s, uint64_t until)
{
	while (s->from < s->count) {
		size_t n = least(RUN, s->count - s->from);

		if (clock_mono_ms() >= until)
			return false;
		qsort_r(s->rows + s->from, n, sizeof(*s->rows), compare, &s->program);
		s->from += n;
	}
	s->spare = mem_array(s->count ? s->count : 1, sizeof(*s->spare));
	s->width = RUN;
	s->from = s->left = s->to = 0;
	s->right = least(RUN, s->count);
	return true;
}

/* The two runs at `from`, into `spare`.  False: it is time to stop. */
static bool merge(struct sorter *s, uint64_t until)
{
	size_t middle = least(s->from + s->width, s->count);
	size_t end = least(middle + s->width, s->count);

	while (s->to < end) {
		bool take_left = s->left < middle &&
				 (s->right == end || compare(&s->rows[s->left], &s->rows[s->right],
							     &s->program) < 0);

		s->spare[s->to++] = s->rows[take_left ? s->left++ : s->right++];
		if (s->to % BETWEEN_LOOKS == 0 && clock_mono_ms() >= until)
			return s->to == end;
	}
	return true;
}

bool sorter_step(struct sorter *s, uint64_t until)
{
	if (!s->width && !sort_runs(s, until))
		return false;
	while (s->width < s->count) {
		if (!merge(s, until))
			return false;
		if (s->to == s->count) {
			struct sort_row *merged = s->spare;

			s->spare = s->rows;
			s->rows = merged;
			s->to = 0;
			s->width *= 2;
		}
		s->from = s->left = s->to;
		s->right = least(s->from + s->width, s->count);
	}
	return true;
}

uint32_t sorter_number(const struct sorter *s, size_t at)
{
	return s->rows[at].number;
}
