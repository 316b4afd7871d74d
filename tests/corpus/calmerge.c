/*
 * calmerge FOLDER ADDRESS[,ADDRESS...] MESSAGE...
 *
 * Merges message files, in that order, into FOLDER/calendar.ics through the
 * calendar's face, and prints "outcome<TAB>file" for each.  For the comparison with
 * what independent programs say (compare_calendar.py), and to look at one by hand.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/slice.h"
#include "base/text.h"
#include "calendar/calendar.h"
#include "net/lane.h"
#include "net/loop.h"

enum { ADDRESSES_MOST = 8, EVENTS_MOST = 10000, MESSAGE_MOST = 100 * 1024 * 1024 };

static const char *const names[] = {
	[CALENDAR_ADDED] = "added", [CALENDAR_UPDATED] = "updated",
	[CALENDAR_CANCELLED] = "cancelled", [CALENDAR_STALE] = "stale",
	[CALENDAR_IGNORED] = "ignored", [CALENDAR_FAILED] = "failed",
};

struct waiting {
	bool done;
	enum calendar_outcome outcome;
};

static void told(void *owner, enum calendar_outcome outcome)
{
	struct waiting *w = owner;

	w->done = true;
	w->outcome = outcome;
}

static bool copy_file(const char *from, const char *to)
{
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	char piece[65536];
	size_t n;
	bool ok = in && out;

	while (ok && (n = fread(piece, 1, sizeof(piece), in)) > 0)
		ok = fwrite(piece, 1, n, out) == n;
	if (in)
		fclose(in);
	if (out && fclose(out) != 0)
		ok = false;
	return ok;
}

static int merge_all(struct loop *loop, struct calendar *c, int count, char **files)
{
	for (int i = 0; i < count; i++) {
		struct waiting w = { .done = false };
		char path[4096];

		calendar_pending_path(c, path, sizeof(path));
		if (!copy_file(files[i], path)) {
			perror(files[i]);
			return 1;
		}
		calendar_import(c, path, told, &w);
		while (!w.done)
			loop_turn(loop, 1000);
		printf("%s\t%s\n", names[w.outcome], files[i]);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *addresses[ADDRESSES_MOST + 1] = { NULL };
	struct loop *loop = loop_new();
	struct lane *lane = lane_new(loop, "calendar", 1, 16);
	struct calendar *c;
	char error[512];
	int status;

	if (argc < 3) {
		fprintf(stderr, "usage: calmerge folder address[,address] message...\n");
		return 2;
	}
	struct slice rest = slice_of(argv[2]), piece;
	for (int n = 0; n < ADDRESSES_MOST && text_next(&rest, ',', &piece); n++)
		addresses[n] = mem_bytes(piece.at, piece.len);
	c = calendar_open(&(struct calendar_options){ .loop = loop, .lane = lane,
			  .folder = argv[1], .attendees = addresses, .max_events = EVENTS_MOST,
			  .message_max = MESSAGE_MOST }, error, sizeof(error));
	if (!c) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	status = merge_all(loop, c, argc - 3, argv + 3);
	lane_free(lane);
	calendar_close(c);
	loop_free(loop);
	for (int n = 0; addresses[n]; n++)
		free((void *)(uintptr_t)addresses[n]);
	return status;
}
