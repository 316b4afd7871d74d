/*
 * Random stories of two series, told in the order they were written and in any other,
 * with some mails twice: in the end the calendar shows what a model says in which the
 * last word counts.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "../../src/calendar/recur.h"
#include "../support/calendar_rig.h"
#include "base/clock.h"

enum { SERIES = 2, DAYS = 10, MESSAGES = 9, CASES = 4000, BUDGET_MS = 2000 };

enum kind { SERIES_PUT, ONE_PUT, ONE_CANCEL, ALL_CANCEL };

struct message {
	enum kind kind;
	int series, day, sequence, time;        /* a series: its first day */
};

/* When a day's occurrence was last written by itself; 0: it is the series' own; -1:
 * there is none. */
struct shown {
	int day[DAYS];
};

static uint32_t dice_state;

static unsigned dice(unsigned sides)
{
	dice_state = dice_state * 1664525u + 1013904223u;
	return (dice_state >> 16) % sides;
}

static void make_story(struct message m[MESSAGES])
{
	static const enum kind kinds[] = { SERIES_PUT, SERIES_PUT, ONE_PUT, ONE_PUT, ONE_PUT,
					   ONE_CANCEL, ONE_CANCEL, ALL_CANCEL };
	int sequence[SERIES] = { 0 }, first[SERIES] = { 0 };

	for (int i = 0; i < MESSAGES; i++) {
		m[i].kind = i < SERIES ? SERIES_PUT : kinds[dice(8)];
		m[i].series = i < SERIES ? i : (int)dice(SERIES);
		m[i].day = (int)dice(DAYS);
		/* A series begins later and later: of a day that was taken away and came
		 * back nobody can tell what an older mail means. */
		if (m[i].kind == SERIES_PUT)
			m[i].day = first[m[i].series] += (int)dice(3);
		m[i].time = i + 1;
		m[i].sequence = sequence[m[i].series] += (int)dice(2);
	}
}

static void model(struct shown out[SERIES], const struct message *m)
{
	for (int s = 0; s < SERIES; s++)
		for (int d = 0; d < DAYS; d++)
			out[s].day[d] = -1;
	for (int i = 0; i < MESSAGES; i++, m++) {
		int *day = out[m->series].day;

		for (int d = 0; d < DAYS; d++) {
			bool inside = d >= m->day;

			if (m->kind == SERIES_PUT)
				day[d] = !inside ? -1 : day[d] > 0 ? day[d] : 0;
			else if (m->kind == ALL_CANCEL || (m->kind == ONE_CANCEL && d == m->day))
				day[d] = -1;
			else if (m->kind == ONE_PUT && d == m->day)
				day[d] = m->time;
		}
	}
}

static void send(struct rig *r, uint32_t seed, const struct message *m)
{
	/* The same moment in three spellings. */
	static const struct { const char *zone; int hour; const char *end; } spelt[] = {
		{ "", 9, "Z" }, { ";TZID=Europe/Berlin", 10, "" }, { ";TZID=Asia/Tokyo", 18, "" },
	};
	unsigned way = dice(3);
	char id[64] = "", *lines;

	if (m->kind == ONE_PUT || m->kind == ONE_CANCEL)
		snprintf(id, sizeof(id), "%s:202403%02dT%02d0000%s", spelt[way].zone, m->day + 1,
			 spelt[way].hour, spelt[way].end);
	lines = mem_printf("UID:%u-%d\nSEQUENCE:%d\nDTSTAMP:20240101T00%02d00Z\n%s%s%sDTSTART:202403%02dT090000Z\n%s",
			   seed, m->series, m->sequence, m->time, id[0] ? "RECURRENCE-ID" : "", id,
			   id[0] ? "\n" : "", m->day + 1,
			   m->kind == SERIES_PUT ? "RRULE:FREQ=DAILY;UNTIL=20240310T090000Z\n" : "");
	rig_send(r, m->kind == ONE_CANCEL || m->kind == ALL_CANCEL ? "CANCEL" : "REQUEST", lines);
	free(lines);
}

static void look(struct rig *r, uint32_t seed, struct shown out[SERIES])
{
	for (int s = 0; s < SERIES; s++) {
		char uid[32];

		snprintf(uid, sizeof(uid), "%u-%d", seed, s);
		for (int d = 0; d < DAYS; d++) {
			struct when at = { .kind = WHEN_UTC, .year = 2024, .month = 3, .day = d + 1, .hour = 9 };
			unsigned left = 1000;

			out[s].day[d] = -1;
			for (struct event *e = set_first(r->set, slice_of(uid)); e; e = set_next(e)) {
				if (e->has_recurrence && when_compare(&e->recurrence, &at) == 0)
					out[s].day[d] = (e->stamp[11] - '0') * 10 + e->stamp[12] - '0';
				else if (!e->has_recurrence && out[s].day[d] < 0 &&
					 recur_has(&r->set->source, e, &at, &left) == RECUR_YES)
					out[s].day[d] = 0;
			}
		}
	}
}

static void tell(const struct message *m, const unsigned *order, unsigned count,
		 const struct shown *want, const struct shown *got)
{
	static const char *const names[] = { "series", "one", "cancel one", "cancel all" };

	for (unsigned i = 0; i < count; i++) {
		const struct message *x = &m[order[i]];

		print_message("%s %d: day %d sequence %d time %d\n", names[x->kind], x->series, x->day,
			      x->sequence, x->time);
	}
	for (int s = 0; s < SERIES; s++)
		for (int d = 0; d < DAYS; d++)
			print_message("%d day %d: %d, should be %d\n", s, d, got[s].day[d], want[s].day[d]);
}

/* Each message once or twice, as they were written or in any order. */
static unsigned arrange(unsigned order[2 * MESSAGES], bool shuffled)
{
	unsigned count = 0;

	for (unsigned i = 0; i < MESSAGES; i++)
		for (unsigned n = 0; n <= dice(4) / 3; n++)
			order[count++] = i;
	for (unsigned i = count; shuffled && i > 1; i--) {
		unsigned k = dice(i), kept = order[k];

		order[k] = order[i - 1];
		order[i - 1] = kept;
	}
	return count;
}

static void run(bool shuffled)
{
	uint64_t start = clock_mono_ms();
	unsigned done = 0;
	struct rig r;

	rig_init(&r);
	for (uint32_t seed = 1; seed <= CASES; seed++) {
		struct message m[MESSAGES];
		struct shown want[SERIES], got[SERIES];
		unsigned order[2 * MESSAGES], count;

		/* A slow machine does what it can; some hundred say much already. */
		if (done >= 300 && clock_mono_ms() - start > BUDGET_MS / 2)
			break;
		dice_state = seed;
		make_story(m);
		model(want, m);
		count = arrange(order, shuffled);
		for (unsigned i = 0; i < count; i++)
			send(&r, seed, &m[order[i]]);
		look(&r, seed, got);
		if (memcmp(want, got, sizeof(want)) != 0) {
			tell(m, order, count, want, got);
			fail_msg("seed %u", seed);
		}
		done++;
		if (done % 100 == 0) {
			rig_release(&r);
			rig_init(&r);
		}
	}
	rig_release(&r);
	print_message("%u stories\n", done);
}

static void test_as_written(void **state)
{
	(void)state;
	run(false);
}

static void test_any_order(void **state)
{
	(void)state;
	run(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_written),
		cmocka_unit_test(test_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
