/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event - the catalogue of evidence: which events exist, who may write each,
 * which fields they carry, and the one JSON encoding of a record (flat NDJSON).
 * The envelope (v, seq, id, time, origin, node, boot, and conn for sessions)
 * is the notary's; a writer gives a code and fields. Pure.
 *
 * A string stands in a record whole and exactly, or as its start with size and
 * digest of the whole ("x", "x_size", "x_sha256", and "truncated":true): never
 * merely cut. Bytes that are no UTF-8, and NULs, become U+FFFD each, and
 * "x_b64" has the exact bytes of "x" then. What is too long for one record is
 * put into several by part.h.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/limits.h"
#include "core/proc.h"

/* X(enum, "code", "event", severity 1..6 as OCSF, writers) */
#define W_ANY 0xffffffffU
#define W_SUP PROC_BIT(PROC_SUPERVISOR)
#define W_BRK PROC_BIT(PROC_BROKER)
#define W_NOT PROC_BIT(PROC_NOTARY)
#define W_FW PROC_BIT(PROC_FIREWALL)
#define W_API (PROC_BIT(PROC_API) | PROC_BIT(PROC_ADMIN))
#define W_SES PROC_BIT(PROC_SESSION)
#define W_REC PROC_BIT(PROC_RECORDER)
#define W_SHP PROC_BIT(PROC_SHIPPER)
#define EVENT_TABLE(X)                                                         \
	X(GATEWAY_START, "JG0001I", "gateway.start", 1, W_SUP)                 \
	X(GATEWAY_RECOVERED, "JG0001E", "gateway.crash_recovered", 4, W_BRK)   \
	X(GATEWAY_STOP, "JG0002I", "gateway.stop", 1, W_SUP)                   \
	X(PROCESS_EXIT, "JG0003W", "process.exit", 3, W_SUP)                   \
	X(PROCESS_HUNG, "JG0005E", "process.hung", 5, W_SUP)                   \
	X(PROCESS_FAILED, "JG0007E", "process.failed", 5,                      \
	    W_SUP | W_BRK | W_REC)                                             \
	X(GATEWAY_RELOAD, "JG0006I", "gateway.reload", 2, W_SUP)               \
	X(GATEWAY_RELOAD_REFUSED, "JG0006W", "gateway.reload", 3, W_SUP)       \
	X(PEER_PROTOCOL, "JG0004W", "peer.protocol", 4, W_ANY)                 \
	X(AUTH_LOGIN, "JG1000I", "auth.login", 1, W_BRK)                       \
	X(AUTH_LOGIN_DENIED, "JG1000W", "auth.login", 3, W_BRK)                \
	X(AUTH_MFA, "JG1001I", "auth.mfa", 1, W_NOT)                           \
	X(AUTH_MFA_DENIED, "JG1001W", "auth.mfa", 3, W_BRK | W_NOT)            \
	X(MFA_ENROLL, "JG1010I", "mfa.enroll", 1, W_BRK)                       \
	X(MFA_RESET, "JG1011I", "mfa.reset", 2, W_BRK)                         \
	X(MFA_RESET_DENIED, "JG1011W", "mfa.reset", 3, W_BRK)                  \
	X(MFA_RECOVERY, "JG1012I", "mfa.recovery", 3, W_BRK)                   \
	X(MFA_CODES, "JG1013I", "mfa.codes", 2, W_BRK)                         \
	X(USER_CREATE, "JG1020I", "user.create", 1, W_BRK)                     \
	X(USER_KEY, "JG1021I", "user.key", 1, W_BRK)                           \
	X(USER_KEY_DENIED, "JG1021W", "user.key", 3, W_BRK)                    \
	X(USER_UPDATE, "JG1022I", "user.update", 1, W_BRK)                     \
	X(USER_REMOVE, "JG1023I", "user.remove", 2, W_BRK)                     \
	X(INVITE_CREATE, "JG1024I", "invite.create", 1, W_BRK)                 \
	X(INVITE_DENIED, "JG1024W", "invite.use", 3, W_BRK)                    \
	X(ROLE_SET, "JG1030I", "role.set", 2, W_BRK)                           \
	X(TARGET_SET, "JG1031I", "target.set", 2, W_BRK)                       \
	X(TARGET_REMOVE, "JG1032I", "target.remove", 2, W_BRK)                 \
	X(ROLE_REMOVE, "JG1033I", "role.remove", 2, W_BRK)                     \
	X(POLICY_APPLY, "JG1034I", "policy.apply", 2, W_BRK)                   \
	X(POLICY_PART, "JG1035I", "policy.part", 1, W_BRK)                     \
	X(POLICY_UPLOAD, "JG1044I", "policy.upload", 1, W_BRK)                 \
	X(CHANGE_PENDING, "JG1036I", "change.pending", 3, W_BRK)               \
	X(CHANGE_APPROVE, "JG1037I", "change.approve", 3, W_BRK)               \
	X(CHANGE_APPROVE_DENIED, "JG1037W", "change.approve", 4, W_BRK)        \
	X(CHANGE_DENY, "JG1038I", "change.deny", 2, W_BRK)                     \
	X(CHANGE_WITHDRAW, "JG1039I", "change.withdraw", 1, W_BRK)             \
	X(TOKEN_CREATE, "JG1040I", "token.create", 1, W_BRK)                   \
	X(CHANGE_LAPSE, "JG1041I", "change.lapse", 1, W_BRK)                   \
	X(POWER_ROOT, "JG1042W", "power.root", 4, W_BRK)                       \
	X(POWER_SINGLE, "JG1043W", "power.single", 4, W_BRK)                   \
	X(REQUEST_CREATE, "JG2000I", "request.create", 1, W_BRK)               \
	X(REQUEST_DENIED, "JG2000W", "request.create", 3, W_BRK)               \
	X(REQUEST_PENDING, "JG2001I", "request.pending", 2, W_BRK)             \
	X(REQUEST_APPROVE, "JG2002I", "request.approve", 2, W_BRK)             \
	X(REQUEST_APPROVE_DENIED, "JG2002W", "request.approve", 3, W_BRK)      \
	X(REQUEST_DENY, "JG2003I", "request.deny", 2, W_BRK)                   \
	X(REQUEST_WITHDRAW, "JG2004I", "request.withdraw", 1, W_BRK)           \
	X(REQUEST_LAPSE, "JG2005I", "request.lapse", 1, W_BRK)                 \
	X(REQUEST_ACTIVATE, "JG2006I", "request.activate", 2, W_BRK)           \
	X(REQUEST_ACTIVATE_DENIED, "JG2006W", "request.activate", 3, W_BRK)    \
	X(REQUEST_WOULD_REFUSE, "JG2007I", "request.would_refuse", 2, W_BRK)   \
	X(LOCK_CREATE, "JG2020I", "lock.create", 3, W_BRK)                     \
	X(LOCK_REMOVE, "JG2021I", "lock.remove", 2, W_BRK)                     \
	X(LOCK_EXPIRE, "JG2022I", "lock.expire", 1, W_BRK)                     \
	X(DELEGATE, "JG2030I", "delegation.add", 2, W_BRK)                     \
	X(DELEGATE_DENIED, "JG2030W", "delegation.add", 3, W_BRK)              \
	X(UNDELEGATE, "JG2031I", "delegation.remove", 2, W_BRK)                \
	X(GLASS_PRINT, "JG2200W", "breakglass.print", 4, W_BRK)                \
	X(GLASS_USE, "JG2201E", "breakglass.use", 6, W_BRK)                    \
	X(GLASS_USE_DENIED, "JG2201W", "breakglass.use", 4, W_BRK)             \
	X(GLASS_UNOPENED, "JG2202W", "breakglass.unopened", 4, W_BRK)          \
	X(GLASS_REVIEW, "JG2203I", "breakglass.review", 3, W_BRK)              \
	X(GLASS_REVIEW_DENIED, "JG2203W", "breakglass.review", 3, W_BRK)       \
	X(GLASS_ALLOW, "JG2204E", "breakglass.allow", 6, W_FW)                 \
	X(REVIEW_START, "JG2300I", "review.start", 2, W_BRK)                   \
	X(REVIEW_ANSWER, "JG2301I", "review.answer", 2, W_BRK)                 \
	X(REVIEW_ANSWER_DENIED, "JG2301W", "review.answer", 3, W_BRK)          \
	X(REVIEW_END, "JG2302I", "review.end", 2, W_BRK)                       \
	X(GRANT_OPEN, "JG2100I", "grant.open", 2, W_NOT)                       \
	X(GRANT_APPLIED, "JG2101I", "grant.applied", 1, W_FW)                  \
	X(GRANT_APPLY_FAILED, "JG2101E", "grant.applied", 4, W_FW)             \
	X(GRANT_CLOSE, "JG2102I", "grant.close", 1, W_NOT)                     \
	X(GRANT_DRIFT, "JG2103W", "grant.drift", 4, W_FW)                      \
	X(FLOW_END, "JG2104I", "flow.end", 1, W_FW)                            \
	X(FIREWALL_SYNC, "JG2105I", "firewall.sync", 1, W_FW)                  \
	X(FIREWALL_TAMPER, "JG2106E", "firewall.tamper", 5, W_FW)              \
	X(PORT_PROTECTED, "JG2107I", "port.protected", 1, W_FW)                \
	X(GRANT_TERMINATE, "JG2108I", "grant.terminate", 2, W_BRK)             \
	X(GRANT_SHUT, "JG2109I", "grant.shut", 1, W_BRK)                       \
	X(GRANT_NOT_SHUT, "JG2109E", "grant.shut", 5, W_BRK)                   \
	X(PORT_UNPROTECT, "JG2110W", "port.unprotect", 4, W_SUP)               \
	X(PORT_UNPROTECTED, "JG2111I", "port.unprotected", 3, W_FW)            \
	X(GRANT_EXTEND, "JG2112I", "grant.extend", 2, W_NOT)                   \
	X(GRANT_EXTEND_DENIED, "JG2112W", "grant.extend", 3, W_BRK)            \
	X(GRANT_MOVE, "JG2113I", "grant.move", 2, W_BRK)                       \
	X(GRANT_MOVE_DENIED, "JG2113W", "grant.move", 3, W_BRK)                \
	X(SSH_CONNECT, "JG3000I", "ssh.connect", 1, W_SUP)                     \
	X(SSH_REFUSED, "JG3000W", "ssh.refused", 3, W_SUP | W_BRK)             \
	X(SESSION_START, "JG3001I", "session.start", 2, W_NOT)                 \
	X(SESSION_END, "JG3002I", "session.end", 1, W_NOT)                     \
	X(SESSION_TERMINATE, "JG3003W", "session.terminate", 2, W_BRK)         \
	X(LEG_APPLIED, "JG3004I", "leg.applied", 1, W_FW)                      \
	X(CERT_ISSUE, "JG3005I", "cert.issue", 1, W_NOT)                       \
	X(CERT_DENIED, "JG3005W", "cert.denied", 4, W_NOT)                     \
	X(SESSION_EXEC, "JG3010I", "session.exec", 1, W_SES)                   \
	X(SESSION_SHELL, "JG3011I", "session.shell", 1, W_SES)                 \
	X(SESSION_SUBSYSTEM, "JG3012I", "session.subsystem", 1, W_SES)         \
	X(SESSION_CHANNEL_DENIED, "JG3012W", "session.channel_denied", 3,      \
	    W_SES)                                                             \
	X(SESSION_CHANNEL_END, "JG3013I", "session.channel_end", 1,            \
	    W_SES | W_NOT)                                                     \
	X(HOSTKEY_CHANGED, "JG3040E", "hostkey.changed", 5, W_SES)             \
	X(PROBE, "JG3060I", "target.probe", 1, W_BRK)                          \
	X(RECORDING_START, "JG4004I", "recording.start", 1, W_REC)             \
	X(RECORDING_CHUNK, "JG4000I", "recording.chunk", 1, W_REC)             \
	X(RECORDING_END, "JG4003I", "recording.end", 1, W_REC)                 \
	X(RECORDING_FAILED, "JG4001E", "recording.failed", 5, W_REC)           \
	X(RECORDING_VIEW, "JG4002I", "recording.view", 1, W_BRK)               \
	X(AUDIT_CHECKPOINT, "JG5000I", "audit.checkpoint", 1, W_NOT)           \
	X(AUDIT_DEGRADED, "JG5001W", "audit.degraded", 5, W_NOT)               \
	X(AUDIT_RECOVERED, "JG5003E", "audit.recovered", 4, W_NOT)             \
	X(AUDIT_REFUSED, "JG5004E", "audit.refused", 5, W_NOT)                 \
	X(AUDIT_PART, "JG5005I", "audit.part", 1, W_NOT)                       \
	X(AUDIT_QUOTA, "JG5006W", "audit.quota", 4, W_NOT)                     \
	X(CLOCK_BOOT, "JG5010I", "clock.boot", 1, W_NOT)                       \
	X(CLOCK_BOOT_BEHIND, "JG5010W", "clock.boot", 4, W_NOT)                \
	X(CLOCK_STEP, "JG5011W", "clock.step", 4, W_NOT)                       \
	X(CLOCK_ACCEPT, "JG5012W", "clock.accept", 3, W_BRK)                   \
	X(CLOCK_SET, "JG5013W", "clock.set", 4, W_NOT)                         \
	X(SINK_UP, "JG5002I", "sink.up", 1, W_SHP)                             \
	X(SINK_DOWN, "JG5002W", "sink.down", 3, W_SHP)                         \
	X(API_DENIED, "JG8000W", "api.denied", 3, W_BRK | W_API)

