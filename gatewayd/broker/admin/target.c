/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target - target.list; target.add makes one, target.set replaces one that is
 * there, target.remove. A port is protected before the answer that says so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/route.h"
#include "base/str.h"
#include "broker/admin/change.h"
#include "broker/admin/gaps.h"
#include "broker/admin/left.h"
#include "broker/admin/lookalike.h"
#include "broker/admin/own_power.h"
#include "broker/admin/quota.h"
#include "broker/admin/target.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/listing.h"
#include "broker/call/order.h"
#include "broker/call/params.h"
#include "broker/call/put.h"
#include "broker/call/subject.h"
#include "broker/grant/live.h"
#include "broker/grant/protect.h"
#include "broker/identity/permission.h"
#include "wire/body.h"

static void
add_fp(void *arg, const uint8_t *blob, size_t n)
{
	char fp[SSHKEY_FP_SIZE];

	sshkey_fingerprint(fp, blob, n);
	(void)json_array_append_new(arg, json_string(fp));
}

static void
add_line(void *arg, const uint8_t *blob, size_t n)
{
	char line[LIMIT_PUBKEY_MAX * 2];

	if (sshkey_format_line(line, sizeof(line), blob, n) == 0)
		(void)json_array_append_new(arg, json_string(line));
}

/* policy: as policy.apply takes it, with the whole keys. */
static json_t *
make_json(const struct target *t, bool policy)
{
	json_t *o = json_object();
	json_t *addresses = json_array();
	json_t *labels = json_object();
	json_t *keys = json_array();

	put_addr(addresses, &t->addr4);
	put_addr(addresses, &t->addr6);
	for (unsigned i = 0; i < t->labels.n; i++)
		put_str(
		    labels, t->labels.label[i].key, t->labels.label[i].value);
	(void)target_each_key(t, policy ? add_line : add_fp, keys);
	put_str(o, "target", t->name);
	if (!policy)
		put_str(o, "target_id", t->id);
	(void)json_object_set_new(o, "addresses", addresses);
	put_num(o, "port", t->port);
	put_str(o, "reach", grant_reach_str((enum grant_reach)t->reach));
	(void)json_object_set_new(o, "labels", labels);
	(void)json_object_set_new(o, "logins", names_json(&t->logins));
	(void)json_object_set_new(o, "host_keys", keys);
	return o;
}

json_t *
target_json(const struct target *t)
{
	return make_json(t, false);
}

/* With what the firewall said by now. */
static json_t *
add_protected(json_t *o, const struct broker *b, const struct target *t)
{
	put_bool(o, "protected", protect_is_shut(b, t));
	return o;
}

/* ---- target.list: what a role gives the asker; everything to auditors */

struct walk {
	struct listing *list;
	struct call *c;
	bool all;
};

static void
list_one(void *arg, const char *name, const struct target *t)
{
	struct walk *w = arg;

	if (listing_wants(w->list, name) && t != NULL &&
	    (w->all || permission_reaches(w->c, t)))
		listing_add(w->list,
		    w->list->policy ? make_json(t, true)
				    : add_protected(target_json(t), w->c->b, t),
		    name);
}

/* What roles give to this very user. */
static int
list_mine(struct call *c, struct listing *l)
{
	struct walk w = {.list = l, .c = c};

	return store_target_each(c->b->store, list_one, &w);
}

static int
list(struct call *c, struct listing *l)
{
	struct walk w = {.list = l, .c = c, .all = c->rights != RIGHT_NONE};

	return store_target_each(c->b->store, list_one, &w);
}

void
verb_targets(struct call *c)
{
	bool mine = false;

	if (!params_flag(c->query, "mine", &mine))
		call_refuse(
		    c, 400, "bad-field", "mine", "mine: 0 or 1 was expected");
	else
		listing_answer(c, mine && !c->local && !FAULT(guess_others)
				      ? list_mine
				      : list);
}

