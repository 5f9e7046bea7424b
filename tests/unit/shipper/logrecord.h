/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logrecord - records as the notary writes them, for tests of the shipper.
 */
#ifndef TESTS_SHIPPER_LOGRECORD_H
#define TESTS_SHIPPER_LOGRECORD_H

#include <stdint.h>

#include "base/buf.h"
#include "core/event.h"

/* Appends the line, without LF. f may be NULL. */
void make_record(struct buf *out, uint64_t seq, enum event_code event,
    const struct event_fields *f);

#endif
