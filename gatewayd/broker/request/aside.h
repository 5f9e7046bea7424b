/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aside - that something waits for whoever asks for something else: requests
 * that they may approve, and those of theirs that are approved and not open.
 */
#ifndef BROKER_REQUEST_ASIDE_H
#define BROKER_REQUEST_ASIDE_H

#include "broker/call/aside.h"

/* Adds "waits_for_you": n, "approved": ["r-.."]; of a list of many the newest.
 * A user is looked for once in a while, else it costs nothing. */
call_aside_fn aside_waits;

#endif
