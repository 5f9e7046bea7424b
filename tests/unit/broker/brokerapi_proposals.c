/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_proposals - a change that widens power waits for a second admin:
 * alice asks, dave is the other one. Whose word counts, for what, and until
 * when; and what happens in between.
 */
#include "tests/unit/broker/requestscene.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/ids.h"
#include "base/str.h"
#include "wire/verbs.h"

static const char promote[] = "{\"user\":\"bob\",\"admin\":true}";

static void
two_admins(struct waits *w, struct scene *x)
{
	waits_start(w, x, "1 of sre", NULL);
	send_call(
	    x, &x->admin, VERB_USER_SET, "{\"user\":\"dave\",\"admin\":true}");
	want_event(x, EV_POWER_ROOT);
	assert_true(has(x, "user dave gets the right admin"));
	want_event(x, EV_USER_UPDATE);
	assert_int_equal(want_reply(x, &x->admin), 200);
}

/* Alice's call, with a code, that waits: its id and digest. */
static void
propose(struct waits *w, unsigned verb, const char *body)
{
	struct scene *x = w->x;
	const char *at = NULL;

	send_coded(w, &x->one, verb, body);
	want_event(x, EV_CHANGE_PENDING);
	field(x, "change", w->id);
	at = strstr(x->text, "\"sha256\":\"");
	assert_non_null(at);
	memcpy(w->digest, at + strlen("\"sha256\":\""), 64);
	assert_int_equal(want_reply(x, &x->api), 202);
	assert_true(has(x, "\"state\":\"pending\""));
}

static void
send_approval(struct waits *w, const struct key *k)
{
	char body[256];

	must(str_fmt(body, sizeof(body),
	    "{\"change\":\"%s\",\"revision\":\"%s\"}", w->id, w->digest));
	send_coded(w, k, VERB_CHANGE_APPROVE, body);
}

static void
send_end(struct waits *w, const struct key *k, unsigned verb)
{
	char body[128];

	must(str_fmt(body, sizeof(body), "{\"change\":\"%s\"}", w->id));
	send_signed(w->x, k, verb, body);
}

static uint8_t
rights_of(struct waits *w, const char *name)
{
	struct user *u = calloc(1, sizeof(*u));
	struct store *s = store_of(w->x);
	uint8_t rights;

	assert_non_null(u);
	must(store_user_get(s, name, u));
	rights = u->rights;
	store_close(s);
	free(u);
	return rights;
}

static unsigned
made(struct waits *w, unsigned event)
{
	send_approval(w, &w->key[DAVE]);
	want_event(w->x, EV_CHANGE_APPROVE);
	want_event(w->x, event);
	assert_true(has(w->x, "\"by\":\"alice\""));
	assert_true(has(w->x, "\"approved_by\":\"dave\""));
	assert_true(has(w->x, w->id));
	return want_reply(w->x, &w->x->api);
}

void
test_second_admin(void **state)
{
	struct scene *x = *state;
	struct waits w;
	char first;

	two_admins(&w, x);
	propose(&w, VERB_USER_SET, promote);
	assert_true(has(x, "user bob gets the right admin"));
	/* not the author, with whichever key; not who is no admin */
	send_approval(&w, &x->one);
	want_event(x, EV_CHANGE_APPROVE_DENIED);
	assert_true(has(x, "\"reason\":\"own\""));
	assert_int_equal(want_reply(x, &x->api), 403);
	send_approval(&w, &x->two);
	want_event(x, EV_CHANGE_APPROVE_DENIED);
	assert_int_equal(want_reply(x, &x->api), 403);
	send_end(&w, &w.key[FRANK], VERB_CHANGE_DENY);
	want_event(x, EV_API_DENIED);
	assert_int_equal(want_reply(x, &x->api), 403);
	/* nor for another one than was seen */
	first = w.digest[0];
	w.digest[0] = w.digest[0] == '0' ? '1' : '0';
	send_approval(&w, &w.key[DAVE]);
	assert_int_equal(want_reply(x, &x->api), 409);
	w.digest[0] = first;
	send_approval(&w, &w.key[DAVE]);
	want_event(x, EV_CHANGE_APPROVE);
	want_event(x, EV_USER_UPDATE);
	assert_true(has(x, "\"by\":\"alice\""));
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "\"state\":\"made\""));
	/* once */
	send_approval(&w, &w.key[DAVE]);
	assert_int_equal(want_reply(x, &x->api), 409);
	waits_stop(&w);
	assert_int_equal(rights_of(&w, "bob"), RIGHT_ADMIN);
}

