/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy - may this user have this target, as that login, for so long, now? A
 * pure function: facts and roles in, verdict and reasons out. It reads no
 * clock and no store, so the same code decides, explains and is table-tested.
 *
 * The rules, in order:
 *  1. A role concerns a request when the user (by name or group) and the target
 *     (by name, or by all that it says of labels) are both in it; a user or
 *     group that is in it until a moment (core/member.h) is until then.
 *  2. A deny role that concerns it, and whose login, port and source lists (an
 *     empty one means any) hold for it, refuses, in its hours. Deny beats
 *     allow. A login with "{{user}}" in it is that of who asks (core/login.h).
 *  3. So does a lock (core/lock.h) on the user, a group of theirs, the key, the
 *     target, the login, a source, the grant, on a role that would count, or on
 *     everything: it beats allow, whatever else does.
 *  4. Of the allow roles that concern it, those count which also give the
 *     login, the port and the sources, now (core/term.h); of a request that
 *     names a role, that one alone. One is enough to be allowed.
 *  5. Those that count are merged to the strictest, field by field as its row
 *     says (core/rolefield.h): shortest time, youngest code, reason wanted if
 *     one wants it, recorded if one records, only the capabilities all of them
 *     give. If they have none in common it is refused: one has to be named.
 *     Of a role with alternatives one has to hold, of each such role by itself.
 *     A role that lists commands gives exec alone (core/command.h), and nothing
 *     at a target where the session does not pass through the gateway.
 *  6. What they want approved, all of it has to be (core/quorum.h).
 *  7. The deciding role is the one with the shortest time, then first by name.
 *  8. A role that is report only has to do with nothing: it gives, denies and
 *     adds nothing, whoever names it. What it would refuse is core/trial.h.
 *  9. A code is wanted, unless the last one is young enough, or all roles that
 *     count let a security key that verified who asks stand in for it.
 * 10. A role that allows is for machines or for people (core/kind.h), as it
 *     says. A machine is asked for no code, and has to be in its own networks.
 * 10. So is an agent, by the roles for people that it is in; and of what these
 *     give it has what its owner's give as well, and was lent (core/behalf.h).
 * Doubt is POLICY_DENY, which is 0.
 */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "core/kind.h"
#include "core/lock.h"
#include "core/rolefield.h"
#include "core/target.h"

struct behalf;

enum { POLICY_MFA_NONE = -1 };

/* Everything is borrowed. */
struct policy_facts {
	const char *user;
	enum user_kind kind;            /* none: nothing is theirs */
	const struct prefix_list *from; /* no person: they are nowhere else */
	const struct behalf *behalf;    /* an agent's; NULL: nothing is lent */
	const struct name_list *groups;
	const char *target_name;      /* as asked */
	const struct target *target;  /* NULL: there is none of that name */
	const char *login;            /* "" = not said */
	const char *role;             /* it is to be judged under; "" = any */
	const struct name_list *only; /* those that may allow; NULL = any */
	uint16_t port;                /* 0 = not said */
	uint32_t seconds;             /* 0 = not said */
	const char *reason;           /* "" = not said */
	const char *ticket;           /* likewise */
	bool settled;      /* reason and ticket are not asked for, nor judged */
	bool anywhere;     /* nor is it asked from where */
	bool anytime;      /* nor when: hours are as if they were open */
	unsigned hardware; /* enum hardware: of the key that asks */
	unsigned open;     /* grants that the user has open */
	struct addr sources[LIMIT_SOURCES];
	unsigned nsources;
	bool fido;           /* a security key that verified who asks has
			      * signed this very request */
	int64_t mfa_age_s;   /* of the last code; 0 = with this request;
			      * POLICY_MFA_NONE = no code yet */
	uint32_t max_s;      /* the gateway's own maximum */
	uint32_t mfa_max_s;  /* and its oldest code */
	const char *user_id; /* whose approvals do not count */
	const struct approval *approvals; /* that were given */
	size_t napprovals;
	/* What locks go by, beside those above. */
	const struct lock *locks;
	size_t nlocks;
	const char *key_fp; /* that asks, or asked */
	const char *grant;  /* one that is open: its id, */
	const char *under;  /* and the role that it was opened under */
	int64_t utc_ms;
	/* What roles with hours go by. */
	int64_t when_ms;                /* of UTC: when it is asked */
	int64_t since_ms, end_ms;       /* of a grant that is open; of one
					 * that is to last longer its new end
					 * alone; else 0 */
	const struct zone_table *zones; /* NULL: none is known */
	/* One that is report only, as if it held (core/trial.h). */
	const struct policy_role *trial;
};

