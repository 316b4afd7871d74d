/*
 * Why straight from the kernel: getrandom(2) needs no file descriptor, no seed
 * and no lock, and a forked or restored process never repeats itself.  A daemon
 * without randomness has guessable keys, so there is no weaker way to fall
 * back to.
 */
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"

void random_bytes(void *out, size_t len)
{
	unsigned char *at = out;

	while (len) {
		ssize_t n = getrandom(at, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			log_event(LEVEL_ERROR, "base", "no random bytes",
				  log_errno(errno));
			_exit(EX_OSERR);
		}
		at += n;
		len -= (size_t)n;
	}
}

uint64_t random_u64(void)
{
	uint64_t value;

	random_bytes(&value, sizeof(value));
	return value;
}
