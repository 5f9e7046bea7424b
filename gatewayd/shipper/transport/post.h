/* SPDX-License-Identifier: Apache-2.0 */
/*
 * post - one HTTPS exchange at a time with one receiver, by libcurl, driven by
 * the process's loop: connect and look who it is, or POST and hear a status.
 * Goes nowhere but to the addresses that its configuration allows, follows
 * nothing, and bounds what comes back.
 */
#ifndef SHIPPER_TRANSPORT_POST_H
#define SHIPPER_TRANSPORT_POST_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "core/conf.h"
#include "process/process.h"

struct post;

/* The exchange is over; the last thing its event does. why is NULL when it was
 * answered 2xx, or the receiver is who it should be; else a sentence. */
typedef void post_done_fn(void *ctx, const char *why);

/* Resolves the host (blocking): before the sandbox. conf and ctx live on, and
 * so does it. GW_ESTATE with *why, GW_ENOMEM. */
MUST_CHECK int post_new(struct post **ret, struct process *p,
    const struct conf_sink *conf, post_done_fn *done, void *ctx,
    const char **why);
/* How long it is to be left alone, as it said when it did not take the last
 * one; 0 = it said nothing of that. */
int64_t post_after_ms(const struct post *x);
/* Is it there, and who it should be? Nothing is sent. */
void post_probe(struct post *x);
/* id has a NUL; both are the caller's, until done. */
void post_send(struct post *x, const char *id, const void *body, size_t n);
/* At once, and done is not called. */
void post_stop(struct post *x);

#endif
