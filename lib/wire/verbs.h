/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verbs - the API's routes as one table: the router, the broker's dispatch,
 * the client and the OpenAPI test all read it.
 *
 * SIGNED verbs take {"payload": base64, "signature": SSHSIG armor, "code",
 * "salt"} (doc/PROTOCOL.request); on the admin socket the payload's "body"
 * itself. TOKEN verbs take "Authorization: Bearer" or, on the admin socket,
 * nothing. OPEN verbs take nothing.
 */
#ifndef WIRE_VERBS_H
#define WIRE_VERBS_H

#include <stddef.h>

enum verb_auth { AUTH_NOBODY = 0, AUTH_OPEN, AUTH_TOKEN, AUTH_SIGNED };
/* Who may, beyond proving who they are. */
enum verb_who { WHO_NOBODY = 0, WHO_ANYONE, WHO_USER, WHO_AUDITOR, WHO_ADMIN };
enum verb_code { CODE_NEVER = 0, CODE_ALWAYS, CODE_MFA_AGE }; /* TOTP */

/* X(enum, "name", method, path, auth, who, code) */
#define VERB_TABLE(X)                                                          \
	X(SERVER, "server", "GET", "/v1/server", OPEN, ANYONE, NEVER)          \
	X(HEALTHZ, "healthz", "GET", "/v1/healthz", OPEN, ANYONE, NEVER)       \
	X(READYZ, "readyz", "GET", "/v1/readyz", OPEN, ANYONE, NEVER)          \
	X(CHALLENGE, "challenge", "POST", "/v1/challenge", OPEN, ANYONE,       \
	    NEVER)                                                             \
	X(ENROLL, "enroll.begin", "POST", "/v1/enroll", SIGNED, ANYONE, NEVER) \
	X(ENROLL_CONFIRM, "enroll.confirm", "POST", "/v1/enroll/confirm",      \
	    SIGNED, USER, NEVER) /* takes a code itself */                     \
	X(TOKEN, "token.create", "POST", "/v1/token", SIGNED, USER, NEVER)     \
	X(WHOAMI, "whoami", "GET", "/v1/whoami", TOKEN, USER, NEVER)           \
	X(REQUEST, "request.create", "POST", "/v1/requests", SIGNED, USER,     \
	    MFA_AGE)                                                           \
	X(GRANTS, "grant.list", "GET", "/v1/grants", TOKEN, USER, NEVER)       \
	X(RELEASE, "grant.release", "POST", "/v1/grants/release", SIGNED,      \
	    USER, NEVER)                                                       \
	X(REVOKE, "grant.revoke", "POST", "/v1/grants/revoke", SIGNED, ADMIN,  \
	    NEVER)                                                             \
	X(SESSIONS, "session.list", "GET", "/v1/sessions", TOKEN, USER, NEVER) \
	X(SESSION_KILL, "session.kill", "POST", "/v1/sessions/kill", SIGNED,   \
	    ADMIN, NEVER)                                                      \
	X(RECORDING, "recording.get", "GET", "/v1/recordings/{id}", TOKEN,     \
	    AUDITOR, NEVER)                                                    \
	X(TARGETS, "target.list", "GET", "/v1/targets", TOKEN, USER, NEVER)    \
	X(TARGET_SCAN, "target.scan", "POST", "/v1/targets/scan", SIGNED,      \
	    ADMIN, NEVER)                                                      \
	X(TARGET_ADD, "target.add", "POST", "/v1/targets", SIGNED, ADMIN,      \
	    MFA_AGE)                                                           \
	X(TARGET_REMOVE, "target.remove", "POST", "/v1/targets/remove",        \
	    SIGNED, ADMIN, MFA_AGE)                                            \
	X(USERS, "user.list", "GET", "/v1/users", TOKEN, AUDITOR, NEVER)       \
	X(USER_ADD, "user.add", "POST", "/v1/users", SIGNED, ADMIN, MFA_AGE)   \
	X(ROLES, "role.list", "GET", "/v1/roles", TOKEN, USER, NEVER)          \
	X(ROLE_SET, "role.set", "POST", "/v1/roles", SIGNED, ADMIN, MFA_AGE)   \
	X(ROLE_REMOVE, "role.remove", "POST", "/v1/roles/remove", SIGNED,      \
	    ADMIN, MFA_AGE)                                                    \
	X(APPLY, "policy.apply", "POST", "/v1/policy", SIGNED, ADMIN, MFA_AGE) \
	X(DOCTOR, "target.doctor", "POST", "/v1/targets/doctor", SIGNED,       \
	    ADMIN, NEVER)                                                      \
	X(AUDIT, "audit.read", "GET", "/v1/audit", TOKEN, AUDITOR, NEVER)

enum api_verb {
	VERB_NONE = 0,
#define X(id, name, method, path, auth, who, code) VERB_##id,
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
	enum verb_code code;
};

/* NULL for unknown ids. */
const struct verb *verb_get(unsigned id);
/* The route for a method and path; *retarg points at the {id} inside path or
 * is NULL. *retmethods (may be NULL) gets "GET, POST" when only the method is
 * wrong, for a 405's Allow header. NULL = 404 or 405. */
const struct verb *verb_route(const char *method, const char *path,
    const char **retarg, char *retmethods, size_t size);

#endif
