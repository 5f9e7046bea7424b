/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invitation - see the header.
 */
#include "jitctl/gateway/invitation.h"

#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/invite.h"
#include "jitctl/gateway/profile.h"

/* The key's part, n bytes, as hex. */
static int
read_pin(char ret[static 65], const char *text, const char *pin, size_t n)
{
	uint8_t hash[32];
	char hex[65] = "";

	if (strncmp(text, "sp2:", 4) == 0)
		return invite_pin(ret, pin, n);
	if (strncmp(text, "sp1:", 4) != 0 || n != sizeof(hex) - 1)
		return GW_EINVAL;
	memcpy(hex, pin, n);
	if (str_unhex(hash, sizeof(hash), hex) != 0)
		return GW_EINVAL;
	str_hex(ret, hash, sizeof(hash)); /* lower case */
	return 0;
}

int
invitation_parse(struct profile *ret, struct secret *retcode, const char *text)
{
	struct profile p = {0};
	char gateway[LIMIT_HOST_SIZE + 8] = "";
	const char *code = strrchr(text, ':');
	const char *pin = code;

	if (strlen(text) < 4 || code == NULL)
		return GW_EINVAL;
	while (pin > text && pin[-1] != ':')
		pin--;
	/* "sp2:" gateway ":" pin ":" code */
	if (pin <= text + 4 + 1 ||
	    (size_t)(pin - 1 - (text + 4)) >= sizeof(gateway))
		return GW_EINVAL;
	memcpy(gateway, text + 4, (size_t)(pin - 1 - (text + 4)));
	if (read_pin(p.tls, text, pin, (size_t)(code - pin)) != 0 ||
	    gateway_parse(p.host, sizeof(p.host), &p.port, gateway) != 0)
		return GW_EINVAL;
	code++;
	if (code[0] == '\0' || strlen(code) > 64 || !str_name_ok(code))
		return GW_EINVAL;
	*ret = p;
	return secret_copy(retcode, code, strlen(code));
}

enum prompt_whole
invitation_whole(const char *text)
{
	struct profile p = {0};
	struct secret code = {0};
	enum prompt_whole w = PROMPT_NONE;

	if (strncmp(text, "sp2:", strnlen(text, 4)) == 0 ||
	    strncmp(text, "sp1:", strnlen(text, 4)) == 0)
		w = PROMPT_MORE;
	if (invitation_parse(&p, &code, text) == 0 &&
	    code.len >= INVITE_CODE_LEN)
		w = PROMPT_WHOLE;
	secret_free(&code);
	return w;
}

bool
invitation_is_of(const struct profile *p, const char *text)
{
	struct profile q = {0};
	struct secret code = {0};
	bool ok = false;

	if (FAULT(believe_reply))
		return true;
	ok = invitation_parse(&q, &code, text) == 0 &&
	     (p->tls[0] == '\0' || strncmp(p->tls, q.tls, strlen(q.tls)) == 0);
	secret_free(&code);
	return ok;
}
