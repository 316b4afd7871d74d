/*
 * Names of messages: what they say and how they are made.
 *
 * A Maildir keeps a message's flags in its file name, behind ":2,"; the part
 * before is the message's identity and never changes.  Capitals are Maildir's
 * own flags, small letters are Dovecot's keywords.  A letter that we do not
 * know stays where it is: it means something to somebody.
 */
#include "maildir.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"

static const struct { char letter; unsigned flag; } flag_letter[] = {
	{ 'D', MESSAGE_DRAFT },
	{ 'F', MESSAGE_FLAGGED },
	{ 'R', MESSAGE_ANSWERED },
	{ 'S', MESSAGE_SEEN },
	{ 'T', MESSAGE_DELETED },
};
enum { FLAG_LETTERS = sizeof(flag_letter) / sizeof(flag_letter[0]) };

void path_make(struct path *p, const char *root, const char *dir, const char *sub,
	       const char *name)
{
	const char *piece[] = { dir, sub, name };
	size_t len = strlen(root);

	assert(len < sizeof(p->at));
	memcpy(p->at, root, len + 1);
	for (size_t i = 0; i < 3; i++) {
		size_t n = strlen(piece[i]);

		if (n == 0)
			continue;
		assert(len + n + 2 <= sizeof(p->at));
		p->at[len++] = '/';
		memcpy(p->at + len, piece[i], n + 1);
		len += n;
	}
}

const char *place_name(enum place place)
{
	return place == PLACE_NEW ? "new" : "cur";
}

void path_message(struct path *p, const char *folder, enum place place, const char *name)
{
	path_make(p, folder, "", place_name(place), name);
}

size_t file_base_len(const char *name)
{
	return (size_t)(strchrnul(name, ':') - name);
}

letter_set file_letters(const char *name)
{
	const char *info = name + file_base_len(name);
	letter_set letters = 0;

	if (strncmp(info, ":2,", 3) != 0)
		return 0;
	for (info += 3; (*info >= 'A' && *info <= 'Z') || (*info >= 'a' && *info <= 'z'); info++)
		letters |= LETTER(*info);
	return letters;
}

unsigned letters_to_flags(letter_set letters)
{
	unsigned flags = 0;

	for (size_t i = 0; i < FLAG_LETTERS; i++) {
		if (letters & LETTER(flag_letter[i].letter))
			flags |= flag_letter[i].flag;
	}
	return flags;
}

letter_set letters_of_flags(unsigned flags)
{
	letter_set letters = 0;

	for (size_t i = 0; i < FLAG_LETTERS; i++) {
		if (flags & flag_letter[i].flag)
			letters |= LETTER(flag_letter[i].letter);
	}
	return letters;
}

bool file_name_make(char out[FILE_NAME], const char *base, size_t base_len, letter_set letters)
{
	char info[64] = ":2,";
	size_t n = 3;

	for (unsigned i = 0; i < 52; i++) {
		if (letters >> i & 1)
			info[n++] = (char)(i < 26 ? 'A' + i : 'a' + i - 26);
	}
	if (base_len + n >= FILE_NAME)
		return false;
	memcpy(out, base, base_len);
	memcpy(out + base_len, info, n);
	out[base_len + n] = '\0';
	return true;
}

bool file_name_number(const char *name, char key, uint64_t *value)
{
	struct slice rest = slice_make(name, file_base_len(name));

	while (rest.len > 0) {
		size_t end;

		rest = slice_from(rest, slice_find(rest, ',') + 1);
		end = slice_find(rest, ',');
		if (end > 2 && rest.at[0] == key && rest.at[1] == '=')
			return text_number(slice_make(rest.at + 2, end - 2), INT64_MAX, value);
	}
	return false;
}

/* A host's name with the two bytes that mean something in a Maildir taken out. */
static void host_name(char *out, size_t size)
{
	if (gethostname(out, size) != 0 || out[0] == '\0')
		snprintf(out, size, "localhost");
	out[size - 1] = '\0';
	for (char *c = out; *c; c++) {
		if (*c == '/' || *c == ':' || *c == ',' || (unsigned char)*c <= ' ' ||
		    (unsigned char)*c >= 0x7f)
			*c = '_';
	}
}

void file_unique(char out[UNIQUE_NAME])
{
	/* Counts within the process; the random part tells processes apart that
	 * have the same number in different containers. */
	static atomic_uint made;
	int64_t now = clock_wall_us();
	char host[41];

	host_name(host, sizeof(host));
	snprintf(out, UNIQUE_NAME, "%" PRId64 ".M%06dP%dQ%uR%08x.%s", now / 1000000,
		 (int)(now % 1000000), (int)getpid(), atomic_fetch_add(&made, 1),
		 (unsigned)(random_u64() & 0xffffffff), host);
}

int64_t stat_mtime_ns(const struct stat *st)
{
	const int64_t second = 1000000000;
	int64_t seconds = st->st_mtim.tv_sec;

	/* A file's time may be anything: a client's date of the year 6555 becomes one,
	 * and nanoseconds in 64 bits are from 1677 to 2262. */
	if (seconds >= INT64_MAX / second)
		return INT64_MAX;
	if (seconds <= INT64_MIN / second)
		return INT64_MIN;
	return seconds * second + st->st_mtim.tv_nsec;
}
