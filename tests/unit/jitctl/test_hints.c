/* SPDX-License-Identifier: Apache-2.0 */
/* What jitctl says is the next step: a line that can be pasted as it stands, to
 * the same gateway, and the one that helps. The gateway is scripted.c. */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jitctl/cmd/cmd.h"
#include "jitctl/term/words.h"
#include "tests/unit/jitctl/hintscene.h"

#define G2 "g-33333333"
#define END "\"end\":\"2026-11-22T12:00:00Z\""

static int
setup(void **state)
{
	struct scene *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	signer_make(&x->s, &x->c);
	strcpy(x->c.prof.name, "lab");
	strcpy(x->c.prof.user, "alice");
	x->c.opt.n[F_PROFILE] = 1;
	x->c.opt.value[F_PROFILE][0] = "lab";
	x->c.opt.nargs = 1;
	*state = x;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *x = *state;

	forget_sent();
	signer_done(&x->s);
	free(x);
	return 0;
}

void
check_says(struct scene *x, int (*run)(struct ctx *), const char *arg,
    const struct step *steps, int want, const char *const parts[])
{
	bool wanted = true;
	char *out = NULL;
	int r = -1;

	x->c.opt.arg[0] = arg;
	self_set(&x->c);
	script = steps;
	out = output_of(run, &x->c, &r, true);
	if (r != want)
		fail_msg("exits %d, not %d:\n%s", r, want, out);
	for (size_t i = 0; parts[i] != NULL || wanted; i++) {
		if (parts[i] == NULL)
			wanted = false;
		else if ((strstr(out, parts[i]) != NULL) != wanted)
			fail_msg("%s: %s in:\n%s", parts[i],
			    wanted ? "is not" : "is", out);
	}
	free(out);
	forget_sent();
}

/* ---------------------------------------------------------------- one's self
 */

static void
test_self(void **state)
{
	struct ctx c = {0};
	char text[128];

	(void)state;
	(void)unsetenv("JITCTL_PROFILE");
	assert_string_equal(self(&c), "jitctl");
	self_set(&c);
	assert_string_equal(self(&c), "jitctl");
	c.opt.n[F_PROFILE] = c.opt.n[F_KEY] = 1;
	c.opt.value[F_PROFILE][0] = "lab";
	c.opt.value[F_KEY][0] = "my key";
	self_set(&c); /* of "user add", whose --key is another's */
	assert_string_equal(self(&c), "jitctl --profile lab");
	c.identity = c.opt.value[F_KEY][0];
	self_set(&c);
	assert_string_equal(
	    self(&c), "jitctl --profile lab --identity 'my key'");
	c.identity = NULL;
	self_set(&c);
	self_text(&c, text, sizeof(text),
	    "see: jitctl grants (jitctl --socket X, xjitctl y, jitctl)");
	assert_string_equal(text,
	    "see: jitctl --profile lab grants (jitctl --socket X, xjitctl y, "
	    "jitctl)");
	self_text(&c, text, 12, "jitctl grants");
	assert_string_equal(text, "jitctl gran");
	(void)setenv("JITCTL_PROFILE", "env", 1);
	c.opt.n[F_PROFILE] = 0;
	self_set(&c);
	assert_string_equal(self(&c), "jitctl --profile env");
	(void)unsetenv("JITCTL_PROFILE");
}

/* ------------------------------------------------------------- what is open */

#define GRANTED(more)                                                          \
	"{\"grant\":\"" G1 "\",\"login\":\"deploy\",\"target\":\"web-01\","    \
	"\"ssh_port\":1,\"reach\":\"proxy\",\"sources\":[\"192.0.2.1\"],"      \
	"\"start\":\"2026-11-22T11:00:00Z\"," END more "}"
#define OTHERS                                                                 \
	",\"open\":[{\"grant\":\"" G2                                          \
	"\",\"login\":\"root\",\"sources\":[\"192.0.2.9\"]," END "}]"

