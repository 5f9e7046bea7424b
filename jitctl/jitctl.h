/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jitctl - what the parts of the client share: exit codes and the context of
 * one run. Nothing here knows a verb of the API.
 *
 * Data goes to stdout, everything said to a person to stderr. Everything that
 * came from somebody else is escaped on its way to a terminal.
 */
#ifndef JITCTL_JITCTL_H
#define JITCTL_JITCTL_H

#include <stdbool.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/limits.h"
#include "jitctl/opt.h"
#include "wire/json.h"

/* jitctl.1 lists them; a test holds the two together. */
enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_REFUSED = 3, /* by policy */
	EXIT_LOGIN = 4,   /* login or code needed, or wrong */
	EXIT_NOT_FOUND = 5,
	EXIT_PENDING = 6, /* it waits for approval */
	EXIT_CONFLICT = 7,
	EXIT_UNREACHABLE = 8, /* or its certificate is wrong */
	EXIT_VERIFY = 9,
	EXIT_INTERRUPTED = 130,
	EXIT_NO_READER = 141, /* as of one that SIGPIPE ended */
};

enum out_format {
	OUT_TABLE = 0,
	OUT_WIDE,
	OUT_JSON,
	OUT_YAML,
	OUT_NAME,
	OUT_CSV, /* of commands whose row says so */
};

/* One gateway as this user knows it. Strings are "" when not known. */
struct profile {
	char name[LIMIT_NAME_SIZE];
	char host[LIMIT_HOST_SIZE];
	unsigned port;
	char server_id[LIMIT_NAME_SIZE];
	char tls[65];              /* hex SHA-256 of the SPKI: the pin */
	char tls_next[65];         /* announced by that key; "" = none */
	char key[LIMIT_PATH_SIZE]; /* path, or "SHA256:..." of an agent's key */
	char user[LIMIT_NAME_SIZE];
	unsigned ssh_port;
	/* As they were when this user joined: "ssh-ed25519 AAAA...", and the
	 * log's verifier key. */
	char host_key[512];
	char ca_key[512];
	char ca_next_key[512];
	char log_key[512];
};

struct cmd;  /* jitctl/cmd/cmd.h */
struct http; /* jitctl/gateway/http.c */

struct ctx {
	const struct cmd *cmds; /* all there are, jitctl/cmd/table.h */
	struct opts opt;
	enum out_format out;
	bool quiet, debug, no_input, yes;
	const char *socket;   /* admin socket, or NULL */
	const char *identity; /* the key named to sign with, or NULL */
	struct profile prof;
	bool have_profile;
	char profiles[256]; /* without: the names of those that there are */
	struct http *http;
	bool key_changed;  /* the gateway's: said once, then it stops */
	bool key_unknown;  /* the user's, to the gateway: said once */
	char self[512];    /* self_set(); "" = jitctl */
	bool moved;        /* what is told was open before, elsewhere */
	bool changes_told; /* before it was asked whether to make them */
	unsigned digits;   /* of the code that is asked for; 0 = not known */
	/* What waits for this user, as an answer said beside what it was about:
	 * requests to approve, and one of theirs that is approved ("" = none).
	 */
	unsigned waits;
	char approved[LIMIT_ID_SIZE];
	bool unconfirmed; /* what was ended may still be open: exit status 1 */
};

#endif
