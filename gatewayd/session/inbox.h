/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inbox - every message of supervisor, broker, notary and recorder is received
 * here and given to the file it is about. Sending is in links.h.
 */
#ifndef SESSION_INBOX_H
#define SESSION_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct session;

struct inbox {
	void *body;      /* ipc_room() for all links */
	void *wait_body; /* the same while inbox_sign waits */
	struct {         /* the notary's answer inbox_sign waits for */
		uint32_t rid;
		bool done;
		int result;
		uint8_t sig[64];
	} hostsig;
};

MUST_CHECK int inbox_init(struct session *s);
void inbox_done(struct session *s);

/* Handles every message that has come. A message nobody expects costs its link.
 */
void inbox_read(struct session *s);
/* Those of supervisor and recorder alone, once the session is over. */
void inbox_read_recorder(struct session *s);
/* A hooks_sign_fn, arg is the session: the host key's signature, made by the
 * notary. Waits for it, at most 5 s, handling what else the notary sends. */
MUST_CHECK int inbox_sign(
    void *arg, uint8_t sig[static 64], const void *tbs, size_t n);

#endif
