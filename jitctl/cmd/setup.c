/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setup - see the header.
 *
 * MUST NOT print a line before all that goes into it is found good.
 */
#include "jitctl/cmd/setup.h"

#include <string.h>

#include "base/fault.h"
#include "base/str.h"
#include "jitctl/gateway/reply.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"
#include "ssh/sshkey.h"

enum { CA_KEYS = 2 }; /* in use, and the next */

#define CA_FILE "/etc/ssh/sallyport_ca.pub"
#define PRINCIPALS "/etc/ssh/sallyport_principals"

static int
not_expected(const char *what)
{
	say_error("the gateway's answer is not what was expected (%s): nothing "
		  "to paste was printed; ask the gateway's admin",
	    what);
	return EXIT_VERIFY;
}

static bool
is_pinned(const struct profile *p, const char *key)
{
	return p->ca_key[0] == '\0' || key_same(p->ca_key, key) ||
	       strcmp(p->ca_next_key, key) == 0;
}

static int
another_ca(const struct ctx *c, const char *key)
{
	char fp[SSHKEY_FP_SIZE] = "?";
	struct sshkey k;

	if (sshkey_parse_line(&k, key) == 0)
		sshkey_fingerprint(fp, k.blob, k.len);
	say_error(
	    "the gateway names a CA key that it did not have when you "
	    "joined (%s): nothing to paste was printed. On the gateway: "
	    "ssh-keygen -lf /var/lib/sallyport/pub/ca.pub; if it was "
	    "changed on purpose, know its keys anew, as gatewayd tls show "
	    "there says: %s pin KEY",
	    fp, self(c));
	return EXIT_VERIFY;
}

/* The principal is what the certificates for this login will say. */
static bool
principals_ok(const char *target, const json_t *logins, const json_t *reply)
{
	const json_t *said = json_object_get(reply, "principals");
	char want[LIMIT_NAME_SIZE * 2];

	if (json_object_size(said) != json_array_size(logins))
		return FAULT(believe_reply);
	for (size_t i = 0; i < json_array_size(logins); i++) {
		const char *login =
		    json_string_value(json_array_get(logins, i));

		if (login == NULL || !str_name_ok(login) ||
		    str_fmt(want, sizeof(want), "%s@%s", login, target) != 0 ||
		    strcmp(member(said, login), want) != 0)
			return FAULT(believe_reply);
	}
	return true;
}

int
setup_print(const struct ctx *c, const char *target, const json_t *logins,
    const json_t *reply)
{
	const json_t *cas = json_object_get(reply, "ca_keys");
	char key[CA_KEYS][KEY_TEXT_SIZE];

	if (json_array_size(cas) != CA_KEYS && !FAULT(believe_reply))
		return not_expected("its CA keys");
	for (size_t i = 0; i < CA_KEYS; i++) {
		if (!key_text(key[i], json_array_get(cas, i)))
			return not_expected("its CA keys");
		if (!is_pinned(&c->prof, key[i]) && !FAULT(believe_reply))
			return another_ca(c, key[i]);
	}
	if (!str_name_ok(target) || !principals_ok(target, logins, reply))
		return not_expected("its principals");
	(void)printf("cat >" CA_FILE " <<'END'\n%s\n%s\nEND\n"
		     "mkdir -p " PRINCIPALS "\n",
	    key[0], key[1]);
	for (size_t i = 0; i < json_array_size(logins); i++) {
		const char *login =
		    json_string_value(json_array_get(logins, i));

		/* pasted twice it is there once */
		(void)printf("grep -qsxF %s@%s " PRINCIPALS "/%s ||\n"
			     "  echo %s@%s >>" PRINCIPALS "/%s\n",
		    login, target, login, login, target, login);
	}
	(void)printf("cat >/etc/ssh/sshd_config.d/sallyport.conf <<'END'\n"
		     "TrustedUserCAKeys " CA_FILE "\n"
		     "AuthorizedPrincipalsFile " PRINCIPALS "/%%u\n"
		     "END\n"
		     "sshd -t && systemctl reload ssh\n");
	return EXIT_OK;
}
