/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glass - break-glass, by core/glass.h: its codes on paper, their use, and the
 * review that the next use waits for.
 */
#ifndef BROKER_REQUEST_GLASS_H
#define BROKER_REQUEST_GLASS_H

#include "broker/call/call.h"

/* breakglass.use: glass.c */
void verb_glass_use(struct call *c);
/* breakglass.print, .list, .review: glass_review.c */
void verb_glass_print(struct call *c);
void verb_glass_uses(struct call *c);
void verb_glass_review(struct call *c);

#endif
