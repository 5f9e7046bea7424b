/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proc_harness - a test's stand-in for the supervisor: starts one program of
 * the gateway with its control socket, configures it, links it to ends the test
 * holds, and waits for messages. The program under test is the real one,
 * sandbox included. Every wait has an end; what fails ends the test with a
 * sentence.
 */
#ifndef TESTS_SUPPORT_PROC_HARNESS_H
#define TESTS_SUPPORT_PROC_HARNESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "wire/ipc.h"
#include "wire/messages.h"

struct proc_harness {
	pid_t pid;
	enum proc proc;
	struct ipc control;
	int trace; /* what a traced program did; see trace.h */
	off_t traced;
};

/* A link to the program, whose other end says it is `as`. */
struct testlink {
	struct ipc ipc;
	struct ipc_msg m; /* the last message */
};

/* program is a name below $top_builddir. instance "" or the API's. */
void proc_harness_start(struct proc_harness *ret, enum proc proc,
    const char *program, const char *instance, const struct conf *conf);
void proc_harness_link(
    struct proc_harness *p, struct testlink *ret, enum proc as, uint64_t conn);
void proc_harness_fd(
    struct proc_harness *p, unsigned type, const void *body, int fd);
/* As after a SIGHUP. */
void proc_harness_config(struct proc_harness *p, const struct conf *conf);
void proc_harness_ready(struct proc_harness *p); /* waits for SUP_READY */
/* What a traced program (trace.h) did since this was called last, as text into
 * ret, which is empty. It has written all that comes before a message received
 * from it. */
void proc_harness_trace(struct proc_harness *p, struct buf *ret);
/* Its lines that begin so. */
unsigned trace_count(const struct buf *trace, const char *start);
/* The program must end by itself and before SUP_READY; its wait status. */
int proc_harness_refusal(struct proc_harness *p);
/* SUP_STOP; returns the wait status. */
int proc_harness_stop(struct proc_harness *p);

void testlink_send(struct testlink *l, unsigned type, const void *body);
/* The next message of this type within 10 s; others are passed over. */
const void *testlink_want(struct testlink *l, unsigned type);
/* 1 and l->m if any message comes within ms, else 0. */
int testlink_next(struct testlink *l, int ms);
void testlink_close(struct testlink *l);
/* As the notary: the next LOG_APPEND of this event, answered as durable with
 * this sequence number if it asks; its fields as JSON text in ret. */
void testlink_event(
    struct testlink *l, unsigned event, uint64_t seq, char *ret, size_t size);

#endif
