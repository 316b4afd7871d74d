#ifndef PASSWORD_H
#define PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

/* crypt(3) gives up on longer ones (CRYPT_MAX_PASSPHRASE_SIZE). */
enum { PASSWORD_HASHED_MAX = 511 };

/* Whether the password fits the hash.  Takes its time (a tenth of a second is
 * usual): for a lane.  Leaves nothing of the password behind.  Any thread. */
bool password_fits(const char *password, const char *hash);

#endif
