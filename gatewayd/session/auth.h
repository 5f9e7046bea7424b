/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth - the user's publickey login, and nothing else: what arrives is carried
 * to the broker, whose verdict alone counts. libssh calls every signature
 * valid here (hooks.h), so none of its verdicts is used.
 */
#ifndef SESSION_AUTH_H
#define SESSION_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "session/ssh.h"

struct msg_ses_auth_no;
struct msg_ses_auth_ok;
struct session;

struct auth {
	ssh_message pending; /* asked the broker; NULL = nothing */
	bool pending_query;
	uint32_t rid;
	unsigned tries;    /* signatures */
	unsigned queries;  /* and offers without one */
	char *tried;       /* the last name; NULL = none */
	size_t ntried;     /* bytes of it; one may be a NUL */
	ssh_message spare; /* a refused one, to refuse again with; or NULL */
};

/* Takes m. One at a time: not while auth_pending. */
void auth_message(struct session *s, ssh_message m);
bool auth_pending(const struct session *s);
/* A key of a type that libssh does not know was offered; it has no message. Not
 * while auth_pending. */
void auth_unknown_type(struct session *s, const char *type);
/* The broker's verdicts. */
void auth_accepted(struct session *s, const struct msg_ses_auth_ok *v);
void auth_refused(struct session *s, const struct msg_ses_auth_no *v);
void auth_done(struct session *s);

#endif
