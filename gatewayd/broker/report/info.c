/* SPDX-License-Identifier: Apache-2.0 */
/*
 * info - verbs that only inform: server, readyz, whoami.
 */
#include "broker/report/info.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/disk.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/put.h"
#include "broker/call/wait.h"
#include "broker/identity/approvers.h"
#include "broker/identity/codeclock.h"
#include "broker/identity/mfa.h"
#include "broker/report/health.h"
#include "core/glass.h"

/* Where the API should answer. */
enum {
	NOTICES_MAX = 20, /* internal: jitctl changes has all */
	UNHEARD_S = 10,   /* internal: the supervisor asks every 2 s */
};

static json_t *
api_addresses(const struct conf *conf)
{
	json_t *list = json_array();
	char text[ADDR_TEXT_SIZE];

	for (int i = 0; i < LIMIT_LISTEN; i++) {
		json_t *o = NULL;

		if (conf->api[i].port == 0)
			continue;
		o = json_object();
		addr_format(text, &conf->api[i].addr);
		put_str(o, "address", text);
		put_num(o, "port", conf->api[i].port);
		(void)json_array_append_new(list, o);
	}
	return list;
}

void
verb_server(struct call *c)
{
	const struct conf *conf = c->b->conf;
	json_t *o = json_object();
	json_t *cas = json_array();

	put_str(o, "server_id", conf->server_id);
	put_str(o, "version", conf->version);
	put_str(o, "host", conf->host);
	put_num(o, "ssh_port", conf->ssh[0].port);
	put_str(o, "host_key", conf->host_key);
	(void)json_array_append_new(cas, json_string(conf->ca_key));
	(void)json_array_append_new(cas, json_string(conf->ca_next_key));
	(void)json_object_set_new(o, "ca_keys", cas);
	put_str(o, "log_key", conf->log_key);
	put_time(o, "time", broker_now(c->b).utc_ms);
	if (c->from == PROC_ADMIN) { /* doctor tries them */
		(void)json_object_set_new(o, "api", api_addresses(conf));
		put_str(o, "tls_spki", conf->tls_spki);
	}
	call_reply(c, 200, o);
}

/* Whoever reaches the port may ask: details are for root alone. */
static bool
add_check(const struct call *c, json_t *list, const char *name, bool ok,
    const char *detail)
{
	json_t *o = json_object();

	put_str(o, "name", name);
	put_bool(o, "ok", ok);
	put_str(o, "detail", c->from == PROC_ADMIN ? detail : "");
	(void)json_array_append_new(list, o);
	return ok;
}

static bool
add_link(const struct call *c, json_t *list, enum proc p)
{
	const bool up = process_peer(c->b->process, p) != NULL;
	char text[LIMIT_TEXT_SIZE] = "connected";

	if (!up && c->b->fails[p][0] != '\0')
		(void)snprintf(text, sizeof(text), "does not start: %.480s",
		    c->b->fails[p]);
	else if (!up)
		text_set(text, sizeof(text), "not connected");
	return add_check(c, list, proc_name(p), up, text);
}

/* Those that we have no line to as long as they work. */
static bool
add_fails(const struct call *c, json_t *list)
{
	static const enum proc which[] = {PROC_API, PROC_ADMIN, PROC_ZYGOTE};
	char text[LIMIT_TEXT_SIZE];
	bool ok = true;

	for (size_t i = 0; i < ARRAY_LEN(which); i++) {
		const char *why = c->b->fails[which[i]];

		if (why[0] == '\0')
			continue;
		(void)snprintf(
		    text, sizeof(text), "does not start: %.480s", why);
		ok = add_check(c, list, proc_name(which[i]), false, text);
	}
	return ok;
}

static bool
add_store(const struct call *c, json_t *list)
{
	char text[LIMIT_TEXT_SIZE];
	const bool ok = health_store(c->b, text);

	return add_check(c, list, "store", ok, text);
}

/* What the recorder found when it wrote there; NULL: it has not answered. */
static bool
add_recordings(const struct call *c, json_t *list, const char *why)
{
	if (why == NULL)
		why = "the recorder has not said whether it can write there";
	return add_check(c, list, "recordings", why[0] == '\0',
	    why[0] == '\0' ? "reads and writes" : why);
}

