/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage - see the header.
 */
#include "notary/usage.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

enum { HOUR_MS = 3600 * 1000, PARTS = 1024, EIGHTH = 8 };

struct hour {
	struct hour *next;
	char user[LIMIT_NAME_SIZE];
	int64_t since_ms;
	uint64_t bytes;
	bool told; /* that it is full */
};

struct usage {
	uint64_t quota, quota_all;
	struct hour all; /* of no user */
	bool look;       /* somebody may have reached it */
	struct hour *part[PARTS];
};

int
usage_new(struct usage **ret, uint64_t room)
{
	struct usage *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return GW_ENOMEM;
	u->quota = room / 4 < LIMIT_LOG_USER ? room / 4 : LIMIT_LOG_USER;
	u->quota_all = room / 2 < LIMIT_LOG_ALL ? room / 2 : LIMIT_LOG_ALL;
	*ret = u;
	return 0;
}

void
usage_free(struct usage *u)
{
	if (u == NULL)
		return;
	for (size_t i = 0; i < PARTS; i++)
		while (u->part[i] != NULL) {
			struct hour *h = u->part[i];

			u->part[i] = h->next;
			free(h);
		}
	free(u);
}

/* Also when the log's time was set back since. */
static bool
is_past(const struct hour *h, int64_t utc_ms)
{
	return utc_ms - h->since_ms >= HOUR_MS || utc_ms < h->since_ms;
}

static const struct hour *
find(const struct usage *u, const char *user, int64_t utc_ms)
{
	const struct hour *h = u->part[str_hash(user) % PARTS];

	while (h != NULL && strcmp(h->user, user) != 0)
		h = h->next;
	return h == NULL || is_past(h, utc_ms) ? NULL : h;
}

/* Finds it or makes it, in the place of hours that are past. */
static struct hour *
hour_of(struct usage *u, const char *user, int64_t utc_ms)
{
	struct hour **const first = &u->part[str_hash(user) % PARTS];
	struct hour **hp = first;
	struct hour *h;

	while ((h = *hp) != NULL) {
		if (is_past(h, utc_ms)) {
			*hp = h->next;
			free(h);
			continue;
		}
		if (strcmp(h->user, user) == 0)
			return h;
		hp = &h->next;
	}
	if ((h = calloc(1, sizeof(*h))) == NULL)
		return NULL;
	memcpy(h->user, user, strlen(user) + 1); /* it fits: whose() */
	h->since_ms = utc_ms;
	h->next = *first;
	*first = h;
	return h;
}

uint64_t
usage_quota(const struct usage *u, int64_t utc_ms)
{
	if (is_past(&u->all, utc_ms) || u->all.bytes < u->quota_all ||
	    FAULT(log_quota_all))
		return u->quota;
	return u->quota / EIGHTH;
}

static bool
is_over(const struct usage *u, const struct hour *h, int64_t utc_ms)
{
	return h->bytes >= usage_quota(u, utc_ms) && !FAULT(log_quota);
}

/* Whose doing a record is: by, else user; "" = of nobody who is charged. */
static void
whose(char ret[static LIMIT_NAME_SIZE], const void *line, size_t n)
{
	ret[0] = '\0';
	if (record_text(ret, LIMIT_NAME_SIZE, line, n, EF_BY)) {
		if (event_actor_own(ret))
			ret[0] = '\0';
	} else if (!record_text(ret, LIMIT_NAME_SIZE, line, n, EF_USER)) {
		ret[0] = '\0';
	}
}

void
usage_record(
    struct usage *u, const struct record *r, const void *line, size_t n)
{
	const uint64_t before = usage_quota(u, r->time_ms);
	char user[LIMIT_NAME_SIZE];
	struct hour *h;

	whose(user, line, n);
	if (user[0] == '\0' || (h = hour_of(u, user, r->time_ms)) == NULL)
		return;
	if (is_past(&u->all, r->time_ms))
		u->all = (struct hour){.since_ms = r->time_ms};
	h->bytes += n + 1;
	u->all.bytes += n + 1;
	h->told =
	    h->told || (r->event == EV_AUDIT_QUOTA && r->origin == PROC_NOTARY);
	u->look = u->look || is_over(u, h, r->time_ms) ||
		  usage_quota(u, r->time_ms) < before;
}

bool
usage_reached(struct usage *u, int64_t utc_ms, char ret[static LIMIT_NAME_SIZE])
{
	for (size_t i = 0; u->look && i < PARTS; i++)
		for (struct hour *h = u->part[i]; h != NULL; h = h->next)
			if (!h->told && !is_past(h, utc_ms) &&
			    is_over(u, h, utc_ms)) {
				h->told = true;
				memcpy(ret, h->user, LIMIT_NAME_SIZE);
				return true;
			}
	u->look = false;
	return false;
}

enum usage_state
usage_of(const struct usage *u, const char *user, int64_t utc_ms)
{
	const uint64_t quota = usage_quota(u, utc_ms);
	const struct hour *h = find(u, user, utc_ms);

	if (h == NULL || !is_over(u, h, utc_ms))
		return USAGE_WITHIN;
	return h->bytes < quota + quota / 4 ? USAGE_OVER : USAGE_FAR;
}

int64_t
usage_left_s(const struct usage *u, const char *user, int64_t utc_ms)
{
	const struct hour *h = find(u, user, utc_ms);

	return h == NULL ? 1 : (HOUR_MS - (utc_ms - h->since_ms)) / 1000 + 1;
}
