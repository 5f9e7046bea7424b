/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_seal - what is sealed opens for its owner with its key, and for nobody
 * after any change of a bit.
 */
#include "tests/unit/support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "sys/seal.h"

struct fixture {
	struct secret key, plain;
	struct buf sealed;
};

static struct fixture
make(void)
{
	struct fixture f = {0};

	assert_int_equal(secret_random(&f.key, SEAL_KEY_SIZE), 0);
	assert_int_equal(secret_copy(&f.plain, "twenty bytes of seed", 20), 0);
	buf_init(&f.sealed, 1024);
	assert_int_equal(seal_close(&f.sealed, &f.key, &f.plain, "alice"), 0);
	assert_int_equal(f.sealed.len, 20 + SEAL_OVERHEAD);
	return f;
}

static void
done(struct fixture *f)
{
	secret_free(&f->key);
	secret_free(&f->plain);
	buf_done(&f->sealed);
}

static void
test_opens(void **state)
{
	struct fixture f = make();
	struct secret out = {0};
	struct buf again;

	(void)state;
	assert_int_equal(
	    seal_open(&out, &f.key, f.sealed.p, f.sealed.len, "alice"), 0);
	assert_int_equal(out.len, f.plain.len);
	assert_memory_equal(out.p, f.plain.p, out.len);
	/* never twice the same bytes */
	buf_init(&again, 1024);
	assert_int_equal(seal_close(&again, &f.key, &f.plain, "alice"), 0);
	assert_int_equal(again.len, f.sealed.len);
	assert_memory_not_equal(again.p, f.sealed.p, again.len);
	buf_done(&again);
	secret_free(&out);
	done(&f);
}

static void
test_every_bit_counts(void **state)
{
	struct fixture f = make();
	struct secret out = {0};

	(void)state;
	for (size_t bit = 0; bit < f.sealed.len * 8; bit++) {
		f.sealed.p[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		assert_int_not_equal(
		    seal_open(&out, &f.key, f.sealed.p, f.sealed.len, "alice"),
		    0);
		assert_null(out.p);
		f.sealed.p[bit / 8] ^= (uint8_t)(1 << (bit % 8));
	}
	for (size_t n = 0; n < f.sealed.len; n++)
		assert_int_not_equal(
		    seal_open(&out, &f.key, f.sealed.p, n, "alice"), 0);
	done(&f);
}

static void
test_owner_and_key_count(void **state)
{
	struct fixture f = make();
	struct secret out = {0}, other = {0}, empty = {0};

	(void)state;
	assert_int_equal(
	    seal_open(&out, &f.key, f.sealed.p, f.sealed.len, "bob"),
	    GW_ECRYPTO);
	assert_int_equal(
	    seal_open(&out, &f.key, f.sealed.p, f.sealed.len, "alic"),
	    GW_ECRYPTO);
	assert_int_equal(
	    seal_open(&out, &f.key, f.sealed.p, f.sealed.len, ""), GW_EINVAL);
	assert_int_equal(secret_random(&other, SEAL_KEY_SIZE), 0);
	assert_int_equal(
	    seal_open(&out, &other, f.sealed.p, f.sealed.len, "alice"),
	    GW_ECRYPTO);
	other.len = SEAL_KEY_SIZE - 1;
	assert_int_equal(
	    seal_close(&f.sealed, &other, &f.plain, "alice"), GW_EINVAL);
	assert_int_equal(
	    seal_close(&f.sealed, &f.key, &empty, "alice"), GW_EINVAL);
	assert_null(out.p);
	secret_free(&other);
	done(&f);
}

static void
write_key(const char *path, size_t n, mode_t mode)
{
	const char bytes[64] = "k";
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

static void
test_key_file(void **state)
{
	char path[] = "/tmp/sallyport-seal.XXXXXX";
	struct secret key = {0};
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	write_key(path, SEAL_KEY_SIZE, 0600);
	assert_int_equal(seal_key_read(&key, path), 0);
	assert_int_equal(key.len, SEAL_KEY_SIZE);
	secret_free(&key);
	write_key(path, SEAL_KEY_SIZE - 1, 0600);
	assert_int_equal(seal_key_read(&key, path), GW_ECORRUPT);
	write_key(path, SEAL_KEY_SIZE + 1, 0600);
	assert_int_not_equal(seal_key_read(&key, path), 0);
	write_key(path, SEAL_KEY_SIZE, 0640);
	assert_int_equal(seal_key_read(&key, path), GW_EDENIED);
	assert_int_equal(unlink(path), 0);
	assert_int_not_equal(seal_key_read(&key, path), 0);
	assert_null(key.p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_opens),
	    cmocka_unit_test(test_every_bit_counts),
	    cmocka_unit_test(test_owner_and_key_count),
	    cmocka_unit_test(test_key_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