/* What counts, by whichever verb; what does not is made at once. */
void
test_what_waits(void **state)
{
	static const struct {
		unsigned verb;
		const char *body;
	} rows[] = {
	    {VERB_USER_ADD, "{\"user\":\"new\",\"admin\":true}"},
	    {VERB_USER_SET, "{\"user\":\"dave\",\"totp\":false}"},
	    {VERB_USER_SET, "{\"user\":\"frank\",\"add_groups\":[\"sre\"]}"},
	    {VERB_USER_SET, "{\"user\":\"dave\",\"admin\":false}"},
	    {VERB_USER_REMOVE, "{\"user\":\"dave\"}"},
	    {VERB_ROLE_REMOVE, "{\"role\":\"ops\"}"},
	    {VERB_APPLY,
		"{\"users\":[{\"user\":\"new\",\"keys\":[],\"admin\":true}]}"},
	};
	struct scene *x = *state;
	struct waits w;
	char line[256], body[512];
	struct key k;

	two_admins(&w, x);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		propose(&w, rows[i].verb, rows[i].body);
	key_make(&k);
	key_line(line, &k);
	must(str_fmt(
	    body, sizeof(body), "{\"user\":\"dave\",\"keys\":[\"%s\"]}", line));
	propose(&w, VERB_USER_SET, body);
	send_coded(
	    &w, &x->one, VERB_USER_SET, "{\"user\":\"bob\",\"auditor\":true}");
	want_event(x, EV_USER_UPDATE);
	assert_int_equal(want_reply(x, &x->api), 200);
	/* at once, whatever it takes away */
	send_coded(&w, &x->one, VERB_USER_LOCK, "{\"user\":\"dave\"}");
	want_event(x, EV_USER_UPDATE);
	assert_int_equal(want_reply(x, &x->api), 200);
	/* and does not make the second admin needless */
	propose(&w, VERB_USER_SET, promote);
	EVP_PKEY_free(k.pkey);
	waits_stop(&w);
	assert_int_equal(rights_of(&w, "dave"), RIGHT_ADMIN);
}

/* Somebody made by the very change has another id each time it is tried. */
void
test_new_person_of_power(void **state)
{
	struct scene *x = *state;
	struct waits w;

	two_admins(&w, x);
	propose(&w, VERB_USER_ADD, "{\"user\":\"new\",\"admin\":true}");
	assert_int_equal(made(&w, EV_USER_CREATE), 200);
	assert_true(has(x, "invitation"));
	propose(&w, VERB_APPLY,
	    "{\"users\":[{\"user\":\"newer\",\"keys\":[],\"groups\":[\"sre\"]}]"
	    "}");
	assert_int_equal(made(&w, EV_POLICY_APPLY), 200);
	waits_stop(&w);
	assert_int_equal(rights_of(&w, "new"), RIGHT_ADMIN);
}