/* ---- a body */

static bool
is_own(const struct target *t)
{
	return route_is_own(&t->addr4) || route_is_own(&t->addr6);
}

/* Protecting a door of the gateway would shut it until root un-protects it. */
static int
check_doors(const struct broker *b, const struct target *t, struct problem *p)
{
	bool door = false;

	for (int i = 0; i < LIMIT_LISTEN; i++)
		door = door || t->port == b->conf->ssh[i].port ||
		       t->port == b->conf->api[i].port;
	if (!door || !is_own(t) || FAULT(own_doors))
		return 0;
	problem_set(p, 400, "bad-field", "addresses",
	    "addresses: port %u there is the gateway's own: as a target it "
	    "would be shut to everybody",
	    (unsigned)t->port);
	return GW_EINVAL;
}

const char *
target_warning(const struct target *t)
{
	return is_own(t) ? "this is an address of the gateway itself: its port "
			   "is shut to everybody without a grant, and stays so "
			   "when the target is removed"
			 : NULL;
}

/* One host's, and no network's, as far as that can be known here. */
static int
check_host(const struct addr *a, size_t entry, struct problem *p)
{
	char text[ADDR_TEXT_SIZE];
	char why[ADDR_WHY_SIZE];

	if (addr_names_host(why, a)) {
		if (!route_refuses(a))
			return 0;
		text_set(why, sizeof(why),
		    "is the broadcast address of a network of the gateway, or "
		    "its routes prohibit it");
	}
	addr_format(text, a);
	problem_set(p, 400, "bad-field", "addresses",
	    "addresses: entry %zu is not the address of one host: %s %s", entry,
	    text, why);
	return GW_EINVAL;
}

static int
parse_addresses(struct target *t, const json_t *o, struct problem *p)
{
	const json_t *list = NULL;
	int r = json_get_array(o, "addresses", true, 2, &list, p);

	if (r != 0)
		return r;
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct addr a = {0};
		struct addr *to = &t->addr4;

		if (addr_parse(
			&a, json_string_value(json_array_get(list, i))) != 0) {
			problem_set(p, 400, "bad-field", "addresses",
			    "addresses: entry %zu is not an IPv4 or IPv6 "
			    "address: write it like 10.20.0.13, without "
			    "leading "
			    "zeros, or fd00::13 (names are resolved by jitctl)",
			    i + 1);
			return GW_EINVAL;
		}
		if ((r = check_host(&a, i + 1, p)) != 0)
			return r;
		if (a.family == 6)
			to = &t->addr6;
		if (to->family != 0) {
			problem_set(p, 400, "bad-field", "addresses",
			    "addresses: two of one family");
			return GW_EINVAL;
		}
		*to = a;
	}
	return 0;
}

static int
parse_host_keys(struct target *t, const json_t *o, struct problem *p)
{
	const json_t *list = NULL;
	struct sshkey k;
	int r = json_get_array(o, "host_keys", true, LIMIT_HOSTKEYS, &list, p);

	if (r != 0)
		return r;
	for (size_t i = 0; i < json_array_size(list); i++) {
		r = sshkey_parse_line(
		    &k, json_string_value(json_array_get(list, i)));
		if (r == 0)
			r = target_add_key(t, k.blob, k.len);
		if (r != 0 && r != GW_EEXIST) {
			problem_set(p, 400, "bad-field", "host_keys",
			    "host_keys: entry %zu is not a usable SSH public "
			    "key: \"type base64\" was expected",
			    i + 1);
			return GW_EINVAL;
		}
	}
	if (target_nkeys(t) > 0)
		return 0;
	problem_set(p, 400, "bad-field", "host_keys",
	    "host_keys: at least one: with jitctl, --scan asks the target");
	return GW_EINVAL;
}

