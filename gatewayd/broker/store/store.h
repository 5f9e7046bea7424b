/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store - what the broker remembers: users, targets, roles, locks, requests
 * that wait for approval, first answers, and the history of what has ended.
 * What is open now is not here: that is the fold of the log.
 *
 * Every change names the sequence number (seq) of the record that caused it,
 * which is durable before it; a store that is ahead of the log was not written
 * by us. A change is on disk when its function returns, or, between
 * store_begin() and store_commit(), when the latter does.
 *
 * Functions return 0, or GW_ENOENT where what is named is not there, or for all
 * of them GW_ESYS, GW_ENOMEM, GW_ECORRUPT (store_error() says more); other
 * codes are told below. Where nothing else is said, *ret is zeroed after a
 * failure. Times are UTC milliseconds. Arguments are borrowed for the call.
 * What a callback gets is valid until it returns; it must not change the store.
 */
#ifndef BROKER_STORE_STORE_H
#define BROKER_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/limits.h"
#include "broker/store/medium.h"
#include "core/delegation.h"
#include "core/glass.h"
#include "core/grant.h"
#include "core/kind.h"
#include "core/lock.h"
#include "core/otp.h"
#include "core/policy.h"
#include "core/recovery.h"
#include "core/request.h"
#include "core/review.h"
#include "core/right.h"
#include "core/target.h"
#include "core/tries.h"

enum { STORE_COMMENT_SIZE = 128 };
enum { STORE_SEALED_MAX = 320 }; /* internal: a seed, sealed */

enum user_state { USER_NONE = 0, USER_INVITED, USER_ACTIVE, USER_DISABLED };

struct user_key {
	char fp[64];
	char type[64];
	char comment[STORE_COMMENT_SIZE];
	uint8_t blob[LIMIT_PUBKEY_MAX];
	size_t len;
};

struct sealed {
	uint8_t p[STORE_SEALED_MAX];
	size_t len;     /* 0 = none */
	struct otp otp; /* how its codes are made; of one that is still to be
			 * made, how they are to be: none = not said */
};

struct user {
	char id[LIMIT_ID_SIZE];
	char name[LIMIT_NAME_SIZE];
	uint8_t state;  /* enum user_state */
	uint8_t rights; /* enum right */
	uint8_t kind;   /* enum user_kind */
	struct name_list groups;
	struct prefix_list sources;   /* of no person: it is nowhere else */
	char owner[LIMIT_NAME_SIZE];  /* of an agent: a person, */
	char owner_id[LIMIT_ID_SIZE]; /* this one; neither ever changes */
	unsigned nkeys;
	struct user_key keys[LIMIT_KEYS_PER_USER];
	struct sealed totp;     /* in use */
	struct sealed pending;  /* shown, not yet confirmed */
	int64_t pending_end_ms; /* of one that is to replace totp */
	char invite[65];        /* hex SHA-256 of the code, "" = none */
	int64_t invite_end_ms;
};

struct grant_row {
	struct grant grant;
	uint8_t reason; /* enum end_reason */
	int64_t ended_ms;
	uint32_t sessions;
	uint64_t seq;
};

struct session_row {
	char sid[LIMIT_ID_SIZE];
	char grant[LIMIT_ID_SIZE];
	char user[LIMIT_NAME_SIZE];
	char target[LIMIT_NAME_SIZE];
	char user_id[LIMIT_ID_SIZE]; /* as in struct grant */
	char target_id[LIMIT_ID_SIZE];
	char login[LIMIT_NAME_SIZE];
	char source[ADDR_TEXT_SIZE];
	int64_t start_ms, end_ms;
	uint8_t reason; /* enum end_reason */
	bool recorded;
	uint64_t bytes_in, bytes_out;
	uint64_t seq;
};

struct approval_row {
	char request[LIMIT_ID_SIZE];
	char user[LIMIT_NAME_SIZE];
	char user_id[LIMIT_ID_SIZE];
	char key_fp[64];
	uint8_t level;
	struct name_list groups; /* of the approver, then */
	char note[LIMIT_REASON_SIZE];
	int64_t at_ms;
	uint64_t seq;
};

