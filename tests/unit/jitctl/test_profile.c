/* SPDX-License-Identifier: Apache-2.0 */
/* What jitctl knows of a gateway and of its user's keys: invitations, profiles,
 * key files, signatures by ssh-keygen. */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jitctl/gateway/invitation.h"
#include "jitctl/gateway/key_file.h"
#include "jitctl/gateway/profile.h"
#include "jitctl/gateway/program.h"
#include "jitctl/gateway/sign.h"
#include "ssh/sshsig.h"
#include "wire/signed.h"

#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define KEY                                                                    \
	"ssh-ed25519 "                                                         \
	"AAAAC3NzaC1lZDI1NTE5AAAAIHcyNZ7kzfyTfjvTY1WWIEHUOmTs2yEC9kSVzuVhKCkN"

#define SHORT                                                                  \
	"sp2:gw.example.net:8443:-_8AESIzRFVmd4iZqrvM3Q:23456789ABCDEFGHJKMN"

static void
test_invitation(void **state)
{
	static const char *const bad[] = {"", "sp1:", "sp2:h:1:" HEX64 ":C",
	    "sp1:h:0:" HEX64 ":C", "sp1:h:65536:" HEX64 ":C",
	    "sp1:h:1:" HEX64 ":", "sp1:h:1:" HEX64, "sp1::1:" HEX64 ":C",
	    "sp1:h:1:0" HEX64 ":C", "sp1:2001:db8::1:443:" HEX64 ":C",
	    "sp1:h/x:1:" HEX64 ":C", "sp1:-h:1:" HEX64 ":C",
	    "sp1:h:1:" HEX64 ":a b"};
	struct profile p = {0};
	struct secret code = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ROW(invitation_parse(&p, &code, bad[i]) != 0, bad[i]);
	assert_null(code.p);
	assert_int_equal(invitation_parse(&p, &code,
			     "sp1:gw.example.net:8443:" HEX64 ":CODE1"),
	    0);
	assert_string_equal(p.host, "gw.example.net");
	assert_int_equal(p.port, 8443);
	assert_string_equal(p.tls, HEX64);
	assert_string_equal((const char *)code.p, "CODE1");
	secret_free(&code);
	assert_int_equal(invitation_parse(&p, &code,
			     "sp1:[2001:db8::1]:8443:" HEX64 ":CODE1"),
	    0);
	assert_string_equal(p.host, "2001:db8::1");
	secret_free(&code);
	assert_int_equal(invitation_parse(&p, &code, SHORT), 0);
	assert_string_equal(p.host, "gw.example.net");
	assert_string_equal(p.tls, "fbff00112233445566778899aabbccdd");
	assert_int_equal(code.len, 20);
	secret_free(&code);
	assert_int_equal(invitation_whole(""), PROMPT_MORE);
	assert_int_equal(invitation_whole("sp"), PROMPT_MORE);
	assert_int_equal(invitation_whole("sp3:"), PROMPT_NONE);
	for (size_t n = 0; n < strlen(SHORT); n++) {
		char part[sizeof(SHORT)] = "";

		memcpy(part, SHORT, n);
		assert_int_equal(invitation_whole(part), PROMPT_MORE);
	}
	assert_int_equal(invitation_whole(SHORT), PROMPT_WHOLE);
}

