/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_changes - making is one verb and changing another, each says what
 * it changed, what it ended and what of it matches nothing; and somebody is
 * left who may undo it.
 */
#include "tests/unit/broker/brokerscene.h"

#include <string.h>

#include "base/ids.h"
#include "broker/admin/reconsider.h"
#include "broker/grant/live.h"
#include "wire/verbs.h"

#define ROLE(name)                                                             \
	"{\"role\":\"" name                                                    \
	"\",\"users\":[\"alice\"],\"targets\":[\"web-01\"],"                   \
	"\"logins\":[\"deploy\"]"

static void
target_text(const struct scene *x, const char *name, const char *more,
    char ret[static 1024])
{
	char line[256];

	key_line(line, &x->one);
	(void)snprintf(ret, 1024,
	    "{\"target\":\"%s\",\"addresses\":[\"198.51.100.1\"],"
	    "\"logins\":[\"deploy\"],\"host_keys\":[\"%s\"]%s}",
	    name, line, more);
}

/* ---- making, changing */

/* A misspelt name makes nobody and nothing. */
void
test_changes_need_what_is_there(void **state)
{
	static const struct {
		unsigned verb;
		const char *body;
	} rows[] = {
	    {VERB_USER_SET, "{\"user\":\"NAEM\",\"auditor\":true}"},
	    {VERB_USER_SET, "{\"user\":\"NAEM\"}"},
	    {VERB_USER_LOCK, "{\"user\":\"NAEM\"}"},
	    {VERB_USER_UNLOCK, "{\"user\":\"NAEM\"}"},
	    {VERB_USER_REMOVE, "{\"user\":\"NAEM\"}"},
	    {VERB_USER_SET, "{\"user\":\"alice\",\"remove_groups\":[\"osp\"]}"},
	    {VERB_ROLE_SET, ROLE("osp") "}"},
	    {VERB_ROLE_REMOVE, "{\"role\":\"osp\"}"},
	    {VERB_TARGET_REMOVE, "{\"target\":\"wbe-01\"}"},
	};
	struct scene *x = *state;
	char body[1024];

	start(x, NULL, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_ROW(
		    admin_call(x, rows[i].verb, EV_NONE, rows[i].body) == 404,
		    rows[i].body);
		CHECK_ROW(has(x, "\"code\":\"not-found\""), rows[i].body);
	}
	target_text(x, "wbe-01", "", body);
	assert_int_equal(admin_call(x, VERB_TARGET_SET, EV_NONE, body), 404);
	/* and what is there is not made again */
	assert_int_equal(
	    admin_call(x, VERB_USER_ADD, EV_NONE, "{\"user\":\"alice\"}"), 409);
	assert_true(has(x, "jitctl user set"));
	assert_int_equal(
	    admin_call(x, VERB_ROLE_ADD, EV_NONE, ROLE("ops") "}"), 409);
	target_text(x, "web-01", "", body);
	assert_int_equal(admin_call(x, VERB_TARGET_ADD, EV_NONE, body), 409);
	assert_int_equal(admin_call(x, VERB_USERS, EV_NONE, ""), 200);
	assert_false(has(x, "NAEM"));
	stop(x);
}

