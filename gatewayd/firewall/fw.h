/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fw - the firewall as its process sees it: one table, the openings in it and
 * who holds them. Opens what it is asked to (the caller checks the
 * receipt), never longer than ELEM_LIFE_MAX_MS, and keeps the table as it
 * should be. Does not log, does not talk to other processes.
 */
#ifndef FIREWALL_FW_H
#define FIREWALL_FW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/limits.h"
#include "core/element.h"
#include "firewall/ability.h"
#include "firewall/allowed.h"
#include "firewall/cut.h"
#include "firewall/foreign.h"
#include "firewall/ruleset.h"

/* The record of one flow that was cut, with what conntrack counted. */
struct fw_flow {
	struct element element; /* the opening it used */
	char grant[LIMIT_ID_SIZE], id[LIMIT_ID_SIZE];
	struct addr source, target;
	uint16_t sport, port;
	uint8_t proto;
	uint64_t packets_in, bytes_in, packets_out, bytes_out;
	int64_t start_ms, end_ms; /* UTC; start 0 = not known */
};

enum fw_event {
	FW_EVENT_NONE = 0,
	FW_EVENT_TAMPER, /* somebody changed our table; it is repaired */
	FW_EVENT_BROKEN, /* ... or made ours pointless; not repaired */
	FW_EVENT_DRIFT,  /* an element differed from its holds; repaired */
};

struct fw_opts {
	bool force_old;              /* as if on Linux 6.1 */
	const struct ruleset *rules; /* copied: what is shut from now on */
	void *arg;
	/* May be NULL; called from inside fw_* calls. */
	void (*on_flow)(void *arg, const struct fw_flow *f);
	void (*on_event)(void *arg, enum fw_event ev, const char *text);
	/* Now and then in the middle of long work; may be NULL. */
	void (*on_busy)(void *arg);
};

struct fw;

/*
 * Probes the kernel, creates or adopts the table and loads it in one
 * transaction: what is protected is shut when this returns 0. Elements left
 * from an earlier life stay open for the time they have left, until fw_sync_end
 * removes those nobody asked for again, and what was protected stays so.
 * GW_EDENIED without CAP_NET_ADMIN and CAP_NET_RAW or when another living
 * process owns the table.
 */
MUST_CHECK int fw_open(struct fw **ret, const struct fw_opts *opts);
/* Does not shut or open anything: a table stays as it is. NULL is a no-op. */
void fw_free(struct fw *f);
enum load_result fw_loaded(const struct fw *f);
const struct ability *fw_can(const struct fw *f);
const struct ruleset *fw_rules(const struct fw *f);

/* Shuts n more (address, protocol, port), in one transaction where the kernel
 * takes them all. retadded[]: was it open before? reterr[]: 0, or why it is not
 * shut (GW_EINVAL, GW_ELIMIT, ...). */
void fw_protect(struct fw *f, const struct triple *t, size_t n, bool *retadded,
    int *reterr);

/* Opens one of these to everybody again. GW_ENOENT: it is none. */
MUST_CHECK int fw_unprotect(struct fw *f, const struct triple *t);

/*
 * Opens every element of l until its own end, or none. id is a grant's, or a
 * session's with its grant. Again with another end moves it. GW_EINVAL for an
 * element no set can hold, GW_ESTATE for an end in the past, GW_EDENIED for
 * one further away than the hard cap, GW_ELIMIT when full.
 */
MUST_CHECK int fw_open_elements(struct fw *f, const struct element_list *l,
    const char *id, const char *grant, const struct now *now);
/*
 * Moves the ends of what id holds open, each to that of l, or none: no flow
 * sees it, and what fails leaves each where it was, unlike the above. *retwas
 * is what it was. GW_ENOENT: id does not hold all of l; GW_ESTATE, GW_EDENIED
 * as above.
 */
MUST_CHECK int fw_move_ends(struct fw *f, const struct element_list *l,
    const char *id, const char *grant, const struct now *now,
    struct element_list *retwas);
/*
 * Ends everything a session, or a grant with its sessions, holds: paths and
 * legs now, an entry after LIMIT_CLIENT_TAIL_S. Cuts the flows; their records
 * come by on_flow about a second later, *ret (may be NULL) has the totals so
 * far without entries. GW_ENOENT when it holds nothing.
 */
MUST_CHECK int fw_close_grant(struct fw *f, const char *id,
    const struct now *now, struct cut_totals *ret);
/* Does a session, or a grant with its sessions, hold anything that was not
 * closed? */
bool fw_holds(const struct fw *f, const char *id);

/* Each path in the kernel whose comment is the id of a use of break-glass: what
 * root opened (allowed.h), with an end and the UTC ms of now. */
MUST_CHECK int fw_allowed(struct fw *f, const struct now *now,
    void (*cb)(void *arg, const struct allowed *a), void *arg);

/* Between begin and end the caller opens again everything that should be
 * open; end closes the rest, here and in the kernel. */
void fw_sync_begin(struct fw *f);
MUST_CHECK int fw_sync_end(struct fw *f, const struct now *now,
    uint32_t *retremoved, uint32_t *retkept);

/* What the tables of others do on the way in to these ports of ours; GW_EAGAIN:
 * nobody changed any since the last time. */
MUST_CHECK int fw_foreign(
    struct fw *f, const uint16_t *ports, size_t n, struct foreign *ret);

/* Readable when somebody, we included, changed nf_tables: call fw_events. */
int fw_fd(const struct fw *f);
MUST_CHECK int fw_events(struct fw *f, const struct now *now);
/* The backstop, every second: generation, rules, lists, elements (a slice of
 * them), and the time a suspend took. Repairs and reports by on_event. */
MUST_CHECK int fw_check(struct fw *f, const struct now *now);
/* Ends, pokes and deletes what is due. Returns ms until it wants the next
 * call, at most 1000. */
int64_t fw_tick(struct fw *f, const struct now *now);

#endif
