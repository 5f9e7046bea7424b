/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gap - see the header.
 */
#include "core/gap.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/merge.h"

/* What is compared, of a verdict or of a role. Borrowed. */
struct terms {
	const struct quorum_list *needs;
	const struct command_list *commands;
	const struct pattern_list *reasons, *tickets;
	uint32_t max_s, mfa_age_s, caps, hardware;
	bool record, reason, hardware_code;
};

static struct terms
of_verdict(const struct policy_result *v)
{
	return (struct terms){.needs = &v->needs,
	    .commands = &v->commands,
	    .reasons = &v->reasons,
	    .tickets = &v->tickets,
	    .max_s = v->max_s,
	    .mfa_age_s = v->mfa_age_s,
	    .caps = v->caps,
	    .hardware = v->hardware,
	    .record = v->record,
	    .hardware_code = v->hardware_code,
	    .reason = v->reason};
}

static struct terms
of_role(const struct policy_role *r)
{
	return (struct terms){.needs = &r->approvals,
	    .commands = &r->commands,
	    .reasons = &r->reason_pattern,
	    .tickets = &r->ticket_pattern,
	    .max_s = r->max_s,
	    .mfa_age_s = r->mfa_age_s,
	    .caps = merge_caps(r),
	    .hardware = r->hardware,
	    .record = r->record,
	    .hardware_code = r->hardware_code,
	    .reason = r->reason};
}

/* ---- is something of the one missing in the other? */

static bool
lacks_quorum(const struct quorum_list *has, const struct quorum_list *wants)
{
	struct quorum_list both = *has;

	return quorum_merge(&both, wants) != 0 || !quorum_equal(&both, has);
}

static bool
lacks_pattern(const struct pattern_list *has, const struct pattern_list *wants)
{
	struct pattern_list both = *has;

	return pattern_merge(&both, wants) != 0 || both.n != has->n;
}

/* All together list what each alone does: what is more is another role's. */
static bool
lacks_command(const struct command_list *has, const struct command_list *wants)
{
	return wants->n > 0 && !command_equal(has, wants);
}

/* ---- told */

static void add(char *ret, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
add(char *ret, const char *fmt, ...)
{
	size_t n = strlen(ret);
	va_list ap;

	if (n > 0 && n + 2 < GAP_TEXT_SIZE) {
		memcpy(ret + n, ", ", 3);
		n += 2;
	}
	va_start(ap, fmt);
	(void)vsnprintf(ret + n, GAP_TEXT_SIZE - n, fmt, ap);
	va_end(ap);
}

static void
add_more(char *ret, const struct terms *all, const struct terms *alone)
{
	char text[64];

	if (alone->max_s > all->max_s) {
		str_duration_format(text, sizeof(text), alone->max_s);
		add(ret, "up to %s", text);
	}
	if (lacks_command(alone->commands, all->commands)) {
		add(ret, "%s",
		    alone->commands->n == 0 ? "any command" : "other commands");
	}
	if ((alone->caps & ~all->caps) != 0) {
		grant_caps_str(text, sizeof(text), alone->caps & ~all->caps);
		add(ret, "%s", text);
	}
	if (all->record && !alone->record)
		add(ret, "not recorded");
}

static void
add_less_asked(char *ret, const struct terms *all, const struct terms *alone)
{
	char text[32];

	if (lacks_pattern(alone->tickets, all->tickets))
		add(ret, "%s",
		    alone->tickets->n == 0 ? "no ticket" : "another ticket");
	if (all->reason && !alone->reason)
		add(ret, "no reason");
	else if (lacks_pattern(alone->reasons, all->reasons))
		add(ret, "another reason");
	if (alone->hardware < all->hardware)
		add(ret, "%s",
		    alone->hardware == 0
			? "no security key"
			: "a security key that is touched only");
	if (alone->hardware_code && !all->hardware_code)
		add(ret, "a security key in the place of a code");
	if (alone->mfa_age_s > all->mfa_age_s) {
		str_duration_format(text, sizeof(text), alone->mfa_age_s);
		add(ret, "a code of up to %s ago", text);
	}
}

static void
compare(char ret[static GAP_TEXT_SIZE], const struct terms *all,
    const struct terms *alone)
{
	ret[0] = '\0';
	if (lacks_quorum(alone->needs, all->needs))
		add(ret, "%s",
		    alone->needs->n == 0 ? "no approval" : "fewer approvals");
	add_more(ret, all, alone);
	add_less_asked(ret, all, alone);
}

void
gap_text(char ret[static GAP_TEXT_SIZE], const struct policy_result *all,
    const struct policy_result *alone)
{
	const struct terms a = of_verdict(all), b = of_verdict(alone);

	compare(ret, &a, &b);
}

void
gap_role_text(char ret[static GAP_TEXT_SIZE], const struct policy_role *other,
    const struct policy_role *alone)
{
	const struct terms a = of_role(other), b = of_role(alone);

	compare(ret, &a, &b);
}
