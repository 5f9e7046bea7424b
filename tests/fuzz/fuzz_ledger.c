/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_ledger: the folder of a log that was damaged or changed, as the notary
 * finds it at its start. An input is files: a NUL, the name, LF, the bytes.
 * Either the notary refuses with a sentence, or what its last checkpoint covers
 * is what corpus/ledger/good holds, every record is read back as it stands
 * there, and only a tail without a record was cut.
 *
 * Its key is known here, so the fuzzer could sign in theory; it would have to
 * find the signature.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "audit/note.h"
#include "audit/record.h"
#include "audit/verify.h"
#include "base/err.h"
#include "base/str.h"
#include "notary/ledger.h"
#include "tests/fuzz/fuzz.h"

enum { LOG_MAX = 64 * 1024 };

static char dir[64];
static int dir_fd = -1;

/* The last segment, which alone may have a torn end. */
static struct {
	char name[64];
	const uint8_t *p;
	size_t n;
} last;

/* SHA-256 of the good log's first records, each with its LF. */
static const struct {
	uint64_t covered;
	const char *sha256;
} known[] = {
    {3, "e98e5aee51b57b3df56523ca65699e2e85de0494c872083b661a4704160f0286"},
    {6, "7182dab5d16072f89d1881719e272f96807f512aafbb85d9027f78048407ec7b"},
};

/* Nothing here has to survive a power cut. */
int __wrap_fdatasync(int fd);
int __wrap_fsync(int fd);

int
__wrap_fdatasync(int fd)
{
	(void)fd;
	return 0;
}

int
__wrap_fsync(int fd)
{
	(void)fd;
	return 0;
}

static void
clean(void)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	must(d != NULL);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			(void)unlinkat(dir_fd, e->d_name, 0);
	(void)closedir(d);
}

static void
end(void)
{
	clean();
	(void)rmdir(dir);
}

static void
begin(void)
{
	strcpy(dir, "/tmp/sallyport-fuzz.XXXXXX");
	must(mkdtemp(dir) != NULL);
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(dir_fd >= 0 && atexit(end) == 0);
}

/* "audit-", 20 digits that fit into 64 bits, ".ndjson" */
static bool
is_segment(const char *name)
{
	return strlen(name) == 33 && strncmp(name, "audit-", 6) == 0 &&
	       strspn(name + 6, "0123456789") == 20 &&
	       strncmp(name + 6, "18446744073709551615", 20) <= 0 &&
	       strcmp(name + 26, ".ndjson") == 0;
}

