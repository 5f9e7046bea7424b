/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scripted - a gateway that answers what a test says, in the place of
 * gateway/http.c: no network.
 */
#ifndef TESTS_JITCTL_SCRIPTED_H
#define TESTS_JITCTL_SCRIPTED_H

#include "jitctl/jitctl.h"
#include "wire/signed.h"

struct step {
	const char *path; /* that must be called; NULL: any */
	long status;
	const char *body; /* NULL ends the script */
};

enum {
	SENT_MAX = 8,
	WRONG_KEY = -1, /* a status: the gateway's TLS key is another one */
};

/* What is answered next; the last step is taken again. */
extern const struct step *script;
/* What was signed and sent so far, to be freed by envelope_done(). */
extern struct envelope sent[SENT_MAX];
extern unsigned nsent;
/* The last body that went to the admin socket. */
enum { LOCAL_MAX = 4096 };
extern char sent_local[LOCAL_MAX];

/* A profile of a gateway, a new key to sign with, and a code in a file. */
struct signer {
	char dir[32];
	char key[64], pub[64], code[64];
};
void signer_make(struct signer *ret, struct ctx *c);
void signer_done(struct signer *s);
void forget_sent(void);
/* What a command prints on its standard output, and on its standard error if
 * all; malloc'd. *retx is its exit code. */
char *output_of(int (*run)(struct ctx *), struct ctx *c, int *retx, bool all);

#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define NONCE "00112233445566778899aabbccddeeff"
#define CHALLENGE                                                              \
	{                                                                      \
		"/v1/challenge", 200,                                          \
		    "{\"nonce\":\"" NONCE "\",\"source\":\"192.0.2.1\","       \
		    "\"server_id\":\"gw-1\"}"                                  \
	}

#endif
