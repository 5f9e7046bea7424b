/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codeclock - see the header.
 */
#include "broker/identity/codeclock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "sys/totp.h"

struct seen_clock { /* of one user's second factor */
	struct seen_clock *next;
	char user[LIMIT_NAME_SIZE];
	char factor[LIMIT_FACTOR_SIZE];
	struct drift drift;
	unsigned period_s;
	int64_t early_s; /* a wrong one was of so much later; 0 = none */
};

struct codeclock {
	struct seen_clock *first;
	unsigned n;
};

int
codeclock_new(struct codeclock **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret != NULL ? 0 : GW_ENOMEM;
}

static struct seen_clock *
find(const struct broker *b, const char *user)
{
	struct seen_clock *k = b->codeclock->first;

	while (k != NULL && strcmp(k->user, user) != 0)
		k = k->next;
	return k;
}

void
codeclock_forget(struct broker *b, const char *user)
{
	for (struct seen_clock **kp = &b->codeclock->first; *kp != NULL;) {
		struct seen_clock *k = *kp;

		if (strcmp(k->user, user) != 0) {
			kp = &k->next;
			continue;
		}
		*kp = k->next;
		b->codeclock->n--;
		free(k);
	}
}

/* Anew, where it is another second factor. NULL: there is no room. */
static struct seen_clock *
clock_of(
    struct broker *b, const char *user, const char *factor, const struct otp *o)
{
	struct seen_clock *k = find(b, user);

	if (k == NULL) {
		if (b->codeclock->n >= LIMIT_CODES_GIVEN ||
		    (k = calloc(1, sizeof(*k))) == NULL)
			return NULL;
		name_set(k->user, user);
		k->next = b->codeclock->first;
		b->codeclock->first = k;
		b->codeclock->n++;
	}
	if (strcmp(k->factor, factor) != 0) {
		k->drift = (struct drift){.n = 0};
		k->early_s = 0;
		text_set(k->factor, sizeof(k->factor), factor);
	}
	k->period_s = o->period_s;
	return k;
}

void
codeclock_good(struct call *c, const struct otp *o, int64_t step, int64_t utc_s)
{
	struct seen_clock *k = clock_of(c->b, c->user, c->factor, o);
	char late[32];

	c->code_clock[0] = '\0';
	if (k == NULL)
		return;
	drift_add(&k->drift, step, utc_s);
	drift_text(c->code_clock, &k->drift, o->period_s);
	if (c->code_clock[0] == '\0' && k->early_s > 0) {
		str_duration_format(late, sizeof(late), (uint64_t)k->early_s);
		(void)snprintf(c->code_clock, sizeof(c->code_clock),
		    "right now, but was %s ahead with a code that was refused",
		    late);
	}
	k->early_s = 0;
}

void
codeclock_wrong(const struct call *c, const struct secret *seed,
    const struct otp *o, int64_t utc_s, char ret[static DRIFT_TEXT_SIZE])
{
	char factor[LIMIT_FACTOR_SIZE], text[32];
	struct seen_clock *k = NULL;
	int64_t off_s = 0;

	ret[0] = '\0';
	if (!totp_far(&off_s, seed, o, c->env.code, utc_s, DRIFT_FAR_S) ||
	    totp_id(factor, seed, o) != 0)
		return;
	str_duration_format(
	    text, sizeof(text), (uint64_t)(off_s < 0 ? -off_s : off_s));
	if (off_s < 0 || FAULT(early_told))
		(void)snprintf(ret, DRIFT_TEXT_SIZE, "%s %s", text,
		    off_s < 0 ? "ago" : "to come");
	else if ((k = clock_of(c->b, c->user, factor, o)) != NULL)
		k->early_s = off_s;
}

void
codeclock_text(
    const struct broker *b, const char *user, char ret[static DRIFT_TEXT_SIZE])
{
	const struct seen_clock *k = find(b, user);

	ret[0] = '\0';
	if (k != NULL)
		drift_text(ret, &k->drift, k->period_s);
}
