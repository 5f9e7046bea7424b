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

int
totp_init(void)
{
	return oath_init() == OATH_OK ? 0 : GW_EUNSUPPORTED;
}

int
totp_code(
    char ret[static TOTP_DIGITS + 1], const struct secret *seed, int64_t step)
{
	if (seed->len == 0 || step <= 0)
		return GW_EINVAL;
	/* liboath's seed is a char pointer to arbitrary bytes */
	if (oath_hotp_generate((const char *)seed->p, seed->len, (uint64_t)step,
		TOTP_DIGITS, false, OATH_HOTP_DYNAMIC_TRUNCATION,
		ret) != OATH_OK)
		return GW_ECRYPTO;
	return 0;
}

static bool
code_shape_ok(const char *code)
{
	return strlen(code) == TOTP_DIGITS &&
	       strspn(code, "0123456789") == TOTP_DIGITS;
}

bool
totp_check(int64_t *retstep, const struct secret *seed, const char *code,
    int64_t utc_s)
{
	const int64_t middle = utc_s / TOTP_STEP_S;
	char want[TOTP_DIGITS + 1] = "";
	int64_t found = 0;

	if (!code_shape_ok(code) || middle <= TOTP_WINDOW)
		return false;
	/* all steps are tried always: how long it takes says nothing */
	for (int64_t step = middle - TOTP_WINDOW; step <= middle + TOTP_WINDOW;
	     step++) {
		if (totp_code(want, seed, step) != 0) {
			found = 0;
			break;
		}
		if (secret_equal(want, code, TOTP_DIGITS) || FAULT(totp_any))
			found = step;
	}
	explicit_bzero(want, sizeof(want));
	if (found <= 0)
		return false;
	*retstep = found;
	return true;
}

int
totp_id(char ret[static LIMIT_FACTOR_SIZE], const struct secret *seed)
{
	static const char label[] = "sallyport which totp secret";
	uint8_t md[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int r = GW_ECRYPTO;

	if (ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(ctx, label, sizeof(label)) == 1 &&
	    EVP_DigestUpdate(ctx, seed->p, seed->len) == 1 &&
	    EVP_DigestFinal_ex(ctx, md, NULL) == 1) {
		str_hex(ret, md, (LIMIT_FACTOR_SIZE - 1) / 2);
		r = 0;
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
totp_uri(char *ret, size_t size, const struct secret *seed, const char *issuer,
    const char *user)
{
	char secret[TOTP_BASE32_SIZE];
	char label[TOTP_URI_SIZE] = "";
	char from[TOTP_URI_SIZE] = "";
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
	_Static_assert(TOTP_DIGITS == 6 && TOTP_STEP_S == 30, "not said");
	r = str_fmt(ret, size, "otpauth://totp/%s?secret=%s&issuer=%s", label,
	    secret, from);
out:
	explicit_bzero(secret, sizeof(secret));
	return r;
}
