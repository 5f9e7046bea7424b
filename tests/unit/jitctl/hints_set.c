/* SPDX-License-Identifier: Apache-2.0 */
/* What a command that changes sends when a part of the whole is named, and what
 * it says that it did. */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jitctl/cmd/cmd.h"
#include "tests/unit/jitctl/hintscene.h"

#define TARGET(addresses)                                                      \
	"{\"items\":[{\"target\":\"web-01\",\"addresses\":" addresses          \
	",\"port\":2200,\"reach\":\"direct\",\"labels\":{\"env\":\"prod\"},"   \
	"\"logins\":[\"deploy\"],\"target_id\":\"t-22222222\"}]}"

/* A host key that was changed on purpose: the line that ssh and doctor name
 * changes that alone. */
void
test_new_host_key(void **state)
{
	static const struct step steps[] = {
	    {"/v1/targets?name=web-01", 200, TARGET("[\"10.20.0.11\"]")},
	    {"/v1/targets/scan", 200,
		"{\"host_keys\":[{\"type\":\"ssh-ed25519\",\"fingerprint\":"
		"\"SHA256:x\",\"key\":\"ssh-ed25519 AAAA\"}]}"},
	    {NULL, 400, "{\"code\":\"x\",\"detail\":\"stop here\"}"},
	    {NULL, 0, NULL}};
	static const struct step bad[] = {
	    {"/v1/targets?name=web-01", 200, TARGET("[\"\\u001b[31m\"]")},
	    {NULL, 0, NULL}};
	static const char *const says[] = {
	    "SHA256:x", "stop here", NULL, "say all of it", NULL};
	static const char *const bad_says[] = {
	    "not what was expected", NULL, "\x1b", NULL};
	struct scene *x = *state;

	x->c.socket = "x";
	x->c.yes = true;
	x->c.opt.n[F_SCAN] = 1;
	check_says(x, run_target_set, "web-01", steps, EXIT_USAGE, says);
	assert_string_equal(sent_local,
	    "{\"target\":\"web-01\",\"addresses\":[\"10.20.0.11\"],\"port\":"
	    "2200,\"reach\":\"direct\",\"labels\":{\"env\":\"prod\"},"
	    "\"logins\":[\"deploy\"],\"host_keys\":[\"ssh-ed25519 AAAA\"]}");
	check_says(x, run_target_set, "web-01", bad, EXIT_VERIFY, bad_says);
}

#define GRANTED                                                                \
	"{\"grant\":\"" G1 "\",\"login\":\"deploy\",\"target\":\"web-01\","    \
	"\"ssh_port\":1,\"reach\":\"proxy\",\"sources\":[\"192.0.2.1\"],"      \
	"\"end\":\"2026-11-22T12:00:00Z\"}"

/* A key that ssh would not try by itself is in the line to be pasted. */
void
test_ssh_line(void **state)
{
	static const struct step made[] = {
	    CHALLENGE, {"/v1/requests", 201, GRANTED}, {NULL, 0, NULL}};
	char home[64], named[128], odd[128];
	struct scene *x = *state;
	const char *const says[] = {named, NULL, NULL};
	static const char *const default_says[] = {
	    "\nssh -p 1 deploy@web-01@127.0.0.1\n", NULL, NULL};
	const char *const odd_says[] = {odd, NULL, NULL};

	(void)snprintf(
	    named, sizeof(named), "\nssh -i %s -p 1 deploy@web-01", x->s.key);
	check_says(x, run_request, "web-01", made, EXIT_OK, says);
	/* signs with the one, and ssh has it under the default's name */
	(void)snprintf(home, sizeof(home), "%s/.ssh", x->s.dir);
	assert_int_equal(mkdir(home, 0700), 0);
	(void)strcat(home, "/id_ed25519");
	assert_int_equal(symlink(x->s.key, home), 0);
	(void)setenv("HOME", x->s.dir, 1);
	x->c.identity = home;
	check_says(x, run_request, "web-01", made, EXIT_OK, default_says);
	(void)snprintf(named, sizeof(named), "%s/a %%d", x->s.dir);
	assert_int_equal(symlink(x->s.key, named), 0);
	(void)snprintf(
	    odd, sizeof(odd), "\nssh -i '%s/a %%%%d' -p 1 deploy@", x->s.dir);
	x->c.identity = named;
	check_says(x, run_request, "web-01", made, EXIT_OK, odd_says);
	(void)unlink(named);
	(void)unlink(home);
	*strrchr(home, '/') = '\0';
	(void)rmdir(home);
}