void
test_changes_are_told(void **state)
{
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	assert_int_equal(
	    admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
		"{\"user\":\"alice\",\"groups\":[\"ops\",\"sre\"]}"),
	    200);
	assert_true(has(x, "\"changes\":[{\"field\":\"groups\",\"before\":[],"
			   "\"after\":[\"ops\",\"sre\"]}]"));
	/* on record both: what it was, and what it is */
	send_call(x, &x->admin, VERB_USER_SET,
	    "{\"user\":\"alice\",\"groups\":[\"ops\"],\"auditor\":true}");
	want_event(x, EV_USER_UPDATE);
	assert_true(has(x, "\"was\":\"{\\\"auditor\\\":false,"
			   "\\\"rights\\\":[\\\"admin\\\"],"
			   "\\\"groups\\\":[\\\"ops\\\",\\\"sre\\\"]}\""));
	assert_true(has(x, "\\\"groups\\\":[\\\"ops\\\"]"));
	assert_int_equal(want_reply(x, &x->admin), 200);
	/* one more group replaces none */
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"add_groups\":[\"dev\"],"
			     "\"remove_groups\":[\"ops\"]}"),
	    200);
	assert_true(has(x, "\"after\":[\"dev\"]"));
	/* what is so already is not on record as a change */
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_NONE,
			     "{\"user\":\"alice\",\"add_groups\":[\"dev\"]}"),
	    200);
	assert_true(has(x, "\"changes\":[]"));
	assert_int_equal(
	    admin_call(x, VERB_ROLE_SET, EV_ROLE_SET,
		ROLE("ops") ",\"max\":600,\"reason\":\"optional\"}"),
	    200);
	assert_true(
	    has(x, "{\"field\":\"max\",\"before\":3600,\"after\":600}"));
	assert_false(has(x, "\"field\":\"logins\""));
	stop(x);
}

/* What takes or gives more, or less, than was meant is told. */
void
test_slips_are_told(void **state)
{
	struct scene *x = *state;
	char body[1024];

	start(x, NULL, 0, NULL);
	assert_int_equal(admin_call(x, VERB_ROLE_ADD, EV_NONE,
			     "{\"role\":\"r2\",\"deny\":true,"
			     "\"dry_run\":true}"),
	    200);
	assert_true(has(x, "forbids everything to everybody"));
	assert_int_equal(admin_call(x, VERB_ROLE_ADD, EV_NONE,
			     "{\"role\":\"r2\",\"deny\":true,\"logins\":["
			     "\"root\"],\"dry_run\":true}"),
	    200);
	assert_false(has(x, "\"warning\""));
	/* of machines: what it is, that they are not given */
	assert_int_equal(
	    admin_call(x, VERB_ROLE_ADD, EV_NONE,
		"{\"role\":\"r4\",\"users\":[\"ci\"],\"machine\":true,"
		"\"labels\":{\"env\":\"prod\"},\"logins\":[\"deploy\"]}"),
	    400);
	assert_true(has(x, "\"field\":\"max\""));
	assert_int_equal(
	    admin_call(x, VERB_ROLE_ADD, EV_NONE,
		"{\"role\":\"r4\",\"users\":[\"ci\"],\"machine\":true,"
		"\"labels\":{\"env\":\"prod\"},\"logins\":[\"{{user}}\"],"
		"\"max\":60}"),
	    400);
	assert_true(has(x, "\"field\":\"logins\""));
	assert_int_equal(
	    admin_call(x, VERB_ROLE_ADD, EV_ROLE_SET,
		"{\"role\":\"r3\",\"groups\":[\"sre\"],\"labels\":{"
		"\"env\":\"prod\"},\"logins\":[\"deploy\"]}"),
	    201);
	/* a group that some role names, and one that none does */
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"add_groups\":[\"sre\","
			     "\"opz\"]}"),
	    200);
	assert_true(has(x, "\"unmatched\":[\"no role names the group opz yet"
			   "\"]"));
	assert_int_equal(
	    admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
		"{\"user\":\"alice\",\"remove_groups\":[\"sre\"]}"),
	    200);
	assert_false(has(x, "unmatched"));
	/* labels that are gone take the target from a role */
	target_text(x, "db-09", ",\"labels\":{\"env\":\"prod\"}", body);
	send_call(x, &x->admin, VERB_TARGET_ADD, body);
	want_event(x, EV_TARGET_SET);
	assert_int_equal(want_reply(x, &x->admin), 201);
	assert_false(has(x, "unreachable"));
	/* another name of the same host and port */
	assert_true(has(x, "\"same_host\":[\"web-01 (proxy)\"]"));
	target_text(x, "db-09", ",\"dry_run\":true", body);
	assert_int_equal(admin_call(x, VERB_TARGET_SET, EV_NONE, body), 200);
	assert_true(has(x, "\"roles\":[\"r3\"]"));
	assert_true(has(x, "\"unreachable\":true"));
	stop(x);
}

