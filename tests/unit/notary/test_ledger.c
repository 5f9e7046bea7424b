/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger: what is reported durable is there after a restart, torn lines are
 * cut, a full disk leaves no part of a line, a failed fsync is never a success.
 */
#include "tests/unit/notary/ledgerscene.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/* Two writers would be the end of the chain. */
static void
test_one_writer(void **state)
{
	struct ledger *l = open_ok(0, 0), *other = NULL;
	char why[LIMIT_TEXT_SIZE];
	uint64_t cut = 0;

	(void)state;
	assert_int_equal(try_open(&other, 0, &cut, why), GW_ESTATE);
	assert_non_null(strstr(why, "another notary still has"));
	ledger_free(l);
	ledger_free(open_ok(0, 0));
}

static void
test_batches(void **state)
{
	struct ledger *l = fresh(0);
	unsigned before;

	(void)state;
	before = lt.syncs;
	assert_int_equal(put(l, EV_AUTH_LOGIN, 20, false), 0);
	assert_int_equal(lt.syncs, before + 1); /* one for the whole batch */
	assert_int_equal(ledger_next(l), 21);
	assert_int_equal(lt.seen, 21);
	assert_int_equal(put(l, EV_GRANT_CLOSE, 1, true), 0);
	assert_int_equal(ledger_next(l), 23);
	assert_int_equal(ledger_checkpointed(l), 22);
	ledger_free(l);
	l = open_ok(0, 0);
	assert_int_equal(ledger_next(l), 23);
	assert_int_equal(ledger_checkpointed(l), 22);
	assert_int_equal(put(l, EV_AUTH_LOGIN, 3, true), 0);
	ledger_free(l);
	assert_int_equal(verify().verdict, VERIFY_OK);
	assert_int_equal(verify().records, 27);
}

static void
test_segments_and_read(void **state)
{
	struct ledger *l = fresh(4096);
	struct buf b;
	uint64_t next = 0, at = 0;

	(void)state;
	for (unsigned i = 0; i < 60; i++)
		assert_int_equal(put(l, EV_AUTH_LOGIN, 5, i % 7 == 0), 0);
	assert_int_equal(put(l, EV_AUTH_LOGIN, 1, true), 0);
	ledger_free(l);
	l = open_ok(4096, 0);
	assert_int_equal(lt.seen, ledger_next(l));
	assert_int_equal(verify().verdict, VERIFY_OK);
	buf_init(&b, LIMIT_BODY_MAX);
	while (at < ledger_next(l)) {
		struct record r;
		const uint8_t *p, *lf;

		buf_reset(&b);
		assert_int_equal(ledger_read(l, at, 1500, &b, &next), 0);
		assert_true(next > at);
		assert_true(b.len <= 1500);
		p = b.p;
		while (
		    (lf = memchr(p, '\n', b.len - (size_t)(p - b.p))) != NULL) {
			assert_int_equal(
			    record_parse(&r, p, (size_t)(lf - p)), 0);
			assert_int_equal(r.seq, at++);
			p = lf + 1;
		}
		assert_int_equal(at, next);
	}
	buf_reset(&b);
	assert_int_equal(ledger_read(l, at, 1500, &b, &next), GW_ENOENT);
	/* less than a record asked for: one is given */
	assert_int_equal(ledger_read(l, 77, 1, &b, &next), 0);
	assert_int_equal(next, 78);
	buf_done(&b);
	ledger_free(l);
}