enum policy_verdict {
	POLICY_DENY = 0,
	POLICY_APPROVAL, /* ALLOW or CODE once it is approved */
	POLICY_CODE,     /* ALLOW once a code is given */
	POLICY_ALLOW,
};

enum { POLICY_TEXT_SIZE = LOCK_TEXT_SIZE };
enum { POLICY_REFUSED_MAX = 6 }; /* internal: the first are listed */

struct policy_refusal {
	const char *field; /* JSON name, static */
	char text[POLICY_TEXT_SIZE];
};

struct policy_result {
	enum policy_verdict verdict;
	char role[LIMIT_NAME_SIZE]; /* the deciding rule, "" = none */
	char role_id[LIMIT_ID_SIZE];
	/* What to give when allowed; what would pass when not. */
	char login[LIMIT_NAME_SIZE];
	uint16_t port;
	uint32_t seconds;
	uint32_t max_s;
	uint32_t mfa_age_s;
	uint32_t mfa_age_extend_s, mfa_age_move_s, mfa_age_approve_s;
	uint32_t caps;
	bool record;
	bool reason;        /* a reason is wanted */
	bool hardware_code; /* a verified security key is as good as a code, */
	bool fido;          /* and stands in for it here */
	unsigned hardware;  /* the key that is wanted, enum hardware */
	bool code;          /* a code is wanted, whether approved or not */
	uint32_t pending_s, use_within_s, unused_after_s;
	uint32_t max_sessions;
	int64_t until_ms; /* hours end there what is given; HOURS_NEVER */
	struct pattern_list reasons, tickets; /* each has to match */
	struct name_list roles;               /* that were merged, */
	struct name_list owner_roles;         /* and of an agent's owner */
	struct command_list commands;         /* all that may run; or any */
	struct quorum_list needs;             /* what has to be approved, */
	struct quorum_state approved;         /* and how far that is */
	bool locked; /* denied by a lock: which, set by whom */
	char lock[LIMIT_ID_SIZE];
	char locked_by[LIMIT_NAME_SIZE];
	bool would_pass; /* denied, but login/port/seconds above would pass */
	unsigned nrefused;
	struct policy_refusal refused[POLICY_REFUSED_MAX];
};

/* The roles that were merged, "ops,prod": what was asked is judged by all of
 * them. "" = by none. Where there are too many names for it the last is "..."
 */
void policy_roles_text(
    char ret[static LIMIT_ROLES_SIZE], const struct policy_result *v);
/* Is that role one of such a text? */
bool policy_roles_have(const char *roles, const char *role);
/* It is no role that is tried out only, or the one that f is to try. */
bool policy_holds(const struct policy_role *r, const struct policy_facts *f);
/* It gives something to somebody, somewhere. */
bool policy_gives(const struct policy_role *r);
/* True when role and (user, groups, target) have to do with each other then. */
bool policy_concerns(const struct policy_role *role, const char *user,
    const struct name_list *groups, const struct target *t, int64_t at_ms);
/* The user is one of the role's then, for whatever target. */
bool policy_is_for(const struct policy_role *role, const char *user,
    const struct name_list *groups, int64_t at_ms);
/* Until when they are, by name or by the group that is in it for longest:
 * MEMBER_ALWAYS; 0: they are not. */
int64_t policy_for_until_ms(const struct policy_role *role, const char *user,
    const struct name_list *groups);
/* It is a role for that kind of user: one that denies is for all. */
bool policy_is_for_kind(const struct policy_role *role, enum user_kind kind);
/* The target is one of the role's, for whomever. */
bool policy_reaches(const struct policy_role *role, const struct target *t);
/* Fills all of *ret. */
void policy_decide(struct policy_result *ret, const struct policy_facts *f,
    const struct policy_role *roles, size_t nroles);
/* The same by the user's own roles alone, whoever they ask for. */
void policy_judge(struct policy_result *ret, const struct policy_facts *f,
    const struct policy_role *roles, size_t nroles);
/* All but who vouches for it is in order: fills approved, code and verdict. */
void policy_prove(struct policy_result *ret, const struct policy_facts *f);
void policy_refuse(struct policy_result *p, const char *field, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));
/* A grant of these capabilities, recorded or not, and of the commands of that
 * digest, is no more than v gives. Its login, port, sources and time are facts:
 * v would refuse them. Of other commands it is not known which they were. */
bool policy_within(const struct policy_result *v, uint32_t caps, bool record,
    const char *commands);
/* Name, a positive maximum, and for allow roles: somebody, something, a login,
 * a port, a capability; one for machines is short, and has logins as they are
 * or commands. A role that denies denies all of it: it lists no
 * commands. The zones of either may be unknown. */
bool policy_role_ok(const struct policy_role *r);
bool policy_role_equal(
    const struct policy_role *a, const struct policy_role *b);

#endif
