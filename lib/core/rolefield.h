/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rolefield - what a role is made of: one row per field. The struct itself, the
 * decision's merging, the API's JSON, the store, policy files, jitctl's flags
 * and table, contrib/openapi.json and the manual pages follow from the row: a
 * new field of a kind there is changes nothing else (scripts/rolefields writes
 * the last two). Pure.
 */
#ifndef CORE_ROLEFIELD_H
#define CORE_ROLEFIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/limits.h"
#include "core/alternative.h"
#include "core/command.h"
#include "core/grant.h"
#include "core/hardware.h"
#include "core/hours.h"
#include "core/login.h"
#include "core/member.h"
#include "core/pattern.h"
#include "core/quorum.h"
#include "core/selector.h"
#include "core/target.h"

/* What a field holds; the text of one value is how the store keeps it. */
enum rolefield_kind {
	ROLE_NAME = 1,  /* char[]: the role's own name */
	ROLE_NAMES,     /* struct name_list */
	ROLE_LABELS,    /* struct label_list; a value is key and value */
	ROLE_PORTS,     /* struct port_list */
	ROLE_PREFIXES,  /* struct prefix_list */
	ROLE_SECONDS,   /* uint32_t */
	ROLE_COUNT,     /* uint32_t */
	ROLE_CAPS,      /* uint32_t, bits of CAP_DEFAULT; a value is a word */
	ROLE_WANTED,    /* bool: "required", "optional" */
	ROLE_BOOL,      /* bool: "true", "false" */
	ROLE_TEXT,      /* char[max + 1]: one line of UTF-8 */
	ROLE_PATTERN,   /* struct pattern_list of one, none where it is "" */
	ROLE_QUORUMS,   /* struct quorum_list; a value is "1 of sre or leads" */
	ROLE_COMMANDS,  /* struct command_list; a value is a template */
	ROLE_HOURS,     /* struct hours_list */
	ROLE_SELECTORS, /* struct selector_list; a value is "env!=prod" */
	ROLE_HARDWARE,  /* uint32_t, enum hardware; a value is its word */
	ROLE_LOGINS,    /* struct name_list; a value is as login.h has it */
	ROLE_MEMBERS,   /* struct member_list; a value is name and end */
	ROLE_ALTERNATIVES, /* struct alternative_list; as its text */
};

/* What becomes of it where several roles allow the same. */
enum rolefield_merge {
	ROLE_SELECTS = 1, /* it says which roles these are */
	ROLE_SHORTEST,    /* the smallest number */
	ROLE_LARGEST,     /* the largest number */
	ROLE_COMMON,      /* the bits that all have */
	ROLE_ANY,         /* true if one says so */
	ROLE_EVERY,       /* true if each says so */
	ROLE_EACH,        /* all that each of them wants */
	ROLE_SHOWN,       /* nothing: it decides nothing */
};

enum rolefield_bits {
	ROLE_REQUIRED = 1 << 0, /* a policy file must have it */
	ROLE_WIDE = 1 << 1,     /* jitctl shows it with -o wide only */
	ROLE_LATER = 1 << 2,    /* stores may have roles from before it */
};

/*
 * X(member, "name", kind, merge, min, max, absent, bits, flag's, "flag",
 *     "the flag's words", "the manual's words")
 * min, max: of a number; max is also the most entries of a list, the most bytes
 * of a text. absent: the number, bool or bits of a role that does not say; the
 * one port of a role that allows. flag's: OWN is a flag of jitctl role set
 * alone, SHARED one that other commands have too, NONE no flag. A flag of a
 * bool turns it to what it is not when absent.
 */
