/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn - one TLS connection at a time: made, written to, and ended so that one
 * knows what the receiver has read. Knows no record; does not try again.
 */
#ifndef SHIPPER_TRANSPORT_CONN_H
#define SHIPPER_TRANSPORT_CONN_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "base/addr.h"
#include "base/attr.h"
#include "process/process.h"

struct conn;

enum conn_state {
	CONN_NONE = 0,
	CONN_CONNECT,
	CONN_HANDSHAKE,
	CONN_UP,
	CONN_ENDING
};

/* Each is the last thing its event does: it may open, write, end, close. */
struct conn_hooks {
	void (*up)(void *ctx); /* the receiver is who it should be */
	void (*drained)(void *ctx);
	/* The goodbye was answered: all that was written has been read. */
	void (*ended)(void *ctx);
	void (*broken)(void *ctx, const char *why);
	void *ctx;
};

/* ctx (SSL) and host, the name in the certificate, live on. */
MUST_CHECK int conn_new(struct conn **ret, struct process *r, SSL_CTX *ctx,
    const char *host, const struct conn_hooks *hooks);
void conn_free(struct conn *c);

void conn_open(struct conn *c, const struct addr *a, uint16_t port);
/* Copies. GW_ELIMIT when the receiver is that far behind. */
MUST_CHECK int conn_write(struct conn *c, const void *p, size_t n);
/* Nothing may be left to write. */
void conn_end(struct conn *c);
/* At once, and no hook hears of it. */
void conn_close(struct conn *c);
/* As if the receiver had: hooks.broken is called. */
void conn_break(struct conn *c, const char *why);

enum conn_state conn_state(const struct conn *c);
/* How long it has been in this state. */
int64_t conn_age_ms(const struct conn *c);
size_t conn_unsent(const struct conn *c);

#endif
