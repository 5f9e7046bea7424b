/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opt - every flag of jitctl in one table, and the parser: flags may come
 * anywhere, "--" ends them, a value follows as "--for 2h" or "--for=2h". No
 * abbreviations: a script must not change its meaning when a flag is added.
 */
#ifndef JITCTL_OPT_H
#define JITCTL_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"
#include "core/rolefield.h"

enum flag_kind { FLAG_BOOL = 0, FLAG_ONE, FLAG_MANY };

/* The flags of "role set" that no other command has: each is a row there. */
#define FLAG_OF_ROLE(                                                          \
    m, name, kind, merge, min, max, absent, bits, own, flag, help, words)      \
	FLAG_OF_ROLE_##own(m, kind, flag, help)
#define FLAG_OF_ROLE_NONE(m, kind, flag, help)
#define FLAG_OF_ROLE_SHARED(m, kind, flag, help)
#define FLAG_OF_ROLE_OWN(m, kind, flag, help)                                  \
	FLAG_OF_##kind(ROLE_##m, flag, help)
#define FLAG_OF_NAMES(id, flag, help) X(id, flag, 0, "NAME", MANY, help)
#define FLAG_OF_HARDWARE(id, flag, help) X(id, flag, 0, "WORD", ONE, help)
#define FLAG_OF_LOGINS(id, flag, help) X(id, flag, 0, "NAME", MANY, help)
#define FLAG_OF_MEMBERS(id, flag, help) X(id, flag, 0, "NAME", MANY, help)
#define FLAG_OF_LABELS(id, flag, help) X(id, flag, 0, "K=V", MANY, help)
#define FLAG_OF_PORTS(id, flag, help) X(id, flag, 0, "N", MANY, help)
#define FLAG_OF_PREFIXES(id, flag, help) X(id, flag, 0, "PREFIX", MANY, help)
#define FLAG_OF_SECONDS(id, flag, help) X(id, flag, 0, "DURATION", ONE, help)
#define FLAG_OF_CAPS(id, flag, help) X(id, flag, 0, "WORD", MANY, help)
#define FLAG_OF_WANTED(id, flag, help) X(id, flag, 0, NULL, BOOL, help)
#define FLAG_OF_BOOL(id, flag, help) X(id, flag, 0, NULL, BOOL, help)
#define FLAG_OF_QUORUMS(id, flag, help) X(id, flag, 0, "RULE", MANY, help)
#define FLAG_OF_COMMANDS(id, flag, help) X(id, flag, 0, "TEMPLATE", MANY, help)
#define FLAG_OF_HOURS(id, flag, help) X(id, flag, 0, "WINDOW", MANY, help)
#define FLAG_OF_SELECTORS(id, flag, help) X(id, flag, 0, "RULE", MANY, help)
#define FLAG_OF_ALTERNATIVES(id, flag, help) X(id, flag, 0, "RULE", MANY, help)
#define FLAG_OF_PATTERN(id, flag, help) X(id, flag, 0, "REGEX", ONE, help)
#define FLAG_OF_COUNT(id, flag, help) X(id, flag, 0, "N", ONE, help)
#define FLAG_OF_TEXT(id, flag, help) X(id, flag, 0, "TEXT", ONE, help)

/* X(enum, "long", short or 0, "VALUE" or NULL, kind, "help"); whoever expands
 * the table calls its macro X. */
