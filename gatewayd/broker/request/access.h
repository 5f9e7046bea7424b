/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access - who can reach what: policy.access of one target, or of one user.
 */
#ifndef BROKER_REQUEST_ACCESS_H
#define BROKER_REQUEST_ACCESS_H

#include "broker/call/call.h"

call_fn verb_access;

#endif
