/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor - target.scan (which host keys does an address show) and
 * target.doctor (would a session work, and if not, what is missing).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/put.h"
#include "broker/session/causes.h"
#include "broker/session/doctor.h"
#include "broker/session/knock.h"
#include "broker/session/probe.h"

/* ---- target.scan */

/* Of each of the two verbs; the last look may be followed by a knock. */
enum { LOOKS_MS = LIMIT_API_ANSWER_MS - 5000 };

static int64_t
looks_until(const struct call *c)
{
	return broker_now(c->b).boot_ms + LOOKS_MS;
}

static bool
is_late(const struct call *c, const struct probe_wish *w)
{
	return broker_now(c->b).boot_ms >= w->until_ms;
}

static const char *const host_algs[] = {
    "ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"};

struct scan {
	struct probe_wish w;
	unsigned next;      /* of host_algs */
	struct target keys; /* as a set of keys */
	char banner[256];
	char text[LIMIT_TEXT_SIZE];
	bool connected;
};

static void
add_key_json(void *arg, const uint8_t *blob, size_t n)
{
	json_t *list = arg;
	json_t *o = json_object();
	struct sshkey k;
	char line[LIMIT_PUBKEY_MAX * 2];
	char fp[SSHKEY_FP_SIZE];

	if (sshkey_parse_blob(&k, blob, n) != 0 ||
	    sshkey_format_line(line, sizeof(line), blob, n) != 0) {
		json_decref(o);
		return;
	}
	sshkey_fingerprint(fp, blob, n);
	put_str(o, "type", k.type);
	put_str(o, "key", line);
	put_str(o, "fingerprint", fp);
	(void)json_array_append_new(list, o);
}

static void
scan_reply(struct call *c)
{
	const struct scan *x = c->state;
	char address[ADDR_TEXT_SIZE];
	json_t *o = NULL, *keys = NULL;

	addr_format(address, &x->w.addr);
	if (target_nkeys(&x->keys) == 0 && x->connected) {
		call_refuse(c, 404, "no-ssh", "address",
		    "%s port %u answers, but showed no host key: %s", address,
		    (unsigned)x->w.port,
		    x->text[0] != '\0' ? x->text : "is it an SSH server?");
		return;
	}
	if (target_nkeys(&x->keys) == 0) {
		call_refuse(c, 404, "not-found", "address",
		    "%s port %u does not answer: %s", address,
		    (unsigned)x->w.port,
		    x->text[0] != '\0' ? x->text : "is it an SSH server?");
		return;
	}
	o = json_object();
	keys = json_array();
	put_str(o, "address", address);
	put_num(o, "port", x->w.port);
	put_str(o, "banner", x->banner);
	put_str(o, "warning", causes_no_certificates(x->banner));
	(void)target_each_key(&x->keys, add_key_json, keys);
	(void)json_object_set_new(o, "host_keys", keys);
	call_reply(c, 200, o);
}

static void scan_next(struct call *c);

static void
scan_seen(struct call *c, const struct probe_result *r)
{
	struct scan *x = c->state;

	x->connected = x->connected || r->dialed == DIAL_DONE;
	if (r->seen.banner[0] != '\0')
		text_set(x->banner, sizeof(x->banner), r->seen.banner);
	if (r->seen.kex != 0 && r->seen.host_key.len > 0) {
		if (target_add_key(&x->keys, r->key, r->seen.host_key.len) ==
		    GW_ELIMIT)
			log_warn("a scan met more host keys than fit");
	} else {
		text_set(x->text, sizeof(x->text), r->text);
	}
	/* nobody there, or nobody who speaks: asking twice more changes nothing
	 */
	if (!x->connected || x->banner[0] == '\0')
		x->next = ARRAY_LEN(host_algs);
	scan_next(c);
}

static void
scan_next(struct call *c)
{
	struct scan *x = c->state;

	if (x->next >= ARRAY_LEN(host_algs) ||
	    (x->next > 0 && is_late(c, &x->w))) {
		scan_reply(c);
		return;
	}
	text_set(x->w.host_alg, sizeof(x->w.host_alg), host_algs[x->next++]);
	probe_start(c, &x->w, scan_seen);
}

/* Whom we asked for what, in the log before the first packet. */
static void
record_probe(const struct call *c, const struct target *t, const struct addr *a,
    uint16_t port)
{
	struct event_fields f;
	char text[ADDR_TEXT_SIZE];

	addr_format(text, a);
	call_fields(c, &f);
	if (t != NULL) {
		event_str(&f, EF_TARGET, t->name);
		event_str(&f, EF_TARGET_ID, t->id);
	}
	event_str(&f, a->family == 4 ? EF_DST : EF_DST6, text);
	event_num(&f, EF_DST_PORT, port);
	event_str(&f, EF_COMMAND, c->verb->name);
	if (process_append(c->b->process, EV_PROBE, &f, NULL, NULL) != 0)
		log_warn("a probe could not be recorded");
	event_fields_done(&f);
}

