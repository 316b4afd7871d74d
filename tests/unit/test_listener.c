#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/resource.h>

#include "../../src/net/listener.h"
#include "../support/net_peer.h"

struct service { unsigned count; struct address last; int fd; };

static void accepted(struct service *s, int fd, const struct address *peer)
{
	s->count++;
	s->last = *peer;
	close(s->fd);
	s->fd = fd;
}

static struct listen_at parse(const char *text)
{
	struct listen_list list;

	assert_true(listen_list_parse(&list, slice_of(text)));
	assert_int_equal(list.count, 1);
	return list.at[0];
}

static void begin(struct listener *l, struct service *s, struct loop *loop, const char *where)
{
	struct listen_at at = parse(where);
	char error[256] = "";

	*s = (struct service){ .fd = -1 };
	*l = (struct listener){ .loop = loop, .service = s, .accepted = accepted };
	assert_true(listener_open(l, &at, error, sizeof(error)));
	assert_true(l->bound.port != 0);
}

static void finish(struct listener *l, struct service *s, struct loop *loop)
{
	listener_close(l);
	listener_close(l);
	close(s->fd);
	loop_free(loop);
}

static void test_dual_stack(void **state)
{
	struct loop *loop = loop_new();
	struct listener l;
	struct service s;
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	char text[LISTENER_TEXT];
	int fd;

	(void)state;
	begin(&l, &s, loop, ":0");
	fd = peer_connect(l.bound.port);
	turn_until(loop, s.count == 1);
	assert_int_equal(s.last.len, 4);        /* not ::ffff:127.0.0.1 */
	listener_print(&s.last, text);
	assert_memory_equal(text, "127.0.0.1:", 10);
	close(fd);

	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	six.sin6_port = htons(l.bound.port);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&six, sizeof(six)) == 0) {
		turn_until(loop, s.count == 2);
		listener_print(&s.last, text);
		assert_memory_equal(text, "[::1]:", 6);
	}
	close(fd);
	finish(&l, &s, loop);
}

static void test_taken_address_is_said(void **state)
{
	struct loop *loop = loop_new();
	struct listener l, second = { .loop = loop };
	struct service s;
	struct listen_at at = parse("127.0.0.1:0");
	char error[256] = "", expected[160];

	(void)state;
	begin(&l, &s, loop, "127.0.0.1:0");
	at.address.port = l.bound.port;
	assert_false(listener_open(&second, &at, error, sizeof(error)));
	snprintf(expected, sizeof(expected), "cannot listen on 127.0.0.1:%u: "
		 "Address already in use (by the program that `ss -ltnp` names)", (unsigned)l.bound.port);
	assert_string_equal(error, expected);
	at = parse("192.0.2.1:0");              /* not an address of this machine */
	assert_false(listener_open(&second, &at, error, sizeof(error)));
	assert_non_null(strstr(error, "192.0.2.1:0"));
	listener_close(&second);
	finish(&l, &s, loop);
}

/* More in one go than a turn takes. */
static void test_many_at_once(void **state)
{
	struct loop *loop = loop_new();
	struct listener l;
	struct service s;
	int fd[100];

	(void)state;
	begin(&l, &s, loop, "127.0.0.1:0");
	for (int i = 0; i < 100; i++)
		fd[i] = peer_connect(l.bound.port);
	loop_turn(loop, 0);
	assert_int_equal(s.count, 64);
	turn_until(loop, s.count == 100);
	for (int i = 0; i < 100; i++)
		close(fd[i]);
	finish(&l, &s, loop);
}

static void test_no_descriptor_left(void **state)
{
	struct loop *loop = loop_new();
	struct listener l;
	struct service s;
	struct sockaddr_in sa = { .sin_family = AF_INET };
	struct rlimit was, low;
	int client[3], filler[1024], fillers = 0;

	(void)state;
	begin(&l, &s, loop, "127.0.0.1:0");
	sa.sin_port = htons(l.bound.port);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < 3; i++)
		client[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	low = was;
	low.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	while (fillers < 1024 && (filler[fillers] = dup(0)) >= 0)
		fillers++;

	/* Each is taken and closed, the loop does not spin, the next one too. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(connect(client[i], (struct sockaddr *)&sa, sizeof(sa)), 0);
		set_nonblocking(client[i]);
		peer_expects_end(loop, client[i], "");
	}
	assert_int_equal(s.count, 0);

	/* Now even the reserve is gone, as if another thread had been quicker. */
	close(l.spare);
	l.spare = -1;
	filler[fillers] = dup(0);
	assert_true(filler[fillers] >= 0);
	fillers++;
	assert_int_equal(connect(client[2], (struct sockaddr *)&sa, sizeof(sa)), 0);
	loop_turn(loop, 10);
	loop_turn(loop, 0);
	assert_true(timer_is_set(&l.rest));
	assert_int_equal(l.watch.events, 0);
	while (fillers)
		close(filler[--fillers]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	turn_until(loop, s.count == 1);         /* it waited in the queue */
	assert_true(l.spare >= 0);
	for (int i = 0; i < 3; i++)
		close(client[i]);
	finish(&l, &s, loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dual_stack),
		cmocka_unit_test(test_taken_address_is_said),
		cmocka_unit_test(test_many_at_once),
		cmocka_unit_test(test_no_descriptor_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
