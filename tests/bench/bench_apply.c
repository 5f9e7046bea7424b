/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_apply - a gateway's worth of targets, users and roles in one policy
 * that comes in parts, and closings all the while: how long from a revoke to
 * the firewall being told. The broker is the real one; the bench is its log,
 * which says at once that it is durable, its firewall, which does at once what
 * it is told, and its admin socket. Prints one line of numbers; scripts/bench
 * makes the table.
 *
 *   bench_apply TARGETS USERS ROLES
 */
#include "tests/unit/broker/brokerscene.h"

#include <openssl/sha.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/ids.h"
#include "base/str.h"
#include "wire/verbs.h"

enum {
	GRANTS = 1000,
	PAUSE_US = 7000, /* between two closings */
	PART = 90 * 1024,
};

struct bench {
	struct scene *x;
	struct msg_nt_fold_grant grant[GRANTS];
	unsigned next; /* to be revoked */
	uint32_t rid;  /* of the policy's last call */
	unsigned status;
	bool applied;
	int64_t sent_us[GRANTS]; /* when it was asked for; 0 = told */
	unsigned open;           /* of those, not told yet */
	/* longest, and how many were longer than 20 ms */
	int64_t worst_us;
	unsigned n, late;
};

static int64_t
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- the policy */

static char *
policy(struct scene *x, unsigned targets, unsigned users, unsigned roles)
{
	char line[256];
	struct buf b;
	char *text = NULL;

	key_line(line, &x->one);
	buf_init(&b, LIMIT_UPLOAD_MAX);
	for (unsigned i = 0; i < targets; i++)
		buf_printf(&b,
		    "{\"targets\":{\"target\":\"t%05u\",\"addresses\":"
		    "[\"10.0.%u.%u\"],\"labels\":{\"env\":\"e%u\",\"tier\":"
		    "\"t%u\"},\"logins\":[\"deploy\"],\"host_keys\":"
		    "[\"%s\"]}}\n",
		    i, i / 250, i % 250 + 1, i % 20, i % 7, line);
	for (unsigned i = 0; i < users; i++)
		buf_printf(&b,
		    "{\"users\":{\"user\":\"u%05u\",\"groups\":[\"g%u\","
		    "\"all\"]}}\n",
		    i, i % 100);
	for (unsigned i = 0; i < roles; i++)
		buf_printf(&b,
		    "{\"roles\":{\"role\":\"r%04u\",\"groups\":[\"g%u\"],"
		    "\"labels\":{\"env\":\"e%u\"},\"logins\":[\"deploy\"],"
		    "\"max\":3600}}\n",
		    i, i % 100, i % 20);
	buf_u8(&b, 0);
	must(buf_err(&b));
	text = strdup((const char *)b.p);
	buf_done(&b);
	assert_non_null(text);
	return text;
}

static void
send_part(struct scene *x, const char *id, size_t at, const char *p, size_t n)
{
	const size_t size = str_b64_size(n) + 256;
	char *data = malloc(size), *body = malloc(size);

	assert_non_null(data);
	assert_non_null(body);
	str_b64(data, (const uint8_t *)p, n);
	must(str_fmt(body, size,
	    "{\"upload\":\"%s\",\"offset\":%zu,\"data\":\"%s\"}", id, at,
	    data));
	assert_int_equal(admin_call(x, VERB_POLICY_PUT, EV_NONE, body), 200);
	free(data);
	free(body);
}

static void
upload(struct scene *x, const char *text, char ret[static 256])
{
	const size_t n = strlen(text);
	uint8_t hash[SHA256_DIGEST_LENGTH];
	char hex[65], id[LIMIT_ID_SIZE], body[256];

	(void)SHA256((const uint8_t *)text, n, hash);
	str_hex(hex, hash, sizeof(hash));
	must(str_fmt(
	    body, sizeof(body), "{\"size\":%zu,\"sha256\":\"%s\"}", n, hex));
	assert_int_equal(
	    admin_call(x, VERB_POLICY_UPLOAD, EV_POLICY_UPLOAD, body), 201);
	field(x, "upload", id);
	for (size_t at = 0; at < n; at += PART)
		send_part(x, id, at, text + at, n - at < PART ? n - at : PART);
	must(str_fmt(
	    ret, 256, "{\"upload\":\"%s\",\"sha256\":\"%s\"}", id, hex));
}

