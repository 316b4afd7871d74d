/* The lines a delivery leaves, and those it removes, at every split. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../src/delivery/trace.h"

static void filter(const char *in, size_t cut, const char *want)
{
	struct trace_filter f = { .state = TRACE_LINE_START };
	struct buf out;

	buf_init(&out, 10000);
	trace_filter_add(&f, &out, slice_head(slice_of(in), cut));
	trace_filter_add(&f, &out, slice_from(slice_of(in), cut));
	trace_filter_end(&f, &out);
	if (!slice_is(buf_slice(&out), want))
		fail_msg("cut %zu: '%.*s'", cut, (int)out.len, out.data);
	buf_release(&out);
}

static void forged_lines_go(void **state)
{
	static const struct { const char *in, *want; } cases[] = {
		{ "Subject: x\n\nDelivered-To: body\n", "Subject: x\n\nDelivered-To: body\n" },
		{ "Delivered-To: me\nSubject: x\n\nb\n", "Subject: x\n\nb\n" },
		{ "Subject: x\nRETURN-PATH:\n <a>\n\t more\nX-original-to : z\nTo: y\n z\n\nb\n",
		  "Subject: x\nTo: y\n z\n\nb\n" },
		{ "Delivered-To-You: x\nReturn-Pat: y\nReturn-Pathx: z\n\n", "Delivered-To-You: x\nReturn-Pat: y\nReturn-Pathx: z\n\n" },
		{ "no header at all\nDelivered-To: x\n\nb", "no header at all\n\nb" },
		{ "\nDelivered-To: body\n", "\nDelivered-To: body\n" },
		{ " continued: from nothing\n\nDelivered-To: x", "\n continued: from nothing\n\nDelivered-To: x" },
		{ "\tx\n", "\n\tx\n" },
		{ "A-Very-Long-Field-Name-Indeed-It-Is: x\nDelivered-To", "A-Very-Long-Field-Name-Indeed-It-Is: x\nDelivered-To" },
		{ "Delivered-To: x", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t cut = 0; cut <= strlen(cases[i].in); cut++)
			filter(cases[i].in, cut, cases[i].want);
}

static void what_is_written(void **state)
{
	const struct smtp_path to[] = {
		{ "shop@example.com", "shop", "example.com" }, { "Postmaster", "Postmaster", "" },
	};
	struct smtp_transaction t = {
		.helo = "client.example", .esmtp = true, .to = to, .to_count = 2,
		.from = { "a@b.example", "a", "b.example" },
	};
	struct trace trace = {
		.transaction = &t, .hostname = "mx.example.com", .domain = "example.com", .id = "abc",
		.peer = "2001:db8::1", .peer_is_ipv6 = true, .tls_version = "TLSv1.3",
		.tls_cipher = "TLS_AES_256_GCM_SHA384", .now = 0,
	};
	struct buf out;
	char *text;

	(void)state;
	buf_init(&out, 10000);
	assert_true(trace_write(&out, &trace));
	text = buf_take_string(&out);
	assert_non_null(strstr(text, "Return-Path: <a@b.example>\nDelivered-To: shop@example.com\n"
				     "X-Original-To: shop@example.com\nDelivered-To: Postmaster@example.com\n"
				     "X-Original-To: Postmaster@example.com\n"
				     "Received: from client.example ([IPv6:2001:db8::1])\n"
				     "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384)\n"
				     "\tby mx.example.com with ESMTPS id abc; "));
	assert_null(strstr(text, "\tfor "));
	free(text);

	t.to_count = 1;
	trace.tls_version = NULL;
	t.esmtp = false;
	t.from.text = "";
	assert_true(trace_write(&out, &trace));
	text = buf_take_string(&out);
	assert_non_null(strstr(text, "Return-Path: <>\n"));
	assert_non_null(strstr(text, "with SMTP id abc\n\tfor <shop@example.com>; "));
	assert_null(strstr(text, "cipher"));
	free(text);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(forged_lines_go), cmocka_unit_test(what_is_written) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
