/* SPDX-License-Identifier: Apache-2.0 */
/* Policy files: what they become, what is wrong with them, and the manual
 * page's example. */
#include "tests/unit/support/test.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rolefield.h"
#include "jitctl/gateway/policy_file.h"
#include "jitctl/gateway/policy_now.h"
#include "jitctl/term/yaml.h"
#include "tests/unit/jitctl/manual.h"

#define KEY                                                                    \
	"ssh-ed25519 "                                                         \
	"AAAAC3NzaC1lZDI1NTE5AAAAIHcyNZ7kzfyTfjvTY1WWIEHUOmTs2yEC9kSVzuVhKCkN"

/* Stands for DNS: one name with both families. */
static unsigned
resolve(const char *name, struct addr ret[static LIMIT_SOURCES])
{
	if (strcmp(name, "web.example") != 0 ||
	    addr_parse(&ret[0], "192.0.2.1") != 0 ||
	    addr_parse(&ret[1], "2001:db8::1") != 0)
		return 0;
	return 2;
}

/* With ' for ". */
static json_t *
json_of(const char *text)
{
	char *s = strdup(text);
	json_t *o = NULL;

	assert_non_null(s);
	for (char *p = s; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	o = json_loads(s, 0, NULL);
	assert_non_null(o);
	free(s);
	return o;
}

static json_t *
policy(const char *text, unsigned *reterrors, char *retfirst)
{
	json_t *p = policy_new();
	struct yaml *y = NULL;

	assert_non_null(p);
	assert_int_equal(yaml_open(&y, "p", text, strlen(text)), 0);
	assert_int_equal(policy_add(p, y, resolve), 0);
	*reterrors = yaml_errors(y);
	if (retfirst != NULL)
		(void)snprintf(retfirst, 256, "%s",
		    yaml_diag(y, 0) != NULL ? yaml_diag(y, 0)->text : "");
	yaml_close(y);
	return p;
}

static void
test_policy(void **state)
{
	unsigned errors = 0;
	json_t *p =
	    policy("users:\n"
		   "  - {user: alice, keys: [\"" KEY " a@b\"], groups: [ops]}\n"
		   "targets:\n"
		   "  - target: web-01\n"
		   "    addresses: [web.example]\n"
		   "    labels: {env: prod}\n"
		   "    logins: [deploy]\n"
		   "    host_keys: [\"" KEY "\"]\n"
		   "roles:\n"
		   "  - role: ops\n"
		   "    users: [bob, {name: u1, until: 2026-12-04 UTC}]\n"
		   "    groups: [ops]\n"
		   "    labels: {env: prod}\n"
		   "    logins: [deploy]\n"
		   "    ports: [22]\n"
		   "    max: 3h\n"
		   "    mfa_age: 5m\n"
		   "    reason: required\n"
		   "    allow: [shell, pty]\n"
		   "    record: true\n"
		   "    note: ask Eve first\n",
		&errors, NULL);
	json_t *want = json_loads(
	    "{\"users\":[{\"user\":\"alice\",\"keys\":[\"" KEY
	    " a@b\"],\"groups\":[\"ops\"]}],"
	    "\"targets\":[{\"target\":\"web-01\",\"addresses\":[\"192.0.2.1\","
	    "\"2001:db8::1\"],\"port\":22,\"reach\":\"proxy\",\"labels\":{"
	    "\"env\":\"prod\"},\"logins\":[\"deploy\"],\"host_keys\":[\"" KEY
	    "\"]}],"
	    "\"roles\":[{\"role\":\"ops\",\"users\":[\"bob\",{\"name\":\"u1\","
	    "\"until\":\"2026-12-05T00:00:00Z\"}],\"groups\":[\"ops\"],"
	    "\"labels\":{"
	    "\"env\":\"prod\"},\"logins\":[\"deploy\"],\"ports\":[22],"
	    "\"max\":10800,\"mfa_age\":300,\"reason\":\"required\","
	    "\"allow\":[\"shell\",\"pty\"],\"record\":true,\"note\":\"ask Eve "
	    "first\"}]}",
	    0, NULL);

	(void)state;
	assert_int_equal(errors, 0);
	assert_non_null(want);
	assert_true(json_equal(p, want));
	json_decref(p);
	json_decref(want);
}

/* Each of the manual page's examples is a policy, as it is printed. */
static void
test_policy_manual(void **state)
{
	static const char begin[] = ".Bd -literal -offset indent\n";
	char *text = manual_read("sallyport-policy.5");
	char *at = strstr(text, ".Sh EXAMPLES"), first[256];
	unsigned errors = 0, n = 0;

	(void)state;
	assert_non_null(at);
	for (; (at = strstr(at, begin)) != NULL; n++) {
		char *end = strstr(at, ".Ed");
		json_t *p = NULL;

		at += strlen(begin);
		assert_non_null(end);
		*end = '\0';
		p = policy(at, &errors, first);
		if (errors != 0)
			fail_msg("%s:\n%s", first, at);
		assert_true(json_array_size(json_object_get(p, "roles")) > 0);
		json_decref(p);
		at = end + 1;
	}
	assert_true(n >= 5);
	free(text);
}

static void
test_policy_refuses(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
	    {"- a\n", "users, targets and roles"},
	    {"user: []\n", "did you mean \"users\"?"},
	    {"users: [alice]\n", "an entry with \"user: NAME\""},
	    {"users: [{keys: []}]\n", "\"user\" is missing"},
	    {"users: [{user: a, keys: [x]}]\n", "not a public key"},
	    {"users: [{user: a}, {user: a}]\n", "twice"},
	    {"users: [{user: a, admin: yes}]\n", "true or false"},
	    {"targets: [{target: t, addresses: [no.example], logins: [x], "
	     "host_keys: []}]\n",
		"no name that resolves"},
	    {"targets: [{target: t, addresses: [010.20.0.13], logins: [x], "
	     "host_keys: []}]\n",
		"without leading zeros"},
	    {"targets: [{target: t, addresses: [\"169148429\"], logins: [x], "
	     "host_keys: []}]\n",
		"without leading zeros"},
	    {"roles: [{role: r, max: 1h}]\n", "\"logins\" is missing"},
	    {"roles: [{role: r, logins: [x], max: 25h}]\n", "is not between"},
	    {"roles: [{role: r, logins: [x], max: 3}]\n", "not a duration"},
	    {"roles: [{role: r, logins: [x], sources: [10.1.0.0/8]}]\n",
		"without host bits"},
	    {"roles: [{role: r}]\n", "\"logins\" is missing"},
	    {"roles: [{role: r, logins: [x], users: [{name: a}]}]\n",
		"\"until\" is missing"},
	    {"roles: [{role: r, logins: [x], users: [{name: a, until: 3h}]}]\n",
		"a day was expected"},
	    {"roles: [{role: r, logins: [x], users: [{name: a, to: 3h}]}]\n",
		"unknown key"},
	    {"roles: [{role: r, logins: [x], users: [a, {name: a, until: "
	     "2026-12-04}]}]\n",
		"with another end"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned errors = 0;
		char first[256] = "";

		json_decref(policy(cases[i].text, &errors, first));
		CHECK_ROW(errors > 0, cases[i].text);
		CHECK_ROW(strstr(first, cases[i].part) != NULL, first);
	}
}

/* ---- and back */

/* A value of each field, not the one that it has anyway: a new field fails here
 * until it has a line. As the API has it. */
static const char full[] =
    "{'role':'full','users':['alice',{'name':'bob','until':"
    "'2026-12-04T18:00:00Z'}],'groups':['ops'],'targets':['web-01'],"
    "'labels':{'env':'prod'},'select':['!old'],'logins':['deploy','{{user}}'],"
    "'ports':[2222,22],'max':5400,'sources':['10.0.0.0/8'],"
    "'hours':['mon-fri 08:00-18:00 UTC'],'mfa_age':0,'mfa_age_extend':30,"
    "'mfa_age_move':45,'mfa_age_approve':60,'hardware_code':true,"
    "'reason':'optional',"
    "'unused_after':60,'max_grants':3,'max_sessions':1,"
    "'or':['select=!old; reason=a; "
    "b'],'reason_pattern':'INC-[0-9]+','ticket_pattern':'\\\"CHG: "
    "#','hardware_key':'verified','allow':['pty'],"
    "'commands':['id','uptime {int}'],'record':false,'deny':true,"
    "'report_only':true,'machine':true,'approvals':['1 of "
    "sre'],'pending':604800,'use_within':90061,"
    "'note':'yes \\u2013 \\ud83d\\ude80 \\u00fc # \\\\U: {a}'}";

/* As export prints it. */
static char *
printed(json_t *p)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	assert_non_null(f);
	policy_to_file(p);
	out_yaml(f, p);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void
test_policy_back(void **state)
{
	static const char rest[] =
	    "{'users':[{'user':'no','keys':['" KEY " a@b'],'groups':[],"
	    "'rights':['auditor','user-admin'],'admin':false,'auditor':true,'"
	    "state':'disabled'}],"
	    "'targets':[{'target':'1','addresses':['192.0.2.1',"
	    "'2001:db8::1'],'port':22,'reach':'proxy','labels':{'0x1':'null'},"
	    "'logins':['deploy'],'host_keys':['" KEY "']}],'roles':[]}";
	const struct rolefield *f = rolefields();
	json_t *want = json_of(rest), *role = json_of(full), *now = NULL;
	json_t *again = NULL;
	unsigned errors = 1;
	char *text = NULL, first[256];

	(void)state;
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++)
		CHECK_ROW(json_object_get(role, f[i].name) != NULL, f[i].name);
	assert_int_equal(
	    json_array_append_new(json_object_get(want, "roles"), role), 0);
	for (unsigned utf8 = 0; utf8 <= 1; utf8++) {
		(void)setlocale(LC_CTYPE, utf8 ? "C.UTF-8" : "C");
		now = json_deep_copy(want);
		text = printed(now);
		again = policy(text, &errors, first);
		if (errors > 0)
			fail_msg("%s in:\n%s", first, text);
		if (!json_equal(again, want))
			fail_msg("it is other after:\n%s", text);
		free(text);
		json_decref(now);
		json_decref(again);
	}
	json_decref(want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy),
	    cmocka_unit_test(test_policy_manual),
	    cmocka_unit_test(test_policy_refuses),
	    cmocka_unit_test(test_policy_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
