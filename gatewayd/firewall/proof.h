/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof - what opens: a receipt of the notary over exactly these elements, for
 * the life of one key, and never again once what it opened was closed.
 */
#ifndef FIREWALL_PROOF_H
#define FIREWALL_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"
#include "base/secret.h"
#include "core/receipt.h"
#include "firewall/fw.h"
#include "wire/messages.h"

enum {
	PROOF_CLOSED = 8192, /* closed ids remembered; the oldest go first */
};

/* A receipt with a seq up to this one does not open id again. */
struct closed {
	char id[LIMIT_ID_SIZE];
	uint64_t seq;
};

struct proof {             /* all zero at first */
	struct secret key; /* shared with the notary; p NULL = not yet here */
	uint64_t seq;      /* the highest a valid receipt had */
	struct closed closed[PROOF_CLOSED];
	size_t nclosed;
	/* The highest seq that fell out of closed: up to it only what is open
	 * may be opened again. */
	uint64_t floor;
	/* A receipt was not of our key; who asks begins with false. */
	bool refused;
};

void proof_free(struct proof *p); /* the key; p itself is the caller's */
/* A new key: earlier receipts are worth nothing. GW_ENOMEM. */
MUST_CHECK int proof_key(
    struct proof *p, const uint8_t key[static RECEIPT_KEY_SIZE]);
/* 0 = m may open what it names. GW_ESTATE without a key; GW_EDENIED. */
MUST_CHECK int proof_check(
    struct proof *p, const struct fw *fw, const struct msg_fw_open *m);
/* A grant's or a session's id: its receipts so far open nothing any more. */
void proof_closed(struct proof *p, const char *id);

#endif
