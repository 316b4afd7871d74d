/*
 * What is said in a SCRAM exchange (RFC 5802 5 and 7), without a network and
 * without knowing who the user is.
 *
 * Both sides sign the words of the exchange as they were sent, so the messages are
 * kept as they came and nothing is put together again from its parts.
 */
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/mem.h"
#include "base/text.h"
#include "scram_private.h"

enum {
	MESSAGE_MAX = 4 * 1024,          /* three of them; the line they come in is no longer */
	CLIENT_NONCE_MAX = 512,
};

struct binding {
	uint8_t data[SCRAM_BINDING_MAX];
	size_t len;
};

struct scram {
	bool plus, plus_offered;
	struct binding exporter, end_point;
	const struct binding *bound;     /* NULL: the client wants none */
	struct buf header;               /* gs2-header */
	char *user, *other;              /* authcid; authzid or NULL */
	struct buf nonce;                /* both halves */
	struct buf said;                 /* AuthMessage */
	struct scram_keys keys;
	uint8_t proof[SCRAM_HASH];
};

const char *scram_error_text(enum scram_error e)
{
	static const char *const texts[] = {
		[SCRAM_GOOD]                     = "good",
		[SCRAM_INVALID_ENCODING]         = "invalid-encoding",
		[SCRAM_EXTENSIONS_NOT_SUPPORTED] = "extensions-not-supported",
		[SCRAM_BINDINGS_DONT_MATCH]      = "channel-bindings-dont-match",
		[SCRAM_DOES_SUPPORT_BINDING]     = "server-does-support-channel-binding",
		[SCRAM_BINDING_NOT_SUPPORTED]    = "channel-binding-not-supported",
		[SCRAM_UNSUPPORTED_BINDING_TYPE] = "unsupported-channel-binding-type",
		[SCRAM_INVALID_USERNAME]         = "invalid-username-encoding",
		[SCRAM_OTHER_ERROR]              = "other-error",
	};

	return texts[e];
}

static void keep_binding(struct binding *b, struct slice data)
{
	if (!data.len || data.len > sizeof(b->data))
		return;
	memcpy(b->data, data.at, data.len);
	b->len = data.len;
}

struct scram *scram_new(const struct scram_options *o)
{
	struct scram *x = mem_alloc(sizeof(*x));

	x->plus = o->plus;
	x->plus_offered = o->plus_offered;
	keep_binding(&x->exporter, o->exporter);
	keep_binding(&x->end_point, o->end_point);
	buf_init(&x->header, MESSAGE_MAX);
	buf_init(&x->nonce, MESSAGE_MAX);
	buf_init(&x->said, 3 * MESSAGE_MAX);
	return x;
}

void scram_free(struct scram *x)
{
	if (!x)
		return;
	buf_release(&x->header);
	buf_release(&x->nonce);
	buf_release(&x->said);
	free(x->user);
	free(x->other);
	mem_wipe(x, sizeof(*x));
	free(x);
}

const char *scram_user(const struct scram *x)
{
	return x->user ? x->user : "";
}

const char *scram_acts_as(const struct scram *x)
{
	return x->other;
}

/* ---- Attributes ---- */

/* Takes "k=value" and the comma behind it off *rest.  False: it is not that. */
static bool attribute(struct slice *rest, char key, struct slice *value)
{
	size_t end = slice_find(*rest, ',');

	if (rest->len < 2 || rest->at[0] != key || rest->at[1] != '=')
		return false;
	*value = slice_from(slice_head(*rest, end), 2);
	*rest = slice_from(*rest, end + 1);
	return true;
}

/* Extensions are passed over where they are not mandatory: 5.1, "m=". */
static bool passes_over(struct slice rest)
{
	while (rest.len) {
		size_t end = slice_find(rest, ',');

		if (end < 3 || rest.at[1] != '=' ||
		    !((rest.at[0] | 32) >= 'a' && (rest.at[0] | 32) <= 'z'))
			return false;
		/* A comma at the end promises another. */
		if (end + 1 == rest.len)
			return false;
		rest = slice_from(rest, end + 1);
	}
	return true;
}

