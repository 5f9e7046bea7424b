/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events - what is new of requests, for whoever it concerns: GET /v1/events. A
 * call waits until there is something, or a while, and is answered with a part
 * of a stream; the API asks on for its client, so each part is of one who may
 * still ask. It holds ids and states only. What is new is remembered for a
 * while, in memory: who comes too late for it is told to read the lists.
 */
#ifndef BROKER_REQUEST_EVENTS_H
#define BROKER_REQUEST_EVENTS_H

#include "broker/call/call.h"

MUST_CHECK int events_new(struct broker *b);
void events_free(struct broker *b);
void verb_events(struct call *c);

#endif
