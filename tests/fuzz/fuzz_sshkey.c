/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_sshkey: public keys and signatures a stranger sends: blobs, lines,
 * SSHSIG armor. A key that is taken is taken again in its written form; bytes
 * nobody signed are never a good signature.
 */
#include <string.h>

#include "ssh/sshkey.h"
#include "ssh/sshsig.h"
#include "tests/fuzz/fuzz.h"

static void
key(const struct sshkey *k)
{
	static const char *const algs[] = {"ssh-ed25519", "rsa-sha2-256",
	    "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com"};
	char line[2 * LIMIT_PUBKEY_MAX];
	char fp[SSHKEY_FP_SIZE];
	uint8_t sig[64] = {1};
	struct sshkey again;

	sshkey_fingerprint(fp, k->blob, k->len);
	must(strncmp(fp, "SHA256:", 7) == 0);
	must(sshkey_format_line(line, sizeof(line), k->blob, k->len) == 0);
	must(sshkey_parse_line(&again, line) == 0);
	must(sshkey_equal(k, &again));
	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		must(sshkey_verify(
			 k, algs[i], sig, sizeof(sig), 1, 0, "data", 4) != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct sshkey k;

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (sshkey_parse_blob(&k, data, size) == 0)
		key(&k);
	if (sshkey_parse_line(&k, text) == 0)
		key(&k);
	must(sshsig_verify(&k, text, "request@sallyport", "never signed", 12) !=
	     0);
	free(text);
	return 0;
}
