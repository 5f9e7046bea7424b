/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causes - what a probe's login tells about a target. A server does not say why
 * it refuses a certificate; what it does say (that it would take it, that it
 * wants more, what it calls itself, what it tells people) leaves fewer causes,
 * and often one. Where it leaves several, all are named.
 */
#ifndef BROKER_SESSION_CAUSES_H
#define BROKER_SESSION_CAUSES_H

#include "wire/messages.h"

enum check_status { CHECK_SKIP = 0, CHECK_OK, CHECK_WARN, CHECK_FAIL };

struct cause { /* a line of doctor */
	const char *check;
	enum check_status status;
	char detail[512];
	char remedy[512];
};

enum { CAUSES = 4 }; /* CA, principal, login, session */

/* "skip", "ok", "warn", "fail". */
const char *check_status_str(enum check_status s);

/* login: as whom the probe tried; target: its name. */
void causes_of_login(struct cause ret[static CAUSES],
    const struct msg_ses_probed *seen, const char *login, const char *target);
/* Of a target that has said which SSH it speaks, and went no further: why, and
 * what to do. */
void cause_of_no_kex(
    struct cause *ret, const struct msg_ses_probed *seen, const char *target);
/* A sentence about a server of that version line that takes no certificates;
 * NULL where it may. */
const char *causes_no_certificates(const char *banner);

#endif
