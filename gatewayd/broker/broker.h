/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broker - who decides. The state every file of this process shares, and what
 * each offers the others. One verb, one file; how a call goes:
 *
 *   main.c    a call comes in, its verb's row says who may ask
 *   caller.c  who is asking, and may they (signature, key, user, nonce)
 *   mfa.c     the code, where the verb wants one
 *   <verb>.c  check -> append the event -> change -> reply
 *   call.c    the reply, and the same reply to a repeat
 *
 * Everything is one thread; nothing blocks but the store's own commit. Steps
 * that need another process are callbacks; a process that is lost answers all
 * of them with "lost", which denies.
 */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "broker/store/store.h"
#include "core/event.h"
#include "core/grant.h"
#include "core/policy.h"
#include "process/process.h"
#include "ssh/sshkey.h"
#include "wire/json.h"
#include "wire/messages.h"
#include "wire/signed.h"
#include "wire/verbs.h"

struct call;
struct wait;
struct closing;
struct session;
struct challenges;
struct tokens;
struct mfa_book;
struct denials;
struct recovery;
struct held;

enum {
	ELEMENTS_MAX = 512, /* internal: ELEMENT_MAX of them, encoded */
	VIEWED_MAX = 64,    /* internal: a ring */
	SINKS_SEEN = LIMIT_SINKS,
};

/* One grant that is open, or about to be. */
struct live_grant {
	struct live_grant *next;
	struct broker *b;
	struct grant g;
	char key_fp[SSHKEY_FP_SIZE]; /* that asked for it */
	uint8_t state;               /* GRANT_INTENT or GRANT_ACTIVE */
	uint64_t seq;                /* of its intent */
	uint8_t mac[RECEIPT_MAC_SIZE];
	uint8_t elements[ELEMENTS_MAX];
	uint32_t nelements;
	uint32_t sessions; /* so far */
	struct timer *timer;
	bool in_fold; /* recover.c's mark */
};

/* Who was recorded as looking at a recording: what he reads on is the same
 * look. */
struct viewed {
	char user[LIMIT_NAME_SIZE];
	char sid[LIMIT_ID_SIZE];
	uint32_t channel;
	int64_t end_boot_ms;
};

struct broker {
	struct process *process;
	const struct conf *conf;
	struct store *store;
	struct secret seal_key;
	struct policy_role *roles; /* the store's, kept decoded */
	size_t nroles;
	struct live_grant *grants;
	struct session *sessions;
	struct call *calls;
	struct wait *waits;
	struct closing *closings;
	struct timer *close_timer;
	struct challenges *challenges;
	struct tokens *tokens;
	struct mfa_book *mfa;
	struct denials *denials;
	struct recovery *recovery;
	struct history *history;
	struct held *held, **held_end;
	unsigned nheld;
	bool recovered;
	unsigned api_links[2]; /* counts links: https, admin */
	int64_t utc_floor_ms;  /* the log's last time */
	uint64_t next_probe;
	struct msg_shp_status sinks[SINKS_SEEN];
	struct viewed viewed[VIEWED_MAX]; /* a ring */
	unsigned next_viewed;
	struct process_sandbox box;
	char state_path[LIMIT_PATH_SIZE + 16];
	const char *writable[2];
};

/* Time, never before the log's last record. */
struct now broker_now(const struct broker *b);
/* Reads the roles anew; after every change of them. */
MUST_CHECK int broker_load_roles(struct broker *b);

/* ---- wait.c: one answer for one question */

/* body is NULL when the process was lost before it answered. */
typedef void wait_fn(struct broker *b, void *arg, const void *body);
/* Sends body (whose first field is its u32 rid, set here) and calls fn with
 * the answer. After a failure fn is never called. */
MUST_CHECK int ask(struct broker *b, enum proc to, unsigned type, void *body,
    unsigned answer, wait_fn *fn, void *arg);
void wait_answer(
    struct broker *b, enum proc from, unsigned type, const void *body);
void wait_lost(struct broker *b, enum proc from);

/* ---- call.c: one API call in flight */

typedef void call_fn(struct call *c);
typedef void call_answer_fn(struct call *c, const void *body);

