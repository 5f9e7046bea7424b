/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_peers - the processes around a session, as session_harness plays
 * them: what it is, and what each answers.
 */
#ifndef TESTS_FUNCTIONAL_SESSION_PEERS_H
#define TESTS_FUNCTIONAL_SESSION_PEERS_H

#include <stdio.h>

#include "base/buf.h"
#include "base/secret.h"
#include "core/event.h"
#include "ssh/sshkey.h"
#include "wire/ipc.h"

enum { CONNS = 64, CTL = 0, NOTARY, BROKER, RECORDER, LINKS };

struct conn {
	bool used;
	uint64_t id;
	struct ipc link[LINKS];
	bool up[LINKS];
	uint8_t sid[64]; /* the first exchange hash */
	size_t nsid;
};

struct harness {
	const char *dir;
	uint16_t target_port;
	int listener;
	struct ipc zygote;
	struct secret host_seed, ca_seed;
	struct sshkey user_key, target_key, host_key;
	struct conn conn[CONNS];
	uint64_t next;
	uint32_t caps;
	uint8_t record;
	int64_t end_s;
	uint32_t idle_s;
	char deny[256];
	char nodial[256];
	bool holddial; /* no answer yet to this: */
	struct conn *held;
	uint32_t held_rid;
	long hold;
	char mute[32];
	FILE *events;
	void *body;
	bool quit;
};

/* ---- session_peers.c */

void NORETURN die(const char *what);
void send_to(struct harness *h, struct conn *c, int to, unsigned type,
    const void *body, int fd);
void path_in(const struct harness *h, char *ret, size_t size, const char *name);
int dial(const struct harness *h);
void pinned(const struct harness *h, struct buf *b);
void answer_dial(struct harness *h, struct conn *c, uint32_t rid);
void handle(struct harness *h, struct conn *c, const struct ipc_msg *m);

#endif
