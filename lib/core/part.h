/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part - fields too long for one record: a record has LIMIT_RECORD_MAX bytes, a
 * command may have 64 KiB. What does not fit goes into records of its own, part
 * by part; the record keeps its start with size and digest (event_cut). Pure.
 */
#ifndef CORE_PART_H
#define CORE_PART_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "core/event.h"

/* Whatever an encoding of so many bytes says, one record holds it. */
enum { PART_SHORT = 4096 };

/* The next part of a long value: n bytes at p, the chunk-th from 1 on. hex is
 * the SHA-256 of all `size` bytes of it. Borrowed. */
struct part {
	enum event_field_id field;
	unsigned chunk;
	const uint8_t *p;
	size_t n;
	size_t size;
	char hex[2 * EVENT_DIGEST_SIZE + 1];
};

/* Negative: stop, and pass it on. */
typedef int part_fn(void *arg, const struct part *part);

/*
 * Copies an encoding (event.h) to out, which is empty, so that one record holds
 * it: the longest strings are given to fn in parts and stand cut in out, until
 * the rest fits. GW_EPROTO for an encoding that is none, GW_ENOMEM, GW_ECRYPTO.
 */
MUST_CHECK int part_fields(
    struct event_fields *out, const void *p, size_t n, part_fn *fn, void *arg);

#endif