/* A change that wants a second admin: what was signed, and by whom. */
struct proposal {
	char id[LIMIT_ID_SIZE];
	char verb[32];
	char user[LIMIT_NAME_SIZE]; /* its author; "local": root */
	char user_id[LIMIT_ID_SIZE];
	char key_fp[64];
	struct addr source; /* it was signed for */
	uint8_t state;      /* enum request_state; ACTIVE: it was made */
	int64_t created_ms, until_ms;
	char by[LIMIT_NAME_SIZE]; /* who brought it to its state */
	char note[LIMIT_REASON_SIZE];
	char *revision; /* what a second admin signs for, */
	char digest[REQUEST_DIGEST_SIZE];
	char *payload; /* and what is carried out then */
	char *signature;
	uint64_t seq;
};

void proposal_done(struct proposal *p);

enum review_state { REVIEWS_NONE = 0, REVIEWS_OPEN = 1, REVIEWS_ENDED = 2 };

/* A review of who holds which role; its lines are core/review.h's. */
struct review {
	char name[LIMIT_NAME_SIZE];
	uint8_t state; /* enum review_state */
	char by[LIMIT_NAME_SIZE];
	int64_t started_ms, until_ms; /* answers until then */
	uint32_t unused_s;
	char scope[LIMIT_TEXT_SIZE]; /* of what alone, in words; "" = of all */
	struct name_list reviewers;  /* groups */
	uint32_t lines;
	char digest[65]; /* SHA-256 of all lines as they were made */
	int64_t ended_ms;
	char ended_by[LIMIT_NAME_SIZE];
	char how[16]; /* "apply", "report" */
	uint64_t seq;
};

struct store;

/* Opens or makes it, and changes one of an older version to ours; before that a
 * copy is made, beside it: store.db of version 1 is then store.db.v1 as well
 * (the newest two copies are kept). GW_EUNSUPPORTED: a newer version made it.
 * What fails leaves the store whole, as the last step that went through made
 * it. rettext is for the operator: why it failed; else what was changed and
 * where the copy is, "" = nothing. One process at a time has the store. */
MUST_CHECK int store_open(
    struct store **ret, const char *path, char rettext[static LIMIT_TEXT_SIZE]);
void store_close(struct store *s); /* NULL is a no-op */
/* What went wrong last, in the database's words; until the next call. */
const char *store_error(struct store *s);
/* Grows with each change of users, targets or roles: what was read at the same
 * count is still so. This process is the only one that writes. */
uint64_t store_changes(const struct store *s);
/* Likewise, with each change of roles. */
uint64_t store_role_changes(const struct store *s);
/* On a full disk a change is stored as long as the store's reserve lasts
 * (reserve.h). False: half of that is gone, what is left is for those who take
 * access away. */
bool store_has_room(struct store *s);
/* The same: 0, GW_EFULL, or GW_ESYS when it cannot be found out (errno). */
MUST_CHECK int store_room(struct store *s);
/* The medium that it lies on (medium.h). */
void store_on_dead(struct store *s, medium_dead_fn *fn, void *arg);
enum medium store_look(struct store *s, char ret[static LIMIT_TEXT_SIZE]);
/* The highest sequence number any change had; 0 for an empty store. */
MUST_CHECK int store_seq(struct store *s, uint64_t *ret);

/* Several changes as one; they nest. End each with commit or rollback; a commit
 * that fails has rolled back. */
MUST_CHECK int store_begin(struct store *s);
MUST_CHECK int store_commit(struct store *s);
void store_rollback(struct store *s);
/* One in several turns: between these two it gives way. Whoever uses the store
 * meanwhile finds it as it was before, for all of it is rolled back then.
 * GW_ESTATE: it was, and there is nothing to end. Of the outermost alone. */
void store_pause(struct store *s);
MUST_CHECK int store_resume(struct store *s);

enum store_kind { STORE_NONE = 0, STORE_USERS, STORE_TARGETS, STORE_ROLES };
/* How many there are; UINT64_MAX after a failure: in doubt it is full. */
MUST_CHECK int store_count(struct store *s, enum store_kind k, uint64_t *ret);

