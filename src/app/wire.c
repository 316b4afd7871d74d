/*
 * Joins the modules.  Start goes down the list, the end goes up it:
 *
 *   loop, signals -> lanes -> tls -> auth -> store -> calendar -> greylist
 *   -> delivery -> services (from here on strangers can be heard)
 *
 * At the end the services go first, then the lanes are drained, which answers
 * every question that is still open, and then what the lanes worked for.
 */
#include "wire.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "auth/auth.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "calendar/calendar.h"
#include "delivery/delivery.h"
#include "greylist/greylist.h"
#include "http/http.h"
#include "imap/imap.h"
#include "net/lane.h"
#include "net/loop.h"
#include "net/service.h"
#include "net/tls.h"
#include "smtp/smtp.h"
#include "store/store.h"
#include "webcal/webcal.h"

enum {
	SERVICES_MAX = 4,
	RECIPIENTS_MAX = 100,            /* RFC 5321 4.5.3.1.8: at least 100 */
	WRITERS = 4,                     /* fsyncs of different files overlap in the disk */
	READERS = 2,
	/* What waits on a lane is bounded by what waits for it: connections. */
	QUEUE_MAX = 4096,
	TRACE_ROOM = 1024 * 1024,        /* our own header lines, on top of MAX_MESSAGE_SIZE */
	END_MS = 10000,                  /* as long as `docker stop` waits */
	END_LOOK_MS = 20,
};
/* So much stays free on the disk: SQLite, the log and the next flag change. */
#define DISK_FLOOR (UINT64_C(16) * 1024 * 1024)

struct daemon {
	const struct config *config;
	struct loop *loop;
	struct lane *mail, *writers, *readers, *text, *passwords, *invitations;
	struct tls *tls;
	struct auth *auth;
	struct store *store;
	struct calendar *calendar;
	struct greylist *greylist;
	struct delivery *delivery;

	struct smtp_server smtp;
	struct imap_server imap;
	struct http_server http;
	struct webcal webcal;
	bool warned_clear;               /* a password came in the clear: said once */
	struct service *services[SERVICES_MAX];
	size_t service_count;

	char *attendees[3];
	char *admin;                     /* how a mail program reaches who runs this */
	struct timer end_timer;
	uint64_t end_ms;                 /* 0: not ending */
};

/* ==== The end ==== */

static void look_for_end(struct timer *t)
{
	struct daemon *d = container_of(t, struct daemon, end_timer);
	unsigned open = 0;

	for (size_t i = 0; i < d->service_count; i++)
		open += service_connections(d->services[i]);
	if (open == 0 || loop_now_ms(d->loop) >= d->end_ms)
		loop_stop(d->loop);
	else
		timer_set(d->loop, t, END_LOOK_MS);
}

static void on_end(void *arg)
{
	struct daemon *d = arg;

	if (d->end_ms)
		return;
	log_event(LEVEL_INFO, "app", "ending", log_number("wait_ms", END_MS));
	d->end_ms = loop_now_ms(d->loop) + END_MS;
	for (size_t i = 0; i < d->service_count; i++)
		service_shutdown(d->services[i]);
	timer_set(d->loop, &d->end_timer, 0);
}

static void on_hangup(void *arg)
{
	struct daemon *d = arg;

	tls_reload(d->tls);
}

/* ==== The start ==== */

static bool make_folder(const char *path, char *error, size_t size)
{
	char part[PATH_MAX];

	snprintf(part, sizeof part, "%s", path);
	for (char *p = part + 1;; p++) {
		char was = *p;

		if (was != '/' && was != '\0')
			continue;
		*p = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST) {
			snprintf(error, size, "cannot make the folder %s: %s", part, strerror(errno));
			return false;
		}
		*p = was;
		if (!was)
			return true;
	}
}

