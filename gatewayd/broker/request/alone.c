/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alone - see the header.
 */
#include "broker/request/alone.h"

#include <stdlib.h>
#include <string.h>

#include "broker/call/put.h"
#include "core/gap.h"
#include "core/merge.h"

enum { ALONE_MAX = 32 }; /* internal: of one user and one target */

/* The entry of another login that says the same. */
static json_t *
same(json_t *list, const char *role, uint32_t max_s, const char *more)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *o = json_array_get(list, i);

		if (strcmp(json_string_value(json_object_get(o, "role")),
			role) == 0 &&
		    json_integer_value(json_object_get(o, "max")) ==
			(json_int_t)max_s &&
		    strcmp(json_string_value(json_object_get(o, "more")),
			more) == 0)
			return json_object_get(o, "logins");
	}
	return NULL;
}

static void
add(json_t *list, const char *role, const struct policy_result *v,
    const char *more)
{
	json_t *logins = same(list, role, v->max_s, more);
	json_t *o = NULL;

	if (logins != NULL) {
		(void)json_array_append_new(logins, json_string(v->login));
		return;
	}
	if (json_array_size(list) >= ALONE_MAX || (o = json_object()) == NULL)
		return;
	put_str(o, "role", role);
	(void)json_object_set_new(o, "logins", json_pack("[s]", v->login));
	put_num(o, "max", v->max_s);
	put_bool(o, "approval", v->verdict == POLICY_APPROVAL);
	put_str(o, "more", more);
	(void)json_array_append_new(list, o);
}

void
alone_add(json_t *list, const struct policy_facts *f,
    const struct policy_result *v, const struct policy_role *roles, size_t n)
{
	struct policy_facts one = *f;
	struct policy_result *alone = NULL;
	char more[GAP_TEXT_SIZE];

	if (f->target == NULL || f->role[0] != '\0' ||
	    (v->verdict != POLICY_DENY && v->roles.n < 2) ||
	    (alone = malloc(sizeof(*alone))) == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		if (!merge_concerns(&roles[i], f))
			continue;
		one.role = roles[i].name;
		policy_decide(alone, &one, roles, n);
		if (alone->verdict == POLICY_DENY)
			continue;
		gap_text(more, v, alone);
		if (more[0] != '\0' || v->verdict == POLICY_DENY)
			add(list, roles[i].name, alone, more);
	}
	free(alone);
}
