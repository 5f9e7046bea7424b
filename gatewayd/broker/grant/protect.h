/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protect - which ports are shut, as the firewall said. They go there in lists,
 * the next one when the last is answered: a closing never waits behind more.
 */
#ifndef BROKER_GRANT_PROTECT_H
#define BROKER_GRANT_PROTECT_H

#include <stdbool.h>

#include "broker/broker.h"
#include "core/target.h"

MUST_CHECK int protect_new(struct broker *b);
/* Has the firewall shut what this target has; an order of the call that is
 * answered (order.h). */
void protect_target(struct broker *b, const struct target *t);
/* The firewall has said that all it has is shut. */
bool protect_is_shut(const struct broker *b, const struct target *t);
/* Root has un-protected it: what a target still has is shut again. */
int on_fw_unprotected(
    struct process *r, struct peer *p, const struct ipc_msg *msg);
/* Root is about to un-protect it: the supervisor hears whose it is. */
int on_whose(struct process *r, struct peer *p, const struct ipc_msg *msg);
/* Within a synchronisation: every target's, whatever was said before. */
MUST_CHECK int protect_all(struct broker *b);
/* The firewall's process is gone: what it said it cannot say any more. */
void protect_lost(struct broker *b);

#endif
