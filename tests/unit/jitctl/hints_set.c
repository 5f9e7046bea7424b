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

#define KEYS(was, now)                                                         \
	"{\"user\":\"alice\",\"dry_run\":true,\"changes\":[{\"field\":"        \
	"\"keys\",\"before\":[" was "],\"after\":[" now "]}],\"ended\":{"      \
	"\"grants\":0,\"sessions\":0}}"
#define KEY(fp) "{\"fingerprint\":\"SHA256:" fp "\"}"

/* Keys that go away are asked about, as what ends is: here nobody can be. */
void
test_keys_go(void **state)
{
	static const struct step gone[] = {
	    {NULL, 200, KEYS(KEY("a") "," KEY("b"), KEY("b") "," KEY("c"))},
	    {NULL, 0, NULL}};
	static const struct step more[] = {
	    {NULL, 200, KEYS(KEY("a"), KEY("a") "," KEY("c"))},
	    {NULL, 0, NULL}};
	static const char *const gone_says[] = {
	    "keys       SHA256:a,SHA256:b -> SHA256:b,SHA256:c",
	    "nothing was changed: if that is meant, say --yes", NULL, NULL};
	static const char *const more_says[] = {
	    "User alice would change:", NULL, "nothing was", NULL};
	struct scene *x = *state;

	x->c.socket = "x";
	x->c.opt.n[F_KEY] = 1;
	x->c.opt.value[F_KEY][0] = x->s.pub;
	check_says(x, run_user_set, "alice", gone, EXIT_FAILED, gone_says);
	x->c.changes_told = false;
	check_says(x, run_user_set, "alice", more, EXIT_OK, more_says);
}

#define ENDS ",\"ended\":{\"grants\":1,\"sessions\":0,\"list\":[]}}"

/* What would change is shown before it is asked about, all of it. */
void
test_shown_first(void **state)
{
	static const struct step role[] = {
	    {NULL, 200,
		"{\"dry_run\":true,\"changes\":[{\"field\":\"max\",\"before\":"
		"3600,\"after\":60},{\"field\":\"mfa_age\",\"before\":900,"
		"\"after\":0}]" ENDS},
	    {NULL, 0, NULL}};
	static const char *const role_says[] = {"max        1h -> 1m\n",
	    "mfa_age    15m -> 0s\n", "This ends: 1 grant", "say --yes", NULL,
	    NULL};
	static const struct step policy[] = {
	    {NULL, 200,
		"{\"dry_run\":true,\"changes\":[{\"kind\":\"role\",\"name\":"
		"\"ops\",\"change\":\"update\",\"changes\":[{\"field\":\"max\","
		"\"before\":3600,\"after\":60}]},{\"kind\":\"user\",\"name\":"
		"\"bob\",\"change\":\"new\",\"detail\":\"{}\"},{\"kind\":"
		"\"user\",\"name\":\"carol\",\"change\":\"same\"}]" ENDS},
	    {NULL, 0, NULL}};
	static const char *const policy_says[] = {"~ role    ops\n",
	    "max        1h -> 1m\n", "+ user    bob\n", "say --yes", NULL,
	    "carol", NULL};
	struct scene *x = *state;
	FILE *f = fopen(x->s.code, "we");

	assert_non_null(f);
	assert_true(fputs("users: [{user: bob}]\n", f) >= 0);
	(void)fclose(f);
	x->c.socket = "x";
	x->c.opt.n[F_LOGIN] = x->c.opt.n[F_FILE] = 1;
	x->c.opt.value[F_LOGIN][0] = "deploy";
	x->c.opt.value[F_FILE][0] = x->s.code;
	check_says(x, run_role_set, "ops", role, EXIT_FAILED, role_says);
	x->c.changes_told = false;
	x->c.opt.nargs = 0;
	check_says(x, run_apply, NULL, policy, EXIT_FAILED, policy_says);
}