struct call {
	struct call *next;
	struct broker *b;
	uint32_t rid;
	enum proc from;
	unsigned link; /* which link of the API it came by */
	const struct verb *verb;
	struct addr peer;
	char arg[LIMIT_NAME_SIZE];
	char query[1025];
	/* who: caller.c */
	bool local;  /* root on the admin socket */
	bool proved; /* by a signature not seen before, or a token */
	int64_t uid, loginuid;
	char user[LIMIT_NAME_SIZE]; /* "local" there */
	bool admin, auditor;
	uint8_t user_state;
	struct sshkey key;
	char key_fp[SSHKEY_FP_SIZE];
	struct envelope env;
	struct signed_request req;      /* .body for both kinds */
	uint64_t serial[LIMIT_SOURCES]; /* of its nonces: challenge.c */
	int64_t token_end_boot_ms;
	/* mfa.c */
	int64_t mfa_step; /* 0 = no code came */
	/* what happens next */
	call_fn *then;
	call_answer_fn *answered;
	uint64_t seq;         /* of the last record appended for it */
	bool first;           /* its answer is kept for repeats */
	struct call *repeats; /* waiting for the same answer */
	void *state;          /* of the verb */
	void (*state_free)(void *state);
};

struct call *call_new(
    struct broker *b, struct peer *from, const struct msg_api_call *m);
/* Each of these ends the call: do not touch it afterwards. */
void call_reply(struct call *c, unsigned status, json_t *o); /* takes o */
void call_raw(
    struct call *c, unsigned status, const char *type, const void *p, size_t n);
void call_problem(struct call *c, const struct problem *p);
void call_refuse(struct call *c, int status, const char *code,
    const char *field, const char *fmt, ...) PRINTF_LIKE(5, 6);
void call_unavailable(struct call *c, const char *what);
/* Appends an event; then() runs when it is durable, else 503. f is not taken.
 */
void call_append(struct call *c, enum event_code ev,
    const struct event_fields *f, call_fn *then);
/* The same for a change: adds what it is now. Takes now and f. */
void call_append_change(struct call *c, enum event_code ev,
    struct event_fields *f, json_t *now, call_fn *then);
/* Zeroed memory for the verb, freed (by fn) with the call; NULL: the call is
 * over. */
void *call_state(struct call *c, size_t size, void (*fn)(void *));
/* Asks a process; fn runs with its answer, never with NULL: else 503. */
void call_ask(struct call *c, enum proc to, unsigned type, void *body,
    unsigned answer, call_answer_fn *fn);
/* True: this text is whole in one field of a record, escapes and all. */
bool fits_field(const void *p, size_t n);
enum { DIGEST_SIZE = 65 };
void text_digest(char ret[static DIGEST_SIZE], const void *p, size_t n);
/* Starts fields with who did it. */
void call_who(const struct call *c, struct event_fields *f);
/* The same, and what he signed, or the digest of that, where apply.c has put
 * it into records of its own. */
void call_fields(const struct call *c, struct event_fields *f);
/* True: answered from the store, or waits for the first's answer. */
bool call_repeated(struct call *c);
/* The store failed: logs why; 503. */
void call_store_failed(struct call *c, int err);

/* json values; NULL o is passed over, so chains need one check at the end */
void put_str(json_t *o, const char *key, const char *v);
void put_num(json_t *o, const char *key, int64_t v);
void put_bool(json_t *o, const char *key, bool v);
void put_time(json_t *o, const char *key, int64_t utc_ms); /* 0 = null */
void put_addr(json_t *list, const struct addr *a); /* appends if present */
json_t *names_json(const struct name_list *l);

/* ---- listing.c: {"items":[]}, and where to go on if that is not all */

enum { LISTING_CURSOR_SIZE = LIMIT_NAME_SIZE };

struct listing_place {
	int64_t start_ms;
	const char *id; /* borrowed, as is what */
	const void *what;
};

typedef json_t *listing_json_fn(const void *what);

struct listing {
	json_t *items;
	size_t size;
	bool more;
	char after[LISTING_CURSOR_SIZE], next[LISTING_CURSOR_SIZE];
	listing_json_fn *live_json;
	struct listing_place *live;
	size_t nlive, at;
	unsigned nended;
};

/* false: the query was wrong and the call is over. */
MUST_CHECK bool listing_init(struct listing *l, struct call *c);
void listing_done(struct listing *l);
/* By name: these come in order. add() takes item. */
bool listing_wants(const struct listing *l, const char *name);
void listing_add(struct listing *l, json_t *item, const char *name);
/* By time: first all that live, then sort(), then what has ended,
 * LIMIT_LIST_PAGE at most, in order, and NULL at the end. */
