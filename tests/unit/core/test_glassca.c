/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_glassca - the file of the CA of break-glass, what it is trusted for, and
 * what its certificates say.
 */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "core/glassca.h"

#define PUB                                                                    \
	"ssh-ed25519 "                                                         \
	"AAAAC3NzaC1lZDI1NTE5AAAAIJfBeWRUqdIk2vtVWT0w+Qle/o4i8HYoBEsM6fVoTu17"
#define ZEROS "0000000000000000000000000000000000000000"
#define SEALED "01" ZEROS ZEROS ZEROS
#define SALT "salt 00112233445566778899aabbccddeeff\n"
#define FILE_OF(pub, sheets, from)                                             \
	"sallyport-breakglass 1\nca " pub "\nsheets " sheets "\nfrom " from    \
	"\n" SALT "sealed " SEALED "\n"

static const char good[] =
    FILE_OF(PUB, "3 5 137", "10.9.0.0/24,2001:db8:9::/64");

static void
test_file(void **state)
{
	struct glassca c;
	struct buf b;

	(void)state;
	assert_int_equal(glassca_parse(&c, good, sizeof(good) - 1), 0);
	assert_string_equal(c.pub, PUB);
	assert_int_equal(c.need, 3);
	assert_int_equal(c.sheets, 5);
	assert_int_equal(c.set, 137);
	assert_int_equal(c.nfrom, 2);
	buf_init(&b, GLASSCA_FILE_MAX);
	assert_int_equal(glassca_format(&b, &c), 0);
	assert_int_equal(b.len, sizeof(good) - 1);
	assert_memory_equal(b.p, good, b.len);
	buf_done(&b);
}

static void
test_no_file(void **state)
{
	static const char *const rows[] = {
	    "",
	    "sallyport-breakglass 1\n",
	    FILE_OF(PUB, "1 5 137", "10.9.0.0/24"),
	    FILE_OF(PUB, "6 5 137", "10.9.0.0/24"),
	    FILE_OF(PUB, "3 16 137", "10.9.0.0/24"),
	    FILE_OF(PUB, "3 5 256", "10.9.0.0/24"),
	    FILE_OF(PUB, "3 5", "10.9.0.0/24"),
	    FILE_OF(PUB, "03 5 137", "10.9.0.0/24"),
	    FILE_OF(PUB, "3  5 137", "10.9.0.0/24"),
	    FILE_OF(PUB, "3 5 137", ""),
	    FILE_OF(PUB, "3 5 137", "0.0.0.0/0"),
	    FILE_OF(PUB, "3 5 137", "::/0"),
	    FILE_OF(PUB, "3 5 137", "10.9.0.1/24"),
	    FILE_OF(PUB, "3 5 137", "10.9.0.1"),
	    FILE_OF(PUB, "3 5 137", "10.9.0.0/24,"),
	    FILE_OF(PUB "\" x=\"", "3 5 137", "10.9.0.0/24"),
	    FILE_OF(PUB, "3 5 137", "10.9.0.0/24") "more\n",
	};
	struct glassca c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(
		    glassca_parse(&c, rows[i], strlen(rows[i])) == GW_EINVAL,
		    rows[i]);
	/* every one of its bytes counts: none may be missing */
	for (size_t n = 0; n < sizeof(good) - 1; n++)
		assert_int_equal(glassca_parse(&c, good, n), GW_EINVAL);
}

static void
test_trust(void **state)
{
	struct glassca c;
	struct buf b;

	(void)state;
	assert_int_equal(glassca_parse(&c, good, sizeof(good) - 1), 0);
	buf_init(&b, GLASSCA_FILE_MAX);
	assert_int_equal(glassca_trust_line(&b, &c, "web-01"), 0);
	buf_u8(&b, 0);
	assert_string_equal((const char *)b.p,
	    "restrict,pty,cert-authority,principals=\"breakglass@web-01\","
	    "from=\"10.9.0.0/24,2001:db8:9::/64\" " PUB
	    " sallyport-breakglass");
	assert_int_equal(glassca_trust_line(&b, &c, "web\",x"), GW_EINVAL);
	c.nfrom = 0;
	assert_int_equal(glassca_trust_line(&b, &c, "web-01"), GW_EINVAL);
	buf_done(&b);
}

static void
test_within(void **state)
{
	static const struct {
		const char *prefix;
		bool within;
	} rows[] = {
	    {"10.9.0.0/24", true},
	    {"10.9.0.7/32", true},
	    {"2001:db8:9::1/128", true},
	    {"10.9.0.0/23", false},
	    {"10.9.1.0/24", false},
	    {"2001:db8::/32", false},
	    {"10.0.0.0/8", false},
	};
	struct glassca c;
	struct prefix p;

	(void)state;
	assert_int_equal(glassca_parse(&c, good, sizeof(good) - 1), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(prefix_parse(&p, rows[i].prefix), 0);
		CHECK_ROW(
		    glassca_within(&c, &p) == rows[i].within, rows[i].prefix);
	}
}

static void
test_key_id(void **state)
{
	char id[GLASSCA_KEY_ID_SIZE], why[LIMIT_GLASS_WHY + 2];
	char who[LIMIT_NAME_SIZE];

	(void)state;
	assert_int_equal(
	    glassca_key_id(id, "alice", "SHA256:abc", "INC-4711 all down"), 0);
	assert_string_equal(
	    id, "breakglass user=alice ca=SHA256:abc why=INC-4711 all down");
	assert_int_equal(
	    glassca_key_id(id, "a b", "SHA256:abc", "x"), GW_EINVAL);
	assert_int_equal(
	    glassca_key_id(id, "alice", "SHA256:abc", ""), GW_EINVAL);
	assert_int_equal(
	    glassca_key_id(id, "alice", "SHA256:abc", "x\ny"), GW_EINVAL);
	memset(why, 'x', sizeof(why));
	why[LIMIT_GLASS_WHY + 1] = '\0';
	assert_int_equal(
	    glassca_key_id(id, "alice", "SHA256:abc", why), GW_EINVAL);
	/* the longest of all of them fits */
	why[LIMIT_GLASS_WHY] = '\0';
	memset(who, 'a', sizeof(who));
	who[LIMIT_NAME_MAX] = '\0';
	assert_int_equal(glassca_key_id(id, who,
			     "SHA256:4vUNmQS7QLC4yLgJm5giDrJv7sRMUHt/GTDOe/"
			     "xz50Q",
			     why),
	    0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_file),
	    cmocka_unit_test(test_no_file),
	    cmocka_unit_test(test_trust),
	    cmocka_unit_test(test_within),
	    cmocka_unit_test(test_key_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