/*
 * Ids. A user, a target and a role each have one ("u-7Q2MXK4P", "t-...",
 * "p-..."; base/ids.h). It is drawn by whoever makes them, so that the record
 * of it, which comes first, can name it; it stays as long as they do, and none
 * ever gets it again, also not one of the same name.
 *
 * store_user_put(), store_target_put() and store_role_put() make what is not
 * there, and replace all of what is there by that name. They fail with
 * GW_ESTATE when the id is not (any more) the one of that name: another was
 * made, or it was removed, meanwhile; with GW_EINVAL when it is no id.
 */

/* The id of that name. GW_ENOENT: nothing has that name, and *ret is a fresh
 * id. k is not STORE_NONE. */
MUST_CHECK int store_id(struct store *s, enum store_kind k, const char *name,
    char ret[static LIMIT_ID_SIZE]);

/* The one that comes next by name after *name ("" = the first), in its place.
 * GW_ENOENT: none does. */
MUST_CHECK int store_next_name(
    struct store *s, enum store_kind k, char name[static LIMIT_NAME_SIZE]);

enum store_name {
	STORE_NAME_USER,
	STORE_NAME_TARGET,
	STORE_NAME_ROLE,
	STORE_NAME_GROUP, /* of users, or in roles */
	STORE_NAME_LOGIN, /* of targets, or in roles */
};
/* 0: name is not in use as one of that kind, and *ret is, for which it could be
 * taken (core/look.h). GW_ENOENT: nothing is. */
MUST_CHECK int store_look_alike(struct store *s, enum store_name kind,
    const char *name, char ret[static LIMIT_NAME_SIZE]);
/* 0: it is in use as one of that kind. GW_ENOENT: it is not. */
MUST_CHECK int store_name_used(
    struct store *s, enum store_name kind, const char *name);

/* ---- user.c */

/* The caller wipes it: sealed seeds are in it. */
MUST_CHECK int store_user_get(
    struct store *s, const char *name, struct user *ret);
/* Whose key that is, by its fingerprint ("SHA256:..."). */
MUST_CHECK int store_user_by_key(
    struct store *s, const char *fp, char ret[static LIMIT_NAME_SIZE]);
/* Who was invited by the code of that hash; "" finds nobody. */
MUST_CHECK int store_user_by_invite(
    struct store *s, const char *hash, char ret[static LIMIT_NAME_SIZE]);
/* How many invitations there are of users that were last changed by a record
 * before before_seq, or that end after latest_ms. */
MUST_CHECK int store_invites_doubted(
    struct store *s, uint64_t before_seq, int64_t latest_ms, uint64_t *retn);
/* The log was ahead_ms ahead of now_ms, and is not any more: what was asked,
 * approved, proposed or locked meanwhile ends by so much earlier. */
MUST_CHECK int store_ends_shift(
    struct store *s, int64_t now_ms, int64_t ahead_ms, uint64_t seq);
/* Takes those away; *retn = how many. */
MUST_CHECK int store_invites_void(
    struct store *s, uint64_t before_seq, int64_t latest_ms, uint64_t *retn);
/* GW_EEXIST: one of the keys is another user's; nothing is changed then.
 * GW_EINVAL: they are neither a person nor a machine. */
MUST_CHECK int store_user_put(
    struct store *s, const struct user *u, uint64_t seq);
/* u is NULL if they cannot be read. */
typedef void store_user_fn(void *arg, const char *name, const struct user *u);
/* All of them, by name. */
MUST_CHECK int store_user_each(struct store *s, store_user_fn *fn, void *arg);
struct member {
	char name[LIMIT_NAME_SIZE];
	uint8_t state; /* enum user_state */
	uint8_t kind;  /* enum user_kind */
	struct name_list groups;
};
/* m is NULL if they cannot be read. */
typedef void store_member_fn(
    void *arg, const char *name, const struct member *m);
/* All users, by name, with their groups alone: that is quicker. */
MUST_CHECK int store_member_each(
    struct store *s, store_member_fn *fn, void *arg);
/* Removes a user who is there; what has ended keeps their name and gets their
 * id, so that another one of that name has none of it. */
MUST_CHECK int store_user_remove(
    struct store *s, const char *name, uint64_t seq);
