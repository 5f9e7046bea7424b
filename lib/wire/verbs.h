/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verbs - the API's routes as one table: the router, the broker's dispatch,
 * the client and the OpenAPI test all read it. What a verb needs and may is in
 * its row: no code decides by a verb's id.
 *
 * SIGNED verbs take {"payload": base64, "signature": SSHSIG armor, "code",
 * "salt"} (doc/PROTOCOL.request); on the admin socket the payload's "body"
 * itself. TOKEN verbs take "Authorization: Bearer" or, on the admin socket,
 * nothing; those that are posted a body beside it. OPEN verbs take nothing.
 */
#ifndef WIRE_VERBS_H
#define WIRE_VERBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How it is proved who asks. */
enum verb_auth { AUTH_NOBODY = 0, AUTH_OPEN, AUTH_TOKEN, AUTH_SIGNED };
/* Who may. Each but the first four is an active user. */
enum verb_who {
	WHO_NOBODY = 0,
	WHO_ANYONE,   /* without any proof */
	WHO_STRANGER, /* a key nobody has; a user, unless disabled */
	WHO_INVITED,  /* a user, be it that the enrolment is not finished */
	WHO_USER,
	WHO_PERSON, /* a user who is no machine */
	/* who has a right of these, or is an admin; the first two read */
	WHO_STAFF, /* any right */
	WHO_AUDITOR,
	WHO_POLICY,
	WHO_RESPONDER,
	WHO_SHUTS, /* responders and user admins */
	WHO_USER_ADMIN,
	WHO_APPLIES, /* policy and user admins: each what is theirs of it */
	WHO_ADMIN,
};
/* May root, on the admin socket? Never what needs a user's key or address. */
enum verb_root { ROOT_NEVER = 0, ROOT_MAY };
/* Is a TOTP code wanted, and who asks for it? */
enum verb_code {
	CODE_UNSAID = 0, /* nobody gets through */
	CODE_NONE,
	CODE_BEFORE, /* before the verb, unless one was given within the age */
	CODE_INSIDE, /* by the verb: what it decides says which age is enough */
	CODE_ALWAYS, /* by the verb, each time */
};
/* What the evidence holds of a signed payload. */
enum verb_payload {
	PAYLOAD_NONE = 0, /* nothing is signed */
	PAYLOAD_WHOLE,    /* all of it; one that fits no record is refused */
	PAYLOAD_PARTS,    /* all of it; a large one in records of its own */
	PAYLOAD_SECRET,   /* nothing: it holds a secret */
};
/* What a repeat (same user, same idempotency key) gets. */
enum verb_answer {
	ANSWER_ONCE = 0, /* a new one: it changes nothing or holds a secret */
	ANSWER_KEPT,     /* the first one */
};
/* Who serves it, and when. */
enum verb_served {
	SERVED_NEVER = 0,
	SERVED_BY_API,  /* that process alone */
	SERVED_AT_ONCE, /* the broker, as it is */
	SERVED_TOLD,    /* the broker, once the log has told it what is open */
	SERVED_IN_STEP, /* that, and the firewall in step: it opens */
};
/* Is it there to take access away, anybody's or who asks for it their own? If
 * it has to wait, whoever asks is told soon that nothing has ended yet. Is it
 * there to give it? */
enum verb_ends { ENDS_NOTHING = 0, ENDS_ACCESS, ENDS_OWN, GIVES_ACCESS };
/* Which locks that cover who asks refuse it: zero is all of them. */
enum verb_lock {
	LOCKS_ALL = 0,
	LOCKS_CALLER, /* on their name, group, key or address */
	LOCKS_NAME,   /* that, but the address: somebody has to undo it */
	LOCKS_NONE,
};

/* X(enum, "name", method, path, auth, who, root, code, payload, answer,
 *   served, ends) */
