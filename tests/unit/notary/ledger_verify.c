/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_verify - one flipped byte anywhere is found and named, with the
 * notary's leaf hashes and in a copy without them.
 */
#include "tests/unit/notary/ledgerscene.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/expect.h"
#include "base/clock.h"
#include "base/str.h"

struct flip {
	char name[256];
	off_t size;
};

static size_t
log_files(struct flip *f, size_t max)
{
	DIR *d = opendir(lt.dir);
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

void
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
		    str_fmt(path, sizeof(path), "%s/%s", lt.dir, f[i].name), 0);
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
		struct verify *v = NULL;

		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(verify_new(&v, lt.vkey), 0);
		assert_int_equal(verify_fd(v, fd), 0);
		r = *verify_result(v);
		verify_free(v);
	}
	assert_int_equal(pwrite(fd, "a", 1, hit - p), 1);
	free(p);
	(void)close(fd);
	return r;
}

void
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

/* Older versions wrote a NUL of a command as \u0000. */
void
test_older_nul(void **state)
{
	static const char fields[] = ",\"command\":\"echo a\\u0000b\"";
	struct ledger *l = fresh(0);
	struct ledger_entry e = {.event = EV_SESSION_EXEC,
	    .origin = PROC_SESSION,
	    .conn = 7,
	    .fields = (const uint8_t *)fields,
	    .len = strlen(fields)};
	const struct logtime t = {
	    .utc_ms = clock_now().utc_ms, .boot_ms = 5000};

	(void)state;
	assert_int_equal(ledger_commit(l, &e, 1, true, &t), 0);
	ledger_free(l);
	assert_int_equal(verify().verdict, VERIFY_OK);
	l = open_ok(0, 0);
	assert_int_equal(put(l, EV_AUTH_LOGIN, 1, true), 0);
	ledger_free(l);
	assert_int_equal(verify().verdict, VERIFY_OK);
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

void
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
	    path, sizeof(path), "%s/leaves-00000000000000000000.bin", lt.dir);
	assert_true((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0);
	assert_int_equal(nl = read(fd, leaves, sizeof(leaves)), 23 * 32);
	(void)close(fd);

	assert_int_equal(str_fmt(path, sizeof(path),
			     "%s/audit-00000000000000000000.ndjson", lt.dir),
	    0);
	r = verify_path(path, NULL); /* one file */
	assert_int_equal(r.verdict, VERIFY_OK);
	assert_int_equal(verify_new(&a, lt.vkey), 0);
	assert_int_equal(feed_lines(a, log, (size_t)n, 0, UINT64_MAX), 0);
	assert_int_equal(verify_result(a)->verdict, VERIFY_OK);
	assert_int_equal(verify_result(a)->covered, 22);
	verify_free(a);
	/* one record left out */
	assert_int_equal(verify_new(&a, lt.vkey), 0);
	assert_int_equal(feed_lines(a, log, (size_t)n, 0, 7), -1);
	assert_int_equal(verify_result(a)->verdict, VERIFY_BAD);
	assert_int_equal(verify_result(a)->bad_first, 7);
	verify_free(a);
	/* from the middle: not without what was before */
	assert_int_equal(verify_new(&a, lt.vkey), 0);
	assert_int_equal(feed_lines(a, log, (size_t)n, 5, UINT64_MAX), -1);
	assert_int_equal(verify_result(a)->verdict, VERIFY_BAD);
	verify_free(a);
	/* nothing proves nothing */
	assert_int_equal(verify_new(&a, lt.vkey), 0);
	assert_int_equal(verify_result(a)->verdict, VERIFY_BAD);
	verify_free(a);
}

void
test_leaves_mended(void **state)
{
	struct ledger *l = fresh(0);
	char path[512];
	int fd;

	(void)state;
	assert_int_equal(put(l, EV_AUTH_LOGIN, 10, true), 0);
	ledger_free(l);
	(void)snprintf(
	    path, sizeof(path), "%s/leaves-00000000000000000000.bin", lt.dir);
	assert_true((fd = open(path, O_RDWR | O_CLOEXEC)) >= 0);
	assert_int_equal(pwrite(fd, "xxxx", 4, 40), 4);
	assert_int_equal(ftruncate(fd, 200), 0);
	(void)close(fd);
	l = open_ok(0, 0);
	assert_int_equal(put(l, EV_AUTH_LOGIN, 3, true), 0);
	ledger_free(l);
	assert_int_equal(verify().verdict, VERIFY_OK);
}

/* What a sink got of the log so far: a file of its lines, each behind a header.
 * The newest checkpoint in it. */