MUST_CHECK int listing_live(struct listing *l, const struct listing_place *p);
void listing_sort(struct listing *l);
void listing_after(const struct listing *l, struct listing_place *ret);
void listing_ended(
    struct listing *l, const struct listing_place *p, listing_json_fn *fn);
/* The reply's body. */
json_t *listing_reply(struct listing *l);

/* ---- caller.c */
/* Who is asking; then the verb. Ends in fn(c) or in a refusal. */
void caller_check(struct call *c, const struct msg_api_call *m, call_fn *fn);
/* He still may, as the store says now: asked again after a wait. */
bool caller_still(struct call *c);
/* api.denied, for refusals before a user is known or allowed; of whom it is
 * not proved, so many. */
void caller_denied(const struct call *c, const char *reason);

/* ---- denials.c */
MUST_CHECK int denials_new(struct broker *b);
/* True while this refusal gets a record of its own; else it is counted. */
bool denials_write(struct broker *b, const struct addr *addr);

/* ---- mfa.c */
MUST_CHECK int mfa_new(struct mfa_book **ret);
/* Checks the code that came with the call, if any: sets c->mfa_step. Fails
 * with *p set (401 code-wrong, 429 too-many). */
MUST_CHECK int mfa_check(struct call *c, struct problem *p);
/* The same against a given sealed seed (enrolment). */
MUST_CHECK int mfa_check_seed(
    struct call *c, const struct sealed *seed, struct problem *p);
/* Seconds since key and source gave a code; POLICY_MFA_NONE. */
int64_t mfa_age_s(const struct call *c);
int64_t mfa_until_ms(const struct broker *b, const char *user,
    const struct addr *source); /* UTC; 0 = no code known */
/* A code was accepted and burned: remember for the age. */
void mfa_given(const struct call *c);
void mfa_forget(struct broker *b, const char *user);
void mfa_used(const struct call *c); /* it was used before: event */
/* Code wanted by the verb's row: then(c) with the step burned, or refusal. */
void mfa_require(struct call *c, call_fn *then);

/* ---- challenge.c, token.c */
MUST_CHECK int challenges_new(struct challenges **ret);
void verb_challenge(struct call *c);
/* All nonces of the request are ours, unused, for their address, and one is
 * for the peer's: c->serial. 0 or GW_EDENIED. */
MUST_CHECK int challenge_check(struct call *c);
/* They are used. GW_ENOMEM, GW_ELIMIT: then the call must not go on. */
MUST_CHECK int challenge_spend(struct call *c);
MUST_CHECK int tokens_new(struct tokens **ret);
void verb_token(struct call *c);
/* The user a token speaks for from this address; GW_EDENIED. */
MUST_CHECK int token_check(struct broker *b, const char *token,
    const struct addr *peer, char retuser[static LIMIT_NAME_SIZE],
    char retkey[static SSHKEY_FP_SIZE], int64_t *retend_boot_ms);
void token_forget(struct broker *b, const char *user);

/* ---- verbs */
void verb_server(struct call *c);
void verb_healthz(struct call *c);
void verb_readyz(struct call *c);
void verb_whoami(struct call *c);
void verb_enroll(struct call *c);
void verb_enroll_confirm(struct call *c);
void verb_request(struct call *c);
void verb_grants(struct call *c);
void verb_release(struct call *c);
void verb_revoke(struct call *c);
void verb_sessions(struct call *c);
void verb_session_kill(struct call *c);
void verb_recording(struct call *c);
void verb_targets(struct call *c);
void verb_target_scan(struct call *c);
void verb_target_add(struct call *c);
void verb_target_remove(struct call *c);
void verb_users(struct call *c);
void verb_user_add(struct call *c);
void verb_roles(struct call *c);
void verb_role_set(struct call *c);
void verb_role_remove(struct call *c);
void verb_apply(struct call *c);
void verb_doctor(struct call *c);
void verb_audit(struct call *c);

/* ---- room.c: may there be so many more? Else *p says what to do. */
MUST_CHECK int room_check(
    struct broker *b, enum store_kind k, size_t more, struct problem *p);

/* ---- body.c: adds to ret; absent adds nothing */
MUST_CHECK int names_parse(struct name_list *ret, const json_t *o,
    const char *key, bool required, struct problem *p);