int
target_parse(struct target *ret, const struct broker *b, const json_t *o,
    struct problem *p)
{
	static const char *const keys[] = {"target", "addresses", "port",
	    "reach", "labels", "logins", "host_keys", NULL};
	const char *name = NULL, *reach = NULL;
	int64_t port = 22;
	int r;

	memset(ret, 0, sizeof(*ret));
	if ((r = json_only(o, keys, p)) != 0 ||
	    (r = json_get_name(o, "target", true, &name, p)) != 0 ||
	    (r = json_get_int(o, "port", false, 1, 65535, &port, p)) != 0 ||
	    (r = json_get_str(o, "reach", false, 16, &reach, p)) != 0)
		return r;
	name_set(ret->name, name);
	ret->port = (uint16_t)port;
	ret->reach = REACH_PROXY;
	if (reach != NULL && strcmp(reach, "direct") == 0) {
		ret->reach = REACH_DIRECT;
	} else if (reach != NULL && strcmp(reach, "proxy") != 0) {
		problem_set(p, 400, "bad-field", "reach",
		    "reach: \"proxy\" or \"direct\" was expected");
		return GW_EINVAL;
	}
	if ((r = parse_addresses(ret, o, p)) != 0 ||
	    (r = labels_parse(&ret->labels, o, p)) != 0 ||
	    (r = names_parse(&ret->logins, o, "logins", true, p)) != 0 ||
	    (r = parse_host_keys(ret, o, p)) != 0)
		return r;
	if (target_ok(ret))
		return check_doors(b, ret, p);
	problem_set(p, 400, "bad-field", "addresses",
	    "a target needs at least one address and one login");
	return GW_EINVAL;
}

/* ---- target.add, target.set */

/* What to put on the target, ready to be pasted. */
static void
put_sshd(json_t *o, const struct broker *b, const struct target *t)
{
	json_t *lines = json_array();
	json_t *cas = json_array();
	json_t *principals = json_object();

	(void)json_array_append_new(
	    lines, json_string("TrustedUserCAKeys /etc/ssh/sallyport_ca.pub"));
	(void)json_array_append_new(
	    lines, json_string("AuthorizedPrincipalsFile "
			       "/etc/ssh/sallyport_principals/%u"));
	(void)json_array_append_new(cas, json_string(b->conf->ca_key));
	(void)json_array_append_new(cas, json_string(b->conf->ca_next_key));
	for (unsigned i = 0; i < t->logins.n; i++) {
		char text[LIMIT_NAME_SIZE * 2];

		(void)snprintf(
		    text, sizeof(text), "%s@%s", t->logins.name[i], t->name);
		put_str(principals, t->logins.name[i], text);
	}
	(void)json_object_set_new(o, "sshd", lines);
	(void)json_object_set_new(o, "ca_keys", cas);
	(void)json_object_set_new(o, "principals", principals);
}

struct target_change {
	struct change ch;
	bool is_new;
	struct target old, t; /* before and after */
	json_t *gaps;
};

static void
target_change_free(void *p)
{
	struct target_change *a = p;

	change_done(&a->ch);
	json_decref(a->gaps);
	free(a);
}

static struct target_change *
begin(struct call *c)
{
	struct target_change *a = call_state(c, sizeof(*a), target_change_free);

	return a != NULL && change_begin(&a->ch, c) ? a : NULL;
}

static int
put_target(struct call *c, struct problem *p)
{
	struct target_change *a = c->state;
	const int r = lookalike_target(c->b->store, &a->t, p);
	unsigned effort = GAPS_EFFORT;

	json_decref(a->gaps);
	a->gaps = json_array();
	gaps_target(a->gaps, c->b, a->is_new ? NULL : &a->old, &a->t, &effort);
	return r != 0 ? r : store_target_put(c->b->store, &a->t, c->seq);
}

static int
gives_author(struct call *c, const struct own *roles, struct buf *ret)
{
	const struct target_change *a = c->state;

	return own_power_target(ret, c, roles, &a->t);
}

