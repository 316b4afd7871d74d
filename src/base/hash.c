/*
 * Why two hashes: a table keyed by what strangers send needs one whose
 * collisions they cannot compute (SipHash under a secret key), and a name on
 * disk needs one that is the same tomorrow (FNV-1a).  SipHash follows Aumasson
 * and Bernstein, "SipHash: a fast short-input PRF", section 2.
 */
#include "base/hash.h"

#include <pthread.h>

#include "base/random.h"

static uint8_t process_key[HASH_KEY];
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void draw_key(void)
{
	random_bytes(process_key, sizeof(process_key));
}

uint64_t hash_keyed(struct slice s)
{
	pthread_once(&key_once, draw_key);
	return hash_siphash(process_key, s);
}

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 = rotate(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	sip_round(s);
	s->v0 ^= word;
}

/* Up to eight bytes, the first the lowest. */
static inline uint64_t little_endian(const unsigned char *at, size_t len)
{
	uint64_t word = 0;

	while (len--)
		word = word << 8 | at[len];
	return word;
}

uint64_t hash_siphash(const uint8_t key[HASH_KEY], struct slice s)
{
	const unsigned char *at = (const unsigned char *)s.at;
	uint64_t k0 = little_endian(key, 8), k1 = little_endian(key + 8, 8);
	struct sip state = {
		k0 ^ UINT64_C(0x736f6d6570736575),
		k1 ^ UINT64_C(0x646f72616e646f6d),
		k0 ^ UINT64_C(0x6c7967656e657261),
		k1 ^ UINT64_C(0x7465646279746573),
	};
	size_t whole = s.len - s.len % 8;

	for (size_t i = 0; i < whole; i += 8)
		sip_word(&state, little_endian(at + i, 8));
	sip_word(&state, (uint64_t)s.len << 56 |
			 (s.len % 8 ? little_endian(at + whole, s.len % 8) : 0));
	state.v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(&state);
	return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

uint64_t hash_stable(uint64_t state, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		state ^= (unsigned char)s.at[i];
		state *= UINT64_C(0x100000001b3);
	}
	return state;
}
