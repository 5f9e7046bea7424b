/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conns - the account of open connections: whose they are, how many of one
 * source, and until when each may keep us waiting. Knows no HTTP; the sockets
 * are another's, and are only shut down here.
 */
#ifndef API_CONNS_H
#define API_CONNS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/peercred.h"
#include "process/process.h"

struct conns;

struct conn {
	struct conn *next, **prev;
	int fd;
	int64_t deadline_ms; /* 0: ours to answer, none */
	bool intruder;       /* reported, once per connection */
	struct addr peer;    /* family 0: the admin socket, and who is set */
	uint16_t port;
	struct peercred who;
};

MUST_CHECK int conns_new(struct conns **ret, struct process *r);
/* May this source have one connection more? The admin socket always. */
bool conns_allow(const struct conns *cs, const struct sockaddr *sa);
/* NULL without memory. conn_close removes it from the account. */
struct conn *conn_open(
    struct conns *cs, int fd, const struct sockaddr *sa, bool local);
void conn_close(struct conn *c);
/* Whoever is not done by then loses the socket; 0 = no deadline. */
void conn_deadline(struct conn *c, int64_t in_ms);

#endif
