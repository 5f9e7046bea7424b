/* SPDX-License-Identifier: Apache-2.0 */
/*
 * factor - a second factor as its user gets to see it, once: the new secret of
 * an answer, and its recovery codes.
 */
#ifndef JITCTL_CMD_FACTOR_H
#define JITCTL_CMD_FACTOR_H

#include <stdbool.h>

#include "jitctl/jitctl.h"

/* What a phone is shown is a second factor with this secret, and nothing else
 * that it would open. */
bool factor_ok(const json_t *o);
/* As a QR code on a terminal, as text elsewhere, and to be typed; of one that
 * is factor_ok(). What its codes are like is kept for who asks for one. */
void factor_show(struct ctx *c, const json_t *o);
/* The form that --totp asks for into a body, if it does; false, said, if that
 * is none. */
bool factor_want_form(const struct ctx *c, json_t *body);
/* The "recovery_codes" of an answer, if it has any, a line each on stdout. */
void factor_show_codes(const struct ctx *c, const json_t *o);

#endif