/* Before they have enrolled there is no code that could be void: a new
 * invitation is what changes. */
void
test_reset_unused_code(void **state)
{
	static const struct step steps[] = {
	    {NULL, 200,
		"{\"user\":\"carol\",\"state\":\"invited\",\"changes\":[],"
		"\"invitation\":\"x\"}"},
	    {NULL, 0, NULL}};
	static const char *const says[] = {"User carol had no code yet",
	    "User carol has a new invitation; one made before is void.", NULL,
	    "nothing was changed", NULL};
	static const char *const asked[] = {
	    "nothing was changed: if that is meant, say --yes", NULL, NULL};
	struct scene *x = *state;

	x->c.socket = "x";
	x->c.opt.n[F_RESET_CODE] = 1;
	check_says(x, run_user_set, "carol", steps, EXIT_FAILED, asked);
	x->c.yes = true;
	check_says(x, run_user_set, "carol", steps, EXIT_VERIFY, says);
}

/* The gateway does not know where who reads it is: its times are UTC, and are
 * shown as all others. */
void
test_times_said(void **state)
{
#define UNTIL "paused until 2026-11-22T12:00:00.123Z"
	static const struct step show[] = {
	    {"/v1/users?name=alice", 200,
		"{\"items\":[{\"user\":\"alice\",\"codes\":\"" UNTIL "\"}]}"},
	    {"/v1/locks", 200, "{\"items\":[]}"}, {NULL, 0, NULL}};
	static const struct step unlock[] = {
	    {NULL, 200,
		"{\"user\":\"alice\",\"changes\":[{\"field\":\"codes\","
		"\"before\":\"" UNTIL "\",\"after\":\"accepted\"}]}"},
	    {NULL, 0, NULL}};
	static const char *const says[] = {
	    "paused until 2026-11-22 12:00:00 UTC", NULL, "T12:00", NULL};
	struct scene *x = *state;

	x->c.socket = "x";
	x->c.yes = true;
	check_says(x, run_user_show, "alice", show, EXIT_OK, says);
	check_says(x, run_user_unlock, "alice", unlock, EXIT_OK, says);
}

/* What is wrong comes before what may help, and both once. */
void
test_unknown_key(void **state)
{
	static const struct step steps[] = {CHALLENGE,
	    {NULL, 401,
		"{\"code\":\"unknown-key\",\"detail\":\"this key belongs to no "
		"active user\"}"},
	    {NULL, 0, NULL}};
	static const char *const says[] = {
	    "jitctl: this key belongs to no active user\nThe key was ", NULL,
	    NULL};
	static const char *const again[] = {NULL, "belongs", "The key", NULL};
	struct scene *x = *state;

	check_says(x, run_request, "web-01", steps, EXIT_LOGIN, says);
	check_says(x, run_request, "web-01", steps, EXIT_LOGIN, again);
}

/* An empty reason is a slip, and no refusal by policy. */
void
test_empty_reason(void **state)
{
	static const struct step steps[] = {CHALLENGE,
	    {"/v1/requests", 403,
		"{\"refused\":[{\"field\":\"reason\",\"text\":\"y\"}],"
		"\"would_pass\":{\"reason\":\"x\"}}"},
	    {NULL, 0, NULL}};
	static const char *const says[] = {
	    "a reason is wanted, and --reason is empty, as in:  jitctl", NULL,
	    NULL};
	static const char *const none_says[] = {
	    "a reason is wanted, as in:  jitctl", NULL, NULL};
	struct scene *x = *state;

	check_says(x, run_request, "web-01", steps, EXIT_REFUSED, none_says);
	x->c.opt.n[F_REASON] = 1;
	x->c.opt.value[F_REASON][0] = " ";
	check_says(x, run_request, "web-01", steps, EXIT_USAGE, says);
}