static const struct {
	enum proc proc;
	const char *name;
} files[] = {{PROC_FIREWALL, "firewall's files"}, {PROC_API, "certificate"},
    {PROC_SHIPPER, "cursors of sinks"}};

static bool
add_files(const struct call *c, json_t *list)
{
	bool ok = true;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		const char *why = c->b->disks[files[i].proc];

		ok = add_check(c, list, files[i].name, why[0] == '\0',
			 why[0] == '\0' ? "can be used" : why) &&
		     ok;
	}
	return ok;
}

/* Who asks the others whether they live, and takes in who logs in. */
static bool
add_supervisor(const struct call *c, json_t *list)
{
	const long long s = process_unheard_ms(c->b->process) / 1000;
	const bool ok = s < UNHEARD_S;
	char text[192] = "asks all processes whether they live";

	if (!ok)
		(void)snprintf(text, sizeof(text),
		    "has not been heard for %lld s, it hangs: nobody can log "
		    "in, and no process that hangs is started again; "
		    "systemctl restart gatewayd ends all sessions and cures it",
		    s);
	return add_check(c, list, "supervisor", ok, text);
}

static bool
add_ended(const struct call *c, json_t *list)
{
	const unsigned n = c->b->unshut;
	char text[128] = "the firewall has confirmed all";

	if (n > 0)
		(void)snprintf(text, sizeof(text),
		    "%u not confirmed by the firewall: what they opened may "
		    "still be open",
		    n);
	return add_check(c, list, "what ended is shut", n == 0, text);
}

static bool
add_targets(const struct call *c, json_t *list)
{
	const unsigned n = c->b->unprotected;
	char text[128] = "the firewall has confirmed all";

	if (n > 0)
		(void)snprintf(text, sizeof(text),
		    "%u ports of targets not confirmed by the firewall", n);
	return add_check(c, list, "targets are shut", n == 0, text);
}

/* Rules of others, before or behind our own (firewall/foreign.h). */
static bool
add_foreign(const struct call *c, json_t *list)
{
	const struct msg_fw_foreign *f = &c->b->foreign;
	const bool ok = f->is >= FOREIGN_MAY_DROP;

	(void)add_check(c, list, "other firewalls", ok,
	    f->text[0] != '\0' ? f->text
	    : f->is == FOREIGN_PASSES
		? "no filter chain at input or prerouting of another table "
		  "(ip, ip6, inet) drops what comes to SSH or the API; not "
		  "read: ingress and netdev, nat, forward, output and "
		  "postrouting, and iptables-legacy"
		: "the firewall has not looked yet");
	if (f->is == FOREIGN_MAY_DROP)
		put_bool(json_array_get(list, json_array_size(list) - 1),
		    "warn", true);
	return ok;
}

static bool
add_sinks(const struct call *c, json_t *list)
{
	const struct msg_shp_status *s = c->b->sinks;
	bool ok = true;

	for (int i = 0; i < LIMIT_SINKS && s[i].sink[0] != '\0'; i++) {
		if (c->from == PROC_ADMIN)
			(void)add_check(
			    c, list, s[i].sink, s[i].up != 0, s[i].text);
		ok = ok && s[i].up != 0;
	}
	if (c->from != PROC_ADMIN && s[0].sink[0] != '\0')
		(void)add_check(c, list, "sinks", ok, "");
	return ok;
}

/* What a minute cures by itself is no fault. */
static bool
add_clock(const struct call *c, json_t *list)
{
	const long long behind_s = c->b->behind_ms / 1000;
	char text[LIMIT_TEXT_SIZE] = "agrees with the log";

	if (behind_s > 0)
		(void)snprintf(text, sizeof(text),
		    "the host's clock is %lld s behind the log%s", behind_s,
		    behind_s > LIMIT_CLOCK_EASE_S
			? ": set it right; if it is right, and was ahead "
			  "before, jitctl clock accept"
			: ", which waits for it");
	return add_check(
	    c, list, "clock", behind_s <= LIMIT_CLOCK_EASE_S, text);
}

