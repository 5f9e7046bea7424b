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
/* Invitations whose end nobody can tell any more: those made before this record
 * of the log (0: none), and those that end later than one made now would. retn:
 * how many there were. GW_ESYS: the store failed, which is logged; they still
 * serve. */
MUST_CHECK int clock_void_invitations(
    struct broker *b, uint64_t before_seq, uint64_t *retn);
call_fn verb_clock_accept;

#endif
