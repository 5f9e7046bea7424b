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

void
broker_take_roles(struct broker *b, struct policy_role *list, size_t n)
{
	if (b->roles_tried && b->roles_before == NULL) {
		b->roles_before = b->roles;
		b->nroles_before = b->nroles;
	} else {
		free(b->roles);
	}
	b->roles = list;
	b->nroles = n;
	b->roles_as_of = store_role_changes(b->store);
}

int
broker_load_roles(struct broker *b)
{
	struct policy_role *roles = NULL;
	size_t n = 0;
	int r;

	if (b->roles != NULL && b->roles_as_of == store_role_changes(b->store))
		return 0; /* there is nothing new to be read */
	r = store_role_all(b->store, &roles, &n);
	/* in doubt nobody may: what was taken away must not live on here */
	broker_take_roles(b, roles, n);
	return r;
}

void
broker_roles_try(struct broker *b)
{
	b->roles_tried = true;
}

int
broker_roles_back(struct broker *b)
{
	struct policy_role *list = b->roles_before;

	b->roles_tried = false;
	b->roles_before = NULL;
	if (list == NULL)
		return broker_load_roles(b);
	broker_take_roles(b, list, b->nroles_before);
	return 0;
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