/* ---- the neighbours */

static void
on_notary(struct bench *b)
{
	struct scene *x = b->x;
	const struct msg_log_append *m = x->notary.m.body;
	const struct msg_nt_close *c = x->notary.m.body;
	struct msg_log_durable d = {0};
	struct msg_nt_closed closed = {0};

	if (x->notary.m.type == MSG_LOG_APPEND && m->rid != 0) {
		d.rid = m->rid;
		d.seq = ++x->seq;
		testlink_send(&x->notary, MSG_LOG_DURABLE, &d);
	} else if (x->notary.m.type == MSG_NT_GRANT_CLOSE) {
		closed.rid = c->rid;
		closed.seq = ++x->seq;
		testlink_send(&x->notary, MSG_NT_GRANT_CLOSED, &closed);
	}
}

static void
told(struct bench *b, const char *id)
{
	for (unsigned i = 0; i < b->next; i++) {
		const int64_t took = now_us() - b->sent_us[i];

		if (b->sent_us[i] == 0 || strcmp(b->grant[i].grant.id, id) != 0)
			continue;
		b->sent_us[i] = 0;
		b->open--;
		b->n++;
		b->late += took > 20000;
		b->worst_us = took > b->worst_us ? took : b->worst_us;
	}
}

static void
on_firewall(struct bench *b)
{
	struct scene *x = b->x;
	const struct msg_fw_close *m = x->firewall.m.body;
	struct msg_fw_closed closed = {0};

	if (x->firewall.m.type == MSG_FW_PROTECT) {
		answer_protect(x);
	} else if (x->firewall.m.type == MSG_FW_CLOSE) {
		told(b, m->id);
		closed.rid = m->rid;
		testlink_send(&x->firewall, MSG_FW_CLOSED, &closed);
	}
}

static void
on_admin(struct bench *b)
{
	const struct msg_api_reply *m = b->x->admin.m.body;

	if (b->x->admin.m.type != MSG_API_REPLY)
		return;
	if (m->rid != b->rid)
		return;
	b->applied = true;
	b->status = m->status;
	if (m->status != 200)
		(void)fprintf(stderr, "%.*s\n", (int)m->body.len,
		    (const char *)m->body.p);
}

/* Whether those before it have ended or not. */
static void
revoke(struct bench *b)
{
	char body[64];

	if (b->next == GRANTS)
		return;
	must(str_fmt(body, sizeof(body), "{\"grant\":\"%s\"}",
	    b->grant[b->next].grant.id));
	b->sent_us[b->next++] = now_us();
	b->open++;
	send_call(b->x, &b->x->admin, VERB_REVOKE, body);
}

static void
run(struct bench *b, const char *commit)
{
	const int64_t t0 = now_us();
	int64_t next = t0;

	send_call(b->x, &b->x->admin, VERB_APPLY, commit);
	b->rid = b->x->rid;
	while (!b->applied || b->open > 0) {
		while (testlink_next(&b->x->firewall, 0) == 1)
			on_firewall(b);
		while (testlink_next(&b->x->notary, 0) == 1)
			on_notary(b);
		while (testlink_next(&b->x->admin, 0) == 1)
			on_admin(b);
		if (!b->applied && now_us() >= next) {
			revoke(b);
			next += PAUSE_US;
		}
		(void)poll(NULL, 0, 1);
	}
	(void)printf("apply_status=%u apply_ms=%lld closings=%u "
		     "closing_worst_us=%lld closings_late=%u\n",
	    b->status, (long long)(now_us() - t0) / 1000, b->n,
	    (long long)b->worst_us, b->late);
}

int
main(int argc, char **argv)
{
	struct bench *b = calloc(1, sizeof(*b));
	void *state = NULL;
	char *text = NULL, commit[256];

	if (argc != 4 || b == NULL)
		return 2;
	must(setup(&state));
	b->x = state;
	for (unsigned i = 0; i < GRANTS; i++)
		fold_grant(&b->grant[i], b->x->one.pub.fp);
	start(b->x, b->grant, GRANTS, NULL);
	text = policy(b->x, (unsigned)atoi(argv[1]), (unsigned)atoi(argv[2]),
	    (unsigned)atoi(argv[3]));
	upload(b->x, text, commit);
	free(text);
	run(b, commit);
	stop(b->x);
	must(teardown(&state));
	free(b);
	return 0;
}
