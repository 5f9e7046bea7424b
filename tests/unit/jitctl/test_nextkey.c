/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_nextkey - which next key of the gateway is in the profile: the one that
 * the last answer under the known key announced, none after one that did not.
 */
#include "tests/unit/support/test.h"

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "jitctl/gateway/nextkey.h"
#include "jitctl/gateway/profile.h"
#include "jitctl/jitctl.h"
#include "wire/rollover.h"

struct scene {
	char dir[40];
	char now[65], next[65], text[LIMIT_ROLLOVER_SIZE];
	struct ctx c;
};

static int
setup(void **state)
{
	static struct scene s;
	EVP_PKEY *key = EVP_EC_gen("P-256"), *next = EVP_EC_gen("P-256");

	s = (struct scene){.dir = "/tmp/sallyport-jitctl.XXXXXX"};
	assert_non_null(mkdtemp(s.dir));
	assert_int_equal(setenv("XDG_CONFIG_HOME", s.dir, 1), 0);
	assert_int_equal(rollover_spki(s.now, key), 0);
	assert_int_equal(rollover_spki(s.next, next), 0);
	assert_int_equal(
	    rollover_sign(s.text, sizeof(s.text), key, next, "gw-1"), 0);
	EVP_PKEY_free(key);
	EVP_PKEY_free(next);
	s.c.prof = (struct profile){.name = "default",
	    .host = "gw.example.net",
	    .port = 8443,
	    .server_id = "gw-1"};
	strcpy(s.c.prof.tls, s.now);
	assert_int_equal(profile_save(&s.c.prof), EXIT_OK);
	assert_int_equal(profile_choose(&s.c), EXIT_OK);
	assert_true(s.c.have_profile);
	*state = &s;
	return 0;
}

static int
teardown(void **state)
{
	const struct scene *s = *state;
	char cmd[64];

	(void)snprintf(cmd, sizeof(cmd), "rm -r %s", s->dir);
	return system(cmd);
}

/* In the file and in memory. */
static void
expect_keys(const struct scene *s, const char *tls, const char *next)
{
	struct ctx c = {0};

	assert_string_equal(s->c.prof.tls, tls);
	assert_string_equal(s->c.prof.tls_next, next);
	assert_int_equal(profile_choose(&c), EXIT_OK);
	assert_string_equal(c.prof.tls, tls);
	assert_string_equal(c.prof.tls_next, next);
}

static void
test_none_any_more(void **state)
{
	struct scene *s = *state;

	nextkey_hear(&s->c, "gw-1", s->text);
	expect_keys(s, s->now, s->next);
	nextkey_hear(&s->c, "gw-1", "no announcement");
	nextkey_hear(&s->c, "gw-2", s->text);
	expect_keys(s, s->now, s->next);
	nextkey_hear(&s->c, "gw-1", "");
	expect_keys(s, s->now, "");
	nextkey_hear(&s->c, "gw-1", s->text);
	expect_keys(s, s->now, s->next);
}

/* That the key is another one now is told to the user. */
static void
test_taken_over(void **state)
{
	struct scene *s = *state;
	const int fd = memfd_create("said", MFD_CLOEXEC);
	const int err = dup(STDERR_FILENO);
	char said[512] = "";

	assert_true(fd >= 0 && err >= 0);
	nextkey_hear(&s->c, "gw-1", s->text);
	memcpy(s->c.prof.tls, s->next, sizeof(s->next));
	(void)dup2(fd, STDERR_FILENO);
	nextkey_taken(&s->c);
	(void)dup2(err, STDERR_FILENO);
	(void)close(err);
	assert_true(pread(fd, said, sizeof(said) - 1, 0) > 0);
	(void)close(fd);
	assert_non_null(strstr(said, s->next));
	expect_keys(s, s->next, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_none_any_more, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_taken_over, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