void
test_locked_and_unlocked(void **state)
{
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	assert_int_equal(
	    admin_call(x, VERB_USER_ADD, EV_USER_CREATE, "{\"user\":\"bob\"}"),
	    201);
	assert_true(has(x, "\"roles\":[]"));
	assert_int_equal(
	    admin_call(x, VERB_USER_LOCK, EV_USER_UPDATE, "{\"user\":\"bob\"}"),
	    200);
	assert_true(has(x, "\"before\":\"invited\",\"after\":\"disabled\""));
	assert_int_equal(
	    admin_call(x, VERB_USER_LOCK, EV_NONE, "{\"user\":\"bob\"}"), 200);
	assert_true(has(x, "\"changes\":[]"));
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_NONE,
			     "{\"user\":\"bob\",\"invite\":true}"),
	    409);
	assert_true(has(x, "jitctl user unlock"));
	send_call(x, &x->admin, VERB_USER_UNLOCK, "{\"user\":\"bob\"}");
	want_event(x, EV_USER_UPDATE);
	want_event(x, EV_INVITE_CREATE);
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, "\"state\":\"invited\""));
	assert_true(has(x, "\"invitation\":"));
	/* an invitation that was handed out serves until a new one is asked for
	 */
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"bob\",\"auditor\":true}"),
	    200);
	assert_false(has(x, "\"invitation\":"));
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"bob\",\"invite\":true}"),
	    200);
	assert_true(has(x, "\"invitation\":"));
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_NONE,
			     "{\"user\":\"alice\",\"invite\":true}"),
	    409);
	assert_true(has(x, "--reset-code"));
	stop(x);
}

/* The name is free again, and nothing that was theirs comes with it. */
void
test_removed_user(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	char old[LIMIT_ID_SIZE];
	struct store *s = store_of(x);

	must(store_id(s, STORE_USERS, "alice", old));
	store_close(s);
	fold_grant(&g, x->one.pub.fp);
	start(x, &g, 1, NULL);
	send_call(x, &x->admin, VERB_USER_REMOVE, "{\"user\":\"alice\"}");
	want_event(x, EV_USER_REMOVE);
	assert_true(has(x, old));
	assert_true(has(x, "\"was\":\"{\\\"user\\\":\\\"alice\\\""));
	assert_false(has(x, "\"changes\""));
	want_close(x, g.grant.id, END_REVOKED);
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, "\"state\":\"removed\""));
	assert_true(has(x, "\"roles\":[\"ops\"]"));
	assert_true(has(x, "\"grants\":1"));
	/* their key is nobody's */
	send_signed(x, &x->one, VERB_TOKEN, "{}");
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_int_equal(admin_call(x, VERB_USER_ADD, EV_USER_CREATE,
			     "{\"user\":\"alice\"}"),
	    201);
	assert_false(has(x, old));
	assert_true(has(x, "\"roles\":[\"ops\"]"));
	stop(x);
}

/* ---- what it ends */

