/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan - reads the whole log once at the start and believes none of it: the
 * numbers must be continuous, the checkpoints' roots must be those of the
 * bytes, and the last checkpoint must be signed by our key.
 *
 * Only a tail that was never acknowledged may be cut: bytes behind the last
 * whole record of the last segment with no further record among them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/verify.h"
#include "base/err.h"
#include "notary/ledger_state.h"

struct scan {
	struct ledger *l;
	char *err;
	size_t size;
	struct buf leaves;     /* of the segment being read */
	struct buf checkpoint; /* the last checkpoint's note */
	uint64_t checkpoint_seq;
	uint64_t cut;
};

/* For "%llu". */
static unsigned long long
llu(uint64_t v)
{
	return v;
}

/* The root a checkpoint record names must be that of what stands before it. */
static int
check_root(struct scan *s, const struct record *rec, const void *line, size_t n)
{
	struct note_checkpoint c;
	uint8_t root[NOTE_ROOT_SIZE];
	const uint8_t *end;
	int r;

	buf_reset(&s->checkpoint);
	if ((r = verify_note(&s->checkpoint, line, n)) < 0)
		goto out;
	r = GW_ECORRUPT;
	end = memmem(s->checkpoint.p, s->checkpoint.len, "\n\n", 2);
	if (end == NULL ||
	    note_checkpoint_parse(&c, (const char *)s->checkpoint.p,
		(size_t)(end - s->checkpoint.p) + 1) < 0 ||
	    c.size != rec->seq || strcmp(c.origin, s->l->key.name) != 0 ||
	    merkle_root(root, &s->l->tree) < 0 ||
	    memcmp(root, c.root, sizeof(root)) != 0)
		goto out;
	s->checkpoint_seq = rec->seq;
	s->l->covered = rec->seq;
	r = 0;
out:
	if (r < 0)
		ledger_say(s->err, s->size,
		    "the audit log was changed: the records before %llu are "
		    "not those signed at the checkpoint of record %llu; find "
		    "the first one with: jitctl audit verify --dir %s",
		    llu(rec->seq), llu(rec->seq), s->l->def.dir);
	return r;
}

static int
scan_record(struct scan *s, struct segment *seg, const struct record *rec,
    const void *line, size_t n)
{
	uint8_t leaf[MERKLE_HASH_SIZE];
	int r;

	if (rec->seq != s->l->tree.size) {
		ledger_say(s->err, s->size,
		    "the audit log has record %llu where record %llu belongs",
		    llu(rec->seq), llu(s->l->tree.size));
		return GW_ECORRUPT;
	}
	if (rec->event == EV_AUDIT_CHECKPOINT &&
	    (r = check_root(s, rec, line, n)) < 0)
		return r;
	if ((r = merkle_leaf(leaf, line, n)) < 0 ||
	    (r = merkle_append_hash(&s->l->tree, leaf)) < 0 ||
	    (r = segment_count(seg, n + 1)) < 0)
		return r;
	buf_put(&s->leaves, leaf, sizeof(leaf));
	s->l->time_ms = rec->time_ms;
	if ((r = s->l->def.on_record(s->l->def.arg, rec, line, n)) < 0)
		ledger_say(s->err, s->size,
		    "record %llu of the audit log cannot be understood: %s",
		    llu(rec->seq), err_str(r));
	return r;
}

/* A record with a plausible number among bytes that should be rubbish. */
static bool
has_record(const uint8_t *p, size_t n)
{
	const uint8_t *lf;
	struct record rec;

	while ((lf = memchr(p, '\n', n)) != NULL) {
		if (record_parse(&rec, p, (size_t)(lf - p)) == 0)
			return true;
		n -= (size_t)(lf - p) + 1;
		p = lf + 1;
	}
	return false;
}

static int
scan_bytes(struct scan *s, struct segment *seg, const uint8_t *p, size_t n,
    bool is_last)
{
	size_t at = 0;
	int r;

	while (at < n) {
		const uint8_t *lf = memchr(p + at, '\n', n - at);
		struct record rec;

		if (lf == NULL ||
		    record_parse(&rec, p + at, (size_t)(lf - p) - at) < 0)
			break;
		if ((r = scan_record(
			 s, seg, &rec, p + at, (size_t)(lf - p) - at)) < 0)
			return r;
		at = (size_t)(lf - p) + 1;
	}
	if (at == n)
		return 0;
	if (!is_last || has_record(p + at, n - at)) {
		ledger_say(s->err, s->size,
		    "the audit log was changed: what stands where record %llu "
		    "belongs is no record",
		    llu(s->l->tree.size));
		return GW_ECORRUPT;
	}
	s->cut = n - at;
	return 0;
}