enum event_code {
	EV_NONE = 0,
#define X(id, code, name, sev, who) EV_##id,
	EVENT_TABLE(X)
#undef X
	    EV_COUNT
};

/* X(enum, "json name", kind) kind: S string, N integer, B boolean */
#define EVENT_FIELDS(X)                                                        \
	X(USER, "user", S)                                                     \
	X(BY, "by", S) /* who did it, if not the user */                       \
	X(TARGET, "target", S)                                                 \
	X(LOGIN, "login", S)                                                   \
	X(ROLE, "role", S) /* the deciding rule */                             \
	X(REQ, "req", S)                                                       \
	X(GRANT, "grant", S)                                                   \
	X(SID, "sid", S)                                                       \
	X(CONN, "conn", N)                                                     \
	X(SRC, "src", S)                                                       \
	X(SRC6, "src6", S)                                                     \
	X(SRC_PORT, "src_port", N)                                             \
	X(DST, "dst", S)                                                       \
	X(DST6, "dst6", S)                                                     \
	X(DST_PORT, "dst_port", N)                                             \
	X(SPORT, "sport", N) /* a leg's source port */                         \
	X(OWN_PORT, "own_port", N)                                             \
	X(PROTO, "proto", S)                                                   \
	X(REACH, "reach", S)                                                   \
	X(CAPS, "caps", N)                                                     \
	X(RECORD, "record", B)                                                 \
	X(START, "start", N) /* UTC ms */                                      \
	X(END, "end", N)     /* UTC ms */                                      \
	X(END_BOOT, "end_boot", N)                                             \
	X(BOOT_ID, "boot_id", S)                                               \
	X(SECONDS, "seconds", N)                                               \
	X(OUTCOME, "outcome", S) /* success, failure */                        \
	X(REASON, "reason", S)   /* a word of a closed list */                 \
	X(WHY, "why", S)         /* the person's own justification */          \
	X(MSG, "msg", S)         /* a sentence for people */                   \
	X(KEY_FP, "key_fp", S)                                                 \
	X(STEP, "step", N)       /* TOTP step burned */                        \
	X(PAYLOAD, "payload", S) /* the signed bytes */                        \
	X(SIGNATURE, "signature", S)                                           \
	X(IDEMPOTENCY, "idempotency", S)                                       \
	X(SERIAL, "serial", N)                                                 \
	X(KEY_ID, "key_id", S)                                                 \
	X(CLIENT, "client", S) /* SSH client version */                        \
	X(COMMAND, "command", S)                                               \
	X(CHANNEL, "channel", N)                                               \
	X(EXIT, "exit", N)                                                     \
	X(BYTES_IN, "bytes_in", N)                                             \
	X(BYTES_OUT, "bytes_out", N)                                           \
	X(PACKETS_IN, "packets_in", N)                                         \
	X(PACKETS_OUT, "packets_out", N)                                       \
	X(CHUNK, "chunk", N)                                                   \
	X(OFFSET, "offset", N)                                                 \
	X(SIZE, "size", N)                                                     \
	X(SHA256, "sha256", S)                                                 \
	X(FILE, "file", S)                                                     \
	X(ROOT, "root", S)                                                     \
	X(NOTE, "note", S)                                                     \
	X(PROCESS, "process", S)                                               \
	X(PID, "pid", N)                                                       \
	X(STATUS, "status", N)                                                 \
	X(VERSION, "version", S)                                               \
	X(CONFIG, "config", S)                                                 \
	X(SINK, "sink", S)                                                     \
	X(COUNT, "count", N)                                                   \
	X(FIRST, "first", N)                                                   \
	X(EXPECTED, "expected", S)                                             \
	X(FOUND, "found", S)                                                   \
	X(CHANGES, "changes", S)                                               \
	X(UID, "uid", N)                                                       \
	X(LOGINUID, "loginuid", N)                                             \
	X(METHOD, "method", S)                                                 \
	X(PATH, "path", S)                                                     \
	X(GATEWAY, "gateway", S) /* a leg's own address */                     \
	X(USER_ID, "user_id", S) /* these never come again, names may */       \
	X(TARGET_ID, "target_id", S)                                           \
	X(ROLE_ID, "role_id", S)                                               \
	X(FIELD, "field", S)       /* whose value the parts make up */         \
	X(WANTED, "wanted", S)     /* what was refused, by its name */         \
	X(ENV, "env", S)           /* variables passed on, one a line */       \
	X(KEYS, "keys", S)         /* fingerprints, with spaces between */     \
	X(TRIED, "tried", S)       /* the name a login was tried with */       \
	X(FACTOR, "factor", S)     /* which secret a code is of: totp_id() */  \
	X(UPTIME, "uptime_ms", N)  /* boottime, as the clock was read */       \
	X(BEHIND, "behind_ms", N)  /* the host's clock, behind the log's */    \
	X(MOVED, "moved_ms", N)    /* how far a clock was set */               \
	X(WAS, "was", S)           /* of a change: what it replaced */         \
	X(TLS, "tls", S)           /* the API's key: SHA-256 of its SPKI */    \
	X(TLS_NEXT, "tls_next", S) /* the one that is announced */             \
	X(CORRECTS, "corrects", N) /* the record of what was not done */       \
	X(REVISION, "revision", S) /* all that an approval is for */           \
	X(LEVEL, "level", N)       /* of approvals, from 1 */                  \
	X(NEEDS, "needs", S)       /* who has to approve */                    \
	X(APPROVED_BY, "approved_by", S) /* names, with spaces between */      \
	X(ROLE_NAMED, "role_named", B)   /* the role is the one asked for */   \
	X(ROLES, "roles", S)             /* all that decided, if several */    \
	X(TICKET, "ticket", S)           /* what a request is for */           \
	X(LOCK, "lock", S)               /* an id */                           \
	X(KIND, "kind", S)               /* of what a lock is on, */           \
	X(VALUE, "value", S)             /* and what that is */                \
	X(COMMANDS, "commands", S)       /* all that may run, one a line */    \
	X(COMMANDS_ID, "commands_id", S) /* SHA-256 of that */                 \
	X(CHANGE, "change", S)           /* that waits for a second admin */   \
	X(WIDENS, "widens", S)           /* power, a line for each way */      \
	X(GLASS, "glass", S)             /* a use of break-glass: its id */    \
	X(BREAK_GLASS, "break_glass", B) /* the grant is by it */              \
	X(GRANT_NEW, "grant_new", S)     /* what a grant that moved is then */ \
	X(REVIEW, "review", S)           /* of who holds which role */         \
	X(LINES, "lines", S)             /* of it, a line each */              \
	X(UPLOAD, "upload", S)           /* a policy that comes in parts */    \
	X(OWNER, "owner", S)             /* whose agent the user is */         \
	X(DELEGATION, "delegation", S)   /* what an agent is lent: its id */

