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
		const char *status[CAUSES];
		unsigned which;    /* has the detail */
		const char *says;  /* in its detail */
		const char *cures; /* in its remedy */
	} rows[] = {
	    {"another host key", {.banner = "SSH-2.0-OpenSSH_9.2p1"},
		{"skip", "skip", "skip"}, 0, "not tried", ""},
	    {"all well", {.key_ok = 1, .login_ok = 1, .cert_known = 1},
		{"ok", "ok", "ok"}, 2, "logged in as deploy", ""},
	    {"two factors",
		{.key_ok = 1,
		    .cert_known = 1,
		    .partial = 1,
		    .methods = SSH_METHOD_KEYBOARD},
		{"ok", "ok", "fail"}, 2, "one of: keyboard-interactive",
		"AuthenticationMethods publickey"},
	    {"expired",
		{.key_ok = 1,
		    .cert_known = 1,
		    .text = "login failed at the target: it closed the "
			    "connection; the target says: Your account has "
			    "expired"},
		{"ok", "ok", "fail"}, 2, "the target says: Your account",
		"PermitRootLogin"},
	    {"dropbear",
		{.key_ok = 1,
		    .banner = "SSH-2.0-dropbear_2022.83",
		    .methods = SSH_METHOD_PUBLICKEY},
		{"fail", "skip", "skip"}, 0, "dropbear takes no certificates",
		"openssh-server"},
	    {"no keys",
		{.key_ok = 1,
		    .banner = "SSH-2.0-OpenSSH_9.2p1",
		    .methods = SSH_METHOD_PASSWORD | SSH_METHOD_KEYBOARD},
		{"fail", "skip", "skip"}, 0,
		"only: password keyboard-interactive", "PubkeyAuthentication"},
	};
	struct cause c[CAUSES];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		causes_of_login(c, &rows[i].seen, "deploy", "web-01");
		for (size_t j = 0; j < CAUSES; j++)
			if (strcmp(c[j].status, rows[i].status[j]) != 0)
				fail_msg("%s: %s %s", rows[i].name, c[j].check,
				    c[j].status);
		if (strstr(c[rows[i].which].detail, rows[i].says) == NULL ||
		    strstr(c[rows[i].which].remedy, rows[i].cures) == NULL)
			fail_msg("%s: %s (%s)", rows[i].name,
			    c[rows[i].which].detail, c[rows[i].which].remedy);
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
	strcpy(seen.text, "no; the target says: Property of ops.");
	causes_of_login(c, &seen, "deploy", "web-01");
	assert_string_equal(c[0].status, "fail");
	assert_string_equal(c[1].status, "warn");
	assert_string_equal(c[2].status, "warn");
	assert_non_null(strstr(c[0].remedy, "TrustedUserCAKeys"));
	assert_non_null(strstr(c[1].detail, "deploy@web-01"));
	assert_non_null(strstr(c[2].remedy, "clock"));
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
	    cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests_name("causes", tests, NULL, NULL);
}