/* A role that denies gives nothing that could have a limit. */
void
test_deny_row(void **state)
{
	static const struct step steps[] = {
	    {"/v1/roles", 200,
		"{\"items\":[{\"role\":\"no\",\"deny\":true,\"max\":5400,"
		"\"allow\":[\"shell\"],\"note\":\"frozen\"},{\"role\":\"ops\","
		"\"deny\":false,\"max\":60,\"allow\":[\"exec\"]}]}"},
	    {NULL, 0, NULL}};
	static const char *const says[] = {
	    "1m", "exec", "frozen", NULL, "1h30m", "shell", NULL};
	struct scene *x = *state;

	x->c.socket = "x";
	x->c.out = OUT_WIDE;
	x->c.opt.nargs = 0;
	check_says(x, run_roles, NULL, steps, EXIT_OK, says);
}

/* The fields that tell are in a row of the log. */
void
test_rows_tell(void **state)
{
	static const struct step steps[] = {
	    {NULL, 200,
		"{\"seq\":1,\"time\":\"2026-11-22T01:02:03Z\",\"event\":"
		"\"session.channel_denied\",\"reason\":\"env\",\"wanted\":"
		"\"LD_PRELOAD\"}\n{\"seq\":2,\"time\":\"2026-11-22T01:02:03Z\","
		"\"event\":\"session.channel_end\",\"exit\":3,\"bytes_in\":7,"
		"\"bytes_out\":9}"},
	    {NULL, 200, ""}, {NULL, 0, NULL}};
	static const char *const says[] = {"reason=env wanted=LD_PRELOAD\n",
	    " exit=3 bytes_in=7 bytes_out=9\n", NULL, NULL};
	struct scene *x = *state;

	x->c.socket = "x";
	x->c.opt.nargs = 0;
	check_says(x, run_audit_search, NULL, steps, EXIT_OK, says);
}

/* What takes nothing from anybody and is asked about all the same: more than
 * was given before, and approvals that nobody can give any more. */
void
test_wider_asks(void **state)
{
	static const struct step wider[] = {
	    {NULL, 200,
		"{\"role\":\"ops\",\"dry_run\":true,\"changes\":[],\"wider\":"
		"\"any command, shell\",\"gaps\":[\"without it x\"]}"},
	    {NULL, 0, NULL}};
	static const char *const wider_says[] = {
	    "jitctl: role ops: it gives more than before: any command, shell\n",
	    "jitctl: role ops: without it x\n",
	    "nothing was changed: if that is meant, say --yes", NULL, NULL};
	static const struct step alone[] = {
	    {NULL, 200,
		"{\"user\":\"bob\",\"dry_run\":true,\"changes\":[],"
		"\"unapprovable\":[{\"role\":\"prod\",\"want\":1,\"have\":0,"
		"\"text\":\"group sre has 0 of 1\"}]}"},
	    {NULL, 0, NULL}};
	static const char *const alone_says[] = {
	    "warning: role prod: group sre has 0 of 1\n",
	    "nothing was changed: if that is meant, say --yes", NULL, NULL};
	struct scene *x = *state;

	x->c.socket = "x";
	x->c.opt.n[F_LOGIN] = 1;
	x->c.opt.value[F_LOGIN][0] = "deploy";
	check_says(x, run_role_set, "ops", wider, EXIT_FAILED, wider_says);
	x->c.changes_told = false;
	x->c.opt.n[F_NO_GROUP] = 1;
	x->c.opt.value[F_NO_GROUP][0] = "sre";
	check_says(x, run_user_set, "bob", alone, EXIT_FAILED, alone_says);
}

