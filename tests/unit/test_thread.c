/*
 * Threads: tables of small mailboxes, and random ones (with cycles, missing and double
 * IDs) held against a slow model that does what RFC 5256 says, step by step.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/imap/thread.h"
#include "base/clock.h"
#include "base/mem.h"

struct letter {
	uint64_t id;
	const char *subject;
	bool reply;
	int64_t date;
	unsigned refs;
	uint64_t ref[6];
};

enum { MOST = 40, OUT = 4000 };

static void run(enum thread_algorithm algorithm, const struct letter *all, uint32_t count,
		size_t piece, char out[OUT])
{
	uint32_t numbers[MOST];
	struct threader t;
	struct buf text;

	threader_init(&t, algorithm);
	for (uint32_t i = 0; i < count; i++) {
		struct message_info m = { .received = all[i].date };
		struct mime_keys k = { .id = all[i].id, .reply = all[i].reply,
				       .reference_count = all[i].refs };

		memcpy(k.references, all[i].ref, sizeof(all[i].ref));
		k.texts[KEYS_SUBJECT] = slice_of(all[i].subject);
		threader_add(&t, &m, &k);
		numbers[i] = i + 1;
	}
	while (!threader_step(&t, clock_mono_ms() + 1))
		;
	buf_init(&text, OUT - 1);
	for (size_t enough = piece; !threader_print(&t, &text, enough, numbers); enough += piece)
		;
	memcpy(out, text.len ? text.data : "", text.len);
	out[text.len] = '\0';
	buf_release(&text);
	threader_release(&t);
}

/* ---- The model ---- */

struct m_node {
	bool dummy, there;
	uint64_t id;
	int letter;              /* -1: a dummy */
	int parent;              /* -1: none; 0 is the root */
};

struct model {
	const struct letter *letters;
	struct m_node n[MOST * 8 + 10];
	int count;
	char *out;
};

static int m_add(struct model *m, uint64_t id, int letter)
{
	m->n[m->count] = (struct m_node){ .dummy = letter < 0, .there = true, .id = id,
					  .letter = letter, .parent = -1 };
	return m->count++;
}

static int m_find(struct model *m, uint64_t id)
{
	for (int i = 1; i < m->count; i++)
		if (m->n[i].id == id)
			return i;
	return m_add(m, id, -1);
}

static bool m_is_below(const struct model *m, int node, int above)
{
	for (; node > 0; node = m->n[node].parent)
		if (node == above)
			return true;
	return false;
}

static int m_children(const struct model *m, int of, int list[])
{
	int count = 0;

	for (int i = 1; i < m->count; i++)
		if (m->n[i].there && m->n[i].parent == of)
			list[count++] = i;
	return count;
}

static int m_before(const struct model *m, int a, int b);

static int m_sorted(const struct model *m, int of, int list[])
{
	int count = m_children(m, of, list);

	for (int i = 1; i < count; i++)
		for (int k = i; k > 0 && m_before(m, list[k], list[k - 1]); k--) {
			int swap = list[k];

			list[k] = list[k - 1];
			list[k - 1] = swap;
		}
	return count;
}

/* The message itself, or a dummy's first child. */
static int m_first(const struct model *m, int node)
{
	int list[MOST * 8];

	if (!m->n[node].dummy)
		return m->n[node].letter;
	m_sorted(m, node, list);
	return m_first(m, list[0]);
}

static int m_before(const struct model *m, int a, int b)
{
	int x = m_first(m, a), y = m_first(m, b);

	if (m->letters[x].date != m->letters[y].date)
		return m->letters[x].date < m->letters[y].date;
	return x < y;
}

static void m_link(struct model *m, int parent, int child)
{
	if (!m_is_below(m, parent, child))
		m->n[child].parent = parent;
}

static void m_steps_1_2(struct model *m, int count)
{
	for (int i = 0; i < count; i++) {
		bool taken = m->letters[i].id == 0;

		for (int k = 1; k < m->count; k++)
			taken |= m->n[k].id == m->letters[i].id;
		m_add(m, taken ? 1000000 + (uint64_t)i : m->letters[i].id, i);
	}
	for (int i = 0; i < count; i++) {
		const struct letter *l = &m->letters[i];
		int last = -1;

		for (unsigned r = 0; r < l->refs; r++) {
			int next = m_find(m, l->ref[r]);

			if (last > 0 && m->n[next].parent < 0)
				m_link(m, last, next);
			last = next;
		}
		m->n[i + 1].parent = -1;
		if (last > 0)
			m_link(m, last, i + 1);
	}
	for (int i = 1; i < m->count; i++)
		if (m->n[i].parent < 0)
			m->n[i].parent = 0;
}

