/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_state - a state folder for the API under test, with the files that
 * `gatewayd init` puts there, and ways to spoil them. What fails ends the test.
 */
#ifndef TESTS_API_API_STATE_H
#define TESTS_API_API_STATE_H

#include <openssl/evp.h>

#include "core/conf.h"

enum { API_STATE_PATH_SIZE = LIMIT_PATH_SIZE + 32 };

struct api_state {
	struct conf conf; /* state_dir, server_id and tls_spki are set */
	EVP_PKEY *key;
};

/* A new folder with api/tls.crt and api/tls.key, which fit. */
void api_state_new(struct api_state *s);
void api_state_free(struct api_state *s); /* removes the folder too */

void api_state_path(char ret[static API_STATE_PATH_SIZE],
    const struct api_state *s, const char *name);
void api_state_remove(const struct api_state *s, const char *name);
/* Instead of what is there, with mode 0600. */
void api_state_write(
    const struct api_state *s, const char *name, const char *text);
/* At its end. */
void api_state_append(
    const struct api_state *s, const char *name, const char *text);
/* api/tls.key; with a passphrase, or NULL. */
void api_state_write_key(
    const struct api_state *s, EVP_PKEY *key, const char *passphrase);
/* api/tls.crt, valid from now + from_s to now + to_s seconds. */
void api_state_write_crt(
    const struct api_state *s, EVP_PKEY *key, long from_s, long to_s);

#endif
