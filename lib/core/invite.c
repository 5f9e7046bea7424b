/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invite - see the header.
 */
#include "core/invite.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

enum {
	PIN_BYTES = INVITE_PIN_HEX / 2,
	PIN_B64 = 24, /* with its padding */
};

static void
swap_chars(char *s, char a, char b)
{
	for (; *s != '\0'; s++)
		if (*s == a)
			*s = b;
}

int
invite_text(char ret[static INVITE_TEXT_SIZE], const char *host, unsigned port,
    const char *spki, const char *code)
{
	const bool v6 = strchr(host, ':') != NULL;
	uint8_t hash[32];
	char pin[PIN_B64 + 1];

	if (str_unhex(hash, sizeof(hash), spki) != 0 ||
	    strlen(code) != INVITE_CODE_LEN || !str_name_ok(code))
		return GW_EINVAL;
	str_b64(pin, hash, PIN_BYTES);
	swap_chars(pin, '+', '-');
	swap_chars(pin, '/', '_');
	return str_fmt(ret, INVITE_TEXT_SIZE, "sp2:%s%s%s:%u:%.*s:%s",
	    v6 ? "[" : "", host, v6 ? "]" : "", port, (int)INVITE_PIN_LEN, pin,
	    code);
}

int
invite_pin(char ret[static INVITE_PIN_HEX + 1], const char *s, size_t n)
{
	char pin[PIN_B64 + 1] = "";
	uint8_t hash[PIN_BYTES];
	size_t len = 0;

	if (n != INVITE_PIN_LEN || memchr(s, '+', n) != NULL ||
	    memchr(s, '/', n) != NULL)
		return GW_EINVAL;
	memcpy(pin, s, n);
	swap_chars(pin, '-', '+');
	swap_chars(pin, '_', '/');
	memcpy(pin + n, "==", 3);
	if (str_unb64(hash, sizeof(hash), pin, PIN_B64, &len) != 0 ||
	    len != sizeof(hash))
		return GW_EINVAL;
	str_hex(ret, hash, sizeof(hash));
	return 0;
}
