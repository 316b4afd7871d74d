/* tls_limit - TLS 1.3 handshakes a second that one core can do.
 *
 * usage: tls_limit CERT KEY [SECONDS]
 * Client and server talk over a pair of memory BIOs in one thread; the CPU
 * time of each side is counted apart. Prints one JSON object: server_per_s is
 * what a core that only serves could do, client_per_s what the load generator
 * needs a core for, both_per_s the two on one core. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double cpu(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: tls_limit CERT KEY [SECONDS]\n");
		return 2;
	}
	double seconds = argc > 3 ? atof(argv[3]) : 3, server = 0, client = 0;
	SSL_CTX *sc = SSL_CTX_new(TLS_server_method());
	SSL_CTX *cc = SSL_CTX_new(TLS_client_method());
	if (!sc || !cc ||
		SSL_CTX_use_certificate_file(sc, argv[1], SSL_FILETYPE_PEM) != 1 ||
		SSL_CTX_use_PrivateKey_file(sc, argv[2], SSL_FILETYPE_PEM) != 1) {
		ERR_print_errors_fp(stderr);
		return 2;
	}
	SSL_CTX_set_min_proto_version(cc, TLS1_3_VERSION);
	long n = 0;
	for (double begin = cpu(); cpu() - begin < seconds; n++) {
		SSL *s, *c;
		BIO *a, *b;
		double t0 = cpu(), t1;
		s = SSL_new(sc);
		t1 = cpu();
		server += t1 - t0;
		c = SSL_new(cc);
		BIO_new_bio_pair(&a, 1 << 16, &b, 1 << 16);
		SSL_set_bio(s, a, a);
		SSL_set_bio(c, b, b);
		SSL_set_accept_state(s);
		SSL_set_connect_state(c);
		client += cpu() - t1;
		for (int i = 0; !SSL_is_init_finished(s) || !SSL_is_init_finished(c); i++) {
			if (i == 20) {
				fprintf(stderr, "handshake failed\n");
				return 1;
			}
			t0 = cpu();
			SSL_do_handshake(c);
			t1 = cpu();
			SSL_do_handshake(s);
			client += t1 - t0;
			server += cpu() - t1;
		}
		t0 = cpu();
		SSL_free(s);
		t1 = cpu();
		SSL_free(c);
		server += t1 - t0;
		client += cpu() - t1;
	}
	printf("{\"handshakes\": %ld, \"server_per_s\": %.0f, \"client_per_s\": %.0f, "
		   "\"both_per_s\": %.0f}\n", n, (double)n / server, (double)n / client,
		   (double)n / (server + client));
	return 0;
}
