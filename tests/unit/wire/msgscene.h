/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msgscene - the table of messages, and bodies filled by it. The tests by it
 * are one program, test_msg.
 */
#ifndef TESTS_WIRE_MSGSCENE_H
#define TESTS_WIRE_MSGSCENE_H

#include "tests/unit/support/rnd.h"
#include "tests/unit/support/test.h"
#include "wire/messages.h"

enum { ROUNDS = 8, BYTES_MAX = 300 };

struct fixture {
	struct msg_spec *table; /* a copy in which a list is so many fields */
	size_t rows;
	uint8_t *in;  /* a body to send */
	uint8_t *out; /* a body decoded */
	uint8_t heap[BYTES_MAX];
	uint8_t *big; /* LIMIT_BODY_MAX + 1 bytes */
	struct rnd rnd;
};

/* ---- msgscene.c */

void fill(struct fixture *f, const struct msg_spec *s, int longest);
/* Bytes of the struct a field takes. */
size_t field_size(const struct msg_field *mf);

/* ---- msg_refused.c */

void test_malformed(void **state);
void test_unknown_types(void **state);
void test_too_long_to_send(void **state);
void test_bad_values(void **state);
void test_whole_too_large(void **state);

/* ---- msg_rows.c */

void test_allowed_matrix(void **state);
void test_who_may_speak(void **state);
void test_order_of_a_session(void **state);

#endif
