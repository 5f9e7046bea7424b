/* SPDX-License-Identifier: Apache-2.0 */
/*
 * at - requests for a time open by themselves then: for the addresses that were
 * signed, as policy says at that time. What it refuses is denied for good; what
 * cannot be opened just now is tried again until it lapses.
 */
#ifndef BROKER_REQUEST_AT_H
#define BROKER_REQUEST_AT_H

#include "broker/broker.h"

MUST_CHECK int at_new(struct broker *b);
void at_free(struct broker *b);

#endif