#define ROLE_FIELDS(X)                                                         \
	X(name, "role", NAME, SELECTS, 1, LIMIT_NAME_MAX, 0, ROLE_REQUIRED,    \
	    NONE, "", "", "The name.")                                         \
	X(users, "users", MEMBERS, SELECTS, 0, LIMIT_LIST, 0, 0, SHARED,       \
	    "user", "",                                                        \
	    "Users whom it is for; one that is \"{name: NAME, until: TIME}\" " \
	    "is until then.")                                                  \
	X(groups, "groups", MEMBERS, SELECTS, 0, LIMIT_LIST, 0, 0, SHARED,     \
	    "group", "",                                                       \
	    "Groups whose users it is for; each may have an end as well.")     \
	X(targets, "targets", NAMES, SELECTS, 0, LIMIT_LIST, 0, 0, SHARED,     \
	    "target", "", "Targets, by name.")                                 \
	X(labels, "labels", LABELS, SELECTS, 0, LIMIT_LABELS, 0, 0, SHARED,    \
	    "label", "", "Targets that bear all of these labels.")             \
	X(select, "select", SELECTORS, SELECTS, 0, LIMIT_SELECTORS, 0,         \
	    ROLE_WIDE, OWN, "select", "what holds for its targets' labels",    \
	    "Targets for whose labels all of this holds: \"env=prod\", "       \
	    "\"env!=prod\", \"env in (prod, test)\", \"env notin (prod, "      \
	    "test)\", \"env\" (there is one), \"!env\" (there is none).")      \
	X(logins, "logins", LOGINS, SELECTS, 0, LIMIT_LIST, 0, ROLE_REQUIRED,  \
	    SHARED, "login", "",                                               \
	    "Which logins; \"{{user}}\" in one stands for the name of who "    \
	    "asks.")                                                           \
	X(ports, "ports", PORTS, SELECTS, 0, LIMIT_LIST, 22, ROLE_WIDE,        \
	    SHARED, "port", "", "Which ports.")                                \
	X(max_s, "max", SECONDS, SHORTEST, LIMIT_GRANT_MIN_S,                  \
	    LIMIT_GRANT_MAX_S, LIMIT_GRANT_DEFAULT_S, 0, OWN, "max",           \
	    "the longest grant", "The longest grant.")                         \
	X(sources, "sources", PREFIXES, SELECTS, 0, LIMIT_LIST, 0, ROLE_WIDE,  \
	    OWN, "source", "allowed source addresses",                         \
	    "Prefixes from which a request may come, without host bits.")      \
	X(hours, "hours", HOURS, SELECTS, 0, LIMIT_HOURS, 0, ROLE_WIDE, OWN,   \
	    "hours", "when it counts, as mon-fri 08:00-18:00 UTC",             \
	    "When it counts: \"mon-fri 08:00-18:00 Europe/Berlin\", "          \
	    "\"sat,sun 22:00-06:00 UTC\". Always where nothing is said.")      \
	X(mfa_age_s, "mfa_age", SECONDS, SHORTEST, 0, LIMIT_GRANT_MAX_S,       \
	    LIMIT_MFA_AGE_S, ROLE_WIDE, OWN, "mfa-age",                        \
	    "for how long one code counts",                                    \
	    "How long one code serves further requests from the same key and " \
	    "address.")                                                        \
	X(mfa_age_extend_s, "mfa_age_extend", SECONDS, SHORTEST, 0,            \
	    LIMIT_GRANT_MAX_S, 0, ROLE_WIDE | ROLE_LATER, OWN,                 \
	    "mfa-age-extend", "how old a code may be to extend",               \
	    "How old the last code may be when a grant is extended; 0s, a "    \
	    "new one each time, where nothing is said.")                       \
	X(mfa_age_move_s, "mfa_age_move", SECONDS, SHORTEST, 0,                \
	    LIMIT_GRANT_MAX_S, 0, ROLE_WIDE | ROLE_LATER, OWN, "mfa-age-move", \
	    "how old a code from the new address may be",                      \
	    "How old the last code from the new address may be when a grant "  \
	    "is moved there; 0s, a new one each time, where nothing is said.") \
	X(mfa_age_approve_s, "mfa_age_approve", SECONDS, SHORTEST, 0,          \
	    LIMIT_GRANT_MAX_S, LIMIT_MFA_AGE_MAX_S, ROLE_WIDE | ROLE_LATER,    \
	    OWN, "mfa-age-approve", "how old an approver's code may be",       \
	    "How old the last code of who approves a request may be; 0s is a " \
	    "new one for each; what the gateway's configuration says where "   \
	    "nothing is said.")                                                \
	X(hardware_code, "hardware_code", BOOL, EVERY, 0, 1, 0,                \
	    ROLE_WIDE | ROLE_LATER, OWN, "hardware-code",                      \
	    "a verified security key needs no code",                           \
	    "Whether a signature by a security key that asked for its PIN or " \
	    "a fingerprint (\"verified\") stands in for a code; of several "   \
	    "roles that count, each has to say so.")                           \
	X(reason, "reason", WANTED, ANY, 0, 1, 1, ROLE_WIDE, OWN,              \
	    "reason-optional", "no reason needed",                             \
	    "Whether a request must say why.")                                 \
	X(unused_after_s, "unused_after", SECONDS, SHORTEST,                   \
	    LIMIT_GRANT_MIN_S, LIMIT_GRANT_MAX_S, LIMIT_UNUSED_S,              \
	    ROLE_WIDE | ROLE_LATER, OWN, "unused-after",                       \
	    "when a door that nobody used closes",                             \
	    "A grant through which no session came for so long after it was "  \
	    "opened ends; not one of a target that is reached directly, of "   \
	    "whose sessions nothing is known.")                                \
	X(max_grants, "max_grants", COUNT, SHORTEST, 1, LIMIT_GRANTS_PER_USER, \
	    LIMIT_GRANTS_PER_USER, ROLE_WIDE | ROLE_LATER, OWN, "max-grants",  \
	    "how many grants a user may have open",                            \
	    "How many grants, by whichever role, a user may have open when "   \
	    "they ask for one more by this one; with that one.")               \
	X(max_sessions, "max_sessions", COUNT, SHORTEST, 1,                    \
	    LIMIT_SESSIONS_PER_GRANT, LIMIT_SESSIONS_PER_GRANT,                \
	    ROLE_WIDE | ROLE_LATER, OWN, "max-sessions",                       \
	    "how many sessions a grant carries at once",                       \
	    "How many sessions one grant carries at once.")                    \
	X(any_of, "or", ALTERNATIVES, SELECTS, 0, LIMIT_ALTERNATIVES, 0,       \
	    ROLE_WIDE | ROLE_LATER, OWN, "or",                                 \
	    "one has to hold: hours=, group=, select=, reason=",               \
	    "Alternatives, one of which has to hold: each has any of "         \
	    "\"hours=WINDOW\", \"group=NAME\", \"select=RULE\" and "           \
	    "\"reason=PATTERN\", with \"; \" between.")                        \
	X(reason_pattern, "reason_pattern", PATTERN, EACH, 0,                  \
	    LIMIT_PATTERN_MAX, 0, ROLE_WIDE | ROLE_LATER, OWN,                 \
	    "reason-pattern", "what a reason must look like",                  \
	    "What a reason must look like, as a POSIX extended regular "       \
	    "expression that matches all of it.")                              \
	X(ticket_pattern, "ticket_pattern", PATTERN, EACH, 0,                  \
	    LIMIT_PATTERN_MAX, 0, ROLE_WIDE | ROLE_LATER, OWN,                 \
	    "ticket-pattern", "a ticket is needed, and looks like this",       \
	    "A request needs a ticket, which must look like this, as "         \
	    "INC-[0-9]+ does.")                                                \
	X(hardware, "hardware_key", HARDWARE, LARGEST, 0, HARDWARE_VERIFIED,   \
	    0, ROLE_WIDE | ROLE_LATER, OWN, "hardware-key",                    \
	    "security key: presence or verified",                              \
	    "Whether requests and SSH logins must be signed by a key of a "    \
	    "type that security keys have (sk-*): touched, \"presence\", or "  \
	    "also with its PIN or a fingerprint, \"verified\"; \"none\" "      \
	    "where nothing is said.")                                          \
	X(caps, "allow", CAPS, COMMON, 0, 0, CAP_DEFAULT, 0, OWN, "allow",     \
	    "what a session may do: shell, exec, sftp or pty",                 \
	    "What a session may do.")                                          \
	X(commands, "commands", COMMANDS, EACH, 0, LIMIT_COMMANDS_ROLE, 0,     \
	    ROLE_WIDE, OWN, "command",                                         \
	    "a command that a session may run, no others",                     \
	    "Templates: a session may run what matches one of them, and "      \
	    "nothing else, whatever is allowed beside: no shell, no "          \
	    "terminal, "                                                       \
	    "no files.")                                                       \
	X(record, "record", BOOL, ANY, 0, 1, 1, ROLE_WIDE, OWN, "no-record",   \
	    "do not record",                                                   \
	    "Whether terminals and shells are recorded; a command without a "  \
	    "terminal is not.")                                                \
	X(deny, "deny", BOOL, SELECTS, 0, 1, 0, 0, OWN, "deny",                \
	    "the role forbids instead of allowing",                            \
	    "The role forbids instead of allowing.")                           \
	X(report_only, "report_only", BOOL, SELECTS, 0, 1, 0,                  \
	    ROLE_WIDE | ROLE_LATER, OWN, "report-only",                        \
	    "try it out: what it would refuse is recorded",                    \
	    "The role is tried out: it gives and refuses nothing, and what "   \
	    "it would refuse is recorded.")                                    \
	X(machine, "machine", BOOL, SELECTS, 0, 1, 0, ROLE_WIDE | ROLE_LATER,  \
	    OWN, "machine", "for machines, and for no person",                 \
	    "The role is for machines, and for no person: of an hour at "      \
	    "most, with logins as they are or certain commands.")              \
	X(approvals, "approvals", QUORUMS, EACH, 0, LIMIT_QUORUM_LEVELS, 0,    \
	    ROLE_WIDE, OWN, "approvals", "who must approve, as 1 of GROUP",    \
	    "Who must approve a request, one level after the other: "          \
	    "\"1 of sre\", \"2 of security or leads\". Nobody approves "       \
	    "their own.")                                                      \
	X(pending_s, "pending", SECONDS, SHORTEST, LIMIT_PENDING_MIN_S,        \
	    LIMIT_PENDING_MAX_S, LIMIT_PENDING_S, ROLE_WIDE | ROLE_LATER, OWN, \
	    "pending", "for how long a request waits for approval",            \
	    "How long a request waits for approval before it lapses.")         \
	X(use_within_s, "use_within", SECONDS, SHORTEST, LIMIT_PENDING_MIN_S,  \
	    LIMIT_PENDING_MAX_S, LIMIT_USE_WITHIN_S, ROLE_WIDE | ROLE_LATER,   \
	    OWN, "use-within", "for how long an approval can be used",         \
	    "How long an approved request may wait until its user activates "  \
	    "it.")                                                             \
	X(note, "note", TEXT, SHOWN, 0, LIMIT_REASON_MAX, 0, ROLE_LATER, OWN,  \
	    "note", "a line for people, shown in lists",                       \
	    "A line for people, shown in lists: what the role is for, whom "   \
	    "to ask.")