/* Asked first, each says what would end, and nothing does; then it does. */
void
test_ended_is_told(void **state)
{
	static const struct {
		unsigned verb, event;
		const char *body; /* without its brace */
	} rows[] = {
	    {VERB_USER_LOCK, EV_USER_UPDATE, "{\"user\":\"alice\""},
	    {VERB_USER_REMOVE, EV_USER_REMOVE, "{\"user\":\"alice\""},
	    {VERB_USER_SET, EV_USER_UPDATE,
		"{\"user\":\"alice\",\"totp\":false"},
	    {VERB_ROLE_REMOVE, EV_ROLE_REMOVE, "{\"role\":\"ops\""},
	    {VERB_ROLE_SET, EV_ROLE_SET,
		"{\"role\":\"ops\",\"users\":[\"bob\"],\"targets\":"
		"[\"web-01\"],\"logins\":[\"deploy\"]"},
	    {VERB_ROLE_ADD, EV_ROLE_SET,
		"{\"role\":\"freeze\",\"deny\":true,\"users\":[\"alice\"]"},
	    {VERB_TARGET_REMOVE, EV_TARGET_REMOVE, "{\"target\":\"web-01\""},
	    {VERB_APPLY, EV_POLICY_APPLY,
		"{\"users\":[{\"user\":\"alice\",\"state\":\"disabled\"}]"},
	};
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct msg_nt_fold_leg leg;
	char body[256], want[256];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		fold_grant(&g, x->one.pub.fp);
		leg = (struct msg_nt_fold_leg){.conn = 100, .seq = 6};
		memcpy(leg.grant, g.grant.id, sizeof(leg.grant));
		strcpy(leg.sid, "s-22222222");
		strcpy(leg.key_fp, x->one.pub.fp);
		start(x, &g, 1, &leg);
		(void)snprintf(want, sizeof(want),
		    "\"ended\":{\"grants\":1,\"sessions\":1,\"list\":["
		    "{\"grant\":\"%s\",\"user\":\"alice\",\"target\":"
		    "\"web-01\",\"sessions\":1}]",
		    g.grant.id);
		(void)snprintf(
		    body, sizeof(body), "%s,\"dry_run\":true}", rows[i].body);
		CHECK_ROW(
		    admin_call(x, rows[i].verb, EV_NONE, body) == 200, x->text);
		CHECK_ROW(has(x, want), x->text);
		/* as if nobody had asked */
		assert_int_equal(admin_call(x, VERB_GRANTS, EV_NONE, ""), 200);
		CHECK_ROW(has(x, g.grant.id), body);
		(void)snprintf(body, sizeof(body), "%s}", rows[i].body);
		CHECK_ROW(
		    admin_call(x, rows[i].verb, rows[i].event, body) < 300,
		    x->text);
		CHECK_ROW(has(x, want), x->text);
		assert_int_equal(admin_call(x, VERB_GRANTS, EV_NONE, ""), 200);
		CHECK_ROW(!has(x, g.grant.id), body);
		stop(x);
		(void)teardown(state);
		(void)setup(state);
		x = *state;
	}
}

/* What a new configuration makes too long ends when that is read: no later
 * change of somebody else says or does it. */
void
test_max_grant_lowered(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g[2];

	fold_grant(&g[0], x->one.pub.fp);
	fold_grant(&g[1], x->one.pub.fp);
	g[1].grant.end_ms -= 3400000;
	g[1].grant.end_boot_ms -= 3400000;
	start(x, g, 2, NULL);
	assert_int_equal(
	    admin_call(x, VERB_USER_ADD, EV_USER_CREATE, "{\"user\":\"ivan\"}"),
	    201);
	x->conf.max_grant_s = 300;
	proc_harness_config(&x->proc, &x->conf);
	want_close(x, g[0].grant.id, END_REVOKED);
	assert_int_equal(admin_call(x, VERB_USER_LOCK, EV_USER_UPDATE,
			     "{\"user\":\"ivan\"}"),
	    200);
	assert_true(has(x, "\"ended\":{\"grants\":0,\"sessions\":0"));
	assert_int_equal(admin_call(x, VERB_GRANTS, EV_NONE, ""), 200);
	assert_false(has(x, g[0].grant.id));
	assert_true(has(x, g[1].grant.id));
	stop(x);
}

static unsigned
no_sessions(const struct live_grant *lg)
{
	(void)lg;
	return 0;
}

