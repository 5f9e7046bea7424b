/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quota - how many users, targets and roles a gateway keeps. Asked before the
 * record of a new one is written: what is refused was never in the evidence.
 */
#include "broker/admin/quota.h"
#include "base/err.h"
#include "broker/broker.h"

static const struct {
	const char *field; /* of the body that makes one */
	const char *many;
	uint64_t max;
	const char *remedy;
} kinds[] = {
    [STORE_USERS] = {"user", "users", LIMIT_USERS,
	"locked ones count; jitctl user rm takes one away"},
    [STORE_TARGETS] = {"target", "targets", LIMIT_TARGETS,
	"jitctl target rm takes one away"},
    [STORE_ROLES] = {"role", "roles", LIMIT_ROLES,
	"jitctl role rm takes one away"},
};

int
quota_check(struct broker *b, enum store_kind k, size_t more, struct problem *p)
{
	unsigned long long would = 0;
	uint64_t have = 0;
	const int r = store_count(b->store, k, &have);

	if (r != 0) {
		problem_set(
		    p, 503, "unavailable", NULL, "the store cannot be read");
		return r;
	}
	if (more == 0 || (have <= kinds[k].max && more <= kinds[k].max - have))
		return 0;
	would = have + more;
	problem_set(p, 409, "full", kinds[k].field,
	    "%s: there would be %llu, and a gateway keeps at most %llu (%s)",
	    kinds[k].many, would, (unsigned long long)kinds[k].max,
	    kinds[k].remedy);
	return GW_ELIMIT;
}
