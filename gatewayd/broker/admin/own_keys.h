/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own_keys - the keys of whoever asks: listed, one more, one less.
 */
#ifndef BROKER_ADMIN_OWN_KEYS_H
#define BROKER_ADMIN_OWN_KEYS_H

#include "broker/call/call.h"

void verb_keys(struct call *c);
void verb_key_add(struct call *c);
void verb_key_remove(struct call *c);

#endif
