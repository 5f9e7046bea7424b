/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd - what a command is: a row of the table (cmd/table.c), which the help,
 * the guess after a typo and the check of the manual page read, and a function.
 */
#ifndef JITCTL_CMD_CMD_H
#define JITCTL_CMD_CMD_H

#include <stdbool.h>
#include <stdint.h>

#include "jitctl/jitctl.h"

/* What only root can see there: a hint for whoever may tell them. */
#define ROOT_DOCTOR                                                            \
	"as root on the gateway: jitctl --socket /run/sallyport/admin.sock "   \
	"doctor"

struct cmd {
	const char *name; /* one or two words: "target add" */
	const char *args; /* "TARGET", "NAME ADDRESS", "[CMD]" or "" */
	unsigned min_args, max_args;
	struct flag_set flags; /* besides the common ones */
	struct flag_set once;  /* of these: not twice, as others may */
	const char *what;      /* one line */
	const char *example;   /* without "jitctl " */
	int (*run)(struct ctx *c);
	bool local;            /* calls no gateway, needs no profile */
	const char *users_key; /* what --key is, if not the key that signs */
	bool destroys;    /* takes away, or for good: no guess leads here */
	bool csv;         /* has -o csv */
	const char *noun; /* that alone means this: "target" targets ls */
};

/* Those of its own, with --key where that is not the common one. */
static inline struct flag_set
cmd_flags(const struct cmd *c)
{
	struct flag_set own = c->flags;

	own.has[F_KEY] = c->users_key != NULL;
	return own;
}

/* Flags every command takes. */
static inline struct flag_set
cmd_common_flags(void)
{
	return (struct flag_set){.has = {[F_HELP] = true,
				     [F_OUTPUT] = true,
				     [F_QUIET] = true,
				     [F_YES] = true,
				     [F_NO_INPUT] = true,
				     [F_DEBUG] = true,
				     [F_PROFILE] = true,
				     [F_GATEWAY] = true,
				     [F_IDENTITY] = true,
				     [F_KEY] = true,
				     [F_SOCKET] = true}};
}

/* One function each; an exit code, what went wrong is said. */
int run_help(struct ctx *c);
int run_version(struct ctx *c);
int run_enroll(struct ctx *c);
int run_pin(struct ctx *c);
int run_mfa_reset(struct ctx *c);
int run_mfa_codes(struct ctx *c);
int run_keys(struct ctx *c);
int run_key_add(struct ctx *c);
int run_key_rm(struct ctx *c);
int run_whoami(struct ctx *c);
int run_status(struct ctx *c);
int run_request(struct ctx *c);
int run_wait(struct ctx *c);
int run_requests(struct ctx *c);
int run_request_show(struct ctx *c);
int run_approve(struct ctx *c);
int run_deny(struct ctx *c);
int run_cancel(struct ctx *c);
int run_explain(struct ctx *c);
int run_access(struct ctx *c);
int run_grants(struct ctx *c);
int run_history(struct ctx *c);
int run_extend(struct ctx *c);
int run_move(struct ctx *c);
int run_release(struct ctx *c);
int run_revoke(struct ctx *c);
int run_targets(struct ctx *c);
int run_target_show(struct ctx *c);
int run_target_add(struct ctx *c);
int run_target_set(struct ctx *c);
int run_target_setup(struct ctx *c);
int run_target_rm(struct ctx *c);
int run_users(struct ctx *c);
int run_user_show(struct ctx *c);
int run_user_add(struct ctx *c);
int run_user_set(struct ctx *c);
int run_user_lock(struct ctx *c);
int run_user_unlock(struct ctx *c);
int run_user_rm(struct ctx *c);
int run_roles(struct ctx *c);
int run_role_show(struct ctx *c);
int run_role_add(struct ctx *c);
int run_role_set(struct ctx *c);
int run_role_rm(struct ctx *c);
int run_changes(struct ctx *c);
int run_change_show(struct ctx *c);
int run_change_approve(struct ctx *c);
int run_change_deny(struct ctx *c);
int run_change_cancel(struct ctx *c);
int run_locks(struct ctx *c);
int run_lock(struct ctx *c);
int run_lock_me(struct ctx *c);
int run_unlock(struct ctx *c);
int run_delegations(struct ctx *c);
int run_delegate(struct ctx *c);
int run_undelegate(struct ctx *c);
int run_breakglass_print(struct ctx *c);
int run_breakglass_use(struct ctx *c);
int run_breakglass_ls(struct ctx *c);
int run_breakglass_review(struct ctx *c);
int run_breakglass_init(struct ctx *c);
int run_breakglass_trust(struct ctx *c);
int run_breakglass_mint(struct ctx *c);
int run_review_start(struct ctx *c);
int run_reviews(struct ctx *c);
int run_review_show(struct ctx *c);
int run_review_answer(struct ctx *c);
int run_review_end(struct ctx *c);
int run_apply(struct ctx *c);
int run_diff(struct ctx *c);
int run_policy_test(struct ctx *c);
int run_export(struct ctx *c);
int run_get(struct ctx *c);
int run_sessions(struct ctx *c);
int run_session_kill(struct ctx *c);
int run_session_play(struct ctx *c);
int run_audit_tail(struct ctx *c);
int run_audit_search(struct ctx *c);
int run_audit_verify(struct ctx *c);
int run_doctor(struct ctx *c);
int run_clock_accept(struct ctx *c);
int run_ssh_config(struct ctx *c);
int run_known_hosts(struct ctx *c);

#endif
