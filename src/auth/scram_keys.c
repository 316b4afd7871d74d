/*
 * The keys that SCRAM compares with.
 *
 * Salts are an HMAC of the name under a key drawn at each start.  Every name has
 * one, whether it is the user's or not, so asking for one tells nothing.  Road not
 * taken: a salt that outlives the restart, so that clients may keep their derived
 * key.  Made of the password it would let any stranger try passwords at home, without
 * asking us; made of the name alone it would stay when the password changes, and a
 * client would go on with the old key.  The price is 4096 rounds in each client
 * after a restart.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "scram_private.h"
#include "user.h"

struct scram_secret {
	char *user, *domain;             /* the user in user_name()'s form */
	uint8_t key[SCRAM_HASH];         /* for salts, and keys that nothing fits */
	struct scram_keys keys;          /* the user's */
};

bool scram_hmac(const uint8_t key[SCRAM_HASH], struct slice text, uint8_t out[SCRAM_HASH])
{
	unsigned len = SCRAM_HASH;

	return HMAC(EVP_sha256(), key, SCRAM_HASH,
		    (const unsigned char *)(text.len ? text.at : ""), text.len, out, &len) != NULL;
}

bool scram_derive(struct scram_keys *keys, struct slice password, const uint8_t *salt,
		  size_t salt_len, unsigned rounds)
{
	uint8_t salted[SCRAM_HASH], client[SCRAM_HASH];
	bool good;

	good = PKCS5_PBKDF2_HMAC(password.at, (int)password.len, salt, (int)salt_len, (int)rounds,
				 EVP_sha256(), SCRAM_HASH, salted) == 1 &&
	       scram_hmac(salted, SLICE("Client Key"), client) &&
	       SHA256(client, SCRAM_HASH, keys->stored) &&
	       scram_hmac(salted, SLICE("Server Key"), keys->server);
	mem_wipe(salted, sizeof(salted));
	mem_wipe(client, sizeof(client));
	return good;
}

/* HMAC(key, what NUL name) */
static bool derive_for(const struct scram_secret *s, const char *what, struct slice name,
		       uint8_t out[SCRAM_HASH])
{
	struct buf text;
	bool good;

	buf_init(&text, USER_NAME_MAX * 4);
	buf_add(&text, slice_make(what, strlen(what) + 1));
	buf_add(&text, name);
	good = !text.overflow && scram_hmac(s->key, buf_slice(&text), out);
	buf_release(&text);
	return good;
}

static bool salt_of(const struct scram_secret *s, struct slice name, uint8_t salt[SCRAM_SALT])
{
	uint8_t hash[SCRAM_HASH];
	bool good = derive_for(s, "salt", name, hash);

	memcpy(salt, hash, SCRAM_SALT);
	return good;
}

struct scram_secret *scram_secret_new(const char *user, const char *domain,
				      struct slice password)
{
	struct scram_secret *s = mem_alloc(sizeof(*s));
	struct buf name;
	bool good;

	random_bytes(s->key, sizeof(s->key));
	s->domain = mem_string(domain);
	buf_init(&name, USER_NAME_MAX * 4);
	good = user_name(&name, slice_of(user), domain);
	s->user = buf_take_string(&name);
	good = good && salt_of(s, slice_of(s->user), s->keys.salt) &&
	       scram_derive(&s->keys, password, s->keys.salt, SCRAM_SALT, SCRAM_ROUNDS);
	if (good)
		return s;
	scram_secret_free(s);
	return NULL;
}

void scram_secret_free(struct scram_secret *s)
{
	if (!s)
		return;
	free(s->user);
	free(s->domain);
	mem_wipe(s, sizeof(*s));
	free(s);
}

bool scram_secret_keys(const struct scram_secret *s, struct slice user, struct scram_keys *keys)
{
	struct buf name;
	bool good;

	buf_init(&name, USER_NAME_MAX * 4);
	good = user_name(&name, user, s->domain) && salt_of(s, buf_slice(&name), keys->salt) &&
	       derive_for(s, "stored", buf_slice(&name), keys->stored) &&
	       derive_for(s, "server", buf_slice(&name), keys->server);
	if (good && slice_is(buf_slice(&name), s->user))
		*keys = s->keys;
	buf_release(&name);
	return good;
}
