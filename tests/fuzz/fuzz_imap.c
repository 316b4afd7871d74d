/* Two whole IMAP sessions on one mailbox of a real store.  The input is what they
 * send, with bytes below 0x09 as stage directions: who speaks, who does not read,
 * who hangs up.  What must hold: every response is well-formed to the byte, with
 * literals as long as they say; message numbers add up (RFC 3501 7.3, 7.4.1); and
 * nothing is left behind when everybody has gone. */
#include <assert.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/fake_conn.h"
#include "auth/auth.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "imap/imap.h"
#include "net/lane.h"
#include "net/loop.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- Responses ---- */

struct reading {
	const char *at, *end;
	bool cut;                        /* the connection ended in the middle */
	unsigned long messages;          /* as the client must believe */
	bool expunged;                   /* since the last tagged response */
	bool opening;                    /* EXISTS went down: a SELECT, or wrong */
	bool notifies;                   /* RFC 5465: expunges come between commands */
};

static bool has(const struct reading *r, const char *text)
{
	return memmem(r->at, (size_t)(r->end - r->at), text, strlen(text)) != NULL;
}

/* One response with its literals; false: that was all.  `out` has it without the
 * literals' bytes. */
static bool next_response(struct reading *r, struct buf *out)
{
	buf_clear(out);
	if (r->at == r->end)
		return false;
	for (;;) {
		const char *cr = memchr(r->at, '\r', (size_t)(r->end - r->at));
		const char *brace;
		unsigned long long size;

		if (!cr || cr + 1 == r->end) {
			assert(r->cut);
			return false;
		}
		assert(cr[1] == '\n' && !memchr(r->at, '\n', (size_t)(cr - r->at)) &&
		       !memchr(r->at, '\0', (size_t)(cr - r->at)));
		buf_add(out, slice_make(r->at, (size_t)(cr - r->at)));
		r->at = cr + 2;
		if (out->len < 3 || out->data[out->len - 1] != '}')
			break;
		for (brace = out->data + out->len - 2; *brace >= '0' && *brace <= '9'; brace--)
			;
		if (*brace != '{' || out->data[0] != '*')
			break;
		size = strtoull(brace + 1, NULL, 10);
		if (size > (size_t)(r->end - r->at)) {
			assert(r->cut);
			assert(!has(r, "* BYE The server is") && !has(r, "* BYE Nothing was"));
			return false;
		}
		r->at += size;
		buf_add_text(out, "\"\"");
	}
	buf_add_byte(out, '\0');
	return true;
}

/* Quotes closed, and as many ")" as "(". */
static void check_nesting(const char *p)
{
	long depth = 0;

	for (; *p; p++) {
		if (*p == '"') {
			for (p++; *p != '"'; p++) {
				assert(*p);
				if (*p == '\\')
					p++;
			}
		} else if (*p == '{') {
			/* Of a literal: its bytes are gone. */
			p = strchr(p, '}') + 2;
			assert(*p == '"');
		} else {
			depth += (*p == '(') - (*p == ')');
			assert(depth >= 0);
		}
	}
	assert(depth == 0);
}

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void check_numbered(struct reading *r, unsigned long n, const char *what)
{
	if (starts(what, "EXISTS")) {
		r->opening = n < r->messages;
		r->messages = n;
	} else if (starts(what, "EXPUNGE")) {
		assert(n >= 1 && n <= r->messages);
		r->messages--;
		r->expunged = true;
	} else if (starts(what, "FETCH (")) {
		assert(n >= 1 && n <= r->messages && !r->opening);
		check_nesting(what);
	} else if (starts(what, "UIDFETCH (")) {
		check_nesting(what);
	} else {
		assert(starts(what, "RECENT"));
	}
}

/* RFC 7162 3.2.10: those that were there until now. */
static void check_vanished(struct reading *r, const char *set)
{
	while (*set) {
		char *rest;
		unsigned long first = strtoul(set, &rest, 10), last = first;

		if (*rest == ':')
			last = strtoul(rest + 1, &rest, 10);
		assert(rest > set && (*rest == ',' || !*rest) && first >= 1 && last >= first);
		assert(last - first < r->messages);
		r->messages -= last - first + 1;
		set = rest + (*rest == ',');
	}
	r->expunged = true;
}