static void m_prune(struct model *m, int of)
{
	int list[MOST * 8], count = m_children(m, of, list), inner[MOST * 8];

	for (int i = 0; i < count; i++)
		m_prune(m, list[i]);
	for (int i = 0; i < count; i++) {
		int below = m_children(m, list[i], inner);

		if (!m->n[list[i]].dummy || (of == 0 && below > 1))
			continue;
		m->n[list[i]].there = false;
		for (int k = 0; k < below; k++)
			m->n[inner[k]].parent = of;
	}
}

static void m_merge(struct model *m)
{
	int roots[MOST * 8], count = m_sorted(m, 0, roots), table[MOST], entries = 0;
	const char *subject[MOST * 8], *names[MOST];

	for (int i = 0; i < count; i++) {
		int k = 0;

		subject[i] = m->letters[m_first(m, roots[i])].subject;
		if (!subject[i][0])
			continue;
		while (k < entries && strcmp(names[k], subject[i]) != 0)
			k++;
		if (k == entries) {
			names[entries] = subject[i];
			table[entries++] = roots[i];
		} else if (!m->n[table[k]].dummy &&
			   (m->n[roots[i]].dummy ||
			    (m->letters[m->n[table[k]].letter].reply &&
			     !m->letters[m->n[roots[i]].letter].reply))) {
			table[k] = roots[i];
		}
	}
	for (int i = 0; i < count; i++) {
		int k = 0, cur = roots[i], inner[MOST * 8];

		while (k < entries && strcmp(names[k], subject[i]) != 0)
			k++;
		/* One that is no child of the root any more was merged already. */
		if (!subject[i][0] || table[k] == cur || m->n[cur].parent != 0)
			continue;
		if (m->n[cur].dummy) {
			int below = m_children(m, cur, inner);

			assert_true(m->n[table[k]].dummy);
			for (int c = 0; c < below; c++)
				m->n[inner[c]].parent = table[k];
			m->n[cur].there = false;
		} else if (m->n[table[k]].dummy || (m->letters[m->n[cur].letter].reply &&
						    !m->letters[m->n[table[k]].letter].reply)) {
			m->n[cur].parent = table[k];
		} else {
			int both = m_add(m, 0, -1);

			m->n[both].parent = 0;
			m->n[cur].parent = m->n[table[k]].parent = both;
			table[k] = both;
		}
	}
}

static void m_print(struct model *m, int node)
{
	int list[MOST * 8], count = m_sorted(m, node, list);

	if (!m->n[node].dummy)
		sprintf(m->out + strlen(m->out), "%d", m->n[node].letter + 1);
	if (count && !m->n[node].dummy)
		strcat(m->out, " ");
	if (count == 1) {
		m_print(m, list[0]);
		return;
	}
	for (int i = 0; i < count; i++) {
		strcat(m->out, "(");
		m_print(m, list[i]);
		strcat(m->out, ")");
	}
}

static int m_latest(const struct model *m, int node)
{
	int best = m->n[node].dummy ? -1 : m->n[node].letter, list[MOST * 8];
	int count = m_children(m, node, list);

	for (int i = 0; i < count; i++) {
		int other = m_latest(m, list[i]);

		if (best < 0 || m->letters[other].date > m->letters[best].date ||
		    (m->letters[other].date == m->letters[best].date && other > best))
			best = other;
	}
	return best;
}

static void model_run(enum thread_algorithm algorithm, const struct letter *all, int count,
		      char out[OUT])
{
	struct model *m = mem_alloc(sizeof(*m));
	int roots[MOST * 8], n;

	m->letters = all;
	m->out = out;
	m->count = 1;
	m->n[0].dummy = true;
	m->n[0].parent = -1;
	out[0] = '\0';
	m_steps_1_2(m, count);
	m_prune(m, 0);
	if (algorithm == THREAD_REFERENCES)
		m_merge(m);
	n = m_sorted(m, 0, roots);
	for (int i = 1; algorithm == THREAD_REFS && i < n; i++)
		for (int k = i; k > 0; k--) {
			int a = m_latest(m, roots[k - 1]), b = m_latest(m, roots[k]), swap = roots[k];

			if (all[a].date < all[b].date || (all[a].date == all[b].date && a < b))
				break;
			roots[k] = roots[k - 1];
			roots[k - 1] = swap;
		}
	for (int i = 0; i < n; i++) {
		strcat(out, "(");
		m_print(m, roots[i]);
		strcat(out, ")");
	}
	free(m);
}

