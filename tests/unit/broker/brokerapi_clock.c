/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_clock - the log's time is the broker's: invitations that the clock
 * lets nobody judge are void, and an admin's word about the clock is on record
 * before it is so.
 */
#include "tests/unit/broker/brokerscene.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/ids.h"
#include "base/str.h"
#include "wire/verbs.h"

static const int64_t day_ms = 86400LL * 1000;

/* The code of an invitation is "of" and the name. */
static void
hash_of(char ret[static 65], const char *name)
{
	char code[LIMIT_NAME_SIZE + 2];
	uint8_t hash[SHA256_DIGEST_LENGTH];

	(void)snprintf(code, sizeof(code), "of%s", name);
	(void)SHA256((const uint8_t *)code, strlen(code), hash);
	str_hex(ret, hash, sizeof(hash));
}

static void
make_invited(struct scene *x, const char *name, int64_t end_ms, uint64_t seq)
{
	struct user *u = calloc(1, sizeof(*u));
	struct store *s = store_of(x);

	assert_non_null(u);
	id_new(u->id, 'u');
	(void)snprintf(u->name, sizeof(u->name), "%s", name);
	hash_of(u->invite, name);
	u->state = USER_INVITED;
	u->kind = KIND_PERSON;
	u->invite_end_ms = end_ms;
	must(store_user_put(s, u, seq));
	store_close(s);
	free(u);
}

static bool
invited(struct scene *x, const char *name)
{
	char hash[65], who[LIMIT_NAME_SIZE];
	struct store *s = store_of(x);
	int r;

	hash_of(hash, name);
	r = store_user_by_invite(s, hash, who);
	store_close(s);
	assert_true(r == 0 || r == GW_ENOENT);
	return r == 0;
}

/* Of three the one made before the doubt and the one that ends when nobody made
 * now would are void. */
void
test_doubted_invitations(void **state)
{
	struct scene *x = *state;
	const int64_t now = clock_now().utc_ms;

	make_invited(x, "before", now + day_ms / 2, 50);
	make_invited(x, "good", now + day_ms / 2, 61);
	make_invited(x, "later", now + 400 * day_ms, 61);
	x->doubt_seq = 60;
	start(x, NULL, 0, NULL);
	x->doubt_seq = 0;
	stop(x);
	assert_false(invited(x, "before"));
	assert_true(invited(x, "good"));
	assert_false(invited(x, "later"));
}

/* While the store cannot be written to say so, none of them serves. */
void
test_doubted_and_full(void **state)
{
	static const char body[] = "{\"invite\":\"ofbefore\"}";
	struct scene *x = *state;
	struct key k;

	key_make(&k);
	make_invited(x, "before", clock_now().utc_ms + day_ms / 2, 50);
	x->doubt_seq = 60;
	x->full = true;
	start(x, NULL, 0, NULL);
	send_signed(x, &k, VERB_ENROLL, body);
	assert_int_equal(want_reply(x, &x->api), 503);
	assert_true(has(x, "no invitation is made or taken"));
	assert_int_equal(
	    admin_call(x, VERB_USER_ADD, EV_NONE, "{\"user\":\"bob\"}"), 503);
	assert_true(has(x, "no invitation is made or taken"));
	may_write(x, true);
	send_signed(x, &k, VERB_ENROLL, body);
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "invite-wrong"));
	assert_int_equal(
	    admin_call(x, VERB_USER_ADD, EV_USER_CREATE, "{\"user\":\"bob\"}"),
	    201);
	stop(x);
	assert_false(invited(x, "before"));
	EVP_PKEY_free(k.pkey);
}

static void
tell(struct scene *x, uint32_t rid, int64_t ahead_ms, int64_t behind_ms)
{
	struct msg_nt_clocked m = {.rid = rid,
	    .time_ms = clock_now().utc_ms + ahead_ms,
	    .behind_ms = behind_ms};

	testlink_send(&x->notary, MSG_NT_CLOCKED, &m);
}

static unsigned
ready(struct scene *x)
{
	send_call(x, &x->admin, VERB_READYZ, "{}");
	return want_reply(x, &x->admin);
}

void
test_clock_is_accepted(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	const struct msg_nt_clock *m;
	uint32_t rid;
	char want[64];

	fold_grant(&g, x->one.pub.fp);
	g.grant.start_ms += 400 * day_ms;
	g.grant.end_ms += 400 * day_ms;
	start(x, &g, 1, NULL);
	assert_int_equal(ready(x), 200);
	assert_true(has(x, "agrees with the log"));
	assert_int_equal(admin_call(x, VERB_CLOCK_ACCEPT, EV_NONE, "{}"), 409);
	assert_int_equal(admin_call(x, VERB_USER_ADD, EV_USER_CREATE,
			     "{\"user\":\"before\"}"),
	    201);

	assert_int_equal(admin_call(x, VERB_LOCK_ADD, EV_LOCK_CREATE,
			     "{\"kind\":\"user\",\"value\":\"before\","
			     "\"for\":600}"),
	    201);
	tell(x, 0, 400 * day_ms, 400 * day_ms);
	do
		assert_int_equal(ready(x), 200);
	while (!has(x, "behind the log"));
	assert_true(has(x, "jitctl clock accept"));
	assert_true(has(x, "degraded"));
	/* the lock stands: the boottime says so, and nobody records its end */
	assert_int_equal(testlink_next(&x->notary, 1500), 0);

	assert_int_equal(admin_call(x, VERB_USER_ADD, EV_USER_CREATE,
			     "{\"user\":\"ahead\"}"),
	    201);
	assert_int_equal(admin_call(x, VERB_LOCK_ADD, EV_LOCK_CREATE,
			     "{\"kind\":\"user\",\"value\":\"ahead\","
			     "\"for\":600}"),
	    201);
	/* a dry run says what it would take, and takes nothing: so does another
	 */
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(admin_call(x, VERB_CLOCK_ACCEPT, EV_NONE,
				     "{\"dry_run\":true}"),
		    200);
		assert_true(has(x, "\"voided\":1"));
		assert_true(has(x, "\"dry_run\":true"));
	}

	rid = 0;
	send_call(x, &x->admin, VERB_CLOCK_ACCEPT, "{}");
	rid = hold_event(x, EV_CLOCK_ACCEPT);
	/* who said so is durable before anything is so */
	assert_int_equal(testlink_next(&x->notary, 50), 0);
	durable(x, rid);
	m = testlink_want(&x->notary, MSG_NT_CLOCK);
	assert_int_equal(m->accept, 1);
	tell(x, m->rid, 0, 400 * day_ms);
	tell(x, 0, 0, 0);
	assert_int_equal(want_reply(x, &x->admin), 200);
	(void)snprintf(want, sizeof(want), "\"behind_s\":%lld",
	    (long long)(400 * day_ms / 1000));
	assert_true(has(x, want));
	assert_true(has(x, "\"voided\":1"));
	/* what was locked meanwhile ends when it would have */
	send_call(x, &x->admin, VERB_LOCKS, "{}");
	assert_int_equal(want_reply(x, &x->admin), 200);
	str_time(want, sizeof(want), clock_now().utc_ms + 400 * day_ms);
	want[4] = '\0';
	assert_true(has(x, "\"ahead\""));
	assert_false(has(x, want));
	/* and the door that was dated then is dated now */
	send_call(x, &x->admin, VERB_GRANTS, "{}");
	assert_int_equal(want_reply(x, &x->admin), 200);
	str_time(want, sizeof(want), g.grant.start_ms - 400 * day_ms);
	assert_true(has(x, want));
	stop(x);
}
