/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_causes - what doctor says of a login that failed: one cause where what
 * the target said leaves one, and else all of them.
 */
#include "tests/unit/support/test.h"

#include <string.h>

#include "base/attr.h"
#include "broker/session/causes.h"

static const char openssh[] = "SSH-2.0-OpenSSH_9.2p1 Debian-2";

static void
test_one(void **state)
{
	static const struct {
		const char *name;
		struct msg_ses_probed seen;
		enum check_status status[CAUSES];
		unsigned which;    /* has the detail */
		const char *says;  /* in its detail */
		const char *cures; /* in its remedy */
	} rows[] = {
	    {"another host key", {.banner = "SSH-2.0-OpenSSH_9.2p1"},
		{CHECK_SKIP, CHECK_SKIP, CHECK_SKIP, CHECK_SKIP}, 0,
		"not tried", ""},
	    {"all well",
		{.key_ok = 1,
		    .login_ok = 1,
		    .cert_known = 1,
		    .session = PROBE_RAN},
		{CHECK_OK, CHECK_OK, CHECK_OK, CHECK_OK}, 2,
		"logged in as deploy", ""},
	    {"no session in time",
		{.key_ok = 1, .login_ok = 1, .cert_known = 1},
		{CHECK_OK, CHECK_OK, CHECK_OK, CHECK_FAIL}, 3,
		"opens no session in time", "log"},
	    {"no sessions at all",
		{.key_ok = 1,
		    .login_ok = 1,
		    .session = PROBE_REFUSED,
		    .text = "open failed"},
		{CHECK_OK, CHECK_OK, CHECK_OK, CHECK_FAIL}, 3,
		"opens no session: open failed", "MaxSessions"},
	    {"hung up on",
		{.key_ok = 1, .login_ok = 1, .session = PROBE_CLOSED},
		{CHECK_OK, CHECK_OK, CHECK_OK, CHECK_FAIL}, 3,
		"hangs up before a session is open: no more is known",
		"ChrootDirectory"},
	    {"for sftp alone",
		{.key_ok = 1, .login_ok = 1, .session = PROBE_SILENT},
		{CHECK_OK, CHECK_OK, CHECK_OK, CHECK_WARN}, 3, "says nothing",
		"ForceCommand"},
	    {"no commands",
		{.key_ok = 1,
		    .login_ok = 1,
		    .session = PROBE_NO_EXEC,
		    .text = "request denied"},
		{CHECK_OK, CHECK_OK, CHECK_OK, CHECK_WARN}, 3,
		"takes no command: request denied", "sftp"},
	    {"two factors",
		{.key_ok = 1,
		    .cert_known = 1,
		    .partial = 1,
		    .methods = SSH_METHOD_KEYBOARD},
		{CHECK_OK, CHECK_OK, CHECK_FAIL}, 2,
		"one of: keyboard-interactive",
		"AuthenticationMethods publickey"},
	    {"expired",
		{.key_ok = 1,
		    .cert_known = 1,
		    .text = "login failed at the target: it closed the "
			    "connection; the target says: no more of this",
		    .said = "Your account has expired"},
		{CHECK_OK, CHECK_OK, CHECK_FAIL}, 2,
		"the target says: Your account", "PermitRootLogin"},
	    {"dropbear",
		{.key_ok = 1,
		    .banner = "SSH-2.0-dropbear_2022.83",
		    .methods = SSH_METHOD_PUBLICKEY},
		{CHECK_FAIL, CHECK_SKIP, CHECK_SKIP}, 0,
		"dropbear takes no certificates", "openssh-server"},
	    {"no keys",
		{.key_ok = 1,
		    .banner = "SSH-2.0-OpenSSH_9.2p1",
		    .methods = SSH_METHOD_PASSWORD | SSH_METHOD_KEYBOARD},
		{CHECK_FAIL, CHECK_SKIP, CHECK_SKIP}, 0,
		"only: password keyboard-interactive", "PubkeyAuthentication"},
	};
	struct cause c[CAUSES];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		causes_of_login(c, &rows[i].seen, "deploy", "web-01");
		for (size_t j = 0; j < CAUSES; j++)
			if (c[j].status != rows[i].status[j])
				fail_msg("%s: %s %s", rows[i].name, c[j].check,
				    check_status_str(c[j].status));
		if (strstr(c[rows[i].which].detail, rows[i].says) == NULL ||
		    strstr(c[rows[i].which].remedy, rows[i].cures) == NULL)
			fail_msg("%s: %s (%s)", rows[i].name,
			    c[rows[i].which].detail, c[rows[i].which].remedy);
	}
}

/* It has said which SSH it speaks, and nobody gets any further. */
static void
test_no_kex(void **state)
{
	static const struct {
		struct msg_ses_probed seen;
		const char *says, *cures;
	} rows[] = {
	    {{.banner = "SSH-2.0-x",
		 .no_common = NO_COMMON_OTHER,
		 .text = "no cipher in common: it offers aes128-cbc"},
		"it offers aes128-cbc", "ssh.algorithms"},
	    {{.banner = "SSH-2.0-x",
		 .no_common = NO_COMMON_HOSTKEY,
		 .text = "no type of host key in common"},
		"no type of host key", "jitctl target set web-01 --scan"},
	    {{.banner = "SSH-2.0-x", .text = "it closed the connection"},
		"it closed the connection", "MaxStartups"},
	    {{.banner = "SSH-2.0-x"}, "no more is known", "its log"},
	};
	struct cause c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cause_of_no_kex(&c, &rows[i].seen, "web-01");
		CHECK_ROW(c.status == CHECK_FAIL, rows[i].says);
		CHECK_ROW(strstr(c.detail, rows[i].says) != NULL, c.detail);
		CHECK_ROW(strstr(c.remedy, rows[i].cures) != NULL, c.remedy);
	}
}

static void
test_all(void **state)
{
	struct msg_ses_probed seen = {
	    .key_ok = 1, .methods = SSH_METHOD_PUBLICKEY};
	struct cause c[CAUSES];

	(void)state;
	strcpy(seen.banner, openssh);
	strcpy(seen.said, "Property of ops.");
	causes_of_login(c, &seen, "deploy", "web-01");
	assert_int_equal(c[0].status, CHECK_FAIL);
	assert_int_equal(c[1].status, CHECK_WARN);
	assert_int_equal(c[2].status, CHECK_WARN);
	assert_non_null(strstr(c[0].remedy, "TrustedUserCAKeys"));
	assert_non_null(strstr(c[1].detail, "deploy@web-01"));
	assert_non_null(strstr(c[2].remedy, "clock"));
	assert_non_null(strstr(c[2].remedy, "pubkeyacceptedalgorithms"));
	assert_non_null(strstr(c[2].remedy, "casignaturealgorithms"));
	assert_non_null(strstr(c[2].detail, "the target says: Property"));
	assert_null(strstr(c[0].detail, "calls itself"));
	strcpy(seen.banner, "SSH-2.0-Other_1");
	causes_of_login(c, &seen, "deploy", "web-01");
	assert_non_null(strstr(c[0].detail, "calls itself SSH-2.0-Other_1"));
	assert_null(causes_no_certificates(openssh));
	assert_non_null(causes_no_certificates("SSH-2.0-dropbear_2022.83"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one),
	    cmocka_unit_test(test_no_kex),
	    cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests_name("causes", tests, NULL, NULL);
}
