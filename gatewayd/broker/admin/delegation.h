/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delegation - what owners lend their agents: delegation.add, .remove, .list.
 */
#ifndef BROKER_ADMIN_DELEGATION_H
#define BROKER_ADMIN_DELEGATION_H

#include "broker/call/call.h"

call_fn verb_delegate;
call_fn verb_undelegate;
call_fn verb_delegations;

#endif