static json_int_t
would_end(struct broker *b)
{
	json_t *o = grants_over_json(b);
	const json_int_t n = json_integer_value(json_object_get(o, "grants"));

	json_decref(o);
	return n;
}

/* Whatever was over before: a dry run tells what the change would end. */
void
test_over_before(void **state)
{
	static const struct grant_hooks hooks = {.count = no_sessions};
	struct scene *x = *state;
	struct broker b = {.conf = &x->conf, .grant_hooks = &hooks};
	struct msg_nt_fold_grant long_, short_;
	struct live_grant one = {.b = &b, .state = GRANT_ACTIVE};
	struct live_grant two = {.next = &one, .b = &b, .state = GRANT_ACTIVE};

	fold_grant(&long_, x->one.pub.fp);
	fold_grant(&short_, x->one.pub.fp);
	one.g = long_.grant;
	two.g = short_.grant;
	strcpy(one.key_fp, x->one.pub.fp);
	strcpy(two.key_fp, x->one.pub.fp);
	two.g.end_boot_ms -= 3400000;
	b.grants = &two;
	b.store = store_of(x);
	must(broker_load_roles(&b));
	x->conf.max_grant_s = 300;
	assert_int_equal(would_end(&b), 1);
	grants_mark_over(&b);
	assert_int_equal(would_end(&b), 0);
	must(store_role_remove(b.store, "ops", 2));
	must(broker_load_roles(&b));
	assert_int_equal(would_end(&b), 1);
	free(b.roles);
	store_close(b.store);
}

/* ---- somebody is left */

void
test_last_admin(void **state)
{
	static const struct {
		unsigned verb;
		const char *body;
	} rows[] = {
	    {VERB_USER_LOCK, "{\"user\":\"alice\"}"},
	    {VERB_USER_REMOVE, "{\"user\":\"alice\"}"},
	    {VERB_USER_SET, "{\"user\":\"alice\",\"admin\":false}"},
	    {VERB_USER_SET, "{\"user\":\"alice\",\"totp\":false}"},
	    {VERB_APPLY, "{\"users\":[{\"user\":\"alice\",\"admin\":false},"
			 "{\"user\":\"bob\",\"admin\":true}]}"},
	};
	struct scene *x = *state;
	struct msg_nt_mfa_burned ok = {.seq = 7};

	start(x, NULL, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		x->code[0] = '\0';
		if (i == 0) /* it counts for the others */
			fresh_code(x);
		send_signed(x, &x->one, rows[i].verb, rows[i].body);
		if (i == 0) {
			ok.rid = ((const struct msg_nt_mfa_burn *)testlink_want(
				      &x->notary, MSG_NT_MFA_BURN))
				     ->rid;
			testlink_send(&x->notary, MSG_NT_MFA_BURNED, &ok);
		}
		CHECK_ROW(want_reply(x, &x->api) == 409, rows[i].body);
		CHECK_ROW(has(x, "\"code\":\"last-admin\""), x->text);
	}
	/* root may: they can undo it; and is told */
	assert_int_equal(admin_call(x, VERB_USER_LOCK, EV_NONE,
			     "{\"user\":\"alice\",\"dry_run\":true}"),
	    200);
	assert_true(has(x, "\"last_admin\":true"));
	assert_int_equal(admin_call(x, VERB_USER_LOCK, EV_USER_UPDATE,
			     "{\"user\":\"alice\"}"),
	    200);
	assert_true(has(x, "\"last_admin\":true"));
	stop(x);
}

