/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roleproc - a test's stand-in for the supervisor: starts one role program
 * with its control socket, configures it, links it to ends the test holds, and
 * waits for messages. The program under test is the real one, sandbox
 * included. Every wait has an end; what fails ends the test with a sentence.
 */
#ifndef TESTS_SUPPORT_ROLEPROC_H
#define TESTS_SUPPORT_ROLEPROC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/ipc.h"
#include "wire/messages.h"

struct roleproc {
	pid_t pid;
	enum proc proc;
	struct ipc control;
};

/* A link to the program, whose other end says it is `as`. */
struct rolelink {
	struct ipc ipc;
	struct ipc_msg m; /* the last message */
};

/* program is a name below $top_builddir. instance "" or the API's. */
void roleproc_start(struct roleproc *ret, enum proc proc, const char *program,
    const char *instance, const struct conf *conf);
void roleproc_link(
    struct roleproc *p, struct rolelink *ret, enum proc as, uint64_t conn);
void roleproc_fd(struct roleproc *p, unsigned type, const void *body, int fd);
void roleproc_ready(struct roleproc *p); /* waits for SUP_READY */
/* SUP_STOP; returns the wait status. */
int roleproc_stop(struct roleproc *p);

void rolelink_send(struct rolelink *l, unsigned type, const void *body);
/* The next message of this type within 10 s; others are passed over. */
const void *rolelink_want(struct rolelink *l, unsigned type);
/* 1 and l->m if any message comes within ms, else 0. */
int rolelink_next(struct rolelink *l, int ms);
void rolelink_close(struct rolelink *l);
/* As the notary: the next LOG_APPEND of this event, answered as durable with
 * this sequence number if it asks; its fields as JSON text in ret. */
void rolelink_event(
    struct rolelink *l, unsigned event, uint64_t seq, char *ret, size_t size);

#endif
