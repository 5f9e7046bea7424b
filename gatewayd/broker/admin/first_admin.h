/* SPDX-License-Identifier: Apache-2.0 */
/*
 * first_admin - a store without users gets the one that init left.
 */
#ifndef BROKER_ADMIN_FIRST_ADMIN_H
#define BROKER_ADMIN_FIRST_ADMIN_H

#include "broker/broker.h"

/* Reads state_dir/broker/bootstrap.json and stores that user once its record is
 * durable; does nothing where there are users. Failures are logged. */
void first_admin(struct broker *b);

#endif