static void
test_open_already(void **state)
{
	static const struct step made[] = {
	    CHALLENGE, {"/v1/requests", 201, GRANTED(OTHERS)}, {NULL, 0, NULL}};
	static const struct step there[] = {CHALLENGE,
	    {"/v1/requests", 200, GRANTED(",\"already\":true,\"open\":[]")},
	    {NULL, 0, NULL}};
	static const char *const made_says[] = {"Door open for 192.0.2.1 until",
	    "jitctl --profile lab release web-01",
	    "Also open on web-01: " G2
	    ", login root, for 192.0.2.9, until 2026-11-22",
	    NULL, "Open already", NULL};
	static const char *const there_says[] = {
	    "Open already, from 2026-11-22 11:00:00 UTC until "
	    "2026-11-22 12:00:00 UTC: it is " G1,
	    " -p 1 deploy@web-01@127.0.0.1", NULL, "Door open", "Also open",
	    NULL};

	check_says(*state, run_request, "web-01", made, EXIT_OK, made_says);
	check_says(*state, run_request, "web-01", there, EXIT_OK, there_says);
}

#define ENDED(id, open)                                                        \
	"{\"grant\":\"" id "\",\"user\":\"alice\",\"target\":\"web-01\","      \
	"\"state\":\"ended\",\"reason\":\"released\"," END open "}"

static void
test_release(void **state)
{
	static const struct step one[] = {CHALLENGE,
	    {"/v1/grants/release", 200, ENDED(G1, OTHERS)}, {NULL, 0, NULL}};
	static const char *const one_says[] = {G1
	    " ended (released) at 2026-11-22 12:00:00 UTC.",
	    "Still open on web-01: " G2,
	    "End that too: jitctl --profile lab release web-01", NULL,
	    "nothing", NULL};
	static const struct step all[] = {CHALLENGE,
	    {"/v1/token", 200, "{\"token\":\"x\",\"expires\":\"x\"}"},
	    {"/v1/grants", 200,
		"{\"items\":[{\"grant\":\"" G1
		"\",\"target\":\"web-01\"," ACTIVE
		"},{\"grant\":\"g-44444444\",\"target\":\"web-02\"," ACTIVE
		"},{\"grant\":\"" G2 "\",\"target\":\"web-01\"," ACTIVE "}]}"},
	    CHALLENGE, {"/v1/grants/release", 200, ENDED(G1, OTHERS)},
	    CHALLENGE, {"/v1/grants/release", 200, ENDED(G2, ",\"open\":[]")},
	    {NULL, 0, NULL}};
	static const char *const all_says[] = {G1 " ended", G2 " ended",
	    "alice has nothing open on web-01 any more.", NULL, "Still open",
	    NULL};
	static const struct step none[] = {CHALLENGE,
	    {"/v1/token", 200, "{\"token\":\"x\",\"expires\":\"x\"}"},
	    {"/v1/grants", 200, "{\"items\":[]}"}, {NULL, 0, NULL}};
	static const char *const none_says[] = {
	    "you have nothing open on web-01: see jitctl --profile lab grants",
	    NULL, NULL};
	static const char *const id_says[] = {"not a grant", NULL, NULL};

	check_says(*state, run_release, G1, one, EXIT_OK, one_says);
	check_says(*state, run_release, "web-01", all, EXIT_OK, all_says);
	check_says(
	    *state, run_release, "web-01", none, EXIT_NOT_FOUND, none_says);
	check_says(*state, run_release, "g-1", none, EXIT_USAGE, id_says);
}

/* -------------------------------------------------------------- the next step
 */

