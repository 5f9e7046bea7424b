/* SPDX-License-Identifier: Apache-2.0 */
/*
 * firewall - what grants ask of the firewall process.
 */
#ifndef BROKER_GRANT_FIREWALL_H
#define BROKER_GRANT_FIREWALL_H

#include "broker/broker.h"
#include "core/grant.h"

/* Shuts all that was opened under this id (a grant's or a session's leg's).
 * Without a firewall process the kernel's timeout stands, and the next
 * synchronisation removes what the fold does not have. */
void firewall_close(struct broker *b, const char *id, enum end_reason reason);

#endif