#define VERB_TABLE(X)                                                          \
	X(SERVER, "server", "GET", "/v1/server", AUTH_OPEN, WHO_ANYONE,        \
	    ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE, SERVED_TOLD,       \
	    ENDS_NOTHING)                                                      \
	X(HEALTHZ, "healthz", "GET", "/v1/healthz", AUTH_OPEN, WHO_ANYONE,     \
	    ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE, SERVED_BY_API,     \
	    ENDS_NOTHING)                                                      \
	X(READYZ, "readyz", "GET", "/v1/readyz", AUTH_OPEN, WHO_ANYONE,        \
	    ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE, SERVED_AT_ONCE,    \
	    ENDS_NOTHING)                                                      \
	X(CHALLENGE, "challenge", "POST", "/v1/challenge", AUTH_OPEN,          \
	    WHO_ANYONE, ROOT_NEVER, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE,      \
	    SERVED_AT_ONCE, ENDS_NOTHING)                                      \
	X(ENROLL, "enroll.begin", "POST", "/v1/enroll", AUTH_SIGNED,           \
	    WHO_STRANGER, ROOT_NEVER, CODE_NONE, PAYLOAD_SECRET, ANSWER_ONCE,  \
	    SERVED_TOLD, ENDS_NOTHING)                                         \
	X(ENROLL_CONFIRM, "enroll.confirm", "POST", "/v1/enroll/confirm",      \
	    AUTH_SIGNED, WHO_INVITED, ROOT_NEVER, CODE_ALWAYS, PAYLOAD_WHOLE,  \
	    ANSWER_ONCE, SERVED_TOLD, ENDS_NOTHING)                            \
	X(TOKEN, "token.create", "POST", "/v1/token", AUTH_SIGNED, WHO_USER,   \
	    ROOT_NEVER, CODE_NONE, PAYLOAD_WHOLE, ANSWER_ONCE, SERVED_TOLD,    \
	    ENDS_NOTHING)                                                      \
	X(WHOAMI, "whoami", "GET", "/v1/whoami", AUTH_TOKEN, WHO_USER,         \
	    ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE, SERVED_TOLD,       \
	    ENDS_NOTHING)                                                      \
	X(REQUEST, "request.create", "POST", "/v1/requests", AUTH_SIGNED,      \
	    WHO_USER, ROOT_NEVER, CODE_INSIDE, PAYLOAD_WHOLE, ANSWER_KEPT,     \
	    SERVED_IN_STEP, GIVES_ACCESS)                                      \
	X(REQUESTS, "request.list", "GET", "/v1/requests", AUTH_TOKEN,         \
	    WHO_USER, ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE,          \
	    SERVED_TOLD, ENDS_NOTHING)                                         \
	X(REQUEST_SHOW, "request.show", "GET", "/v1/requests/{id}",            \
	    AUTH_TOKEN, WHO_USER, ROOT_MAY, CODE_NONE, PAYLOAD_NONE,           \
	    ANSWER_ONCE, SERVED_TOLD, ENDS_NOTHING)                            \
	X(REQUEST_APPROVE, "request.approve", "POST", "/v1/requests/approve",  \
	    AUTH_SIGNED, WHO_PERSON, ROOT_NEVER, CODE_INSIDE, PAYLOAD_WHOLE,   \
	    ANSWER_KEPT, SERVED_TOLD, GIVES_ACCESS)                            \
	X(REQUEST_DENY, "request.deny", "POST", "/v1/requests/deny",           \
	    AUTH_SIGNED, WHO_PERSON, ROOT_MAY, CODE_NONE, PAYLOAD_WHOLE,       \
	    ANSWER_KEPT, SERVED_TOLD, ENDS_ACCESS)                             \
	X(REQUEST_CANCEL, "request.cancel", "POST", "/v1/requests/cancel",     \
	    AUTH_SIGNED, WHO_USER, ROOT_NEVER, CODE_NONE, PAYLOAD_WHOLE,       \
	    ANSWER_KEPT, SERVED_TOLD, ENDS_OWN)                                \
	X(REQUEST_ACTIVATE, "request.activate", "POST",                        \
	    "/v1/requests/activate", AUTH_SIGNED, WHO_USER, ROOT_NEVER,        \
	    CODE_INSIDE, PAYLOAD_WHOLE, ANSWER_KEPT, SERVED_IN_STEP,           \
	    GIVES_ACCESS)                                                      \
	X(EXPLAIN, "policy.explain", "GET", "/v1/explain", AUTH_TOKEN,         \
	    WHO_USER, ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE,          \
	    SERVED_TOLD, ENDS_NOTHING)                                         \
	X(ACCESS, "policy.access", "GET", "/v1/access", AUTH_TOKEN, WHO_STAFF, \
	    ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE, SERVED_TOLD,       \
	    ENDS_NOTHING)                                                      \
	X(GRANTS, "grant.list", "GET", "/v1/grants", AUTH_TOKEN, WHO_USER,     \
	    ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE, SERVED_TOLD,       \
	    ENDS_NOTHING)                                                      \
	X(RELEASE, "grant.release", "POST", "/v1/grants/release", AUTH_SIGNED, \
	    WHO_USER, ROOT_MAY, CODE_NONE, PAYLOAD_WHOLE, ANSWER_KEPT,         \
	    SERVED_TOLD, ENDS_OWN)                                             \
	X(REVOKE, "grant.revoke", "POST", "/v1/grants/revoke", AUTH_SIGNED,    \
	    WHO_RESPONDER, ROOT_MAY, CODE_NONE, PAYLOAD_WHOLE, ANSWER_KEPT,    \
	    SERVED_TOLD, ENDS_ACCESS)                                          \
	X(SESSIONS, "session.list", "GET", "/v1/sessions", AUTH_TOKEN,         \
	    WHO_USER, ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE,          \
	    SERVED_TOLD, ENDS_NOTHING)                                         \
	X(SESSION_KILL, "session.kill", "POST", "/v1/sessions/kill",           \
	    AUTH_SIGNED, WHO_RESPONDER, ROOT_MAY, CODE_NONE, PAYLOAD_WHOLE,    \
	    ANSWER_KEPT, SERVED_TOLD, ENDS_ACCESS)                             \
	X(RECORDING, "recording.get", "GET", "/v1/recordings/{id}",            \
	    AUTH_TOKEN, WHO_AUDITOR, ROOT_MAY, CODE_NONE, PAYLOAD_NONE,        \
	    ANSWER_ONCE, SERVED_TOLD, ENDS_NOTHING)                            \
	X(TARGETS, "target.list", "GET", "/v1/targets", AUTH_TOKEN, WHO_USER,  \
	    ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE, SERVED_TOLD,       \
	    ENDS_NOTHING)                                                      \
	X(TARGET_SCAN, "target.scan", "POST", "/v1/targets/scan", AUTH_SIGNED, \
	    WHO_POLICY, ROOT_MAY, CODE_NONE, PAYLOAD_WHOLE, ANSWER_ONCE,       \
	    SERVED_IN_STEP, ENDS_NOTHING)                                      \
	X(TARGET_ADD, "target.add", "POST", "/v1/targets", AUTH_SIGNED,        \
	    WHO_POLICY, ROOT_MAY, CODE_BEFORE, PAYLOAD_WHOLE, ANSWER_KEPT,     \
	    SERVED_TOLD, ENDS_NOTHING)                                         \
	X(TARGET_SET, "target.set", "POST", "/v1/targets/set", AUTH_SIGNED,    \
	    WHO_POLICY, ROOT_MAY, CODE_BEFORE, PAYLOAD_WHOLE, ANSWER_KEPT,     \
	    SERVED_TOLD, ENDS_NOTHING)                                         \
	X(TARGET_REMOVE, "target.remove", "POST", "/v1/targets/remove",        \
	    AUTH_SIGNED, WHO_POLICY, ROOT_MAY, CODE_BEFORE, PAYLOAD_WHOLE,     \
	    ANSWER_KEPT, SERVED_TOLD, ENDS_ACCESS)                             \
	X(USERS, "user.list", "GET", "/v1/users", AUTH_TOKEN, WHO_STAFF,       \
	    ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE, SERVED_TOLD,       \
	    ENDS_NOTHING)                                                      \
	X(USER_ADD, "user.add", "POST", "/v1/users", AUTH_SIGNED,              \
	    WHO_USER_ADMIN, ROOT_MAY, CODE_BEFORE, PAYLOAD_WHOLE, ANSWER_ONCE, \
	    SERVED_TOLD, ENDS_NOTHING)                                         \
	X(USER_SET, "user.set", "POST", "/v1/users/set", AUTH_SIGNED,          \
	    WHO_USER_ADMIN, ROOT_MAY, CODE_BEFORE, PAYLOAD_WHOLE, ANSWER_ONCE, \
	    SERVED_TOLD, ENDS_NOTHING)                                         \
	X(USER_LOCK, "user.lock", "POST", "/v1/users/lock", AUTH_SIGNED,       \
	    WHO_SHUTS, ROOT_MAY, CODE_BEFORE, PAYLOAD_WHOLE, ANSWER_KEPT,      \
	    SERVED_TOLD, ENDS_ACCESS)                                          \
	X(USER_UNLOCK, "user.unlock", "POST", "/v1/users/unlock", AUTH_SIGNED, \
	    WHO_USER_ADMIN, ROOT_MAY, CODE_BEFORE, PAYLOAD_WHOLE, ANSWER_ONCE, \
	    SERVED_TOLD, ENDS_NOTHING)                                         \
	X(USER_REMOVE, "user.remove", "POST", "/v1/users/remove", AUTH_SIGNED, \
	    WHO_USER_ADMIN, ROOT_MAY, CODE_BEFORE, PAYLOAD_WHOLE, ANSWER_KEPT, \
	    SERVED_TOLD, ENDS_ACCESS)                                          \
	X(ROLES, "role.list", "GET", "/v1/roles", AUTH_TOKEN, WHO_USER,        \
	    ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE, SERVED_TOLD,       \
	    ENDS_NOTHING)                                                      \
	X(ROLE_ADD, "role.add", "POST", "/v1/roles/add", AUTH_SIGNED,          \
	    WHO_POLICY, ROOT_MAY, CODE_BEFORE, PAYLOAD_WHOLE, ANSWER_KEPT,     \
	    SERVED_TOLD, ENDS_NOTHING)                                         \
	X(ROLE_SET, "role.set", "POST", "/v1/roles", AUTH_SIGNED, WHO_POLICY,  \
	    ROOT_MAY, CODE_BEFORE, PAYLOAD_WHOLE, ANSWER_KEPT, SERVED_TOLD,    \
	    ENDS_NOTHING)                                                      \
	X(ROLE_REMOVE, "role.remove", "POST", "/v1/roles/remove", AUTH_SIGNED, \
	    WHO_POLICY, ROOT_MAY, CODE_BEFORE, PAYLOAD_WHOLE, ANSWER_KEPT,     \
	    SERVED_TOLD, ENDS_ACCESS)                                          \
	X(APPLY, "policy.apply", "POST", "/v1/policy", AUTH_SIGNED,            \
	    WHO_APPLIES, ROOT_MAY, CODE_BEFORE, PAYLOAD_PARTS, ANSWER_ONCE,    \
	    SERVED_TOLD, ENDS_NOTHING)                                         \
	X(DOCTOR, "target.doctor", "POST", "/v1/targets/doctor", AUTH_SIGNED,  \
	    WHO_POLICY, ROOT_MAY, CODE_NONE, PAYLOAD_WHOLE, ANSWER_ONCE,       \
	    SERVED_IN_STEP, ENDS_NOTHING)                                      \
	X(CLOCK_ACCEPT, "clock.accept", "POST", "/v1/clock/accept",            \
	    AUTH_SIGNED, WHO_ADMIN, ROOT_MAY, CODE_BEFORE, PAYLOAD_WHOLE,      \
	    ANSWER_KEPT, SERVED_TOLD, ENDS_NOTHING)                            \
	X(AUDIT, "audit.read", "GET", "/v1/audit", AUTH_TOKEN, WHO_AUDITOR,    \
	    ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE, SERVED_TOLD,       \
	    ENDS_NOTHING)                                                      \
	X(LOCKS, "lock.list", "GET", "/v1/locks", AUTH_TOKEN, WHO_USER,        \
	    ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE, SERVED_TOLD,       \
	    ENDS_NOTHING)                                                      \
	X(LOCK_ADD, "lock.add", "POST", "/v1/locks", AUTH_SIGNED,              \
	    WHO_RESPONDER, ROOT_MAY, CODE_NONE, PAYLOAD_WHOLE, ANSWER_KEPT,    \
	    SERVED_TOLD, ENDS_ACCESS)                                          \
	X(LOCK_REMOVE, "lock.remove", "POST", "/v1/locks/remove", AUTH_SIGNED, \
	    WHO_RESPONDER, ROOT_MAY, CODE_BEFORE, PAYLOAD_WHOLE, ANSWER_KEPT,  \
	    SERVED_TOLD, ENDS_NOTHING)                                         \
	X(MFA_RESET, "mfa.reset", "POST", "/v1/mfa/reset", AUTH_SIGNED,        \
	    WHO_USER, ROOT_NEVER, CODE_ALWAYS, PAYLOAD_WHOLE, ANSWER_ONCE,     \
	    SERVED_TOLD, GIVES_ACCESS)                                         \
	X(MFA_CONFIRM, "mfa.confirm", "POST", "/v1/mfa/confirm", AUTH_SIGNED,  \
	    WHO_USER, ROOT_NEVER, CODE_ALWAYS, PAYLOAD_WHOLE, ANSWER_ONCE,     \
	    SERVED_TOLD, GIVES_ACCESS)                                         \
	X(MFA_CODES, "mfa.codes", "POST", "/v1/mfa/codes", AUTH_SIGNED,        \
	    WHO_USER, ROOT_NEVER, CODE_ALWAYS, PAYLOAD_WHOLE, ANSWER_ONCE,     \
	    SERVED_TOLD, GIVES_ACCESS)                                         \
	X(KEYS, "key.list", "GET", "/v1/keys", AUTH_TOKEN, WHO_USER,           \
	    ROOT_NEVER, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE, SERVED_TOLD,     \
	    ENDS_NOTHING)                                                      \
	X(KEY_ADD, "key.add", "POST", "/v1/keys", AUTH_SIGNED, WHO_USER,       \
	    ROOT_NEVER, CODE_ALWAYS, PAYLOAD_WHOLE, ANSWER_KEPT, SERVED_TOLD,  \
	    GIVES_ACCESS)                                                      \
	X(KEY_REMOVE, "key.remove", "POST", "/v1/keys/remove", AUTH_SIGNED,    \
	    WHO_USER, ROOT_NEVER, CODE_ALWAYS, PAYLOAD_WHOLE, ANSWER_KEPT,     \
	    SERVED_TOLD, ENDS_ACCESS)                                          \
	X(EXTEND, "grant.extend", "POST", "/v1/grants/extend", AUTH_SIGNED,    \
	    WHO_USER, ROOT_NEVER, CODE_INSIDE, PAYLOAD_WHOLE, ANSWER_KEPT,     \
	    SERVED_IN_STEP, GIVES_ACCESS)                                      \
	X(LOCK_ME, "lock.me", "POST", "/v1/locks/me", AUTH_OPEN, WHO_ANYONE,   \
	    ROOT_NEVER, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE, SERVED_TOLD,     \
	    ENDS_OWN)                                                          \
	X(CHANGES, "change.list", "GET", "/v1/changes", AUTH_TOKEN, WHO_STAFF, \
	    ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE, SERVED_TOLD,       \
	    ENDS_NOTHING)                                                      \
	X(CHANGE_SHOW, "change.show", "GET", "/v1/changes/{id}", AUTH_TOKEN,   \
	    WHO_STAFF, ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE,         \
	    SERVED_TOLD, ENDS_NOTHING)                                         \
	X(CHANGE_APPROVE, "change.approve", "POST", "/v1/changes/approve",     \
	    AUTH_SIGNED, WHO_ADMIN, ROOT_NEVER, CODE_BEFORE, PAYLOAD_WHOLE,    \
	    ANSWER_ONCE, SERVED_TOLD, ENDS_NOTHING)                            \
	X(CHANGE_DENY, "change.deny", "POST", "/v1/changes/deny", AUTH_SIGNED, \
	    WHO_ADMIN, ROOT_MAY, CODE_NONE, PAYLOAD_WHOLE, ANSWER_KEPT,        \
	    SERVED_TOLD, ENDS_ACCESS)                                          \
	X(CHANGE_CANCEL, "change.cancel", "POST", "/v1/changes/cancel",        \
	    AUTH_SIGNED, WHO_USER, ROOT_NEVER, CODE_NONE, PAYLOAD_WHOLE,       \
	    ANSWER_KEPT, SERVED_TOLD, ENDS_OWN)                                \
	X(EVENTS, "event.stream", "GET", "/v1/events", AUTH_TOKEN, WHO_USER,   \
	    ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE, SERVED_TOLD,       \
	    ENDS_NOTHING)                                                      \
	X(GLASS_PRINT, "breakglass.print", "POST", "/v1/breakglass/codes",     \
	    AUTH_SIGNED, WHO_ADMIN, ROOT_NEVER, CODE_ALWAYS, PAYLOAD_WHOLE,    \
	    ANSWER_ONCE, SERVED_TOLD, ENDS_NOTHING)                            \
	X(GLASS_USE, "breakglass.use", "POST", "/v1/breakglass/use",           \
	    AUTH_SIGNED, WHO_USER, ROOT_NEVER, CODE_ALWAYS, PAYLOAD_WHOLE,     \
	    ANSWER_KEPT, SERVED_IN_STEP, GIVES_ACCESS)                         \
	X(GLASS_USES, "breakglass.list", "GET", "/v1/breakglass", AUTH_TOKEN,  \
	    WHO_STAFF, ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE,         \
	    SERVED_TOLD, ENDS_NOTHING)                                         \
	X(GLASS_REVIEW, "breakglass.review", "POST", "/v1/breakglass/review",  \
	    AUTH_SIGNED, WHO_ADMIN, ROOT_MAY, CODE_BEFORE, PAYLOAD_WHOLE,      \
	    ANSWER_KEPT, SERVED_TOLD, ENDS_NOTHING)                            \
	X(MOVE, "grant.move", "POST", "/v1/grants/move", AUTH_SIGNED,          \
	    WHO_USER, ROOT_NEVER, CODE_INSIDE, PAYLOAD_WHOLE, ANSWER_KEPT,     \
	    SERVED_IN_STEP, GIVES_ACCESS)                                      \
	X(HISTORY, "history.list", "GET", "/v1/history", AUTH_TOKEN, WHO_USER, \
	    ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE, SERVED_TOLD,       \
	    ENDS_NOTHING)                                                      \
	X(HISTORY_SHOW, "history.show", "GET", "/v1/history/{id}", AUTH_TOKEN, \
	    WHO_USER, ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE,          \
	    SERVED_TOLD, ENDS_NOTHING)                                         \
	X(REVIEW_START, "review.start", "POST", "/v1/reviews", AUTH_SIGNED,    \
	    WHO_ADMIN, ROOT_MAY, CODE_BEFORE, PAYLOAD_WHOLE, ANSWER_KEPT,      \
	    SERVED_TOLD, ENDS_NOTHING)                                         \
	X(REVIEWS, "review.list", "GET", "/v1/reviews", AUTH_TOKEN, WHO_USER,  \
	    ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE, SERVED_TOLD,       \
	    ENDS_NOTHING)                                                      \
	X(REVIEW_SHOW, "review.show", "GET", "/v1/reviews/{id}", AUTH_TOKEN,   \
	    WHO_USER, ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE,          \
	    SERVED_TOLD, ENDS_NOTHING)                                         \
	X(REVIEW_ANSWER, "review.answer", "POST", "/v1/reviews/answer",        \
	    AUTH_SIGNED, WHO_PERSON, ROOT_NEVER, CODE_BEFORE, PAYLOAD_WHOLE,   \
	    ANSWER_KEPT, SERVED_TOLD, ENDS_NOTHING)                            \
	X(REVIEW_END, "review.end", "POST", "/v1/reviews/end", AUTH_SIGNED,    \
	    WHO_ADMIN, ROOT_MAY, CODE_BEFORE, PAYLOAD_WHOLE, ANSWER_KEPT,      \
	    SERVED_TOLD, ENDS_ACCESS)                                          \
	X(POLICY_UPLOAD, "policy.upload", "POST", "/v1/policy/upload",         \
	    AUTH_SIGNED, WHO_APPLIES, ROOT_MAY, CODE_NONE, PAYLOAD_WHOLE,      \
	    ANSWER_ONCE, SERVED_TOLD, ENDS_NOTHING)                            \
	X(POLICY_PUT, "policy.put", "POST", "/v1/policy/put", AUTH_TOKEN,      \
	    WHO_APPLIES, ROOT_MAY, CODE_NONE, PAYLOAD_NONE, ANSWER_ONCE,       \
	    SERVED_TOLD, ENDS_NOTHING)                                         \
	X(POLICY_ANSWER, "policy.answer", "POST", "/v1/policy/answer",         \
	    AUTH_TOKEN, WHO_APPLIES, ROOT_MAY, CODE_NONE, PAYLOAD_NONE,        \
	    ANSWER_ONCE, SERVED_TOLD, ENDS_NOTHING)                            \
	X(DELEGATE, "delegation.add", "POST", "/v1/delegations", AUTH_SIGNED,  \
	    WHO_PERSON, ROOT_NEVER, CODE_ALWAYS, PAYLOAD_WHOLE, ANSWER_KEPT,   \
	    SERVED_TOLD, GIVES_ACCESS)                                         \
	X(UNDELEGATE, "delegation.remove", "POST", "/v1/delegations/remove",   \
	    AUTH_SIGNED, WHO_PERSON, ROOT_MAY, CODE_NONE, PAYLOAD_WHOLE,       \
	    ANSWER_KEPT, SERVED_TOLD, ENDS_ACCESS)                             \
	X(DELEGATIONS, "delegation.list", "GET", "/v1/delegations",            \
	    AUTH_TOKEN, WHO_USER, ROOT_MAY, CODE_NONE, PAYLOAD_NONE,           \
	    ANSWER_ONCE, SERVED_TOLD, ENDS_NOTHING)