void
verb_target_scan(struct call *c)
{
	static const char *const keys[] = {"address", "port", NULL};
	struct scan *x = call_state(c, sizeof(*x), free);
	struct problem p = {0};
	const char *address = NULL;
	char why[ADDR_WHY_SIZE];
	int64_t port = 22;

	if (x == NULL)
		return;
	if (json_only(c->req.body, keys, &p) != 0 ||
	    json_get_str(c->req.body, "address", true, ADDR_TEXT_SIZE - 1,
		&address, &p) != 0 ||
	    json_get_int(c->req.body, "port", false, 1, 65535, &port, &p) !=
		0) {
		call_problem(c, &p);
		return;
	}
	if (addr_parse(&x->w.addr, address) != 0) {
		call_refuse(c, 400, "bad-field", "address",
		    "address: not an IPv4 or IPv6 address: write it like "
		    "10.20.0.13, without leading zeros, or fd00::13 (names are "
		    "resolved by jitctl)");
		return;
	}
	/* programs that trust their own host: nobody asks them through us */
	if (!addr_names_host(why, &x->w.addr) && !FAULT(scan_loopback)) {
		call_refuse(c, 400, "bad-field", "address",
		    "address: %s is not the address of one host that others "
		    "reach: it %s",
		    address, why);
		return;
	}
	x->w.port = (uint16_t)port;
	x->w.until_ms = looks_until(c);
	if (probe_locked(c, &x->w))
		return;
	record_probe(c, NULL, &x->w.addr, x->w.port);
	scan_next(c);
}

/* ---- target.doctor */

/* An address of the target: one that is shut, or one that it has besides. */
struct place {
	struct addr addr;
	bool named;   /* of the target as it is known here */
	bool reached; /* by a probe */
};

struct doctor {
	struct target target;
	struct probe_wish w;
	json_t *checks;
	json_t *of[2];    /* its addresses: IPv4, IPv6; then in the above */
	unsigned waiting; /* for their probes, which run at once */
	struct place place[KNOCK_MAX];
	size_t nplaces;
	bool answered[KNOCK_MAX]; /* without a grant */
	size_t next;              /* place to look at */
};

static void
doctor_free(void *p)
{
	struct doctor *d = p;

	json_decref(d->checks);
	for (size_t i = 0; i < ARRAY_LEN(d->of); i++)
		json_decref(d->of[i]);
	free(d);
}

static void
check(json_t *list, const char *name, enum check_status status,
    const char *detail, const char *remedy)
{
	json_t *o = json_object();

	put_str(o, "name", name);
	put_str(o, "status", check_status_str(status));
	put_str(o, "detail", detail);
	put_str(o, "remedy", remedy);
	(void)json_array_append_new(list, o);
}

static void
check_reach(json_t *list, const struct doctor *d, const struct probe_result *r)
{
	char address[ADDR_TEXT_SIZE];
	char text[128];
	const bool connected = r->dialed == DIAL_DONE;
	const bool no_way = r->dialed == DIAL_NO_WAY;

	addr_format(address, &r->addr);
	check(list, "address", no_way ? CHECK_FAIL : CHECK_OK, address,
	    no_way ? "give the gateway a route to this address, or correct it: "
		     "jitctl target add"
		   : "");
	(void)snprintf(text, sizeof(text), "%u/tcp", (unsigned)d->w.port);
	check(list, "port",
	    connected ? CHECK_OK
	    : no_way  ? CHECK_SKIP
		      : CHECK_FAIL,
	    connected ? text : r->text,
	    connected || no_way
		? ""
		: "is sshd running there, and does a firewall between let the "
		  "gateway in?");
	check(list, "banner",
	    r->seen.banner[0] != '\0' ? CHECK_OK
	    : connected               ? CHECK_FAIL
				      : CHECK_SKIP,
	    r->seen.banner[0] != '\0' ? r->seen.banner : r->text,
	    r->seen.banner[0] != '\0' || !connected
		? ""
		: "something else than an SSH server listens there");
}

