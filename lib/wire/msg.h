/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msg - the messages between the gateway's processes: a struct per message, a
 * row in one table that says who may send it to whom, in which state of the
 * link, how large it may be and how many descriptors it carries, and one
 * generic encoder and decoder driven by that table (doc/PROTOCOL.ipc).
 *
 * Frame: u32 length of the whole frame, u16 type, u16 version, body; integers
 * big-endian. One frame is one SOCK_SEQPACKET datagram. A decoder ends exactly
 * at the end of the frame or fails.
 */
#ifndef WIRE_MSG_H
#define WIRE_MSG_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "core/proc.h"

enum { MSG_VERSION = 1, MSG_HEADER_SIZE = 8 };
enum { MSG_FDS_MAX = 2 }; /* internal: no message carries more */

/* Bytes borrowed from the frame they were decoded from (valid until the
 * handler returns), or from the caller when sending. */
struct bytes {
	const uint8_t *p;
	uint32_t len;
};

/* The result field of an answer, from an error of base/err.h (0 = done) and
 * back to it. What no error can be is GW_ESYS: never "done". */
uint8_t msg_result(int error);
int msg_error(uint8_t result);

enum msg_kind {
	MF_U8 = 1,
	MF_U16,
	MF_U32,
	MF_U64,
	MF_I64,
	MF_STR,   /* char[max]: SSH string without NUL inside, fits with NUL */
	MF_RAW,   /* uint8_t[max]: exactly max bytes */
	MF_ADDR,  /* struct addr: u8 family + 16 bytes */
	MF_BYTES, /* struct bytes, at most max */
};

struct msg_field {
	uint8_t kind;
	uint16_t n;      /* 1, or the length of a list */
	uint32_t stride; /* bytes from one of the list to the next */
	uint32_t offset; /* of the first */
	uint32_t max;
};

/* Link states a message may arrive in; the receiver moves its peer on. */
enum msg_state {
	MST_NEW = 1 << 0,   /* linked, nothing said yet */
	MST_READY = 1 << 1, /* configured / authenticated */
	MST_LIVE = 1 << 2,  /* session: target connected */
	MST_ANY = 0xff,
};

struct msg_spec {
	uint16_t type;
	const char *name;
	size_t size; /* of the struct */
	const struct msg_field *fields;
	uint16_t nfields;
	uint32_t from, to; /* PROC_BIT masks */
	uint8_t states;    /* enum msg_state bits */
	uint8_t fds;       /* exactly this many descriptors */
};

/* NULL for unknown types. */
const struct msg_spec *msg_spec(unsigned type);
/* For tests: the table itself. */
const struct msg_spec *msg_table(size_t *retn);

/* Largest struct of the table; enough for any decode target. */
size_t msg_size_max(void);

/* Appends one whole frame. GW_EINVAL for a bad type or an unterminated or
 * over-long value, GW_ELIMIT over LIMIT_MSG_MAX. */
MUST_CHECK int msg_encode(struct buf *b, unsigned type, const void *body);
/* Checks header, length and table, fills *ret (at least msg_size_max() bytes,
 * suitably aligned), which is zeroed first. MF_BYTES point into frame.
 * GW_EPROTO for anything msg_encode cannot have written. */
MUST_CHECK int msg_decode(
    const void *frame, size_t n, unsigned *rettype, void *ret);
/* GW_OK if from may send type to `to` in this state with nfds descriptors;
 * else GW_EPROTO. */
MUST_CHECK int msg_allowed(
    unsigned type, enum proc from, enum proc to, unsigned state, unsigned nfds);

#endif