/* saslname: "=2C" is a comma and "=3D" an equals sign.  NULL: it is none. */
static char *read_name(struct slice s)
{
	char *name, *to;

	if (!s.len || slice_find(s, '\0') < s.len || !text_is_utf8(s))
		return NULL;
	name = to = mem_alloc(s.len + 1);
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] != '=') {
			*to++ = s.at[i];
		} else if (slice_is(slice_head(slice_from(s, i), 3), "=2C")) {
			*to++ = ',';
			i += 2;
		} else if (slice_is(slice_head(slice_from(s, i), 3), "=3D")) {
			*to++ = '=';
			i += 2;
		} else {
			free(name);
			return NULL;
		}
	}
	return name;
}

static bool is_printable(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] < 0x21 || s.at[i] > 0x7e || s.at[i] == ',')
			return false;
	return s.len > 0;
}

/* ---- client-first-message ---- */

/* gs2-cbind-flag; 6: what the client and we think of each other has to agree. */
static enum scram_error read_flag(struct scram *x, struct slice flag)
{
	if (slice_is(flag, "n"))
		return x->plus ? SCRAM_BINDINGS_DONT_MATCH : SCRAM_GOOD;
	if (slice_is(flag, "y"))
		return x->plus || x->plus_offered ? SCRAM_DOES_SUPPORT_BINDING : SCRAM_GOOD;
	if (flag.len < 3 || flag.at[0] != 'p' || flag.at[1] != '=')
		return SCRAM_INVALID_ENCODING;
	if (!x->plus)
		return SCRAM_BINDING_NOT_SUPPORTED;
	if (slice_is(slice_from(flag, 2), "tls-exporter"))
		x->bound = &x->exporter;
	else if (slice_is(slice_from(flag, 2), "tls-server-end-point"))
		x->bound = &x->end_point;
	return x->bound && x->bound->len ? SCRAM_GOOD : SCRAM_UNSUPPORTED_BINDING_TYPE;
}

enum scram_error scram_read_first(struct scram *x, struct slice message)
{
	size_t flag = slice_find(message, ',');
	size_t header = flag + 1 + slice_find(slice_from(message, flag + 1), ',') + 1;
	struct slice rest = slice_from(message, header), name, nonce;
	struct slice other = slice_from(slice_head(message, header - 1), flag + 1);
	enum scram_error e;

	if (header > message.len || message.len > MESSAGE_MAX)
		return SCRAM_INVALID_ENCODING;
	e = read_flag(x, slice_head(message, flag));
	if (e != SCRAM_GOOD)
		return e;
	if (slice_starts_nocase(rest, "m="))
		return SCRAM_EXTENSIONS_NOT_SUPPORTED;
	buf_add(&x->header, slice_head(message, header));
	buf_add(&x->said, rest);
	if (other.len) {
		if (other.at[0] != 'a' || other.len < 3 || other.at[1] != '=')
			return SCRAM_INVALID_ENCODING;
		x->other = read_name(slice_from(other, 2));
		if (!x->other)
			return SCRAM_INVALID_USERNAME;
	}
	if (!attribute(&rest, 'n', &name) || !attribute(&rest, 'r', &nonce) ||
	    !is_printable(nonce) || nonce.len > CLIENT_NONCE_MAX || !passes_over(rest) ||
	    message.at[message.len - 1] == ',')
		return SCRAM_INVALID_ENCODING;
	x->user = read_name(name);
	buf_add(&x->nonce, nonce);
	return x->user ? SCRAM_GOOD : SCRAM_INVALID_USERNAME;
}

bool scram_write_first(struct scram *x, const struct scram_keys *keys, struct slice salt,
		       struct slice nonce, struct buf *reply)
{
	size_t start = reply->len;

