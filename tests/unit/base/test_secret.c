/* SPDX-License-Identifier: Apache-2.0 */
/* test_secret - sizes, emptiness, and that freed secrets leave nothing. */
#include "tests/unit/support/test.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"

static void
sizes(void **state)
{
	static const struct {
		const char *name;
		size_t n;
		int want;
	} rows[] = {
	    {"none", 0, GW_EINVAL},
	    {"one", 1, 0},
	    {"a page less the head", 4096 - 16, 0},
	    {"a page", 4096, 0},
	    {"the maximum", SECRET_SIZE_MAX, 0},
	    {"one more", (size_t)SECRET_SIZE_MAX + 1, GW_EINVAL},
	    {"everything", SIZE_MAX, GW_EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct secret s = {0};

		CHECK_ROW(
		    secret_new(&s, rows[i].n) == rows[i].want, rows[i].name);
		if (rows[i].want != 0) {
			CHECK_ROW(s.p == NULL && s.len == 0, rows[i].name);
			continue;
		}
		CHECK_ROW(s.len == rows[i].n, rows[i].name);
		for (size_t j = 0; j <= s.len; j++) /* with the NUL after it */
			CHECK_ROW(s.p[j] == 0, rows[i].name);
		memset(s.p, 0xa5, s.len);
		CHECK_ROW(s.p[s.len] == 0, rows[i].name);
		secret_free(&s);
		CHECK_ROW(s.p == NULL && s.len == 0, rows[i].name);
		secret_free(&s);
	}
	secret_free(NULL);
}

/* A caller may shorten len; the whole must go all the same. */
static void
freed_pages_are_gone(void **state)
{
	struct secret s = {0};
	unsigned char vec[2];
	uint8_t *page = NULL;

	(void)state;
	assert_int_equal(secret_new(&s, 8192), 0);
	page = s.p - (uintptr_t)s.p % 4096;
	assert_int_equal(mincore(page, 8192, vec), 0);
	s.len = 1;
	secret_free(&s);
	assert_int_not_equal(mincore(page, 4096, vec), 0);
	assert_int_not_equal(mincore(page + 4096, 4096, vec), 0);
}

static void
out_of_core_dumps(void **state)
{
	struct secret s = {0};
	char line[512] = "";
	bool in = false;
	bool dd = false;
	FILE *f = NULL;

	(void)state;
	assert_int_equal(secret_new(&s, 32), 0);
	f = fopen("/proc/self/smaps", "re");
	if (f == NULL) {
		secret_free(&s);
		SKIP_TEST("kernel: no /proc");
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		unsigned long from = 0;
		unsigned long to = 0;

		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			in = (uintptr_t)s.p >= from && (uintptr_t)s.p < to;
		else if (in && strncmp(line, "VmFlags:", 8) == 0)
			dd = strstr(line, " dd") != NULL;
	}
	(void)fclose(f);
	secret_free(&s);
	assert_true(dd);
}

static void
copies_and_random(void **state)
{
	static const uint8_t bytes[32] = {1, 2, 3};
	struct secret a = {0};
	struct secret b = {0};

	(void)state;
	assert_int_equal(secret_copy(&a, bytes, sizeof(bytes)), 0);
	assert_true(secret_equal(a.p, bytes, sizeof(bytes)));
	a.p[31] ^= 1;
	assert_false(secret_equal(a.p, bytes, sizeof(bytes)));
	assert_true(secret_equal(a.p, bytes, sizeof(bytes) - 1));
	assert_false(secret_equal(a.p, bytes, 0));
	secret_free(&a);

	assert_int_equal(secret_random(&a, 32), 0);
	assert_int_equal(secret_random(&b, 32), 0);
	assert_false(secret_equal(a.p, b.p, 32));
	assert_false(secret_equal(a.p, (const uint8_t[32]){0}, 32));
	secret_free(&a);
	secret_free(&b);
}

static void
no_dumps(void **state)
{
	struct rlimit rl = {1, 1};
	int status = -1;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) { /* a child, so the test run itself can dump */
		secret_no_dumps();
		if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
			_exit(1);
		if (getrlimit(RLIMIT_CORE, &rl) != 0 || rl.rlim_cur != 0 ||
		    rl.rlim_max != 0)
			_exit(2);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sizes),
	    cmocka_unit_test(freed_pages_are_gone),
	    cmocka_unit_test(out_of_core_dumps),
	    cmocka_unit_test(copies_and_random),
	    cmocka_unit_test(no_dumps),
	};

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
