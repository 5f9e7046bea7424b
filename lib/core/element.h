/* SPDX-License-Identifier: Apache-2.0 */
/*
 * element - one opening in the kernel: what a set element of the firewall's
 * table says, as a value with one exact encoding (it is what receipts sign).
 */
#ifndef CORE_ELEMENT_H
#define CORE_ELEMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/limits.h"

enum element_kind {
	ELEMENT_NONE = 0, /* opens nothing */
	ELEMENT_ENTRY,    /* source . own SSH port: may reach the gateway */
	ELEMENT_PATH,     /* source . target . proto . port: direct reach */
	ELEMENT_LEG,      /* our address . port . target . port: one session */
};

enum { ELEMENT_MAX = 8 }; /* internal: of a receipt */

struct element {
	uint8_t kind;        /* enum element_kind */
	uint8_t proto;       /* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t sport;      /* LEG: the gateway's source port */
	uint16_t port;       /* ENTRY: own port; else the target's port */
	struct addr source;  /* ENTRY, PATH; LEG: the gateway's address */
	struct addr target;  /* PATH, LEG */
	int64_t end_boot_ms; /* first boottime ms at which it is shut */
};

struct element_list {
	uint32_t n;
	struct element e[ELEMENT_MAX];
};

/* The exact encoding: u32 n, then per element every field in the order above,
 * addresses as u8 family + 16 bytes, integers big-endian. */
void element_encode(struct buf *b, const struct element_list *l);
/* GW_EPROTO for anything element_encode cannot have written. */
MUST_CHECK int element_decode(
    struct element_list *ret, const void *p, size_t n);

#endif