static void
check_host_key(
    json_t *list, const struct doctor *d, const struct probe_result *r)
{
	char fp[SSHKEY_FP_SIZE] = "";
	char text[256];
	struct cause why;
	char remedy[LIMIT_NAME_SIZE + 80];

	if (r->seen.host_key.len > 0)
		sshkey_fingerprint(fp, r->key, r->seen.host_key.len);
	if (r->seen.kex == 0 && r->seen.banner[0] != '\0' &&
	    !FAULT(silent_kex)) {
		cause_of_no_kex(&why, &r->seen, d->target.name);
		check(list, why.check, why.status, why.detail, why.remedy);
	} else if (r->seen.kex == 0) { /* said above */
		check(list, "host key", CHECK_SKIP, r->text, "");
	} else if (r->seen.key_ok != 0) {
		check(list, "host key", CHECK_OK, fp, "");
	} else {
		(void)snprintf(text, sizeof(text),
		    "the target shows %s, which is not among the %u pinned", fp,
		    target_nkeys(&d->target));
		(void)snprintf(remedy, sizeof(remedy),
		    "find out why it changed; then jitctl target set %s --scan",
		    d->target.name);
		check(list, "host key", CHECK_FAIL, text, remedy);
	}
}

static void
check_login(json_t *list, const struct doctor *d, const struct probe_result *r)
{
	struct cause c[CAUSES];

	causes_of_login(c, &r->seen, d->target.logins.name[0], d->target.name);
	for (size_t i = 0; i < CAUSES; i++)
		check(list, c[i].check, c[i].status, c[i].detail, c[i].remedy);
}

static void
check_clock(json_t *list, const struct call *c, const struct probe_result *r)
{
	const int64_t off_s =
	    (r->seen.clock_ms - broker_now(c->b).utc_ms) / 1000;
	const bool good = off_s >= -5 && off_s <= 5;
	/* a certificate's window, seen from the target */
	const bool works =
	    off_s >= -LIMIT_CERT_SKEW_S && off_s < LIMIT_CERT_LIFE_S;
	char text[64];

	if (r->seen.clock_ms == 0) {
		check(list, "clock", CHECK_SKIP, "not read", "");
		return;
	}
	(void)snprintf(text, sizeof(text), "%+lld s against the gateway",
	    (long long)off_s);
	check(list, "clock",
	    good    ? CHECK_OK
	    : works ? CHECK_WARN
		    : CHECK_FAIL,
	    text,
	    good
		? ""
		: "certificates are good from 5 min before to 2 min after they "
		  "are made: set up NTP on both");
}

static void
reply(struct call *c)
{
	const struct doctor *d = c->state;
	json_t *o = json_object();

	put_str(o, "target", d->target.name);
	if (o != NULL)
		(void)json_object_set(o, "checks", d->checks);
	call_reply(c, 200, o);
}

/* ---- every address it has must be shut */

static void
check_place(struct call *c, enum check_status status, const char *what)
{
	struct doctor *d = c->state;
	const struct place *p = &d->place[d->next - 1];
	char address[ADDR_TEXT_SIZE], other[ADDR_TEXT_SIZE];
	char detail[160];
	char remedy[LIMIT_TEXT_SIZE];

	addr_format(address, &p->addr);
	if (p->named)
		(void)snprintf(remedy, sizeof(remedy),
		    "the gateway does not keep this port shut: see its log "
		    "and, as root there, jitctl --socket %.200s doctor",
		    c->b->conf->admin_socket);
	else if ((p->addr.family == 4 ? d->target.addr4 : d->target.addr6)
		     .family != 0)
		/* one of a family is all that a target has */
		(void)snprintf(remedy, sizeof(remedy),
		    "%s has another IPv%u address already: make a target of "
		    "this one as well, or let sshd listen there no more "
		    "(ListenAddress)",
		    d->target.name, (unsigned)p->addr.family);
	else {
		addr_format(other,
		    p->addr.family == 4 ? &d->target.addr6 : &d->target.addr4);
		(void)snprintf(remedy, sizeof(remedy),
		    "give the target this address as well, so that it is "
		    "shut: jitctl target set %s %s,%s",
		    d->target.name, other, address);
	}
	(void)snprintf(detail, sizeof(detail), "%s port %u: %s", address,
	    (unsigned)d->w.port, what);
	check(d->checks, p->named ? "shut" : "other address", status, detail,
	    status == CHECK_OK || status == CHECK_SKIP ? "" : remedy);
}

static void next_place(struct call *c);

static const char unseen[] =
    "something answers without a grant, and showed no host key: it may be the "
    "target";

/* Who answers at an address that the target says it has: the target, or another
 * host that has the same private address? */
static void
place_seen(struct call *c, const struct probe_result *r)
{
	if (r->seen.key_ok != 0)
		check_place(c, CHECK_FAIL,
		    "it is the target, and not shut: whoever reaches it there "
		    "needs no grant");
	else if (r->seen.kex != 0)
		check_place(c, CHECK_OK, "another host answers there");
	else
		check_place(c, CHECK_WARN, unseen);
	next_place(c);
}

