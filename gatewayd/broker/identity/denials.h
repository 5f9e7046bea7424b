/* SPDX-License-Identifier: Apache-2.0 */
/*
 * denials - how many refusals of strangers become records.
 */
#ifndef BROKER_IDENTITY_DENIALS_H
#define BROKER_IDENTITY_DENIALS_H

#include "broker/broker.h"

MUST_CHECK int denials_new(struct broker *b);
/* True while this refusal gets a record of its own; else it is counted. */
bool denials_write(struct broker *b, const struct addr *addr);

#endif