static bool start_store(struct daemon *d, char *error, size_t size)
{
	const struct config *c = d->config;
	char maildir[PATH_MAX], index[PATH_MAX], text[PATH_MAX];

	snprintf(maildir, sizeof maildir, "%s/%s", c->mailfolder, c->user);
	if (!make_folder(maildir, error, size) || !make_folder(c->indexfolder, error, size))
		return false;
	snprintf(maildir, sizeof maildir, "%s/%s/Maildir", c->mailfolder, c->user);
	snprintf(index, sizeof index, "%s/index.db", c->indexfolder);
	snprintf(text, sizeof text, "%s/text.db", c->indexfolder);
	d->store = store_open(&(struct store_options){
		.loop = d->loop, .mail = d->mail, .writers = d->writers, .readers = d->readers,
		.text = d->text, .maildir = maildir, .index_path = index, .text_path = text,
		.message_max = c->message_max + TRACE_ROOM,
		.quota = c->quota, .disk_floor = DISK_FLOOR,
	}, error, size);
	return d->store != NULL;
}

static bool start_calendar(struct daemon *d, char *error, size_t size)
{
	const struct config *c = d->config;
	char folder[PATH_MAX];

	if (!c->webcal)
		return true;
	d->attendees[0] = mem_printf("%s@%s", c->user, c->domain);
	d->attendees[1] = mem_printf("%s@%s", c->webcal_user, c->domain);
	d->invitations = lane_new(d->loop, "calendar", 1, QUEUE_MAX);
	snprintf(folder, sizeof folder, "%s/webcal", c->mailfolder);
	d->calendar = calendar_open(&(struct calendar_options){
		.loop = d->loop, .lane = d->invitations, .folder = folder,
		.attendees = (const char *const *)d->attendees,
		.max_events = (unsigned)c->webcal_max_events,
		.message_max = c->message_max + TRACE_ROOM,
	}, error, size);
	return d->calendar != NULL;
}

/* The database may break and heal later; a place that cannot be is said at once. */
static bool start_greylist(struct daemon *d, char *error, size_t size)
{
	const struct config *c = d->config;
	char folder[PATH_MAX];

	if (!c->greylist)
		return true;
	snprintf(folder, sizeof folder, "%s", c->greylist_db);
	*strrchr(folder, '/') = '\0';    /* the path is absolute */
	if (folder[0] && !make_folder(folder, error, size))
		return false;
	d->greylist = greylist_open(&(struct greylist_options){
		.loop = d->loop, .path = c->greylist_db,
		.delay_s = (c->greylist_delay_ms + 999) / 1000,
		.expiry_s = (c->greylist_expiry_ms + 999) / 1000,
	});
	return true;
}

static bool start_service(struct daemon *d, const struct service_options *o, char *error, size_t size)
{
	if (o->listen.count == 0)
		return true;
	d->services[d->service_count] = service_open(d->loop, o, error, size);
	if (!d->services[d->service_count])
		return false;
	d->service_count++;
	return true;
}

static bool start_services(struct daemon *d, char *error, size_t size)
{
	const struct config *c = d->config;
	struct service_options smtp = {
		.protocol = &smtp_protocol, .server = &d->smtp, .listen = c->smtp_listen,
		.tls = SERVICE_STARTTLS, .max_connections = (unsigned)c->smtp_max,
		.tls_context = tls_context_for(d->tls, NULL, TLS_NO_TICKETS), .proxies = c->proxies,
	};
	struct service_options imap = {
		.protocol = &imap_protocol, .server = &d->imap, .listen = c->imap_listen,
		.tls = SERVICE_STARTTLS, .max_connections = (unsigned)c->imap_max,
		/* Python's imaplib2 (offlineimap) hangs on a ticket that comes between
		 * STARTTLS and its next command: one thread reads, another writes. */
		.tls_context = tls_context_for(d->tls, "imap", TLS_NO_TICKETS), .proxies = c->proxies,
	};
	struct service_options imaps = imap;
	/* X-Forwarded-For, not PROXY, is how HTTP proxies name the client. */
	struct service_options http = {
		.protocol = &http_protocol, .server = &d->http, .listen = c->webcal_listen,
		.tls = c->webcal_tls ? SERVICE_IMPLICIT : SERVICE_CLEAR,
		.max_connections = (unsigned)c->webcal_max,
		.tls_context = c->webcal_tls ? tls_context_for(d->tls, "http/1.1", 0) : NULL,
		.fronts = c->proxies,
	};

	imaps.tls = SERVICE_IMPLICIT;
	imaps.tls_context = tls_context_for(d->tls, "imap", 0);
	imaps.listen = c->imaps_listen;
	return start_service(d, &smtp, error, size) && start_service(d, &imap, error, size) &&
	       start_service(d, &imaps, error, size) &&
	       (!c->webcal || start_service(d, &http, error, size));
}

