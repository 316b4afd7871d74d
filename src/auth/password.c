/*
 * Password hashes of crypt(3).  What is a hash is told by a table of complete
 * forms and not by the "$" alone: a hash that lost its tail is a common accident
 * (docker compose replaces "$name" in its files), and a server that took the rest
 * for a plain password would answer a riddle with another.
 */
#include "password.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "base/mem.h"

static const struct form {
	const char *prefix;
	size_t tail;                     /* characters behind the last "$" */
} forms[] = {                            /* crypt(5) */
	{ "$y$", 43 }, { "$gy$", 43 }, { "$7$", 43 },
	{ "$2a$", 53 }, { "$2b$", 53 }, { "$2y$", 53 },
	{ "$6$", 86 }, { "$5$", 43 }, { "$sha1$", 28 }, { "$1$", 22 },
};

enum auth_password auth_password_kind(const char *password)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t len = strlen(forms[i].prefix);

		if (strncmp(password, forms[i].prefix, len) != 0)
			continue;
		if (strlen(strrchr(password, '$') + 1) != forms[i].tail)
			return AUTH_BROKEN_HASH;
		switch (crypt_checksalt(password)) {
		case CRYPT_SALT_OK:
		case CRYPT_SALT_METHOD_LEGACY:
		case CRYPT_SALT_TOO_CHEAP:
			return AUTH_HASH;
		default:
			return AUTH_BROKEN_HASH;
		}
	}
	return AUTH_PLAIN;
}

bool password_fits(const char *password, const char *hash)
{
	struct crypt_data *data = mem_alloc(sizeof(*data));
	const char *made = crypt_r(password, hash, data);
	size_t len = strlen(hash);
	/* "*0" and "*1" are crypt(3)'s failures, and no hash of the table. */
	bool fits = made && made[0] == '$' && strlen(made) == len &&
		    CRYPTO_memcmp(made, hash, len) == 0;

	mem_wipe(data, sizeof(*data));
	free(data);
	return fits;
}