enum event_field_id {
	EF_NONE = 0,
#define X(id, name, kind) EF_##id,
	EVENT_FIELDS(X)
#undef X
	    EF_TOTAL
};

struct event_spec {
	const char *code; /* "JG2100I" */
	const char *name; /* "grant.open" */
	uint8_t severity;
	uint32_t writers; /* PROC_BIT mask */
};

/* Who the gateway itself is in a record ("by"): no user has such a name. */
bool event_actor_own(const char *name);
/* The same, or could it be taken for one (core/look.h)? Nobody new is called
 * so. */
bool event_actor_alike(const char *name);
/* Does it say that a program begins on a session's channel? */
static inline bool
event_is_program(unsigned code)
{
	return code == EV_SESSION_EXEC || code == EV_SESSION_SHELL ||
	       code == EV_SESSION_SUBSYSTEM;
}

/* NULL for EV_NONE and unknown codes. */
const struct event_spec *event_spec(unsigned code);
/* EV_NONE if no such code text. */
enum event_code event_find(const char *code);
bool event_may_write(unsigned code, enum proc p);
const char *event_field_name(unsigned id);
bool event_field_text(unsigned id); /* is it a string? */

enum { EVENT_DIGEST_SIZE = 32 };

/*
 * Fields under construction: sticky like struct buf, at most LIMIT_BODY_MAX
 * bytes. The encoding is what MSG_LOG_APPEND carries: per field u8 id, u32
 * length, bytes (N as decimal text, B as "0" or "1"). Bit 7 of an id: the value
 * is the start of one; u64 size and SHA-256 of the whole stand before it.
 */
