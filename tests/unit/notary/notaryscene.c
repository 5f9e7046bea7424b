/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notaryscene - see the header.
 */
#include "tests/unit/notary/notaryscene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/note.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/safefile.h"
#include "base/str.h"
#include "ssh/sshkey.h"
#include "tests/unit/support/keygen.h"

struct notary_scene nt;

static const char *const seeds[] = {
    "host.seed", "ca.seed", "ca-next.seed", "log.seed"};

void
path_of(char *ret, size_t size, const char *name)
{
	(void)snprintf(ret, size, "%s/%s", nt.state_dir, name);
}

static void
make_keys(void)
{
	char *lines[] = {nt.conf.host_key, nt.conf.ca_key, nt.conf.ca_next_key};
	char path[128], name[64];

	path_of(path, sizeof(path), "notary");
	assert_int_equal(mkdir(path, 0700), 0);
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
		struct secret s = {0};
		struct note_key k;
		uint8_t pub[32];

		assert_int_equal(secret_random(&s, 32), 0);
		assert_int_equal(sshkey_ed25519_public(pub, &s), 0);
		if (i < 3) {
			assert_int_equal(sshkey_ed25519_line(lines[i],
					     sizeof(nt.conf.host_key), pub),
			    0);
		} else {
			char vkey[NOTE_VKEY_SIZE];

			assert_int_equal(note_key_init(&k, "gw-test", pub), 0);
			note_vkey_format(vkey, &k);
			assert_int_equal(str_copy(nt.conf.log_key,
					     sizeof(nt.conf.log_key), vkey),
			    0);
		}
		(void)snprintf(name, sizeof(name), "notary/%s", seeds[i]);
		path_of(path, sizeof(path), name);
		assert_int_equal(safefile_write(path, s.p, s.len, 0600,
				     (uid_t)-1, (gid_t)-1),
		    0);
		secret_free(&s);
	}
}

void
link_key(void)
{
	const struct msg_nt_key *k = testlink_want(&nt.firewall, MSG_NT_KEY);

	memcpy(nt.receipt_key, k->key, sizeof(nt.receipt_key));
}

void
start_program(const char *program)
{
	proc_harness_start(&nt.proc, PROC_NOTARY, program, "", &nt.conf);
	proc_harness_ready(&nt.proc);
	proc_harness_link(&nt.proc, &nt.broker, PROC_BROKER, 0);
	proc_harness_link(&nt.proc, &nt.firewall, PROC_FIREWALL, 0);
	proc_harness_link(&nt.proc, &nt.shipper, PROC_SHIPPER, 0);
	link_key();
}

void
start(void)
{
	start_program("sallyport-notary");
}

void
unlink_all(void)
{
	testlink_close(&nt.broker);
	testlink_close(&nt.firewall);
	testlink_close(&nt.shipper);
}

int
setup(void **state)
{
	(void)state;
	strcpy(nt.state_dir, "/tmp/sallyport-nt.XXXXXX");
	assert_non_null(mkdtemp(nt.state_dir));
	strcpy(nt.conf.server_id, "gw-test");
	strcpy(nt.conf.state_dir, nt.state_dir);
	strcpy(nt.conf.host, "gw.example");
	assert_int_equal(addr_parse(&nt.source, "192.0.2.7"), 0);
	assert_int_equal(addr_parse(&nt.target, "198.51.100.1"), 0);
	assert_int_equal(addr_parse(&nt.gateway, "198.51.100.9"), 0);
	make_keys();
	start();
	return 0;
}

int
teardown(void **state)
{
	char path[128], name[64];

	(void)state;
	unlink_all();
	assert_int_equal(proc_harness_stop(&nt.proc), 0);
	path_of(path, sizeof(path), "notary/log");
	keygen_done(path); /* removes the files of one folder */
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
		(void)snprintf(name, sizeof(name), "notary/%s", seeds[i]);
		path_of(path, sizeof(path), name);
		(void)unlink(path);
	}
	path_of(path, sizeof(path), "notary");
	(void)rmdir(path);
	(void)rmdir(nt.state_dir);
	return 0;
}

void
grant_new(struct msg_nt_grant_open *m, int64_t life_ms)
{
	struct now now = clock_now();
	struct grant *g = &m->grant;

	memset(m, 0, sizeof(*m));
	m->rid = ++nt.rid;
	id_new(g->id, 'g');
	id_new(g->req, 'r');
	strcpy(g->user, "alice");
	strcpy(g->target, "web-01");
	strcpy(g->login, "deploy");
	strcpy(g->role, "ops");
	strcpy(g->user_id, "u-22222222");
	strcpy(g->target_id, "t-22222222");
	strcpy(g->role_id, "p-22222222");
	strcpy(g->reason, "INC-4711");
	g->source4 = nt.source;
	g->addr4 = nt.target;
	g->port = 22;
	g->own_port = 2222;
	g->reach = REACH_PROXY;
	g->caps = CAP_DEFAULT;
	g->start_ms = now.utc_ms;
	g->end_ms = now.utc_ms + life_ms;
	g->end_boot_ms = now.boot_ms + life_ms;
	strcpy(g->boot_id, clock_boot_id());
	strcpy(m->by, "alice");
	m->payload.p = (const uint8_t *)"the signed bytes";
	m->payload.len = 16;
}

const struct msg_nt_grant_opened *
grant_open(struct msg_nt_grant_open *m)
{
	const struct msg_nt_grant_opened *r;

	testlink_send(&nt.broker, MSG_NT_GRANT_OPEN, m);
	r = testlink_want(&nt.broker, MSG_NT_GRANT_OPENED);
	assert_int_equal(r->rid, m->rid);
	return r;
}

