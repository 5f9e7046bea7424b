/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storescene - see the header.
 */
#include "tests/unit/store/storescene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ids.h"

void
must(int r)
{
	assert_int_equal(r, 0);
}

void
reopen(struct place *p)
{
	char text[LIMIT_TEXT_SIZE];

	store_close(p->store);
	p->store = NULL;
	must(store_open(&p->store, p->path, text));
	assert_string_equal(text, "");
}

struct user *
make_user(const char *name, const char *fp)
{
	struct user *u = calloc(1, sizeof(*u));

	assert_non_null(u);
	id_new(u->id, 'u');
	name_set(u->name, name);
	u->state = USER_ACTIVE;
	u->kind = KIND_PERSON;
	u->rights = RIGHT_ADMIN;
	must(name_list_add(&u->groups, "ops"));
	must(name_list_add(&u->groups, "dev"));
	(void)snprintf(u->keys[0].fp, sizeof(u->keys[0].fp), "SHA256:%s", fp);
	(void)snprintf(u->keys[0].type, sizeof(u->keys[0].type), "ssh-ed25519");
	memcpy(u->keys[0].blob, "\0\1\2\3", 4);
	u->keys[0].len = 4;
	u->nkeys = 1;
	memcpy(u->totp.p, "sealed\0bytes", 12);
	u->totp.len = 12;
	u->totp.otp = (struct otp){OTP_SHA256, 8, 60};
	u->pending.otp = (struct otp){OTP_SHA512, 8, 30}; /* not begun */
	(void)snprintf(u->invite, sizeof(u->invite), "ab%s", name);
	u->invite_end_ms = 12345;
	return u;
}

struct policy_role *
make_role(const char *name)
{
	struct policy_role *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	id_new(r->id, 'p');
	name_set(r->name, name);
	must(member_add(&r->users, "alice", ""));
	must(member_add(&r->groups, "ops", ""));
	must(name_list_add(&r->targets, "web-01"));
	must(label_list_add(&r->labels, "env", "prod"));
	must(name_list_add(&r->logins, "deploy"));
	must(port_list_add(&r->ports, "22"));
	must(port_list_add(&r->ports, "65535"));
	must(prefix_list_add(&r->sources, "10.0.0.0/8"));
	must(prefix_list_add(&r->sources, "fd00::/16"));
	r->max_s = 3600;
	r->mfa_age_s = 60;
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++)
		if ((rolefields()[i].bits & ROLE_LATER) != 0)
			rolefield_absent(&rolefields()[i], r);
	r->max_grants = 1;
	r->max_sessions = 1;
	r->unused_after_s = 60;
	r->reason = true;
	r->caps = CAP_SHELL | CAP_SFTP;
	r->deny = true;
	return r;
}