/* Two admins lock each other out in one moment: one of them stays. */
void
test_last_two_admins(void **state)
{
	struct scene *x = *state;
	struct store *s = store_of(x);
	struct user *u = calloc(1, sizeof(*u));
	struct msg_nt_mfa_burned ok = {.seq = 7};
	uint32_t first, second;

	assert_non_null(u);
	name_set(u->name, "bob");
	(void)!store_id(s, STORE_USERS, "bob", u->id);
	u->state = USER_ACTIVE;
	u->kind = KIND_PERSON;
	u->rights = RIGHT_ADMIN;
	must(store_user_put(s, u, 1));
	store_close(s);
	free(u);
	start(x, NULL, 0, NULL);
	fresh_code(x);
	send_signed(x, &x->one, VERB_USER_LOCK, "{\"user\":\"bob\"}");
	ok.rid = ((const struct msg_nt_mfa_burn *)testlink_want(
		      &x->notary, MSG_NT_MFA_BURN))
		     ->rid;
	testlink_send(&x->notary, MSG_NT_MFA_BURNED, &ok);
	first = hold_event(x, EV_USER_UPDATE);
	x->code[0] = '\0';
	send_signed(x, &x->one, VERB_USER_LOCK, "{\"user\":\"alice\"}");
	second = hold_event(x, EV_USER_UPDATE);
	durable(x, first);
	assert_int_equal(want_reply(x, &x->api), 200);
	durable(x, second);
	want_event(x, EV_USER_UPDATE); /* that it was not */
	assert_true(has(x, "\"reason\":\"last-admin\""));
	assert_int_equal(want_reply(x, &x->api), 409);
	assert_true(has(x, "last-admin"));
	assert_int_equal(admin_call(x, VERB_USERS, EV_NONE, ""), 200);
	assert_true(has(x, "\"state\":\"active\""));
	stop(x);
}

/* ---- what matches nothing */

void
test_selectors_are_told(void **state)
{
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	assert_int_equal(
	    admin_call(x, VERB_ROLE_ADD, EV_ROLE_SET,
		"{\"role\":\"dba\",\"users\":[\"alice\",\"alcie\"],"
		"\"groups\":[\"osp\"],\"targets\":[\"web-01\",\"wbe-01\"],"
		"\"labels\":{\"env\":\"prdo\"},\"logins\":[\"deploy\","
		"\"deplyo\"]}"),
	    201);
	assert_true(has(x, "\"unmatched\":[\"there is no user alcie\","
			   "\"nobody is in the group osp\","
			   "\"there is no target wbe-01\","
			   "\"no target has the labels env=prdo\","
			   "\"no target has the login deplyo\"]"));
	assert_int_equal(
	    admin_call(x, VERB_ROLE_ADD, EV_ROLE_SET, ROLE("dba2") "}"), 201);
	assert_false(has(x, "\"unmatched\""));
	/* of a document, what it brings itself counts */
	assert_int_equal(
	    admin_call(x, VERB_APPLY, EV_NONE,
		"{\"dry_run\":true,\"users\":[{\"user\":\"bob\"}],"
		"\"roles\":[{\"role\":\"r\",\"users\":[\"bob\",\"bbo\"],"
		"\"targets\":[\"web-01\"],\"logins\":[\"deploy\"]}]}"),
	    200);
	assert_true(has(x, "\"warning\":\"there is no user bbo\""));
	stop(x);
}

/* ---- a document's entries */

/* Which one is wrong stands in numbers, whatever the sentence says. */
void
test_entry_is_named(void **state)
{
	static const struct {
		const char *body, *want;
	} rows[] = {
	    {"{\"users\":[{\"user\":\"bob\"},{\"user\":\"carol\",\"stat\":1}]}",
		"\"list\":\"users\",\"entry\":2"},
	    {"{\"roles\":[{\"role\":\"a b\"}]}",
		"\"list\":\"roles\",\"entry\":1"},
	    {"{\"targets\":[7]}", "\"list\":\"targets\",\"entry\":1"},
	    {"{\"users\":[{\"user\":\"bob\"},{\"user\":\"bob\"}]}",
		"\"list\":\"users\",\"entry\":2"},
	};
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_ROW(
		    admin_call(x, VERB_APPLY, EV_NONE, rows[i].body) == 400,
		    x->text);
		CHECK_ROW(has(x, rows[i].want), x->text);
	}
	stop(x);
}