/* By a key and a code of their own, whatever say they have. */
void
test_own_keys_of_power(void **state)
{
	static const int who[] = {DAVE, FRANK};
	struct scene *x = *state;
	struct waits w;
	char line[256], body[512];
	struct key k;

	two_admins(&w, x);
	send_call(x, &x->admin, VERB_USER_SET,
	    "{\"user\":\"frank\",\"rights\":[\"policy\"]}");
	want_event(x, EV_POWER_ROOT);
	want_event(x, EV_USER_UPDATE);
	assert_int_equal(want_reply(x, &x->admin), 200);
	for (size_t i = 0; i < ARRAY_LEN(who); i++) {
		key_make(&k);
		key_line(line, &k);
		must(str_fmt(body, sizeof(body), "{\"key\":\"%s\"}", line));
		send_coded(&w, &w.key[who[i]], VERB_KEY_ADD, body);
		want_event(x, EV_USER_KEY);
		assert_int_equal(want_reply(x, &x->api), 200);
		EVP_PKEY_free(k.pkey);
	}
	waits_stop(&w);
}

static void
target_body(char ret[static 1024], const struct scene *x, const char *name,
    const char *label)
{
	char line[256];

	key_line(line, &x->two);
	must(str_fmt(ret, 1024,
	    "{\"target\":\"%s\",\"addresses\":[\"198.51.100.77\"],"
	    "\"logins\":[\"deploy\"],\"labels\":{\"env\":\"%s\"},"
	    "\"host_keys\":[\"%s\"]}",
	    name, label, line));
}

static unsigned
target_call(struct waits *w, unsigned verb, const char *name, const char *label)
{
	char body[1024];

	target_body(body, w->x, name, label);
	send_coded(w, &w->x->one, verb, body);
	want_event(w->x, EV_TARGET_SET);
	return want_reply(w->x, &w->x->api);
}

/* Alice has a role on env=lab: what comes under it is hers. A host that is new
 * to the gateway knows nothing of it; one that was there before may. */
void
test_own_target_waits(void **state)
{
	struct scene *x = *state;
	struct waits w;
	char body[1024], apply[1200];

	two_admins(&w, x);
	assert_int_equal(
	    admin_call(x, VERB_ROLE_ADD, EV_ROLE_SET,
		"{\"role\":\"lab\",\"users\":[\"alice\"],\"logins\":"
		"[\"deploy\"],\"labels\":{\"env\":\"lab\"}}"),
	    201);
	assert_int_equal(target_call(&w, VERB_TARGET_ADD, "box", "prod"), 201);
	target_body(body, x, "box", "lab");
	propose(&w, VERB_TARGET_SET, body);
	assert_true(has(x, "role lab gives its author alice the target box"));
	must(str_fmt(apply, sizeof(apply), "{\"targets\":[%s]}", body));
	propose(&w, VERB_APPLY, apply);
	/* the same place under another name */
	target_body(body, x, "bag", "lab");
	propose(&w, VERB_TARGET_ADD, body);
	/* it goes, and comes again */
	send_coded(&w, &x->one, VERB_TARGET_REMOVE, "{\"target\":\"box\"}");
	want_event(x, EV_TARGET_REMOVE);
	assert_int_equal(want_reply(x, &x->api), 200);
	target_body(body, x, "box", "lab");
	propose(&w, VERB_TARGET_ADD, body);
	assert_int_equal(made(&w, EV_TARGET_SET), 200);
	waits_stop(&w);
}

void
test_one_admin_alone(void **state)
{
	struct scene *x = *state;
	struct waits w;

	waits_start(&w, x, "1 of sre", NULL);
	send_coded(&w, &x->one, VERB_USER_SET, promote);
	want_event(x, EV_USER_UPDATE);
	assert_int_equal(want_reply(x, &x->api), 200);
	waits_stop(&w);
}

void
test_change_ended(void **state)
{
	struct scene *x = *state;
	struct waits w;

	two_admins(&w, x);
	propose(&w, VERB_USER_SET, promote);
	send_end(&w, &w.key[DAVE], VERB_CHANGE_CANCEL);
	assert_int_equal(want_reply(x, &x->api), 403);
	send_end(&w, &w.key[DAVE], VERB_CHANGE_DENY);
	want_event(x, EV_CHANGE_DENY);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "\"state\":\"denied\""));
	send_approval(&w, &w.key[DAVE]);
	assert_int_equal(want_reply(x, &x->api), 409);
	propose(&w, VERB_USER_SET, promote);
	send_end(&w, &x->one, VERB_CHANGE_CANCEL);
	want_event(x, EV_CHANGE_WITHDRAW);
	assert_int_equal(want_reply(x, &x->api), 200);
	send_approval(&w, &w.key[DAVE]);
	assert_int_equal(want_reply(x, &x->api), 409);
	waits_stop(&w);
	assert_int_equal(rights_of(&w, "bob"), RIGHT_NONE);
}