/* What is not the log's is left alone; what has its name must be it. */
static void
test_foreign(void **state)
{
	static const char *const strange[] = {"README", "audit-1.ndjson",
	    "audit-00000000000000000000.ndjson.bak", "lost+found"};
	char why[LIMIT_TEXT_SIZE];
	struct ledger *l = fresh(0);
	uint64_t cut = 0;
	int d;

	(void)state;
	assert_int_equal(put(l, EV_AUTH_LOGIN, 5, true), 0);
	ledger_free(l);
	d = open(lt.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(d >= 0);
	for (size_t i = 0; i < ARRAY_LEN(strange); i++) {
		int fd =
		    openat(d, strange[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		assert_int_equal(write(fd, "x", 1), 1);
		(void)close(fd);
	}
	l = open_ok(0, 0);
	assert_int_equal(ledger_next(l), 7);
	ledger_free(l);
	/* the next segment's name, but a pipe, a link, a folder */
	for (int kind = 0; kind < 3; kind++) {
		static const char name[] = "audit-00000000000000000007.ndjson";

		if (kind == 0)
			assert_int_equal(mkfifoat(d, name, 0600), 0);
		else if (kind == 1)
			assert_int_equal(symlinkat("README", d, name), 0);
		else
			assert_int_equal(mkdirat(d, name, 0700), 0);
		assert_true(try_open(&l, 0, &cut, why) < 0);
		assert_non_null(strstr(why, name));
		assert_null(strstr(why, "Success"));
		assert_int_equal(
		    unlinkat(d, name, kind == 2 ? AT_REMOVEDIR : 0), 0);
	}
	l = open_ok(0, 0);
	ledger_free(l);
	(void)close(d);
}

/* No room for the next segment: nothing is lost, nothing is half there. */
static void
test_no_next_segment(void **state)
{
	struct ledger *l = fresh(2000);
	char path[512];
	struct stat st;

	(void)state;
	while (ledger_next(l) < 5)
		assert_int_equal(put(l, EV_AUTH_LOGIN, 1, false), 0);
	(void)snprintf(path, sizeof(path), "%s/audit-%020llu.ndjson", lt.dir,
	    (unsigned long long)ledger_next(l));
	/* whatever stands in its way */
	for (uint64_t n = ledger_next(l); n < 40; n++) {
		(void)snprintf(path, sizeof(path), "%s/audit-%020llu.ndjson",
		    lt.dir, (unsigned long long)n);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	for (unsigned i = 0; i < 30; i++)
		if (put(l, EV_AUTH_LOGIN, 1, false) < 0)
			break;
	assert_true(ledger_degraded(l));
	assert_false(ledger_broken(l));
	for (uint64_t n = 5; n < 40; n++) {
		(void)snprintf(path, sizeof(path), "%s/audit-%020llu.ndjson",
		    lt.dir, (unsigned long long)n);
		if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
			assert_int_equal(rmdir(path), 0);
	}
	assert_int_equal(put(l, EV_AUTH_LOGIN, 1, true), 0);
	assert_false(ledger_degraded(l));
	ledger_free(l);
	l = open_ok(2000, 0);
	ledger_free(l);
	assert_int_equal(verify().verdict, VERIFY_OK);
}

/* A log whose folder is gone is not one whose disk is full. */
static void
test_dead(void **state)
{
	struct ledger *l = fresh(2000);

	(void)state;
	assert_int_equal(put(l, EV_AUTH_LOGIN, 1, false), 0);
	clean();
	assert_int_equal(rmdir(lt.dir), 0);
	for (unsigned i = 0; i < 30; i++)
		if (put(l, EV_AUTH_LOGIN, 1, false) < 0)
			break;
	assert_true(ledger_broken(l));
	assert_false(ledger_degraded(l));
	assert_int_equal(ledger_error(l), ENOENT);
	ledger_free(l);
	assert_int_equal(mkdir(lt.dir, 0700), 0);
}

static void
test_torn(void **state)
{
	static const char half[] = "{\"v\":1,\"seq\":12,\"id\":\"0198";
	static const char zeros[300];
	struct ledger *l = fresh(0);
	int fd;

	(void)state;
	assert_int_equal(put(l, EV_AUTH_LOGIN, 10, true), 0);
	ledger_free(l);
	fd = open_first(O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, half, sizeof(half) - 1), sizeof(half) - 1);
	l = open_ok(0, sizeof(half) - 1);
	assert_int_equal(ledger_next(l), 12);
	assert_int_equal(put(l, EV_AUTH_LOGIN, 1, true), 0);
	ledger_free(l);
	/* what a power failure leaves on some file systems */
	assert_int_equal(write(fd, zeros, sizeof(zeros)), sizeof(zeros));
	l = open_ok(0, sizeof(zeros));
	assert_int_equal(put(l, EV_AUTH_LOGIN, 1, true), 0);
	ledger_free(l);
	(void)close(fd);
	assert_int_equal(verify().verdict, VERIFY_OK);
}

static void
test_changed_log_does_not_open(void **state)
{
	struct ledger *l = fresh(0);
	char why[LIMIT_TEXT_SIZE];
	uint64_t cut = 0;
	struct stat st;
	uint8_t c;
	int fd;

	(void)state;
	assert_int_equal(put(l, EV_AUTH_LOGIN, 10, true), 0);
	ledger_free(l);
	l = NULL;
	fd = open_first(O_RDWR);
	assert_int_equal(fstat(fd, &st), 0);
	/* in the text of a record, in its number, and a line made two */
	for (off_t at = 600; at < st.st_size / 2; at += 97) {
		assert_int_equal(pread(fd, &c, 1, at), 1);
		c ^= 1;
		assert_int_equal(pwrite(fd, &c, 1, at), 1);
		assert_int_equal(try_open(&l, 0, &cut, why), GW_ECORRUPT);
		assert_true(why[0] != '\0');
		c ^= 1;
		assert_int_equal(pwrite(fd, &c, 1, at), 1);
	}
	(void)close(fd);
	l = open_ok(0, 0); /* and with all put back, it does */
	ledger_free(l);
	/* another key's log */
	assert_int_equal(lt.vkey[0], 'g');
	lt.vkey[0] = 'h';
	assert_int_not_equal(try_open(&l, 0, &cut, why), 0);
	lt.vkey[0] = 'g';
}

static void
limit(rlim_t bytes)
{
	struct rlimit r = {bytes, RLIM_INFINITY};

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void
test_full(void **state)
{
	struct ledger *l = fresh(0);
	struct stat before, after;
	int fd = open_first(O_RDONLY);
	uint64_t next;

	(void)state;
	assert_int_equal(put(l, EV_AUTH_LOGIN, 10, true), 0);
	next = ledger_next(l);
	assert_int_equal(fstat(fd, &before), 0);
	/* no room for a batch of 60, and the reserve gives none: the limit is
	 * on the file's size */
	limit((rlim_t)before.st_size + 1000);
	assert_int_equal(put(l, EV_AUTH_LOGIN, 60, false), GW_ESYS);
	assert_true(ledger_degraded(l));
	assert_false(ledger_broken(l));
	assert_int_equal(fstat(fd, &after), 0);
	/* audit.degraded fits, what gives access is refused */
	assert_int_equal(ledger_next(l), next + 1);
	{
		struct buf b;
		uint64_t to;

		buf_init(&b, LIMIT_BODY_MAX);
		assert_int_equal(ledger_read(l, next, 1, &b, &to), 0);
		buf_u8(&b, 0);
		assert_non_null(strstr((char *)b.p, "audit.degraded"));
		buf_done(&b);
	}
	limit((rlim_t)after.st_size + 10); /* not even that */
	assert_int_not_equal(put(l, EV_GRANT_CLOSE, 1, false), 0);
	assert_int_equal(fstat(fd, &before), 0);
	assert_int_equal(before.st_size, after.st_size); /* no torn line */
	limit(RLIM_INFINITY);
	assert_int_equal(put(l, EV_AUTH_LOGIN, 5, true), 0);
	assert_false(ledger_degraded(l));
	ledger_free(l);
	(void)close(fd);
	l = open_ok(0, 0);
	ledger_free(l);
	assert_int_equal(verify().verdict, VERIFY_OK);
}

/* Of each verb that ends access (ENDS_ACCESS in wire/verbs.h) its records. */
static const enum event_code taken[] = {EV_GRANT_TERMINATE, EV_GRANT_CLOSE,
    EV_SESSION_TERMINATE, EV_USER_UPDATE, EV_USER_REMOVE, EV_ROLE_REMOVE,
    EV_TARGET_REMOVE, EV_USER_KEY, EV_LOCK_CREATE, EV_REQUEST_DENY,
    EV_REQUEST_WITHDRAW, EV_CHANGE_DENY, EV_CHANGE_WITHDRAW, EV_GRANT_SHUT,
    EV_GRANT_NOT_SHUT, EV_PROCESS_HUNG};

/* Room runs out on a real file system of 4 MiB. */
static void
fill_disk(bool others)
{
	struct ledger *l;
	char path[512];
	static char fill[65536];
	uint64_t next;
	unsigned closes = 0;
	int fd;

	clean();
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", lt.dir, "tmpfs", 0, "size=4m") != 0)
		SKIP_TEST("needs root to mount a small file system");
	l = fresh(0);
	assert_int_equal(str_fmt(path, sizeof(path), "%s/filler", lt.dir), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	while (write(fd, fill, sizeof(fill)) > 0)
		;
	(void)close(fd);
	for (unsigned i = 0; i < 1000 && !ledger_degraded(l); i++)
		(void)!put(l, EV_GRANT_OPEN, 10, false);
	assert_true(ledger_degraded(l));
	next = ledger_next(l);
	/* nothing more is opened, and what is open can be closed */
	assert_int_equal(put(l, EV_GRANT_OPEN, 1, false), GW_ESYS);
	assert_int_equal(ledger_next(l), next);
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		if (put(l, taken[i], 1, false) != 0)
			fail_msg(
			    "%s is not written", event_spec(taken[i])->name);
	while (closes < 2000 && put(l, EV_GRANT_CLOSE, 1, false) == 0) {
		closes++;
		if (!others)
			continue;
		/* whoever else writes there takes none of the reserve */
		fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
		assert_true(fd >= 0 && write(fd, fill, sizeof(fill)) < 0);
		(void)close(fd);
	}
	assert_true(closes >= 2000);
	assert_int_equal(put(l, EV_AUTH_LOGIN, 0, true), 0);
	ledger_free(l);
	l = open_ok(0, 0);
	assert_true(ledger_degraded(l));
	assert_int_equal(put(l, EV_GRANT_OPEN, 1, false), GW_ESYS);
	/* room again */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(put(l, EV_AUTH_LOGIN, 1, true), 0);
	assert_false(ledger_degraded(l));
	ledger_free(l);
	assert_int_equal(verify().verdict, VERIFY_OK);
	clean();
	assert_int_equal(umount(lt.dir), 0);
}

static void
test_reserve(void **state)
{
	(void)state;
	fill_disk(true);
}

/* Of a file system that cannot allocate behind the end of a file. */
static void
test_reserve_file(void **state)
{
	(void)state;
	lt.no_fallocate = true;
	fill_disk(false);
	lt.no_fallocate = false;
}

static void
test_sync_fails(void **state)
{
	struct ledger *l = fresh(0);
	uint64_t next;

	(void)state;
	assert_int_equal(put(l, EV_AUTH_LOGIN, 10, true), 0);
	next = ledger_next(l);
	lt.sync_fails = true;
	assert_int_equal(put(l, EV_GRANT_OPEN, 1, false), GW_ESYS);
	lt.sync_fails = false;
	assert_true(ledger_broken(l));
	assert_int_equal(ledger_next(l), next);
	/* the disk may be well again, we are not until a restart */
	assert_int_equal(put(l, EV_GRANT_OPEN, 1, false), GW_ESYS);
	assert_int_equal(put(l, EV_GRANT_CLOSE, 1, false), GW_ESYS);
	ledger_free(l);
	l = open_ok(0, 0);
	assert_int_equal(ledger_next(l), next + 1); /* audit.refused */
	assert_int_equal(put(l, EV_AUTH_LOGIN, 1, true), 0);
	ledger_free(l);
	assert_int_equal(verify().verdict, VERIFY_OK);
}

static void
test_clock(void **state)
{
	struct ledger *l = fresh(0);
	struct logtime t = {.utc_ms = ledger_time(l), .boot_ms = 5000};
	struct ledger_entry e = {.event = EV_AUTH_LOGIN, .origin = PROC_BROKER};

	(void)state;
	t.utc_ms += 5;
	assert_int_equal(ledger_commit(l, &e, 1, false, &t), 0);
	assert_int_equal(ledger_time(l), t.utc_ms);
	t.utc_ms -=
	    3600000; /* once it was accepted; logtime.h is who decides */
	assert_int_equal(ledger_commit(l, &e, 1, true, &t), 0);
	ledger_free(l);
	l = open_ok(0, 0);
	assert_int_equal(ledger_time(l), t.utc_ms);
	ledger_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_batches),
	    cmocka_unit_test(test_one_writer),
	    cmocka_unit_test(test_segments_and_read),
	    cmocka_unit_test(test_foreign),
	    cmocka_unit_test(test_no_next_segment),
	    cmocka_unit_test(test_dead),
	    cmocka_unit_test(test_torn),
	    cmocka_unit_test(test_changed_log_does_not_open),
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_sync_fails),
	    cmocka_unit_test(test_clock),
	    cmocka_unit_test(test_one_flipped_byte),
	    cmocka_unit_test(test_naming),
	    cmocka_unit_test(test_older_nul),
	    cmocka_unit_test(test_streams),
	    cmocka_unit_test(test_leaves_mended),
	    cmocka_unit_test(test_reserve),
	    cmocka_unit_test(test_reserve_file),
	    cmocka_unit_test(test_cut_back),
	    cmocka_unit_test(test_time_of_the_last),
	    cmocka_unit_test(test_receivers_copy),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
