/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant - one user may reach one target as one login for one stretch of time.
 * A pure value: no I/O, no clock, no globals; callers pass "now".
 */
#ifndef CORE_GRANT_H
#define CORE_GRANT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/limits.h"
#include "core/command.h"
#include "core/element.h"

enum grant_state {
	GRANT_NONE = 0, /* opens nothing */
	GRANT_INTENT,   /* intent durable, kernel not yet told */
	GRANT_ACTIVE,
};

/* The closed list of reasons; the same word to user, log and SIEM. The numbers
 * are in stores: none changes its meaning. */
enum end_reason {
	END_NONE = 0,
	END_EXPIRED = 1,
	END_RELEASED = 2,
	END_REVOKED = 3,
	END_LOCKED = 4,
	END_IDLE = 7,
	END_TARGET_GONE = 8,
	END_AUDIT_FAILED = 9,
	END_ABORTED = 10,
	END_LOGOUT = 12,          /* session only: the user left */
	END_KILLED = 13,          /* session only: sessions kill */
	END_HOSTKEY_CHANGED = 14, /* session only */
	END_TARGET_REFUSED = 15,  /* session only: login at the target failed */
	END_PROTOCOL = 16,        /* session only: a peer broke SSH */
	END_SHUTDOWN = 17,        /* the gateway stops */
	END_CLIENT_GONE = 18,     /* session only: the client is silent */
	END_QUOTA = 19,           /* their records fill the log */
	END_UNUSED = 20,          /* nobody went through */
	END_MOVED = 21,           /* it is another grant now, for elsewhere */
	END_REASON_COUNT
};

enum grant_reach { REACH_NONE = 0, REACH_PROXY, REACH_DIRECT, REACH_PROBE };

/* Channel capabilities a role gives; bits. Zero gives nothing. */
enum grant_caps {
	CAP_SHELL = 1 << 0,
	CAP_EXEC = 1 << 1,
	CAP_SFTP = 1 << 2,
	CAP_PTY = 1 << 3,
	CAP_FORWARD = 1 << 4, /* direct-tcpip; not in the story yet */
	CAP_AGENT = 1 << 5,
	CAP_X11 = 1 << 6,
	CAP_DEFAULT = CAP_SHELL | CAP_EXEC | CAP_SFTP | CAP_PTY,
	/* break-glass: no files, what a recording has can be read by people */
	CAP_GLASS = CAP_SHELL | CAP_EXEC | CAP_PTY,
};

/* What a session records. */
enum grant_record {
	RECORD_NONE = 0,
	RECORD_TERMINALS, /* and shells */
	RECORD_ALL,       /* a command without a terminal as well */
};

struct grant {
	char id[LIMIT_ID_SIZE];
	char req[LIMIT_ID_SIZE];
	char user[LIMIT_NAME_SIZE];
	char target[LIMIT_NAME_SIZE]; /* its removal ends its grants first */
	char login[LIMIT_NAME_SIZE];
	char role[LIMIT_NAME_SIZE]; /* the deciding rule, */
	/* and all that were merged for it: policy_roles_text() */
	char roles[LIMIT_ROLES_SIZE];
	uint8_t role_named; /* 1 = by who asked: it is judged by no other */
	/* Whose these names were: a name may be given again, an id is not. ""
	 * in a grant that is older than ids; and a probe has no role. */
	char user_id[LIMIT_ID_SIZE];
	char owner[LIMIT_NAME_SIZE]; /* whose agent the user is; "" = none */
	char target_id[LIMIT_ID_SIZE];
	char role_id[LIMIT_ID_SIZE];
	char reason[LIMIT_REASON_SIZE];
	struct addr source4, source6; /* family 0 = absent */
	struct addr addr4, addr6;     /* the target's; family 0 = absent */
	uint16_t port;                /* the target's */
	uint16_t own_port;            /* the gateway's SSH port */
	uint8_t reach;                /* enum grant_reach */
	uint32_t caps;
	uint8_t record; /* 1 = sessions are recorded */
	uint8_t glass;  /* 1 = break-glass (core/glass.h): by no role */
	/* command_digest() of what alone it may run; "" = anything */
	char commands[COMMAND_DIGEST_SIZE];
	int64_t start_ms, end_ms; /* UTC */
	int64_t end_boot_ms;      /* boottime, counts on the same boot only */
	char boot_id[CLOCK_BOOT_ID_SIZE];
};

/* Milliseconds left at now: boottime on the boot it was made on, UTC on any
 * other; 0 when over. Never more than end_ms - start_ms. */
int64_t grant_left_ms(
    const struct grant *g, const struct now *now, const char *boot_id);
/* Its UTC times were read while the clock was ahead of utc_ms by this much, if
 * it begins after that: puts them right. What is left of it stays as it is. */
void grant_shift(struct grant *g, int64_t utc_ms, int64_t ahead_ms);
/* It ends ms later: by either clock. What begins it stays. */
void grant_extend(struct grant *g, int64_t ms);
/* Boottime at which the last of its kernel openings ends. */
int64_t grant_shut_boot_ms(const struct grant *g);
/* All fields present and consistent, names valid, at most LIMIT_GRANT_MAX_S. */
bool grant_ok(const struct grant *g);
/* Ids of one name at two times: false if it is another's by now. Without one of
 * them ("") the name alone decides. */
bool grant_same_id(const char *a, const char *b);
/* It is that user's: their own, or an agent's of theirs. */
bool grant_is_of(const struct grant *g, const char *user);
/* True when addr is one of the grant's sources. */
bool grant_has_source(const struct grant *g, const struct addr *addr);

/* Does the open grant g give all of want, another one that would be made for
 * the same user: where to, as whom, from where, what, for the same reason (or
 * none said); not less long than want would, and half of that or more is left
 * (left_ms)? Then want would be the same thing once more. */
bool grant_gives(
    const struct grant *g, const struct grant *want, int64_t left_ms);

/* The kernel openings of a live grant: one ENTRY per source (to end + 5 s, so
 * that the line saying why can be read), and for REACH_DIRECT one PATH per
 * source and target address of one family (to end). REACH_PROBE has none. */
void grant_elements(struct element_list *ret, const struct grant *g,
    const struct now *now, const char *boot_id);
/* The opening of one session: dies with the grant. a is addr4 or addr6. */
void grant_leg(struct element *ret, const struct grant *g,
    const struct addr *gateway, uint16_t sport, const struct addr *a,
    const struct now *now, const char *boot_id);

const char *end_reason_str(enum end_reason r); /* "expired", ...; "none" */
/* Does asking again help whose access ended for that? Not where an admin has to
 * undo something first. */
bool end_may_ask(enum end_reason r);
/* One of the list, and not END_NONE. */
bool end_reason_known(unsigned r);
const char *grant_reach_str(enum grant_reach r);
/* One capability and its word: "shell"; NULL and 0 where there is none. */
const char *grant_cap_word(uint32_t bit);
uint32_t grant_cap(const char *word);
/* "shell,exec,sftp,pty"; ret needs 64 bytes. */
void grant_caps_str(char *ret, size_t size, uint32_t caps);

#endif
