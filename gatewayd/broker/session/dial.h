/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dial - a connected socket to a target.
 */
#ifndef BROKER_SESSION_DIAL_H
#define BROKER_SESSION_DIAL_H

#include "broker/session/session.h"

/* Opens the way to s->addr:s->port by a leg and calls
 * s->dialed with a connected descriptor (to be closed) or -1 and why. */
void dial_start(struct session *s);
void dial_cancel(struct session *s);

#endif