static void
test_profiles(void **state)
{
	struct profiles ps = {.n = 2,
	    .p = {{.name = "default",
		      .host = "2001:db8::1",
		      .port = 8443,
		      .server_id = "gw-1",
		      .tls = HEX64,
		      .key = "/home/a \"b\"\\c/id",
		      .user = "alice",
		      .ssh_port = 2222,
		      .host_key = KEY},
		{.name = "lab",
		    .host = "gw",
		    .port = 1,
		    .server_id = "gw-2",
		    .tls = HEX64}}};
	struct profiles got;
	char *text = profiles_text(&ps);
	char out[512] = "";
	FILE *f = fmemopen(out, sizeof(out), "w");

	(void)state;
	assert_non_null(text);
	assert_true(profiles_parse(&got, "c", text, strlen(text), stderr));
	assert_int_equal(got.n, 2);
	assert_string_equal(got.p[0].key, ps.p[0].key);
	assert_string_equal(got.p[0].host, ps.p[0].host);
	assert_string_equal(got.p[0].host_key, KEY);
	assert_int_equal(got.p[0].ssh_port, 2222);
	assert_string_equal(got.p[1].name, "lab");
	assert_int_equal(got.p[1].ssh_port, 0);
	free(text);
	/* A profile without its pin is no profile. */
	assert_false(profiles_parse(&got, "c",
	    "profiles: {a: {gateway: \"h:1\", server_id: g}}", 45, f));
	(void)fclose(f);
	assert_non_null(strstr(out, "\"tls\" is missing"));
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
test_key_files(void **state)
{
	static const char *const bad[] = {"", "# no key\n", KEY "x y\n",
	    KEY "\nssh-dss AAAA\n", "-----BEGIN OPENSSH PRIVATE KEY-----\n"};
	char path[] = "/tmp/sallyport-jitctl.XXXXXX";
	struct ctx c = {0};
	json_t *list = key_files_array(&c, F_KEY);
	const int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(json_array_size(list), 0); /* none named */
	assert_non_null(list);
	json_decref(list);
	c.opt.n[F_KEY] = 1;
	c.opt.value[F_KEY][0] = path;
	write_file(path, "# mine\r\n" KEY " a@b\r\n\n" KEY "\n");
	list = key_files_array(&c, F_KEY);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(
	    json_string_value(json_array_get(list, 0)), KEY " a@b");
	json_decref(list);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		write_file(path, bad[i]);
		CHECK_ROW(key_files_array(&c, F_KEY) == NULL, bad[i]);
	}
	(void)unlink(path);
	assert_null(key_files_array(&c, F_KEY)); /* no such file */
}

/* Which key signs: the one named, before the profile's. */
static void
test_named_key(void **state)
{
	struct ctx c = {.prof = {.key = "/home/a/.ssh/id"}};
	char key[LIMIT_PATH_SIZE] = "";

	(void)state;
	assert_string_equal(sign_key_named(&c), "/home/a/.ssh/id");
	c.identity = "SHA256:abc";
	assert_string_equal(sign_key_named(&c), "SHA256:abc");
	assert_int_equal(sign_key(&c, key, sizeof(key)), EXIT_OK);
	assert_string_equal(key, "SHA256:abc");
	assert_true(sign_is_fingerprint(key));
	assert_false(sign_is_fingerprint("/home/a/SHA256:abc"));
}

/* With the real ssh-keygen: what it signs verifies, and only that. */
static void
test_sign(void **state)
{
	char dir[] = "/tmp/sallyport-jitctl.XXXXXX";
	char key[64];
	char pub[64];
	char fp[SSHKEY_FP_SIZE] = "";
	struct ctx c = {.no_input = true};
	struct sshkey k;
	char *armor = NULL;
	char *out = NULL;
	int made = -1;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(key, sizeof(key), "%s/id", dir);
	(void)snprintf(pub, sizeof(pub), "%s/id.pub", dir);
	const char *const argv[] = {
	    "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key, NULL};
	made = program_run(argv, NULL, 0, &out, 1024, true, true);
	free(out);
	if (made == 0) {
		assert_int_equal(
		    sign_data(&c, key, "data", 4, &armor, fp), EXIT_OK);
		assert_int_equal(strncmp(fp, "SHA256:", 7), 0);
		assert_int_equal(
		    sshsig_verify(&k, armor, SIGNED_NAMESPACE, "data", 4), 0);
		assert_int_not_equal(
		    sshsig_verify(&k, armor, SIGNED_NAMESPACE, "datb", 4), 0);
		free(armor);
		(void)unlink(key);
		armor = NULL;
		assert_int_equal(sign_data(&c, key, "data", 4, &armor, fp),
		    EXIT_LOGIN); /* only the public half is left */
		assert_null(armor);
	}
	(void)unlink(pub);
	(void)rmdir(dir);
	if (made != 0)
		fail_msg("needs ssh-keygen (scripts/deps test)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_invitation),
	    cmocka_unit_test(test_profiles),
	    cmocka_unit_test(test_key_files),
	    cmocka_unit_test(test_named_key),
	    cmocka_unit_test(test_sign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