static void check_untagged(struct reading *r, const char *text)
{
	char *rest;

	if (*text >= '0' && *text <= '9') {
		unsigned long n = strtoul(text, &rest, 10);

		assert(*rest == ' ');
		check_numbered(r, n, rest + 1);
	} else if (starts(text, "SEARCH")) {
		assert(strspn(text + 6, " 0123456789") == strlen(text + 6));
	} else if (starts(text, "SORT")) {
		assert(strspn(text + 4, " 0123456789(MODSEQ)") == strlen(text + 4));
	} else if (starts(text, "VANISHED (EARLIER) ")) {
		assert(strspn(text + 19, "0123456789:,") == strlen(text + 19));
	} else if (starts(text, "VANISHED ")) {
		check_vanished(r, text + 9);
	} else if (starts(text, "ESEARCH") || starts(text, "THREAD") || starts(text, "METADATA ") ||
		   starts(text, "QUOTA")) {
		check_nesting(text);
	} else if (starts(text, "LIST (") || starts(text, "LSUB (") || starts(text, "STATUS ") ||
		   starts(text, "METADATA ") || starts(text, "QUOTA ") || starts(text, "QUOTAROOT ") ||
		   starts(text, "FLAGS (") || starts(text, "NAMESPACE (") || starts(text, "ID (")) {
		check_nesting(text);
	} else {
		assert(starts(text, "OK ") || starts(text, "BAD ") || starts(text, "BYE ") ||
		       starts(text, "NO ") || starts(text, "CAPABILITY ") ||
		       strcmp(text, "ENABLED") == 0 || starts(text, "ENABLED "));
		if (starts(text, "OK [UIDVALIDITY "))
			r->opening = false;
	}
}

static void check_tagged(struct reading *r, const char *text)
{
	const char *status = strchr(text, ' ');

	assert(status && status > text && !memchr(text, '+', (size_t)(status - text)));
	status++;
	assert(starts(status, "OK ") || starts(status, "NO ") || starts(status, "BAD "));
	assert(!r->opening);
	if (strcmp(status, "OK FETCH completed") == 0 || strcmp(status, "OK STORE completed") == 0 ||
	    strcmp(status, "OK SEARCH completed") == 0 || strcmp(status, "OK SORT completed") == 0 ||
	    strcmp(status, "OK THREAD completed") == 0)
		assert(!r->expunged || r->notifies);
	r->expunged = false;
	if (strcmp(status, "OK NOTIFY completed") == 0)
		r->notifies = true;
}

static void check_output(const struct fake_conn *f)
{
	struct reading r = { f->output.data, f->output.data + f->output.len, f->closed, 0, false, false,
			     false };
	struct buf line;

	buf_init(&line, f->output.len + 100);
	while (next_response(&r, &line)) {
		if (starts(line.data, "* "))
			check_untagged(&r, line.data + 2);
		else if (!starts(line.data, "+ "))
			check_tagged(&r, line.data);
	}
	buf_release(&line);
}

/* ---- The world ---- */

static const char *const mails[] = {
	"From: Ann <ann@example.com>\nTo: bob@example.com, \"B. \\\"C\\\"\" <c@example.com>\n"
	"Subject: one\nDate: Fri, 20 Nov 2026 11:00:00 +0100\nMessage-ID: <1@example.com>\n\nhello\n",
	"From: =?utf-8?q?J=C3=BCrgen?= <j@example.com>\nSubject: =?iso-8859-1?q?gr=FC=DFe?=\n"
	"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b\"\n\nbefore\n--b\n"
	"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n"
	"--b\nContent-Type: message/rfc822\n\nSubject: inner\nFrom: x@y.example\n\ninner text\n"
	"--b\nContent-Disposition: attachment; filename*=utf-8''%e2%82%ac.txt\n\nabc\n--b--\nafter\n",
	"Subject: 8 bit \xfc and a NUL\n\nbody\x80\xff without an end",
	"\n",
};

struct world {
	char dir[64];
	struct loop *loop;
	struct lane *mail, *writers, *readers;
	struct store *store;
	struct auth *auth;
	struct imap_server server;
	struct fake_conn *client[2];
};

static void put(const char *path, const char *text, size_t times)
{
	FILE *file = fopen(path, "w");

	assert(file);
	fputs(mails[0], file);
	while (times--)
		fputs(text, file);
	fclose(file);
}

static void fill(const struct world *w)
{
	char path[200];

	for (size_t i = 0; i < sizeof(mails) / sizeof(mails[0]); i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/m/cur/%zu.M.host:2,%s", w->dir, i + 1, i % 2 ? "S" : "");
		file = fopen(path, "w");
		assert(file);
		fputs(mails[i], file);
		fclose(file);
	}
	/* More than a connection holds: one whose reader can be slow. */
	snprintf(path, sizeof(path), "%s/m/new/9.M.host", w->dir);
	put(path, "0123456789012345678901234567890123456789012345678901234\n", 6000);
}

