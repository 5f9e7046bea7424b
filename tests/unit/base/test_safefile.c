/* SPDX-License-Identifier: Apache-2.0 */
/* test_safefile - what is refused to be read, and what a write leaves. */
#include "tests/unit/support/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/safefile.h"
#include "base/str.h"

struct ctx {
	char dir[64];
	char path[128];
};

static int
setup(void **state)
{
	struct ctx *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -1;
	memcpy(c->dir, "/tmp/sallyport-test-XXXXXX", 27);
	if (mkdtemp(c->dir) == NULL ||
	    str_fmt(c->path, sizeof(c->path), "%s/file", c->dir) != 0) {
		free(c);
		return -1;
	}
	*state = c;
	return 0;
}

/* Counts the entries; removes them if asked to. */
static unsigned
entries(const char *dir, bool rm)
{
	DIR *d = opendir(dir);
	const struct dirent *e = NULL;
	unsigned n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		n++;
		if (rm && unlinkat(dirfd(d), e->d_name, 0) != 0)
			(void)unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	}
	(void)closedir(d);
	return n;
}

static int
teardown(void **state)
{
	struct ctx *c = *state;

	(void)entries(c->dir, true);
	(void)rmdir(c->dir);
	free(c);
	return 0;
}

static void
modes(void **state)
{
	static const struct {
		const char *name;
		mode_t mode;
		unsigned flags;
		int want;
	} rows[] = {
	    {"0600 private", 0600, SAFEFILE_PRIVATE, 0},
	    {"0400 private", 0400, SAFEFILE_PRIVATE, 0},
	    {"0640 private", 0640, SAFEFILE_PRIVATE, GW_EDENIED},
	    {"0604 private", 0604, SAFEFILE_PRIVATE, GW_EDENIED},
	    {"0601 private", 0601, SAFEFILE_PRIVATE, GW_EDENIED},
	    {"0644", 0644, 0, 0},
	    {"0664", 0664, 0, GW_EDENIED},
	    {"0646", 0646, 0, GW_EDENIED},
	    {"0666 any owner", 0666, SAFEFILE_ANY_OWNER, GW_EDENIED},
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct secret s = {0};

		CHECK_ROW(safefile_write(c->path, "words", 5, rows[i].mode,
			      (uid_t)-1, (gid_t)-1) == 0,
		    rows[i].name);
		CHECK_ROW(safefile_read(&s, c->path, 5, rows[i].flags) ==
			      rows[i].want,
		    rows[i].name);
		if (rows[i].want == 0) {
			CHECK_ROW(s.len == 5, rows[i].name);
			CHECK_ROW(memcmp(s.p, "words", 6) == 0, rows[i].name);
		} else {
			CHECK_ROW(s.p == NULL, rows[i].name);
		}
		secret_free(&s);
	}
}

static void
owners(void **state)
{
	struct ctx *c = *state;
	struct secret s = {0};

	if (geteuid() != 0)
		SKIP_TEST("needs root to make a file of somebody else");
	assert_int_equal(
	    safefile_write(c->path, "x", 1, 0600, 12345, 12345), 0);
	assert_int_equal(safefile_read(&s, c->path, 1, 0), GW_EDENIED);
	assert_int_equal(safefile_read(&s, c->path, 1, SAFEFILE_ANY_OWNER), 0);
	secret_free(&s);
}

static void
sizes(void **state)
{
	struct ctx *c = *state;
	struct secret s = {0};

	assert_int_equal(
	    safefile_write(c->path, "12345678", 8, 0600, (uid_t)-1, (gid_t)-1),
	    0);
	assert_int_equal(safefile_read(&s, c->path, 7, 0), GW_ELIMIT);
	assert_int_equal(safefile_read(&s, c->path, 8, 0), 0);
	secret_free(&s);
	assert_int_equal(
	    safefile_write(c->path, "", 0, 0600, (uid_t)-1, (gid_t)-1), 0);
	assert_int_equal(safefile_read(&s, c->path, 8, 0), 0);
	assert_int_equal(s.len, 0);
	assert_non_null(s.p);
	assert_int_equal(s.p[0], 0);
	secret_free(&s);
}