MUST_CHECK int labels_parse(
    struct label_list *ret, const json_t *o, struct problem *p);

/* ---- user.c, target.c, role.c: bodies, for their verbs and for apply.c */
MUST_CHECK int user_parse(
    struct user *ret, struct broker *b, const json_t *o, struct problem *p);
bool user_equal(const struct user *a, const struct user *b);
json_t *user_json(const struct user *u);
/* Puts a fresh invitation into u and its text into rettext. */
enum { INVITATION_SIZE = 400 };
MUST_CHECK int user_invite(
    struct broker *b, struct user *u, char rettext[static INVITATION_SIZE]);
/* In the log, that he was; after he is stored. */
void user_invited(const struct call *c, const struct user *u);
/* The body applied once more, to what the store says now: the user himself may
 * have enrolled, another admin may have disabled him, while the record was
 * written. Keeps an invitation that still serves, else clears it. */
MUST_CHECK int user_again(struct broker *b, struct user *u,
    char invitation[static INVITATION_SIZE], const json_t *o,
    struct problem *p);
/* After a change is stored: what a disabled user has ends. */
void user_changed(struct broker *b, const struct user *u);
bool user_has_key(const struct user *u, const char *fp);
/* reconsider.c: after any change of users, targets or roles is stored: ends
 * what policy would not give any more, and what a key opened or logged in that
 * its user has no more. Of that user, of that target; NULL = of all. */
void grants_reconsider(struct broker *b, const char *user, const char *target);
bool grant_still_given(const struct live_grant *lg);
MUST_CHECK int target_parse(struct target *ret, const struct broker *b,
    const json_t *o, struct problem *p);
/* What its admin should know of it, or NULL. */
const char *target_warning(const struct target *t);
json_t *target_json(const struct target *t);
void target_protect(struct broker *b, const struct target *t);
MUST_CHECK int role_parse(
    struct policy_role *ret, const json_t *o, struct problem *p);
json_t *role_json(const struct policy_role *r);

/* ---- grant.c */
struct live_grant *grant_new(
    struct broker *b, const struct grant *g, const char *key_fp);
struct live_grant *grant_find(struct broker *b, const char *id);
/* It is in force: arm the timer. */
void grant_activate(struct live_grant *lg);
/* Cuts now, tells the sessions, closes it in the log. c (may be NULL) is
 * answered when that is durable. lg is gone afterwards. */
void grant_end(struct live_grant *lg, enum end_reason reason, const char *by,
    struct call *c);
/* For grant.list, once it is over. */
void grant_remember(struct broker *b, const struct grant *g,
    enum end_reason reason, uint32_t sessions, uint64_t seq);
/* Out of the list without a word: it never opened, or the log ended it. */
void grant_drop(struct live_grant *lg);
/* The best live grant for a login at the door, or NULL. */
struct live_grant *grant_lookup(struct broker *b, const char *user,
    const char *target, const char *login, const struct addr *source);
json_t *grant_json(const struct live_grant *lg);

/* A close that the notary has not yet confirmed: it is repeated until then. */
void close_grant(struct broker *b, const char *id, enum end_reason reason,
    const char *by, struct call *c, json_t *reply);
void firewall_close(struct broker *b, const char *id, enum end_reason reason);
void close_leg(struct broker *b, const char *sid, enum end_reason reason,
    const char *by, uint64_t in, uint64_t out, int64_t status);
bool close_pending(const struct broker *b, const char *id);
/* Why it is being closed; END_NONE when it is not. */
enum end_reason close_reason(const struct broker *b, const char *id);
void close_again(struct broker *b); /* the notary is back */

/* ---- history.c: what ended, written in batches after the fact */
struct history;
MUST_CHECK int history_new(struct broker *b);
void history_free(struct broker *b); /* writes what is left */
void history_grant(struct broker *b, const struct grant_row *g);
void history_session(struct broker *b, const struct session_row *x);
void history_flush(struct broker *b); /* before it is asked for */

/* ---- session.c, dial.c, probe.c */
enum ses_state {
	SES_NONE = 0,
	SES_NEW,    /* linked, not known who */
	SES_AUTHED, /* has a grant */
	SES_DIALING,
	SES_LIVE,
	SES_ENDING, /* told to stop */
};

typedef void dialed_fn(struct session *s, int fd, const char *why);

/* Bit of a probe's connection number: never one of the supervisor's own. */
#define PROBE_CONN (UINT64_C(1) << 62)