#define ROLE_MEMBER_NAME(m, max) char m[(max) + 1];
#define ROLE_MEMBER_NAMES(m, max) struct name_list m;
#define ROLE_MEMBER_HARDWARE(m, max) uint32_t m;
#define ROLE_MEMBER_LOGINS(m, max) struct name_list m;
#define ROLE_MEMBER_MEMBERS(m, max) struct member_list m;
#define ROLE_MEMBER_ALTERNATIVES(m, max) struct alternative_list m;
#define ROLE_MEMBER_LABELS(m, max) struct label_list m;
#define ROLE_MEMBER_PORTS(m, max) struct port_list m;
#define ROLE_MEMBER_PREFIXES(m, max) struct prefix_list m;
#define ROLE_MEMBER_SECONDS(m, max) uint32_t m;
#define ROLE_MEMBER_COUNT(m, max) uint32_t m;
#define ROLE_MEMBER_CAPS(m, max) uint32_t m;
#define ROLE_MEMBER_WANTED(m, max) bool m;
#define ROLE_MEMBER_BOOL(m, max) bool m;
#define ROLE_MEMBER_TEXT(m, max) char m[(max) + 1];
#define ROLE_MEMBER_PATTERN(m, max) struct pattern_list m;
#define ROLE_MEMBER_QUORUMS(m, max) struct quorum_list m;
#define ROLE_MEMBER_COMMANDS(m, max) struct command_list m;
#define ROLE_MEMBER_HOURS(m, max) struct hours_list m;
#define ROLE_MEMBER_SELECTORS(m, max) struct selector_list m;

