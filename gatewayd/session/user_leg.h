/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user_leg - the user's SSH connection: what it is accepted with, its key
 * exchange, and every message of the user, given to the file it is about.
 */
#ifndef SESSION_USER_LEG_H
#define SESSION_USER_LEG_H

#include "base/attr.h"
#include "session/ssh.h"

struct session;

/* Takes fd; what libssh needs is set up before the sandbox. host_key is
 * borrowed. */
MUST_CHECK int user_init(struct session *s, int fd, ssh_key host_key);
/* Once all links are there: the first byte may be read. */
MUST_CHECK int user_serve(struct session *s);
/* Once per turn. */
void user_step(struct session *s);
void user_done(struct session *s);

#endif
