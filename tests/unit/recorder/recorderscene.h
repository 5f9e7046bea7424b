/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorderscene - the recorder with the test around it as notary, broker and
 * session. The tests by it are one program, test_recorder.
 */
#ifndef TESTS_RECORDER_RECORDERSCENE_H
#define TESTS_RECORDER_RECORDERSCENE_H

#include "core/event.h"
#include "tests/unit/support/proc_harness.h"
#include "tests/unit/support/test.h"

#define SID "s-7Q2MXK4P"
#define GRANT "g-7Q2MXK4P"

struct scene {
	char dir[64];
	struct conf conf;
	struct proc_harness p;
	struct testlink notary, broker, session;
	uint64_t conn;
	bool traced; /* start() takes traced_recorder */
};

/* ---- recorderscene.c */

void start(struct scene *t);
void stop(struct scene *t);
void open_channel(struct scene *t, uint32_t channel);
void open_channel_of(struct scene *t, uint32_t channel, const char *user);
void send_data(
    struct scene *t, uint32_t channel, unsigned kind, const char *p, size_t n);
/* The broker reads a whole recording; the number of bytes. */
size_t read_back(
    struct scene *t, const char *sid, char *ret, size_t size, int *result);
void json_field(const char *event, const char *key, char *ret, size_t size);
unsigned files(const struct scene *t);
/* The answer to the recording.start that was just received. */
void answer(struct scene *t, int result);

/* ---- recorder_again.c */

void test_restart(void **state);
void test_left(void **state);
void test_claims(void **state);
void test_late_channel(void **state);

#endif
