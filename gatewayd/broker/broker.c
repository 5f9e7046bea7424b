/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broker - see the header.
 */
#include <stdlib.h>

#include "base/disk.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "broker/broker.h"
#include "core/conf.h"

struct now
broker_now(const struct broker *b)
{
	struct logtime t = b->time;
	struct now now = clock_now();

	logtime_read(&t, &now);
	now.utc_ms = t.utc_ms;
	return now;
}

int
broker_load_roles(struct broker *b)
{
	struct policy_role *roles = NULL;
	size_t n = 0;
	int r = store_role_all(b->store, &roles, &n);

	/* in doubt nobody may: what was taken away must not live on here */
	free(b->roles);
	b->roles = roles;
	b->nroles = n;
	return r;
}

/* In the place of those that cannot be read. */
static const struct lock all_locked = {.kind = LOCK_EVERYTHING,
    .by = "gateway",
    .reason = "the locks in its store cannot be read"};

int
broker_load_locks(struct broker *b)
{
	struct lock *locks = NULL;
	size_t n = 0;
	int r = store_lock_all(b->store, &locks, &n);

	free(b->locks_read);
	b->locks_read = locks;
	b->locks = locks;
	b->nlocks = n;
	if (r != 0 && !FAULT(locks_unread)) {
		b->locks = &all_locked;
		b->nlocks = 1;
	}
	return r;
}

const struct lock *
broker_lock(const struct broker *b, const struct lock_facts *f)
{
	return lock_find(b->locks, b->nlocks, f);
}

int
broker_disk(const struct broker *b, const char *folder, struct disk *ret)
{
	char path[LIMIT_PATH_SIZE + 16];

	if (str_fmt(path, sizeof(path), "%s/%s", b->conf->state_dir, folder) !=
	    0)
		return GW_ESYS;
	return disk_read(ret, path);
}