static void
next_place(struct call *c)
{
	struct doctor *d = c->state;

	while (d->next < d->nplaces) {
		const struct place *p = &d->place[d->next++];
		const bool answered = d->answered[d->next - 1];

		if (!p->named && answered && is_late(c, &d->w)) {
			check_place(c, CHECK_WARN, unseen);
			continue;
		}
		if (!p->named && answered) {
			d->w.addr = p->addr;
			d->w.login = false;
			record_probe(c, &d->target, &p->addr, d->w.port);
			probe_start(c, &d->w, place_seen);
			return;
		}
		if (!p->named)
			check_place(c, CHECK_OK, "nothing answers from here");
		else if (answered)
			check_place(c, CHECK_FAIL, "answers without a grant");
		else
			check_place(c, p->reached ? CHECK_OK : CHECK_SKIP,
			    p->reached
				? "does not answer without a grant"
				: "nothing answered with a grant either");
	}
	reply(c);
}

static void
knocked(struct call *c, const bool *answered)
{
	struct doctor *d = c->state;

	memcpy(d->answered, answered, d->nplaces * sizeof(*answered));
	next_place(c);
}

static void
knock_everywhere(struct call *c)
{
	struct doctor *d = c->state;
	struct addr all[KNOCK_MAX];

	for (size_t i = 0; i < d->nplaces; i++)
		all[i] = d->place[i].addr;
	knock(c, all, d->nplaces, d->w.port, knocked);
}

/* The place of that address, a new one where there is room; or NULL. */
static struct place *
place_of(struct doctor *d, const struct addr *a)
{
	for (size_t i = 0; i < d->nplaces; i++)
		if (addr_equal(&d->place[i].addr, a))
			return &d->place[i];
	if (d->nplaces == ARRAY_LEN(d->place))
		return NULL;
	d->place[d->nplaces] = (struct place){.addr = *a};
	return &d->place[d->nplaces++];
}

/* What the target says it has; its words are looked at here again. */
static void
add_places(struct doctor *d, const char *addresses)
{
	char text[sizeof(((struct msg_ses_probed *)0)->addresses)];
	char *save = NULL;
	struct addr a;

	text_set(text, sizeof(text), addresses);
	for (char *w = strtok_r(text, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save))
		if (addr_parse(&a, w) == 0 && addr_is_host(&a) &&
		    !FAULT(named_places))
			(void)place_of(d, &a);
}

static void
doctor_seen(struct call *c, const struct probe_result *r)
{
	struct doctor *d = c->state;
	struct place *p = place_of(d, &r->addr);
	json_t *list = d->of[r->addr.family == 6];

	if (p != NULL) {
		p->named = true;
		p->reached = r->dialed == DIAL_DONE;
	}
	add_places(d, r->seen.addresses);
	check_reach(list, d, r);
	check_host_key(list, d, r);
	check_login(list, d, r);
	check_clock(list, c, r);
	if (--d->waiting > 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(d->of); i++)
		(void)json_array_extend(d->checks, d->of[i]);
	knock_everywhere(c);
}

/* All at once: one that says nothing takes all the time there is. */
static void
look_everywhere(struct call *c)
{
	struct doctor *d = c->state;
	const struct addr all[] = {d->target.addr4, d->target.addr6};
	struct probe_wish w = d->w;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		d->waiting += all[i].family != 0;
	/* the last may answer at once, and end the call */
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (all[i].family == 0)
			continue;
		w.addr = all[i];
		record_probe(c, w.target, &w.addr, w.port);
		probe_start(c, &w, doctor_seen);
	}
}

void
verb_doctor(struct call *c)
{
	struct doctor *d = call_state(c, sizeof(*d), doctor_free);
	const char *name = NULL;
	int r;

	if (d == NULL || (name = call_only_name(c, "target")) == NULL)
		return;
	r = store_target_get(c->b->store, name, &d->target);
	if (r == GW_ENOENT) {
		call_refuse(c, 404, "not-found", "target",
		    "there is no target %s: see jitctl targets ls", name);
		return;
	}
	if (r != 0) {
		call_store_failed(c, r);
		return;
	}
	d->checks = json_array();
	for (size_t i = 0; i < ARRAY_LEN(d->of); i++)
		d->of[i] = json_array();
	d->w.until_ms = looks_until(c);
	d->w.port = d->target.port;
	d->w.target = &d->target;
	d->w.login = true;
	if (probe_locked(c, &d->w))
		return;
	look_everywhere(c);
}
