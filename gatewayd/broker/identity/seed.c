/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seed - see the header.
 */
#include "broker/identity/seed.h"

#include <string.h>

#include "base/err.h"
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
	if (!otp_ok(&retsealed->otp))
		r = GW_EINVAL;
	else if ((r = secret_random(ret, otp_seed_size(&retsealed->otp))) == 0)
		r = seal_close(&sealed, &b->seal_key, ret, user);
	if (r == 0) {
		memcpy(retsealed->p, sealed.p, sealed.len);
		retsealed->len = sealed.len;
	}
	buf_done(&sealed);
	return r;
}

int
seed_form(struct otp *ret, const json_t *o, struct problem *p)
{
	const char *s = NULL;
	int r = json_get_str(o, "totp_form", false, OTP_TEXT_SIZE, &s, p);

	*ret = (struct otp){.digest = OTP_NONE};
	if (r == 0 && s != NULL && (r = otp_parse(ret, s)) != 0)
		problem_set(p, 400, "bad-field", "totp_form",
		    "totp_form: sha1, sha256 or sha512, then 6 or 8 digits, "
		    "then 30 or 60 seconds was expected, as sha256,8,60");
	return r;
}

json_t *
seed_json(const struct broker *b, const char *user, const struct secret *seed,
    const struct otp *otp)
{
	char uri[TOTP_URI_SIZE], text[TOTP_BASE32_SIZE], form[OTP_TEXT_SIZE];
	json_t *o = NULL;

	otp_format(form, otp);
	if (totp_uri(uri, sizeof(uri), seed, otp, b->conf->server_id, user) ==
		0 &&
	    totp_base32(text, sizeof(text), seed) == 0) {
		o = json_object();
		put_str(o, "user", user);
		put_str(o, "otpauth", uri);
		put_str(o, "secret", text);
		put_str(o, "totp_form", form);
	}
	explicit_bzero(uri, sizeof(uri));
	explicit_bzero(text, sizeof(text));
	return o;
}
