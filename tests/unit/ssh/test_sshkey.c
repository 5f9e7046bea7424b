/* SPDX-License-Identifier: Apache-2.0 */
/* sshkey: what ssh-keygen signs verifies, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "ssh/sshkey.h"
#include "ssh/sshsig.h"
#include "tests/unit/support/keygen.h"
#include "tests/unit/support/test.h"

static char dir[128];
static bool have_keygen;

static const char ns[] = "request@sallyport";
static const char text[] = "v1\nrequest\nweb-01 for 5m\n";

static int
setup(void **state)
{
	(void)state;
	have_keygen = keygen_init(dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	if (have_keygen)
		keygen_done(dir);
	return 0;
}

static void
sign(const char *key, const char *hash, char *ret, size_t size)
{
	char opt[32];

	(void)snprintf(opt, sizeof(opt), "hashalg=%s", hash);
	keygen_write(dir, "m", text, sizeof(text) - 1);
	keygen_write(dir, "m.sig", "", 0);
	assert_int_equal(keygen_run(dir, "m", ret, size,
			     (const char *const[]){"-q", "-Y", "sign", "-n", ns,
				 "-O", opt, "-f", key, NULL}),
	    0);
	assert_non_null(strstr(ret, "END SSH SIGNATURE"));
}

static void
check_refusals(const char *armor)
{
	struct sshkey k;
	char bad[8192];
	size_t n = strlen(armor);

	assert_int_equal(
	    sshsig_verify(&k, armor, "file", text, sizeof(text) - 1),
	    GW_ECRYPTO);
	assert_int_equal(
	    sshsig_verify(&k, armor, ns, text, sizeof(text) - 2), GW_ECRYPTO);
	assert_int_equal(sshsig_verify(&k, armor, ns, "x", 1), GW_ECRYPTO);
	assert_int_not_equal(
	    sshsig_verify(&k, armor, "", text, sizeof(text) - 1), 0);
	/* cut anywhere: refused */
	assert_true(n < sizeof(bad));
	for (size_t i = 0; i + 2 < n; i += 7) {
		memcpy(bad, armor, i);
		bad[i] = '\0';
		assert_int_not_equal(
		    sshsig_verify(&k, bad, ns, text, sizeof(text) - 1), 0);
	}
	/* any character changed: refused */
	for (size_t i = 30; i + 32 < n; i += 3) {
		memcpy(bad, armor, n + 1);
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		assert_int_not_equal(
		    sshsig_verify(&k, bad, ns, text, sizeof(text) - 1), 0);
	}
}

static void
test_sshsig_keygen(void **state)
{
	static const struct {
		const char *name, *type, *bits;
	} keys[] = {{"ed", "ed25519", "256"}, {"e2", "ecdsa", "256"},
	    {"e3", "ecdsa", "384"}, {"e5", "ecdsa", "521"},
	    {"rs", "rsa", "3072"}};
	static const char *const hashes[] = {"sha256", "sha512"};

	(void)state;
	if (!have_keygen)
		fail_msg("needs ssh-keygen (scripts/deps test)");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct sshkey want, got;
		char line[4096], armor[8192], fp[SSHKEY_FP_SIZE], pub[64];

		assert_int_equal(
		    keygen_run(dir, NULL, NULL, 0,
			(const char *const[]){"-q", "-t", keys[i].type, "-b",
			    keys[i].bits, "-N", "", "-C", "a comment", "-f",
			    keys[i].name, NULL}),
		    0);
		(void)snprintf(pub, sizeof(pub), "%s.pub", keys[i].name);
		assert_true(keygen_read(dir, pub, line, sizeof(line)));
		assert_int_equal(sshkey_parse_line(&want, line), 0);
		sshkey_fingerprint(fp, want.blob, want.len);
		assert_int_equal(
		    keygen_run(dir, NULL, line, sizeof(line),
			(const char *const[]){"-l", "-f", pub, NULL}),
		    0);
		assert_non_null(strstr(line, fp));
		for (size_t h = 0; h < ARRAY_LEN(hashes); h++) {
			sign(keys[i].name, hashes[h], armor, sizeof(armor));
			assert_int_equal(sshsig_verify(&got, armor, ns, text,
					     sizeof(text) - 1),
			    0);
			assert_true(sshkey_equal(&got, &want));
			check_refusals(armor);
		}
	}
}

