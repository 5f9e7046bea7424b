/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target_leg - the way to the target: a connected socket from the broker, key
 * exchange, the pinned host key, a certificate from the notary for a key made
 * here, login. One step per turn, nothing blocks. Nothing is authenticated to
 * a host whose key is not pinned.
 */
#ifndef SESSION_TARGET_LEG_H
#define SESSION_TARGET_LEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "session/leg.h"
#include "session/ssh.h"
#include "session/words.h"

struct bytes;
struct chan;
struct msg_nt_cert_ok;
struct msg_ses_target;
struct session;

enum target_phase {
	TG_NONE = 0,
	TG_DIAL, /* asked the broker for a connected socket */
	TG_KEX,
	TG_HOSTKEY,
	TG_CERT, /* asked the notary for a certificate */
	TG_LOGIN,
	TG_UP,
	TG_FAILED,
};

struct target_leg {
	struct leg leg;
	enum target_phase phase;
	uint32_t rid;    /* of what was asked; 0 = nothing is */
	uint8_t *pinned; /* u32 n, n strings */
	size_t npinned;
	uint8_t *shown; /* the host key the target showed */
	size_t nshown;
	char host_alg[256];
	const char *login; /* borrowed, as are the next two */
	const char *grant;
	const char *sid;
	bool no_login;  /* stops at TG_CERT */
	bool ask_first; /* asks whether the certificate is known, then signs */
	bool asked;     /* it has */
	bool known;     /* it is */
	bool partial;   /* the target wants more than it */
	uint32_t methods; /* SSH_METHOD_* it offers after it said no */
	bool key_ok;
	ssh_key key; /* private, made here, one session long */
	uint8_t pubkey[32];
	ssh_key cert;
	char text[LIMIT_TEXT_SIZE]; /* TG_FAILED: why */
	struct words words;         /* what the target said; known when it is
				     * up, or has failed */
	bool heard;                 /* all of them */
	bool goodbye;               /* they end with why it hung up */
	enum no_common no_common;   /* TG_FAILED: with it */
	bool told;                  /* the user has read them */
	bool opened;                /* a channel of it was, ever */
	int64_t since_ms;           /* boot time the way up began */
	int64_t asked_ms;           /* and the certificate was asked for */
};

/* Asks the broker for the target of s->grant; its two answers. Takes fd. */
void target_dial(struct session *s);
void target_dialed(struct session *s, const struct msg_ses_target *m, int fd);
void target_dial_failed(struct session *s, const char *text);
/* Takes fd, a socket connected to the target; login, grant, sid are set. */
void target_start(struct session *s, int fd, const struct bytes *pinned);
/* The notary's answer, and a new notary, which is asked again. */
void target_certified(struct session *s, const struct msg_nt_cert_ok *m);
void target_notary_relinked(struct session *s);
/* Has the certificate been asked for before that boot time in vain? */
bool target_cert_late(const struct session *s, int64_t before_ms);

/* Tells the user on c's standard error what the target has said; once. */
void target_tell(struct session *s, struct chan *c);
/* Why it did not open what it was asked for last, in its own words where it has
 * some, harmless. Never "". */
void target_refusal(const struct target_leg *t, char *ret, size_t size);

/* Reads the leg and makes the next step. */
void target_step(struct session *s);
void target_done(struct session *s);

#endif
