/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_values - see the header.
 */
#include "jitctl/gateway/policy_values.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "core/grant.h"
#include "jitctl/gateway/reply.h"
#include "jitctl/term/say.h"
#include "wire/body.h"
#include "wire/role_json.h"

static bool
told(int r, const char *kind, const char *name, const struct problem *p)
{
	char shown[LIMIT_NAME_SIZE];

	if (r == 0)
		return true;
	say_text(shown, sizeof(shown), name, strlen(name));
	say_error("%s %s: %s", kind, shown,
	    p->text[0] != '\0' ? p->text : "not understood");
	return false;
}

bool
policy_roles(const json_t *policy, struct policy_role **ret, size_t *retn)
{
	const json_t *list = json_object_get(policy, "roles");
	const size_t n = json_array_size(list);
	struct policy_role *roles = calloc(n + 1, sizeof(*roles));

	*ret = NULL;
	*retn = 0;
	for (size_t i = 0; roles != NULL && i < n; i++) {
		const json_t *o = json_array_get(list, i);
		struct problem p = {0};

		if (told(role_read(&roles[i], o, &p), "role", member(o, "role"),
			&p))
			continue;
		free(roles);
		return false;
	}
	if (roles == NULL) {
		say_error("out of memory");
		return false;
	}
	*ret = roles;
	*retn = n;
	return true;
}

static int
target_addresses(struct target *ret, const json_t *list)
{
	struct addr a = {0};

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s == NULL || addr_parse(&a, s) != 0)
			return GW_EINVAL;
		*(a.family == 4 ? &ret->addr4 : &ret->addr6) = a;
	}
	return 0;
}

bool
policy_target(const json_t *o, struct target *ret)
{
	struct problem p = {0};
	int64_t port = 22;
	int r;

	memset(ret, 0, sizeof(*ret));
	name_set(ret->name, member(o, "target"));
	ret->reach = strcmp(member(o, "reach"), "direct") == 0 ? REACH_DIRECT
							       : REACH_PROXY;
	r = json_get_int(o, "port", false, 1, 65535, &port, &p);
	ret->port = (uint16_t)port;
	if (r == 0)
		r = names_parse(&ret->logins, o, "logins", true, &p);
	if (r == 0)
		r = labels_parse(&ret->labels, o, &p);
	if (r == 0)
		r = target_addresses(ret, json_object_get(o, "addresses"));
	return told(r, "target", member(o, "target"), &p);
}

bool
policy_user(const json_t *o, struct policy_user *ret)
{
	const char *kind = member(o, "kind");
	struct problem p = {0};
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->in = strcmp(member(o, "state"), "disabled") != 0;
	ret->kind = kind[0] == '\0' ? KIND_PERSON : kind_find(kind);
	if ((r = names_parse(&ret->groups, o, "groups", false, &p)) == 0)
		r = prefixes_parse(&ret->from, o, "sources", &p);
	return told(r, "user", member(o, "user"), &p);
}
