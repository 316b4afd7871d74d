/* Domain names as they are compared.  IDNA is left to libidn2: its tables follow
 * Unicode, and two programs that fold names differently are a security hole. */
#include "mime/domain.h"

#include <idn2.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"

enum { LABEL_MAX = 63, DOMAIN_MAX = 253 };       /* RFC 1035 2.3.4 */

static bool is_host_name(const char *s)
{
	size_t label = 0;
	size_t len = strlen(s);

	if (len == 0 || len > DOMAIN_MAX)
		return false;
	for (size_t i = 0; i <= len; i++) {
		if (s[i] == '.' || s[i] == '\0') {
			if (label == 0 || label > LABEL_MAX || s[i - 1] == '-')
				return false;
			label = 0;
		} else if ((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') ||
			   s[i] == '_' || (s[i] == '-' && label > 0)) {
			label++;
		} else {
			return false;
		}
	}
	return true;
}

bool domain_to_ascii(struct buf *out, struct slice domain)
{
	char *given, *ascii = NULL;
	bool ok;

	if (domain.len && domain.at[domain.len - 1] == '.')
		domain.len--;
	if (domain.len == 0 || domain.len > 4 * DOMAIN_MAX ||
	    slice_find(domain, '\0') != domain.len)
		return false;
	given = mem_bytes(domain.at, domain.len);
	text_lower(given, domain.len);
	if (!text_is_ascii(domain)) {
		if (idn2_to_ascii_8z(given, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK)
			ascii = NULL;
	}
	ok = text_is_ascii(domain) ? is_host_name(given) : ascii && is_host_name(ascii);
	if (ok)
		ok = buf_add_text(out, ascii ? ascii : given);
	if (ascii)
		idn2_free(ascii);
	free(given);
	return ok;
}
