#ifndef SCRAM_CLIENT_H
#define SCRAM_CLIENT_H

/* The client's side of SCRAM-SHA-256 (RFC 5802 3), written apart from the server's:
 * with OpenSSL's functions and the words of the RFC.  Include cmocka first. */

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scram_client {
	char said[8192];                 /* AuthMessage */
	unsigned char salted[32];
};

static inline void scram_hash(const unsigned char *key, const char *text, unsigned char *out)
{
	unsigned len = 32;

	assert_non_null(HMAC(EVP_sha256(), key, 32, (const unsigned char *)text, strlen(text), out, &len));
}

static inline void scram_base64(const unsigned char *in, size_t len, char *out)
{
	EVP_EncodeBlock((unsigned char *)out, in, (int)len);
}

/* The value of an attribute of the server's message, "" when it has none. */
static inline void scram_value(const char *message, char key, char *out, size_t size)
{
	const char *p = message;

	out[0] = '\0';
	for (; p; p = strchr(p, ','), p = p ? p + 1 : NULL)
		if (p[0] == key && p[1] == '=') {
			snprintf(out, size, "%.*s", (int)strcspn(p + 2, ","), p + 2);
			return;
		}
}

/* client-final-message to `first` (server-first), for a header and binding bytes;
 * `bare` is client-first-message-bare. */
static inline void scram_client_final(struct scram_client *c, const char *password,
				      const char *bare, const char *first, const char *header,
				      const unsigned char *bound, size_t bound_len,
				      char *out, size_t size)
{
	char salt64[200], rounds[20], nonce[700], binding[400], proof64[80];
	unsigned char salt[200], key[32], stored[32], signature[32], with[300];
	int salt_len;

	scram_value(first, 's', salt64, sizeof(salt64));
	scram_value(first, 'i', rounds, sizeof(rounds));
	scram_value(first, 'r', nonce, sizeof(nonce));
	salt_len = EVP_DecodeBlock(salt, (unsigned char *)salt64, (int)strlen(salt64));
	for (size_t i = strlen(salt64); i && salt64[i - 1] == '='; i--)
		salt_len--;
	assert_true(salt_len > 0);
	assert_int_equal(PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, salt_len,
					   (int)strtol(rounds, NULL, 10), EVP_sha256(), 32, c->salted), 1);
	memcpy(with, header, strlen(header));
	if (bound_len)
		memcpy(with + strlen(header), bound, bound_len);
	scram_base64(with, strlen(header) + bound_len, binding);
	snprintf(c->said, sizeof(c->said), "%.900s,%.2000s,c=%s,r=%s", bare, first, binding, nonce);
	scram_hash(c->salted, "Client Key", key);
	SHA256(key, 32, stored);
	scram_hash(stored, c->said, signature);
	for (int i = 0; i < 32; i++)
		key[i] ^= signature[i];
	scram_base64(key, 32, proof64);
	snprintf(out, size, "c=%s,r=%s,p=%s", binding, nonce, proof64);
}

/* "v=...": what a server says that knows the password. */
static inline void scram_client_verifier(const struct scram_client *c, char *out, size_t size)
{
	unsigned char key[32], signature[32];
	char text[80];

	scram_hash(c->salted, "Server Key", key);
	scram_hash(key, c->said, signature);
	scram_base64(signature, 32, text);
	snprintf(out, size, "v=%s", text);
}

#endif
