/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names - what libssh knows and does not hand over: the name of a channel type
 * it does not know, and what it refuses by itself. It says so only in its log,
 * so this program defines _ssh_log, the one function of libssh's interface that
 * it logs through; libssh.so, which imports it as an ordinary symbol, uses this
 * one. No line is printed, and none is formatted. Of keys of a type it does not
 * know it says nothing, and leaves their request without an answer; so
 * ssh_key_type_from_name is defined here likewise, in front of libssh's own.
 *
 * The names come from a stranger, of any length and with any bytes; what they
 * were before libssh had them, nul.h knows.
 */
#ifndef SESSION_NAMES_H
#define SESSION_NAMES_H

#include <stdbool.h>

#include "base/attr.h"
#include "session/ssh.h"

enum name_of {
	NAME_OF_CHANNEL = 0, /* a type; a message of an unknown one follows */
	NAME_OF_REQUEST,     /* on a channel; a message follows, unless it is
			      * broken: then nothing, nor an answer */
	NAME_OF_GLOBAL,      /* a global request that libssh has refused */
	NAME_OF_AGENT,       /* libssh has refused to pass an agent on */
	NAME_OF_KEEPALIVE,   /* libssh has answered, or is about to */
	NAME_OF_BANNER,      /* no name: a target's words that newer ones have
			      * taken the place of */
	NAME_OF_KEY,         /* a type of key: nothing follows, nor an answer */
	NAME_OF_GOODBYE,     /* no name: a target's words as it hung up */
	NAMES,
};

/* Finds libssh's own functions; GW_EUNSUPPORTED if it cannot. */
MUST_CHECK int names_init(void);
/* Whose words are kept; NULL = nobody's. */
void names_target(ssh_session ssh);
/* While on, what libssh reads is the user's. */
void names_listen(bool on);
/* The oldest one that was not asked for yet, to be freed; NULL = none is known.
 */
char *names_next(enum name_of of);

#endif