struct event_fields {
	struct buf b;
	unsigned n;
};

void event_fields_init(struct event_fields *f);
void event_fields_done(struct event_fields *f);
/* NULL or "" adds nothing: empty values are never written. */
void event_str(struct event_fields *f, enum event_field_id id, const char *s);
/* "ops,prod": where one role alone decided, its own field says that. */
void event_roles(struct event_fields *f, const char *roles);
void event_strn(
    struct event_fields *f, enum event_field_id id, const void *s, size_t n);
/* Of a value whose length nobody checked: if it is longer than max (> 0), its
 * start, cut between characters, with size and digest of the whole. */
void event_cut(struct event_fields *f, enum event_field_id id, const void *s,
    size_t n, size_t max);
/* Beyond LIMIT_NUMBER_MAX either way the record is refused. */
void event_num(struct event_fields *f, enum event_field_id id, int64_t v);
/* Of a count that nobody knows: none of it is written, which is not 0. */
#define EVENT_COUNT_UNKNOWN UINT64_MAX
/* A count that may be anything: it stops at LIMIT_NUMBER_MAX. */
void event_count(struct event_fields *f, enum event_field_id id, uint64_t v);
void event_bool(struct event_fields *f, enum event_field_id id, bool v);

/* Adds a field as event_field_next has read it. */
void event_copy(
    struct event_fields *f, unsigned id, bool cut, const void *s, size_t n);