/* The active admins, as store_user_each(). */
MUST_CHECK int store_admin_each(struct store *s, store_user_fn *fn, void *arg);
/* Who has a right, whatever their state; or, group not NULL, is in that. */
MUST_CHECK int store_holder_each(
    struct store *s, const char *group, store_user_fn *fn, void *arg);
/* How many active admins there are. */
MUST_CHECK int store_admins(struct store *s, uint64_t *ret);
/* 0: that user owns an agent; GW_ENOENT. */
MUST_CHECK int store_owns(struct store *s, const char *user_id);
/* 0: some user is in that group. */
MUST_CHECK int store_group_used(struct store *s, const char *group);
/* They have all that those of their kind prove themselves by. */
bool user_is_enrolled(const struct user *u);
bool user_has_key(const struct user *u, const char *fp);
/* The most that a signature by that key can say: of one that was made nothing
 * is kept, but its key's type. */
enum hardware user_hardware(const struct user *u, const char *fp);

/* ---- tries.c: wrong codes, by the ids of users and the fingerprints of their
 * keys. Those of a key go with it, by store_user_put(). */

/* Of that key (all zero: none), and how many the user has in all. */
MUST_CHECK int store_tries_get(struct store *s, const char *user_id,
    const char *key_fp, struct tries *ret, uint64_t *retsum);
MUST_CHECK int store_tries_put(struct store *s, const char *user_id,
    const char *key_fp, const struct tries *t);
/* Forgets them; key_fp NULL = of all the user's keys. */
MUST_CHECK int store_tries_clear(
    struct store *s, const char *user_id, const char *key_fp);

/* ---- recovery.c: recovery codes, by the names of users. They go with their
 * user, and with the second factor they stand in for. Those on paper for
 * break-glass are kept alike, and are nobody's. */
#define STORE_PAPER ""

/* 0 with ret->n = 0: there are none. */
MUST_CHECK int store_recovery_get(
    struct store *s, const char *user, struct recovery_set *ret);
/* In place of those there are. */
MUST_CHECK int store_recovery_put(struct store *s, const char *user,
    const struct recovery_set *set, uint64_t seq);
/* It is used from here on. GW_ENOENT: it was already, or is none. */
MUST_CHECK int store_recovery_burn(struct store *s, const char *user,
    const uint8_t hash[static RECOVERY_HASH_SIZE], uint64_t seq);

/* ---- glass.c: uses of break-glass. Its codes are those of STORE_PAPER above.
 */

MUST_CHECK int store_glass_put(struct store *s, const struct glass_use *g);
MUST_CHECK int store_glass_get(
    struct store *s, const char *id, struct glass_use *ret);
/* The oldest whose review is owed. GW_ENOENT: there is none. */
MUST_CHECK int store_glass_owed(struct store *s, struct glass_use *ret);
/* From GLASS_USED into g's state, with its by, note, reviewed_ms and seq.
 * GW_ESTATE: it is in another one (any more). */
MUST_CHECK int store_glass_settle(struct store *s, const struct glass_use *g);
typedef void store_glass_fn(void *arg, const struct glass_use *g);
/* Those before that place, the newest first, as store_grant_each(). */
MUST_CHECK int store_glass_each(struct store *s, int64_t used_ms,
    const char *id, unsigned max, store_glass_fn *fn, void *arg);

/* ---- target.c */

MUST_CHECK int store_target_get(
    struct store *s, const char *name, struct target *ret);
MUST_CHECK int store_target_put(
    struct store *s, const struct target *t, uint64_t seq);
/* One that is not there is none after it, either: 0. */
MUST_CHECK int store_target_remove(
    struct store *s, const char *name, uint64_t seq);
/* t is NULL if it cannot be read. */
typedef void store_target_fn(
    void *arg, const char *name, const struct target *t);
/* All of them, by name. */
MUST_CHECK int store_target_each(
    struct store *s, store_target_fn *fn, void *arg);
/* Is there, or was there ever, a target of that name, or at an address and port
 * of it? Its host may know the gateway. */
MUST_CHECK int store_target_known(
    struct store *s, const struct target *t, bool *ret);
