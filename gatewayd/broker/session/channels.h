/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channels - a session asks for each channel, so that there is none without a
 * broker, whether it is dead or only deaf. A program on one is a record as it
 * begins and one as it ends, also where nothing is recorded: one session, one
 * user and all of them get so many at once, then so many a second
 * (LIMIT_CHANNELS_*); who asks faster waits for the answer.
 */
#ifndef BROKER_SESSION_CHANNELS_H
#define BROKER_SESSION_CHANNELS_H

#include "base/attr.h"
#include "process/process.h"

struct broker;

MUST_CHECK int channels_new(struct broker *b);
void channels_free(struct broker *b);
process_handler_fn on_ses_channel;

#endif