/* Roles that gave it and do so no more: that takes from all whom they are for,
 * whatever they have open. */
static void
put_lost(json_t *ended, const struct broker *b, const struct target *old,
    const struct target *t)
{
	json_t *list = json_array();
	bool any = false;

	for (size_t i = 0; i < b->nroles; i++) {
		const struct policy_role *r = &b->roles[i];
		const bool reaches = policy_gives(r) && policy_reaches(r, t);

		any = any || reaches;
		if (policy_gives(r) && !reaches && policy_reaches(r, old))
			(void)json_array_append_new(list, json_string(r->name));
	}
	if (json_array_size(list) > 0) {
		(void)json_object_set(ended, "roles", list);
		put_bool(ended, "unreachable", !any);
	}
	json_decref(list);
}

struct twins {
	const struct target *t;
	json_t *list;
};

static void
add_twin(void *arg, const char *name, const struct target *t)
{
	const struct twins *x = arg;
	const struct target *own = x->t;

	if (t == NULL || strcmp(name, own->name) == 0 || t->port != own->port ||
	    !((own->addr4.family != 0 && addr_equal(&own->addr4, &t->addr4)) ||
		(own->addr6.family != 0 && addr_equal(&own->addr6, &t->addr6))))
		return;
	(void)json_array_append_new(
	    x->list, json_sprintf("%s (%s)", name,
			 grant_reach_str((enum grant_reach)t->reach)));
}

/* By either name it is reached, recorded or not. */
static void
put_same_host(json_t *o, struct store *s, const struct target *t)
{
	struct twins x = {.t = t, .list = json_array()};

	if (o != NULL && store_target_each(s, add_twin, &x) == 0 &&
	    json_array_size(x.list) > 0)
		(void)json_object_set(o, "same_host", x.list);
	json_decref(x.list);
}

static json_t *
target_reply(const struct call *c)
{
	struct target_change *a = c->state;
	json_t *o = change_json(&a->ch, a->is_new ? NULL : target_json(&a->old),
	    target_json(&a->t));
	json_t *left = a->is_new ? NULL : left_json(&a->old, &a->t);

	if (!a->is_new && a->ch.ended != NULL)
		put_lost(a->ch.ended, c->b, &a->old, &a->t);
	if (o != NULL)
		put_sshd(add_protected(o, c->b, &a->t), c->b, &a->t);
	put_str(o, "warning", target_warning(&a->t));
	if (o != NULL && json_array_size(a->gaps) > 0)
		(void)json_object_set(o, "gaps", a->gaps);
	put_same_host(o, c->b->store, &a->t);
	if (left != NULL) {
		left_shared(left, c->b->store, a->old.name);
		(void)json_object_set_new(o, "left", left);
	}
	return o;
}

/* Shut by now, or not yet. */
static void
set_answer(struct call *c)
{
	const struct target_change *a = c->state;

	call_reply(c, a->is_new ? 201 : 200, target_reply(c));
}

static void
set_done(struct call *c)
{
	struct target_change *a = c->state;

	if (!change_make(c, &a->ch, put_target))
		return;
	protect_target(c->b, &a->t);
	change_end(c, &a->ch, NULL, a->t.name);
	order_wait(c, set_answer);
}

static int
target_missing(const char *name, struct problem *p)
{
	problem_set(p, 404, "not-found", "target",
	    "there is no target %s: jitctl targets lists them", name);
	return GW_ENOENT;
}

