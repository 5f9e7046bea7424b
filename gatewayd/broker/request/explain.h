/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain - what policy would say, and why, without asking: policy.explain of
 * one user and one target. The code that judges is that which judges requests
 * (core/policy.h).
 */
#ifndef BROKER_REQUEST_EXPLAIN_H
#define BROKER_REQUEST_EXPLAIN_H

#include "broker/call/call.h"

call_fn verb_explain;

#endif