/* 0: some target has all these labels, one of that key, that login. */
MUST_CHECK int store_labels_used(struct store *s, const struct label_list *l);
MUST_CHECK int store_label_key_used(struct store *s, const char *key);
MUST_CHECK int store_login_used(struct store *s, const char *login);
/* The name of a target with that address and port, the first by name but
 * not_this ("" = any). */
MUST_CHECK int store_target_at(struct store *s, const struct addr *a,
    uint16_t port, const char *not_this, char ret[static LIMIT_NAME_SIZE]);

/* ---- role.c */

MUST_CHECK int store_role_put(
    struct store *s, const struct policy_role *r, uint64_t seq);
/* One that is not there is none after it, either: 0. */
MUST_CHECK int store_role_remove(
    struct store *s, const char *name, uint64_t seq);
/* Into what is zeroed; after a failure it is anything. */
MUST_CHECK int store_role_get(
    struct store *s, const char *name, struct policy_role *ret);
/* All of them, by name; free(). One that cannot be read fails it all: without
 * it more might be allowed. */
MUST_CHECK int store_role_all(
    struct store *s, struct policy_role **ret, size_t *retn);

/* ---- lock.c */

/* GW_EEXIST: there is one of that id. */
MUST_CHECK int store_lock_put(struct store *s, const struct lock *l);
/* One that is not there is none after it, either: 0. */
MUST_CHECK int store_lock_remove(struct store *s, const char *id, uint64_t seq);
/* All of them, by id; free(). One that cannot be read fails it all: without it
 * more might be allowed. */
MUST_CHECK int store_lock_all(struct store *s, struct lock **ret, size_t *retn);

/* ---- delegation.c */

/* In the place of what that agent was lent before. */
MUST_CHECK int store_delegation_put(
    struct store *s, const struct delegation *d);
/* One that is not there is none after it, either: 0. */
MUST_CHECK int store_delegation_remove(
    struct store *s, const char *agent, uint64_t seq);
/* GW_ENOENT: that agent is lent nothing. */
MUST_CHECK int store_delegation_get(
    struct store *s, const char *agent, struct delegation *ret);
typedef void store_delegation_fn(void *arg, const struct delegation *d);
/* All that can be read, by agent. */
MUST_CHECK int store_delegation_each(
    struct store *s, store_delegation_fn *fn, void *arg);

/* ---- request.c: requests that wait, and what became of them */

/* Hears of each request that is stored, moved or approved; of one at a time.
 * NULL: nobody does. */
void store_on_request(
    struct store *s, void (*fn)(void *arg, const char *request), void *arg);
MUST_CHECK int store_request_put(struct store *s, const struct request *r);
MUST_CHECK int store_request_get(
    struct store *s, const char *id, struct request *ret);
/* From that state into r's: with its until_ms, grant, by, note and seq.
 * GW_ESTATE: it is in another one (any more), or is not there. */
MUST_CHECK int store_request_move(
    struct store *s, const struct request *r, enum request_state from);
typedef void store_request_fn(void *arg, const struct request *r);
/* What waits, by id; user_id NULL = everybody's. */
MUST_CHECK int store_request_waiting(
    struct store *s, const char *user_id, store_request_fn *fn, void *arg);
/* What waits no more, as store_grant_each(). */
MUST_CHECK int store_request_over(struct store *s, const char *user_id,
    int64_t created_ms, const char *id, unsigned max, store_request_fn *fn,
    void *arg);
/* What was asked and what was open, the newest first. What else is wanted of a
 * row its reader looks at: so a call looks at max rows and no more. */
struct past_want {
	const char *user;  /* of that name; NULL = of any */
	int64_t since_ms;  /* it began then, or later, */
	int64_t before_ms; /* and before that place */
	const char *before_id;
	unsigned max;
};
/* Requests in whichever state. */
MUST_CHECK int store_request_past(struct store *s, const struct past_want *w,
    store_request_fn *fn, void *arg);
/* The id of one that waits and should have ended by then; GW_ENOENT. */
MUST_CHECK int store_request_due(
    struct store *s, int64_t utc_ms, char ret[static LIMIT_NAME_SIZE]);