static struct note_checkpoint
kept_elsewhere(void)
{
	struct expect x;
	char cmd[512], path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/sink", lt.dir);
	(void)snprintf(cmd, sizeof(cmd),
	    "cat %s/audit-* | sed 's/^/<110>1 2026-11-18T11:06:40Z gw "
	    "sallyport notary - - /' >%s",
	    lt.dir, path);
	assert_int_equal(system(cmd), 0);
	assert_true((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0);
	assert_int_equal(expect_init(&x, lt.vkey), 0);
	assert_int_equal(expect_fd(&x, fd), 0);
	assert_true(x.found);
	(void)close(fd);
	assert_int_equal(unlink(path), 0);
	return x.newest;
}

/* The log is cut back behind a checkpoint, hashes and all. */
static void
cut_back(uint64_t records)
{
	char cmd[512];

	(void)snprintf(cmd, sizeof(cmd),
	    "cd %s && f=$(echo audit-*) && head -n %llu $f >x && cat x >$f && "
	    "rm x && truncate -s %llu leaves-*",
	    lt.dir, (unsigned long long)records,
	    (unsigned long long)records * 32);
	assert_int_equal(system(cmd), 0);
}

void
test_cut_back(void **state)
{
	struct ledger *l = fresh(0);
	struct note_checkpoint early, late, other;
	struct expect x;
	struct verify_result r;

	(void)state;
	assert_int_equal(put(l, EV_AUTH_LOGIN, 5, true), 0); /* 1..5, cp 6 */
	early = kept_elsewhere();
	assert_int_equal(early.size, 6);
	assert_int_equal(put(l, EV_AUTH_LOGIN, 5, true), 0); /* 7..11, cp 12 */
	late = kept_elsewhere();
	assert_int_equal(late.size, 12);
	ledger_free(l);
	r = verify_path(lt.dir, &late);
	assert_int_equal(r.verdict, VERIFY_OK);
	assert_int_equal(r.expected, 12);
	assert_non_null(strstr(r.text, "Up to record 11, of 20"));
	assert_int_equal(verify_path(lt.dir, &early).verdict, VERIFY_OK);
	other = late;
	other.root[7] ^= 1;
	r = verify_path(lt.dir, &other);
	assert_int_equal(r.verdict, VERIFY_BAD);
	assert_non_null(strstr(r.text, "written anew"));
	/* by itself it is a good log */
	cut_back(7);
	assert_int_equal(verify().verdict, VERIFY_OK);
	assert_int_equal(verify_path(lt.dir, &early).verdict, VERIFY_OK);
	r = verify_path(lt.dir, &late);
	assert_int_equal(r.verdict, VERIFY_SHORT);
	assert_non_null(strstr(r.text, "ends with record 6"));
	assert_non_null(strstr(r.text, "The last 5 are missing"));
	/* what is no checkpoint of this log is none */
	assert_int_equal(expect_init(&x, lt.vkey), 0);
	expect_line(&x, "{\"v\":1,\"seq\":7}", 15);
	expect_note(&x, "sallyport/x\n7\nAAAA\n\n", 20);
	assert_false(x.found);
}

/* Of what no checkpoint signs for yet nothing is vouched for: not the time of
 * the last checkpoint's own record either. */
void
test_time_of_the_last(void **state)
{
	struct ledger *l = fresh(0);
	struct verify_result r;
	char cmd[256];

	(void)state;
	assert_int_equal(put(l, EV_AUTH_LOGIN, 5, true), 0); /* 1..5, cp 6 */
	ledger_free(l);
	(void)snprintf(cmd, sizeof(cmd),
	    "cd %s && rm leaves-* && sed -i '$s/\"time\":\"20[0-9][0-9]/"
	    "\"time\":\"2099/' audit-*",
	    lt.dir);
	assert_int_equal(system(cmd), 0);
	r = verify();
	assert_int_equal(r.verdict, VERIFY_OK);
	assert_non_null(strstr(r.text, "Up to record 5, of 20"));
	assert_null(strstr(r.text, "2099"));
	assert_true(r.covered_ms < r.last_ms);
}

/* A receiver's copy: lines with a frame, those of others, and what was sent
 * again after a reconnection. What is not the same record is no repeat. */
void
test_receivers_copy(void **state)
{
	static const struct {
		const char *edit; /* of the lines of the log, from 1 */
		enum verify_verdict verdict;
		const char *says;
	} rows[] = {
	    {"cat", VERIFY_OK, "12 records"},
	    {"sed 's/^/2026-01-01T00:00:00.5Z gw-1 sallyport "
	     "[x@1 u=\"{\\\\\"v\\\\\":1\"] /'",
		VERIFY_OK, "12 records"},
	    {"sed '4i Jan  1 00:00:00 gw-1 sshd[1]: Server listening'",
		VERIFY_OK, "12 records"},
	    {"sed 's/$/\\r/'", VERIFY_OK, "12 records"},
	    {"sed '5s/v/w/'", VERIFY_BAD, "was changed"},
	    /* what merely looks like a record, and what no record is as long as
	     */
	    {"sed '4i Jan  1 00:00:00 gw-1 sudo[1]: COMMAND=grep "
	     "{\"v\":1,\"seq\":3, log'",
		VERIFY_OK, "12 records"},
	    {"sed '4i {\"level\":\"info\"}'", VERIFY_OK, "12 records"},
	    {"sed '4i {'", VERIFY_OK, "12 records"},
	    {"awk 'NR == 4 || NR == 12 { printf \"{%0400000d\\n\", 0 } 1'",
		VERIFY_OK, "12 records"},
	    {"sed '5s/v/w/' | awk 'NR == 5 { printf \"%0400000d\\n\", 0 } 1'",
		VERIFY_BAD, "was changed"},
	    {"awk '{ print } END { printf \"%0400000d\", 0 }'", VERIFY_OK,
		"12 records"},
	    /* a whole one that is not the log's */
	    {"sed '4p;4s/\"seq\":3/\"seq\":7/'", VERIFY_BAD,
		"Record 4 is missing"},
	    /* one that is written otherwise, for whoever reads JSON */
	    {"sed '4p;4s/\"seq\":3/\"seq\":3.0/'", VERIFY_BAD, "put it there"},
	    {"sed '4p;4s/{/{ /'", VERIFY_BAD, "put it there"},
	    {"sed '4p;4s/\"v\":1,//'", VERIFY_BAD, "put it there"},
	    {"sed '4p;4s/\"v\":1/\"v\":2/'", VERIFY_BAD, "put it there"},
	    {"sed '4p;4s/\"seq/\"\\\\u0073eq/'", VERIFY_BAD, "put it there"},
	    {"sed '4p;4s/^{\"v\":1/x {y} {\"v\":1.0/'", VERIFY_BAD,
		"put it there"},
	    {"sed '4p;4s/{\"v\":1,/{\"seq\":9,/'", VERIFY_BAD, "put it there"},
	    {"sed '4p;4s/\"seq/\"SEQ/'", VERIFY_BAD, "put it there"},
	    {"sed '4p;4s/\"/\\\\\"/g;4s/.*/x \"&\"/'", VERIFY_BAD,
		"put it there"},
	    {"awk '{print} NR == 4 {gsub(/./, \"&\\001\"); print}' | "
	     "tr '\\001' '\\000'",
		VERIFY_BAD, "put it there"},
	    {"sed '4p;4s/{/{{{{{{{{{{{{{\"x\":[{/;"
	     "4s/\"v\":1/\"v\":2/'",
		VERIFY_BAD, "put it there"},
	    {"awk '{print} NR == 4 {printf \"%0400000d\", 0; "
	     "sub(/\"v\":1/, \"\\\"v\\\":2\"); print}'",
		VERIFY_BAD, "put it there"},
	    /* before the record itself, as another document */
	    {"sed '4s/^/{\"SEQ\":3,\"event\":\"grant.open\"} /'", VERIFY_BAD,
		"put it there"},
	    {"sed '4i {\"seq\":3,\"event\":\"boot\"}'", VERIFY_OK,
		"12 records"},
	    {"sed 's/^/<110>1 x /; s/$/\\r/'", VERIFY_OK, "12 records"},
	    {"awk '{a[NR]=$0; print} NR==8 {for(i=4;i<8;i++) print a[i]}'",
		VERIFY_OK, "12 records"},
	    {"sed 'p'", VERIFY_OK, "12 records"},
	    {"sed '4p;4s/alice/carol/'", VERIFY_BAD, "a second time"},
	    {"sed 's/^/<110>1 x /; 5s/alice/carol/'", VERIFY_BAD, "Something"},
	    {"sed 's/^/<110>1 x /; 5d'", VERIFY_BAD, "Record 4 is missing"},
	    {"sed 's/^/<110>1 x /; 5s/.....$//'", VERIFY_BAD,
		"its longest message"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ledger *l = fresh(0);
		struct verify_result r;
		char cmd[512], path[300];

		assert_int_equal(put(l, EV_AUTH_LOGIN, 5, true), 0);
		assert_int_equal(put(l, EV_AUTH_LOGIN, 5, true), 0);
		ledger_free(l);
		(void)snprintf(path, sizeof(path), "%s/copy", lt.dir);
		(void)snprintf(cmd, sizeof(cmd),
		    "cd %s && cat audit-* | %s >copy", lt.dir, rows[i].edit);
		assert_int_equal(system(cmd), 0);
		r = verify_path(path, NULL);
		if (r.verdict != rows[i].verdict ||
		    strstr(r.text, rows[i].says) == NULL)
			fail_msg("%zu: %d: %s", i, (int)r.verdict, r.text);
		assert_int_equal(unlink(path), 0);
	}
}
