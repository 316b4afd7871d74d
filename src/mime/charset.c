/*
 * Labels to converters.  The label comes from a stranger, and libc's iconv_open()
 * takes more than names: suffixes with their own meaning, and obscure modules in
 * which hangs and overruns were found.  So only the labels below are ever looked
 * up, and iconv sees names that stand in this file.
 *
 * What most mail is written in needs no iconv at all (charset_single.c, UTF-8 and
 * UTF-16 here).  The rest opens a descriptor for each call: measured at 2 to 50
 * microseconds, which is not worth a cache that every thread must give back.
 */
#include "mime/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <utf8proc.h>

#include "base/text.h"
#include "charset_single.h"

enum how { GUESS, UTF_8, UTF_16, UTF_16BE, UTF_16LE, UTF_7, SINGLE, ICONV };

/* Labels without case and punctuation, a blank between them.  A narrower charset
 * is read as the wider one that senders mean by it (WHATWG Encoding, 4.2). */
static const struct charset {
	const char *labels;
	enum how how;
	const char *name;                /* of the table, or for iconv_open() */
} charsets[] = {
	{ "utf8 unicode11utf8 xunicode20utf8 csutf8", UTF_8, NULL },
	{ "usascii ascii ansix341968 ansix34 iso646us us 646 csascii iso646irv1991"
	  " unknown8bit xunknown unknown default none 8bit 7bit binary", GUESS, NULL },
	{ "iso88591 latin1 l1 ibm819 cp819 isoir100 csisolatin1 windows1252 cp1252"
	  " xcp1252 ansi iso8859", SINGLE, "windows-1252" },
	{ "windows1250 cp1250 xcp1250", SINGLE, "windows-1250" },
	{ "windows1251 cp1251 xcp1251", SINGLE, "windows-1251" },
	{ "windows1253 cp1253 xcp1253", SINGLE, "windows-1253" },
	{ "windows1254 cp1254 xcp1254 iso88599 latin5 l5 isoir148 csisolatin5",
	  SINGLE, "windows-1254" },
	{ "windows1255 cp1255 xcp1255", SINGLE, "windows-1255" },
	{ "windows1256 cp1256 xcp1256", SINGLE, "windows-1256" },
	{ "windows1257 cp1257 xcp1257", SINGLE, "windows-1257" },
	{ "windows1258 cp1258 xcp1258", SINGLE, "windows-1258" },
	{ "windows874 cp874 dos874 iso885911 tis620 tis62025330", SINGLE, "windows-874" },
	{ "iso88592 latin2 l2 isoir101 csisolatin2", SINGLE, "iso-8859-2" },
	{ "iso88593 latin3 l3 isoir109 csisolatin3", SINGLE, "iso-8859-3" },
	{ "iso88594 latin4 l4 isoir110 csisolatin4", SINGLE, "iso-8859-4" },
	{ "iso88595 cyrillic isoir144 csisolatincyrillic", SINGLE, "iso-8859-5" },
	{ "iso88596 iso88596i iso88596e arabic asmo708 ecma114 isoir127 csisolatinarabic",
	  SINGLE, "iso-8859-6" },
	{ "iso88597 greek greek8 suneugreek ecma118 elot928 isoir126 csisolatingreek",
	  SINGLE, "iso-8859-7" },
	{ "iso88598 iso88598i iso88598e hebrew visual logical isoir138 csisolatinhebrew",
	  SINGLE, "iso-8859-8" },
	{ "iso885910 latin6 l6 isoir157 csisolatin6", SINGLE, "iso-8859-10" },
	{ "iso885913 latin7 l7", SINGLE, "iso-8859-13" },
	{ "iso885914 latin8 l8 isoceltic isoir199", SINGLE, "iso-8859-14" },
	{ "iso885915 latin9 l9 csisolatin9", SINGLE, "iso-8859-15" },
	{ "iso885916 latin10 l10 isoir226", SINGLE, "iso-8859-16" },
	{ "koi8r koi8 koi cskoi8r", SINGLE, "koi8-r" },
	{ "koi8u koi8ru", SINGLE, "koi8-u" },
	{ "macintosh mac macroman xmacroman csmacintosh", SINGLE, "macintosh" },
	{ "xmaccyrillic maccyrillic xmacukrainian", SINGLE, "x-mac-cyrillic" },
	{ "ibm437 cp437 437 cspc8codepage437", SINGLE, "ibm437" },
	{ "ibm850 cp850 850 cspc850multilingual", SINGLE, "ibm850" },
	{ "ibm852 cp852 852 cspcp852", SINGLE, "ibm852" },
	{ "ibm858 cp858 ibm00858 cp00858 ccsid00858", SINGLE, "ibm858" },
	{ "ibm866 cp866 866 csibm866", SINGLE, "ibm866" },
	{ "utf16 ucs2 iso10646ucs2 unicode csunicode", UTF_16, NULL },
	{ "utf16be unicodefffe", UTF_16BE, NULL },
	{ "utf16le unicodefeff", UTF_16LE, NULL },
	{ "utf7 unicode11utf7 xunicode20utf7 csutf7", UTF_7, "UTF-7" },
	{ "utf32 ucs4 iso10646ucs4", ICONV, "UTF-32" },
	{ "utf32be", ICONV, "UTF-32BE" },
	{ "utf32le", ICONV, "UTF-32LE" },
	{ "shiftjis sjis xsjis mskanji csshiftjis windows31j cswindows31j cp932 ms932"
	  " windows932", ICONV, "CP932" },
	{ "eucjp xeucjp xeuc cseucpkdfmtjapanese ujis eucjpms cp51932", ICONV, "EUC-JP-MS" },
	{ "iso2022jp csiso2022jp iso2022jp1 iso2022jp2 csiso2022jp2 jis", ICONV, "ISO-2022-JP-2" },
	{ "iso2022jp3 iso2022jp2004", ICONV, "ISO-2022-JP-3" },
	{ "gb18030 gb2312 gbk xgbk cp936 ms936 windows936 euccn eucgb gb231280 chinese"
	  " isoir58 csgb2312 csiso58gb231280 xeuccn cngb", ICONV, "GB18030" },
	{ "iso2022cn csiso2022cn", ICONV, "ISO-2022-CN" },
	{ "big5 cnbig5 csbig5 xxbig5 big5hkscs cp950 ms950 windows950 big5eten", ICONV, "BIG5-HKSCS" },
	{ "euctw xeuctw", ICONV, "EUC-TW" },
	{ "euckr cseuckr ksc56011987 ksc56011989 ksc5601 ksc5601ksc56011987 korean isoir149"
	  " csksc56011987 windows949 cp949 uhc ms949 xwindows949", ICONV, "CP949" },
	{ "iso2022kr csiso2022kr", ICONV, "ISO-2022-KR" },
	{ "johab cp1361", ICONV, "JOHAB" },
	{ "viscii csviscii viscii11", ICONV, "VISCII" },
	{ "tcvn tcvn5712 tcvn57121", ICONV, "TCVN" },
};

