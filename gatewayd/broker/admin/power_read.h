/* SPDX-License-Identifier: Apache-2.0 */
/*
 * power_read - who has a say now, of the store (core/power.h).
 */
#ifndef BROKER_ADMIN_POWER_READ_H
#define BROKER_ADMIN_POWER_READ_H

#include "base/attr.h"
#include "broker/broker.h"
#include "core/power.h"

/* As the store and the broker's roles are, within a transaction too. An error
 * of the store; *ret is to be given to power_done() always. */
MUST_CHECK int power_read(struct broker *b, struct power *ret);
void power_done(struct power *p);

#endif
