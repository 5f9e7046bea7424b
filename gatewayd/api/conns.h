/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conns - the account of open connections: whose they are, who may have one
 * more (core/places.h), and until when each may keep us waiting. Whoever comes
 * when there is no place gets that of the one who has waited longest without a
 * request: silence keeps nobody out. Knows no HTTP; the sockets are another's,
 * and are only shut down here.
 */
#ifndef API_CONNS_H
#define API_CONNS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/peercred.h"
#include "core/conf.h"
#include "process/process.h"

struct conns;

struct conn {
	struct conn *next, **prev;
	int fd;
	int64_t deadline_ms; /* 0: ours to answer, none */
	int64_t first_ms;    /* for the first byte; 0 = it came */
	bool asked;          /* it has sent a request */
	bool given_up;       /* shut down: its place is another's */
	bool known;          /* its source had a live grant or token */
	bool intruder;       /* reported, once per connection */
	struct addr peer;    /* family 0: the admin socket, and who is set */
	uint16_t port;
	struct peercred who;
};

/* caps lives on. */
MUST_CHECK int conns_new(
    struct conns **ret, struct process *r, const struct conf_caps *caps);
/* A source has a live grant or token, or none any more; family 0: nobody has.
 */
void conns_known(struct conns *cs, const struct addr *source, bool known);
/* May this source have one connection more? Another one may have lost its place
 * for it. The admin socket always. */
bool conns_allow(struct conns *cs, const struct sockaddr *sa);
/* NULL without memory. conn_close removes it from the account. */
struct conn *conn_open(
    struct conns *cs, int fd, const struct sockaddr *sa, bool local);
void conn_close(struct conn *c);
/* It has sent a request, and waits for us. */
void conn_asked(struct conn *c);
/* Whoever is not done by then loses the socket; 0 = no deadline. */
void conn_deadline(struct conn *c, int64_t in_ms);

#endif
