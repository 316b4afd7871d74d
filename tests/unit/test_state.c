#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/calendar/state.h"
#include "../support/calendar_rig.h"

static void test_round_trip(void **state)
{
	struct rig r, again;
	struct buf out, second;

	(void)state;
	rig_init(&r);
	rig_init(&again);
	buf_init(&out, STATE_BYTES);
	buf_init(&second, STATE_BYTES);
	rig_send(&r, "CANCEL", "UID:with a blank\nSEQUENCE:3\nDTSTAMP:20240101T000000Z\n");
	rig_send(&r, "CANCEL", "UID:b\nDTSTAMP:20240102T000000Z\nRECURRENCE-ID:20240318T080000Z\n");
	assert_true(state_write(&out, r.set, SLICE("the feed")));
	assert_true(state_knows(buf_slice(&out), SLICE("the feed")));
	assert_false(state_knows(buf_slice(&out), SLICE("the feet")));
	assert_false(state_knows(SLICE(""), SLICE("")));
	state_read(again.set, buf_slice(&out));
	assert_int_equal(again.set->tombstone_count, 2);
	assert_int_equal(set_tombstone(again.set, SLICE("with a blank"), "")->sequence, 3);
	assert_non_null(set_tombstone(again.set, SLICE("b"), "20240318T080000Z"));
	assert_true(state_write(&second, again.set, SLICE("the feed")));
	assert_true(slice_equal(buf_slice(&out), buf_slice(&second)));
	buf_release(&out);
	buf_release(&second);
	rig_release(&r);
	rig_release(&again);
}

/* Lines that are damaged, expired, or not ours are passed over. */
static void test_damage(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	state_read(r.set, SLICE("\n\ncancelled\ncancelled 1\ncancelled x 1 - - u\n"
				"cancelled 1710000000 1 20240101T000000Z - \n"
				"cancelled 1710000000 1 what - u\n"
				"cancelled 1710000000 99999999999 - - u\n"
				"cancelled 1000000000 1 - - old\n"
				"feed x\n\x00\xff\n"
				"cancelled 1710000000 1 20240101T000000Z - good"));
	assert_int_equal(r.set->tombstone_count, 1);
	assert_non_null(set_tombstone(r.set, SLICE("good"), ""));
	rig_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