/* What cannot be is said before anybody is asked for a code. */
void
test_refused_first(void **state)
{
	static const struct step gone[] = {CHALLENGE,
	    {NULL, 404,
		"{\"code\":\"not-found\",\"detail\":\"no such thing\"}"},
	    {NULL, 0, NULL}};
	static const struct step wanted[] = {CHALLENGE,
	    {NULL, 401, "{\"code\":\"code-needed\",\"detail\":\"a code\"}"},
	    {NULL, 0, NULL}};
	static const char *const gone_says[] = {
	    "no such thing", NULL, "a code is needed", NULL};
	static const char *const wanted_says[] = {
	    "a code is needed; give it with --code-file", NULL, NULL};
	struct scene *x = *state;

	x->c.opt.n[F_CODE_FILE] = 0;
	x->c.yes = true;
	check_says(x, run_key_add, x->s.pub, gone, EXIT_NOT_FOUND, gone_says);
	check_says(x, run_key_add, x->s.pub, wanted, EXIT_LOGIN, wanted_says);
}

#define LOCK                                                                   \
	"{\"items\":[{\"lock\":\"l-22222222\",\"kind\":\"user\",\"value\":"    \
	"\"alice\",\"by\":\"bob\"}]}"

/* There are two kinds of lock: who looks at the one is told of the other. */
void
test_locks_told(void **state)
{
	static const struct step unlock[] = {
	    {NULL, 200,
		"{\"user\":\"alice\",\"state\":\"active\",\"changes\":[]}"},
	    {"/v1/locks", 200, LOCK}, {NULL, 0, NULL}};
	static const struct step show[] = {
	    {NULL, 200,
		"{\"items\":[{\"user\":\"alice\",\"state\":\"active\"}]}"},
	    {"/v1/locks", 200, LOCK}, {NULL, 0, NULL}};
	static const char *const unlock_says[] = {
	    "alice is locked all the same, by l-22222222: jitctl ",
	    " unlock l-22222222\n", NULL, NULL};
	static const char *const show_says[] = {
	    "active, locked: l-22222222", NULL, NULL};
	struct scene *x = *state;

	x->c.socket = "x";
	x->c.yes = true;
	check_says(x, run_user_unlock, "alice", unlock, EXIT_OK, unlock_says);
	check_says(x, run_user_show, "alice", show, EXIT_OK, show_says);
}

/* Whoever locks themself out is told that they do, and who lets them in. */
void
test_locks_own(void **state)
{
	static const struct step dry[] = {CHALLENGE,
	    {NULL, 200, "{\"user\":\"alice\",\"dry_run\":true,\"changes\":[]}"},
	    {NULL, 0, NULL}};
	static const struct step made[] = {CHALLENGE,
	    {NULL, 201,
		"{\"lock\":\"l-22222222\",\"kind\":\"user\",\"value\":"
		"\"alice\"}"},
	    {NULL, 0, NULL}};
	static const char *const asked[] = {
	    "nothing was changed: if that is meant, say --yes", NULL, NULL};
	static const char *const made_says[] = {
	    "To take it away, by another admin or root: ", NULL, NULL};
	struct scene *x = *state;

	check_says(x, run_user_lock, "alice", dry, EXIT_FAILED, asked);
	x->c.opt.nargs = 2;
	x->c.opt.arg[1] = "alice";
	check_says(x, run_lock, "user", dry, EXIT_FAILED, asked);
	x->c.yes = true;
	check_says(x, run_lock, "user", made, EXIT_OK, made_says);
}

#define ADMIN_WAITS                                                            \
	"\"waits\":true,\"widens\":[\"user bob gets the right policy\"]"

/* Of a dry run: that it would wait. Who signs is told what it does. */
void
test_would_wait(void **state)
{
	static const struct step dry[] = {
	    {NULL, 200, "{\"role\":\"ops\",\"dry_run\":true," ADMIN_WAITS "}"},
	    {NULL, 0, NULL}};
	static const char *const dry_says[] = {
	    "It would wait for a second admin, for a day",
	    "- user bob gets the right policy", NULL, NULL};
	struct scene *x = *state;

	x->c.socket = "x";
	x->c.opt.n[F_DRY_RUN] = 1;
	check_says(x, run_role_rm, "ops", dry, EXIT_OK, dry_says);
}
