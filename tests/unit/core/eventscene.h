/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eventscene - fields as the log has them, read back. The tests by it are one
 * program, test_event.
 */
#ifndef TESTS_CORE_EVENTSCENE_H
#define TESTS_CORE_EVENTSCENE_H

#include <jansson.h>

#include "core/event.h"
#include "tests/unit/support/test.h"

/* ---- eventscene.c */

json_t *parsed_fields(const struct event_fields *f);
int refused(const void *p, size_t n);

/* ---- event_bytes.c */

void test_escaping(void **state);
void test_any_bytes(void **state);
void test_exact(void **state);
void test_too_long(void **state);
void test_cut(void **state);
void test_bad_cut(void **state);
void test_parts(void **state);

#endif