/* Written down by the next who looks, and worth nothing until then. */
void
test_change_lapsed(void **state)
{
	struct scene *x = *state;
	struct proposal p = {0};
	struct store *s = NULL;
	struct waits w;

	two_admins(&w, x);
	propose(&w, VERB_USER_SET, promote);
	kill_broker(x);
	s = store_of(x);
	must(store_proposal_get(s, w.id, &p));
	id_new(p.id, 'c');
	memcpy(w.id, p.id, sizeof(w.id));
	p.until_ms = p.created_ms - 1;
	must(store_proposal_put(s, &p));
	store_close(s);
	proposal_done(&p);
	start(x, NULL, 0, NULL);
	send_approval(&w, &w.key[DAVE]);
	assert_int_equal(want_reply(x, &x->api), 409);
	want_event(x, EV_CHANGE_LAPSE);
	waits_stop(&w);
	assert_int_equal(rights_of(&w, "bob"), RIGHT_NONE);
}

static void
sha256_hex(char ret[static 65], const char *text)
{
	uint8_t hash[SHA256_DIGEST_LENGTH];

	(void)SHA256((const uint8_t *)text, strlen(text), hash);
	str_hex(ret, hash, sizeof(hash));
}

/* Whoever writes into the store makes no call of the author's: what all digests
 * are made to fit is not what was signed. */
void
test_change_edited(void **state)
{
	struct scene *x = *state;
	struct proposal p = {0};
	struct store *s = NULL;
	struct waits w;
	char was[65], now[65], id[LIMIT_ID_SIZE];
	char *at = NULL;

	two_admins(&w, x);
	propose(&w, VERB_USER_SET, promote);
	kill_broker(x);
	s = store_of(x);
	must(store_proposal_get(s, w.id, &p));
	sha256_hex(was, p.payload);
	at = strstr(p.payload, "\"idempotency\":\"");
	assert_non_null(at);
	at += strlen("\"idempotency\":\"");
	*at = *at == 'a' ? 'b' : 'a';
	sha256_hex(now, p.payload);
	id_new(id, 'c');
	at = strstr(p.revision, was);
	assert_non_null(at);
	memcpy(at, now, 64);
	at = strstr(p.revision, p.id);
	assert_non_null(at);
	memcpy(at, id, strlen(id));
	memcpy(p.id, id, sizeof(p.id));
	memcpy(w.id, id, sizeof(w.id));
	sha256_hex(p.digest, p.revision);
	memcpy(w.digest, p.digest, sizeof(w.digest));
	must(store_proposal_put(s, &p));
	store_close(s);
	proposal_done(&p);
	start(x, NULL, 0, NULL);
	send_approval(&w, &w.key[DAVE]);
	want_event(x, EV_CHANGE_APPROVE);
	want_event(x, EV_CHANGE_APPROVE);
	assert_true(has(x, "\"corrects\":"));
	assert_int_equal(want_reply(x, &x->api), 409);
	assert_true(has(x, "signature"));
	waits_stop(&w);
	assert_int_equal(rights_of(&w, "bob"), RIGHT_NONE);
}

/* Approved, and corrected on record: it is not what was signed for, or its
 * author is not who they were. */
