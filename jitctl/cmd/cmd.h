/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd - the commands as one const table; help, usage, the guess after a typo
 * and the check of the manual page read it. A new command is one row here and
 * one function.
 */
#ifndef JITCTL_CMD_CMD_H
#define JITCTL_CMD_CMD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "jitctl/jitctl.h"

struct cmd {
	const char *name; /* one or two words: "target add" */
	const char *args; /* "TARGET", "NAME ADDRESS", "[CMD]" or "" */
	unsigned min_args, max_args;
	uint64_t flags;      /* besides the common ones */
	const char *what;    /* one line */
	const char *example; /* without "jitctl " */
	int (*run)(struct ctx *c);
	bool local;        /* calls no gateway, needs no profile */
	bool key_is_users; /* --key names a user's key, not the one to sign */
};

/* The nth row; NULL past the end. */
const struct cmd *cmd_at(unsigned n);
/* Flags every command takes. */
uint64_t cmd_common_flags(void);
/* Finds the command among the plain words of argv and cuts them out:
 * "jitctl --debug target add x" works. NULL with a sentence in reterr. A noun
 * alone ("grants") means its list. */
const struct cmd *cmd_find(
    const struct opts *words, unsigned *retused, char *reterr, size_t size);

void cmd_help_all(FILE *f);
void cmd_help(FILE *f, const struct cmd *c);
/* The commands of a noun; false: there is no such noun. */
bool cmd_help_noun(FILE *f, const char *noun);
/* "usage: jitctl request TARGET [--for DURATION] ..." */
void cmd_usage(FILE *f, const struct cmd *c);

/* The functions of the table. */
int run_help(struct ctx *c);
int run_version(struct ctx *c);
int run_enroll(struct ctx *c);
int run_whoami(struct ctx *c);
int run_status(struct ctx *c);
int run_request(struct ctx *c);
int run_grants(struct ctx *c);
int run_release(struct ctx *c);
int run_revoke(struct ctx *c);
int run_targets(struct ctx *c);
int run_target_add(struct ctx *c);
int run_target_rm(struct ctx *c);
int run_users(struct ctx *c);
int run_user_add(struct ctx *c);
int run_roles(struct ctx *c);
int run_role_set(struct ctx *c);
int run_role_rm(struct ctx *c);
int run_apply(struct ctx *c);
int run_sessions(struct ctx *c);
int run_session_kill(struct ctx *c);
int run_session_play(struct ctx *c);
int run_audit_tail(struct ctx *c);
int run_audit_search(struct ctx *c);
int run_audit_verify(struct ctx *c);
int run_doctor(struct ctx *c);
int run_ssh_config(struct ctx *c);
int run_known_hosts(struct ctx *c);

#endif
