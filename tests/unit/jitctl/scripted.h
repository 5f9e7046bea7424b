/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scripted - a gateway that answers what a test says, in the place of
 * gateway/http.c: no network.
 */
#ifndef TESTS_JITCTL_SCRIPTED_H
#define TESTS_JITCTL_SCRIPTED_H

#include "wire/signed.h"

struct step {
	const char *path; /* that must be called; NULL: any */
	long status;
	const char *body; /* NULL ends the script */
};

enum { SENT_MAX = 4 };

/* What is answered next; the last step is taken again. */
extern const struct step *script;
/* What was signed and sent so far, to be freed by envelope_done(). */
extern struct envelope sent[SENT_MAX];
extern unsigned nsent;
/* The last body that went to the admin socket. */
enum { LOCAL_MAX = 4096 };
extern char sent_local[LOCAL_MAX];

#endif