/* Who writes there, and what comes of little room and of none. */
static const struct {
	const char *name, *folder, *low, *full;
} disks[] = {
    {"disk of the log", "notary",
	"with less than 1 MiB new access is refused, and only locking and "
	"removing are possible",
	"new access is refused, and only locking and removing are possible"},
    {"disk of recordings", "recorder", "recorded sessions end, and none begins",
	"recorded sessions end, and none begins"},
    {"disk of the store", "broker",
	"when its reserve is half used only locking and removing are possible",
	"when its reserve is half used only locking and removing are possible"},
};

static bool
add_disk(const struct call *c, json_t *list, size_t i)
{
	char text[LIMIT_TEXT_SIZE], few[64] = "";
	struct disk d;
	const unsigned long long mib = 1024ULL * 1024;
	bool ok;

	if (broker_disk(c->b, disks[i].folder, &d) != 0) {
		(void)snprintf(text, sizeof(text), "cannot be looked at: %s",
		    strerror(errno));
		return add_check(c, list, disks[i].name, false, text);
	}
	ok = disk_may_record(&d);
	if (disk_lacks_files(&d))
		(void)snprintf(few, sizeof(few),
		    ", yet only %llu more files (df -i)",
		    (unsigned long long)d.files_free);
	(void)snprintf(text, sizeof(text), "%llu MiB of %llu are free%s%s%s",
	    (unsigned long long)d.free / mib, (unsigned long long)d.total / mib,
	    few, ok ? "" : ": make room; ",
	    ok                  ? ""
	    : disk_may_open(&d) ? disks[i].low
				: disks[i].full);
	return add_check(c, list, disks[i].name, ok, text);
}

/* Does the word of one admin widen power? */
static bool
add_second(const struct call *c, json_t *list)
{
	uint64_t n = 0;

	if (store_admins(c->b->store, &n) != 0)
		return add_check(
		    c, list, "second admin", false, "admins cannot be counted");
	return add_check(c, list, "second admin", true,
	    c->b->conf->one_admin != 0
		? "not asked for: policy.second_admin is false"
	    : n < 2 ? "not asked for: there is no second one"
		    : "signs for what widens power");
}

/* Roles whose approvals nobody can give. It is no fault of the gateway's. */
static void
add_approvals(const struct call *c, json_t *list)
{
	const struct broker *b = c->b;
	char text[LIMIT_TEXT_SIZE * 2] = "what roles want approved, somebody "
					 "can approve";
	struct approvers *a = NULL;
	struct shortage s;
	unsigned n = 0;

	if (approvers_read(c->b, NULL, &a) != 0) {
		(void)add_check(c, list, "approvals", false,
		    "who can approve cannot be read");
		return;
	}
	for (size_t i = 0; i < b->nroles; i++)
		if (approvers_lack(&s, a, &b->roles[i].approvals, "") &&
		    n++ == 0)
			(void)snprintf(text, sizeof(text), "role %s: %s",
			    b->roles[i].name, s.text);
	approvers_free(a);
	if (n > 1)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "; and so of %u more roles", n - 1);
	(void)add_check(c, list, "approvals", true, text);
	if (n > 0)
		put_bool(json_array_get(list, json_array_size(list) - 1),
		    "warn", true);
}

/* From before they were refused. */
static void
add_own_words(const struct call *c, json_t *list)
{
	const struct broker *b = c->b;
	char text[LIMIT_TEXT_SIZE];
	bool found = false;

	for (size_t i = 0; i < b->nroles && !found; i++)
		if (glass_role_alike(b->roles[i].name)) {
			found = true;
			(void)snprintf(text, sizeof(text),
			    "a grant by the role %s reads as one by "
			    "break-glass: make one of another name, and "
			    "remove it",
			    b->roles[i].name);
		}
	if (!found)
		return;
	(void)add_check(c, list, "names", true, text);
	put_bool(json_array_get(list, json_array_size(list) - 1), "warn", true);
}

