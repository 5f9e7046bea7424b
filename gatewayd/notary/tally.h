/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally - what one user is refused over and over, by whichever session and over
 * the API: of each kind (event and reason) LIMIT_DENIED_PER_MINUTE have records
 * of their own, the rest of the minute is one record with their number, the
 * first and the last of them. Strangers are counted by those who refuse them.
 */
#ifndef NOTARY_TALLY_H
#define NOTARY_TALLY_H

#include "notary/queue.h"

struct tally;

MUST_CHECK int tally_new(struct tally **ret, struct notary *n);
void tally_free(struct tally *t); /* NULL is a no-op */
/* As queue_add(), but what is only counted is answered at once: with result 0
 * and no number. */
MUST_CHECK int tally_add(struct notary *n, const struct queue_item *item,
    const struct event_fields *f);
/* The minute is over: writes what was only counted. */
void tally_end(struct tally *t);

#endif
