/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_libssh_check - which versions of Debian's libssh-4 have the published
 * fixes: each line has its own first one.
 */
#include "tests/unit/support/test.h"

#include "base/attr.h"
#include "supervisor/libssh_check.h"

static const char deb12[] = "0.10.6-0+deb12u3";
static const char deb13[] = "0.11.5-0+deb13u1";
static const char upstream[] = "0.12.2";

static void
test_lines(void **state)
{
	static const struct {
		const char *version, *needs;
		bool fixed;
	} rows[] = {
	    {"0.9.8-1", deb12, false},
	    {"0.10.6-0+deb12u1", deb12, false},
	    {"0.10.6-0+deb12u2", deb12, false},
	    {"0.10.6-0+deb12u3~bpo11+1", deb12, false},
	    {"0.10.6-0+deb12u3", deb12, true},
	    {"0.10.6-0+deb12u10", deb12, true},
	    {"0.10.6-3", deb12, false},
	    {"0.11.0-1", deb13, false},
	    /* the Debian 13 of its first days: newer than the fixed 0.10.6 */
	    {"0.11.2-1+deb13u1", deb13, false},
	    {"0.11.4-1", deb13, false},
	    {"0.11.5~rc1-1", deb13, false},
	    {"0.11.5-0+deb13u1", deb13, true},
	    {"0.11.5-1", deb13, true},
	    {"0.11.10-1", deb13, true},
	    {"0.12~rc1-1", upstream, false},
	    {"0.12.0-1", upstream, false},
	    {"0.12.1-2", upstream, false},
	    {"0.12.2", upstream, true},
	    {"0.12.2-1", upstream, true},
	    {"0.13.0-1", upstream, true},
	    {"1.0-1", upstream, true},
	    /* no versions of this package */
	    {"", deb12, false},
	    {"-", deb12, false},
	    {"1:0.10.6-1", upstream, false},
	    {"newest", upstream, false},
	};
	const char *needs;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		needs = NULL;
		if (libssh_fixed(rows[i].version, &needs) != rows[i].fixed)
			fail_msg("%s", rows[i].version);
		assert_non_null(needs);
		if (rows[i].version[0] == '0')
			assert_string_equal(needs, rows[i].needs);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests_name("libssh_check", tests, NULL, NULL);
}
