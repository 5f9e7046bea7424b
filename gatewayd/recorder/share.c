/* SPDX-License-Identifier: Apache-2.0 */
/*
 * share - see the header.
 */
#include "recorder/share.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"

enum { DAY_MS = 24 * 3600 * 1000, PART = 4 };

struct day {
	struct day *next;
	char user[LIMIT_NAME_SIZE];
	int64_t since_ms; /* boottime */
	uint64_t bytes;
};

struct shares {
	struct day *days;
};

int
shares_new(struct shares **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret == NULL ? GW_ENOMEM : 0;
}

void
shares_free(struct shares *s)
{
	while (s != NULL && s->days != NULL) {
		struct day *d = s->days;

		s->days = d->next;
		free(d);
	}
	free(s);
}

/* Finds it or makes it; days that are past go. */
static struct day *
day_of(struct shares *s, const char *user, int64_t boot_ms)
{
	struct day **dp = &s->days;
	struct day *d;

	while ((d = *dp) != NULL) {
		if (boot_ms - d->since_ms >= DAY_MS) {
			*dp = d->next;
			free(d);
			continue;
		}
		if (strcmp(d->user, user) == 0)
			return d;
		dp = &d->next;
	}
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	if (str_copy(d->user, sizeof(d->user), user) < 0) {
		free(d);
		return NULL;
	}
	d->since_ms = boot_ms;
	d->next = s->days;
	s->days = d;
	return d;
}

int
share_take(struct shares *s, const char *user, uint64_t *session, uint64_t n,
    uint64_t total, int64_t boot_ms)
{
	struct day *d = day_of(s, user, boot_ms);

	if (d == NULL)
		return GW_ENOMEM;
	if (!FAULT(no_share) && (*session + n > LIMIT_RECORDING_SESSION ||
				    d->bytes + n > total / PART))
		return GW_EFULL;
	*session += n;
	d->bytes += n;
	return 0;
}