static int
scan_segment(struct scan *s, size_t index)
{
	struct segment *seg = &s->l->segs.s[index];
	bool is_last = index + 1 == s->l->segs.n;
	char file[SEGMENT_NAME_SIZE];
	struct stat st;
	void *p = NULL;
	int fd, r = GW_ESYS;

	segment_log_name(file, seg->first);
	if (seg->first != s->l->tree.size) {
		ledger_say(s->err, s->size,
		    "the audit log has a gap: %s follows record %llu", file,
		    llu(s->l->tree.size));
		return GW_ECORRUPT;
	}
	buf_reset(&s->leaves);
	/* a fifo would be waited for */
	fd = openat(
	    s->l->dirfd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		ledger_say(s->err, s->size, "cannot read %s/%s: %s",
		    s->l->def.dir, file, strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		r = GW_ECORRUPT;
		ledger_say(
		    s->err, s->size, "%s/%s is no file", s->l->def.dir, file);
		goto out;
	}
	if (st.st_size == 0) {
		r = 0;
		goto out;
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED) {
		ledger_say(s->err, s->size, "cannot map %s/%s: %s",
		    s->l->def.dir, file, strerror(errno));
		goto out;
	}
	r = scan_bytes(s, seg, p, (size_t)st.st_size, is_last);
	(void)munmap(p, (size_t)st.st_size);
out:
	if (fd >= 0)
		(void)close(fd);
	return r;
}

static int
check_signature(struct scan *s)
{
	size_t n = 0;

	if (s->checkpoint.len == 0) {
		if (s->l->tree.size == 0)
			return 0;
		ledger_say(s->err, s->size,
		    "the audit log has records but no checkpoint: record 0 is "
		    "always one");
		return GW_ECORRUPT;
	}
	if (note_check((const char *)s->checkpoint.p, s->checkpoint.len,
		&s->l->key, 1, &n) == NOTE_OK)
		return 0;
	ledger_say(s->err, s->size,
	    "the checkpoint of record %llu is not signed by this gateway's "
	    "log key",
	    llu(s->checkpoint_seq));
	return GW_ECORRUPT;
}

/* The leaf hashes of the last segment, made anew when they are not right. */
static void
mend_leaves(struct scan *s)
{
	struct stat st;
	uint8_t *have = NULL;
	bool same = false;

	if (s->l->leaves_fd < 0)
		return;
	if (fstat(s->l->leaves_fd, &st) == 0 &&
	    (uint64_t)st.st_size == s->leaves.len) {
		have = malloc(s->leaves.len + 1);
		same = have != NULL &&
		       pread(s->l->leaves_fd, have, s->leaves.len, 0) ==
			   (ssize_t)s->leaves.len &&
		       (s->leaves.len == 0 ||
			   memcmp(have, s->leaves.p, s->leaves.len) == 0);
	}
	free(have);
	if (same)
		return;
	if (ftruncate(s->l->leaves_fd, 0) != 0 ||
	    (s->leaves.len > 0 &&
		pwrite(s->l->leaves_fd, s->leaves.p, s->leaves.len, 0) !=
		    (ssize_t)s->leaves.len)) {
		/* only pinpointing suffers */
		(void)close(s->l->leaves_fd);
		s->l->leaves_fd = -1;
	}
}

static int
finish(struct scan *s)
{
	struct ledger *l = s->l;
	bool create = l->segs.n == 0;
	int r;

	if (create && (r = segments_add(&l->segs, 0)) < 0)
		return r;
	if ((r = ledger_segment_open(l, create)) < 0)
		goto sys;
	r = GW_ESYS;
	if (s->cut > 0 &&
	    ftruncate(l->fd, (off_t)l->segs.s[l->segs.n - 1].size) != 0)
		goto sys;
	/* what an earlier notary wrote may not have reached the disk */
	if (fdatasync(l->fd) != 0 || fsync(l->dirfd) != 0)
		goto sys;
	mend_leaves(s);
	return 0;
sys:
	ledger_say(s->err, s->size, "cannot write to %s: %s", l->def.dir,
	    strerror(errno));
	return r;
}

int
ledger_scan(struct ledger *l, uint64_t *retcut, char *reterr, size_t size)
{
	struct scan s = {.l = l, .err = reterr, .size = size};
	int r;

	buf_init(&s.leaves, 64 * 1024 * 1024);
	buf_init(&s.checkpoint, LIMIT_RECORD_MAX);
	if ((r = segments_list(&l->segs, l->dirfd)) < 0) {
		ledger_say(reterr, size, "cannot list %s: %s", l->def.dir,
		    strerror(errno));
		goto out;
	}
	for (size_t i = 0; r == 0 && i < l->segs.n; i++)
		r = scan_segment(&s, i);
	if (r == 0)
		r = check_signature(&s);
	if (r == 0)
		r = finish(&s);
	if (r == 0)
		*retcut = s.cut;
out:
	buf_done(&s.leaves);
	buf_done(&s.checkpoint);
	return r;
}
