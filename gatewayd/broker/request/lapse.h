/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lapse - what nobody approved, or its user did not activate, in time ends: on
 * record, and in the store. Until that is done it is refused all the same.
 */
#ifndef BROKER_REQUEST_LAPSE_H
#define BROKER_REQUEST_LAPSE_H

#include "broker/broker.h"

MUST_CHECK int lapse_new(struct broker *b);
void lapse_free(struct broker *b);

#endif
