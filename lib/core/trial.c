/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial - see the header.
 */
#include "core/trial.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* It would have to wait for others than it has to now. */
static bool
waits_more(const struct policy_result *then, const struct policy_result *now)
{
	return then->verdict == POLICY_APPROVAL &&
	       !quorum_equal(&then->needs, &now->needs);
}

static void
say(struct trial_role *ret, const struct policy_role *r,
    const struct policy_result *then)
{
	char text[QUORUM_TEXT_SIZE];

	name_set(ret->role, r->name);
	memcpy(ret->role_id, r->id, sizeof(ret->role_id));
	if (then->verdict == POLICY_APPROVAL) {
		quorum_text(text, &then->needs.quorum[then->approved.at]);
		ret->field = "approvals";
		(void)snprintf(ret->text, sizeof(ret->text),
		    "it would have to be approved by %s", text);
		return;
	}
	ret->field = then->nrefused > 0 ? then->refused[0].field : "role";
	text_set(ret->text, sizeof(ret->text),
	    then->nrefused > 0 ? then->refused[0].text : "refused");
}

/* By name, whichever order the roles are in. */
static void
put(struct trial *ret, const struct trial_role *item)
{
	unsigned at = 0;

	while (at < ret->n && strcmp(ret->item[at].role, item->role) < 0)
		at++;
	if (ret->n == TRIAL_MAX)
		ret->more++;
	else
		ret->n++;
	if (at == TRIAL_MAX)
		return;
	memmove(&ret->item[at + 1], &ret->item[at],
	    (ret->n - 1 - at) * sizeof(*item));
	ret->item[at] = *item;
}

void
trial_judge(struct trial *ret, const struct policy_facts *f,
    const struct policy_result *v, const struct policy_role *roles, size_t n)
{
	struct policy_facts as = *f;
	struct policy_result then;
	struct trial_role item;

	memset(ret, 0, sizeof(*ret));
	if (v->verdict == POLICY_DENY)
		return;
	as.login = v->login;
	for (size_t i = 0; i < n; i++) {
		if (!roles[i].report_only ||
		    !policy_reaches(&roles[i], f->target))
			continue;
		as.trial = &roles[i];
		policy_decide(&then, &as, roles, n);
		if (then.verdict != POLICY_DENY && !waits_more(&then, v))
			continue;
		say(&item, &roles[i], &then);
		put(ret, &item);
	}
}