struct policy_role {
	char id[LIMIT_ID_SIZE]; /* its own, also after its name is another's */
#define X(member, name, kind, merge, min, max, ...)                            \
	ROLE_MEMBER_##kind(member, max)
	ROLE_FIELDS(X)
#undef X
};

enum {
#define X(member, ...) ROLE_FIELD_##member,
	ROLE_FIELDS(X)
#undef X
	    ROLE_FIELD_COUNT
};

struct rolefield {
	const char *name; /* in JSON, YAML and the store */
	enum rolefield_kind kind;
	enum rolefield_merge merge;
	size_t offset; /* in struct policy_role */
	int64_t min, max, absent;
	unsigned bits;          /* enum rolefield_bits */
	const char *flag;       /* of jitctl role set; "" = none */
	const char *flag_words; /* of its own flag */
	const char *words;      /* a sentence */
};

struct rolefield_value {
	char text[LIMIT_TEXT_SIZE];
	char more[LIMIT_NAME_SIZE]; /* a label's value, a member's end; "" */
};

/* All of them: ROLE_FIELD_COUNT. */
const struct rolefield *rolefields(void);
/* NULL: there is no field of that name. */
const struct rolefield *rolefield_find(const char *name);
/* True for a field of several values, each added by itself. */
bool rolefield_is_list(const struct rolefield *f);
/* How many values r has there: 1 where it is no list. */
unsigned rolefield_count(
    const struct rolefield *f, const struct policy_role *r);
/* Number i of them, below rolefield_count(). */
void rolefield_get(struct rolefield_value *ret, const struct rolefield *f,
    const struct policy_role *r, unsigned i);
/* Adds one to a list, sets what is no list. more counts with labels and members
 * only. GW_EINVAL: no such value; GW_EEXIST: it is there; GW_ELIMIT: one too
 * many. */
MUST_CHECK int rolefield_add(const struct rolefield *f, struct policy_role *r,
    const char *text, const char *more);
/* What is the case where nothing is said; r->deny must be set before. */
void rolefield_absent(const struct rolefield *f, struct policy_role *r);
bool rolefield_equal(const struct rolefield *f, const struct policy_role *a,
    const struct policy_role *b);
/* After "<name>: ", of a value that was refused. */
const char *rolefield_expects(const struct rolefield *f);

/* The member itself, for what goes by kinds. */
void *rolefield_member(const struct rolefield *f, struct policy_role *r);
const void *rolefield_of(
    const struct rolefield *f, const struct policy_role *r);

#endif