static void
test_refused(void **state)
{
	static const struct step codes[] = {CHALLENGE,
	    {NULL, 429,
		"{\"code\":\"too-many\",\"field\":\"code\",\"detail\":\"too "
		"many wrong codes: ask an admin (jitctl user unlock alice)\"}"},
	    {NULL, 0, NULL}};
	static const struct step grants[] = {CHALLENGE,
	    {NULL, 429, "{\"code\":\"too-many\",\"detail\":\"x\"}"},
	    {NULL, 0, NULL}};
	static const struct step key[] = {CHALLENGE,
	    {NULL, 401,
		"{\"code\":\"unknown-key\",\"detail\":\"this key belongs to no "
		"active user of this gateway\"}"},
	    {NULL, 0, NULL}};
	static const char *const nothing[] = {NULL, NULL};
	static const char *const key_says[] = {"belongs to no active user",
	    "/id. If you enrolled with another one:  jitctl --profile lab "
	    "--identity FILE COMMAND",
	    "jitctl --profile lab enroll\n",
	    "no code yet:  jitctl --profile lab enroll --confirm",
	    "jitctl user show alice", NULL, NULL};

	check_says(*state, run_request, "web-01", codes, EXIT_LOGIN, nothing);
	check_says(*state, run_request, "web-01", grants, EXIT_FAILED, nothing);
	check_says(*state, run_request, "web-01", key, EXIT_LOGIN, key_says);
}

/* A key that was moved is no reason for a new invitation. */
static void
test_moved_key(void **state)
{
	static const struct step steps[] = {CHALLENGE, {NULL, 0, NULL}};
	static const char *const says[] = {
	    "/nowhere/id: the key file of profile lab is not there any more",
	    "jitctl --profile lab --identity FILE", "sallyport/config.yaml",
	    NULL, "enroll", NULL};
	static const struct step open[] = {
	    {"/v1/server", 200, "{\"server_id\":\"gw-1\"}"},
	    {"/v1/readyz", 200, "{\"checks\":[]}"}, {NULL, 0, NULL}};
	static const char *const doctor_says[] = {"is not there any more",
	    "does not sign", "not asked: nothing signs", NULL,
	    "lab enroll\nuser", "did not say who", NULL};
	struct scene *x = *state;

	x->c.identity = NULL;
	strcpy(x->c.prof.key, "/nowhere/id");
	check_says(x, run_request, "web-01", steps, EXIT_LOGIN, says);
	x->c.opt.nargs = 0;
	check_says(x, run_doctor, NULL, open, EXIT_FAILED, doctor_says);
}

#define HOST_KEY                                                               \
	"ssh-ed25519 "                                                         \
	"AAAAC3NzaC1lZDI1NTE5AAAAIHcyNZ7kzfyTfjvTY1WWIEHUOmTs2yEC9kSVzuVhKCkN"

/* A key is the same one whatever its comment says. */
static void
test_host_key(void **state)
{
	static const struct step same[] = {
	    {"/v1/server", 200,
		"{\"server_id\":\"gw-1\",\"host_key\":\"" HOST_KEY
		" sallyport host key\"}"},
	    {"/v1/readyz", 200, "{\"checks\":[]}"}, {NULL, 0, NULL}};
	static const struct step other[] = {
	    {"/v1/server", 200,
		"{\"server_id\":\"gw-1\",\"host_key\":\"" HOST_KEY "A\"}"},
	    {"/v1/readyz", 200, "{\"checks\":[]}"}, {NULL, 0, NULL}};
	static const char *const same_says[] = {
	    "gw-1 answers", NULL, "host key", NULL};
	static const char *const other_says[] = {
	    "the gateway's SSH host key is not the profile's", NULL, NULL};
	struct scene *x = *state;

	x->c.identity = NULL;
	strcpy(x->c.prof.key, "/nowhere/id");
	strcpy(x->c.prof.host_key, HOST_KEY);
	x->c.opt.nargs = 0;
	check_says(x, run_doctor, NULL, same, EXIT_FAILED, same_says);
	check_says(x, run_doctor, NULL, other, EXIT_FAILED, other_says);
}