enum {
	LABEL_MAX = 40,          /* the longest label above has 25 characters */
	CHUNK = 4096,            /* converted at a time, on the stack */
};

static const uint32_t NOTHING = 0xfffd;

/* "ISO_8859-1:1987" and "iso-8859-1*en" to "iso88591".  Length 0: too long. */
static size_t label_key(char key[LABEL_MAX], struct slice name)
{
	size_t len = 0;

	name = slice_trim(name);
	for (size_t i = 0; i < name.len && name.at[i] != ':' && name.at[i] != '*'; i++) {
		char c = name.at[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			continue;
		if (len == LABEL_MAX)
			return 0;
		key[len++] = c;
	}
	return len;
}

/* NULL: none of ours. */
static const struct charset *charset_find(struct slice name)
{
	char key[LABEL_MAX];
	size_t len = label_key(key, name);

	if (len == 0)
		return NULL;
	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++) {
		struct slice rest = slice_of(charsets[i].labels);

		while (rest.len) {
			struct slice label = slice_head(rest, slice_find(rest, ' '));

			if (slice_equal(label, slice_make(key, len)))
				return &charsets[i];
			rest = slice_from(rest, label.len + 1);
		}
	}
	return NULL;
}

bool charset_known(struct slice name)
{
	const struct charset *c = charset_find(name);
	iconv_t cd;

	if (!c || c->how == UTF_7)
		return false;
	if (c->how != ICONV)
		return true;
	cd = iconv_open("UTF-8", c->name);
	if (cd == (iconv_t)-1)
		return false;
	iconv_close(cd);
	return true;
}

/* ==== Writing: characters gathered in a chunk, so that buf is asked seldom ==== */

struct sink {
	struct buf *out;
	size_t len;
	uint8_t bytes[CHUNK];
	bool full;
};

static void sink_flush(struct sink *s)
{
	if (!s->full && !buf_add(s->out, slice_make((const char *)s->bytes, s->len)))
		s->full = true;
	s->len = 0;
}

static void sink_put(struct sink *s, uint32_t c)
{
	if (s->len + 4 > sizeof(s->bytes))
		sink_flush(s);
	if (c < 0x80)
		s->bytes[s->len++] = (uint8_t)c;
	else
		s->len += (size_t)utf8proc_encode_char((utf8proc_int32_t)c, s->bytes + s->len);
}

static bool sink_end(struct sink *s)
{
	sink_flush(s);
	return !s->full;
}

