/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_ids - a name may be given again, an id is not: what stands in
 * records and answers, and whose a grant is.
 */
#include "tests/unit/broker/brokerscene.h"

#include <string.h>

#include "base/ids.h"
#include "wire/verbs.h"

static void
target_body(const struct scene *x, const char *address, char *ret, size_t size)
{
	char line[256];

	key_line(line, &x->one);
	(void)snprintf(ret, size,
	    "{\"target\":\"db-01\",\"addresses\":[\"%s\"],"
	    "\"logins\":[\"deploy\"],\"host_keys\":[\"%s\"]}",
	    address, line);
}

/* Makes db-01, or changes it; the id of it, in the record as in the answer. */
static void
make_target(struct scene *x, unsigned verb, const char *body,
    char ret[static LIMIT_ID_SIZE])
{
	char id[LIMIT_ID_SIZE];

	send_call(x, &x->admin, verb, body);
	want_event(x, EV_TARGET_SET);
	field(x, "target_id", ret);
	assert_true(id_ok(ret, 't'));
	assert_true(want_reply(x, &x->admin) < 300);
	field(x, "target_id", id);
	assert_string_equal(id, ret);
}

void
test_ids_are_not_used_again(void **state)
{
	struct scene *x = *state;
	char body[1024], first[LIMIT_ID_SIZE], id[LIMIT_ID_SIZE];

	start(x, NULL, 0, NULL);
	target_body(x, "198.51.100.9", body, sizeof(body));
	make_target(x, VERB_TARGET_ADD, body, first);
	target_body(x, "198.51.100.8", body, sizeof(body));
	make_target(x, VERB_TARGET_SET, body, id); /* the same one, changed */
	assert_string_equal(id, first);
	send_call(x, &x->admin, VERB_TARGET_REMOVE, "{\"target\":\"db-01\"}");
	want_event(x, EV_TARGET_REMOVE);
	field(x, "target_id", id);
	assert_string_equal(id, first);
	assert_int_equal(want_reply(x, &x->admin), 200);
	make_target(x, VERB_TARGET_ADD, body, id);
	assert_string_not_equal(id, first);
	stop(x);
}

/* All that a request leaves behind says who it was, and not only their name. */
void
test_ids_of_a_request(void **state)
{
	struct scene *x = *state;
	struct store *s = store_of(x);
	struct msg_nt_grant_opened opened = {.seq = 50};
	struct msg_fw_opened fw = {0};
	const struct msg_nt_grant_open *m = NULL;
	char user[LIMIT_ID_SIZE], target[LIMIT_ID_SIZE], role[LIMIT_ID_SIZE];
	char id[LIMIT_ID_SIZE];

	must(store_id(s, STORE_USERS, "alice", user));
	must(store_id(s, STORE_TARGETS, "web-01", target));
	must(store_id(s, STORE_ROLES, "ops", role));
	store_close(s);
	start(x, NULL, 0, NULL);
	fresh_code(x);
	send_signed(x, &x->one, VERB_REQUEST, ask_web);
	want_event(x, EV_REQUEST_CREATE);
	field(x, "user_id", id);
	assert_string_equal(id, user);
	field(x, "target_id", id);
	assert_string_equal(id, target);
	field(x, "role_id", id);
	assert_string_equal(id, role);
	m = testlink_want(&x->notary, MSG_NT_GRANT_OPEN);
	assert_string_equal(m->grant.user_id, user);
	assert_string_equal(m->grant.target_id, target);
	assert_string_equal(m->grant.role_id, role);
	opened.rid = m->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_OPENED, &opened);
	fw.rid = ((const struct msg_fw_open *)testlink_want(
		      &x->firewall, MSG_FW_OPEN))
		     ->rid;
	testlink_send(&x->firewall, MSG_FW_OPENED, &fw);
	assert_int_equal(want_reply(x, &x->api), 201);
	field(x, "user_id", id);
	assert_string_equal(id, user);
	field(x, "role_id", id);
	assert_string_equal(id, role);
	stop(x);
}

/* Grants of the log: of this alice and web-01; of before there were ids; and
 * two of others who had these names. */
void
test_grants_of_others(void **state)
{
	struct scene *x = *state;
	struct store *s = store_of(x);
	struct msg_nt_fold_grant g[4];

	for (size_t i = 0; i < 4; i++)
		fold_grant(&g[i], x->one.pub.fp);
	must(store_id(s, STORE_USERS, "alice", g[0].grant.user_id));
	must(store_id(s, STORE_TARGETS, "web-01", g[0].grant.target_id));
	store_close(s);
	id_new(g[2].grant.user_id, 'u');
	id_new(g[3].grant.target_id, 't');
	start(x, g, 4, NULL);
	want_close(x, g[2].grant.id, END_REVOKED);
	want_close(x, g[3].grant.id, END_REVOKED);
	send_call(x, &x->admin, VERB_GRANTS, "");
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, g[0].grant.id));
	assert_true(has(x, g[1].grant.id));
	assert_false(has(x, g[2].grant.id));
	assert_false(has(x, g[3].grant.id));
	stop(x);
}

/* Two make one target in one moment: its record and it are of one id, and the
 * other is told. */
void
test_made_twice_at_once(void **state)
{
	struct scene *x = *state;
	char body[1024];
	uint32_t first, second;

	start(x, NULL, 0, NULL);
	target_body(x, "198.51.100.9", body, sizeof(body));
	send_call(x, &x->admin, VERB_TARGET_ADD, body);
	first = hold_event(x, EV_TARGET_SET);
	send_call(x, &x->admin, VERB_TARGET_ADD, body);
	second = hold_event(x, EV_TARGET_SET);
	durable(x, first);
	assert_int_equal(want_reply(x, &x->admin), 201);
	durable(x, second);
	want_event(x, EV_TARGET_SET); /* that it was not */
	assert_true(has(x, "\"outcome\":\"failure\",\"reason\":\"conflict\""));
	assert_int_equal(want_reply(x, &x->admin), 409);
	assert_true(has(x, "by another request meanwhile"));
	stop(x);
}

/* What was removed and made again while the record waited is another one. */
void
test_removed_and_made_again(void **state)
{
	static const char db_01[] = "{\"target\":\"db-01\"}";
	struct scene *x = *state;
	char body[1024];
	uint32_t first;

	start(x, NULL, 0, NULL);
	target_body(x, "198.51.100.9", body, sizeof(body));
	assert_int_equal(
	    admin_call(x, VERB_TARGET_ADD, EV_TARGET_SET, body), 201);
	send_call(x, &x->admin, VERB_TARGET_REMOVE, db_01);
	first = hold_event(x, EV_TARGET_REMOVE);
	assert_int_equal(
	    admin_call(x, VERB_TARGET_REMOVE, EV_TARGET_REMOVE, db_01), 200);
	assert_int_equal(
	    admin_call(x, VERB_TARGET_ADD, EV_TARGET_SET, body), 201);
	durable(x, first);
	want_event(x, EV_TARGET_REMOVE); /* that it was not */
	assert_int_equal(want_reply(x, &x->admin), 409);
	assert_true(has(x, "by another request meanwhile"));
	send_call(x, &x->admin, VERB_TARGETS, "");
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, "198.51.100.9"));
	stop(x);
}