/* A new invitation is something, and voids the one before. */
static void
test_new_invitation(void **state)
{
	static const struct step made[] = {
	    {NULL, 200,
		"{\"changes\":[],\"invitation\":\"sp1:gw:8443:" HEX64
		":CODE1\"}"},
	    {NULL, 0, NULL}};
	static const char *const says[] = {
	    "User alice has a new invitation; one made before is void.",
	    "sp1:gw:8443:", NULL, "nothing was changed", NULL};
	struct scene *x = *state;

	x->c.socket = "x";
	x->c.yes = true;
	x->c.opt.n[F_INVITE] = 1;
	check_says(x, run_user_set, "alice", made, EXIT_OK, says);
}

/* That none is shown does not say that there is none. */
static void
test_none_live(void **state)
{
	static const struct step none[] = {
	    {NULL, 200, "{\"items\":[]}"}, {NULL, 0, NULL}};
	static const char *const sessions[] = {"No live sessions. Ended ones "
					       "too: jitctl --profile lab "
					       "sessions --all",
	    NULL, NULL};
	static const char *const grants[] = {"No live grants. Ended ones too: "
					     "jitctl --profile lab grants "
					     "--all",
	    NULL, "request", NULL};
	static const char *const all[] = {"No sessions.", NULL, "--all", NULL};
	struct scene *x = *state;

	x->c.socket = "x";
	x->c.opt.nargs = 0;
	check_says(x, run_sessions, NULL, none, EXIT_OK, sessions);
	check_says(x, run_grants, NULL, none, EXIT_OK, grants);
	x->c.opt.n[F_ALL] = 1;
	check_says(x, run_sessions, NULL, none, EXIT_OK, all);
}

/* One who names a part of what is replaced whole is given the whole. */
static void
test_whole(void **state)
{
	static const struct step target[] = {
	    {"/v1/targets?name=web-01", 200,
		"{\"items\":[{\"target\":\"web-01\",\"addresses\":"
		"[\"10.20.0.11\",\"fd00::1\"],\"port\":2200,\"reach\":"
		"\"direct\",\"labels\":{\"env\":\"prod\"},\"logins\":"
		"[\"deploy\",\"$(reboot)\"]}]}"},
	    {NULL, 0, NULL}};
	static const char *const target_says[] = {
	    "  jitctl --socket x target set web-01 10.20.0.11,fd00::1 --port "
	    "2200 --login deploy --login '$(reboot)' --label env=test --reach "
	    "direct --scan\n",
	    NULL, NULL};
	static const struct step role[] = {
	    {"/v1/roles?name=ops", 200,
		"{\"items\":[{\"role\":\"ops\",\"groups\":[\"ops\"],"
		"\"logins\":[\"deploy\"],\"ports\":[22],\"max\":3600,"
		"\"mfa_age\":0,\"reason\":\"optional\",\"record\":false,"
		"\"deny\":false,\"allow\":[\"shell\"],\"note\":\"a b\"}]}"},
	    {NULL, 0, NULL}};
	static const char *const role_says[] = {
	    "  jitctl --socket x role set ops --group ops --login deploy "
	    "--port 22 --max 2h --mfa-age 0s --reason-optional --allow shell "
	    "--no-record --note 'a b'\n",
	    NULL, "--deny", NULL};
	struct scene *x = *state;

	x->c.socket = x->c.opt.value[F_SOCKET][0] = "x";
	x->c.opt.n[F_SOCKET] = 1;
	x->c.opt.n[F_PROFILE] = 0;
	x->c.opt.n[F_LABEL] = 1;
	x->c.opt.value[F_LABEL][0] = "env=test";
	check_says(
	    x, run_target_set, "web-01", target, EXIT_USAGE, target_says);
	x->c.opt.n[F_LABEL] = 0;
	x->c.opt.n[F_ROLE_max_s] = 1;
	x->c.opt.value[F_ROLE_max_s][0] = "2h";
	check_says(x, run_role_set, "ops", role, EXIT_USAGE, role_says);
}

