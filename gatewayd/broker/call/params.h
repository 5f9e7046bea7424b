/* SPDX-License-Identifier: Apache-2.0 */
/*
 * params - the parameters of a query string: name=value, separated by "&". The
 * values of this API are names and numbers, so there are no escapes: one makes
 * a value that is none.
 */
#ifndef BROKER_CALL_PARAMS_H
#define BROKER_CALL_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* All leave *ret alone where the parameter is not given, and fail on one that
 * is given twice. size counts the NUL. */
MUST_CHECK bool params_text(
    const char *query, const char *name, char *ret, size_t size);
/* Decimal, at most max. */
MUST_CHECK bool params_num(
    const char *query, const char *name, uint64_t max, uint64_t *ret);
/* 0 or 1. */
MUST_CHECK bool params_flag(const char *query, const char *name, bool *ret);

#endif