void
test_change_stale(void **state)
{
	struct scene *x = *state;
	struct waits w;
	char line[256], body[512];
	struct key k;

	two_admins(&w, x);
	propose(&w, VERB_USER_SET, promote);
	/* whose keys they are is in what is signed for */
	key_make(&k);
	key_line(line, &k);
	must(str_fmt(
	    body, sizeof(body), "{\"user\":\"bob\",\"keys\":[\"%s\"]}", line));
	assert_int_equal(
	    admin_call(x, VERB_USER_SET, EV_USER_UPDATE, body), 200);
	send_approval(&w, &w.key[DAVE]);
	want_event(x, EV_CHANGE_APPROVE);
	want_event(x, EV_CHANGE_APPROVE);
	assert_true(has(x, "\"corrects\":"));
	assert_int_equal(want_reply(x, &x->api), 409);
	propose(&w, VERB_USER_SET, promote);
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"admin\":false}"),
	    200);
	send_approval(&w, &w.key[DAVE]);
	want_event(x, EV_CHANGE_APPROVE);
	want_event(x, EV_CHANGE_APPROVE);
	assert_true(has(x, "\"corrects\":"));
	assert_int_equal(want_reply(x, &x->api), 409);
	EVP_PKEY_free(k.pkey);
	waits_stop(&w);
	assert_int_equal(rights_of(&w, "bob"), RIGHT_NONE);
}

/* While it is being written down: the second admin is one no more; the broker
 * is killed, after which it still waits. */
void
test_change_overtaken(void **state)
{
	struct scene *x = *state;
	struct waits w;
	uint32_t held;

	two_admins(&w, x);
	propose(&w, VERB_USER_SET, promote);
	send_approval(&w, &w.key[DAVE]);
	want_event(x, EV_CHANGE_APPROVE);
	(void)hold_event(x, EV_USER_UPDATE);
	kill_broker(x);
	assert_int_equal(rights_of(&w, "bob"), RIGHT_NONE);
	start(x, NULL, 0, NULL);
	send_approval(&w, &w.key[DAVE]);
	want_event(x, EV_CHANGE_APPROVE);
	held = hold_event(x, EV_USER_UPDATE);
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"dave\",\"admin\":false}"),
	    200);
	durable(x, held);
	want_event(x, EV_CHANGE_APPROVE);
	assert_true(has(x, "\"corrects\":"));
	assert_int_equal(want_reply(x, &x->api), 409);
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"dave\",\"admin\":true}"),
	    200);
	assert_int_equal(made(&w, EV_USER_UPDATE), 200);
	waits_stop(&w);
	assert_int_equal(rights_of(&w, "bob"), RIGHT_ADMIN);
}

/* ---- what is shown to who is to sign */

static void
send_look(struct waits *w, const struct key *k)
{
	char body[256];

	must(str_fmt(body, sizeof(body),
	    "{\"change\":\"%s\",\"revision\":\"%s\",\"dry_run\":true}", w->id,
	    w->digest));
	send_coded(w, k, VERB_CHANGE_APPROVE, body);
}

/* It is the author's call that is tried, and nothing is made or on record. */
void
test_change_looked_at(void **state)
{
	struct scene *x = *state;
	struct waits w;

	two_admins(&w, x);
	/* of alice's own: of dave's call it would be dave's access */
	propose(&w, VERB_ROLE_SET,
	    "{\"role\":\"ops\",\"users\":[\"alice\",\"bob\"],\"targets\":"
	    "[\"web-01\"],\"logins\":[\"deploy\",\"root\"]}");
	send_look(&w, &w.key[DAVE]);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "\"dry_run\":true"));
	assert_true(has(x, "\"state\":\"pending\""));
	assert_true(has(x, "\"after\":[\"deploy\",\"root\"]"));
	assert_true(has(x, "role ops gives its author alice other targets"));
	/* not by the author, nor of what it would not be any more */
	send_look(&w, &x->one);
	want_event(x, EV_CHANGE_APPROVE_DENIED);
	assert_int_equal(want_reply(x, &x->api), 403);
	propose(&w, VERB_USER_SET, promote);
	send_look(&w, &w.key[DAVE]);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"admin\":false}"),
	    200);
	send_look(&w, &w.key[DAVE]);
	assert_int_equal(want_reply(x, &x->api), 409);
	assert_true(has(x, "its author may not do that any more"));
	waits_stop(&w);
	assert_int_equal(rights_of(&w, "bob"), RIGHT_NONE);
}

