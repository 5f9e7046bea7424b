/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_hashes - a hash that was signed is known as such, also when it is read
 * again; the ring forgets the oldest first; a damaged file loses what is
 * damaged.
 */
#include "tests/unit/support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "notary/hashes.h"

enum { N = LIMIT_HASHES_SIGNED, ENTRY = 32 };

static char dir[64], path[96];
static struct hashes *h;

static int
setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/sallyport-hs.XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/signed.bin", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	hashes_free(h);
	h = NULL;
	(void)unlink(path);
	return rmdir(dir);
}

static void
again(void)
{
	hashes_free(h);
	h = NULL;
	assert_int_equal(hashes_open(&h, dir), 0);
}

static int
add(uint32_t x)
{
	uint8_t digest[HASHES_DIGEST_SIZE] = {0};

	memcpy(digest + 4, &x, sizeof(x)); /* all in one chain */
	return hashes_add(h, digest);
}

/* The entry of that number, as the file has it. */
static void
put(uint64_t count, uint64_t place, uint32_t x)
{
	uint8_t e[ENTRY] = {0};
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	memcpy(e, &count, sizeof(count));
	memcpy(e + sizeof(count) + 4, &x, sizeof(x));
	assert_int_equal(
	    pwrite(fd, e, sizeof(e), (off_t)place * ENTRY), sizeof(e));
	(void)close(fd);
}

static void
test_again(void **state)
{
	(void)state;
	again();
	for (uint32_t x = 1; x <= 20; x++)
		assert_int_equal(add(x), 0);
	for (uint32_t x = 1; x <= 20; x++)
		assert_int_equal(add(x), GW_EEXIST);
	again();
	for (uint32_t x = 1; x <= 20; x++)
		assert_int_equal(add(x), GW_EEXIST);
	assert_int_equal(add(21), 0);
}

static void
test_ring(void **state)
{
	struct stat st;

	(void)state;
	put(N - 1, N - 1, 1);
	put(N, 0, 2); /* the newest */
	put(1, 1, 3); /* the oldest */
	put(2, 2, 4);
	again();
	assert_int_equal(add(1), GW_EEXIST);
	assert_int_equal(add(3), GW_EEXIST);
	assert_int_equal(add(5), 0); /* over 3 */
	assert_int_equal(add(2), GW_EEXIST);
	assert_int_equal(add(4), GW_EEXIST);
	assert_int_equal(add(5), GW_EEXIST);
	assert_int_equal(add(3), 0); /* over 4 */
	again();
	assert_int_equal(add(1), GW_EEXIST);
	assert_int_equal(add(2), GW_EEXIST);
	assert_int_equal(add(3), GW_EEXIST);
	assert_int_equal(add(5), GW_EEXIST);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, (off_t)N * ENTRY);
	assert_int_equal(add(4), 0);
}

/* Entries in places that are not theirs, and half of one at the end. */
static void
test_damaged(void **state)
{
	(void)state;
	put(1, 1, 1);
	put(700, 2, 2);
	put(3, 3, 3);
	assert_int_equal(truncate(path, 3 * ENTRY + 10), 0);
	again();
	assert_int_equal(add(1), GW_EEXIST);
	assert_int_equal(add(2), 0);
	assert_int_equal(add(3), 0);
	again();
	for (uint32_t x = 1; x <= 3; x++)
		assert_int_equal(add(x), GW_EEXIST);
}

static void
test_unreadable(void **state)
{
	struct hashes *none = NULL;

	(void)state;
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_int_equal(hashes_open(&none, dir), GW_ESYS);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_again),
	    T(test_ring),
	    T(test_damaged),
	    T(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
