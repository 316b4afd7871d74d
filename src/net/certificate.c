/*
 * The pair that nobody has to make.  Mail between servers is encrypted without
 * the certificate being believed, so one that we sign ourselves is as good as
 * any there, and a person's mail client asks once whether to trust it.  It
 * must then never change by itself: it is valid to the end of the year 9999
 * (RFC 5280 4.1.2.5), and it is made only where neither file exists.
 *
 * Two files cannot be put in place in one step.  The key goes first; the
 * certificate waits beside its name as NAME.new, and a start that finds the key
 * and NAME.new and no NAME finishes what a power cut interrupted.
 */
#include "certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/slice.h"
#include "net/address.h"

enum {
	SERIAL_BYTES = 16,
	COMMON_NAME_MAX = 64,            /* RFC 5280 appendix A: ub-common-name */
	BACKDATE_S = 24 * 60 * 60,       /* for peers whose clock is behind */
	CHAIN_MAX = 10,                  /* the longest in use have four */
};

static const char forever[] = "99991231235959Z";

/* Reading. */

static const char *why(int err, char *text, size_t size)
{
	return strerror_r(err, text, size);
}

/* Without one OpenSSL would ask for the pass phrase on the terminal. */
static int no_passphrase(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static BIO *open_pem(const char *path, char *error, size_t error_size)
{
	BIO *in = BIO_new_file(path, "r");
	int err = errno;
	char text[80];

	if (!in)
		snprintf(error, error_size, "%s cannot be read: %s", path,
			 why(err, text, sizeof(text)));
	return in;
}

static bool read_leaf_and_chain(struct certificate *c, const char *path,
				char *error, size_t error_size)
{
	BIO *in = open_pem(path, error, error_size);
	X509 *next;

	if (!in)
		return false;
	c->leaf = PEM_read_bio_X509_AUX(in, NULL, no_passphrase, NULL);
	c->chain = sk_X509_new_null();
	while (c->leaf && sk_X509_num(c->chain) < CHAIN_MAX &&
	       (next = PEM_read_bio_X509(in, NULL, no_passphrase, NULL)) != NULL)
		sk_X509_push(c->chain, next);
	BIO_free(in);
	if (!c->leaf)
		snprintf(error, error_size, "%s holds no PEM certificate", path);
	return c->leaf != NULL;
}

static bool read_key(struct certificate *c, const char *path, char *error, size_t error_size)
{
	BIO *in = open_pem(path, error, error_size);

	if (!in)
		return false;
	c->key = PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL);
	BIO_free(in);
	if (!c->key)
		snprintf(error, error_size,
			 "%s holds no PEM private key without a pass phrase", path);
	return c->key != NULL;
}

bool certificate_read(struct certificate *c, const char *certfile, const char *keyfile,
		      char *error, size_t error_size)
{
	bool ok;

	*c = (struct certificate){ 0 };
	ok = read_leaf_and_chain(c, certfile, error, error_size) &&
	     read_key(c, keyfile, error, error_size);
	if (ok && X509_check_private_key(c->leaf, c->key) != 1) {
		snprintf(error, error_size, "the key in %s does not belong to the certificate in %s",
			 keyfile, certfile);
		ok = false;
	}
	ERR_clear_error();
	if (!ok)
		certificate_release(c);
	return ok;
}

void certificate_release(struct certificate *c)
{
	X509_free(c->leaf);
	sk_X509_pop_free(c->chain, X509_free);
	EVP_PKEY_free(c->key);
	*c = (struct certificate){ 0 };
}

int64_t certificate_expiry(const struct certificate *c)
{
	struct tm tm = { 0 };

	if (ASN1_TIME_to_tm(X509_get0_notAfter(c->leaf), &tm) != 1)
		return 0;
	return (int64_t)timegm(&tm);
}

/* Making. */

static bool set_serial(X509 *x)
{
	unsigned char bytes[SERIAL_BYTES];
	BIGNUM *n;
	bool ok;

	random_bytes(bytes, sizeof(bytes));
	bytes[0] = (bytes[0] & 0x7f) | 0x40;     /* positive, never short */
	n = BN_bin2bn(bytes, sizeof(bytes), NULL);
	ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
	BN_free(n);
	return ok;
}

static bool set_validity(X509 *x)
{
	return ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(clock_wall() - BACKDATE_S)) &&
	       ASN1_TIME_set_string(X509_getm_notAfter(x), forever);
}

static bool set_names(X509 *x, const char *hostname)
{
	X509_NAME *name = X509_get_subject_name(x);
	const char *common = strlen(hostname) <= COMMON_NAME_MAX ? hostname : "letterplate";

	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					  (const unsigned char *)common, -1, -1, 0) &&
	       X509_set_issuer_name(x, name);
}

/* RFC 6125 6.4: clients look here, not at the common name. */
static bool set_alternative_name(X509 *x, const char *hostname)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_STRING *value = ASN1_STRING_type_new(V_ASN1_IA5STRING);
	struct address ip;
	bool is_ip = address_parse(&ip, slice_of(hostname));
	bool ok = names && name && value;

	if (ok && is_ip) {
		ASN1_STRING_free(value);
		value = ASN1_OCTET_STRING_new();
		ok = value && ASN1_STRING_set(value, ip.bytes, ip.len);
	} else if (ok) {
		ok = ASN1_STRING_set(value, hostname, -1);
	}
	if (ok) {
		GENERAL_NAME_set0_value(name, is_ip ? GEN_IPADD : GEN_DNS, value);
		value = NULL;
		ok = sk_GENERAL_NAME_push(names, name) > 0;
	}
	if (ok) {
		name = NULL;
		ok = X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
	}
	ASN1_STRING_free(value);
	GENERAL_NAME_free(name);
	sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
	return ok;
}

