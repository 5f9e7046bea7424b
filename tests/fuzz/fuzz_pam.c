/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_pam: what sshd says of a login, and files of CA keys. Nobody is admitted
 * but by the certificate in the corpus, and every refusal says why.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "pam/check.h"
#include "tests/fuzz/fuzz.h"

enum { NOW = 1780000000 }; /* while that certificate is valid */

static const char ca_line[] =
    "ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIAjACdlsYUt5J44cPHn5WAzUaANkSUcL1RbxkFi/UMFb\n";
static const char prefix[] = "publickey ssh-ed25519-cert-v01@openssh.com ";

static void
judge(const char *auth_info, const struct pam_ca *cas, size_t ncas)
{
	char key_id[PAM_KEY_ID_SIZE], why[PAM_WHY_SIZE];
	struct prefix from[LIMIT_GLASS_FROM];
	size_t nfrom = 0;
	enum pam_verdict v = pam_check(auth_info, cas, ncas, "deploy@web-01",
	    "10.20.0.1", NOW, key_id, why);

	if (v == PAM_VERDICT_ADMIT)
		must(
		    why[0] == '\0' &&
		    strcmp(key_id,
			"user=alice grant=g-ABCD2345 session=s-ABCD2345") == 0);
	else
		must(why[0] != '\0');
	must(pam_from_parse(from, &nfrom, "10.20.0.0/24") == 0);
	must(pam_check_glass(auth_info, cas, ncas, "deploy@web-01", "10.20.0.1",
		 from, nfrom, NOW, key_id, why) == PAM_VERDICT_DENY);
	must(why[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t room = sizeof(prefix) + str_b64_size(size);
	char *text = malloc(size + 1);
	char *line = malloc(room);
	char ca[sizeof(ca_line)];
	struct pam_ca cas[LIMIT_PAM_CAS];
	size_t ncas = 0;

	must(text != NULL && line != NULL);
	memcpy(ca, ca_line, sizeof(ca));
	must(pam_cas_parse(cas, &ncas, ca) == 0 && ncas == 1);
	memcpy(text, data, size);
	text[size] = '\0';
	judge(text, cas, ncas); /* as the lines of sshd */
	memcpy(line, prefix, sizeof(prefix));
	str_b64(line + sizeof(prefix) - 1, data, size);
	judge(line, cas, ncas);                   /* as the certificate */
	if (pam_cas_parse(cas, &ncas, text) == 0) /* as the file */
		must(ncas > 0 && ncas <= LIMIT_PAM_CAS);
	free(line);
	free(text);
	return 0;
}
