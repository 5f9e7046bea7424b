/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otp - see the header.
 */
#include "core/otp.h"

#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

static const struct {
	const char *word, *name;
	size_t size;
} digests[OTP_COUNT] = {
    [OTP_NONE] = {"", "", 0},
    [OTP_SHA1] = {"sha1", "SHA1", 20},
    [OTP_SHA256] = {"sha256", "SHA256", 32},
    [OTP_SHA512] = {"sha512", "SHA512", 64},
};

struct otp
otp_usual(void)
{
	return (struct otp){
	    .digest = OTP_SHA1, .digits = OTP_DIGITS, .period_s = OTP_PERIOD_S};
}

bool
otp_ok(const struct otp *o)
{
	return o->digest > OTP_NONE && o->digest < OTP_COUNT &&
	       (o->digits == OTP_DIGITS || o->digits == OTP_DIGITS_LONG) &&
	       (o->period_s == OTP_PERIOD_S ||
		   o->period_s == OTP_PERIOD_LONG_S);
}

bool
otp_equal(const struct otp *a, const struct otp *b)
{
	return a->digest == b->digest && a->digits == b->digits &&
	       a->period_s == b->period_s;
}

/* There are few, and each is written in one way. */
int
otp_parse(struct otp *ret, const char *text)
{
	static const uint8_t digits[] = {OTP_DIGITS, OTP_DIGITS_LONG};
	static const uint8_t periods[] = {OTP_PERIOD_S, OTP_PERIOD_LONG_S};
	char is[OTP_TEXT_SIZE];

	for (unsigned i = 0; i < OTP_COUNT * 4U; i++) {
		*ret = (struct otp){.digest = (uint8_t)(i / 4),
		    .digits = digits[i / 2 % 2],
		    .period_s = periods[i % 2]};
		otp_format(is, ret);
		if (is[0] != '\0' && strcmp(is, text) == 0)
			return 0;
	}
	*ret = (struct otp){.digest = OTP_NONE};
	return GW_EINVAL;
}

void
otp_format(char ret[static OTP_TEXT_SIZE], const struct otp *o)
{
	ret[0] = '\0';
	if (otp_ok(o) &&
	    str_fmt(ret, OTP_TEXT_SIZE, "%s,%u,%u", digests[o->digest].word,
		(unsigned)o->digits, (unsigned)o->period_s) != 0)
		ret[0] = '\0';
}

const char *
otp_digest_str(const struct otp *o)
{
	return otp_ok(o) ? digests[o->digest].name : "";
}

size_t
otp_seed_size(const struct otp *o)
{
	return otp_ok(o) ? digests[o->digest].size : 0;
}

int
otp_choose(struct otp *ret, const struct otp *asked, const struct otp *has,
    const struct otp *own)
{
	const struct otp *was = otp_ok(has) ? has : own;

	*ret = was->digits < own->digits ? *own : *was;
	if (!otp_ok(asked))
		return otp_ok(ret) ? 0 : GW_EDENIED;
	if (asked->digits < was->digits && !FAULT(fewer_digits))
		return GW_EDENIED;
	*ret = *asked;
	return 0;
}

static const char minute[] = "/60";

unsigned
otp_factor_period(const char *factor)
{
	const char *end = factor + strspn(factor, "0123456789abcdef");

	if (*end == '\0')
		return OTP_PERIOD_S;
	return strcmp(end, minute) == 0 ? OTP_PERIOD_LONG_S : 0;
}

int
otp_factor_mark(char ret[static LIMIT_FACTOR_SIZE], const struct otp *o)
{
	const size_t n = strlen(ret);

	if (!otp_ok(o))
		return GW_EINVAL;
	return o->period_s == OTP_PERIOD_S
		   ? 0
		   : str_copy(ret + n, LIMIT_FACTOR_SIZE - n, minute);
}
