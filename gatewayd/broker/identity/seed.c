/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seed - see the header.
 */
#include "broker/identity/seed.h"

#include <string.h>

#include "broker/call/put.h"
#include "sys/seal.h"
#include "sys/totp.h"

int
seed_new(struct broker *b, const char *user, struct secret *ret,
    struct sealed *retsealed)
{
	struct buf sealed;
	int r;

	buf_init(&sealed, STORE_SEALED_MAX);
	if ((r = secret_random(ret, TOTP_SEED_SIZE)) == 0)
		r = seal_close(&sealed, &b->seal_key, ret, user);
	if (r == 0) {
		memcpy(retsealed->p, sealed.p, sealed.len);
		retsealed->len = sealed.len;
	}
	buf_done(&sealed);
	return r;
}

json_t *
seed_json(const struct broker *b, const char *user, const struct secret *seed)
{
	char uri[TOTP_URI_SIZE], text[TOTP_BASE32_SIZE];
	json_t *o = NULL;

	if (totp_uri(uri, sizeof(uri), seed, b->conf->server_id, user) == 0 &&
	    totp_base32(text, sizeof(text), seed) == 0) {
		o = json_object();
		put_str(o, "user", user);
		put_str(o, "otpauth", uri);
		put_str(o, "secret", text);
	}
	explicit_bzero(uri, sizeof(uri));
	explicit_bzero(text, sizeof(text));
	return o;
}