/* The first after that id ("": of all) that is approved and asked for a time
 * that is there, by UTC alone. GW_ENOENT: there is none. */
MUST_CHECK int store_request_timed(
    struct store *s, int64_t utc_ms, const char *after, struct request *ret);
/* GW_EEXIST: that user's is there. */
MUST_CHECK int store_approval_put(
    struct store *s, const struct approval_row *a);
typedef void store_approval_fn(void *arg, const struct approval_row *a);
/* Those of a request, in the order that they were given in. */
MUST_CHECK int store_approval_each(
    struct store *s, const char *request, store_approval_fn *fn, void *arg);

/* ---- proposal.c: changes that wait for a second admin */

MUST_CHECK int store_proposal_put(struct store *s, const struct proposal *p);
/* *ret is to be given to proposal_done() always. */
MUST_CHECK int store_proposal_get(
    struct store *s, const char *id, struct proposal *ret);
/* From that state into p's, with its by, note and seq. GW_ESTATE: it is in
 * another one (any more), or is not there. */
MUST_CHECK int store_proposal_move(
    struct store *s, const struct proposal *p, enum request_state from);
typedef void store_proposal_fn(void *arg, const struct proposal *p);
/* What waits, and what was made since then, the newest first. */
MUST_CHECK int store_proposal_each(struct store *s, int64_t since_ms,
    unsigned max, store_proposal_fn *fn, void *arg);
/* How many of that user's wait; UINT_MAX after a failure. */
MUST_CHECK int store_proposal_count(
    struct store *s, const char *user_id, unsigned *ret);
/* The id of one that waits and should have ended by then; GW_ENOENT. */
MUST_CHECK int store_proposal_due(
    struct store *s, int64_t utc_ms, char ret[static LIMIT_NAME_SIZE]);

/* ---- review.c */

/* With all its lines. GW_EEXIST: there is one of that name. */
MUST_CHECK int store_review_put(struct store *s, const struct review *r,
    const struct review_line *lines, size_t n);
MUST_CHECK int store_review_get(
    struct store *s, const char *name, struct review *ret);
typedef void store_review_fn(void *arg, const struct review *r);
/* All of them, by name. */
MUST_CHECK int store_review_each(
    struct store *s, store_review_fn *fn, void *arg);
/* It ends, once: GW_ESTATE. Its ended_ms, ended_by, how and seq. */
MUST_CHECK int store_review_end(struct store *s, const struct review *r);
typedef void store_review_line_fn(void *arg, const struct review_line *l);
/* The lines behind number after, in order. */
MUST_CHECK int store_review_lines(struct store *s, const char *review,
    uint32_t after, unsigned max, store_review_line_fn *fn, void *arg);
MUST_CHECK int store_review_line_get(
    struct store *s, const char *review, uint32_t n, struct review_line *ret);
/* Its answer, by, note, at_ms, done and seq. */
MUST_CHECK int store_review_line_set(
    struct store *s, const char *review, const struct review_line *l);
/* For each user and role under which a grant has ended: when the last began,
 * and how many there were. */
MUST_CHECK int store_use_each(struct store *s, review_use_fn *fn, void *arg);
/* ---- upload.c: policies that come in parts */

struct upload {
	char id[LIMIT_ID_SIZE];
	char user_id[LIMIT_ID_SIZE]; /* whose it is; "" = root's */
	uint32_t size;               /* of all of it, as announced */
	uint32_t have;               /* that have come, from its start */
	char digest[65];             /* hex SHA-256 of all of it */
	int64_t until_ms;
	uint64_t seq;
};

/* One of which nothing has come yet. */
MUST_CHECK int store_upload_put(struct store *s, const struct upload *u);
MUST_CHECK int store_upload_get(
    struct store *s, const char *id, struct upload *ret);
/* The part that comes next. GW_ESTATE: as much as u has is not what there is
 * (any more). */
MUST_CHECK int store_upload_add(
    struct store *s, const struct upload *u, const void *p, size_t n);
/* The one that begins there, added to ret. */
MUST_CHECK int store_upload_part(
    struct store *s, const char *id, uint32_t at, struct buf *ret);