static void
write_file(const char *name, const uint8_t *p, size_t n)
{
	int fd;

	if (name[0] == '\0' || strchr(name, '/') != NULL || name[0] == '.')
		return;
	fd = openat(
	    dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return; /* too long a name */
	must(write(fd, p, n) == (ssize_t)n);
	(void)close(fd);
	if (is_segment(name) && strcmp(name, last.name) >= 0) {
		strcpy(last.name, name);
		last.p = p;
		last.n = n;
	}
}

static void
write_all(const uint8_t *data, size_t size)
{
	while (size > 0) {
		const uint8_t *nul = memchr(data + 1, '\0', size - 1);
		size_t n = nul != NULL ? (size_t)(nul - data) : size;
		const uint8_t *lf = memchr(data, '\n', n);
		char name[64];

		if (data[0] == '\0' && lf != NULL &&
		    (size_t)(lf - data) <= sizeof(name)) {
			memcpy(name, data + 1, (size_t)(lf - data) - 1);
			name[(size_t)(lf - data) - 1] = '\0';
			write_file(name, lf + 1, (size_t)(data + n - lf) - 1);
		}
		data += n;
		size -= n;
	}
}

/* The records as the notary was told of them, each with its LF. */
struct log {
	struct buf b;
	uint64_t n;
	size_t at, len; /* the last checkpoint */
};

static const char vkey[] = "sallyport/gw-fuzz+5aa4c61f+"
			   "AY3FTjBduIM7HtUMz1tYp0qQ6SLVQFShDiCkuljJXWAM";

static int
on_record(void *arg, const struct record *r, const void *line, size_t n)
{
	struct log *l = arg;

	must(r->seq == l->n++);
	if (r->event == EV_AUDIT_CHECKPOINT) {
		l->at = l->b.len;
		l->len = n;
	}
	buf_put(&l->b, line, n);
	buf_u8(&l->b, '\n');
	return buf_err(&l->b);
}

static int
open_log(struct ledger **ret, struct log *log, uint64_t *cut)
{
	static uint8_t bytes[32] = "a key that signs for this test";
	struct secret seed = {.len = sizeof(bytes), .p = bytes};
	struct ledger_def def = {.dir = dir,
	    .node = "gw-fuzz",
	    .boot = "12345678-1234-1234-1234-123456789012",
	    .vkey = vkey,
	    .log_seed = &seed,
	    .on_record = on_record,
	    .arg = log};
	char why[LIMIT_TEXT_SIZE] = "";
	int r;

	buf_reset(&log->b);
	log->n = log->len = 0;
	*cut = 0;
	r = ledger_open(ret, &def, cut, why, sizeof(why));
	must(r == 0 || why[0] != '\0');
	return r;
}

static void
check_covered(const struct log *log, uint64_t covered)
{
	uint8_t md[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1];
	size_t at = 0;
	bool found = covered == 0;

	must(covered <= log->n);
	for (uint64_t i = 0; i < covered; i++) {
		const uint8_t *lf =
		    memchr(log->b.p + at, '\n', log->b.len - at);

		must(lf != NULL);
		at = (size_t)(lf - log->b.p) + 1;
	}
	must(EVP_Digest(log->b.p, at, md, NULL, EVP_sha256(), NULL) == 1);
	str_hex(hex, md, 32);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		found = found || (known[i].covered == covered &&
				     strcmp(known[i].sha256, hex) == 0);
	must(found);
}

static void
check_signed(const struct log *log)
{
	struct note_key k;
	struct buf note;
	size_t n = 0;

	if (log->n == 0)
		return;
	buf_init(&note, LIMIT_NOTE_MAX);
	must(note_vkey_parse(&k, vkey) == 0);
	must(verify_note(&note, log->b.p + log->at, log->len) == 0);
	must(note_check((const char *)note.p, note.len, &k, 1, &n) == NOTE_OK);
	buf_done(&note);
}

/* From every record on, in portions of one, the bytes are those told. */
static void
check_read(struct ledger *l, const struct log *log)
{
	struct buf b;
	uint64_t next = 0, at = 0;

	buf_init(&b, LOG_MAX);
	must(ledger_next(l) == log->n);
	while (at < log->n) {
		must(ledger_read(l, at, 1, &b, &next) == 0);
		must(next == at + 1);
		at = next;
	}
	must(ledger_read(l, at, 1, &b, &next) == GW_ENOENT);
	must(b.len == log->b.len);
	must(b.len == 0 || memcmp(b.p, log->b.p, b.len) == 0);
	buf_done(&b);
}

/* No record was in what was cut off. */
static void
check_cut(uint64_t cut)
{
	const uint8_t *p, *lf;
	struct record r;
	size_t n = (size_t)cut;

	must(cut <= last.n);
	if (n == 0)
		return;
	p = last.p + last.n - n;
	while (n > 0 && (lf = memchr(p, '\n', n)) != NULL) {
		must(record_parse(&r, p, (size_t)(lf - p)) != 0);
		n -= (size_t)(lf - p) + 1;
		p = lf + 1;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct log log = {.n = 0};
	struct ledger *l = NULL;
	uint64_t cut = 0, n;

	if (dir_fd < 0)
		begin();
	clean();
	memset(&last, 0, sizeof(last));
	write_all(data, size);
	buf_init(&log.b, LOG_MAX);
	if (open_log(&l, &log, &cut) == 0) {
		check_covered(&log, ledger_checkpointed(l));
		check_signed(&log);
		check_read(l, &log);
		check_cut(cut);
		ledger_free(l);
		l = NULL;
		n = log.n;
		/* what was cut is gone, and nothing else */
		must(open_log(&l, &log, &cut) == 0);
		must(cut == 0 && log.n == n);
	}
	ledger_free(l);
	buf_done(&log.b);
	return 0;
}
