/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notaryscene - the real notary, sandbox included, with the test in the place
 * of supervisor, broker, firewall, shipper and sessions. One notary serves all
 * cases; the tests by it are one program, test_notary.
 */
#ifndef TESTS_NOTARY_NOTARYSCENE_H
#define TESTS_NOTARY_NOTARYSCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "core/event.h"
#include "core/receipt.h"
#include "tests/unit/support/proc_harness.h"
#include "tests/unit/support/test.h"

struct notary_scene {
	char state_dir[64];
	struct conf conf;
	struct proc_harness proc;
	struct testlink broker, firewall, shipper;
	uint8_t receipt_key[RECEIPT_KEY_SIZE];
	struct addr source, target, gateway; /* of every grant and leg */
	uint32_t rid;
};

extern struct notary_scene nt;

/* ---- notaryscene.c */

void path_of(char *ret, size_t size, const char *name);
/* The key the notary sends the firewall. */
void link_key(void);
/* Starts a notary, the real one or another, and links it. */
void start_program(const char *program);
void start(void);
void unlink_all(void);
int setup(void **state);
int teardown(void **state);
/* A grant of alice's to web-01, a number and ids of its own. */
void grant_new(struct msg_nt_grant_open *m, int64_t life_ms);
const struct msg_nt_grant_opened *grant_open(struct msg_nt_grant_open *m);
/* MSG_NT_GRANT_CLOSE or MSG_NT_LEG_CLOSE; the result byte. */
uint8_t close_by(unsigned type, unsigned reply, const char *id);
bool receipt_good(const char *id, const char *grant, uint64_t seq,
    const uint8_t *mac, const struct bytes *elements);
/* A session of this connection, from this client. */
void session_link(
    struct testlink *ret, uint64_t conn, const struct addr *client);
/* The host's signature over this hash; the result byte. */
uint8_t hostsign(struct testlink *s, const char *hash);
uint8_t hostsign_again(struct testlink *s, const char *hash); /* a rekey */
void leg_new(struct msg_nt_leg_open *m, const char *grant, uint64_t conn);
const struct msg_nt_leg_opened *leg_open(struct msg_nt_leg_open *m);
const struct msg_nt_cert_ok *cert(
    struct testlink *s, const char *grant, const char *sid);
/* LOG_APPEND; with wait it must become durable. */
void append(struct testlink *l, enum event_code ev,
    const struct event_fields *f, bool wait);
/* The whole log, read as the shipper does. */
char *read_log(void);
/* Does some record hold both texts? */
bool logged(const char *a, const char *b);

/* ---- notary_sessions.c */

void test_session(void **state);
void test_signs_of_a_stranger(void **state);
void test_certificate_of_a_short_grant(void **state);
void test_append(void **state);
void test_refused_over_and_over(void **state);
void test_log_quota(void **state);
void test_whole_command(void **state);
void test_channel_ends(void **state);
void test_recording(void **state);

/* ---- notary_extend.c */

void test_extend(void **state);
void test_extend_refused(void **state);
void test_extend_killed(void **state);

/* ---- notary_clock.c */

void test_clock_was_ahead(void **state);

/* ---- notary_restarts.c */

void test_many(void **state);
void test_restart(void **state);
void test_hashes_of_before(void **state);
void test_killed(void **state);
void test_verifies(void **state);

#endif
