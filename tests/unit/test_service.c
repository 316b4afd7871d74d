#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../support/line_service.h"

static void test_conversation(void **state)
{
	struct line_service *s = line_service_new();
	int fd;

	(void)state;
	line_service_open(s);
	fd = line_service_connect(s);
	peer_expects(s->loop, fd, "hello 127.0.0.1\n");
	peer_send(fd, "ECHO one\nECHO two\nQUIT\n");
	peer_expects_end(s->loop, fd, "one\ntwo\nbye\n");
	assert_int_equal(service_connections(s->service), 1);   /* lingering counts */
	close(fd);
	turn_until(s->loop, service_connections(s->service) == 0);
	line_service_free(s);
}

static void test_several_addresses(void **state)
{
	struct line_service *s = line_service_new();

	(void)state;
	assert_true(listen_list_parse(&s->o.listen, SLICE("127.0.0.1:0, 127.0.0.1:0")));
	line_service_open(s);
	for (size_t i = 0; i < 2; i++) {
		int fd = peer_connect(service_port(s->service, i));

		peer_expects(s->loop, fd, "hello 127.0.0.1\n");
		close(fd);
	}
	assert_int_not_equal(service_port(s->service, 0), service_port(s->service, 1));
	assert_int_equal(service_port(s->service, 2), 0);
	line_service_free(s);
}

static void test_address_in_use(void **state)
{
	struct line_service *s = line_service_new();
	struct service_options o;
	char error[256] = "";

	(void)state;
	line_service_open(s);
	o = s->o;
	o.listen.count = 2;                     /* the first is free, the second not */
	o.listen.at[1] = o.listen.at[0];
	o.listen.at[1].address.port = (uint16_t)service_port(s->service, 0);
	assert_null(service_open(s->loop, &o, error, sizeof(error)));
	assert_non_null(strstr(error, "Address already in use"));
	line_service_free(s);
}

static void test_ceiling_in_total(void **state)
{
	struct line_service *s = line_service_new();
	int fd[4];

	(void)state;
	s->o.max_connections = 3;
	line_service_open(s);
	for (int i = 0; i < 3; i++) {
		fd[i] = line_service_connect(s);
		peer_expects(s->loop, fd[i], "hello 127.0.0.1\n");
	}
	for (int i = 0; i < 3; i++) {
		fd[3] = line_service_connect(s);
		peer_expects_end(s->loop, fd[3], "busy\n");
		close(fd[3]);
	}
	/* Those inside notice nothing; when one leaves, one may come. */
	peer_send(fd[0], "ECHO x\n");
	peer_expects(s->loop, fd[0], "x\n");
	close(fd[0]);
	turn_until(s->loop, service_connections(s->service) == 2);
	fd[0] = line_service_connect(s);
	peer_expects(s->loop, fd[0], "hello 127.0.0.1\n");
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	line_service_free(s);
}

static int proxied(struct line_service *s, const char *client)
{
	char *header = mem_printf("PROXY TCP4 %s 192.0.2.1 5555 25\r\n", client);
	int fd = line_service_connect(s);

	peer_send(fd, header);
	free(header);
	return fd;
}

static void test_ceiling_per_network(void **state)
{
	struct line_service *s = line_service_new();
	int a, b, c;

	(void)state;
	s->o.max_per_network = 2;
	line_service_trust(s, "127.0.0.1");
	line_service_open(s);
	a = proxied(s, "198.51.100.1");
	b = proxied(s, "198.51.100.2");
	peer_expects(s->loop, a, "hello 198.51.100.1\n");
	peer_expects(s->loop, b, "hello 198.51.100.2\n");
	c = proxied(s, "198.51.100.3");
	peer_expects_end(s->loop, c, "busy\n");
	close(c);
	c = proxied(s, "198.51.101.1");
	peer_expects(s->loop, c, "hello 198.51.101.1\n");
	close(c);
	close(a);
	turn_until(s->loop, service_connections(s->service) == 1);
	a = proxied(s, "198.51.100.9");
	peer_expects(s->loop, a, "hello 198.51.100.9\n");
	close(a);
	close(b);
	line_service_free(s);
}

