/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policyscene - see the header.
 */
#include "tests/unit/core/policyscene.h"

#include <string.h>

#include "core/grant.h"

void
must(int r)
{
	assert_int_equal(r, 0);
}

struct policy_role *
add_role(struct world *w, const char *name)
{
	struct policy_role *r = &w->role[w->nroles++];

	memset(r, 0, sizeof(*r));
	name_set(r->name, name);
	must(member_add(&r->groups, "ops", ""));
	must(label_list_add(&r->labels, "env", "prod"));
	must(name_list_add(&r->logins, "deploy"));
	must(port_list_add(&r->ports, "22"));
	r->max_s = 7200;
	r->mfa_age_s = 300;
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++)
		if ((rolefields()[i].bits & ROLE_LATER) != 0)
			rolefield_absent(&rolefields()[i], r);
	r->caps = CAP_DEFAULT;
	r->record = true;
	return r;
}

struct world *
world_new(void)
{
	static struct world w;

	memset(&w, 0, sizeof(w));
	name_set(w.target.name, "web-01");
	must(addr_parse(&w.target.addr4, "10.20.0.11"));
	w.target.port = 22;
	w.target.reach = REACH_PROXY;
	must(label_list_add(&w.target.labels, "env", "prod"));
	must(label_list_add(&w.target.labels, "app", "shop"));
	must(name_list_add(&w.target.logins, "deploy"));
	must(name_list_add(&w.target.logins, "root"));
	must(name_list_add(&w.groups, "ops"));
	return &w;
}

struct policy_facts
facts(const struct world *w)
{
	struct policy_facts f = {.user = "alice",
	    .kind = KIND_PERSON,
	    .groups = &w->groups,
	    .target_name = "web-01",
	    .target = &w->target,
	    .login = "",
	    .role = "",
	    .reason = "",
	    .ticket = "",
	    .nsources = 1,
	    .max_s = 86400,
	    .mfa_max_s = 300};

	must(addr_parse(&f.sources[0], "198.51.100.7"));
	return f;
}

struct policy_result
decide(const struct world *w, const struct policy_facts *f)
{
	struct policy_result r;

	memset(&r, 0xff, sizeof(r)); /* all of it must be written */
	policy_decide(&r, f, w->role, w->nroles);
	return r;
}
