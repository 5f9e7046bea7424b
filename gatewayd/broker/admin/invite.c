/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invite - see the header.
 */
#include "broker/admin/invite.h"

#include <openssl/sha.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/identity/doubt.h"

/* Letters and digits that cannot be mixed up, as in ids. */
static void
random_code(char ret[static INVITE_CODE_LEN + 1])
{
	static const char set[] = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
	unsigned n = 0;

	while (n < INVITE_CODE_LEN) {
		uint8_t x = 0;

		secret_fill(&x, 1);
		if (x < 240) /* else the first letters come more often */
			ret[n++] = set[x % 30];
	}
	ret[n] = '\0';
}

int
user_invite(struct broker *b, struct user *u,
    char rettext[static INVITE_TEXT_SIZE], struct problem *p)
{
	char code[INVITE_CODE_LEN + 1];
	uint8_t hash[SHA256_DIGEST_LENGTH];
	int r;

	if ((r = doubt_settle(b, p)) != 0)
		return r; /* it would be void with the others */
	random_code(code);
	(void)SHA256((const uint8_t *)code, INVITE_CODE_LEN, hash);
	str_hex(u->invite, hash, sizeof(hash));
	u->invite_end_ms =
	    broker_now(b).utc_ms + (int64_t)LIMIT_INVITE_LIFE_S * 1000;
	r = invite_text(rettext, b->conf->host, b->conf->api[0].port,
	    b->conf->tls_spki, code);
	explicit_bzero(code, sizeof(code));
	if (r != 0)
		problem_set(p, 503, "unavailable", NULL,
		    "the invitation does not fit: host is too long");
	return r;
}

void
user_invited(const struct call *c, const struct user *u)
{
	struct event_fields f;

	call_who(c, &f);
	event_str(&f, EF_USER, u->name);
	event_str(&f, EF_USER_ID, u->id);
	event_str(&f, EF_OWNER, u->owner);
	event_num(&f, EF_END, u->invite_end_ms);
	if (process_append(c->b->process, EV_INVITE_CREATE, &f, NULL, NULL) !=
	    0)
		log_warn("an invitation could not be recorded");
	event_fields_done(&f);
}