	x->keys = *keys;
	buf_add(&x->nonce, nonce);
	buf_add_text(reply, "r=");
	buf_add(reply, buf_slice(&x->nonce));
	buf_add_text(reply, ",s=");
	base64_encode(reply, salt);
	buf_printf(reply, ",i=%d", SCRAM_ROUNDS);
	buf_add_byte(&x->said, ',');
	buf_add(&x->said, slice_from(buf_slice(reply), start));
	buf_add_byte(&x->said, ',');
	return !reply->overflow && !x->said.overflow && !x->nonce.overflow;
}

/* ---- client-final-message ---- */

static bool is_base64_of(struct slice base64, struct slice a, struct slice b)
{
	struct buf bytes;
	bool is;

	buf_init(&bytes, MESSAGE_MAX);
	is = base64_decode(&bytes, base64) && bytes.len == a.len + b.len &&
	     slice_equal(slice_head(buf_slice(&bytes), a.len), a) &&
	     slice_equal(slice_from(buf_slice(&bytes), a.len), b);
	buf_release(&bytes);
	return is;
}

static bool read_proof(struct scram *x, struct slice base64)
{
	struct buf bytes;
	bool good;

	buf_init(&bytes, MESSAGE_MAX);
	good = base64_decode(&bytes, base64) && bytes.len == SCRAM_HASH;
	if (good)
		memcpy(x->proof, bytes.data, SCRAM_HASH);
	buf_release(&bytes);
	return good;
}

enum scram_error scram_final(struct scram *x, struct slice message)
{
	struct slice rest = message, binding, nonce, proof, bound = { 0 };
	size_t at = message.len;

	if (message.len > MESSAGE_MAX)
		return SCRAM_INVALID_ENCODING;
	if (slice_starts_nocase(rest, "m="))
		return SCRAM_EXTENSIONS_NOT_SUPPORTED;
	if (!attribute(&rest, 'c', &binding) || !attribute(&rest, 'r', &nonce))
		return SCRAM_INVALID_ENCODING;
	/* The proof is the last: what stands before its comma is signed. */
	while (at && message.at[at - 1] != ',')
		at--;
	proof = slice_from(message, at);
	if (proof.len < 2 || proof.at[0] != 'p' || proof.at[1] != '=' ||
	    proof.len > rest.len || !passes_over(rest) ||
	    !read_proof(x, slice_from(proof, 2)))
		return SCRAM_INVALID_ENCODING;
	if (x->bound)
		bound = slice_make((const char *)x->bound->data, x->bound->len);
	if (!is_base64_of(binding, buf_slice(&x->header), bound))
		return SCRAM_BINDINGS_DONT_MATCH;
	if (!slice_equal(nonce, buf_slice(&x->nonce)))
		return SCRAM_OTHER_ERROR;
	return buf_add(&x->said, slice_head(message, at - 1)) ? SCRAM_GOOD : SCRAM_OTHER_ERROR;
}

/* ---- The proofs (3) ---- */

bool scram_proof_fits(const struct scram *x)
{
	uint8_t signature[SCRAM_HASH], stored[SCRAM_HASH];
	bool fits;

	if (!scram_hmac(x->keys.stored, buf_slice(&x->said), signature))
		return false;
	for (size_t i = 0; i < SCRAM_HASH; i++)
		signature[i] ^= x->proof[i];             /* the ClientKey, if it is right */
	fits = SHA256(signature, SCRAM_HASH, stored) &&
	       CRYPTO_memcmp(stored, x->keys.stored, SCRAM_HASH) == 0;
	mem_wipe(signature, sizeof(signature));
	return fits;
}

bool scram_verifier(const struct scram *x, struct buf *reply)
{
	uint8_t signature[SCRAM_HASH];

	return scram_hmac(x->keys.server, buf_slice(&x->said), signature) &&
	       buf_add_text(reply, "v=") &&
	       base64_encode(reply, slice_make((const char *)signature, SCRAM_HASH));
}
