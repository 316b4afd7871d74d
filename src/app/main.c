/* letterplate: the command line.  Everything that can be wrong is said before the
 * daemon starts; from then on it speaks through the log. */
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config.h"
#include "doctor.h"
#include "wire.h"

extern char **environ;

enum action { RUN, CHECK, HEALTH };

static const char usage[] =
	"Usage: letterplate [--env-file FILE] [--check | --health]\n"
	"\n"
	"A mail daemon for one domain and one mailbox: SMTP in, IMAP and a calendar out.\n"
	"Settings are environment variables; --print-config-example lists them.\n"
	"\n"
	"  --env-file FILE          read settings from FILE (NAME=value lines) as well\n"
	"  --check                  say whether settings and places are right, and end\n"
	"  --health                 say whether the daemon with these settings answers\n"
	"  --print-config-example   every setting with its default and meaning\n"
	"  --print-config-table     the same as a Markdown table\n"
	"  --version\n"
	"  --help\n"
	"\n"
	"Exit status: 0 ended as asked, 1 could not go on, 64 wrong usage, 78 wrong settings.\n"
	"Signals: SIGTERM ends it in at most 10 s, SIGHUP reads the certificate again.\n";

enum {
	FILES_MAX = 65536,
	/* The index, the log, listening sockets, inotify, and what the lanes open. */
	FILES_OURS = 100,
};

/* Room for all connections that the settings allow, where the machine lets us: one
 * that is short of it lets strangers take what mail and index need. */
static void raise_file_limit(const struct config *c)
{
	uint64_t needed = FILES_OURS + (c->smtp_listen.count ? c->smtp_max : 0) +
			  (c->imap_listen.count ? c->imap_max : 0) +
			  (c->imaps_listen.count ? c->imap_max : 0) +
			  (c->webcal && c->webcal_listen.count ? c->webcal_max : 0);
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max < FILES_MAX ? files.rlim_max : FILES_MAX;
	setrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur < needed)
		log_event(LEVEL_WARN, "app", "fewer files may be open than connections are allowed",
			  log_number("limit", (int64_t)files.rlim_cur),
			  log_number("needed", (int64_t)needed),
			  log_text("advice", "raise `ulimit -n`, or lower the ..._MAX_CONNECTIONS"));
}

static int run(const struct config *c)
{
	uint64_t began = clock_mono_ms();
	struct daemon *d;
	char error[512];
	bool ok;

	/* One heap for all threads: they do little with it, and each heap costs. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, 256 * 1024);
	umask(0077);
	log_setup(c->log_json, c->debug ? LEVEL_DEBUG : LEVEL_INFO);
	raise_file_limit(c);
	d = daemon_start(c, error, sizeof error);
	if (!d) {
		fprintf(stderr, "letterplate: %s\n", error);
		return EXIT_FAILURE;
	}
	log_event(LEVEL_INFO, "app", "ready", log_text("domain", c->domain),
		  log_text("version", LETTERPLATE_VERSION),
		  log_number("start_ms", (int64_t)(clock_mono_ms() - began)));
	mem_give_back();
	ok = daemon_run(d);
	daemon_free(d);
	log_event(LEVEL_INFO, "app", "ended", log_text("domain", c->domain));
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int with_config(enum action action, const char *env_file)
{
	struct config_source *source = config_source_new(environ);
	struct config c;
	int status = EX_CONFIG;

	if (env_file && !config_source_add_file(source, env_file, stderr)) {
		config_source_free(source);
		return EX_CONFIG;
	}
	if (config_read(&c, source, stderr)) {
		config_source_free(source);
		source = NULL;
		if (action == HEALTH)
			status = doctor_check_health(&c, stderr) ? EXIT_SUCCESS : EXIT_FAILURE;
		else if (!doctor_check_places(&c, stderr))
			status = EX_CONFIG;
		else if (action == CHECK)
			status = puts("letterplate: settings and places are right") < 0;
		else
			status = run(&c);
	}
	config_source_free(source);
	config_release(&c);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "env-file", required_argument, NULL, 'e' },
		{ "check", no_argument, NULL, 'c' },
		{ "health", no_argument, NULL, 'l' },
		{ "print-config-example", no_argument, NULL, 'x' },
		{ "print-config-table", no_argument, NULL, 't' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	const char *env_file = NULL;
	enum action action = RUN;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'e': env_file = optarg; break;
		case 'c': action = CHECK; break;
		case 'l': action = HEALTH; break;
		case 'x': config_print_example(stdout); return EXIT_SUCCESS;
		case 't': config_print_table(stdout); return EXIT_SUCCESS;
		case 'v': puts("letterplate " LETTERPLATE_VERSION); return EXIT_SUCCESS;
		case 'h': fputs(usage, stdout); return EXIT_SUCCESS;
		default: fputs(usage, stderr); return EX_USAGE;
		}
	}
	if (optind != argc) {
		fputs(usage, stderr);
		return EX_USAGE;
	}
	return with_config(action, env_file);
}
