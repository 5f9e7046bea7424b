/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recover - fold -> store check -> firewall; then b->recovered. Repeated
 * whenever the notary or the firewall came back.
 */
#ifndef BROKER_RECOVER_H
#define BROKER_RECOVER_H

#include "broker/broker.h"

/* Starts it, or has it done once more after the one under way. */
void recover_start(struct broker *b);
/* Handlers of MSG_NT_FOLD_GRANT and MSG_NT_FOLD_LEG. */
int on_fold_grant(struct process *r, struct peer *p, const struct ipc_msg *msg);
int on_fold_leg(struct process *r, struct peer *p, const struct ipc_msg *msg);

#endif