#define FLAG_TABLE(X)                                                          \
	X(HELP, "help", 'h', NULL, BOOL, "explain the command")                \
	X(OUTPUT, "output", 'o', "FORMAT", ONE,                                \
	    "table, wide, json, yaml or name")                                 \
	X(QUIET, "quiet", 'q', NULL, BOOL, "say only what went wrong")         \
	X(YES, "yes", 'y', NULL, BOOL, "answer questions with yes")            \
	X(NO_INPUT, "no-input", 0, NULL, BOOL, "never ask anything")           \
	X(DEBUG, "debug", 0, NULL, BOOL, "show the calls made (no secrets)")   \
	X(PROFILE, "profile", 0, "NAME", ONE,                                  \
	    "which gateway (JITCTL_PROFILE)")                                  \
	X(GATEWAY, "gateway", 0, "HOST:PORT", ONE,                             \
	    "another address of it (JITCTL_GATEWAY)")                          \
	X(IDENTITY, "identity", 0, "FILE", ONE,                                \
	    "the SSH key that signs (JITCTL_KEY)")                             \
	X(KEY, "key", 0, "FILE", MANY, "like --identity")                      \
	X(SOCKET, "socket", 0, "PATH", ONE,                                    \
	    "the admin socket, as root (JITCTL_SOCKET)")                       \
	X(INVITE_FILE, "invite-file", 0, "FILE", ONE,                          \
	    "the invitation, - is stdin (JITCTL_INVITE_FILE)")                 \
	X(TEXT, "text", 0, NULL, BOOL, "show the secret as text, no QR code")  \
	X(CONFIRM, "confirm", 0, NULL, BOOL, "only send the confirming code")  \
	X(FOR, "for", 0, "DURATION", ONE, "for how long, like 2h or 1h30m")    \
	X(REASON, "reason", 0, "TEXT", ONE, "why")                             \
	X(LOGIN, "login", 'l', "NAME", MANY, "the login at the target")        \
	X(PORT, "port", 0, "N", MANY, "the target's port")                     \
	X(TICKET, "ticket", 0, "ID", ONE, "the ticket it is for")              \
	X(ROLE, "role", 0, "NAME", MANY, "under this role alone")              \
	X(FROM, "from", 0, "ADDRESS", MANY, "only from this address of mine")  \
	X(IDEMPOTENCY, "idempotency", 0, "KEY", ONE,                           \
	    "a repeat with the same key gets the first answer")                \
	X(AT, "at", 0, "TIME", ONE, "open by itself at this time to come")     \
	X(WAIT, "wait", 0, NULL, BOOL, "wait until it is approved")            \
	X(NO_WAIT, "no-wait", 0, NULL, BOOL, "do not wait for approval")       \
	X(TIMEOUT, "timeout", 0, "DURATION", ONE,                              \
	    "wait for approval no longer than this")                           \
	X(WATCH, "watch", 0, NULL, BOOL, "go on, and say what is new")         \
	X(ALL, "all", 0, NULL, BOOL, "those of everybody, ended ones too")     \
	X(SCAN, "scan", 0, NULL, BOOL, "ask the target for its host keys")     \
	X(HOST_KEY, "host-key", 0, "FILE", MANY, "a public host key to pin")   \
	X(LABEL, "label", 0, "K=V", MANY, "a label")                           \
	X(REACH, "reach", 0, "WAY", ONE, "proxy (default) or direct")          \
	X(ADMIN, "admin", 0, NULL, BOOL, "may change users, targets, roles")   \
	X(AUDITOR, "auditor", 0, NULL, BOOL, "may read everybody's records")   \
	X(NO_ADMIN, "no-admin", 0, NULL, BOOL, "an admin no more")             \
	X(NO_AUDITOR, "no-auditor", 0, NULL, BOOL, "an auditor no more")       \
	X(RIGHT, "right", 0, "NAME", MANY, "a right; of user set: one more")   \
	X(NO_RIGHT, "no-right", 0, "NAME", MANY, "a right to take away")       \
	X(RESET_CODE, "reset-code", 0, NULL, BOOL,                             \
	    "for a lost phone: void its codes, invite again")                  \
	X(INVITE, "invite", 0, NULL, BOOL, "a new invitation")                 \
	X(TOTP, "totp", 0, "FORM", ONE, "how codes are made, as sha256,8,60")  \
	X(GROUP, "group", 0, "NAME", MANY, "a group; of user set: one more")   \
	X(KIND, "kind", 0, "KIND", ONE, "person (default), machine or agent")  \
	X(OWNER, "owner", 0, "NAME", ONE, "whose agent it is: a person")       \
	X(NO_GROUP, "no-group", 0, "NAME", MANY, "a group to leave")           \
	X(USER, "user", 0, "NAME", MANY, "a user")                             \
	X(TARGET, "target", 0, "NAME", MANY, "a target")                       \
	ROLE_FIELDS(FLAG_OF_ROLE)                                              \
	X(FILE, "file", 'f', "PATH", MANY, "a policy file or folder")          \
	X(PRUNE, "prune", 0, NULL, BOOL, "what the files do not name goes")    \
	X(TESTS, "tests", 0, "FILE", ONE, "tests that have to pass first")     \
	X(FOLLOW, "follow", 0, NULL, BOOL,                                     \
	    "keep showing records as they come (also -f)")                     \
	X(DRY_RUN, "dry-run", 0, NULL, BOOL, "only show what would change")    \
	X(SPEED, "speed", 0, "N", ONE, "how many times faster")                \
	X(IDLE, "idle", 0, "DURATION", ONE, "shorten longer pauses to this")   \
	X(CHANNEL, "channel", 0, "N", ONE, "which channel's recording")        \
	X(FORCE, "force", 0, NULL, BOOL, "play what is not what was recorded") \
	X(CODE, "code", 0, "CODE", ONE, "event code or name, like grant.open") \
	X(EVENT, "event", 0, "NAME", ONE, "event name, like grant.open")       \
	X(GRANT, "grant", 0, "ID", ONE, "a grant")                             \
	X(SID, "sid", 0, "ID", ONE, "a session")                               \
	X(SINCE, "since", 0, "TIME", ONE,                                      \
	    "from this time, or from this long ago")                           \
	X(UNTIL, "until", 0, "TIME", ONE, "up to this time")                   \
	X(STATE, "state", 0, "STATE", ONE, "in this state, like denied")       \
	X(APPROVER, "approver", 0, "NAME", ONE, "whom this user decided on")   \
	X(EXPORT, "export", 0, "FILE", ONE, "into a new file, as csv or -o")   \
	X(REVIEWERS, "reviewers", 0, "GROUP", MANY, "a group that answers")    \
	X(UNUSED, "unused", 0, "DURATION", ONE, "not used for so long, 90d")   \
	X(KEEP, "keep", 0, NULL, BOOL, "it stays")                             \
	X(REMOVE, "remove", 0, NULL, BOOL, "it is to be taken away")           \
	X(APPLY, "apply", 0, NULL, BOOL, "carry out what was answered")        \
	X(REPORT, "report", 0, NULL, BOOL, "change nothing, only end it")      \
	X(LINES, "lines", 0, "N", ONE, "how many records to start with")       \
	X(DIR, "dir", 0, "DIR", ONE, "the folder with the records")            \
	X(VKEY, "vkey", 0, "FILE", ONE, "the log's verifier key")              \
	X(EXPECT, "expect", 0, "FILE", ONE,                                    \
	    "a checkpoint kept elsewhere, or a receiver's copy")               \
	X(RECOVERY_FILE, "recovery-file", 0, "FILE", ONE,                      \
	    "a recovery code, - is stdin")                                     \
	X(NEED, "need", 0, "K", ONE, "so many sheets open it (3)")             \
	X(SHEETS, "sheets", 0, "N", ONE, "so many sheets there are (5)")       \
	X(CODE_FILE, "code-file", 0, "FILE", ONE,                              \
	    "the code, - is stdin (JITCTL_CODE_FILE)")

