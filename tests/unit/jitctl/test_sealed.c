/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sealed - the key of the CA of break-glass opens with what is on paper,
 * and with nothing else: not another paper, another file, another word in it.
 */
#include "tests/unit/support/test.h"

#include <string.h>

#include "base/err.h"
#include "jitctl/cmd/sealed.h"
#include "ssh/sshkey.h"

struct scene {
	struct glassca ca;
	struct secret seed, paper;
};

static int
setup(void **state)
{
	static struct scene s;
	uint8_t pub[32];

	memset(&s, 0, sizeof(s));
	s.ca.need = 2;
	s.ca.sheets = 3;
	s.ca.set = 7;
	*state = &s;
	return secret_random(&s.seed, 32) != 0 ||
	       secret_random(&s.paper, SHARES_SIZE) != 0 ||
	       sshkey_ed25519_public(pub, &s.seed) != 0 ||
	       sshkey_ed25519_line(s.ca.pub, sizeof(s.ca.pub), pub) != 0 ||
	       glassca_add_from(&s.ca, "10.9.0.0/24") != 0 ||
	       sealed_close(&s.ca, &s.seed, &s.paper) != 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	secret_free(&s->seed);
	secret_free(&s->paper);
	return 0;
}

static void
test_opens(void **state)
{
	struct scene *s = *state;
	struct secret seed = {0};

	assert_int_equal(sealed_open(&seed, &s->ca, &s->paper), 0);
	assert_int_equal(seed.len, 32);
	assert_memory_equal(seed.p, s->seed.p, 32);
	secret_free(&seed);
	/* and is not there to be read */
	assert_null(memmem(s->ca.sealed, sizeof(s->ca.sealed), s->seed.p, 8));
}

static void
test_other_paper(void **state)
{
	struct scene *s = *state;
	struct secret seed = {0};

	s->paper.p[SHARES_SIZE - 1] ^= 1;
	assert_int_equal(sealed_open(&seed, &s->ca, &s->paper), GW_ECRYPTO);
	assert_null(seed.p);
	s->paper.p[SHARES_SIZE - 1] ^= 1;
}

/* Whoever can write to a laptop widens nothing by it. */
static void
test_other_words(void **state)
{
	struct scene *s = *state;
	struct secret seed = {0};
	struct glassca other = s->ca;

	assert_int_equal(glassca_add_from(&other, "10.0.0.0/8"), 0);
	assert_int_equal(sealed_open(&seed, &other, &s->paper), GW_ECRYPTO);
	other = s->ca;
	other.set++;
	assert_int_equal(sealed_open(&seed, &other, &s->paper), GW_ECRYPTO);
	other = s->ca;
	other.salt[0] ^= 1;
	assert_int_equal(sealed_open(&seed, &other, &s->paper), GW_ECRYPTO);
	other = s->ca;
	other.sealed[GLASSCA_SEALED_SIZE / 2] ^= 1;
	assert_int_equal(sealed_open(&seed, &other, &s->paper), GW_ECRYPTO);
	assert_null(seed.p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_opens),
	    cmocka_unit_test(test_other_paper),
	    cmocka_unit_test(test_other_words),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
