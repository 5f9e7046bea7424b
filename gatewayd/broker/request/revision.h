/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revision - all that a request will grant, as a text: what approvers see, and
 * by the digest of which they approve. The address is not part of it: that is
 * proved by whoever activates it.
 */
#ifndef BROKER_REQUEST_REVISION_H
#define BROKER_REQUEST_REVISION_H

#include "base/attr.h"
#include "broker/grant/intent.h"
#include "core/request.h"

/* Fills revision and digest from what was judged; r's id and created_ms are
 * set. The same input gives the same bytes. GW_ENOMEM, GW_ELIMIT. */
MUST_CHECK int revision_make(struct request *r, const struct intent *in);
/* True: what was judged now is just what r's revision says. */
bool revision_same(const struct request *r, const struct intent *in);

#endif
