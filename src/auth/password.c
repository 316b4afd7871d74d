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
	unsigned dollars;                /* at least; "rounds=" adds one */
	size_t tail;                     /* characters behind the last of them */
} forms[] = {                            /* crypt(5) */
	{ "$y$", 4, 43 }, { "$gy$", 4, 43 }, { "$7$", 3, 43 },
	{ "$2a$", 3, 53 }, { "$2b$", 3, 53 }, { "$2y$", 3, 53 },
	{ "$6$", 3, 86 }, { "$5$", 3, 43 }, { "$sha1$", 4, 28 }, { "$1$", 3, 22 },
};

static bool is_complete(const char *hash, const struct form *form)
{
	unsigned dollars = 0;

	for (const char *p = hash; *p; p++)
		dollars += *p == '$';
	return dollars >= form->dollars && strlen(strrchr(hash, '$') + 1) == form->tail;
}

enum auth_password auth_password_kind(const char *password)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t len = strlen(forms[i].prefix);

		if (strncmp(password, forms[i].prefix, len) != 0)
			continue;
		if (!is_complete(password, &forms[i]))
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
