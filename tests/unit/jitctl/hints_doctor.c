/* SPDX-License-Identifier: Apache-2.0 */
/* What doctor says is missing, and which line helps. */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/ssh.h"
#include "jitctl/gateway/profile.h"
#include "tests/unit/jitctl/hintscene.h"

#define KEY                                                                    \
	"ssh-ed25519 "                                                         \
	"AAAAC3NzaC1lZDI1NTE5AAAAIARVD0QRG/cQ/QLZaLgQ/DOZ3dFC5tS/WM8X57iGl5l1"
#define ANOTHER                                                                \
	"ssh-ed25519 "                                                         \
	"AAAAC3NzaC1lZDI1NTE5AAAAIMpxZITSzzid/5HYQ9sW1/IdxHNyhEwlt4LFq5HKvOGc"

/* What ssh-keygen -F finds of the gateway in known_hosts. */
void
test_known_hosts(void **state)
{
	static const struct {
		const char *text;
		enum ssh_knows knows;
	} rows[] = {
	    {"", SSH_KNOWS_NONE},
	    {"# Host [gw]:2222 found: line 1\n", SSH_KNOWS_NONE},
	    {"# Host x found\n[gw]:2222 " KEY " comment\n", SSH_KNOWS},
	    {"|1|a=|b= " KEY "\r\n", SSH_KNOWS},
	    {"[gw]:2222 " ANOTHER "\n", SSH_KNOWS_OTHER},
	    {"[gw]:2222 " ANOTHER "\n[gw]:2222 " KEY, SSH_KNOWS},
	    {"[gw]:2222 ssh-rsa AAAA\n", SSH_KNOWS_NONE},
	    {"@revoked [gw]:2222 " KEY "\n", SSH_KNOWS_NONE},
	    {"@cert-authority [gw]:2222 " KEY "\n", SSH_KNOWS_NONE},
	    {KEY "\n", SSH_KNOWS_NONE},
	    {"\n\nx", SSH_KNOWS_NONE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(ssh_knows_in(rows[i].text, KEY " a comment"),
		    rows[i].knows);
}

/* The gateway's own tests say no more to a user: there are words for that. */
void
test_doctor_hints(void **state)
{
	static const struct step steps[] = {
	    {"/v1/server", 200, "{\"server_id\":\"gw-1\"}"},
	    {"/v1/readyz", 200,
		"{\"checks\":[{\"name\":\"sinks\",\"ok\":false,\"detail\":"
		"\"\"},{\"name\":\"tables\",\"ok\":true,\"warn\":true,"
		"\"detail\":\"\"},"
		"{\"name\":\"notary\",\"ok\":true,\"detail\":\"\"}]}"},
	    {NULL, 0, NULL}};
	static const char *const says[] = {
	    "fail  sinks               it does not work",
	    "-> ask its admin to look, as root on the gateway: jitctl --socket "
	    "/run/sallyport/admin.sock doctor",
	    "warn  tables              there is a warning; which, it says to "
	    "root alone",
	    "ok    notary              \n",
	    "ssh does not know the host key of [127.0.0.1]:1, and would ask",
	    "-> jitctl --profile lab known-hosts >> ~/.ssh/known_hosts", NULL,
	    NULL};
	struct scene *x = *state;

	x->c.identity = NULL;
	strcpy(x->c.prof.key, "/nowhere/id");
	strcpy(x->c.prof.host_key, KEY);
	x->c.prof.ssh_port = 1;
	x->c.opt.nargs = 0;
	check_says(x, run_doctor, NULL, steps, EXIT_FAILED, says);
}

/* Whoever has profiles, and named none of them, needs no invitation. */
void
test_profiles_there(void **state)
{
	static const struct step none[] = {{NULL, 0, NULL}};
	static const char *const says[] = {
	    "there is no profile \"pord\" here, but: prod, lab",
	    "jitctl --profile NAME", "enroll --profile pord", NULL,
	    "has not joined", NULL};
	struct scene *x = *state;
	char path[128];

	(void)setenv("XDG_CONFIG_HOME", x->s.dir, 1);
	assert_int_equal(profiles_path(path, sizeof(path)), 0);
	assert_int_equal(
	    profile_write(path,
		"profiles:\n"
		"  prod: {gateway: \"h:1\", server_id: g, tls: \"" HEX64 "\"}\n"
		"  lab: {gateway: \"h:1\", server_id: g, tls: \"" HEX64
		"\"}\n"),
	    0);
	x->c.have_profile = false;
	x->c.opt.value[F_PROFILE][0] = "pord";
	assert_int_equal(profile_choose(&x->c), EXIT_OK);
	check_says(x, run_status, NULL, none, EXIT_LOGIN, says);
	x->c.opt.nargs = 0;
	check_says(x, run_doctor, NULL, none, EXIT_FAILED, says);
	(void)unlink(path);
	*strrchr(path, '/') = '\0';
	(void)rmdir(path);
	(void)setenv("XDG_CONFIG_HOME", "/proc/none", 1);
}

#define SERVER(id, key)                                                        \
	"{\"server_id\":\"" id "\",\"ssh_port\":2222,\"host_key\":\"" key      \
	"\",\"ca_keys\":[\"" KEY "\",\"" KEY "\"],\"log_key\":\"log+1+x\"}"

/* The key is what the admin told, for the gateway that the profile is of. */
void
test_pin(void **state)
{
	static const struct step gw1[] = {
	    {"/v1/server", 200, SERVER("gw-1", ANOTHER)}, {NULL, 0, NULL}};
	static const struct step gw2[] = {
	    {"/v1/server", 200, SERVER("gw-2", ANOTHER)}, {NULL, 0, NULL}};
	static const char *const usage[] = {"gatewayd tls show", NULL, NULL};
	static const char *const other[] = {
	    "is the gateway gw-2", "nothing was changed", NULL, NULL};
	static const char *const taken[] = {"from now on: SHA256:" HEX64,
	    "Its SSH host key is another one as well, SHA256:",
	    "jitctl --profile lab known-hosts", NULL, "CA key", NULL};
	struct scene *x = *state;
	struct ctx c = {0};
	char path[128];

	(void)setenv("XDG_CONFIG_HOME", x->s.dir, 1);
	assert_int_equal(profiles_path(path, sizeof(path)), 0);
	strcpy(x->c.prof.server_id, "gw-1");
	strcpy(x->c.prof.host_key, KEY);
	strcpy(x->c.prof.ca_key, KEY);
	check_says(x, run_pin, "SHA256:0011", gw1, EXIT_USAGE, usage);
	check_says(x, run_pin, "SHA256:" HEX64, gw2, EXIT_CONFLICT, other);
	assert_int_not_equal(access(path, F_OK), 0);
	strcpy(x->c.prof.server_id, "gw-1");
	strcpy(x->c.prof.host_key, KEY);
	check_says(x, run_pin, HEX64, gw1, EXIT_OK, taken);
	c.opt = x->c.opt;
	assert_int_equal(profile_choose(&c), EXIT_OK);
	assert_true(c.have_profile);
	assert_string_equal(c.prof.tls, HEX64);
	assert_string_equal(c.prof.host_key, ANOTHER);
	(void)unlink(path);
	*strrchr(path, '/') = '\0';
	(void)rmdir(path);
	(void)setenv("XDG_CONFIG_HOME", "/proc/none", 1);
}
