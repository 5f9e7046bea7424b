/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_gaps - what naming one role gives beyond what all give together.
 */
#include "tests/unit/core/policyscene.h"

#include <string.h>

#include "base/str.h"
#include "core/gap.h"
#include "core/grant.h"

static void
needs_sre(struct policy_role *r)
{
	must(quorum_add(&r->approvals, "1 of sre"));
}

static void
needs_more(struct policy_role *r)
{
	needs_sre(r);
	must(quorum_add(&r->approvals, "1 of leads"));
}

static void
is_short(struct policy_role *r)
{
	r->max_s = 3600;
}

static void
has_sftp_only(struct policy_role *r)
{
	r->caps = CAP_SFTP | CAP_SHELL;
}

static void
lists_command(struct policy_role *r)
{
	must(command_add(&r->commands, "uptime"));
}

static void
wants_ticket(struct policy_role *r)
{
	must(pattern_add(&r->ticket_pattern, "INC-[0-9]+"));
}

static void
wants_reason(struct policy_role *r)
{
	r->reason = true;
}

static void
wants_long_reason(struct policy_role *r)
{
	wants_reason(r);
	must(pattern_add(&r->reason_pattern, ".{10,}"));
}

static void
wants_code(struct policy_role *r)
{
	r->mfa_age_s = 0;
}

static void
wants_key(struct policy_role *r)
{
	r->hardware = HARDWARE_VERIFIED;
}

static void
nothing(struct policy_role *r)
{
	(void)r;
}

static void
unrecorded(struct policy_role *r)
{
	r->record = false;
}

static const struct {
	void (*other)(struct policy_role *r), (*named)(struct policy_role *r);
	const char *more;
} gaps[] = {
    {nothing, nothing, ""},
    {nothing, needs_sre, ""},
    {needs_sre, needs_sre, ""},
    {needs_sre, needs_more, ""},
    {needs_sre, nothing, "no approval"},
    {needs_more, needs_sre, "fewer approvals"},
    {is_short, nothing, "up to 2h"},
    {nothing, is_short, ""},
    {has_sftp_only, nothing, "exec,pty"},
    {nothing, has_sftp_only, ""},
    {lists_command, nothing, "any command, shell,sftp,pty"},
    {lists_command, lists_command, ""},
    {nothing, lists_command, ""},
    {wants_ticket, nothing, "no ticket"},
    {wants_reason, nothing, "no reason"},
    {wants_long_reason, wants_reason, "another reason"},
    {wants_long_reason, wants_long_reason, ""},
    {wants_code, nothing, "a code of up to 5m ago"},
    {wants_key, nothing, "no security key"},
    {nothing, unrecorded, "not recorded"},
};

/* Of two roles as they are, and of a request that is judged by them. */
void
test_gaps(void **state)
{
	struct policy_result all;
	char more[GAP_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(gaps); i++) {
		struct world *w = world_new();
		struct policy_role *other = add_role(w, "other");
		struct policy_role *named = add_role(w, "named");
		struct policy_facts f = facts(w);
		struct policy_result alone;

		gaps[i].other(other);
		gaps[i].named(named);
		gap_role_text(more, other, named);
		assert_string_equal(more, gaps[i].more);
		f.settled = true;
		f.hardware = HARDWARE_VERIFIED;
		all = decide(w, &f);
		assert_int_equal(all.roles.n, 2);
		f.role = "named";
		alone = decide(w, &f);
		assert_int_not_equal(alone.verdict, POLICY_DENY);
		gap_text(more, &all, &alone);
		assert_string_equal(more, gaps[i].more);
	}
}