/* A name that nothing has is told, with one of those that there are. */
static void
test_no_such_name(void **state)
{
#define AUDIT                                                                  \
	{                                                                      \
		NULL, 200,                                                     \
		    "{\"seq\":1,\"time\":\"2026-11-22T01:02:03Z\","            \
		    "\"event\":\"grant.open\",\"user\":\"name\",\"target\":"   \
		    "\"db-01\",\"grant\":\"g-7Q2MXK4P\"}"                      \
	}
	static const struct step none[] = {
	    AUDIT, {NULL, 200, ""}, {NULL, 0, NULL}};
	static const struct step users[] = {AUDIT, {NULL, 200, ""},
	    {"/v1/users", 200, "{\"items\":[{\"user\":\"bobby\"}]}"},
	    {NULL, 0, NULL}};
	static const struct step targets[] = {AUDIT, {NULL, 200, ""},
	    {"/v1/targets", 200, "{\"items\":[{\"target\":\"web-01\"}]}"},
	    {NULL, 0, NULL}};
	static const struct {
		enum flag flag;
		const char *value;
		const struct step *steps;
		const char *says;
	} rows[] = {
	    {F_USER, "nqme", users,
		"There is no user nqme; did you mean name?"},
	    {F_USER, "boby", users,
		"There is no user boby; did you mean bobby?"},
	    {F_USER, "bobby", users, "No record names the user bobby."},
	    {F_USER, "\x1bx", users, "There is no user \\x1bx."},
	    {F_TARGET, "web-1", targets,
		"There is no target web-1; did you mean web-01?"},
	    {F_GRANT, "g-7Q2MXK4Q", none,
		"There is no grant g-7Q2MXK4Q; did you mean g-7Q2MXK4P?"},
	    {F_SID, "s-22222222", none, "There is no session s-22222222."},
	    {F_EVENT, "grant.oqen", none,
		"There is no event grant.oqen; did you mean grant.open?"},
	    {F_CODE, "JG210I", none,
		"There is no event JG210I; did you mean JG2100I?"},
	    {F_CODE, "xyzzy", none,
		"There is no event xyzzy (sallyport-audit(5) lists them)."},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ctx c = {.socket = "x"};
		char *text = NULL;
		int x = EXIT_FAILED;

		c.opt.n[rows[i].flag] = 1;
		c.opt.value[rows[i].flag][0] = rows[i].value;
		script = rows[i].steps;
		text = output_of(run_audit_search, &c, &x, true);
		if (x != EXIT_OK || strstr(text, rows[i].says) == NULL ||
		    strstr(text, "None of ") == NULL)
			fail_msg("%s: %d, %s", rows[i].value, x, text);
		free(text);
	}
#undef AUDIT
}

static void
test_show_guesses(void **state)
{
	static const struct step steps[] = {
	    {"/v1/users?name=nqme", 200, "{\"items\":[]}"},
	    {"/v1/users", 200,
		"{\"items\":[{\"user\":\"mallory\"},{\"user\":\"name\"}]}"},
	    {NULL, 0, NULL}};
	struct ctx c = {.socket = "x"};
	char *text = NULL;
	int x = EXIT_OK;

	(void)state;
	c.opt.nargs = 1;
	c.opt.arg[0] = "nqme";
	script = steps;
	text = output_of(run_user_show, &c, &x, true);
	assert_int_equal(x, EXIT_NOT_FOUND);
	assert_non_null(strstr(text, "there is no user nqme: "));
	assert_non_null(strstr(text, "\nDid you mean name?\n"));
	free(text);
}

