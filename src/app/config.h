#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "imap/imap.h"
#include "net/address.h"

/* Everything the environment can say.  Only src/app sees this struct: each
 * module is handed its own small options struct. */
struct config {
	char *domain;                    /* A-label, lower case */
	char *user, *password;
	char *mailfolder, *indexfolder;
	char *hostname;
	struct listen_list smtp_listen, imap_listen, imaps_listen, webcal_listen;
	char *keyfile, *certfile;
	bool greylist;
	char *greylist_db;
	int64_t greylist_delay_ms, greylist_expiry_ms;
	bool webcal, webcal_tls, webcal_ingest_all;
	char *webcal_user;
	uint64_t webcal_max_events;
	bool debug, log_json;
	uint64_t message_max;
	char **blocked;                  /* patterns, NULL at the end */
	char **greylist_skip;
	uint64_t smtp_max, imap_max, webcal_max;
	struct imap_caps imap_off;
	struct network_set *proxies;     /* NULL: nobody */
	uint64_t quota;                  /* 0: the disk */
};

/* Where a value comes from: the environment, over the lines of a file. */
struct config_source;
struct config_source *config_source_new(char **environment);
void config_source_free(struct config_source *s);        /* wipes */
/* Lines NAME=value as in `docker run --env-file`; quotes round a value go; a name
 * that the environment has stays as it is there.  False: said on `errors`. */
bool config_source_add_file(struct config_source *s, const char *path, FILE *errors);

/* False after EVERY wrong or missing setting was named on `errors`, a line each,
 * with what was expected.  Warnings go there too. */
bool config_read(struct config *c, const struct config_source *s, FILE *errors);
void config_release(struct config *c);                   /* wipes the password */

/* The same table, printed: config.env.example, and the README's table. */
void config_print_example(FILE *out);
void config_print_table(FILE *out);

#endif