static void
test_lines(void **state)
{
	static const char good[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAabcd"
				   "efghijklmnopqrstuvwxyz01234567890ABCDE";
	static const char *const bad[] = {
	    "",
	    " ",
	    "ssh-ed25519",
	    "ssh-ed25519 ",
	    "ssh-ed25519 AAAA",
	    "ssh-ed25519 !!!!",
	    /* the type says one thing, the blob another */
	    "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAabcd"
	    "efghijklmnopqrstuvwxyz01234567890ABCDE",
	    /* DSA */
	    "ssh-dss AAAAB3NzaC1kc3MAAAAA",
	    /* options of authorized_keys are no key */
	    "no-pty ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAabcd"
	    "efghijklmnopqrstuvwxyz01234567890ABCDE",
	};
	struct sshkey k, again;
	char line[LIMIT_PUBKEY_MAX * 2], two[400];

	(void)state;
	assert_int_equal(sshkey_parse_line(&k, good), 0);
	assert_string_equal(k.type, "ssh-ed25519");
	assert_int_equal(
	    sshkey_format_line(line, sizeof(line), k.blob, k.len), 0);
	assert_string_equal(line, good);
	assert_int_equal(
	    sshkey_format_line(line, sizeof(good) - 1, k.blob, k.len),
	    GW_ELIMIT);
	(void)snprintf(two, sizeof(two), "%s me@host\n", good);
	assert_int_equal(sshkey_parse_line(&again, two), 0);
	assert_true(sshkey_equal(&k, &again));
	(void)snprintf(two, sizeof(two), "%s a\n%s b\n", good, good);
	assert_int_not_equal(sshkey_parse_line(&again, two), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_not_equal(sshkey_parse_line(&again, bad[i]), 0);
	k.blob[k.len] = 0; /* one trailing byte */
	assert_int_not_equal(sshkey_parse_blob(&again, k.blob, k.len + 1), 0);
	for (size_t n = 0; n < k.len; n++)
		assert_int_not_equal(sshkey_parse_blob(&again, k.blob, n), 0);
}

static void
test_weak_rsa(void **state)
{
	struct sshkey k;
	char line[4096];

	(void)state;
	if (!have_keygen)
		fail_msg("needs ssh-keygen (scripts/deps test)");
	assert_int_equal(keygen_run(dir, NULL, NULL, 0,
			     (const char *const[]){"-q", "-t", "rsa", "-b",
				 "2048", "-N", "", "-f", "weak", NULL}),
	    0);
	assert_true(keygen_read(dir, "weak.pub", line, sizeof(line)));
	assert_int_equal(sshkey_parse_line(&k, line), GW_EINVAL);
}

static void
test_bad_point(void **state)
{
	struct sshkey k;
	struct buf b;
	uint8_t point[65] = {4, 1, 2, 3}; /* not on the curve */

	(void)state;
	buf_init(&b, 256);
	buf_cstring(&b, "ecdsa-sha2-nistp256");
	buf_cstring(&b, "nistp256");
	buf_string(&b, point, sizeof(point));
	assert_int_equal(sshkey_parse_blob(&k, b.p, b.len), GW_EINVAL);
	buf_done(&b);
}

static void
test_own(void **state)
{
	struct secret seed = {0};
	struct sshkey k;
	uint8_t pub[32], sig[64];
	char line[256];

	(void)state;
	assert_int_equal(secret_random(&seed, 32), 0);
	assert_int_equal(sshkey_ed25519_public(pub, &seed), 0);
	assert_int_equal(sshkey_ed25519_line(line, sizeof(line), pub), 0);
	assert_int_equal(sshkey_parse_line(&k, line), 0);
	assert_int_equal(sshkey_ed25519_sign(sig, &seed, "abc", 3), 0);
	assert_int_equal(
	    sshkey_verify(&k, "ssh-ed25519", sig, 64, 0, 0, "abc", 3), 0);
	assert_int_equal(
	    sshkey_verify(&k, "ssh-ed25519", sig, 64, 0, 0, "abd", 3),
	    GW_ECRYPTO);
	assert_int_equal(
	    sshkey_verify(&k, "ssh-ed25519", sig, 63, 0, 0, "abc", 3),
	    GW_ECRYPTO);
	assert_int_equal(
	    sshkey_verify(&k, "rsa-sha2-256", sig, 64, 0, 0, "abc", 3),
	    GW_ECRYPTO);
	assert_int_equal(
	    sshkey_verify(&k, "", sig, 64, 0, 0, "abc", 3), GW_ECRYPTO);
	secret_free(&seed);
	assert_int_not_equal(sshkey_ed25519_sign(sig, &seed, "abc", 3), 0);
}

/* A security key in software: what the device would sign. */
static void
sk_armor(struct buf *out, const struct secret *seed, uint8_t flags,
    const char *namespace)
{
	static const char app[] = "ssh:";
	uint8_t pub[32], md[64], in[69], sig[64];
	struct buf data, key, s, bin;
	char b64[2048];

	buf_init(&data, 512);
	buf_init(&key, 512);
	buf_init(&s, 512);
	buf_init(&bin, 1024);
	assert_int_equal(sshkey_ed25519_public(pub, seed), 0);
	buf_cstring(&key, "sk-ssh-ed25519@openssh.com");
	buf_string(&key, pub, 32);
	buf_cstring(&key, app);
	EVP_Digest(text, sizeof(text) - 1, md, NULL, EVP_sha512(), NULL);
	buf_put(&data, "SSHSIG", 6);
	buf_cstring(&data, namespace);
	buf_cstring(&data, "");
	buf_cstring(&data, "sha512");
	buf_string(&data, md, 64);
	EVP_Digest(app, 4, in, NULL, EVP_sha256(), NULL);
	in[32] = flags;
	memcpy(in + 33, "\0\0\0\7", 4);
	EVP_Digest(data.p, data.len, in + 37, NULL, EVP_sha256(), NULL);
	assert_int_equal(sshkey_ed25519_sign(sig, seed, in, sizeof(in)), 0);
	buf_cstring(&s, "sk-ssh-ed25519@openssh.com");
	buf_string(&s, sig, 64);
	buf_u8(&s, flags);
	buf_u32(&s, 7);
	buf_put(&bin, "SSHSIG", 6);
	buf_u32(&bin, 1);
	buf_string(&bin, key.p, key.len);
	buf_cstring(&bin, namespace);
	buf_cstring(&bin, "");
	buf_cstring(&bin, "sha512");
	buf_string(&bin, s.p, s.len);
	assert_int_equal(buf_err(&bin), 0);
	str_b64(b64, bin.p, bin.len);
	buf_put(out, "-----BEGIN SSH SIGNATURE-----\n", 30);
	for (size_t i = 0; i < strlen(b64); i += 70) {
		size_t n = strlen(b64 + i);

		buf_put(out, b64 + i, n < 70 ? n : 70);
		buf_u8(out, '\n');
	}
	buf_put(out, "-----END SSH SIGNATURE-----\n", 28);
	keygen_write(dir, "sk.sig", out->p, out->len);
	buf_u8(out, 0);
	buf_done(&data);
	buf_done(&key);
	buf_done(&s);
	buf_done(&bin);
}

static void
test_sk(void **state)
{
	struct secret seed = {0};
	struct sshkey k;
	struct buf armor;
	char line[512];

	(void)state;
	if (!have_keygen)
		fail_msg("needs ssh-keygen (scripts/deps test)");
	buf_init(&armor, 4096);
	assert_int_equal(secret_random(&seed, 32), 0);
	sk_armor(&armor, &seed, 1, ns);
	assert_int_equal(
	    sshsig_verify(&k, (char *)armor.p, ns, text, sizeof(text) - 1), 0);
	assert_string_equal(k.type, "sk-ssh-ed25519@openssh.com");
	assert_int_equal(k.sk_flags, 1);
	assert_int_equal(
	    sshkey_hardware(k.type, k.sk_flags), HARDWARE_PRESENCE);
	assert_int_equal(sshkey_hardware(k.type, 5), HARDWARE_VERIFIED);
	assert_int_equal(sshkey_hardware(k.type, 4), HARDWARE_NONE);
	assert_int_equal(sshkey_hardware("ssh-ed25519", 5), HARDWARE_NONE);

	/* the stock tool agrees with our software key */
	memcpy(line, "me ", 3);
	assert_int_equal(
	    sshkey_format_line(line + 3, sizeof(line) - 4, k.blob, k.len), 0);
	strcat(line, "\n");
	keygen_write(dir, "allowed", line, strlen(line));
	keygen_write(dir, "m", text, sizeof(text) - 1);
	assert_int_equal(
	    keygen_run(dir, "m", NULL, 0,
		(const char *const[]){"-Y", "verify", "-n", ns, "-f", "allowed",
		    "-I", "me", "-s", "sk.sig", NULL}),
	    0);

	buf_reset(&armor); /* signed, but nobody touched the key */
	sk_armor(&armor, &seed, 0, ns);
	assert_int_equal(
	    sshsig_verify(&k, (char *)armor.p, ns, text, sizeof(text) - 1),
	    GW_ECRYPTO);
	buf_done(&armor);
	secret_free(&seed);
}

/* With such a key anything is signed: R the neutral point, S 0. */
static void
test_weak_ed25519(void **state)
{
	static const char *const points[] = {
	    "0100000000000000000000000000000000000000000000000000000000000000",
	    "0100000000000000000000000000000000000000000000000000000000000080",
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "0000000000000000000000000000000000000000000000000000000000000080",
	    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(points); i++) {
		const uint8_t sig[64] = {1};
		uint8_t pub[32];
		bool any = false;
		EVP_PKEY *p;
		struct sshkey k;
		struct buf b;

		assert_int_equal(str_unhex(pub, sizeof(pub), points[i]), 0);
		/* that it is one: one message in eight at the least */
		p = EVP_PKEY_new_raw_public_key(
		    EVP_PKEY_ED25519, NULL, pub, sizeof(pub));
		assert_non_null(p);
		for (uint8_t m = 0; m < 255 && !any; m++) {
			EVP_MD_CTX *c = EVP_MD_CTX_new();

			any =
			    EVP_DigestVerifyInit(c, NULL, NULL, NULL, p) == 1 &&
			    EVP_DigestVerify(
				c, sig, sizeof(sig), &m, sizeof(m)) == 1;
			EVP_MD_CTX_free(c);
		}
		EVP_PKEY_free(p);
		if (!any)
			print_message("libcrypto refuses %s\n", points[i]);
		buf_init(&b, 256);
		buf_cstring(&b, "ssh-ed25519");
		buf_string(&b, pub, sizeof(pub));
		assert_int_equal(sshkey_parse_blob(&k, b.p, b.len), GW_EINVAL);
		buf_done(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sshsig_keygen),
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_weak_rsa),
	    cmocka_unit_test(test_bad_point),
	    cmocka_unit_test(test_weak_ed25519),
	    cmocka_unit_test(test_own),
	    cmocka_unit_test(test_sk),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