static void
other_kinds_of_file(void **state)
{
	struct ctx *c = *state;
	struct secret s = {0};
	char link[128] = "";

	assert_int_equal(str_fmt(link, sizeof(link), "%s/link", c->dir), 0);
	assert_int_equal(
	    safefile_write(c->path, "x", 1, 0600, (uid_t)-1, (gid_t)-1), 0);
	assert_int_equal(symlink("file", link), 0);
	assert_int_equal(safefile_read(&s, link, 9, 0), GW_ESYS);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(unlink(link), 0);

	/* Must not wait for a writer. */
	assert_int_equal(mkfifo(link, 0600), 0);
	assert_int_equal(safefile_read(&s, link, 9, 0), GW_EDENIED);
	assert_int_equal(safefile_read(&s, c->dir, 9, 0), GW_EDENIED);

	assert_int_equal(unlink(c->path), 0);
	errno = 0;
	assert_int_equal(safefile_read(&s, c->path, 9, 0), GW_ESYS);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(safefile_read(&s, "relative", 9, 0), GW_EINVAL);
	assert_int_equal(safefile_read(&s, "", 9, 0), GW_EINVAL);
	assert_null(s.p);
}

static void
write_replaces_and_leaves_nothing_else(void **state)
{
	struct ctx *c = *state;
	struct secret s = {0};
	struct stat st;
	char outside[128] = "";

	assert_int_equal(
	    str_fmt(outside, sizeof(outside), "%s/outside", c->dir), 0);
	assert_int_equal(
	    safefile_write(outside, "keep", 4, 0600, (uid_t)-1, (gid_t)-1), 0);
	/* A link in the file's place is replaced, not followed. */
	assert_int_equal(symlink("outside", c->path), 0);
	assert_int_equal(
	    safefile_write(c->path, "new", 3, 0640, (uid_t)-1, (gid_t)-1), 0);
	assert_int_equal(lstat(c->path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(safefile_read(&s, outside, 9, 0), 0);
	assert_string_equal((const char *)s.p, "keep");
	secret_free(&s);
	assert_int_equal(entries(c->dir, false), 2);
}

static void
failed_write_leaves_the_old_file(void **state)
{
	struct ctx *c = *state;
	struct secret s = {0};
	struct rlimit old;
	struct rlimit tiny;
	char big[8192] = "";
	int r = 0;

	assert_int_equal(
	    safefile_write(c->path, "old", 3, 0600, (uid_t)-1, (gid_t)-1), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	tiny = old;
	tiny.rlim_cur = 4096;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
	errno = 0;
	r = safefile_write(
	    c->path, big, sizeof(big), 0600, (uid_t)-1, (gid_t)-1);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(r, GW_ESYS);
	assert_int_equal(safefile_read(&s, c->path, 9, 0), 0);
	assert_string_equal((const char *)s.p, "old");
	secret_free(&s);
	assert_int_equal(entries(c->dir, false), 1);
}

static void
bad_paths(void **state)
{
	static const char *const bad[] = {
	    "", "file", "/", "/tmp/", "/tmp/.", "/tmp/.."};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CHECK_ROW(safefile_write(bad[i], "x", 1, 0600, (uid_t)-1,
			      (gid_t)-1) == GW_EINVAL,
		    bad[i]);
		CHECK_ROW(safefile_mkdir(bad[i], 0700, (uid_t)-1, (gid_t)-1) ==
			      GW_EINVAL,
		    bad[i]);
	}
	assert_int_equal(safefile_write("/nonexistent/x", "x", 1, 0600,
			     (uid_t)-1, (gid_t)-1),
	    GW_ESYS);
}

static void
folders(void **state)
{
	struct ctx *c = *state;
	struct stat st;
	char link[128] = "";

	assert_int_equal(
	    safefile_mkdir(c->path, 0750, (uid_t)-1, (gid_t)-1), 0);
	assert_int_equal(stat(c->path, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0750);
	assert_int_equal(
	    safefile_mkdir(c->path, 0700, (uid_t)-1, (gid_t)-1), 0);
	assert_int_equal(stat(c->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);

	assert_int_equal(str_fmt(link, sizeof(link), "%s/link", c->dir), 0);
	assert_int_equal(symlink("file", link), 0);
	assert_int_equal(
	    safefile_mkdir(link, 0755, (uid_t)-1, (gid_t)-1), GW_ESYS);
	assert_int_equal(stat(c->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(
	    safefile_write(link, "x", 1, 0600, (uid_t)-1, (gid_t)-1), 0);
	assert_int_equal(
	    safefile_mkdir(link, 0755, (uid_t)-1, (gid_t)-1), GW_ESYS);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(modes),
	    T(owners),
	    T(sizes),
	    T(other_kinds_of_file),
	    T(write_replaces_and_leaves_nothing_else),
	    T(failed_write_leaves_the_old_file),
	    T(bad_paths),
	    T(folders),
	};

	return cmocka_run_group_tests_name("safefile", tests, NULL, NULL);
}
