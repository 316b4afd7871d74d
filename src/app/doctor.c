/* What can be told before the daemon starts (--check), and about one that runs
 * (--health): sentences for the person in front of the machine. */
#include "doctor.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <unistd.h>

#include "auth/auth.h"
#include "net/loop.h"
#include "net/tls.h"

/* ==== Places ==== */

/* The folder itself, or the nearest one above it that exists. */
static void nearest_existing(const char *path, char out[PATH_MAX])
{
	struct stat st;

	snprintf(out, PATH_MAX, "%s", path);
	while (stat(out, &st) != 0 && errno == ENOENT) {
		char *slash = strrchr(out, '/');

		if (!slash || slash == out) {
			snprintf(out, PATH_MAX, "/");
			return;
		}
		*slash = '\0';
	}
}

static bool check_folder(const char *name, const char *path, FILE *errors)
{
	char at[PATH_MAX];
	struct stat st;

	nearest_existing(path, at);
	if (stat(at, &st) != 0) {
		fprintf(errors, "letterplate: %s=%s: %s\n", name, path, strerror(errno));
	} else if (!S_ISDIR(st.st_mode)) {
		fprintf(errors, "letterplate: %s=%s: %s is not a folder\n", name, path, at);
	} else if (access(at, R_OK | W_OK | X_OK) != 0 && strcmp(at, path) != 0) {
		fprintf(errors, "letterplate: %s=%s: user %u cannot make it in %s (%s): make it with "
			"`install -d -m 700 -o %u %s`\n", name, path, (unsigned)geteuid(), at,
			strerror(errno), (unsigned)geteuid(), path);
	} else if (access(at, R_OK | W_OK | X_OK) != 0) {
		fprintf(errors, "letterplate: %s=%s: user %u cannot write in %s (%s): "
			"make it theirs with `chown %u %s`, or start as another user\n", name, path,
			(unsigned)geteuid(), at, strerror(errno), (unsigned)geteuid(), at);
	} else {
		return true;
	}
	return false;
}

/* SQLite's shared memory needs one machine's kernel. */
static bool check_local(const char *name, const char *path, FILE *errors)
{
	static const struct { unsigned magic; const char *name; } remote[] = {
		{ 0x6969, "NFS" }, { 0x517b, "SMB" }, { 0xff534d42, "CIFS" }, { 0xfe534d42, "SMB" },
	};
	char at[PATH_MAX];
	struct statfs fs;

	nearest_existing(path, at);
	if (statfs(at, &fs) != 0)
		return true;             /* check_folder said it */
	for (size_t i = 0; i < sizeof remote / sizeof *remote; i++) {
		if ((unsigned)fs.f_type == remote[i].magic) {
			fprintf(errors, "letterplate: %s=%s lies on %s: set it to a folder on a local "
				"disk (it can be deleted and is made anew)\n", name, path, remote[i].name);
			return false;
		}
	}
	return true;
}

static bool check_readable(const char *name, const char *path, FILE *errors)
{
	struct stat st;

	if (access(path, R_OK) == 0)
		return true;
	/* What is not there can be made; what cannot be looked at is not "not there". */
	if (errno == ENOENT) {
		if (lstat(path, &st) != 0 || !S_ISLNK(st.st_mode))
			return true;
		fprintf(errors, "letterplate: %s=%s: what it links to is not here; a container needs "
			"that folder as well\n", name, path);
		return false;
	}
	fprintf(errors, "letterplate: %s=%s: user %u cannot read it: %s\n",
		name, path, (unsigned)geteuid(), strerror(errno));
	return false;
}

/* The same look as at the start, where both files are there. */
static bool check_pair_fits(const struct config *c, FILE *errors)
{
	struct loop *loop = loop_new();
	char error[512];
	struct tls *tls = tls_load(loop, c->certfile, c->keyfile, c->hostname, error, sizeof error);
	bool ok = tls != NULL;

	if (!ok)
		fprintf(errors, "letterplate: %s\n", error);
	tls_free(tls);
	loop_free(loop);
	return ok;
}

static bool check_pair(const struct config *c, FILE *errors)
{
	bool readable = check_readable("KEYFILE", c->keyfile, errors);
	bool key = access(c->keyfile, F_OK) == 0, cert = access(c->certfile, F_OK) == 0;
	char half_made[PATH_MAX];

	if (!check_readable("CERTFILE", c->certfile, errors) || !readable)
		return false;

	/* The making of the pair was cut short: it is finished at the start. */
	snprintf(half_made, sizeof half_made, "%s.new", c->certfile);
	if (key && !cert && access(half_made, F_OK) == 0)
		return true;

	if (key != cert) {
		fprintf(errors, "letterplate: %s is there and %s is not: give both, or neither\n",
			key ? c->keyfile : c->certfile, key ? c->certfile : c->keyfile);
		return false;
	}
	return !key || check_pair_fits(c, errors);
}

#define DOLLARS "the env_file of compose wants it in single quotes, a compose file itself each $ as $$"

