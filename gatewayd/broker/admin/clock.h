/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock - the host's clock as the log has it, and an admin's word that it is
 * right.
 */
#ifndef BROKER_ADMIN_CLOCK_H
#define BROKER_ADMIN_CLOCK_H

#include "broker/broker.h"
#include "broker/call/call.h"

/* The notary says, unasked or as an answer, what the log's time is. */
process_handler_fn on_nt_clocked;
call_fn verb_clock_accept;

#endif