static void hello(struct world *w, int who)
{
	struct fake_conn *f = fake_conn_new(&imap_protocol, &w->server, w->loop);

	f->secure = true;
	w->client[who] = f;
	fake_conn_open(f);
	fake_conn_say(f, "l LOGIN admin secret\r\ns SELECT INBOX\r\n");
}

static void world_open(struct world *w)
{
	static const char *const folders[] = { "", "/cur", "/new", "/tmp" };
	char maildir[100], index[100], error[256] = "";

	log_setup(false, LEVEL_ERROR);
	snprintf(w->dir, sizeof(w->dir), "/dev/shm/fuzz_imap.XXXXXX");
	if (!mkdtemp(w->dir)) {
		snprintf(w->dir, sizeof(w->dir), "/tmp/fuzz_imap.XXXXXX");
		assert(mkdtemp(w->dir));
	}
	snprintf(maildir, sizeof(maildir), "%s/m", w->dir);
	snprintf(index, sizeof(index), "%s/index.db", w->dir);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char path[200];

		snprintf(path, sizeof(path), "%s%s", maildir, folders[i]);
		assert(mkdir(path, 0700) == 0);
	}
	fill(w);
	w->loop = loop_new();
	w->mail = lane_new(w->loop, "mail", 1, 1000);
	w->writers = lane_new(w->loop, "writers", 1, 1000);
	w->readers = lane_new(w->loop, "readers", 1, 1000);
	w->store = store_open(&(struct store_options){
		.loop = w->loop, .mail = w->mail, .writers = w->writers, .readers = w->readers,
		.maildir = maildir, .index_path = index, .message_max = 1 << 20,
	}, error, sizeof(error));
	assert(w->store);
	w->auth = auth_new(&(struct auth_options){
		.loop = w->loop, .lane = w->readers, .user = "admin",
		.domain = "example.org", .password = "secret",
	});
	w->server = (struct imap_server){
		.store = w->store, .auth = w->auth, .hostname = "mx.example.org",
		.append_max = 1 << 20, .log_protocol = true,
	};
	hello(w, 0);
	hello(w, 1);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void world_close(struct world *w)
{
	for (int i = 0; i < 2; i++) {
		fake_conn_break(w->client[i]);
		check_output(w->client[i]);
		fake_conn_free(w->client[i]);
	}
	auth_free(w->auth);
	/* As the daemon does: readers and writers feed the mail lane. */
	lane_free(w->readers);
	lane_free(w->writers);
	lane_free(w->mail);
	store_close(w->store);
	loop_free(w->loop);
	nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- The play ---- */

/* Turns the loop while somebody waits for a job (and not for a reader). */
static void settle(struct world *w)
{
	uint64_t end = clock_mono_ms() + 5000;
	bool waiting = true;

	while (waiting && clock_mono_ms() < end) {
		waiting = false;
		for (int i = 0; i < 2; i++) {
			fake_conn_run(w->client[i]);
			waiting |= w->client[i]->paused && !w->client[i]->slow && !w->client[i]->closed;
		}
		if (waiting)
			loop_turn(w->loop, 5);
	}
	assert(!waiting);
	loop_turn(w->loop, 0);
}

/* A message goes, as when another program removes it. */
static int take_away(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	return type == FTW_F && strstr(path, "/cur/") ? remove(path) || 1 : 0;
}

static void direct(struct world *w, int *who, uint8_t byte)
{
	struct fake_conn *f = w->client[*who];

	switch (byte) {
	case 1:
		*who = !*who;
		return;
	case 2:
		settle(w);
		return;
	case 3:
		f->slow = !f->slow;
		if (!f->slow && !f->closed)
			fake_conn_drain(f);
		return;
	case 4:
		fake_conn_break(f);
		check_output(f);
		fake_conn_free(f);
		hello(w, *who);
		return;
	case 5:
		loop_turn(w->loop, 1);
		return;
	case 6:
		fake_conn_idle(f);
		return;
	case 7:
		fake_conn_shutdown(f);
		return;
	default:
		nftw(w->dir, take_away, 16, FTW_PHYS);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w;
	int who = 0;

	memset(&w, 0, sizeof(w));
	world_open(&w);
	for (size_t at = 0; at < size;) {
		size_t n = at;

		while (n < size && (data[n] > 8 || data[n] == 0))
			n++;
		if (n > at)
			fake_conn_feed(w.client[who], slice_make((const char *)data + at, n - at));
		if (n < size)
			direct(&w, &who, data[n++]);
		at = n;
	}
	for (int i = 0; i < 2; i++)
		if (w.client[i]->slow) {
			w.client[i]->slow = false;
			fake_conn_drain(w.client[i]);
		}
	settle(&w);
	world_close(&w);
	return 0;
}
