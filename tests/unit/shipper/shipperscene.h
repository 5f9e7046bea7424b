/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shipperscene - the real shipper, with the test in the place of notary, broker
 * and of the receiver it brings records to. The tests by it are one program,
 * test_shipper.
 */
#ifndef TESTS_SHIPPER_SHIPPERSCENE_H
#define TESTS_SHIPPER_SHIPPERSCENE_H

#include <stdint.h>
#include <stdio.h>

#include <openssl/ssl.h>

#include "core/event.h"
#include "tests/unit/support/proc_harness.h"
#include "tests/unit/support/test.h"

struct scene {
	char dir[64];
	char ca[96];
	struct conf conf;
	struct proc_harness p;
	struct testlink notary, broker;
	int listener;
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
};

enum trust { TRUST_NOT = 0, TRUST, TRUST_EXPIRED };

int setup(void **state);
int teardown(void **state);
/* A file in the scene's folder, to be written. */
FILE *create(const struct scene *t, const char *name);
/* The shipper, linked and ready; its orderly end. */
void start(struct scene *t);
void stop(struct scene *t);
/* A receiver with a self-signed certificate; the CA file holds it, or not. */
void receiver(struct scene *t, const char *san, enum trust trust);
/* From now on it wants a certificate of its clients; the shipper has one for
 * this name, a new one at each call. */
void credentials(struct scene *t, const char *name);
/* Takes the next connection; whether the client liked our certificate. */
int take(struct scene *t);
void hang_up(struct scene *t);
/* Takes the next connection and hangs up before a byte was said. */
void take_and_drop(struct scene *t);
/* Another CA file, which holds the receiver's certificate; and none. */
void trust_now(struct scene *t);
void remove_ca(struct scene *t);
/* Answers the next NT_READ with this many records from where it asks. */
void give(struct scene *t, uint64_t want_from, uint64_t n, uint64_t end);
/* Reads one message, by its length; the seq in it. */
uint64_t message_seq(struct scene *t);
/* The cursor's file. */
void cursor_write(const struct scene *t, const char *text);
void cursor_is(const struct scene *t, const char *want);

/* ---- shipper_rsyslog.c */

void test_rsyslog(void **state);

#endif
