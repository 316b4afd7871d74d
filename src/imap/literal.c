/*
 * Where lines and literals are told apart.  It is a file of its own because two
 * places must agree on it to the byte: the one that collects a command and the
 * one that reads its arguments.  If they did not, a client's data could become a
 * client's command.
 */
#include "literal.h"

bool imap_literal_at_end(struct slice line, struct imap_literal *out)
{
	size_t at = line.len, digits;

	if (!at || line.at[at - 1] != '}')
		return false;
	at--;
	out->sync = !(at && line.at[at - 1] == '+');
	if (!out->sync)
		at--;
	digits = at;
	while (at && line.at[at - 1] >= '0' && line.at[at - 1] <= '9')
		at--;
	if (at == digits || !at || line.at[at - 1] != '{')
		return false;
	out->size = 0;
	for (size_t i = at; i < digits; i++) {
		unsigned digit = (unsigned)(line.at[i] - '0');

		if (out->size > ((uint64_t)INT64_MAX - digit) / 10) {
			out->size = INT64_MAX;
			break;
		}
		out->size = out->size * 10 + digit;
	}
	out->head = line.len - at + 1;
	out->binary = at > 1 && line.at[at - 2] == '~';
	return true;
}

bool imap_line_ready(struct slice unread, struct slice *line, size_t *used)
{
	size_t end = slice_find(unread, '\n');

	if (end == unread.len)
		return false;
	*used = end + 1;
	if (end && unread.at[end - 1] == '\r')
		end--;
	*line = slice_head(unread, end);
	return true;
}