/* ---- Tests ---- */

static void tables(void **state)
{
	static const struct { const char *want; enum thread_algorithm algorithm;
			      struct letter all[6]; } rows[] = {
		{ "", THREAD_REFERENCES, { { 0 } } },
		/* RFC 5256 4: chain, split, a parent that is not there. */
		{ "(1 2 (3 4)(5))", THREAD_REFERENCES, {
			{ 1, "a", false, 1, 0, { 0 } }, { 2, "a", true, 2, 1, { 1 } },
			{ 3, "a", true, 3, 2, { 1, 2 } }, { 4, "a", true, 4, 1, { 3 } },
			{ 5, "a", true, 5, 2, { 1, 2 } } } },
		{ "((1)(2))", THREAD_REFERENCES, {
			{ 1, "a", false, 1, 1, { 9 } }, { 2, "b", false, 2, 1, { 9 } } } },
		{ "(1 2)", THREAD_REFERENCES, {
			{ 1, "a", false, 1, 1, { 9 } }, { 2, "b", false, 2, 1, { 1 } } } },
		/* Inner dummies go, their children stay. */
		{ "(1 (2)(3))", THREAD_REFERENCES, {
			{ 1, "a", false, 1, 0, { 0 } }, { 2, "b", false, 2, 3, { 1, 8, 9 } },
			{ 3, "c", false, 3, 2, { 1, 9 } } } },
		/* (5): a reply without references, two of one subject, one of each. */
		{ "(1 2)", THREAD_REFERENCES, {
			{ 1, "a", false, 1, 0, { 0 } }, { 2, "a", true, 2, 0, { 0 } } } },
		{ "((1)(2))", THREAD_REFERENCES, {
			{ 1, "a", false, 1, 0, { 0 } }, { 2, "a", false, 2, 0, { 0 } } } },
		{ "((1)(2))", THREAD_REFERENCES, {
			{ 1, "a", true, 1, 0, { 0 } }, { 2, "a", true, 2, 0, { 0 } } } },
		{ "(2 1)", THREAD_REFERENCES, {
			{ 1, "a", true, 1, 0, { 0 } }, { 2, "a", false, 2, 0, { 0 } } } },
		{ "(1)(2)", THREAD_REFERENCES, {
			{ 1, "", false, 1, 0, { 0 } }, { 2, "", true, 2, 0, { 0 } } } },
		{ "((1)(2)(3)(4))", THREAD_REFERENCES, {
			{ 1, "a", false, 1, 1, { 8 } }, { 2, "b", false, 2, 1, { 8 } },
			{ 3, "a", false, 3, 1, { 9 } }, { 4, "c", false, 4, 1, { 9 } } } },
		/* REFS does none of that, and goes by the latest. */
		{ "(2)(1 3)", THREAD_REFS, {
			{ 1, "a", false, 1, 0, { 0 } }, { 2, "a", false, 2, 0, { 0 } },
			{ 3, "b", false, 3, 1, { 1 } } } },
		{ "(2)((1)(3))", THREAD_REFS, {
			{ 1, "a", false, 1, 1, { 9 } }, { 2, "a", false, 2, 0, { 0 } },
			{ 3, "b", false, 3, 1, { 9 } } } },
		/* ORDEREDSUBJECT: no grandchildren. */
		{ "(1 (3)(4))(2 5)", THREAD_ORDEREDSUBJECT, {
			{ 1, "a", false, 1, 0, { 0 } }, { 2, "b", false, 2, 0, { 0 } },
			{ 3, "a", true, 3, 1, { 1 } }, { 4, "a", true, 4, 1, { 3 } },
			{ 5, "b", true, 5, 0, { 0 } } } },
		{ "(3 1)(2)", THREAD_ORDEREDSUBJECT, {
			{ 1, "a", false, 9, 0, { 0 } }, { 2, "b", false, 2, 0, { 0 } },
			{ 3, "a", true, 1, 0, { 0 } } } },
		/* Double IDs, a message that names itself, a loop. */
		{ "(1 3)(2)", THREAD_REFERENCES, {
			{ 1, "a", false, 1, 0, { 0 } }, { 1, "b", false, 2, 0, { 0 } },
			{ 3, "c", false, 3, 1, { 1 } } } },
		{ "(1)", THREAD_REFERENCES, { { 1, "a", false, 1, 1, { 1 } } } },
		{ "(2 1)", THREAD_REFERENCES, {
			{ 1, "a", false, 1, 1, { 2 } }, { 2, "b", false, 2, 1, { 1 } } } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[OUT];
		uint32_t count = 0;

		while (count < 6 && rows[i].all[count].subject)
			count++;
		for (size_t piece = 1; piece <= OUT; piece += OUT - 1) {
			run(rows[i].algorithm, rows[i].all, count, piece, out);
			if (strcmp(out, rows[i].want) != 0)
				fail_msg("%zu: %s not %s", i, out, rows[i].want);
		}
	}
}

static void random_mailboxes(void **state)
{
	static const char *const subjects[] = { "", "a", "b", "c" };
	unsigned seed = 4711;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct letter all[MOST];
		int count = 1 + rand_r(&seed) % (round % 2 ? 8 : MOST), ids = count + 4;
		char got[OUT], want[OUT];

		for (int i = 0; i < count; i++) {
			all[i] = (struct letter){
				.id = rand_r(&seed) % 8 ? (uint64_t)(1 + rand_r(&seed) % ids) : 0,
				.subject = subjects[rand_r(&seed) % 4],
				.reply = rand_r(&seed) % 2,
				.date = rand_r(&seed) % count,
				.refs = (unsigned)(rand_r(&seed) % 5),
			};
			for (unsigned r = 0; r < all[i].refs; r++)
				all[i].ref[r] = (uint64_t)(1 + rand_r(&seed) % ids);
		}
		for (int a = THREAD_REFERENCES; a <= THREAD_REFS; a++) {
			run((enum thread_algorithm)a, all, (uint32_t)count, OUT, got);
			model_run((enum thread_algorithm)a, all, count, want);
			if (strcmp(got, want) != 0)
				fail_msg("round %d, %d:\n%s\nnot\n%s", round, a, got, want);
		}
	}
}

