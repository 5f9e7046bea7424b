/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledgerscene - see the header.
 */
#include "tests/unit/notary/ledgerscene.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "ssh/sshkey.h"

struct ledger_scene lt;

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

int
__wrap_fdatasync(int fd)
{
	lt.syncs++;
	if (lt.sync_fails) {
		errno = EIO;
		return -1;
	}
	return __real_fdatasync(fd);
}

int __real_fallocate(int fd, int mode, off_t at, off_t n);
int __wrap_fallocate(int fd, int mode, off_t at, off_t n);

/* As ext3 and many network file systems. */
int
__wrap_fallocate(int fd, int mode, off_t at, off_t n)
{
	if (lt.no_fallocate) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return __real_fallocate(fd, mode, at, n);
}

void
clean(void)
{
	DIR *d = opendir(lt.dir);
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		(void)closedir(d);
}

int
setup(void **state)
{
	struct note_key k;
	uint8_t pub[32];

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	strcpy(lt.dir, "/tmp/sallyport-ledger.XXXXXX");
	assert_non_null(mkdtemp(lt.dir));
	assert_int_equal(secret_random(&lt.seed, 32), 0);
	assert_int_equal(sshkey_ed25519_public(pub, &lt.seed), 0);
	assert_int_equal(note_key_init(&k, "gw-test/log", pub), 0);
	note_vkey_format(lt.vkey, &k);
	return 0;
}

int
teardown(void **state)
{
	(void)state;
	clean();
	(void)rmdir(lt.dir);
	secret_free(&lt.seed);
	return 0;
}

static int
on_record(void *arg, const struct record *r, const void *line, size_t n)
{
	(void)arg;
	(void)line;
	(void)n;
	assert_int_equal(r->seq, lt.seen);
	lt.seen++;
	return 0;
}

int
try_open(struct ledger **l, uint64_t segment, uint64_t *cut, char *why)
{
	struct ledger_def def = {.dir = lt.dir,
	    .node = "gw-test",
	    .boot = "12345678-1234-1234-1234-123456789012",
	    .vkey = lt.vkey,
	    .log_seed = &lt.seed,
	    .on_record = on_record,
	    .segment_size = segment};

	lt.seen = 0;
	why[0] = '\0';
	return ledger_open(l, &def, cut, why, LIMIT_TEXT_SIZE);
}

struct ledger *
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

int
put(struct ledger *l, enum event_code ev, size_t n, bool checkpoint)
{
	static const char fields[] =
	    ",\"user\":\"alice\",\"msg\":\"something happened here\"";
	const struct now now = clock_now();
	const struct logtime t = {.utc_ms = now.utc_ms, .boot_ms = now.boot_ms};
	struct ledger_entry e[64];
	int r;

	assert_true(n <= ARRAY_LEN(e));
	for (size_t i = 0; i < n; i++)
		e[i] = (struct ledger_entry){.event = ev,
		    .origin = PROC_BROKER,
		    .fields = (const uint8_t *)fields,
		    .len = strlen(fields)};
	r = ledger_commit(l, e, n, checkpoint, &t);
	for (size_t i = 0; i < n; i++) {
		if (r == 0)
			assert_int_equal(e[i].result, 0);
		if (r == 0 && i > 0)
			assert_int_equal(e[i].seq, e[i - 1].seq + 1);
	}
	return r;
}

struct ledger *
fresh(uint64_t segment)
{
	struct ledger *l;

	clean();
	l = open_ok(segment, 0);
	assert_int_equal(put(l, EV_AUTH_LOGIN, 0, true), 0);
	return l;
}

struct verify_result
verify_path(const char *path, const struct note_checkpoint *expect)
{
	struct verify_result r;
	struct verify *v = NULL;

	assert_int_equal(verify_new(&v, lt.vkey), 0);
	if (expect != NULL)
		verify_expect(v, expect, true);
	assert_int_equal(verify_dir(v, path), 0);
	r = *verify_result(v);
	verify_free(v);
	return r;
}

struct verify_result
verify(void)
{
	return verify_path(lt.dir, NULL);
}

int
open_first(int flags)
{
	char path[512];
	int fd;

	(void)snprintf(
	    path, sizeof(path), "%s/audit-00000000000000000000.ndjson", lt.dir);
	fd = open(path, flags | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}
