/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nl - netlink to nf_tables and conntrack: sockets, message building, batches
 * with an errno per message, requests and dumps, attribute reading. The only
 * file that knows libmnl. It does not know what a rule or an element means.
 *
 * Builders are sticky: after the first failure every later put is a no-op and
 * the send fails, so a body of puts needs one check at its end.
 */
#ifndef FIREWALL_NL_H
#define FIREWALL_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* Newer than the kernel headers of Debian 12; the values are kernel ABI. */
enum {
	NL_TABLE_F_OWNER = 0x2,
	NL_TABLE_F_PERSIST = 0x4,   /* Linux 6.9 */
	NL_MSG_DESTROYSETELEM = 30, /* Linux 6.3 */
};

/* Message types: subsystem and message in one number. */
#define NL_NFT(msg) ((uint16_t)((10U << 8) | (unsigned)(msg)))
#define NL_CT(msg) ((uint16_t)((1U << 8) | (unsigned)(msg)))

/* A message or batch under construction. */
struct nlb {
	uint8_t *p;
	size_t len;
	size_t cap;
	size_t msg;     /* offset of the message being built */
	size_t last;    /* offset of the last message that changes anything */
	uint32_t first; /* sequence number of the batch's first message */
	uint32_t seq;   /* of the message being built */
	int err;
};

void nlb_init(struct nlb *b);
void nlb_done(struct nlb *b); /* safe twice */
void nlb_reset(struct nlb *b);

/* Starts a transaction; nl_commit ends and sends it. */
void nlb_batch(struct nlb *b);
/* flags: NLM_F_* without NLM_F_REQUEST, which is always there. Returns the
 * message's index in its batch, as in struct nl_fail. */
uint32_t nlb_msg(struct nlb *b, uint16_t type, uint16_t flags, uint8_t family);

void nlb_bytes(struct nlb *b, uint16_t attr, const void *p, size_t n);
void nlb_str(struct nlb *b, uint16_t attr, const char *s);
void nlb_u8(struct nlb *b, uint16_t attr, uint8_t v);
void nlb_u16(struct nlb *b, uint16_t attr, uint16_t v); /* big-endian */
void nlb_u32(struct nlb *b, uint16_t attr, uint32_t v); /* big-endian */
void nlb_u64(struct nlb *b, uint16_t attr, uint64_t v); /* big-endian */
size_t nlb_nest(struct nlb *b, uint16_t attr);
void nlb_end(struct nlb *b, size_t nest);

struct nl_attr {
	const uint8_t *p; /* NULL = absent */
	size_t n;
};

/* A received message; everything borrowed until the callback returns. */
struct nl_msg {
	uint16_t type;
	uint8_t family;
	uint32_t portid;
	const uint8_t *p; /* attributes */
	size_t n;
};

/* tb[0..count-1] by attribute type; the rest is ignored. */
void nl_parse(struct nl_attr *tb, size_t count, const void *p, size_t n);
/* The next attribute of a list; false at its end. Moves *at. */
bool nl_next(struct nl_attr *list, uint16_t *rettype, struct nl_attr *ret);
/* 0 when absent or of another size. */
uint8_t nl_u8(const struct nl_attr *a);
uint16_t nl_u16(const struct nl_attr *a);
uint32_t nl_u32(const struct nl_attr *a);
uint64_t nl_u64(const struct nl_attr *a);
bool nl_is(const struct nl_attr *a, const char *s);

struct nl;

/* events: joins the nf_tables notifications and never blocks. */
MUST_CHECK int nl_open(struct nl **ret, bool events);
void nl_close(struct nl *s); /* NULL is a no-op */
int nl_fd(const struct nl *s);
uint32_t nl_portid(const struct nl *s);
/* Transactions this socket committed so far. */
uint32_t nl_commits(const struct nl *s);

/* The first message of a transaction that the kernel refused. */
struct nl_fail {
	uint32_t index;
	int err; /* errno; 0 = it was not one message */
};

/*
 * What the kernel refuses comes as GW_ENOENT, GW_EEXIST, GW_EDENIED (EPERM),
 * GW_ELIMIT (ENFILE: a set is full), GW_EUNSUPPORTED, or GW_ESYS with errno.
 */

/* All or nothing. When the kernel refuses, fail (may be NULL) says what; the
 * builder is left as it was except for its end mark. */
MUST_CHECK int nl_commit(struct nl *s, struct nlb *b, struct nl_fail *fail);
/* Sends one message and gives every answer to cb (may be NULL). cb returning
 * non-0 stops with that code. */
MUST_CHECK int nl_ask(struct nl *s, struct nlb *b,
    int (*cb)(void *arg, const struct nl_msg *m), void *arg);
/* Reads what an event socket has, until GW_EAGAIN (returned as 0);
 * GW_ELIMIT when the kernel dropped events: treat everything as changed. */
MUST_CHECK int nl_events(
    struct nl *s, int (*cb)(void *arg, const struct nl_msg *m), void *arg);

#endif
