/* SPDX-License-Identifier: Apache-2.0 */
/*
 * factor - see the header.
 */
#include "jitctl/cmd/factor.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/otp.h"
#include "core/recovery.h"
#include "jitctl/gateway/reply.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "sys/qr.h"

enum { QR_TEXT_MAX = 256 * 1024 }; /* internal: more than a code is drawn of */

/* How its codes are made. An older gateway does not say: as ever then. */
static bool
form_of(struct otp *ret, const json_t *o)
{
	const char *text = member(o, "totp_form");

	*ret = otp_usual();
	return text[0] == '\0' || otp_parse(ret, text) == 0;
}

bool
factor_want_form(const struct ctx *c, json_t *body)
{
	const char *text = opt_get(&c->opt, F_TOTP);
	struct otp form;

	if (text == NULL)
		return true;
	if (otp_parse(&form, text) == 0 &&
	    json_object_set_new(body, "totp_form", json_string(text)) == 0)
		return true;
	say_error("--totp: sha1, sha256 or sha512, then 6 or 8 digits, then 30 "
		  "or 60 seconds was expected, as sha256,8,60");
	return false;
}

bool
factor_ok(const json_t *o)
{
	static const char start[] = "otpauth://totp/";
	const char *uri = member(o, "otpauth");
	const char *secret = member(o, "secret");
	char want[LIMIT_TEXT_SIZE];
	struct otp form;
	bool ok = form_of(&form, o);

	ok = ok && strncmp(uri, start, strlen(start)) == 0 &&
	     strspn(uri, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789-._~%:/?&=@") == strlen(uri) &&
	     secret[0] != '\0' &&
	     strspn(secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") ==
		 strlen(secret) &&
	     str_fmt(want, sizeof(want), "?secret=%s&", secret) == 0 &&
	     strstr(uri, want) != NULL;
	explicit_bzero(want, sizeof(want));
	return ok;
}

/* The picture of it, and true, where the terminal can show one, if need be with
 * less white around; else why not is said. */
static bool
draw_secret(struct ctx *c, struct buf *b, const char *uri)
{
	static const unsigned quiet[] = {QR_QUIET, QR_QUIET_LEAST};
	const enum qr_style style = say_utf8() ? QR_BLOCKS : QR_SPACES;
	struct winsize ws = {0};
	unsigned cols = 0;
	unsigned rows = 0;

	if (isatty(STDOUT_FILENO) != 1 || opt_has(&c->opt, F_TEXT))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(quiet); i++) {
		buf_done(b);
		buf_init(b, QR_TEXT_MAX);
		if (qr_render(b, uri, style, quiet[i], &cols, &rows) != 0)
			return false;
		/* A terminal that does not know its size is none of the small
		 * ones. */
		if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) != 0 ||
		    ws.ws_col == 0 || (ws.ws_col >= cols && ws.ws_row > rows))
			return true;
	}
	say(c,
	    "A QR code needs a window of %u columns and %u rows, this one has "
	    "%u and %u: here it is as text.",
	    cols, rows + 1, (unsigned)ws.ws_col, (unsigned)ws.ws_row);
	return FAULT(qr_any_size);
}

/* In groups, as people type it. */
static void
say_secret(const struct ctx *c, const char *secret, const struct otp *form)
{
	const struct otp usual = otp_usual();
	char text[LIMIT_TEXT_SIZE];
	size_t at = 0;

	for (size_t i = 0; secret[i] != '\0' && at + 2 < sizeof(text); i++) {
		if (i > 0 && i % 4 == 0)
			text[at++] = ' ';
		text[at++] = secret[i];
	}
	text[at] = '\0';
	say(c, "Secret, to be typed into an authenticator app:\n%s", text);
	if (!otp_equal(form, &usual))
		say(c, "There it is to be set to %s, %u digits, every %u s.",
		    otp_digest_str(form), (unsigned)form->digits,
		    (unsigned)form->period_s);
	explicit_bzero(text, sizeof(text));
}

void
factor_show(struct ctx *c, const json_t *o)
{
	const char *uri = member(o, "otpauth");
	struct otp form;
	struct buf b;

	buf_init(&b, QR_TEXT_MAX);
	if (form_of(&form, o))
		c->digits = form.digits;
	if (out_object(c, o)) {
		/* json and yaml contain it */
	} else {
		/* factor_ok(): plain ASCII, both of them */
		say_secret(c, member(o, "secret"), &form);
		if (draw_secret(c, &b, uri)) {
			say(c, "Scan with one, or type it:");
			(void)fwrite(b.p, 1, b.len, stdout);
		} else {
			(void)printf("%s\n", uri);
		}
	}
	(void)fflush(stdout);
	buf_done(&b);
}

void
factor_show_codes(const struct ctx *c, const json_t *o)
{
	const json_t *list = json_object_get(o, "recovery_codes");
	char plain[RECOVERY_SIZE];

	if (json_array_size(list) == 0 || out_object(c, o))
		return;
	say(c, "Recovery codes, for a lost phone: each works once, with jitctl "
	       "mfa reset.");
	say(c, "Keep them apart from your key; they are not shown again:");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));

		/* what it is, and nothing that a terminal acts on */
		if (text == NULL || !recovery_read(plain, text))
			continue;
		(void)printf("%s\n", text);
		explicit_bzero(plain, sizeof(plain));
	}
	(void)fflush(stdout);
}
