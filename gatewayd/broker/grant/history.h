/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history - what has ended, written in batches after the fact.
 */
#ifndef BROKER_GRANT_HISTORY_H
#define BROKER_GRANT_HISTORY_H

#include "broker/broker.h"

MUST_CHECK int history_new(struct broker *b);
void history_free(struct broker *b); /* writes what is left */
void history_grant(struct broker *b, const struct grant_row *g);
void history_session(struct broker *b, const struct session_row *x);
void history_flush(struct broker *b); /* before it is asked for */

#endif
