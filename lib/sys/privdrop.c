/* SPDX-License-Identifier: Apache-2.0 */
/*
 * privdrop - see the header. Fails closed: any step that does not succeed is
 * an error and the caller exits.
 */
#include "sys/privdrop.h"

#include <cap-ng.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/err.h"

static int
add(uint64_t caps, unsigned types)
{
	for (unsigned c = 0; c <= 63; c++)
		if ((caps & (UINT64_C(1) << c)) != 0 &&
		    capng_update(CAPNG_ADD, (capng_type_t)types, c) != 0)
			return GW_ESYS;
	return 0;
}

int
privdrop_become(uid_t uid, gid_t gid, uint64_t caps)
{
	const unsigned types = CAPNG_EFFECTIVE | CAPNG_PERMITTED |
			       CAPNG_INHERITABLE | CAPNG_AMBIENT;
	uid_t r, e, s;
	gid_t rg, eg, sg;

	capng_clear(CAPNG_SELECT_ALL);
	if (add(caps, types) != 0)
		return GW_ESYS;
	if (capng_change_id((int)uid, (int)gid,
		(capng_flags_t)(CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING |
				(caps == 0 ? CAPNG_CLEAR_AMBIENT : 0))) != 0)
		return GW_ESYS;
	if (caps != 0 && capng_apply(CAPNG_SELECT_AMBIENT) != 0)
		return GW_ESYS;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return GW_ESYS;
	if (getresuid(&r, &e, &s) != 0 || getresgid(&rg, &eg, &sg) != 0 ||
	    r != uid || e != uid || s != uid || rg != gid || eg != gid ||
	    sg != gid)
		return GW_ESYS;
	return 0;
}

int
privdrop_keep(uint64_t caps)
{
	/* a container may lack some of them: ask for what there is */
	if (capng_get_caps_process() != 0)
		return GW_ESYS;
	for (unsigned c = 0; c <= 63; c++)
		if ((caps & (UINT64_C(1) << c)) != 0 &&
		    capng_have_capability(CAPNG_PERMITTED, c) == 0)
			caps &= ~(UINT64_C(1) << c);
	capng_clear(CAPNG_SELECT_BOTH);
	if (add(caps, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET) !=
	    0)
		return GW_ESYS;
	return capng_apply(CAPNG_SELECT_BOTH) == 0 ? 0 : GW_ESYS;
}