/* What the gateway's checks and what is not done yet say goes to the socket. */
static void
test_socket(void **state)
{
	static const struct step checks[] = {
	    {"/v1/server", 200, "{\"server_id\":\"gw-1\"}"},
	    {"/v1/readyz", 200,
		"{\"checks\":[{\"name\":\"clock\",\"ok\":false,\"detail\":"
		"\"behind the log: jitctl clock accept\"}]}"},
	    {NULL, 200, "{\"checks\":[]}"}, {NULL, 0, NULL}};
	static const char *const checks_says[] = {
	    "behind the log: jitctl --socket x clock accept\n", NULL, NULL};
	static const struct step open[] = {
	    {"/v1/targets/remove", 200,
		"{\"target\":\"web-01\",\"state\":\"removed\","
		"\"still_open\":2,\"shutting\":1}"},
	    {NULL, 0, NULL}};
	static const char *const open_says[] = {
	    "PROTECTED no in jitctl --socket x targets.",
	    "with: jitctl --socket x status, jitctl --socket x doctor", NULL,
	    NULL};
	struct scene *x = *state;

	x->c.socket = x->c.opt.value[F_SOCKET][0] = "x";
	x->c.opt.n[F_SOCKET] = 1;
	x->c.opt.n[F_PROFILE] = 0;
	x->c.yes = true;
	check_says(x, run_target_rm, "web-01", open, EXIT_OK, open_says);
	x->c.opt.nargs = 0;
	check_says(x, run_doctor, NULL, checks, EXIT_FAILED, checks_says);
}

/* How many invitations an admin's word about the clock takes is told. */
static void
test_clock(void **state)
{
#define ACCEPTED(n, dry)                                                       \
	"{\"time\":\"2026-11-22T01:02:03Z\",\"behind_s\":9,\"voided\":" n      \
	",\"dry_run\":" dry "}"
	static const struct step dry[] = {
	    {"/v1/clock/accept", 200, ACCEPTED("2", "true")}, {NULL, 0, NULL}};
	static const struct step done[] = {
	    {"/v1/clock/accept", 200, ACCEPTED("1", "false")}, {NULL, 0, NULL}};
	static const char *const dry_says[] = {"The log is 9 s ahead",
	    "would follow", "This voids: 2 invitations", NULL, "Void:", NULL};
	static const char *const done_says[] = {"The log was 9 s ahead",
	    "Void: 1 invitation,", NULL, "This voids", NULL};
	struct scene *x = *state;

	x->c.socket = "x";
	x->c.yes = true;
	x->c.opt.nargs = 0;
	check_says(x, run_clock_accept, NULL, done, EXIT_OK, done_says);
	x->c.opt.n[F_DRY_RUN] = 1;
	check_says(x, run_clock_accept, NULL, dry, EXIT_OK, dry_says);
#undef ACCEPTED
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_self),
	    T(test_open_already),
	    T(test_release),
	    T(test_refused),
	    T(test_moved_key),
	    T(test_host_key),
	    T(test_new_invitation),
	    T(test_none_live),
	    cmocka_unit_test(test_known_hosts),
	    T(test_doctor_hints),
	    T(test_profiles_there),
	    T(test_pin),
	    T(test_whole),
	    T(test_new_host_key),
	    T(test_ssh_line),
	    T(test_keys_go),
	    T(test_shown_first),
	    T(test_reset_unused_code),
	    T(test_times_said),
	    T(test_unknown_key),
	    T(test_empty_reason),
	    T(test_deny_row),
	    T(test_rows_tell),
	    T(test_wider_asks),
	    T(test_refused_first),
	    T(test_locks_told),
	    T(test_locks_own),
	    T(test_would_wait),
	    T(test_socket),
	    T(test_clock),
	    cmocka_unit_test(test_no_such_name),
	    cmocka_unit_test(test_show_guesses),
	    T(test_guesses),
	    T(test_last_admin),
	    T(test_told),
	    T(test_times),
	    T(test_short_code),
	    T(test_nothing_to_confirm),
	    cmocka_unit_test(test_direct_recorded),
	    T(test_codes_fit),
	};

	/* No file of whoever runs this; no token is kept. */
	(void)setenv("XDG_CONFIG_HOME", "/proc/none", 1);
	(void)setenv("XDG_STATE_HOME", "/proc/none", 1);
	(void)setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
