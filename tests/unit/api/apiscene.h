/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apiscene - the API with the test around it as supervisor and broker, and
 * clients of it. The tests by it are one program, test_api.
 */
#ifndef TESTS_API_APISCENE_H
#define TESTS_API_APISCENE_H

#include <sys/un.h>

#include <openssl/ssl.h>

#include "tests/unit/api/api_state.h"
#include "tests/unit/support/proc_harness.h"
#include "tests/unit/support/test.h"

struct api_test {
	struct proc_harness p;
	struct testlink broker, notary;
	struct api_state files;
	int port;
};

struct client {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
	char reply[256 * 1024];
};

#define HOST "Host: gw\r\n"

/* ---- apiscene.c */

/* A listening socket on a free port of 127.0.0.1. */
int listen_tcp(int *retport);
/* The program as PROC_API or PROC_ADMIN, with t->files, behind a listening
 * socket, which it takes; ready. */
void api_start(struct api_test *t, enum proc proc, int fd);
void admin_path(struct sockaddr_un *ret, const struct api_test *t);
int dial_from(int port, unsigned last);
int dial(int port);
/* Returns 1 when a TLS session with at most this version was agreed. ciphers
 * are those of TLS 1.2, NULL = OpenSSL's choice. */
int client_over(struct client *c, int fd, int version_max, const char *ciphers);
int client_ciphers(
    struct client *c, int port, int version_max, const char *ciphers);
int client_tls(struct client *c, int port, int version_max);
void client_close(struct client *c);
void client_send(struct client *c, const char *text);
/* Reads one whole response; its status. */
int client_status(struct client *c);
int ask(struct client *c, const char *request);

/* ---- api_bounds.c */

void test_caps(void **state);
void test_per_source(void **state);
int setup_small(void **state);
void test_known(void **state);
void test_silent(void **state);
void test_admin(void **state);

#endif