enum flag {
#define X(id, name, chr, value, kind, help) F_##id,
	FLAG_TABLE(X)
#undef X
	    F_COUNT
};

enum { OPT_ARGS_MAX = LIMIT_ASKED + 2 }; /* with the command's own words */

/* Some of them: those that a command takes. */
struct flag_set {
	bool has[F_COUNT];
};

struct flag_spec {
	const char *name;
	char chr; /* 0 = none */
	const char *value;
	enum flag_kind kind;
	const char *help;
};

struct opts {
	const char *value[F_COUNT][LIMIT_FLAG_VALUES]; /* borrowed from argv */
	unsigned n[F_COUNT];
	const char *arg[OPT_ARGS_MAX]; /* what is not a flag */
	unsigned nargs;
};

const struct flag_spec *flag_spec(enum flag f);
/* By its long name; F_COUNT: there is none. */
enum flag flag_find(const char *name);
struct flag_set flags_either(
    const struct flag_set *a, const struct flag_set *b);
/* Parses argv[0..argc), these flags only (NULL = all); arg[] gets every plain
 * word. false: reterr (size bytes) holds a sentence. */
bool opt_parse(struct opts *ret, int argc, char *const *argv,
    const struct flag_set *allowed, char *reterr, size_t size);
/* None of these is given more than once, whatever other commands take; false:
 * the same. */
bool opt_once(const struct opts *o, const struct flag_set *once, char *reterr,
    size_t size);
bool opt_has(const struct opts *o, enum flag f);
/* The value, or NULL. */
const char *opt_get(const struct opts *o, enum flag f);

#endif
