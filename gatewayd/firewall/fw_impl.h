/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fw_impl - what fw.c (openings), watch.c (keeping the table as it should be)
 * and fw_apply.c (what both do) share; fw.c calls watch.c, and both call
 * fw_apply.c. Nobody else includes it.
 */
#ifndef FIREWALL_FW_IMPL_H
#define FIREWALL_FW_IMPL_H

#include "firewall/cut.h"
#include "firewall/fw.h"
#include "firewall/holds.h"
#include "firewall/nl.h"

enum { WANTS_MAX = 1024 }; /* internal: endings cut in one walk */

struct fw {
	struct fw_opts o;
	struct ability can;
	struct ruleset rules;
	enum load_result loaded;
	struct nl *nft;    /* commands: it is the ownership, never reopened */
	struct nl *ask;    /* dumps and conntrack */
	struct nl *events; /* notifications */
	struct holds *holds;
	struct cut *cut;
	struct cut_want *wants; /* WANTS_MAX: dropped, to be cut */
	size_t nwants;
	uint32_t round;    /* of the sync going on, or the last one */
	int64_t next_end;  /* boottime ms of the next hold that ends */
	uint32_t gen_base; /* generation when commits was commits_base */
	uint32_t commits_base;
	uint64_t print;   /* of the rules as we loaded them */
	int64_t slept_ms; /* boottime less monotonic */
	size_t cursor;    /* of the slice the next check compares */
	bool bypassed;    /* others' rules lead round ours; reported */
	bool looked;      /* at the tables of others, since they changed */
};

/* fw_apply.c: makes the kernel's element what the holds say, at now. */
MUST_CHECK int fw_apply(
    struct fw *f, const struct set_key *k, const struct now *now);
/* Tells the caller of fw_*, by on_event. */
void fw_say(struct fw *f, enum fw_event ev, const char *text);

/* watch.c: remembers the state just loaded as the right one. */
MUST_CHECK int fw_remember(struct fw *f);
/* Removes the elements nobody holds. */
MUST_CHECK int fw_strangers(
    struct fw *f, const struct now *now, uint32_t *retremoved);
/* Says so when rules of others begin to lead packets round ours. */
MUST_CHECK int fw_check_bypass(struct fw *f);

#endif
