/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps - see the header.
 */
#include "notary/steps.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"
#include "core/otp.h"

enum { PARTS = 1024 };

struct secret_steps {
	struct secret_steps *next;
	char user[LIMIT_NAME_SIZE];
	char factor[LIMIT_FACTOR_SIZE];
	int64_t used[STEPS_KEPT];
	size_t n;
};

struct steps {
	struct secret_steps *part[PARTS];
};

int
steps_new(struct steps **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret == NULL ? GW_ENOMEM : 0;
}

void
steps_free(struct steps *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < PARTS; i++)
		while (s->part[i] != NULL) {
			struct secret_steps *k = s->part[i];

			s->part[i] = k->next;
			free(k);
		}
	free(s);
}

static struct secret_steps *
find(const struct steps *s, const char *user, const char *factor)
{
	struct secret_steps *k = s->part[str_hash(user) % PARTS];

	while (k != NULL &&
	       (strcmp(k->user, user) != 0 ||
		   (strcmp(k->factor, factor) != 0 && !FAULT(step_factor))))
		k = k->next;
	return k;
}

static struct secret_steps *
add(struct steps *s, const char *user, const char *factor)
{
	struct secret_steps *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	memcpy(k->user, user, strlen(user) + 1); /* they fit: steps_use */
	memcpy(k->factor, factor, strlen(factor) + 1);
	k->next = s->part[str_hash(user) % PARTS];
	s->part[str_hash(user) % PARTS] = k;
	return k;
}

static size_t
lowest(const struct secret_steps *k)
{
	size_t at = 0;

	for (size_t i = 1; i < k->n; i++)
		if (k->used[i] < k->used[at])
			at = i;
	return at;
}

int
steps_use(struct steps *s, const char *user, const char *factor, int64_t step)
{
	struct secret_steps *k;

	if (strlen(user) >= LIMIT_NAME_SIZE ||
	    strlen(factor) >= LIMIT_FACTOR_SIZE)
		return GW_EPROTO;
	if ((k = find(s, user, factor)) == NULL &&
	    (k = add(s, user, factor)) == NULL)
		return GW_ENOMEM;
	if (k->n < STEPS_KEPT)
		k->used[k->n++] = step;
	else if (k->used[lowest(k)] < step)
		k->used[lowest(k)] = step;
	return 0;
}

static bool
has(const struct secret_steps *k, int64_t step)
{
	if (k == NULL)
		return false;
	for (size_t i = 0; i < k->n; i++)
		if (k->used[i] >= step && k->used[i] - step <= STEPS_NEAR)
			return true;
	return k->n == STEPS_KEPT && step < k->used[lowest(k)] &&
	       !FAULT(fold_step);
}

bool
steps_used(
    const struct steps *s, const char *user, const char *factor, int64_t step)
{
	if (has(find(s, user, factor), step))
		return true;
	return (otp_factor_period(factor) == OTP_PERIOD_S ||
		   FAULT(step_period)) &&
	       has(find(s, user, ""), step);
}
