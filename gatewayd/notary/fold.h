/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold - what is open, as the log says it: grants, sessions' legs, used TOTP
 * steps. It changes only by reading records, at the start and live through the
 * same function, so it can be nothing else than the fold of the log. Expired
 * grants stay until their grant.close. No I/O, no clock.
 */
#ifndef NOTARY_FOLD_H
#define NOTARY_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/record.h"
#include "base/attr.h"
#include "core/event.h"
#include "core/grant.h"
#include "core/logtime.h"

enum { FOLD_PARTS = 4096 };

struct fold;
struct unended;

struct fold_grant {
	struct fold_grant *next;
	struct grant grant;
	char key_fp[64]; /* whose removal ends it */
	uint8_t state;   /* GRANT_INTENT or GRANT_ACTIVE */
	uint64_t seq;    /* of its grant.open */
	/* It is to last longer by that, by a grant.extend that the firewall has
	 * not applied; 0 = by none. In doubt it is not. */
	int64_t longer_ms;
};

/* Keeps what session.end must repeat, also when its grant is gone. */
struct fold_leg {
	struct fold_leg *next;
	char sid[LIMIT_ID_SIZE];
	char grant[LIMIT_ID_SIZE];
	char req[LIMIT_ID_SIZE];
	char user[LIMIT_NAME_SIZE];
	char target_name[LIMIT_NAME_SIZE];
	char login[LIMIT_NAME_SIZE];
	char user_id[LIMIT_ID_SIZE]; /* as in struct grant */
	char owner[LIMIT_NAME_SIZE];
	char target_id[LIMIT_ID_SIZE];
	char key_fp[64];
	uint64_t conn;
	struct addr gateway, target, client;
	uint16_t sport, port, client_port;
	int64_t start_ms;
	int64_t start_boot_ms; /* 0: of another boot, or not known */
	uint64_t seq;          /* of its session.start */
};

MUST_CHECK int fold_new(struct fold **ret);
void fold_free(struct fold *f);

/* Applies one record, of any kind. GW_EPROTO for a record that contradicts its
 * own event's fields, GW_ENOMEM. */
MUST_CHECK int fold_record(
    struct fold *f, const struct record *r, const void *line, size_t n);

/* What the log last says of the host's clock (clock.*, audit.checkpoint). */
struct fold_clock {
	char boot[CLOCK_BOOT_ID_SIZE]; /* "" = nothing yet */
	struct logtime at;
	uint64_t doubt_seq; /* the last clock.boot with a clock behind */
};
const struct fold_clock *fold_clock(const struct fold *f);

/* A boot begins, as its clock.boot record says: grants of earlier ones count
 * its boottime from now on, with what is left of them by both readings: UTC,
 * and the boottime of their boot as far as the log knows it. With the clock
 * behind the log nobody knows, and nothing is left. */
void fold_rebase(
    struct fold *f, const struct logtime *now, const char *boot_id);

/* Borrowed until the next fold_record; NULL = not open. */
const struct fold_grant *fold_grant(const struct fold *f, const char *id);
const struct fold_leg *fold_leg(const struct fold *f, const char *sid);
/* The leg of a connection; its client too, as numbers may come again after a
 * restart of the gateway. family 0: a probe, without a client. */
const struct fold_leg *fold_leg_of_conn(const struct fold *f, uint64_t conn,
    const struct addr *client, uint16_t client_port);
/* What sessions have begun and not ended (unended.h). */
const struct unended *fold_unended(const struct fold *f);
/* Was this TOTP step of that secret used (steps.h)? */
bool fold_step_used(
    const struct fold *f, const char *user, const char *factor, int64_t step);
/* The last record that may have changed the broker's store; 0 = none. */
uint64_t fold_store_seq(const struct fold *f);

typedef int fold_grant_fn(void *arg, const struct fold_grant *g);
typedef int fold_leg_fn(void *arg, const struct fold_leg *l);
/* Each open one of a part, 0 .. FOLD_PARTS - 1; stops at the first negative
 * return and passes it on. */
MUST_CHECK int fold_each_grant(
    const struct fold *f, size_t part, fold_grant_fn *fn, void *arg);
MUST_CHECK int fold_each_leg(
    const struct fold *f, size_t part, fold_leg_fn *fn, void *arg);

#endif
