/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broker - who decides. The state that the wings of this process share; each
 * object has a header of its own. How a call goes:
 *
 *	inbox.c			a call comes in; its verb's row says who may ask
 *	identity/caller.c	who is asking, and may they
 *	identity/mfa.c		the code, where the verb wants one
 *	the verb		check -> append the event -> change -> reply
 *	call/call.c		the reply, and the same one to a repeat
 *
 * Wings, each using those to its left only:
 * store <- broker.h <- call <- identity <- grant <- request <- session <-
 * admin; report beside them (store, call, identity).
 * Above all: inbox, recover and main.
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
#include "base/limits.h"
#include "base/secret.h"
#include "broker/store/store.h"
#include "core/known.h"
#include "core/lock.h"
#include "core/logtime.h"
#include "core/policy.h"
#include "process/process.h"
#include "wire/messages.h"

struct answer;
struct apply;
struct call;
struct challenges;
struct channels;
struct closing;
struct denials;
struct lock_me;
struct disk;
struct early_call;
struct ended;
struct codeclock;
struct events;
struct grant_hooks;
struct history;
struct at;
struct lapse;
struct live_grant;
struct lock_ends;
struct mfa_state;
struct order;
struct protections;
struct recovery;
struct session;
struct shut;
struct subject;
struct tokens;
struct views;
struct wait;

struct broker {
	struct process *process;
	const struct conf *conf;
	struct store *store;
	struct secret seal_key;
	struct policy_role *roles; /* the store's, kept decoded */
	size_t nroles;
	uint64_t roles_as_of; /* store_role_changes() of those */
	bool roles_tried;     /* what is read is of a transaction that is */
	struct policy_role *roles_before; /* taken back; those it was before */
	size_t nroles_before;
	const struct lock *locks; /* likewise; those that stand, and some that
				   * have run out just now */
	size_t nlocks;
	struct lock *locks_read;     /* freed with the next reading */
	struct lock_ends *lock_ends; /* admin/lock.h */
	struct zone_table *zones;    /* of this system, as it started */
	struct live_grant *grants;
	void (*const *verbs)(struct call *c);  /* by their ids: inbox.c */
	const struct grant_hooks *grant_hooks; /* session/ registers them */
	struct session *sessions;
	struct channels *channels;
	struct ended *ended; /* what the call of this turn ends */
	struct call *calls;
	struct wait *waits;
	struct closing *closings;
	struct timer *close_timer;
	struct answer *answers; /* admin/answers.h */
	struct apply *applies;  /* the first one is under way; */
	bool storing; /* between turns of its transaction: who takes nothing
		       * away waits */
	struct order *orders; /* of the firewall, not yet confirmed */
	uint64_t order_seq;
	struct shut *shuts; /* ended, not confirmed: grant/firewall.h */
	struct timer *shut_timer;
	unsigned unshut; /* of those, for longer than they should be */
	struct protections *protections; /* grant/protect.h */
	unsigned unprotected; /* ports of targets not confirmed as shut */
	struct challenges *challenges;
	struct tokens *tokens;
	struct mfa_state *mfa;
	struct codeclock *codeclock;
	struct codes *codes; /* recovery codes being made: identity/codes.h */
	struct slow *slow;   /* that are looked at: identity/slow.h */
	struct timer *slow_timer;
	struct denials *denials;
	struct lock_me *lock_me;
	struct known regulars; /* identity/regulars.h */
	struct recovery *recovery;
	struct history *history;
	struct at *at;       /* request/at.c */
	struct lapse *lapse; /* request/lapse.h */
	struct events *events;
	struct views *views;
	struct early_call *early, **early_end; /* before they are served */
	struct timer *early_timer;
	/* recover.c's: it is in doubt what log and firewall have, so they are
	 * asked and told again */
	void (*resync)(struct broker *b);
	/* inbox.c's: who waits is looked at in the next turn */
	void (*wake)(struct broker *b);
	unsigned syncs;        /* so many times the firewall was told */
	bool told;             /* by the log, since our start, what is open */
	bool recovered;        /* in step with log and firewall */
	unsigned api_links[2]; /* counts links: https, admin */
	struct logtime time;   /* the log's, as the notary last said */
	int64_t behind_ms;     /* how far the host's clock is behind it */
	bool doubted;          /* some invitations: identity/doubt.h */
	uint64_t doubt_seq;
	int64_t doubt_latest_ms;
	uint64_t next_probe;
	struct msg_shp_status sinks[LIMIT_SINKS];
	struct msg_fw_foreign foreign; /* of the firewall there is */
	/* report/health.h: who does not start, whose files cannot be used, and
	 * how the store was when it was looked at last */
	char fails[PROC_COUNT][LIMIT_TEXT_SIZE];
	char disks[PROC_COUNT][LIMIT_TEXT_SIZE];
	enum medium store_is;
	struct process_sandbox box;
	char state_path[LIMIT_PATH_SIZE + 16];
	const char *writable[2];
};

/* The log's time (core/logtime.h). */
struct now broker_now(const struct broker *b);
/* Reads the roles anew; after every change of them. On failure there are none:
 * nobody may anything. */
MUST_CHECK int broker_load_roles(struct broker *b);
/* Takes those that were read elsewhere, all there are, as if it had read them.
 */
void broker_take_roles(struct broker *b, struct policy_role *list, size_t n);
/* What is read up to broker_roles_back() is of a transaction that is taken back
 * by then: those there are need not be read once more. */
void broker_roles_try(struct broker *b);
MUST_CHECK int broker_roles_back(struct broker *b);
/* The locks, likewise. On failure everything is locked. */
MUST_CHECK int broker_load_locks(struct broker *b);
/* The first that covers it now; NULL: none does. Borrowed until the locks are
 * read anew. */
const struct lock *broker_lock(
    const struct broker *b, const struct lock_facts *f);
/* Of the disk that folder of the gateway's state is on. GW_ESYS. */
MUST_CHECK int broker_disk(
    const struct broker *b, const char *folder, struct disk *ret);

#endif
