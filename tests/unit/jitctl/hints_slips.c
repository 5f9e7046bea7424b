/* SPDX-License-Identifier: Apache-2.0 */
/* What jitctl says to one who slipped: what may have been meant, and what was
 * done by it. */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/request.h"
#include "tests/unit/jitctl/hintscene.h"

/* The other commands that are about one of a list. */
void
test_guesses(void **state)
{
	static const struct step user[] = {
	    {NULL, 404, "{\"code\":\"not-found\",\"detail\":\"none\"}"},
	    {"/v1/users", 200, "{\"items\":[{\"user\":\"name\"}]}"},
	    {NULL, 0, NULL}};
	static const struct step role[] = {
	    {NULL, 404, "{\"code\":\"not-found\",\"detail\":\"none\"}"},
	    {"/v1/roles", 200, "{\"items\":[{\"role\":\"name\"}]}"},
	    {NULL, 0, NULL}};
	static const struct step target[] = {
	    {NULL, 404, "{\"code\":\"not-found\",\"detail\":\"none\"}"},
	    {"/v1/targets", 200, "{\"items\":[{\"target\":\"name\"}]}"},
	    {NULL, 0, NULL}};
	static const char *const says[] = {
	    "\nDid you mean name?\n", NULL, NULL};
	static const struct step grants[] = {CHALLENGE,
	    {"/v1/token", 200, "{\"token\":\"x\",\"expires\":\"x\"}"},
	    {"/v1/grants", 200,
		"{\"items\":[{\"grant\":\"" G1
		"\",\"target\":\"web-01\"," ACTIVE "}]}"},
	    {NULL, 0, NULL}};
	static const char *const open_says[] = {
	    "you have nothing open on wbe-01; did you mean web-01? See jitctl "
	    "--profile lab grants",
	    NULL, NULL};
	struct scene *x = *state;

	check_says(x, run_release, "wbe-01", grants, EXIT_NOT_FOUND, open_says);
	x->c.socket = "x";
	x->c.yes = true;
	check_says(x, run_user_lock, "nqme", user, EXIT_NOT_FOUND, says);
	check_says(x, run_user_unlock, "nqme", user, EXIT_NOT_FOUND, says);
	check_says(x, run_user_rm, "nqme", user, EXIT_NOT_FOUND, says);
	check_says(x, run_role_rm, "nqme", role, EXIT_NOT_FOUND, says);
	check_says(x, run_doctor, "nqme", target, EXIT_NOT_FOUND, says);
	x->c.opt.n[F_TARGET] = 1;
	x->c.opt.value[F_TARGET][0] = "nqme";
	check_says(x, run_access, NULL, target, EXIT_NOT_FOUND, says);
	x->c.opt.nargs = 2;
	x->c.opt.arg[1] = "nqme";
	check_says(x, run_lock, "target", target, EXIT_NOT_FOUND, says);
	check_says(x, run_lock, "user", user, EXIT_NOT_FOUND, says);
}

#define LAST(more)                                                             \
	"{\"user\":\"admin\",\"admin\":true,\"changes\":[],\"ended\":{"        \
	"\"grants\":0,\"sessions\":0,\"last_admin\":true}," more "}"

/* Whoever is invited again is an admin again. */
void
test_last_admin(void **state)
{
	static const struct step again[] = {
	    {NULL, 200, LAST("\"state\":\"invited\"")}, {NULL, 0, NULL}};
	static const char *const again_says[] = {
	    "No admin is left until admin has enrolled again", NULL,
	    "only root", NULL};
	static const struct step gone[] = {
	    {NULL, 200, LAST("\"state\":\"disabled\"")}, {NULL, 0, NULL}};
	static const char *const gone_says[] = {
	    "only root on the gateway can make one", NULL, NULL};
	struct scene *x = *state;

	x->c.socket = "x";
	x->c.yes = true;
	x->c.opt.n[F_RESET_CODE] = 1;
	check_says(x, run_user_set, "admin", again, EXIT_OK, again_says);
	check_says(x, run_user_lock, "admin", gone, EXIT_OK, gone_says);
}

/* A role that loses a target takes it from people; a group may be misspelt. */
void
test_told(void **state)
{
	static const struct step labels[] = {
	    {NULL, 200,
		"{\"target\":\"web-01\",\"changes\":[],\"ended\":{"
		"\"grants\":0,\"sessions\":0,\"roles\":[\"ops\",\"sre\"],"
		"\"unreachable\":true}}"},
	    {NULL, 0, NULL}};
	static const char *const labels_says[] = {
	    "Roles that reach it no more: ops,sre. No role reaches it then",
	    NULL, NULL};
	static const struct step group[] = {
	    {NULL, 200,
		"{\"user\":\"alice\",\"unmatched\":[\"no role names the group "
		"opz yet\"]}"},
	    {NULL, 0, NULL}};
	static const char *const group_says[] = {
	    "user alice: no role names the group opz yet", NULL, NULL};
	struct scene *x = *state;

	x->c.socket = "x";
	x->c.yes = true;
	check_says(x, run_user_lock, "web-01", labels, EXIT_OK, labels_says);
	x->c.opt.n[F_GROUP] = 1;
	x->c.opt.value[F_GROUP][0] = "opz";
	check_says(x, run_user_set, "alice", group, EXIT_OK, group_says);
}