MUST_CHECK int store_upload_keep(
    struct store *s, const char *id, int64_t until_ms);
/* With all its parts. GW_ENOENT. */
MUST_CHECK int store_upload_remove(struct store *s, const char *id);
/* One of its parts: with all of them at once that takes long. GW_ENOENT: it has
 * none any more. */
MUST_CHECK int store_upload_part_remove(struct store *s, const char *id);
/* Of that user, the one that ends first. GW_ENOENT. */
MUST_CHECK int store_upload_remove_oldest(struct store *s, const char *user_id);
/* Those that were until then. */
MUST_CHECK int store_upload_prune(struct store *s, int64_t utc_ms);
/* How many there are, of a user or in all (NULL); UINT_MAX after a failure. */
MUST_CHECK int store_upload_count(
    struct store *s, const char *user_id, unsigned *ret);

/* ---- history.c: a convenience; the evidence is the log */

/* The first answer to what a user asked for by that verb with that idempotency
 * key: its HTTP status, and its body, added to ret. */
MUST_CHECK int store_answer_get(struct store *s, const char *user,
    const char *verb, const char *key, uint16_t *retstatus, struct buf *ret);
/* GW_EEXIST: there is one. */
MUST_CHECK int store_answer_put(struct store *s, const char *user,
    const char *verb, const char *key, uint16_t status, const char *reply,
    int64_t now_ms, uint64_t seq);
/* How many are kept for a user; UINT_MAX after a failure: in doubt too many. */
MUST_CHECK int store_answer_count(
    struct store *s, const char *user, unsigned *ret);
/* Forgets answers older than that. */
MUST_CHECK int store_answer_prune(struct store *s, int64_t before_ms);

/* Of a grant, a session that has ended. Put again, its end is the later one. */
MUST_CHECK int store_grant_put(struct store *s, const struct grant_row *g);
MUST_CHECK int store_session_put(struct store *s, const struct session_row *x);
MUST_CHECK int store_grant_get(
    struct store *s, const char *id, struct grant_row *ret);
/* When the last grant of these two that has ended began; 0 = there was none. */
MUST_CHECK int store_grant_last(
    struct store *s, const char *user, const char *target, int64_t *ret_ms);
/* How many sessions of that grant have ended. */
MUST_CHECK int store_session_count(
    struct store *s, const char *grant, uint32_t *ret);
typedef void store_grant_fn(void *arg, const struct grant_row *g);
/* 0: that session has ended, and was recorded. */
MUST_CHECK int store_session_recorded(struct store *s, const char *sid);
/* 0: that session has ended. */
MUST_CHECK int store_session_ended(struct store *s, const char *sid);

typedef void store_session_fn(void *arg, const struct session_row *x);
/* Those before that place (start_ms, id), the newest first, at most max; user
 * NULL = everybody's. From the first: INT64_MAX and "". What is older than ids
 * goes by the name alone. */
MUST_CHECK int store_grant_each(struct store *s, const char *user,
    const char *user_id, int64_t start_ms, const char *id, unsigned max,
    store_grant_fn *fn, void *arg);
MUST_CHECK int store_session_each(struct store *s, const char *user,
    const char *user_id, int64_t start_ms, const char *sid, unsigned max,
    store_session_fn *fn, void *arg);
/* Grants that have ended; asked: of a request that store_request_past() has. */
typedef void store_past_fn(void *arg, const struct grant_row *g, bool asked);
MUST_CHECK int store_grant_past(
    struct store *s, const struct past_want *w, store_past_fn *fn, void *arg);
/* Those of a request that have ended, the first one first: what moved has one
 * for each address. */
MUST_CHECK int store_grant_of(
    struct store *s, const char *request, store_grant_fn *fn, void *arg);
MUST_CHECK int store_session_get(
    struct store *s, const char *sid, struct session_row *ret);
struct past_place {
	int64_t start_ms;
	const char *id;
};
/* The sessions of all these grants that have ended, and of that one, the first
 * one first; after that place: from the first 0 and "". */
MUST_CHECK int store_session_chain(struct store *s, const char *request,
    const char *grant, const struct past_place *after, unsigned max,
    store_session_fn *fn, void *arg);

#endif