struct session {
	struct session *next;
	struct broker *b;
	uint64_t conn;
	enum ses_state state;
	bool linked; /* its link is there */
	bool gone;   /* freed once nothing is pending */
	unsigned pending;
	unsigned tries;
	struct addr client;
	uint16_t client_port;
	uint8_t xid[LIMIT_HASH_MAX]; /* SSH session id, from the notary */
	size_t nxid;
	char sid[LIMIT_ID_SIZE];
	char grant_id[LIMIT_ID_SIZE];
	struct live_grant *grant; /* NULL once it ended */
	char user[LIMIT_NAME_SIZE];
	char target[LIMIT_NAME_SIZE];
	char login[LIMIT_NAME_SIZE];
	char key_fp[64];
	char client_version[128];
	char by[LIMIT_NAME_SIZE]; /* who ended it; "" = it did, or we */
	bool record;              /* as its role wants it */
	bool recorded;            /* as the recorder says */
	int64_t start_ms;
	uint64_t seq; /* of its start */
	/* dial.c */
	uint32_t dial_rid;
	int fd;
	struct watch *watch;
	struct timer *timer;
	struct addr addr; /* the target's */
	uint16_t port;
	dialed_fn *dialed;
	bool leg; /* a leg is open in the log */
	uint8_t mac[RECEIPT_MAC_SIZE];
	uint8_t elements[ELEMENTS_MAX];
	uint32_t nelements;
	uint64_t leg_seq;
	/* the end */
	enum end_reason reason;
	bool cut; /* FW_CLOSE was sent */
	struct probe *probe;
};

struct session *session_find(struct broker *b, uint64_t conn);
struct session *session_by_sid(struct broker *b, const char *sid);
struct session *session_get(struct broker *b, uint64_t conn); /* or makes */
void session_up(struct broker *b, struct peer *p);
void session_down(struct broker *b, struct peer *p);
int on_ses_auth(
    struct process *r, struct peer *p, const void *m, const int *fds);
int on_ses_dial(
    struct process *r, struct peer *p, const void *m, const int *fds);
int on_ses_channel(
    struct process *r, struct peer *p, const void *m, const int *fds);
int on_ses_end(
    struct process *r, struct peer *p, const void *m, const int *fds);
int on_rec_started(
    struct process *r, struct peer *p, const void *m, const int *fds);
int on_nt_sid(struct process *r, struct peer *p, const void *m, const int *fds);
/* It was there before us: is it recorded? */
void session_ask_recorded(struct session *s);
/* Says why and cuts its leg; by = who ends it, for the record. */
void session_stop(struct session *s, enum end_reason reason, const char *by,
    const char *text);
/* Closes the leg, writes the history, forgets it. */
void session_over(struct session *s, enum end_reason reason, uint64_t in,
    uint64_t out, int64_t status);
void session_release(struct session *s); /* frees if gone and not pending */

/* Opens the way to s->addr:s->port by a leg and calls
 * s->dialed with a connected descriptor (to be closed) or -1 and why. */
void dial_start(struct session *s);
void dial_cancel(struct session *s);

struct probe_wish {
	struct addr addr;
	uint16_t port;
	char host_alg[64];
	const struct target *target; /* NULL: an address without a name */
	bool login;
};
struct probe_result {
	bool connected;
	char text[LIMIT_TEXT_SIZE]; /* what failed */
	struct msg_ses_probed seen; /* host_key points into key */
	uint8_t key[LIMIT_PUBKEY_MAX];
};
typedef void probe_fn(struct call *c, const struct probe_result *r);
/* One probe session; fn is called once in any case. */
void probe_start(struct call *c, const struct probe_wish *w, probe_fn *fn);
void probe_up(struct session *s);
void probe_down(struct session *s);
int on_ses_probed(
    struct process *r, struct peer *p, const void *m, const int *fds);

/* ---- recover.c */
/* Fold -> store check -> firewall; then b->recovered. Repeated whenever the
 * notary or the firewall came back. */
void recover_start(struct broker *b);
void recover_free(struct recovery *r);
int on_fold_grant(
    struct process *r, struct peer *p, const void *m, const int *fds);
int on_fold_leg(
    struct process *r, struct peer *p, const void *m, const int *fds);
/* Takes over calls that came before that; main.c gives them back. */
void broker_serve_held(struct broker *b);

#endif