/* Bytes in parts, as if that user had brought them, in the place of those of
 * that id: while no broker runs. */
static void
upload(struct waits *w, const char *id, const char *user_id, const char *text,
    char digest[static 65])
{
	struct upload u = {.size = (uint32_t)strlen(text),
	    .until_ms = INT64_C(4000000000000),
	    .seq = 1};
	struct store *s = store_of(w->x);
	const size_t half = strlen(text) / 2;
	const int r = store_upload_remove(s, id);

	assert_true(r == 0 || r == GW_ENOENT);
	sha256_hex(digest, text);
	must(str_fmt(u.id, sizeof(u.id), "%s", id));
	must(str_fmt(u.user_id, sizeof(u.user_id), "%s", user_id));
	memcpy(u.digest, digest, sizeof(u.digest));
	must(store_upload_put(s, &u));
	must(store_upload_add(s, &u, text, half));
	u.have = (uint32_t)half;
	must(store_upload_add(s, &u, text + half, strlen(text) - half));
	store_close(s);
	start(w->x, NULL, 0, NULL);
}

static unsigned
read_part(struct waits *w, const char *offset)
{
	struct msg_api_call m = reader(w->x, &w->key[DAVE]);

	m.verb = VERB_CHANGE_SHOW;
	m.rid = ++w->x->rid;
	memcpy(m.arg, w->id, sizeof(w->id));
	m.query.p = (const uint8_t *)offset;
	m.query.len = (uint32_t)strlen(offset);
	testlink_send(&w->x->api, MSG_API_CALL, &m);
	return want_reply(w->x, &w->x->api);
}

/* What it holds is the author's: shown, and read, all the same; not what is
 * another's, of whom nobody signed anything. */
void
test_change_uploaded(void **state)
{
	static const char text[] =
	    "{\"users\":{\"user\":\"bob\",\"admin\":true,\"keys\":[]}}\n"
	    "{\"roles\":{\"role\":\"hidden\",\"users\":[\"frank\"],"
	    "\"targets\":[\"web-01\"],\"logins\":[\"deploy\"]}}\n";
	struct scene *x = *state;
	struct user *u = calloc(1, sizeof(*u));
	struct store *s = NULL;
	struct waits w;
	char body[256], digest[65], bytes[2 * sizeof(text)], id[LIMIT_ID_SIZE];
	char other[LIMIT_ID_SIZE];

	assert_non_null(u);
	two_admins(&w, x);
	kill_broker(x);
	s = store_of(x);
	must(store_user_get(s, "alice", u));
	store_close(s);
	id_new(id, 'x');
	id_new(other, 'x');
	upload(&w, id, u->id, text, digest);
	must(str_fmt(body, sizeof(body),
	    "{\"upload\":\"%s\",\"sha256\":\"%s\"}", id, digest));
	propose(&w, VERB_APPLY, body);
	send_look(&w, &w.key[DAVE]);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "hidden"));
	assert_true(has(x, "\"new\""));
	assert_int_equal(read_part(&w, "offset=0"), 200);
	str_b64(bytes, (const uint8_t *)text, sizeof(text) - 1);
	assert_true(has(x, bytes));
	assert_int_equal(read_part(&w, "offset=5000"), 404);
	assert_int_equal(read_part(&w, "offset=-1"), 400);
	/* the row names what is not its author's */
	kill_broker(x);
	upload(&w, id, other, text, digest);
	assert_int_equal(read_part(&w, "offset=0"), 404);
	waits_stop(&w);
	assert_int_equal(rights_of(&w, "bob"), RIGHT_NONE);
	free(u);
}