/* Is it there, or not, as the verb wants it? Its id, or a fresh one. */
static int
check_there(struct target_change *a, struct broker *b, struct problem *p)
{
	int r = store_id(b->store, STORE_TARGETS, a->t.name, a->t.id);

	if (r == 0)
		r = store_target_get(b->store, a->t.name, &a->old);
	if (r == GW_ENOENT && (a->is_new || FAULT(set_makes)))
		return quota_check(b, STORE_TARGETS, 1, p);
	if (r == GW_ENOENT)
		return target_missing(a->t.name, p);
	if (r == 0 && !a->is_new)
		return 0;
	if (r == 0)
		problem_set(p, 409, "conflict", "target",
		    "there is a target %s already: jitctl target set replaces "
		    "what it is",
		    a->t.name);
	else
		problem_set(
		    p, 503, "unavailable", NULL, "the store cannot be read");
	return r == 0 ? GW_EEXIST : r;
}

static void
set(struct call *c, bool is_new)
{
	struct target_change *a = begin(c);
	struct event_fields f;
	struct problem p = {0};

	if (a == NULL)
		return;
	a->is_new = is_new;
	a->ch.targets = gives_author;
	if (target_parse(&a->t, c->b, c->req.body, &p) != 0 ||
	    check_there(a, c->b, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if (!change_weigh(c, &a->ch, put_target))
		return;
	if (a->ch.dry_run || (!is_new && target_equal(&a->old, &a->t))) {
		call_reply(c, 200, target_reply(c));
		return;
	}
	call_fields(c, &f);
	event_str(&f, EF_TARGET, a->t.name);
	event_str(&f, EF_TARGET_ID, a->t.id);
	event_num(&f, EF_DST_PORT, a->t.port);
	call_append_change(c, EV_TARGET_SET, &f,
	    is_new ? NULL : target_json(&a->old), target_json(&a->t), set_done);
}

void
verb_target_add(struct call *c)
{
	set(c, true);
}

void
verb_target_set(struct call *c)
{
	set(c, false);
}

/* ---- target.remove */

static int
put_removed(struct call *c, struct problem *p)
{
	const struct target_change *a = c->state;
	const int r = change_same(c, STORE_TARGETS, a->old.name, a->old.id, p);

	if (r != 0)
		return r;
	return store_target_remove(c->b->store, a->old.name, c->seq);
}

static json_t *
removed_json(const struct call *c)
{
	struct target_change *a = c->state;
	json_t *o = left_json(&a->old, NULL); /* what stays shut */

	left_shared(o, c->b->store, a->old.name);
	put_str(o, "target", a->old.name);
	put_str(o, "state", "removed");
	return change_json(&a->ch, NULL, o);
}

static void
removed(struct call *c)
{
	struct target_change *a = c->state;

	if (!change_make(c, &a->ch, put_removed))
		return;
	/* removing is revoking; the port stays shut */
	for (struct live_grant *lg = c->b->grants, *next = NULL; lg != NULL;
	     lg = next) {
		next = lg->next;
		if (lg->state == GRANT_ACTIVE &&
		    strcmp(lg->g.target, a->old.name) == 0)
			grant_end(lg, END_REVOKED, c->user, NULL);
	}
	change_end(c, &a->ch, NULL, a->old.name);
	call_reply(c, 200, removed_json(c));
}

void
verb_target_remove(struct call *c)
{
	struct target_change *a = begin(c);
	struct event_fields f;
	struct problem p = {0};
	const char *name = NULL;
	int r;

	if (a == NULL || (name = call_only_name(c, "target")) == NULL)
		return;
	if ((r = store_target_get(c->b->store, name, &a->old)) != 0) {
		if (r != GW_ENOENT) {
			call_store_failed(c, r);
			return;
		}
		(void)target_missing(name, &p);
		call_problem(c, &p);
		return;
	}
	if (!change_weigh(c, &a->ch, put_removed))
		return;
	if (a->ch.dry_run) {
		call_reply(c, 200, removed_json(c));
		return;
	}
	call_fields(c, &f);
	event_str(&f, EF_TARGET, a->old.name);
	event_str(&f, EF_TARGET_ID, a->old.id);
	call_append_change(
	    c, EV_TARGET_REMOVE, &f, target_json(&a->old), NULL, removed);
}