static bool check_password(const struct config *c, FILE *errors)
{
	enum auth_password kind = auth_password_kind(c->password);

	/* What compose leaves of a hash: "$6$salt$hash" is "$6" and a rest. */
	if (kind == AUTH_PLAIN && c->password[0] == '$')
		fprintf(errors, "letterplate: warning: MAILPASSWORD begins with $ but is no hash, so it is "
			"taken as it stands.  If it was one: " DOLLARS "\n");
	if (kind != AUTH_BROKEN_HASH)
		return true;
	fprintf(errors, "letterplate: MAILPASSWORD begins like a crypt(3) hash but is not one that "
		"this system knows: make one with `openssl passwd -6` or `mkpasswd`; " DOLLARS "\n");
	return false;
}

static bool lies_in(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 && path[n] == '/';
}

bool doctor_check_places(const struct config *c, FILE *errors)
{
	char folder[PATH_MAX];
	char *slash;
	bool root = check_folder("MAILFOLDER", c->mailfolder, errors), ok = root;

	/* What lies in a wrong folder needs no sentence of its own. */
	if (root || !lies_in(c->indexfolder, c->mailfolder))
		ok &= check_folder("INDEXFOLDER", c->indexfolder, errors);
	ok &= check_local("INDEXFOLDER", c->indexfolder, errors);
	if (c->greylist && (root || !lies_in(c->greylist_db, c->mailfolder))) {
		snprintf(folder, sizeof folder, "%s", c->greylist_db);
		if ((slash = strrchr(folder, '/')) && slash != folder)
			*slash = '\0';
		ok &= check_folder("GRAYLISTING_DB_PATH", folder, errors);
		ok &= check_local("GRAYLISTING_DB_PATH", folder, errors);
	}
	if (root || !lies_in(c->keyfile, c->mailfolder))
		ok &= check_pair(c, errors);
	ok &= check_password(c, errors);
	return ok;
}

/* ==== Health ==== */

enum { ANSWER_S = 5 };

/* What a service says first (or after `ask`) must begin like `want`, or like
 * `also`; want NULL: to accept is enough. */
struct expectation {
	const char *name, *ask, *want, *also;
};

static bool talk(int fd, const struct expectation *e, const char **why)
{
	char answer[64] = "";
	size_t have = 0;

	if (e->ask && send(fd, e->ask, strlen(e->ask), MSG_NOSIGNAL) < 0) {
		*why = strerror(errno);
		return false;
	}
	while (e->want && have < strlen(e->want)) {
		ssize_t n = recv(fd, answer + have, sizeof answer - 1 - have, 0);

		if (n <= 0) {
			*why = n == 0 ? "connection closed" : strerror(errno);
			return false;
		}
		have += (size_t)n;
	}
	*why = "unexpected answer";
	return !e->want || strncmp(answer, e->want, strlen(e->want)) == 0 ||
	       (e->also && strncmp(answer, e->also, strlen(e->also)) == 0);
}

static bool check_address(const struct listen_at *at, const struct expectation *e, FILE *errors)
{
	struct timeval limit = { .tv_sec = ANSWER_S };
	struct address a = at->address;
	struct sockaddr_storage sa;
	const char *why = "";
	socklen_t len;
	bool ok;
	int fd;

	if (a.port == 0)
		return true;             /* the kernel chose: nobody can know */
	if (at->any || a.len == 0)
		address_parse(&a, SLICE("127.0.0.1"));
	a.port = at->address.port;
	len = address_to_sockaddr(&a, &sa);
	fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		fprintf(errors, "letterplate: %s: %s\n", e->name, strerror(errno));
		return false;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	ok = connect(fd, (struct sockaddr *)&sa, len) == 0;
	if (!ok)
		why = strerror(errno);
	else
		ok = talk(fd, e, &why);
	close(fd);
	if (!ok)
		fprintf(errors, "letterplate: %s on port %u: %s\n", e->name, a.port, why);
	return ok;
}

static bool check_list(const struct listen_list *list, const struct expectation *e, FILE *errors)
{
	bool ok = true;

	for (size_t i = 0; i < list->count; i++)
		ok &= check_address(&list->at[i], e, errors);
	return ok;
}

bool doctor_check_health(const struct config *c, FILE *errors)
{
	/* A daemon that is full answers, so it is alive. */
	static const struct expectation smtp = { "SMTP", NULL, "220 ", "421 " };
	static const struct expectation imap = { "IMAP", NULL, "* OK ", "* BYE" };
	static const struct expectation imaps = { "IMAPS", NULL, NULL, NULL };
	static const struct expectation http = {
		"WebCal", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		"HTTP/1.1 200", "HTTP/1.1 503",
	};
	static const struct expectation https = { "WebCal", NULL, NULL, NULL };
	bool ok = true;

	/* Behind a proxy the first bytes must be its header: to accept is what we can see. */
	ok &= check_list(&c->smtp_listen, c->proxies ? &imaps : &smtp, errors);
	ok &= check_list(&c->imap_listen, c->proxies ? &imaps : &imap, errors);
	ok &= check_list(&c->imaps_listen, &imaps, errors);
	if (c->webcal)
		ok &= check_list(&c->webcal_listen, c->webcal_tls ? &https : &http, errors);
	return ok;
}
