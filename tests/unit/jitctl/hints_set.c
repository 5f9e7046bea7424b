/* SPDX-License-Identifier: Apache-2.0 */
/* What a command that changes sends when a part of the whole is named, and what
 * it says that it did. */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <string.h>

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