enum api_verb {
	VERB_NONE = 0,
#define X(id, ...) VERB_##id,
	VERB_TABLE(X)
#undef X
	    VERB_COUNT
};

struct verb {
	enum api_verb id;
	const char *name; /* the "verb" of a signed payload */
	const char *method;
	const char *path; /* may hold one {id} as its last segment */
	enum verb_auth auth;
	enum verb_who who;
	enum verb_root root;
	enum verb_code code;
	enum verb_payload payload;
	enum verb_answer answer;
	enum verb_served served;
	enum verb_ends ends;
};

/* The rights, any of which is enough (core/right.h); 0: none is wanted. */
uint8_t verb_rights(const struct verb *v);
/* "this is for admins and auditors". */
const char *verb_rights_text(const struct verb *v);
/* Is it for administration, and does more than read? */
bool verb_administers(const struct verb *v);
/* Does it take access away? */
bool verb_takes(const struct verb *v);
/* Whom a lock covers reads, and takes away what is their own: no more. */
enum verb_lock verb_barred_by(const struct verb *v);
/* NULL for unknown ids. */
const struct verb *verb_get(unsigned id);
/* By its name; NULL: none has it. */
const struct verb *verb_named(const char *name);
/* The route for a method and path; *retarg points at the {id} inside path or
 * is NULL. *retmethods (may be NULL) gets "GET, POST" when only the method is
 * wrong, for a 405's Allow header. NULL = 404 or 405. */
const struct verb *verb_route(const char *method, const char *path,
    const char **retarg, char *retmethods, size_t size);

#endif