/* All that this process knows, and what the recorder says of its folder. */
static void
ready(struct call *c, const char *recordings)
{
	const struct broker *b = c->b;
	json_t *o = json_object();
	json_t *list = json_array();
	bool ok = true;

	ok = add_supervisor(c, list);
	ok = add_link(c, list, PROC_NOTARY) && ok;
	ok = add_link(c, list, PROC_FIREWALL) && ok;
	ok = add_link(c, list, PROC_RECORDER) && ok;
	ok = add_link(c, list, PROC_SHIPPER) && ok;
	ok = add_fails(c, list) && ok;
	ok = add_store(c, list) && ok;
	ok = add_recordings(c, list, recordings) && ok;
	ok = add_files(c, list) && ok;
	ok = add_check(c, list, "in step", b->recovered,
		 b->recovered ? "log, store and firewall agree"
			      : "taking over what the log says") &&
	     ok;
	ok = add_ended(c, list) && ok;
	ok = add_targets(c, list) && ok;
	ok = add_foreign(c, list) && ok;
	ok = add_clock(c, list) && ok;
	ok = add_second(c, list) && ok;
	if (c->from == PROC_ADMIN) /* who only looks whether it lives waits for
				    * no such reading */
		add_approvals(c, list);
	if (c->from == PROC_ADMIN)
		add_own_words(c, list);
	for (size_t i = 0; i < ARRAY_LEN(disks); i++)
		ok = add_disk(c, list, i) && ok;
	ok = add_sinks(c, list) && ok;
	put_str(o, "status", ok ? "ready" : "degraded");
	(void)json_object_set_new(o, "checks", list);
	call_reply(c, 200, o);
}

static void
looked(struct broker *b, void *arg, const void *body)
{
	const struct msg_rec_looked *m = body;

	(void)b;
	ready(arg, m != NULL ? m->text : NULL);
}

void
verb_readyz(struct call *c)
{
	struct msg_rec_look m = {0};

	if (ask(c->b, PROC_RECORDER, MSG_REC_LOOK, &m, MSG_REC_LOOKED, looked,
		c) != 0)
		ready(c, NULL);
}

struct notices {
	json_t *list;
	unsigned waiting;
	const char *user_id;
};

static void
add_notice(void *arg, const struct proposal *p)
{
	struct notices *x = arg;
	json_t *o = NULL, *rev = NULL;

	if (p->state == REQUEST_PENDING && strcmp(p->user_id, x->user_id) != 0)
		x->waiting++;
	if (p->state != REQUEST_ACTIVE || p->user_id[0] != '\0')
		return;
	o = json_object();
	rev = json_loads(p->revision, 0, NULL);
	put_time(o, "time", p->created_ms);
	if (o != NULL)
		(void)json_object_set(
		    o, "widens", json_object_get(rev, "widens"));
	(void)json_array_append_new(x->list, o);
	json_decref(rev);
}

/* To admins, for a week: what root did past them, and what waits for them. */
static void
put_notices(const struct call *c, json_t *o)
{
	const int64_t week_ms = (int64_t)7 * 86400 * 1000;
	struct notices x = {.list = json_array(), .user_id = call_user_id(c)};

	if (!c->local && right_may(c->rights, RIGHT_ADMIN) &&
	    store_proposal_each(c->b->store, broker_now(c->b).utc_ms - week_ms,
		NOTICES_MAX, add_notice, &x) != 0)
		log_warn("what waits for admins cannot be read");
	put_num(o, "changes_waiting", x.waiting);
	if (o != NULL)
		(void)json_object_set(o, "root_widened", x.list);
	json_decref(x.list);
}

void
verb_whoami(struct call *c)
{
	const struct now now = broker_now(c->b);
	char clock[DRIFT_TEXT_SIZE];
	json_t *o = json_object();
	char source[ADDR_TEXT_SIZE] = "";

	if (c->peer.family != 0)
		addr_format(source, &c->peer);
	put_str(o, "user", c->user);
	put_rights(o, c->rights);
	put_notices(c, o);
	put_str(o, "key_fp", c->key_fp);
	put_str(o, "source", source);
	put_str(o, "server_id", c->b->conf->server_id);
	put_time(o, "token_expires",
	    c->local ? 0 : now.utc_ms + c->token_end_boot_ms - now.boot_ms);
	codeclock_text(c->b, c->user, clock);
	if (clock[0] != '\0')
		put_str(o, "code_clock", clock);
	put_time(o, "mfa_until",
	    c->local ? 0 : mfa_until_ms(c->b, c->user, &c->peer));
	call_reply(c, 200, o);
}
