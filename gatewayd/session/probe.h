/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe - a session without a user: reaches a target for `target add --scan`
 * and `doctor`, reports what it found (version line, host key, whether the
 * certificate lets it in or what is missing, the target's clock and addresses)
 * and ends. Runs one fixed command, never one that came from outside.
 */
#ifndef SESSION_PROBE_H
#define SESSION_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session/ssh.h"
#include "wire/messages.h"

struct session;

struct probe {
	bool asked;
	struct msg_ses_probe req; /* MF_BYTES not kept here */
	ssh_channel chan;
	unsigned step;
	enum probe_session got;
	char out[4096]; /* of the command */
	size_t nout;
	int64_t until_ms; /* boot time */
};

/* What the broker wants to know. Takes fd, connected to the target. */
void probe_asked(struct session *s, const struct msg_ses_probe *m, int fd);
/* Once per turn; reports and ends the session when it is through. */
void probe_step(struct session *s);

#endif
