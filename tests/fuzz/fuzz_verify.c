/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_verify: a log as someone hands it to an auditor. Whatever was done to
 * it, the records a verdict says are covered are those of corpus/verify/good,
 * whose key nobody has.
 */
#include <string.h>

#include <openssl/evp.h>

#include "audit/verify.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

static const char vkey[] = "sallyport/gw-fuzz+3f2010e2+"
			   "ASFS+NGbeR0kRTJC4V8uq2y3z/p7al7TAJeWDgaYgdsS";

/* SHA-256 of the good log's first lines, each with its LF. */
static const struct {
	uint64_t covered;
	const char *sha256;
} known[] = {
    {4, "6ef73747ed41f484de48c126883d5c69221b070380544a2086ea2bc4796c1dd8"},
    {9, "21309873bc2ef75adb08f9e56c06f6a33dc6b1a50e26a16e02b14d819c1333b0"},
};

static bool
is_known(const uint8_t *data, size_t size, uint64_t covered)
{
	uint8_t md[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1];
	size_t at = 0;

	if (covered == 0)
		return true;
	for (uint64_t i = 0; i < covered; i++) {
		const uint8_t *lf = memchr(data + at, '\n', size - at);

		must(lf != NULL);
		at = (size_t)(lf - data) + 1;
	}
	must(EVP_Digest(data, at, md, NULL, EVP_sha256(), NULL) == 1);
	str_hex(hex, md, 32);
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].covered == covered)
			return strcmp(known[i].sha256, hex) == 0;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct verify_result *r;
	struct verify *a = NULL;
	const uint8_t *lf;
	size_t at = 0;

	must(verify_new(&a, vkey) == 0);
	while ((lf = memchr(data + at, '\n', size - at)) != NULL) {
		if (!verify_line(a, data + at, (size_t)(lf - data) - at))
			break;
		at = (size_t)(lf - data) + 1;
	}
	r = verify_result(a);
	must(r->text[0] != '\0');
	must(is_known(data, size, r->covered));
	verify_free(a);
	return 0;
}