static int connect_from(struct line_service *s, const char *source)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(inet_pton(AF_INET, source, &sa.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sa.sin_port = htons((uint16_t)service_port(s->service, 0));
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	set_nonblocking(fd);
	return fd;
}

/* One that has its share and calls again and again must not take the places of
 * others by being refused. */
static void test_a_refused_peer_takes_no_place(void **state)
{
	struct line_service *s = line_service_new();
	int fd[8], other;

	(void)state;
	s->o.max_connections = 4;
	s->o.max_per_network = 2;
	line_service_open(s);
	for (size_t i = 0; i < 8; i++) {
		fd[i] = line_service_connect(s);
		peer_expects(s->loop, fd[i], i < 2 ? "hello 127.0.0.1\n" : "busy\n");
	}
	assert_int_equal(service_connections(s->service), 2);
	other = connect_from(s, "127.0.0.2");
	peer_expects(s->loop, other, "hello 127.0.0.2\n");
	close(other);
	for (size_t i = 0; i < 8; i++)
		close(fd[i]);
	line_service_free(s);
}

static void test_ceiling_where_tls_is_implicit(void **state)
{
	struct line_service *s = line_service_new();
	int a, b;

	(void)state;
	s->o.max_connections = 1;
	line_service_secure(s, SERVICE_IMPLICIT);
	line_service_open(s);
	a = line_service_connect(s);
	turn_until(s->loop, service_connections(s->service) == 1);
	b = line_service_connect(s);
	peer_expects_end(s->loop, b, "");       /* no clear text to a TLS client */
	close(a);
	close(b);
	line_service_free(s);
}

static void test_shutdown(void **state)
{
	struct line_service *s = line_service_new();
	unsigned port;
	int a, b, probe;
	struct sockaddr_in sa = { .sin_family = AF_INET };

	(void)state;
	line_service_open(s);
	port = service_port(s->service, 0);
	a = line_service_connect(s);
	b = line_service_connect(s);
	peer_expects(s->loop, a, "hello 127.0.0.1\n");
	peer_expects(s->loop, b, "hello 127.0.0.1\n");
	service_shutdown(s->service);
	peer_expects_end(s->loop, a, "going down\n");
	peer_expects_end(s->loop, b, "going down\n");
	sa.sin_port = htons((uint16_t)port);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(probe, (struct sockaddr *)&sa, sizeof(sa)), -1);
	close(probe);
	close(a);
	close(b);
	turn_until(s->loop, service_connections(s->service) == 0);
	line_service_free(s);
}

static void test_shutdown_waits_for_who_is_busy(void **state)
{
	struct line_service *s = line_service_new();
	int fd;

	(void)state;
	s->server.stay_on_shutdown = true;
	line_service_open(s);
	fd = line_service_connect(s);
	peer_expects(s->loop, fd, "hello 127.0.0.1\n");
	service_shutdown(s->service);
	peer_send(fd, "ECHO still\n");
	peer_expects(s->loop, fd, "still\n");
	assert_int_equal(s->server.shut, 1);
	peer_send(fd, "QUIT\n");
	peer_expects_end(s->loop, fd, "bye\n");
	close(fd);
	line_service_free(s);
}

static void test_free_ends_what_is_left(void **state)
{
	struct line_service *s = line_service_new();
	int fd[5];

	(void)state;
	line_service_secure(s, SERVICE_STARTTLS);
	line_service_open(s);
	for (int i = 0; i < 5; i++) {
		fd[i] = line_service_connect(s);
		peer_expects(s->loop, fd[i], "hello 127.0.0.1\n");
	}
	peer_send(fd[0], "PAUSE\nECHO x\n");
	peer_send(fd[1], "QUIT\n");             /* lingers */
	peer_send(fd[2], "TLS\n");              /* shakes hands */
	peer_send(fd[3], "BULK 9\n");           /* has output waiting */
	peer_expects(s->loop, fd[2], "go ahead\n");
	loop_turn(s->loop, 5);
	service_free(s->service);
	s->service = NULL;
	assert_int_equal(s->server.closed, 5);
	loop_turn(s->loop, 0);
	for (int i = 0; i < 5; i++) {
		int end;

		peer_read(s->loop, fd[i], SIZE_MAX, &end);
		assert_int_not_equal(end, 0);
		close(fd[i]);
	}
	line_service_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversation),
		cmocka_unit_test(test_several_addresses),
		cmocka_unit_test(test_address_in_use),
		cmocka_unit_test(test_ceiling_in_total),
		cmocka_unit_test(test_ceiling_per_network),
		cmocka_unit_test(test_a_refused_peer_takes_no_place),
		cmocka_unit_test(test_ceiling_where_tls_is_implicit),
		cmocka_unit_test(test_shutdown),
		cmocka_unit_test(test_shutdown_waits_for_who_is_busy),
		cmocka_unit_test(test_free_ends_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