/* A search in which nothing can lie, and durations that are none. */
void
test_times(void **state)
{
	static const struct step none[] = {{NULL, 200, ""}, {NULL, 0, NULL}};
	static const char *const reversed[] = {
	    "--since is later than --until", NULL, NULL};
	static const char *const future[] = {
	    "--since is in the future", NULL, NULL};
	static const char *const no_time[] = {
	    "--for: 0s is no time at all", NULL, "not a duration", NULL};
	struct scene *x = *state;

	x->c.socket = "x";
	x->c.opt.n[F_SINCE] = x->c.opt.n[F_UNTIL] = 1;
	x->c.opt.value[F_SINCE][0] = "1h";
	x->c.opt.value[F_UNTIL][0] = "2h";
	check_says(x, run_audit_search, NULL, none, EXIT_USAGE, reversed);
	x->c.opt.n[F_UNTIL] = 0;
	x->c.opt.value[F_SINCE][0] = "2999-01-01";
	check_says(x, run_audit_search, NULL, none, EXIT_OK, future);
	x->c.socket = NULL;
	x->c.opt.n[F_FOR] = 1;
	x->c.opt.value[F_FOR][0] = "0s";
	check_says(x, run_request, "web-01", none, EXIT_USAGE, no_time);
}

/* Of a code that was not sent there is one error, also as JSON. */
void
test_short_code(void **state)
{
	static const struct step steps[] = {CHALLENGE,
	    {NULL, 401, "{\"code\":\"code-needed\",\"detail\":\"a code\"}"},
	    {NULL, 0, NULL}};
	static const char *const says[] = {
	    "a code has 6 digits", NULL, "code-needed", NULL};
	struct scene *x = *state;
	FILE *f = fopen(x->s.code, "we");

	assert_non_null(f);
	assert_true(fputs("12345\n", f) >= 0);
	(void)fclose(f);
	x->c.out = OUT_JSON;
	check_says(x, run_request, "web-01", steps, EXIT_LOGIN, says);
}

/* There is nothing to try again. */
void
test_nothing_to_confirm(void **state)
{
	static const struct step steps[] = {CHALLENGE,
	    {NULL, 409, "{\"code\":\"conflict\",\"detail\":\"none begun\"}"},
	    {NULL, 0, NULL}};
	static const struct step wrong[] = {CHALLENGE,
	    {NULL, 401, "{\"code\":\"wrong-code\",\"detail\":\"wrong\"}"},
	    {NULL, 0, NULL}};
	static const char *const says[] = {
	    "none begun", NULL, "ry again", NULL};
	static const char *const again[] = {"ry again", NULL, NULL};
	struct scene *x = *state;

	x->c.opt.n[F_CONFIRM] = 1;
	check_says(x, run_enroll, NULL, steps, EXIT_CONFLICT, says);
	check_says(x, run_mfa_reset, NULL, steps, EXIT_CONFLICT, says);
	check_says(x, run_enroll, NULL, wrong, EXIT_LOGIN, again);
}

void
test_direct_recorded(void **state)
{
	(void)state;
	assert_string_equal(
	    request_recorded(false, true, NULL), "not recorded");
	assert_string_equal(request_recorded(true, false, NULL),
	    "terminals and shells recorded");
	assert_string_equal(request_recorded(true, true, NULL),
	    "recorded by way of the gateway alone");
}

/* What is shown once has to be read where the terminal is no wider. */
void
test_codes_fit(void **state)
{
	static const struct step steps[] = {CHALLENGE,
	    {NULL, 200, "{\"recovery_codes\":[\"4H7K-2MQX-9TRB-6WNC\"]}"},
	    {NULL, 0, NULL}};
	struct scene *x = *state;
	char *save = NULL, *out = NULL;
	int r = -1;

	script = steps;
	out = output_of(run_mfa_codes, &x->c, &r, true);
	assert_int_equal(r, EXIT_OK);
	assert_non_null(strstr(out, "\n4H7K-2MQX-9TRB-6WNC\n"));
	for (char *l = strtok_r(out, "\n", &save); l != NULL;
	     l = strtok_r(NULL, "\n", &save))
		CHECK_ROW(strlen(l) <= 80, l);
	free(out);
}
