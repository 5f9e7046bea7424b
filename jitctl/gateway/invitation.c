/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invitation - see the header.
 */
#include "jitctl/gateway/invitation.h"

#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "jitctl/gateway/profile.h"

int
invitation_parse(struct profile *ret, struct secret *retcode, const char *text)
{
	struct profile p = {0};
	char gateway[LIMIT_HOST_SIZE + 8] = "";
	const char *code = strrchr(text, ':');
	const char *tls = NULL;
	uint8_t hash[32];

	if (strncmp(text, "sp1:", 4) != 0 || code == NULL || code < text + 70)
		return GW_EINVAL;
	tls = code - 65; /* ":<64 hex>" comes before the last colon */
	if (*tls != ':' || tls <= text + 4 ||
	    (size_t)(tls - text - 4) >= sizeof(gateway))
		return GW_EINVAL;
	memcpy(p.tls, tls + 1, 64);
	memcpy(gateway, text + 4, (size_t)(tls - text - 4));
	if (str_unhex(hash, sizeof(hash), p.tls) != 0 ||
	    gateway_parse(p.host, sizeof(p.host), &p.port, gateway) != 0)
		return GW_EINVAL;
	str_hex(p.tls, hash, sizeof(hash)); /* lower case */
	code++;
	if (code[0] == '\0' || strlen(code) > 64 || !str_name_ok(code))
		return GW_EINVAL;
	*ret = p;
	return secret_copy(retcode, code, strlen(code));
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
	     (p->tls[0] == '\0' || strcmp(p->tls, q.tls) == 0);
	secret_free(&code);
	return ok;
}
