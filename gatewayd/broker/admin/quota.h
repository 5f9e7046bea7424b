/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quota - how many users, targets and roles a gateway keeps.
 */
#ifndef BROKER_ADMIN_QUOTA_H
#define BROKER_ADMIN_QUOTA_H

#include "broker/broker.h"
#include "wire/json.h"

/* May there be so many more? GW_ELIMIT: *p says what to do. */
MUST_CHECK int quota_check(
    struct broker *b, enum store_kind k, size_t more, struct problem *p);

#endif
