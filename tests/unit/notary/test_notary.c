/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notary: the real program, sandbox included, with the test in the place of
 * supervisor, broker, firewall, shipper and sessions.
 */
#include "tests/unit/support/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/note.h"
#include "audit/record.h"
#include "audit/verify.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/ids.h"
#include "base/safefile.h"
#include "base/str.h"
#include "core/element.h"
#include "ssh/sshkey.h"
#include "tests/unit/support/keygen.h"
#include "tests/unit/support/proc_harness.h"

static char state_dir[64];
static struct conf conf;
static struct proc_harness proc;
static struct testlink broker, firewall, shipper;
static uint8_t receipt_key[RECEIPT_KEY_SIZE];
static struct addr source, target, gateway;
static uint32_t rid;

static const char *const seeds[] = {
    "host.seed", "ca.seed", "ca-next.seed", "log.seed"};

static void
path_of(char *ret, size_t size, const char *name)
{
	(void)snprintf(ret, size, "%s/%s", state_dir, name);
}

static void
make_keys(void)
{
	char *lines[] = {conf.host_key, conf.ca_key, conf.ca_next_key};
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
					     sizeof(conf.host_key), pub),
			    0);
		} else {
			char vkey[NOTE_VKEY_SIZE];

			assert_int_equal(note_key_init(&k, "gw-test", pub), 0);
			note_vkey_format(vkey, &k);
			assert_int_equal(
			    str_copy(conf.log_key, sizeof(conf.log_key), vkey),
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

static void
link_key(void)
{
	const struct msg_nt_key *k = testlink_want(&firewall, MSG_NT_KEY);

	memcpy(receipt_key, k->key, sizeof(receipt_key));
}

static void
start_program(const char *program)
{
	proc_harness_start(&proc, PROC_NOTARY, program, "", &conf);
	proc_harness_ready(&proc);
	proc_harness_link(&proc, &broker, PROC_BROKER, 0);
	proc_harness_link(&proc, &firewall, PROC_FIREWALL, 0);
	proc_harness_link(&proc, &shipper, PROC_SHIPPER, 0);
	link_key();
}

static void
start(void)
{
	start_program("sallyport-notary");
}

static void
unlink_all(void)
{
	testlink_close(&broker);
	testlink_close(&firewall);
	testlink_close(&shipper);
}

static int
setup(void **state)
{
	(void)state;
	strcpy(state_dir, "/tmp/sallyport-nt.XXXXXX");
	assert_non_null(mkdtemp(state_dir));
	strcpy(conf.server_id, "gw-test");
	strcpy(conf.state_dir, state_dir);
	strcpy(conf.host, "gw.example");
	assert_int_equal(addr_parse(&source, "192.0.2.7"), 0);
	assert_int_equal(addr_parse(&target, "198.51.100.1"), 0);
	assert_int_equal(addr_parse(&gateway, "198.51.100.9"), 0);
	make_keys();
	start();
	return 0;
}

static int
teardown(void **state)
{
	char path[128], name[64];

	(void)state;
	unlink_all();
	assert_int_equal(proc_harness_stop(&proc), 0);
	path_of(path, sizeof(path), "notary/log");
	keygen_done(path); /* removes the files of one folder */
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
		(void)snprintf(name, sizeof(name), "notary/%s", seeds[i]);
		path_of(path, sizeof(path), name);
		(void)unlink(path);
	}
	path_of(path, sizeof(path), "notary");
	(void)rmdir(path);
	(void)rmdir(state_dir);
	return 0;
}

/* ---- conversations */

static void
grant_new(struct msg_nt_grant_open *m, int64_t life_ms)
{
	struct now now = clock_now();
	struct grant *g = &m->grant;

	memset(m, 0, sizeof(*m));
	m->rid = ++rid;
	id_new(g->id, 'g');
	id_new(g->req, 'r');
	strcpy(g->user, "alice");
	strcpy(g->target, "web-01");
	strcpy(g->login, "deploy");
	strcpy(g->role, "ops");
	strcpy(g->reason, "INC-4711");
	g->source4 = source;
	g->addr4 = target;
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

static const struct msg_nt_grant_opened *
grant_open(struct msg_nt_grant_open *m)
{
	const struct msg_nt_grant_opened *r;

	testlink_send(&broker, MSG_NT_GRANT_OPEN, m);
	r = testlink_want(&broker, MSG_NT_GRANT_OPENED);
	assert_int_equal(r->rid, m->rid);
	return r;
}

static uint8_t
close_by(unsigned type, unsigned reply, const char *id)
{
	struct msg_nt_close m = {
	    .rid = ++rid, .reason = END_REVOKED, .exit = -1};
	const struct msg_nt_closed *r;

	strcpy(m.id, id);
	strcpy(m.by, "bob");
	testlink_send(&broker, type, &m);
	r = testlink_want(&broker, reply);
	assert_int_equal(r->rid, m.rid);
	return r->result;
}

static bool
receipt_good(const char *id, const char *grant, uint64_t seq,
    const uint8_t *mac, const struct bytes *elements)
{
	struct receipt r = {.seq = seq};

	memcpy(r.mac, mac, sizeof(r.mac));
	return receipt_ok(
	    &r, receipt_key, id, grant, elements->p, elements->len);
}

static void
session_link(struct testlink *ret, uint64_t conn, const struct addr *client)
{
	struct msg_sup_link m = {.proc = PROC_SESSION,
	    .conn = conn,
	    .peer = *client,
	    .peer_port = 5555};
	int pair[2];

	assert_int_equal(ipc_pair(pair), 0);
	proc_harness_fd(&proc, MSG_SUP_LINK, &m, pair[1]);
	(void)close(pair[1]);
	memset(ret, 0, sizeof(*ret));
	ipc_init(&ret->ipc, pair[0], PROC_SESSION, PROC_NOTARY);
	ret->ipc.state = MST_READY;
	assert_non_null(ret->m.body = calloc(1, msg_size_max()));
}

/* The host's signature over this hash; the result byte. */
static uint8_t
hostsign(struct testlink *s, const char *hash)
{
	struct msg_nt_hostsign m = {.rid = ++rid,
	    .hash = {
		.p = (const uint8_t *)hash, .len = (uint32_t)strlen(hash)}};
	const struct msg_nt_hostsig *r;
	struct sshkey k;

	testlink_send(s, MSG_NT_HOSTSIGN, &m);
	r = testlink_want(s, MSG_NT_HOSTSIG);
	assert_int_equal(r->rid, m.rid);
	if (r->result == 0) {
		assert_int_equal(sshkey_parse_line(&k, conf.host_key), 0);
		assert_int_equal(sshkey_verify(&k, "ssh-ed25519", r->sig.p,
				     r->sig.len, 0, 0, hash, strlen(hash)),
		    0);
	}
	return r->result;
}

static void
leg_new(struct msg_nt_leg_open *m, const char *grant, uint64_t conn)
{
	memset(m, 0, sizeof(*m));
	m->rid = ++rid;
	strcpy(m->grant, grant);
	id_new(m->sid, 's');
	m->conn = conn;
	m->gateway = gateway;
	m->sport = 40001;
	m->target = target;
	m->client = source;
	m->client_port = 5555;
}

static const struct msg_nt_leg_opened *
leg_open(struct msg_nt_leg_open *m)
{
	const struct msg_nt_leg_opened *r;

	testlink_send(&broker, MSG_NT_LEG_OPEN, m);
	r = testlink_want(&broker, MSG_NT_LEG_OPENED);
	assert_int_equal(r->rid, m->rid);
	return r;
}

static const struct msg_nt_cert_ok *
cert(struct testlink *s, const char *grant, const char *sid)
{
	struct msg_nt_cert m = {.rid = ++rid, .pubkey = {1, 2, 3}};
	const struct msg_nt_cert_ok *r;

	strcpy(m.grant, grant);
	strcpy(m.sid, sid);
	testlink_send(s, MSG_NT_CERT, &m);
	r = testlink_want(s, MSG_NT_CERT_OK);
	assert_int_equal(r->rid, m.rid);
	return r;
}

/* The whole log, read as the shipper does. */
static char *
read_log(void)
{
	struct msg_nt_read m = {.max = 3000};
	char *text = calloc(1, 16 * 1024 * 1024);
	size_t at = 0;

	assert_non_null(text);
	for (;;) {
		const struct msg_nt_lines *r;

		m.rid = ++rid;
		testlink_send(&shipper, MSG_NT_READ, &m);
		r = testlink_want(&shipper, MSG_NT_LINES);
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

/* Does some record hold both texts? */
static bool
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

/* ---- tests */

static void
test_grant(void **state)
{
	struct msg_nt_grant_open m;
	const struct msg_nt_grant_opened *r;
	struct element_list l;

	(void)state;
	grant_new(&m, 300000);
	r = grant_open(&m);
	assert_int_equal(r->result, 0);
	assert_true(
	    receipt_good(m.grant.id, m.grant.id, r->seq, r->mac, &r->elements));
	assert_false(receipt_good(
	    "g-22222222", m.grant.id, r->seq, r->mac, &r->elements));
	assert_false(receipt_good(
	    m.grant.id, "g-22222222", r->seq, r->mac, &r->elements));
	assert_int_equal(element_decode(&l, r->elements.p, r->elements.len), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.e[0].kind, ELEMENT_ENTRY);
	assert_true(addr_equal(&l.e[0].source, &source));
	assert_true(logged("\"grant.open\"", m.grant.id));
	assert_true(logged("\"payload\":\"the signed bytes\"", m.grant.id));
	m.rid = ++rid;
	assert_int_equal(grant_open(&m)->result, -GW_EEXIST);
	assert_int_equal(
	    close_by(MSG_NT_GRANT_CLOSE, MSG_NT_GRANT_CLOSED, m.grant.id), 0);
	assert_int_equal(
	    close_by(MSG_NT_GRANT_CLOSE, MSG_NT_GRANT_CLOSED, m.grant.id),
	    -GW_ENOENT);
	assert_true(logged("\"grant.close\"", "\"reason\":\"revoked\""));
	/* over already, of another boot, without an end */
	grant_new(&m, 300000);
	m.grant.end_boot_ms = 1;
	assert_int_equal(grant_open(&m)->result, -GW_ESTATE);
	grant_new(&m, 300000);
	strcpy(m.grant.boot_id, "another boot");
	assert_int_equal(grant_open(&m)->result, -GW_ESTATE);
	grant_new(&m, 0);
	assert_int_equal(grant_open(&m)->result, -GW_EINVAL);
}

static void
test_totp(void **state)
{
	int64_t step = clock_now().utc_ms / 30000;
	struct msg_nt_grant_open m[3];
	struct msg_nt_mfa_burn b = {.rid = ++rid, .step = step};
	const struct msg_nt_mfa_burned *r;
	unsigned ok = 0;

	(void)state;
	/* twice in one batch: one passes */
	for (size_t i = 0; i < 3; i++) {
		grant_new(&m[i], 60000);
		m[i].mfa_step = step;
	}
	strcpy(m[2].grant.user, "carol"); /* her own steps */
	for (size_t i = 0; i < 3; i++)
		testlink_send(&broker, MSG_NT_GRANT_OPEN, &m[i]);
	for (size_t i = 0; i < 3; i++) {
		const struct msg_nt_grant_opened *o =
		    testlink_want(&broker, MSG_NT_GRANT_OPENED);

		ok += o->result == 0;
		if (o->result != 0) {
			assert_int_equal(o->result, -GW_EDENIED);
			assert_int_equal(o->rid, m[1].rid);
			assert_int_equal(o->elements.len, 0);
		}
	}
	assert_int_equal(ok, 2);
	assert_true(logged("\"JG1001W\"", "replayed"));
	/* and by the other verb */
	strcpy(b.user, "alice");
	strcpy(b.verb, "role.set");
	testlink_send(&broker, MSG_NT_MFA_BURN, &b);
	r = testlink_want(&broker, MSG_NT_MFA_BURNED);
	assert_int_equal(r->result, -GW_EDENIED);
	b.step = step + 1;
	testlink_send(&broker, MSG_NT_MFA_BURN, &b);
	r = testlink_want(&broker, MSG_NT_MFA_BURNED);
	assert_int_equal(r->result, 0);
	b.step = step + 100000; /* would lock her out */
	testlink_send(&broker, MSG_NT_MFA_BURN, &b);
	r = testlink_want(&broker, MSG_NT_MFA_BURNED);
	assert_int_equal(r->result, -GW_EDENIED);
}

static void
test_session(void **state)
{
	static const char hash[] = "an exchange hash of thirty-two b";
	struct msg_nt_grant_open g;
	struct msg_nt_leg_open l;
	const struct msg_nt_leg_opened *r;
	const struct msg_nt_cert_ok *c;
	const struct msg_nt_sid *sid;
	struct testlink s, other;
	struct element_list list;
	char good[LIMIT_ID_SIZE], want[96];

	(void)state;
	grant_new(&g, 300000);
	assert_int_equal(grant_open(&g)->result, 0);
	session_link(&s, 1001, &source);
	assert_int_equal(hostsign(&s, hash), 0);
	/* the broker knew before the session did */
	assert_int_equal(testlink_next(&broker, 0), 1);
	assert_int_equal(broker.m.type, MSG_NT_SID);
	sid = broker.m.body;
	assert_int_equal(sid->conn, 1001);
	assert_int_equal(sid->sid.len, sizeof(hash) - 1);
	assert_memory_equal(sid->sid.p, hash, sizeof(hash) - 1);
	assert_int_equal(hostsign(&s, "a rekey, another exchange hash.."), 0);
	assert_int_equal(testlink_next(&broker, 50), 0);
	/* a session id cannot be carried to another connection */
	session_link(&other, 1002, &source);
	assert_int_equal(hostsign(&other, hash), -GW_EDENIED);
	assert_int_equal(
	    hostsign(&other, "other's own hash, thirty-two b.."), 0);
	(void)testlink_want(&broker, MSG_NT_SID);

	leg_new(&l, g.grant.id, 1001);
	l.target = gateway; /* not the grant's */
	assert_int_equal(leg_open(&l)->result, -GW_EDENIED);
	leg_new(&l, g.grant.id, 1001);
	assert_int_equal(addr_parse(&l.client, "192.0.2.8"), 0);
	assert_int_equal(leg_open(&l)->result, -GW_EDENIED);
	leg_new(&l, g.grant.id, 1001);
	l.client_port = 5556; /* not what the supervisor saw */
	assert_int_equal(leg_open(&l)->result, -GW_EDENIED);
	leg_new(&l, g.grant.id, 4711); /* no such connection */
	assert_int_equal(leg_open(&l)->result, -GW_EDENIED);
	leg_new(&l, "g-22222222", 1001);
	assert_int_equal(leg_open(&l)->result, -GW_EDENIED);
	leg_new(&l, g.grant.id, 1001);
	r = leg_open(&l);
	assert_int_equal(r->result, 0);
	assert_true(receipt_good(l.sid, l.grant, r->seq, r->mac, &r->elements));
	assert_int_equal(
	    element_decode(&list, r->elements.p, r->elements.len), 0);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.e[0].kind, ELEMENT_LEG);
	assert_int_equal(list.e[0].sport, 40001);
	strcpy(good, l.sid);

	c = cert(&s, g.grant.id, good);
	assert_int_equal(c->result, 0);
	(void)snprintf(want, sizeof(want), "user=alice grant=%s session=%s",
	    g.grant.id, good);
	assert_non_null(memmem(c->cert.p, c->cert.len, want, strlen(want)));
	assert_non_null(memmem(c->cert.p, c->cert.len, "deploy@web-01", 13));
	assert_non_null(memmem(c->cert.p, c->cert.len, "198.51.100.9", 12));
	assert_true(logged("\"cert.issue\"", good));
	assert_int_equal(cert(&s, "g-22222222", good)->result, -GW_EDENIED);

	/* another connection, with a leg of its own, asks for this one's */
	leg_new(&l, g.grant.id, 1002);
	assert_int_equal(leg_open(&l)->result, 0);
	assert_int_equal(cert(&other, g.grant.id, good)->result, -GW_EDENIED);
	assert_int_equal(cert(&other, g.grant.id, l.sid)->result, 0);
	assert_true(logged("\"cert.denied\"", "another connection"));

	assert_int_equal(
	    close_by(MSG_NT_GRANT_CLOSE, MSG_NT_GRANT_CLOSED, g.grant.id), 0);
	assert_int_equal(cert(&s, g.grant.id, good)->result, -GW_EDENIED);
	leg_new(&l, g.grant.id, 1001);
	assert_int_equal(leg_open(&l)->result, -GW_EDENIED);
	assert_int_equal(
	    close_by(MSG_NT_LEG_CLOSE, MSG_NT_LEG_CLOSED, good), 0);
	assert_int_equal(
	    close_by(MSG_NT_LEG_CLOSE, MSG_NT_LEG_CLOSED, good), -GW_ENOENT);
	assert_true(logged("\"session.end\"", "\"user\":\"alice\""));
	testlink_close(&s);
	testlink_close(&other);
}

static void
test_grant_ends_by_itself(void **state)
{
	struct msg_nt_grant_open g;
	struct msg_nt_leg_open l;
	struct testlink s;

	(void)state;
	grant_new(&g, 1200);
	assert_int_equal(grant_open(&g)->result, 0);
	session_link(&s, 1100, &source);
	leg_new(&l, g.grant.id, 1100);
	assert_int_equal(leg_open(&l)->result, 0);
	assert_int_equal(cert(&s, g.grant.id, l.sid)->result, 0);
	(void)usleep(1300000);
	assert_int_equal(cert(&s, g.grant.id, l.sid)->result, -GW_EDENIED);
	assert_true(logged("\"cert.denied\"", "the grant is over"));
	testlink_close(&s);
}

static void
append(struct testlink *l, enum event_code ev, const struct event_fields *f,
    bool wait)
{
	struct msg_log_append m = {.rid = wait ? ++rid : 0,
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

static void
test_append(void **state)
{
	struct msg_nt_grant_open g;
	struct msg_nt_leg_open l;
	struct event_fields f;
	struct testlink s;
	int e;

	(void)state;
	grant_new(&g, 300000);
	assert_int_equal(grant_open(&g)->result, 0);
	session_link(&s, 1003, &source);
	leg_new(&l, g.grant.id, 1003);
	assert_int_equal(leg_open(&l)->result, 0);
	event_fields_init(&f);
	event_str(&f, EF_USER, "root"); /* a lie */
	event_str(&f, EF_SID, "s-22222222");
	event_str(&f, EF_COMMAND, "uptime --pretty");
	append(&s, EV_SESSION_EXEC, &f, true);
	assert_true(logged("uptime --pretty", "\"user\":\"alice\""));
	assert_true(logged("uptime --pretty", l.sid));
	assert_true(logged("uptime --pretty", "\"conn\":1003"));
	assert_false(logged("uptime --pretty", "root"));
	/* what a session may not write at all */
	append(&s, EV_GRANT_APPLIED, &f, false);
	while ((e = ipc_recv_wait(&s.ipc, &s.m, 5000)) == 0)
		ipc_msg_close(&s.m);
	assert_int_equal(e, GW_ECLOSED);
	assert_true(logged("\"peer.protocol\"", "grant.applied"));
	assert_false(logged("\"JG2101I\"", "uptime"));
	event_fields_done(&f);
	testlink_close(&s);
}

/* Too much for one record is refused; whoever sent it goes on. */
static void
test_too_large(void **state)
{
	enum { HALF = 14 * 1024 };
	struct msg_nt_grant_open g;
	struct msg_log_append m = {.rid = ++rid, .event = EV_API_DENIED};
	const struct msg_log_durable *d;
	struct event_fields f;
	uint8_t *wide = malloc(HALF);

	(void)state;
	assert_non_null(wide);
	memset(wide, 1, HALF); /* six characters each */
	grant_new(&g, 300000);
	g.payload.p = g.signature.p = wide;
	g.payload.len = g.signature.len = HALF;
	assert_int_equal(grant_open(&g)->result, -GW_ELIMIT);
	event_fields_init(&f);
	event_strn(&f, EF_PAYLOAD, wide, HALF);
	event_strn(&f, EF_MSG, wide, HALF);
	m.fields.p = f.b.p;
	m.fields.len = (uint32_t)f.b.len;
	testlink_send(&broker, MSG_LOG_APPEND, &m);
	d = testlink_want(&broker, MSG_LOG_DURABLE);
	assert_int_equal(d->rid, m.rid);
	assert_int_equal(d->result, -GW_ELIMIT);
	event_fields_done(&f);
	grant_new(&g, 300000);
	assert_int_equal(grant_open(&g)->result, 0);
	assert_true(logged("\"peer.protocol\"", "too large"));
	free(wide);
}

/* What the recorder repeats of a session's claims; the result byte. */
static uint8_t
recording(struct testlink *recorder, uint64_t conn, const char *sid,
    const char *grant, const char *file)
{
	struct msg_log_append m = {.rid = ++rid, .event = EV_RECORDING_START};
	const struct msg_log_durable *d;
	struct event_fields f;

	event_fields_init(&f);
	event_str(&f, EF_SID, sid);
	event_str(&f, EF_GRANT, grant);
	event_str(&f, EF_FILE, file);
	event_num(&f, EF_CONN, (int64_t)conn);
	event_str(&f, EF_USER, "mallory");
	m.fields.p = f.b.p;
	m.fields.len = (uint32_t)f.b.len;
	testlink_send(recorder, MSG_LOG_APPEND, &m);
	event_fields_done(&f);
	d = testlink_want(recorder, MSG_LOG_DURABLE);
	assert_int_equal(d->rid, m.rid);
	return d->result;
}

/* A session is recorded as who it is, and as nobody else. */
static void
test_recording(void **state)
{
	struct msg_nt_grant_open g;
	struct msg_nt_leg_open l;
	struct testlink s, other, recorder;

	(void)state;
	grant_new(&g, 300000);
	assert_int_equal(grant_open(&g)->result, 0);
	session_link(&s, 1201, &source);
	session_link(&other, 1202, &source);
	proc_harness_link(&proc, &recorder, PROC_RECORDER, 0);
	leg_new(&l, g.grant.id, 1201);
	/* not yet, and never from another connection or by another name */
	assert_int_equal(
	    recording(&recorder, 1201, l.sid, g.grant.id, "f-0"), -GW_EDENIED);
	assert_int_equal(leg_open(&l)->result, 0);
	assert_int_equal(
	    recording(&recorder, 1202, l.sid, g.grant.id, "f-1"), -GW_EDENIED);
	assert_int_equal(
	    recording(&recorder, 1201, "s-22222222", g.grant.id, "f-2"),
	    -GW_EDENIED);
	assert_int_equal(recording(&recorder, 1201, l.sid, "g-22222222", "f-3"),
	    -GW_EDENIED);
	assert_true(logged("\"peer.protocol\"", "recorded as another"));
	assert_false(logged("\"recording.start\"", "f-"));
	assert_int_equal(
	    recording(&recorder, 1201, l.sid, g.grant.id, "f-4"), 0);
	assert_true(logged("f-4", "\"user\":\"alice\""));
	assert_true(logged("f-4", "\"conn\":1201"));
	assert_false(logged("f-4", "mallory"));
	testlink_close(&recorder);
	testlink_close(&other);
	testlink_close(&s);
}

static unsigned
fold_count(const char *grant, uint8_t *retstate, bool *retelements)
{
	struct msg_nt_fold_get m = {.rid = ++rid};
	unsigned n = 0;

	*retstate = 0;
	*retelements = false;
	testlink_send(&broker, MSG_NT_FOLD_GET, &m);
	while (testlink_next(&broker, 10000) == 1) {
		const struct msg_nt_fold_grant *g = broker.m.body;

		if (broker.m.type == MSG_NT_FOLD_END)
			return n;
		if (broker.m.type != MSG_NT_FOLD_GRANT)
			continue;
		n++;
		if (strcmp(g->grant.id, grant) != 0)
			continue;
		*retstate = g->state;
		*retelements =
		    g->elements.len > 0 &&
		    receipt_good(grant, grant, g->seq, g->mac, &g->elements);
	}
	fail();
	return 0;
}

/* More than one peer's queue may hold: told in pieces, none left out. */
static void
test_many(void **state)
{
	enum { MANY = 7000, AT_ONCE = 100 };
	struct msg_nt_grant_open g;
	uint8_t st = 0;
	bool elements = false;
	unsigned before;

	(void)state;
	before = fold_count("g-22222222", &st, &elements);
	for (unsigned i = 0; i < MANY; i += AT_ONCE) {
		for (unsigned k = 0; k < AT_ONCE; k++) {
			grant_new(&g, 300000);
			testlink_send(&broker, MSG_NT_GRANT_OPEN, &g);
		}
		for (unsigned k = 0; k < AT_ONCE; k++) {
			const struct msg_nt_grant_opened *r =
			    testlink_want(&broker, MSG_NT_GRANT_OPENED);

			assert_int_equal(r->result, 0);
		}
	}
	assert_int_equal(fold_count(g.grant.id, &st, &elements), before + MANY);
	assert_int_equal(st, GRANT_INTENT);
	assert_true(elements);
}

/* A door waits for the disk once: the code's step and the intent are one. */
static void
test_cost_of_a_grant(void **state)
{
	struct msg_nt_grant_open g;
	struct buf trace;

	(void)state;
	buf_init(&trace, 64 * 1024);
	unlink_all();
	assert_int_equal(proc_harness_stop(&proc), 0);
	start_program("tests/unit/notary/traced_notary");
	grant_new(&g, 300000);
	g.mfa_step = clock_now().utc_ms / 30000;
	strcpy(g.grant.user, "erin");
	proc_harness_trace(&proc, &trace);
	assert_in_range(trace_count(&trace, "sync\n"), 1, 100);
	buf_reset(&trace);
	assert_int_equal(grant_open(&g)->result, 0);
	proc_harness_trace(&proc, &trace);
	assert_int_equal(trace_count(&trace, "sync\n"), 1);
	unlink_all();
	assert_int_equal(proc_harness_stop(&proc), 0);
	start();
	assert_true(logged(g.grant.id, "grant.open"));
	buf_done(&trace);
}

static void
test_restart(void **state)
{
	struct msg_nt_grant_open g;
	struct event_fields f;
	uint8_t st = 0, old_key[RECEIPT_KEY_SIZE];
	bool elements = false;
	unsigned before, after;
	int status = 0;

	(void)state;
	grant_new(&g, 300000);
	g.mfa_step = clock_now().utc_ms / 30000;
	strcpy(g.grant.user, "dave");
	assert_int_equal(grant_open(&g)->result, 0);
	before = fold_count(g.grant.id, &st, &elements);
	assert_int_equal(st, GRANT_INTENT);
	assert_true(elements);
	event_fields_init(&f);
	event_str(&f, EF_GRANT, g.grant.id);
	append(&firewall, EV_GRANT_APPLIED, &f, true);
	event_fields_done(&f);
	(void)fold_count(g.grant.id, &st, &elements);
	assert_int_equal(st, GRANT_ACTIVE);

	memcpy(old_key, receipt_key, sizeof(old_key));
	assert_int_equal(kill(proc.pid, SIGKILL), 0);
	assert_int_equal(waitpid(proc.pid, &status, 0), proc.pid);
	unlink_all();
	ipc_done(&proc.control);
	start();
	assert_memory_not_equal(old_key, receipt_key, sizeof(old_key));
	after = fold_count(g.grant.id, &st, &elements);
	assert_int_equal(before, after);
	assert_int_equal(st, GRANT_ACTIVE);
	assert_true(elements); /* with a receipt of the new key */
	/* a firewall started anew has forgotten what was closed */
	memcpy(old_key, receipt_key, sizeof(old_key));
	testlink_close(&firewall);
	proc_harness_link(&proc, &firewall, PROC_FIREWALL, 0);
	link_key();
	assert_memory_not_equal(old_key, receipt_key, sizeof(old_key));
	(void)fold_count(g.grant.id, &st, &elements);
	assert_true(elements);
	/* the burned step is remembered */
	strcpy(g.grant.id, "g-33333333");
	g.rid = ++rid;
	assert_int_equal(grant_open(&g)->result, -GW_EDENIED);
}

/* Killed while it writes, again and again: what was acknowledged is there. */
static void
test_killed(void **state)
{
	struct event_fields f;
	int status = 0;

	(void)state;
	event_fields_init(&f);
	event_str(&f, EF_TARGET, "web-01");
	for (unsigned round = 0; round < 5; round++) {
		struct msg_nt_read m = {.rid = ++rid, .max = 1};
		const struct msg_nt_lines *r;
		uint64_t acked = 0;
		unsigned n = 0;

		for (unsigned i = 0; i < 400; i++)
			append(&firewall, EV_FLOW_END, &f, i % 40 == 39);
		for (unsigned i = 0; i < 60; i++) {
			struct msg_log_append a = {
			    .rid = ++rid, .event = EV_FLOW_END};

			testlink_send(&firewall, MSG_LOG_APPEND, &a);
			if (i == 10 * round + 5)
				assert_int_equal(kill(proc.pid, SIGKILL), 0);
			if (i >= 10 * round + 5)
				break;
		}
		while (ipc_recv_wait(&firewall.ipc, &firewall.m, 5000) == 0) {
			const struct msg_log_durable *d = firewall.m.body;

			if (firewall.m.type == MSG_LOG_DURABLE &&
			    d->result == 0) {
				acked = d->seq;
				n++;
			}
		}
		assert_int_equal(waitpid(proc.pid, &status, 0), proc.pid);
		unlink_all();
		ipc_done(&proc.control);
		start();
		testlink_send(&shipper, MSG_NT_READ, &m);
		r = testlink_want(&shipper, MSG_NT_LINES);
		assert_true(n == 0 || r->end > acked);
	}
	event_fields_done(&f);
}

static void
test_verifies(void **state)
{
	struct verify_result r = {0};
	struct verify *a = NULL;
	char dir[128], *text, *p, *lf;

	struct msg_nt_grant_open g;

	(void)state;
	grant_new(&g, 60000);
	assert_int_equal(grant_open(&g)->result, 0);
	(void)usleep(1300000); /* a checkpoint is due within a second */
	text = read_log();
	assert_int_equal(verify_new(&a, conf.log_key), 0);
	for (p = text; (lf = strchr(p, '\n')) != NULL; p = lf + 1)
		assert_true(verify_line(a, p, (size_t)(lf - p)));
	assert_int_equal(verify_result(a)->verdict, VERIFY_OK);
	assert_true(verify_result(a)->checkpoints > 2);
	verify_free(a);
	free(text);
	path_of(dir, sizeof(dir), "notary/log");
	assert_int_equal(verify_dir(&r, conf.log_key, dir), 0);
	assert_int_equal(r.verdict, VERIFY_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_grant),
	    cmocka_unit_test(test_totp),
	    cmocka_unit_test(test_session),
	    cmocka_unit_test(test_grant_ends_by_itself),
	    cmocka_unit_test(test_append),
	    cmocka_unit_test(test_too_large),
	    cmocka_unit_test(test_recording),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_cost_of_a_grant),
	    cmocka_unit_test(test_restart),
	    cmocka_unit_test(test_killed),
	    cmocka_unit_test(test_verifies),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
