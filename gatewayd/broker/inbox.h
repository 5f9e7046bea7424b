/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inbox - calls of the API come in here, find their verb, and wait here while
 * the broker is not yet in step with log and firewall, or stores a large
 * policy.
 */
#ifndef BROKER_INBOX_H
#define BROKER_INBOX_H

#include "broker/broker.h"

/* Handler of MSG_API_CALL. */
int on_api_call(struct process *r, struct peer *p, const struct ipc_msg *msg);
/* The broker is in step: serves the calls that came before that. */
void inbox_serve_early(struct broker *b);
/* Looks, in the next turn, who of those that wait can be served. */
void inbox_wake(struct broker *b);

#endif