/* Each answers another: forwards, backwards, and from the middle outwards. */
static void deep(void **state)
{
	enum { DEPTH = 100000 };
	uint32_t *numbers = mem_array(DEPTH, sizeof(*numbers));

	(void)state;
	for (int form = 0; form < 3; form++) {
		uint64_t before = clock_mono_ms();
		struct threader t;
		struct buf out;

		threader_init(&t, THREAD_REFERENCES);
		for (uint32_t i = 0; i < DEPTH; i++) {
			uint32_t place = form == 0 ? i : form == 1 ? DEPTH - 1 - i :
					 (uint32_t)((uint64_t)i * 48271 % DEPTH);
			struct message_info m = { .received = place };
			struct mime_keys k = { .id = place + 1, .reference_count = place > 0,
					       .references = { place } };

			threader_add(&t, &m, &k);
			numbers[i] = place;
		}
		while (!threader_step(&t, clock_mono_ms() + 10))
			;
		assert_false(t.too_many);
		buf_init(&out, 1 << 20);
		assert_true(threader_print(&t, &out, 1 << 20, numbers));
		assert_memory_equal(out.data, "(0 1 2 3 4 5 6 7 8 9 10 ", 24);
		assert_memory_equal(out.data + out.len - 13, " 99998 99999)", 13);
		assert_true(clock_mono_ms() - before < 3000);
		buf_release(&out);
		threader_release(&t);
	}
	free(numbers);
}

/* Of references there is a ceiling, and of subjects; and then no threads. */
static void too_many(void **state)
{
	static char text[KEYS_TEXT_MAX];
	struct message_info m = { .received = 1 };
	struct mime_keys *k = mem_alloc(sizeof(*k));
	struct threader t;
	uint32_t n;

	(void)state;
	k->reference_count = KEYS_REFERENCES_MAX;
	threader_init(&t, THREAD_REFS);
	for (n = 0; !t.too_many && n < 200000; n++)
		threader_add(&t, &m, k);
	assert_true(t.too_many && n == THREAD_REFERENCES_TOTAL / KEYS_REFERENCES_MAX + 1);
	assert_true(threader_step(&t, UINT64_MAX));
	threader_release(&t);
	k->texts[KEYS_SUBJECT] = slice_make(text, sizeof(text));
	threader_init(&t, THREAD_ORDEREDSUBJECT);
	for (n = 0; !t.too_many && n < 300000; n++)
		threader_add(&t, &m, k);
	assert_true(t.too_many && n == THREAD_TEXTS_MAX / KEYS_TEXT_MAX + 1);
	threader_release(&t);
	free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables),
		cmocka_unit_test(random_mailboxes),
		cmocka_unit_test(deep),
		cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
