/*
 * Object ids as texts.  The letter in front is what RFC 8474 8.1 advises, and keeps an
 * email id from ever being a thread id too (5.2); lower case alone, so that no two differ
 * by case.
 */
#include "store/object_id.h"

#include <stdio.h>

#include "base/hash.h"

uint64_t object_id_email(const char *name, size_t base_len)
{
	static const uint8_t key[HASH_KEY] = "letterplate-eml";

	return hash_siphash(key, slice_make(name, base_len));
}

void object_id_text(char out[OBJECT_ID_TEXT], char letter, uint64_t id)
{
	snprintf(out, OBJECT_ID_TEXT, "%c%016llx", letter, (unsigned long long)id);
}

bool object_id_read(struct slice text, char letter, uint64_t *id)
{
	static const char digits[] = "0123456789abcdef";
	char again[OBJECT_ID_TEXT];

	*id = 0;
	if (text.len != OBJECT_ID_TEXT - 1)
		return false;
	for (size_t i = 1; i < text.len; i++) {
		const char *digit = memchr(digits, text.at[i], 16);

		if (!digit)
			return false;
		*id = *id << 4 | (uint64_t)(digit - digits);
	}
	object_id_text(again, letter, *id);
	return slice_is(text, again);
}