static bool set_extensions(X509 *x)
{
	static const struct {
		int nid;
		const char *value;
	} row[] = {
		{ NID_basic_constraints, "critical,CA:FALSE" },
		{ NID_key_usage, "critical,digitalSignature" },
		{ NID_ext_key_usage, "serverAuth" },
		{ NID_subject_key_identifier, "hash" },
	};
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, row[i].nid, row[i].value);
		bool ok = e && X509_add_ext(x, e, -1);

		X509_EXTENSION_free(e);
		if (!ok)
			return false;
	}
	return true;
}

static bool make_pair(struct certificate *c, const char *hostname)
{
	*c = (struct certificate){ .key = EVP_EC_gen("P-256"), .leaf = X509_new() };
	return c->key && c->leaf &&
	       X509_set_version(c->leaf, X509_VERSION_3) &&
	       set_serial(c->leaf) &&
	       set_validity(c->leaf) &&
	       X509_set_pubkey(c->leaf, c->key) &&
	       set_names(c->leaf, hostname) &&
	       set_extensions(c->leaf) &&
	       set_alternative_name(c->leaf, hostname) &&
	       X509_sign(c->leaf, c->key, EVP_sha256()) > 0;
}

/* Putting it on disk.  Each returns 0 or an errno. */

static int write_new(const char *path, BIO *pem, mode_t mode)
{
	char *at = NULL;
	long len = BIO_get_mem_data(pem, &at);
	int fd, err;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return errno;
	err = file_write(fd, slice_make(at, (size_t)len)) && fsync(fd) == 0 ? 0 : errno;
	if (close(fd) < 0 && !err)
		err = errno;
	if (err)
		unlink(path);
	return err;
}

/* The folder `path` lies in, as text of the caller's. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return mem_string(".");
	return mem_bytes(path, slash == path ? 1 : (size_t)(slash - path));
}

static int make_folder(const char *path)
{
	char *folder = folder_of(path);
	int err = 0;

	for (char *at = folder + 1; !err; at++) {
		char was = *at;

		if (was != '/' && was != '\0')
			continue;
		*at = '\0';
		if (mkdir(folder, 0700) < 0 && errno != EEXIST)
			err = errno;
		*at = was;
		if (was == '\0')
			break;
	}
	free(folder);
	return err;
}

static int rename_synced(const char *from, const char *to)
{
	return rename(from, to) == 0 && dir_sync_of(to) ? 0 : errno;
}

static int put_pair(const struct certificate *c, const char *certfile, const char *keyfile)
{
	char *new_cert = mem_printf("%s.new", certfile);
	char *new_key = mem_printf("%s.new", keyfile);
	BIO *cert = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_secmem());
	int err = ENOMEM;

	if (cert && key && PEM_write_bio_X509(cert, c->leaf) &&
	    PEM_write_bio_PrivateKey(key, c->key, NULL, NULL, 0, NULL, NULL)) {
		err = write_new(new_key, key, 0600);
		if (!err)
			err = write_new(new_cert, cert, 0644);
		if (!err)
			err = rename_synced(new_key, keyfile);
		if (!err && (err = rename_synced(new_cert, certfile)) != 0)
			unlink(keyfile);
		if (err) {
			unlink(new_key);
			unlink(new_cert);
		}
	}
	BIO_free(cert);
	BIO_free(key);
	free(new_cert);
	free(new_key);
	return err;
}

static bool make(const char *certfile, const char *keyfile, const char *hostname,
		 char *error, size_t error_size)
{
	struct certificate c;
	const char *where = keyfile;
	char text[80];
	int err = 0;

	if (!make_pair(&c, hostname)) {
		snprintf(error, error_size, "OpenSSL cannot make a certificate for %s", hostname);
		ERR_clear_error();
		certificate_release(&c);
		return false;
	}
	err = make_folder(keyfile);
	if (!err) {
		where = certfile;
		err = make_folder(certfile);
	}
	if (!err)
		err = put_pair(&c, certfile, keyfile);
	if (err)
		snprintf(error, error_size, "the TLS pair cannot be written to %s: %s", where,
			 why(err, text, sizeof(text)));
	certificate_release(&c);
	return !err;
}

/* A name we may not look at is there: reading it will say why not. */
static bool is_missing(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

static void finish_interrupted(const char *certfile, const char *keyfile)
{
	char *new_cert = mem_printf("%s.new", certfile);

	if (is_missing(certfile) && !is_missing(keyfile) && !is_missing(new_cert))
		rename_synced(new_cert, certfile);
	free(new_cert);
}

bool certificate_ensure(const char *certfile, const char *keyfile, const char *hostname,
			bool *made, char *error, size_t error_size)
{
	bool no_cert, no_key;

	*made = false;
	finish_interrupted(certfile, keyfile);
	no_cert = is_missing(certfile);
	no_key = is_missing(keyfile);
	if (no_cert != no_key) {
		snprintf(error, error_size,
			 "%s is missing while %s is there: put it back, or remove both "
			 "and a new pair is made", no_cert ? certfile : keyfile,
			 no_cert ? keyfile : certfile);
		return false;
	}
	if (!no_cert)
		return true;
	*made = make(certfile, keyfile, hostname, error, error_size);
	return *made;
}