uint8_t
close_by(unsigned type, unsigned reply, const char *id)
{
	struct msg_nt_close m = {
	    .rid = ++nt.rid, .reason = END_REVOKED, .exit = -1};
	const struct msg_nt_closed *r;

	strcpy(m.id, id);
	strcpy(m.by, "bob");
	testlink_send(&nt.broker, type, &m);
	r = testlink_want(&nt.broker, reply);
	assert_int_equal(r->rid, m.rid);
	return r->result;
}

bool
receipt_good(const char *id, const char *grant, uint64_t seq,
    const uint8_t *mac, const struct bytes *elements)
{
	struct receipt r = {.seq = seq};

	memcpy(r.mac, mac, sizeof(r.mac));
	return receipt_ok(
	    &r, nt.receipt_key, id, grant, elements->p, elements->len);
}

void
session_link(struct testlink *ret, uint64_t conn, const struct addr *client)
{
	struct msg_sup_link m = {.proc = PROC_SESSION,
	    .conn = conn,
	    .peer = *client,
	    .peer_port = 5555};
	int pair[2];

	assert_int_equal(ipc_pair(pair), 0);
	proc_harness_fd(&nt.proc, MSG_SUP_LINK, &m, pair[1]);
	(void)close(pair[1]);
	memset(ret, 0, sizeof(*ret));
	ipc_init(&ret->ipc, pair[0], PROC_SESSION, PROC_NOTARY);
	ret->ipc.state = MST_READY;
	assert_non_null(ret->m.body = ipc_room());
}

static uint8_t
sign(struct testlink *s, const char *hash, uint8_t rekey)
{
	struct msg_nt_hostsign m = {.rid = ++nt.rid,
	    .rekey = rekey,
	    .hash = {
		.p = (const uint8_t *)hash, .len = (uint32_t)strlen(hash)}};
	const struct msg_nt_hostsig *r;
	struct sshkey k;

	testlink_send(s, MSG_NT_HOSTSIGN, &m);
	r = testlink_want(s, MSG_NT_HOSTSIG);
	assert_int_equal(r->rid, m.rid);
	if (r->result == 0) {
		assert_int_equal(sshkey_parse_line(&k, nt.conf.host_key), 0);
		assert_int_equal(sshkey_verify(&k, "ssh-ed25519", r->sig.p,
				     r->sig.len, 0, 0, hash, strlen(hash)),
		    0);
	}
	return r->result;
}

uint8_t
hostsign(struct testlink *s, const char *hash)
{
	return sign(s, hash, 0);
}

uint8_t
hostsign_again(struct testlink *s, const char *hash)
{
	return sign(s, hash, 1);
}

void
leg_new(struct msg_nt_leg_open *m, const char *grant, uint64_t conn)
{
	memset(m, 0, sizeof(*m));
	m->rid = ++nt.rid;
	strcpy(m->grant, grant);
	id_new(m->sid, 's');
	m->conn = conn;
	m->gateway = nt.gateway;
	m->sport = 40001;
	m->target = nt.target;
	m->client = nt.source;
	m->client_port = 5555;
}

const struct msg_nt_leg_opened *
leg_open(struct msg_nt_leg_open *m)
{
	const struct msg_nt_leg_opened *r;

	testlink_send(&nt.broker, MSG_NT_LEG_OPEN, m);
	r = testlink_want(&nt.broker, MSG_NT_LEG_OPENED);
	assert_int_equal(r->rid, m->rid);
	return r;
}

const struct msg_nt_cert_ok *
cert(struct testlink *s, const char *grant, const char *sid)
{
	struct msg_nt_cert m = {.rid = ++nt.rid, .pubkey = {1, 2, 3}};
	const struct msg_nt_cert_ok *r;

	strcpy(m.grant, grant);
	strcpy(m.sid, sid);
	testlink_send(s, MSG_NT_CERT, &m);
	r = testlink_want(s, MSG_NT_CERT_OK);
	assert_int_equal(r->rid, m.rid);
	return r;
}

void
append(struct testlink *l, enum event_code ev, const struct event_fields *f,
    bool wait)
{
	struct msg_log_append m = {.rid = wait ? ++nt.rid : 0,
	    .event = (uint16_t)ev,
	    .fields = {.p = f->b.p, .len = (uint32_t)f->b.len}};
	const struct msg_log_durable *d;

	testlink_send(l, MSG_LOG_APPEND, &m);
	if (!wait)
		return;
	d = testlink_want(l, MSG_LOG_DURABLE);
	assert_int_equal(d->rid, m.rid);
	assert_int_equal(d->result, 0);
}

char *
read_log(void)
{
	struct msg_nt_read m = {.max = 3000};
	char *text = calloc(1, 16 * 1024 * 1024);
	size_t at = 0;

	assert_non_null(text);
	for (;;) {
		const struct msg_nt_lines *r;

		m.rid = ++nt.rid;
		testlink_send(&nt.shipper, MSG_NT_READ, &m);
		r = testlink_want(&nt.shipper, MSG_NT_LINES);
		assert_int_equal(r->rid, m.rid);
		assert_int_equal(r->first, m.from);
		if (r->lines.len > 0)
			memcpy(text + at, r->lines.p, r->lines.len);
		at += r->lines.len;
		m.from = r->next;
		if (r->next == r->end)
			return text;
		assert_true(r->lines.len > 0);
	}
}

bool
logged(const char *a, const char *b)
{
	char *text = read_log();
	bool hit = false;

	for (char *p = text, *lf; (lf = strchr(p, '\n')) != NULL; p = lf + 1) {
		*lf = '\0';
		hit = hit || (strstr(p, a) != NULL && strstr(p, b) != NULL);
	}
	free(text);
	return hit;
}