/* ==== Reading ==== */

/* The next character of UTF-8, or NOTHING for one byte that is none. */
static uint32_t utf8_next(struct slice *in)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t n;

	if ((uint8_t)in->at[0] < 0x80) {
		c = in->at[0];
		n = 1;
	} else {
		/* Four bytes are enough for any character, and the length is signed. */
		n = utf8proc_iterate((const utf8proc_uint8_t *)in->at,
				     in->len < 4 ? (utf8proc_ssize_t)in->len : 4, &c);
	}
	if (n <= 0) {
		c = (utf8proc_int32_t)NOTHING;
		n = 1;
	}
	*in = slice_from(*in, (size_t)n);
	return (uint32_t)c;
}

static bool from_utf8(struct buf *out, struct slice in)
{
	struct sink s = { .out = out };

	if (text_is_utf8(in))
		return buf_add(out, in);
	while (in.len && !s.full)
		sink_put(&s, utf8_next(&in));
	return sink_end(&s);
}

static bool from_single(struct buf *out, const struct charset_single *table, struct slice in)
{
	struct sink s = { .out = out };

	for (size_t i = 0; i < in.len && !s.full; i++) {
		uint8_t b = (uint8_t)in.at[i];
		uint32_t c = b < 128 ? b : table->high[b - 128];

		sink_put(&s, c || b == 0 ? c : NOTHING);
	}
	return sink_end(&s);
}

static bool from_unknown(struct buf *out, struct slice in)
{
	if (text_is_utf8(in))
		return buf_add(out, in);
	return from_single(out, charset_single_find("windows-1252"), in);
}

static uint32_t unit_at(struct slice in, bool big)
{
	uint32_t first = (uint8_t)in.at[0], second = (uint8_t)in.at[1];

	return big ? first << 8 | second : second << 8 | first;
}

/* RFC 2781: a byte order mark decides; without one it is big-endian (4.3). */
static bool from_utf16(struct buf *out, enum how how, struct slice in)
{
	struct sink s = { .out = out };
	bool big = how != UTF_16LE;

	if (how == UTF_16 && in.len >= 2 && unit_at(in, false) == 0xfeff)
		big = false;
	if (in.len >= 2 && unit_at(in, big) == 0xfeff)
		in = slice_from(in, 2);
	while (in.len >= 2 && !s.full) {
		uint32_t c = unit_at(in, big), low;

		in = slice_from(in, 2);
		if (c >= 0xd800 && c <= 0xdbff && in.len >= 2 &&
		    (low = unit_at(in, big)) >= 0xdc00 && low <= 0xdfff) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			in = slice_from(in, 2);
		} else if (c >= 0xd800 && c <= 0xdfff) {
			c = NOTHING;
		}
		sink_put(&s, c);
	}
	if (in.len)
		sink_put(&s, NOTHING);
	return sink_end(&s);
}

static bool from_iconv(struct buf *out, const char *name, struct slice in)
{
	struct sink s = { .out = out };
	iconv_t cd = iconv_open("UTF-8", name);
	char *from = (char *)(uintptr_t)in.at;   /* iconv(3) does not write there */
	size_t left = in.len;
	bool ended = false;

	if (cd == (iconv_t)-1)                   /* the module is not installed */
		return from_unknown(out, in);
	while (!ended && !s.full) {
		char *to = (char *)s.bytes + s.len;
		size_t room = sizeof(s.bytes) - s.len;
		/* The last call, without input, gives out what a shift state holds. */
		bool last = left == 0;
		size_t rc = last ? iconv(cd, NULL, NULL, &to, &room)
				 : iconv(cd, &from, &left, &to, &room);

		s.len = sizeof(s.bytes) - room;
		if (rc != (size_t)-1) {
			ended = last;
		} else if (errno == E2BIG) {
			sink_flush(&s);
		} else if (last) {
			ended = true;
		} else {
			/* EILSEQ, or EINVAL: the input ends within a character. */
			size_t skip = errno == EINVAL ? left : 1;

			sink_put(&s, NOTHING);
			from += skip < left ? skip : left;
			left -= skip < left ? skip : left;
		}
	}
	iconv_close(cd);
	return sink_end(&s);
}

bool charset_to_utf8(struct buf *out, struct slice name, struct slice in)
{
	const struct charset *c = charset_find(name);

	switch (c ? c->how : GUESS) {
	case UTF_8:
		return from_utf8(out, in);
	case UTF_16:
	case UTF_16BE:
	case UTF_16LE:
		return from_utf16(out, c->how, in);
	case SINGLE:
		return from_single(out, charset_single_find(c->name), in);
	case UTF_7:
	case ICONV:
		return from_iconv(out, c->name, in);
	case GUESS:
		break;
	}
	return from_unknown(out, in);
}
