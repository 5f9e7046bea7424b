/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health - what this broker knows of those who live and can do nothing: its own
 * store, the processes that do not start, the files of the others. Each cause
 * is told where it is asked for (readyz) and is one record of high severity.
 */
#ifndef BROKER_REPORT_HEALTH_H
#define BROKER_REPORT_HEALTH_H

#include "broker/broker.h"
#include "broker/store/medium.h"

/* The store is dead: another broker opens it, or says why it cannot. */
medium_dead_fn health_store_dead;
/* Reads and writes the store; ret says in a sentence how it is. */
bool health_store(struct broker *b, char ret[static LIMIT_TEXT_SIZE]);

/* Messages of the supervisor and of those who keep files. */
int on_sup_fails(struct process *r, struct peer *p, const struct ipc_msg *msg);
int on_disk(struct process *r, struct peer *p, const struct ipc_msg *msg);

#endif