static void fill_servers(struct daemon *d)
{
	const struct config *c = d->config;

	d->delivery = delivery_new(&(struct delivery_options){
		.store = d->store, .greylist = d->greylist, .calendar = d->calendar,
		.domain = c->domain, .hostname = c->hostname, .ingest_user = c->webcal_user,
		.ingest_all = c->webcal_ingest_all, .blocked = c->blocked,
		.greylist_skip = c->greylist_skip,
	});
	d->smtp = (struct smtp_server){
		.hostname = c->hostname, .domain = c->domain, .size_max = c->message_max,
		.recipients_max = RECIPIENTS_MAX, .log_protocol = c->debug,
		.backend = delivery_backend(d->delivery),
	};
	d->admin = mem_printf("mailto:postmaster@%s", c->domain);        /* RFC 5321 4.5.1 */
	d->imap = (struct imap_server){
		.store = d->store, .auth = d->auth, .hostname = c->hostname,
		.append_max = c->message_max, .admin = d->admin, .off = c->imap_off, .log_protocol = c->debug,
	};
	d->webcal = (struct webcal){ .calendar = d->calendar };
	d->http = (struct http_server){
		.auth = d->auth, .realm = c->domain, .routes = webcal_routes, .ctx = &d->webcal,
		.proxies = c->proxies, .warned_clear = &d->warned_clear, .log_protocol = c->debug,
	};
}

static bool start(struct daemon *d, char *error, size_t size)
{
	const struct config *c = d->config;

	d->loop = loop_new();
	d->end_timer.fire = look_for_end;
	loop_on_signal(d->loop, SIGTERM, on_end, d);
	loop_on_signal(d->loop, SIGINT, on_end, d);
	loop_on_signal(d->loop, SIGHUP, on_hangup, d);
	d->mail = lane_new(d->loop, "mail", 1, QUEUE_MAX);
	d->writers = lane_new(d->loop, "writers", WRITERS, QUEUE_MAX);
	d->readers = lane_new(d->loop, "readers", READERS, QUEUE_MAX);
	d->text = lane_new(d->loop, "text", 1, QUEUE_MAX);
	d->passwords = lane_new(d->loop, "passwords", 1, QUEUE_MAX);
	d->tls = tls_load(d->loop, c->certfile, c->keyfile, c->hostname, error, (unsigned)size);
	if (!d->tls)
		return false;
	d->auth = auth_new(&(struct auth_options){
		.loop = d->loop, .lane = d->passwords, .user = c->user, .domain = c->domain,
		.password = c->password,
	});
	if (!start_store(d, error, size) || !start_calendar(d, error, size))
		return false;
	if (!start_greylist(d, error, size))
		return false;
	fill_servers(d);
	return start_services(d, error, size);
}

struct daemon *daemon_start(const struct config *c, char *error, size_t error_size)
{
	struct daemon *d = mem_alloc(sizeof *d);

	d->config = c;
	error[0] = '\0';
	if (start(d, error, error_size))
		return d;
	daemon_free(d);
	return NULL;
}

bool daemon_run(struct daemon *d)
{
	return loop_run(d->loop);
}

void daemon_free(struct daemon *d)
{
	if (!d)
		return;
	if (d->loop)
		timer_clear(d->loop, &d->end_timer);
	while (d->service_count)
		service_free(d->services[--d->service_count]);
	greylist_close(d->greylist);
	auth_free(d->auth);
	/* Writers feed the mail lane, and both feed the calendar's. */
	lane_free(d->readers);
	lane_free(d->text);
	lane_free(d->writers);
	lane_free(d->mail);
	lane_free(d->invitations);
	lane_free(d->passwords);
	if (d->store)
		loop_turn(d->loop, 0);   /* answers that were put off: store_close() wants them out */
	delivery_free(d->delivery);
	calendar_close(d->calendar);
	store_close(d->store);
	tls_free(d->tls);
	loop_free(d->loop);
	for (size_t i = 0; d->attendees[i]; i++)
		free(d->attendees[i]);
	free(d->admin);
	free(d);
}
