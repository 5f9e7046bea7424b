/* SPDX-License-Identifier: Apache-2.0 */
/*
 * totp - the one file that uses liboath. It keeps no state: attempts are
 * counted by the broker, used steps by the notary.
 */
#include "sys/totp.h"

#include <liboath/oath.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

enum { ID_BYTES = 16 };

int
totp_init(void)
{
	return oath_init() == OATH_OK ? 0 : GW_EUNSUPPORTED;
}

static int
flags_of(const struct otp *o)
{
	switch (o->digest) {
	case OTP_SHA256:
		return OATH_TOTP_HMAC_SHA256;
	case OTP_SHA512:
		return OATH_TOTP_HMAC_SHA512;
	default:
		return 0;
	}
}

int
totp_code(char ret[static TOTP_CODE_SIZE], const struct secret *seed,
    const struct otp *o, int64_t step)
{
	if (seed->len == 0 || step <= 0 || !otp_ok(o))
		return GW_EINVAL;
	/* "time" and a period of 1 s: the step itself. liboath's seed is a char
	 * pointer to arbitrary bytes. */
	if (oath_totp_generate2((const char *)seed->p, seed->len, step, 1, 0,
		o->digits, flags_of(o), ret) != OATH_OK)
		return GW_ECRYPTO;
	return 0;
}

static bool
code_shape_ok(const struct otp *o, const char *code)
{
	return otp_ok(o) && strlen(code) == o->digits &&
	       strspn(code, "0123456789") == o->digits;
}

/* The step from..to that it is of; 0: of none. All are tried always: how long
 * it takes says nothing. */
static int64_t
find(const struct secret *seed, const struct otp *o, const char *code,
    int64_t from, int64_t to)
{
	char want[TOTP_CODE_SIZE] = "";
	int64_t found = 0;

	for (int64_t step = from > 0 ? from : 1; step <= to; step++) {
		if (totp_code(want, seed, o, step) != 0) {
			found = 0;
			break;
		}
		if (secret_equal(want, code, o->digits) || FAULT(totp_any))
			found = step;
	}
	explicit_bzero(want, sizeof(want));
	return found;
}

bool
totp_check(int64_t *retstep, const struct secret *seed, const struct otp *o,
    const char *code, int64_t utc_s)
{
	int64_t middle = 0, found = 0;

	if (!code_shape_ok(o, code) ||
	    (middle = utc_s / o->period_s) <= TOTP_WINDOW)
		return false;
	found = find(seed, o, code, middle - TOTP_WINDOW, middle + TOTP_WINDOW);
	if (found <= 0)
		return false;
	*retstep = found;
	return true;
}

bool
totp_far(int64_t *retoff_s, const struct secret *seed, const struct otp *o,
    const char *code, int64_t utc_s, int64_t far_s)
{
	int64_t middle = 0, steps = 0, before = 0, after = 0;

	if (!code_shape_ok(o, code) ||
	    (middle = utc_s / o->period_s) <= TOTP_WINDOW)
		return false;
	steps = far_s / o->period_s;
	before = find(seed, o, code, middle - steps, middle - TOTP_WINDOW - 1);
	after = find(seed, o, code, middle + TOTP_WINDOW + 1, middle + steps);
	if (before <= 0 && after <= 0)
		return false;
	*retoff_s = ((after > 0 ? after : before) - middle) * o->period_s;
	return true;
}

int
totp_id(char ret[static LIMIT_FACTOR_SIZE], const struct secret *seed,
    const struct otp *o)
{
	static const char label[] = "sallyport which totp secret";
	uint8_t md[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int r = GW_ECRYPTO;

	if (ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(ctx, label, sizeof(label)) == 1 &&
	    EVP_DigestUpdate(ctx, seed->p, seed->len) == 1 &&
	    EVP_DigestFinal_ex(ctx, md, NULL) == 1) {
		str_hex(ret, md, ID_BYTES);
		r = otp_factor_mark(ret, o);
	}
	EVP_MD_CTX_free(ctx);
	explicit_bzero(md, sizeof(md));
	return r;
}

int
totp_base32(char *ret, size_t size, const struct secret *seed)
{
	char *text = NULL;
	size_t n = 0;
	int r = GW_ENOMEM;

	if (oath_base32_encode((const char *)seed->p, seed->len, &text, &n) !=
	    OATH_OK)
		goto out;
	while (n > 0 && text[n - 1] == '=')
		text[--n] = '\0';
	r = str_copy(ret, size, text);
out:
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
	return r;
}

static int
append_escaped(char *ret, size_t size, size_t *at, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
	static const char hex[] = "0123456789ABCDEF";

	for (; *s != '\0'; s++) {
		const unsigned char c = (unsigned char)*s;

		if (*at + 4 > size)
			return GW_ELIMIT;
		if (strchr(plain, c) != NULL) {
			ret[(*at)++] = (char)c;
		} else {
			ret[(*at)++] = '%';
			ret[(*at)++] = hex[c >> 4];
			ret[(*at)++] = hex[c & 15];
		}
		ret[*at] = '\0';
	}
	return 0;
}

int
totp_uri(char *ret, size_t size, const struct secret *seed, const struct otp *o,
    const char *issuer, const char *user)
{
	char secret[TOTP_BASE32_SIZE];
	char label[TOTP_URI_SIZE] = "";
	char from[TOTP_URI_SIZE] = "";
	char how[64] = "";
	const struct otp usual = otp_usual();
	size_t at = 0, nfrom = 0;
	int r;

	if ((r = totp_base32(secret, sizeof(secret), seed)) != 0 ||
	    (r = append_escaped(label, sizeof(label), &at, issuer)) != 0 ||
	    (r = append_escaped(from, sizeof(from), &nfrom, issuer)) != 0)
		goto out;
	if (at + 2 > sizeof(label)) {
		r = GW_ELIMIT;
		goto out;
	}
	label[at++] = ':';
	label[at] = '\0';
	if ((r = append_escaped(label, sizeof(label), &at, user)) != 0)
		goto out;
	/* What is not said is SHA1, 6 digits, 30 s: a code of fewer rows. */
	if (!otp_equal(o, &usual))
		r = str_fmt(how, sizeof(how),
		    "&algorithm=%s&digits=%u&period=%u", otp_digest_str(o),
		    (unsigned)o->digits, (unsigned)o->period_s);
	if (r == 0)
		r = str_fmt(ret, size,
		    "otpauth://totp/%s?secret=%s&issuer=%s%s", label, secret,
		    from, how);
out:
	explicit_bzero(secret, sizeof(secret));
	return r;
}
