/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe - a session without a client, to try a target.
 */
#ifndef BROKER_SESSION_PROBE_H
#define BROKER_SESSION_PROBE_H

#include "broker/session/session.h"
#include "core/target.h"

/* A target's name in records of an address that is none's. */
#define PROBE_UNNAMED "unnamed"

struct probe_wish {
	struct addr addr;
	uint16_t port;
	char host_alg[64];
	const struct target *target; /* NULL: an address without a name */
	bool login;
	int64_t until_ms; /* boot time: no longer, whatever is missing then */
};

struct probe_result {
	struct addr addr; /* as wished */
	enum dial_result dialed;
	char text[LIMIT_TEXT_SIZE]; /* what failed */
	struct msg_ses_probed seen; /* host_key points into key */
	uint8_t key[LIMIT_PUBKEY_MAX];
};

typedef void probe_fn(struct call *c, const struct probe_result *r);

/* One probe session; fn is called once in any case. */
void probe_start(struct call *c, const struct probe_wish *w, probe_fn *fn);
/* True: a lock is in its way; the call is answered. */
bool probe_locked(struct call *c, const struct probe_wish *w);
/* Handlers: of MSG_SUP_PROBE, which says that it cannot be, and MSG_SES_PROBED.
 */
int on_sup_probe(struct process *r, struct peer *p, const struct ipc_msg *msg);
int on_ses_probed(struct process *r, struct peer *p, const struct ipc_msg *msg);

#endif
