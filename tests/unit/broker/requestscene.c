/* SPDX-License-Identifier: Apache-2.0 */
/*
 * requestscene - see the header.
 */
#include "tests/unit/broker/requestscene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ids.h"
#include "base/str.h"
#include "wire/verbs.h"

static const struct {
	const char *name, *group;
	bool auditor;
} persons[PERSONS] = {[BOB] = {"bob", "sre", false},
    [CAROL] = {"carol", "sre", false},
    [DAVE] = {"dave", "leads", false},
    [EVE] = {"eve", NULL, true},
    [FRANK] = {"frank", NULL, false}};

static void
store_person(
    struct scene *x, struct store *s, const struct key *k, enum person p)
{
	struct user *u = calloc(1, sizeof(*u));
	struct buf b;

	assert_non_null(u);
	buf_init(&b, STORE_SEALED_MAX);
	name_set(u->name, persons[p].name);
	id_new(u->id, 'u');
	u->state = USER_ACTIVE;
	u->kind = KIND_PERSON;
	u->rights = persons[p].auditor ? RIGHT_AUDITOR : RIGHT_NONE;
	u->keys[u->nkeys++] = k->pub;
	if (persons[p].group != NULL)
		must(name_list_add(&u->groups, persons[p].group));
	must(seal_close(&b, &x->seal, &x->seed, u->name));
	memcpy(u->totp.p, b.p, b.len);
	u->totp.len = b.len;
	u->totp.otp = otp_usual();
	must(store_user_put(s, u, 1));
	buf_done(&b);
	free(u);
}

static void
store_needs(struct store *s, const char *one, const char *two)
{
	struct policy_role *r = NULL;
	size_t n = 0;

	must(store_role_all(s, &r, &n));
	assert_int_equal(n, 1);
	must(quorum_add(&r->approvals, one));
	if (two != NULL)
		must(quorum_add(&r->approvals, two));
	must(store_role_put(s, r, 1));
	free(r);
}

void
waits_start(struct waits *w, struct scene *x, const char *one, const char *two)
{
	struct store *s = store_of(x);

	memset(w, 0, sizeof(*w));
	w->x = x;
	for (int p = 0; p < PERSONS; p++) {
		key_make(&w->key[p]);
		store_person(x, s, &w->key[p], (enum person)p);
	}
	store_needs(s, one, two);
	store_close(s);
	start(x, NULL, 0, NULL);
}

void
waits_stop(struct waits *w)
{
	stop(w->x);
	for (int p = 0; p < PERSONS; p++)
		EVP_PKEY_free(w->key[p].pkey);
}

void
send_coded(
    struct waits *w, const struct key *k, unsigned verb, const char *body)
{
	struct scene *x = w->x;
	struct msg_nt_mfa_burned ok = {.seq = 7};

	fresh_code(x);
	send_signed(x, k, verb, body);
	x->code[0] = '\0';
	ok.rid = ((const struct msg_nt_mfa_burn *)testlink_want(
		      &x->notary, MSG_NT_MFA_BURN))
		     ->rid;
	testlink_send(&x->notary, MSG_NT_MFA_BURNED, &ok);
}

void
ask(struct waits *w)
{
	struct scene *x = w->x;
	const char *at = NULL;

	send_coded(w, &x->one, VERB_REQUEST, ask_web);
	want_event(x, EV_REQUEST_PENDING);
	field(x, "req", w->id);
	at = strstr(x->text, "\"sha256\":\"");
	assert_non_null(at);
	memcpy(w->digest, at + strlen("\"sha256\":\""), 64);
	assert_int_equal(want_reply(x, &x->api), 202);
	assert_true(has(x, w->id));
	assert_true(has(x, "\"state\":\"pending\""));
}

void
send_word(struct waits *w, const struct key *k, unsigned verb,
    const char *digest, const char *note)
{
	char body[512];

	must(str_fmt(body, sizeof(body), "{\"request\":\"%s\"%s%s%s%s%s%s}",
	    w->id, digest != NULL ? ",\"revision\":\"" : "",
	    digest != NULL ? digest : "", digest != NULL ? "\"" : "",
	    note != NULL ? ",\"note\":\"" : "", note != NULL ? note : "",
	    note != NULL ? "\"" : ""));
	if (verb == VERB_REQUEST_APPROVE && !w->refused)
		send_coded(w, k, verb, body);
	else
		send_signed(w->x, k, verb, body);
}

unsigned
word_of(struct waits *w, const struct key *k, unsigned verb, unsigned event,
    const char *part)
{
	/* what is refused wants no code first */
	w->refused = event != EV_REQUEST_APPROVE;
	send_word(w, k, verb, verb == VERB_REQUEST_APPROVE ? w->digest : NULL,
	    verb == VERB_REQUEST_ACTIVATE ? NULL : "as agreed");
	w->refused = false;
	if (event != EV_NONE) {
		want_event(w->x, event);
		if (!has(w->x, part))
			fail_msg("%s: %s", part, w->x->text);
	}
	return want_reply(w->x, &w->x->api);
}

unsigned
approve(struct waits *w, enum person p, unsigned event, const char *part)
{
	return word_of(w, &w->key[p], VERB_REQUEST_APPROVE, event, part);
}

unsigned
opens(struct waits *w)
{
	struct scene *x = w->x;
	struct msg_nt_grant_opened opened = {.seq = ++x->seq};
	struct msg_fw_opened fw = {0};
	const struct msg_nt_grant_open *m =
	    testlink_want(&x->notary, MSG_NT_GRANT_OPEN);

	assert_string_equal(m->grant.req, w->id);
	opened.rid = m->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_OPENED, &opened);
	fw.rid = ((const struct msg_fw_open *)testlink_want(
		      &x->firewall, MSG_FW_OPEN))
		     ->rid;
	testlink_send(&x->firewall, MSG_FW_OPENED, &fw);
	return want_reply(x, &x->api);
}

unsigned
activate(struct waits *w)
{
	send_word(w, &w->x->one, VERB_REQUEST_ACTIVATE, NULL, NULL);
	want_event(w->x, EV_REQUEST_ACTIVATE);
	return opens(w);
}

void
set_role(struct waits *w, const char *allow, const char *approvals)
{
	char body[512];

	must(str_fmt(body, sizeof(body),
	    "{\"role\":\"ops\",\"users\":[\"alice\"],\"targets\":[\"web-01\"],"
	    "\"logins\":[\"deploy\"],\"max\":3600,\"allow\":[%s],"
	    "\"record\":false,\"reason\":\"optional\",\"approvals\":[%s]}",
	    allow, approvals));
	send_call(w->x, &w->x->admin, VERB_ROLE_SET, body);
	want_event(w->x, EV_ROLE_SET);
	assert_int_equal(want_reply(w->x, &w->x->admin), 200);
}

struct msg_api_call
reader(struct scene *x, const struct key *k)
{
	struct msg_api_call m = {
	    .verb = VERB_EVENTS, .uid = -1, .loginuid = -1, .pid = -1};
	const char *token;

	send_signed(x, k, VERB_TOKEN, "{}");
	want_event(x, EV_TOKEN_CREATE);
	assert_int_equal(want_reply(x, &x->api), 201);
	token = strstr(x->text, "\"token\":\"");
	assert_non_null(token);
	token += strlen("\"token\":\"");
	must(str_fmt(m.token, sizeof(m.token), "%.*s",
	    (int)strcspn(token, "\""), token));
	must(addr_parse(&m.peer, CLIENT));
	return m;
}
