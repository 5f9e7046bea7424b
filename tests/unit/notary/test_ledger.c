/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger and verify: what is reported durable is there after a restart, torn
 * lines are cut, a full disk leaves no part of a line, a failed fsync is never
 * a success, and one flipped byte anywhere is found.
 */
#include "tests/unit/support/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/note.h"
#include "audit/verify.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "notary/ledger.h"
#include "ssh/sshkey.h"

static char dir[128];
static struct secret seed;
static char vkey[NOTE_VKEY_SIZE];
static uint64_t seen; /* records the callback got */
static bool sync_fails;
static unsigned syncs;

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

int
__wrap_fdatasync(int fd)
{
	syncs++;
	if (sync_fails) {
		errno = EIO;
		return -1;
	}
	return __real_fdatasync(fd);
}

static void
clean(void)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		(void)closedir(d);
}

static int
setup(void **state)
{
	struct note_key k;
	uint8_t pub[32];

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	strcpy(dir, "/tmp/sallyport-ledger.XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(secret_random(&seed, 32), 0);
	assert_int_equal(sshkey_ed25519_public(pub, &seed), 0);
	assert_int_equal(note_key_init(&k, "gw-test/log", pub), 0);
	note_vkey_format(vkey, &k);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	clean();
	(void)rmdir(dir);
	secret_free(&seed);
	return 0;
}

static int
on_record(void *arg, const struct record *r, const void *line, size_t n)
{
	(void)arg;
	(void)line;
	(void)n;
	assert_int_equal(r->seq, seen);
	seen++;
	return 0;
}

static int
try_open(struct ledger **l, uint64_t segment, uint64_t *cut, char *why)
{
	struct ledger_def def = {.dir = dir,
	    .node = "gw-test",
	    .boot = "12345678-1234-1234-1234-123456789012",
	    .vkey = vkey,
	    .log_seed = &seed,
	    .on_record = on_record,
	    .segment_size = segment};

	seen = 0;
	why[0] = '\0';
	return ledger_open(l, &def, cut, why, LIMIT_TEXT_SIZE);
}

static struct ledger *
open_ok(uint64_t segment, uint64_t want_cut)
{
	struct ledger *l = NULL;
	char why[LIMIT_TEXT_SIZE];
	uint64_t cut = 0;
	int r = try_open(&l, segment, &cut, why);

	if (r != 0)
		fail_msg("cannot open: %d %s", r, why);
	assert_int_equal(cut, want_cut);
	return l;
}

/* n records of this event in one batch; the first failure. */
static int
put(struct ledger *l, enum event_code ev, size_t n, bool checkpoint)
{
	static const char fields[] =
	    ",\"user\":\"alice\",\"msg\":\"something happened here\"";
	struct ledger_entry e[64];
	int r;

	assert_true(n <= ARRAY_LEN(e));
	for (size_t i = 0; i < n; i++)
		e[i] = (struct ledger_entry){.event = ev,
		    .origin = PROC_BROKER,
		    .fields = (const uint8_t *)fields,
		    .len = strlen(fields)};
	r = ledger_commit(l, e, n, checkpoint, clock_now().utc_ms);
	for (size_t i = 0; i < n; i++) {
		if (r == 0)
			assert_int_equal(e[i].result, 0);
		if (r == 0 && i > 0)
			assert_int_equal(e[i].seq, e[i - 1].seq + 1);
	}
	return r;
}

/* record 0 is a checkpoint, as the notary does it */
static struct ledger *
fresh(uint64_t segment)
{
	struct ledger *l;

	clean();
	l = open_ok(segment, 0);
	assert_int_equal(put(l, EV_AUTH_LOGIN, 0, true), 0);
	return l;
}

static struct verify_result
verify(void)
{
	struct verify_result r = {0};

	assert_int_equal(verify_dir(&r, vkey, dir), 0);
	return r;
}

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
	before = syncs;
	assert_int_equal(put(l, EV_AUTH_LOGIN, 20, false), 0);
	assert_int_equal(syncs, before + 1); /* one for the whole batch */
	assert_int_equal(ledger_next(l), 21);
	assert_int_equal(seen, 21);
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
	assert_int_equal(seen, ledger_next(l));
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

static int
open_first(int flags)
{
	char path[512];
	int fd;

	(void)snprintf(
	    path, sizeof(path), "%s/audit-00000000000000000000.ndjson", dir);
	fd = open(path, flags | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
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
	d = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
	(void)snprintf(path, sizeof(path), "%s/audit-%020llu.ndjson", dir,
	    (unsigned long long)ledger_next(l));
	/* whatever stands in its way */
	for (uint64_t n = ledger_next(l); n < 40; n++) {
		(void)snprintf(path, sizeof(path), "%s/audit-%020llu.ndjson",
		    dir, (unsigned long long)n);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	for (unsigned i = 0; i < 30; i++)
		if (put(l, EV_AUTH_LOGIN, 1, false) < 0)
			break;
	assert_true(ledger_degraded(l));
	assert_false(ledger_broken(l));
	for (uint64_t n = 5; n < 40; n++) {
		(void)snprintf(path, sizeof(path), "%s/audit-%020llu.ndjson",
		    dir, (unsigned long long)n);
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
	assert_int_equal(vkey[0], 'g');
	vkey[0] = 'h';
	assert_int_not_equal(try_open(&l, 0, &cut, why), 0);
	vkey[0] = 'g';
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
	/* no room for a batch of 60, and the ballast gives none: the limit is
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

/* Room runs out on a real file system of 4 MiB. */
static void
test_ballast(void **state)
{
	struct ledger *l;
	char path[512];
	static char fill[65536];
	uint64_t next;
	unsigned closes = 0;
	int fd;

	(void)state;
	clean();
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", dir, "tmpfs", 0, "size=4m") != 0)
		SKIP_TEST("needs root to mount a small file system");
	l = fresh(0);
	assert_int_equal(str_fmt(path, sizeof(path), "%s/filler", dir), 0);
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
	while (closes < 2000 && put(l, EV_GRANT_CLOSE, 1, false) == 0)
		closes++;
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
	assert_int_equal(umount(dir), 0);
}

static void
test_sync_fails(void **state)
{
	struct ledger *l = fresh(0);
	uint64_t next;

	(void)state;
	assert_int_equal(put(l, EV_AUTH_LOGIN, 10, true), 0);
	next = ledger_next(l);
	sync_fails = true;
	assert_int_equal(put(l, EV_GRANT_OPEN, 1, false), GW_ESYS);
	sync_fails = false;
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
	int64_t t = ledger_time(l);
	struct ledger_entry e = {.event = EV_AUTH_LOGIN, .origin = PROC_BROKER};

	(void)state;
	assert_int_equal(ledger_commit(l, &e, 1, false, t - 3600000), 0);
	assert_int_equal(ledger_time(l), t); /* never below the last */
	assert_int_equal(ledger_commit(l, &e, 1, true, t + 5), 0);
	assert_int_equal(ledger_time(l), t + 5);
	ledger_free(l);
	l = open_ok(0, 0);
	assert_int_equal(ledger_time(l), t + 5);
	ledger_free(l);
}

/* ---- one byte */

struct flip {
	char name[256];
	off_t size;
};

static size_t
log_files(struct flip *f, size_t max)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		struct stat st;

		if (strncmp(e->d_name, "audit-", 6) != 0)
			continue;
		assert_true(n < max);
		assert_int_equal(fstatat(dirfd(d), e->d_name, &st, 0), 0);
		assert_int_equal(
		    str_copy(f[n].name, sizeof(f[n].name), e->d_name), 0);
		f[n++].size = st.st_size;
	}
	(void)closedir(d);
	return n;
}

static void
test_one_flipped_byte(void **state)
{
	struct ledger *l = fresh(8192);
	struct flip f[64];
	struct verify_result r;
	size_t n;
	unsigned named = 0, tries = 0;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(put(l, EV_AUTH_LOGIN, 5, i % 4 == 0), 0);
	assert_int_equal(put(l, EV_AUTH_LOGIN, 2, true), 0);
	assert_int_equal(put(l, EV_AUTH_LOGIN, 2, false), 0); /* a tail */
	ledger_free(l);
	assert_int_equal(verify().verdict, VERIFY_OPEN);
	n = log_files(f, ARRAY_LEN(f));
	assert_true(n > 2);
	srandom(4711);
	for (size_t i = 0; i < n; i++) {
		char path[512];
		int fd;

		assert_int_equal(
		    str_fmt(path, sizeof(path), "%s/%s", dir, f[i].name), 0);
		assert_true((fd = open(path, O_RDWR | O_CLOEXEC)) >= 0);
		for (unsigned k = 0; k < 60; k++, tries++) {
			off_t at = random() % f[i].size;
			uint8_t c, bad;

			assert_int_equal(pread(fd, &c, 1, at), 1);
			bad = (uint8_t)(c ^ (1U << (random() % 8)));
			assert_int_equal(pwrite(fd, &bad, 1, at), 1);
			r = verify();
			if (r.verdict != VERIFY_BAD)
				fail_msg("byte %lld of %s: %02x -> %02x is not "
					 "seen",
				    (long long)at, f[i].name, c, bad);
			assert_true(r.text[0] != '\0');
			named += r.named ? 1 : 0;
			assert_int_equal(pwrite(fd, &c, 1, at), 1);
		}
		(void)close(fd);
	}
	assert_int_equal(named, tries); /* with leaf hashes: the one record */
	assert_int_equal(verify().verdict, VERIFY_OPEN);
}

/* The byte of record `seq` at this text is changed; verify from a stream. */
static struct verify_result
flip_record(const char *what, bool leaves)
{
	struct verify_result r = {0};
	char *p = NULL, *hit;
	struct stat st;
	int fd = open_first(O_RDWR);

	assert_int_equal(fstat(fd, &st), 0);
	p = calloc(1, (size_t)st.st_size + 1);
	assert_non_null(p);
	assert_int_equal(pread(fd, p, (size_t)st.st_size, 0), st.st_size);
	assert_non_null(hit = strstr(p, what));
	hit = strstr(hit, "alice");
	assert_non_null(hit);
	assert_int_equal(pwrite(fd, "A", 1, hit - p), 1);
	if (leaves) {
		r = verify();
	} else {
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(verify_fd(&r, vkey, fd), 0);
	}
	assert_int_equal(pwrite(fd, "a", 1, hit - p), 1);
	free(p);
	(void)close(fd);
	return r;
}

static void
test_naming(void **state)
{
	struct ledger *l = fresh(0);
	struct verify_result r;

	(void)state;
	assert_int_equal(put(l, EV_AUTH_LOGIN, 10, true), 0); /* 1..10, cp 11 */
	assert_int_equal(put(l, EV_GRANT_CLOSE, 10, true), 0); /* 12..21, 22 */
	assert_int_equal(put(l, EV_AUTH_LOGIN, 10, true), 0);
	ledger_free(l);
	r = flip_record("\"seq\":17,", true);
	assert_int_equal(r.verdict, VERIFY_BAD);
	assert_true(r.named);
	assert_int_equal(r.bad_first, 17);
	assert_int_equal(r.covered, 11);
	assert_non_null(strstr(r.text, "Record 17 ("));
	assert_non_null(strstr(r.text, "grant.close"));
	assert_non_null(strstr(r.text, "checkpoint of record 22"));
	assert_non_null(strstr(r.text, "17 records before it are intact"));
	/* a SIEM's copy has no leaf hashes: the stretch is named */
	r = flip_record("\"seq\":17,", false);
	assert_int_equal(r.verdict, VERIFY_BAD);
	assert_false(r.named);
	assert_int_equal(r.bad_first, 11);
	assert_int_equal(r.bad_last, 21);
}

static int
feed_lines(
    struct verify *a, const char *p, size_t n, uint64_t from, uint64_t without)
{
	uint64_t seq = 0;
	const char *lf;

	while ((lf = memchr(p, '\n', n)) != NULL) {
		if (seq >= from && seq != without &&
		    !verify_line(a, p, (size_t)(lf - p)))
			return -1;
		seq++;
		n -= (size_t)(lf - p) + 1;
		p = lf + 1;
	}
	return 0;
}

static void
test_streams(void **state)
{
	static char log[65536], leaves[65536];
	struct verify_result r = {0};
	char path[512];
	struct verify *a = NULL;
	struct ledger *l = fresh(0);
	ssize_t n, nl;
	int fd;

	(void)state;
	assert_int_equal(put(l, EV_AUTH_LOGIN, 10, true), 0);
	assert_int_equal(put(l, EV_AUTH_LOGIN, 10, true), 0);
	ledger_free(l);
	fd = open_first(O_RDONLY);
	assert_true((n = read(fd, log, sizeof(log))) > 0);
	(void)close(fd);
	(void)snprintf(
	    path, sizeof(path), "%s/leaves-00000000000000000000.bin", dir);
	assert_true((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0);
	assert_int_equal(nl = read(fd, leaves, sizeof(leaves)), 23 * 32);
	(void)close(fd);

	assert_int_equal(str_fmt(path, sizeof(path),
			     "%s/audit-00000000000000000000.ndjson", dir),
	    0);
	assert_int_equal(verify_dir(&r, vkey, path), 0); /* one file */
	assert_int_equal(r.verdict, VERIFY_OK);
	assert_int_equal(verify_new(&a, vkey), 0);
	assert_int_equal(feed_lines(a, log, (size_t)n, 0, UINT64_MAX), 0);
	assert_int_equal(verify_result(a)->verdict, VERIFY_OK);
	assert_int_equal(verify_result(a)->covered, 22);
	verify_free(a);
	/* one record left out */
	assert_int_equal(verify_new(&a, vkey), 0);
	assert_int_equal(feed_lines(a, log, (size_t)n, 0, 7), -1);
	assert_int_equal(verify_result(a)->verdict, VERIFY_BAD);
	assert_int_equal(verify_result(a)->bad_first, 7);
	verify_free(a);
	/* from the middle: not without what was before */
	assert_int_equal(verify_new(&a, vkey), 0);
	assert_int_equal(feed_lines(a, log, (size_t)n, 5, UINT64_MAX), -1);
	assert_int_equal(verify_result(a)->verdict, VERIFY_BAD);
	verify_free(a);
	/* nothing proves nothing */
	assert_int_equal(verify_new(&a, vkey), 0);
	assert_int_equal(verify_result(a)->verdict, VERIFY_BAD);
	verify_free(a);
}

static void
test_leaves_mended(void **state)
{
	struct ledger *l = fresh(0);
	char path[512];
	int fd;

	(void)state;
	assert_int_equal(put(l, EV_AUTH_LOGIN, 10, true), 0);
	ledger_free(l);
	(void)snprintf(
	    path, sizeof(path), "%s/leaves-00000000000000000000.bin", dir);
	assert_true((fd = open(path, O_RDWR | O_CLOEXEC)) >= 0);
	assert_int_equal(pwrite(fd, "xxxx", 4, 40), 4);
	assert_int_equal(ftruncate(fd, 200), 0);
	(void)close(fd);
	l = open_ok(0, 0);
	assert_int_equal(put(l, EV_AUTH_LOGIN, 3, true), 0);
	ledger_free(l);
	assert_int_equal(verify().verdict, VERIFY_OK);
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
	    cmocka_unit_test(test_torn),
	    cmocka_unit_test(test_changed_log_does_not_open),
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_sync_fails),
	    cmocka_unit_test(test_clock),
	    cmocka_unit_test(test_one_flipped_byte),
	    cmocka_unit_test(test_naming),
	    cmocka_unit_test(test_streams),
	    cmocka_unit_test(test_leaves_mended),
	    cmocka_unit_test(test_ballast),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
