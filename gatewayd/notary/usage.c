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

enum { HOUR_MS = 3600 * 1000, PARTS = 1024 };

struct hour {
	struct hour *next;
	char user[LIMIT_NAME_SIZE];
	int64_t since_ms; /* boottime */
	uint64_t bytes;
};

struct usage {
	struct hour *part[PARTS];
};

int
usage_new(struct usage **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret == NULL ? GW_ENOMEM : 0;
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

static size_t
part_of(const char *user)
{
	uint32_t h = 2166136261U; /* FNV-1a */

	for (; *user != '\0'; user++)
		h = (h ^ (uint8_t)*user) * 16777619U;
	return h % PARTS;
}

static bool
is_past(const struct hour *h, int64_t boot_ms)
{
	return boot_ms - h->since_ms >= HOUR_MS;
}

static const struct hour *
find(const struct usage *u, const char *user, int64_t boot_ms)
{
	const struct hour *h = u->part[part_of(user)];

	while (h != NULL && strcmp(h->user, user) != 0)
		h = h->next;
	return h == NULL || is_past(h, boot_ms) ? NULL : h;
}

/* Finds it or makes it, in the place of hours that are past. */
static struct hour *
hour_of(struct usage *u, const char *user, int64_t boot_ms)
{
	struct hour **hp = &u->part[part_of(user)];
	struct hour *h;

	while ((h = *hp) != NULL) {
		if (is_past(h, boot_ms)) {
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
	if (str_copy(h->user, sizeof(h->user), user) < 0) {
		free(h);
		return NULL;
	}
	h->since_ms = boot_ms;
	h->next = u->part[part_of(user)];
	u->part[part_of(user)] = h;
	return h;
}

bool
usage_charge(struct usage *u, const char *user, size_t bytes, int64_t boot_ms)
{
	struct hour *h = user[0] == '\0' ? NULL : hour_of(u, user, boot_ms);
	bool was;

	if (h == NULL)
		return false;
	was = h->bytes >= LIMIT_LOG_USER;
	h->bytes += bytes;
	return !was && h->bytes >= LIMIT_LOG_USER && !FAULT(log_quota);
}

enum usage_state
usage_of(const struct usage *u, const char *user, int64_t boot_ms)
{
	const struct hour *h = find(u, user, boot_ms);

	if (h == NULL || h->bytes < LIMIT_LOG_USER || FAULT(log_quota))
		return USAGE_WITHIN;
	return h->bytes < LIMIT_LOG_USER + LIMIT_LOG_USER / 4 ? USAGE_OVER
							      : USAGE_FAR;
}

int64_t
usage_left_s(const struct usage *u, const char *user, int64_t boot_ms)
{
	const struct hour *h = find(u, user, boot_ms);

	return h == NULL ? 1 : (HOUR_MS - (boot_ms - h->since_ms)) / 1000 + 1;
}

static void
copy(char ret[static LIMIT_NAME_SIZE], const uint8_t *p, size_t n)
{
	if (n >= LIMIT_NAME_SIZE || memchr(p, '\0', n) != NULL)
		return;
	memcpy(ret, p, n);
	ret[n] = '\0';
}

void
usage_user(char ret[static LIMIT_NAME_SIZE], const struct event_fields *f)
{
	char by[LIMIT_NAME_SIZE] = "", user[LIMIT_NAME_SIZE] = "";
	struct rd r;

	rd_init(&r, f->b.p, f->b.len);
	while (r.left > 0 && !r.bad) {
		bool cut = false;
		const uint8_t *v = NULL;
		size_t n = 0;
		unsigned id = event_field_next(&r, &cut, &v, &n);

		if (r.bad)
			break;
		if (id == EF_BY)
			copy(by, v, n);
		else if (id == EF_USER)
			copy(user, v, n);
	}
	ret[0] = '\0';
	if (by[0] == '\0')
		memcpy(ret, user, sizeof(user));
	else if (!event_actor_own(by))
		memcpy(ret, by, sizeof(by));
}