/* Reads the next field of an encoding: its id; EF_NONE and r->bad when there is
 * no good one. *retcut: *ret is as bit 7 says. */
unsigned event_field_next(
    struct rd *r, bool *retcut, const uint8_t **ret, size_t *retn);
/* One field of an encoding, as event_field_next reads it. */
struct event_value {
	unsigned id;
	bool cut;
	const uint8_t *p;
	size_t n;
};
typedef int event_value_fn(void *arg, const struct event_value *v);
/* Calls fn for each; stops at the first return that is not 0 and passes it on.
 * GW_EPROTO. */
MUST_CHECK int event_each(
    const void *p, size_t n, event_value_fn *fn, void *arg);
/* So many bytes of a record a string takes at most. */
size_t event_text_size(const void *s, size_t n);
/* Can this value stand in a record whole? */
bool event_text_fits(const void *s, size_t n);
/* How many of the first max bytes (> 0) end with a character. */
size_t event_text_start(const void *s, size_t n, size_t max);

/*
 * Appends ',"name":value' for every encoded field to out. GW_EPROTO for an
 * unknown id, a repeated id, a wrong kind or trailing bytes; GW_ELIMIT for a
 * string that is too long, past LIMIT_EVENT_FIELDS or out's maximum.
 */
MUST_CHECK int event_fields_json(struct buf *out, const void *p, size_t n);
/* A JSON string with quotes, all escaping done; input need not be UTF-8: what
 * is not, and a NUL, becomes U+FFFD. */
void event_json_string(struct buf *out, const void *s, size_t n);

#endif
