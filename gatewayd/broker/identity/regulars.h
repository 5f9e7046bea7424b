/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regulars - the sources with a live grant or token, as who accepts connections
 * hears of them: these have places there that their neighbours cannot take
 * (core/places.h). It lets nobody in.
 */
#ifndef BROKER_IDENTITY_REGULARS_H
#define BROKER_IDENTITY_REGULARS_H

#include "base/addr.h"

struct broker;
struct peer;

/* One grant or token more, one less, of this source; family 0: of none. */
void regulars_add(struct broker *b, const struct addr *source);
void regulars_drop(struct broker *b, const struct addr *source);
/* All of them, to a link that is new. p may be NULL. */
void regulars_tell(struct broker *b, struct peer *p);

#endif
