/*
 * Prints what mime/ makes of one message, for compare_mime.py:
 *
 *   envelope N          and N bytes of text, as IMAP has it
 *   bodystructure N     the same
 *   body N              the same
 *   header AT LEN CRLF  the message's own header
 *   part SECTION HEADER-AT HEADER-LEN HEADER-CRLF BODY-AT BODY-LEN BODY-CRLF LINES
 *
 * The message comes from the file named, or from standard input; a number as
 * the second argument pushes it in pieces of that size.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "mime/describe.h"
#include "mime/part.h"

enum { TEXT_MOST = 256 * 1024 * 1024, SECTION_ROOM = 2048 };

static bool read_all(FILE *f, struct buf *out)
{
	size_t n;

	do {
		if (!buf_reserve(out, 65536))
			return false;
		n = fread(out->data + out->len, 1, 65536, f);
		out->len += n;
	} while (n > 0);
	return !ferror(f);
}

static void print_text(const char *name, const struct buf *text)
{
	printf("%s %zu\n", name, text->len);
	fwrite(text->data, 1, text->len, stdout);
	putchar('\n');
}

static void print_part(const struct mime_part *p, const char *section)
{
	printf("part %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
	       " %" PRIu64 "\n", section, p->header_at, p->header_len, p->header_crlf,
	       p->body_at, p->body_len, p->body_crlf, p->body_lines);
}

/* RFC 3501 6.4.5: a multipart's children are numbered below it, a message's
 * child has no number of its own when it is a multipart, else it is .1. */
static void print_below(const struct mime_part *p, const char *section)
{
	char number[SECTION_ROOM];
	unsigned n = 0;
	const char *dot = *section ? "." : "";

	if (p->kind == MIME_MESSAGE && p->child->kind == MIME_MULTIPART) {
		print_below(p->child, section);
		return;
	}
	for (const struct mime_part *c = p->child; c; c = c->next) {
		snprintf(number, sizeof(number), "%s%s%u", section, dot, ++n);
		print_part(c, number);
		print_below(c, number);
	}
}

static const struct mime_part *scan(struct arena *a, struct slice message, size_t piece)
{
	struct mime_scanner *s = mime_scanner_new(a, &mime_default_limits);

	for (; message.len; message = slice_from(message, piece)) {
		/* A copy of just its size, so that sanitizers see the smallest slip. */
		char *copy = mem_bytes(message.at, slice_head(message, piece).len);

		mime_scanner_add(s, slice_make(copy, slice_head(message, piece).len));
		free(copy);
	}
	return mime_scanner_end(s);
}

static void describe(struct slice message, size_t piece)
{
	struct arena *a = mime_arena_new();
	const struct mime_part *root = scan(a, message, piece);
	struct buf text;

	buf_init(&text, TEXT_MOST);
	mime_envelope(&text, root->header);
	print_text("envelope", &text);
	buf_clear(&text);
	mime_bodystructure(&text, root);
	print_text("bodystructure", &text);
	buf_clear(&text);
	mime_body(&text, root);
	print_text("body", &text);
	buf_release(&text);
	printf("header %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", root->header_at,
	       root->header_len, root->header_crlf);
	if (root->kind == MIME_MULTIPART) {
		print_below(root, "");
	} else {
		print_part(root, "1");
		print_below(root, "1");
	}
	arena_free(a);
}

int main(int argc, char **argv)
{
	FILE *f = argc > 1 && argv[1][0] != '-' ? fopen(argv[1], "rb") : stdin;
	size_t piece = argc > 2 ? strtoul(argv[2], NULL, 10) : SIZE_MAX;
	struct buf message;

	if (!f) {
		perror(argv[1]);
		return 1;
	}
	buf_init(&message, TEXT_MOST);
	if (!read_all(f, &message)) {
		fputs("cannot read\n", stderr);
		return 1;
	}
	describe(buf_slice(&message), piece ? piece : 1);
	buf_release(&message);
	if (f != stdin)
		fclose(f);
	return 0;
}
