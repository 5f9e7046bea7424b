/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger - the writing half: batches, checkpoints, full disks.
 */
#include "notary/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/disk.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "notary/ledger_state.h"
#include "notary/reserve.h"

/* These end access or say what broke: they may use the reserve. */
bool
ledger_ends_access(enum event_code e)
{
	switch (e) {
	case EV_GRANT_CLOSE:
	case EV_GRANT_TERMINATE:
	case EV_SESSION_END:
	case EV_SESSION_CHANNEL_END:
	case EV_SESSION_TERMINATE:
	case EV_FLOW_END:
	case EV_RECORDING_END:
	case EV_RECORDING_FAILED:
	case EV_GATEWAY_STOP:
	case EV_FIREWALL_TAMPER:
	case EV_AUDIT_CHECKPOINT:
	case EV_AUDIT_DEGRADED:
	case EV_AUDIT_RECOVERED:
	case EV_AUDIT_REFUSED:
	case EV_AUDIT_QUOTA:
	case EV_CLOCK_BOOT:
	case EV_CLOCK_BOOT_BEHIND:
	case EV_CLOCK_STEP:
	case EV_CLOCK_SET:
		return true;
	default:
		return false;
	}
}

/* These may be what takes a right away, which the event alone does not tell, or
 * say which gateway it is that does: within the quotas of their users, on a
 * full disk too. */
static bool
may_use_reserve(enum event_code e)
{
	switch (e) {
	case EV_USER_UPDATE:
	case EV_USER_REMOVE:
	case EV_ROLE_SET:
	case EV_ROLE_REMOVE:
	case EV_TARGET_SET:
	case EV_TARGET_REMOVE:
	case EV_USER_KEY:
	case EV_LOCK_CREATE:
	case EV_REQUEST_DENY:
	case EV_REQUEST_WITHDRAW:
	case EV_CHANGE_DENY:
	case EV_CHANGE_WITHDRAW:
	case EV_GRANT_SHUT:
	case EV_GRANT_NOT_SHUT:
	case EV_PROCESS_HUNG:
	case EV_PROCESS_FAILED:
	case EV_GATEWAY_START:
		return !FAULT(reserve_few) || e == EV_USER_UPDATE;
	default:
		return ledger_ends_access(e);
	}
}

/* ---- segments */

static struct segment *
last_segment(struct ledger *l)
{
	return &l->segs.s[l->segs.n - 1];
}

static bool
rotation_due(struct ledger *l, uint64_t more)
{
	return last_segment(l)->size > 0 &&
	       last_segment(l)->size + more > l->def.segment_size;
}

static int
rotate(struct ledger *l)
{
	int r;

	if ((r = segments_add(&l->segs, l->tree.size)) < 0)
		return r;
	if ((r = ledger_segment_open(l, true)) < 0) {
		l->segs.n--; /* nothing was counted in it */
		return r;
	}
	reserve_next(l, &l->segs.s[l->segs.n - 2]);
	return 0;
}

/* Room again, for more than the reserve. */
static bool
has_room(struct ledger *l)
{
	return reserve_hold(l, LEDGER_RESERVE_SIZE / 4) == 0 &&
	       (!rotation_due(l, 1) || rotate(l) == 0);
}

/* ---- opening */

static int
keys_load(struct ledger *l, char *reterr, size_t size)
{
	uint8_t pub[NOTE_KEY_SIZE];
	size_t n = sizeof(pub);

	l->pkey = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, l->def.log_seed->p, l->def.log_seed->len);
	if (l->pkey == NULL ||
	    EVP_PKEY_get_raw_public_key(l->pkey, pub, &n) != 1) {
		ledger_say(reterr, size, "log.seed is not a key of 32 bytes");
		return GW_ECRYPTO;
	}
	if (note_vkey_parse(&l->key, l->def.vkey) < 0 ||
	    memcmp(l->key.key, pub, sizeof(pub)) != 0) {
		ledger_say(reterr, size,
		    "log.seed and pub/log.vkey are not one key: one of them "
		    "was replaced");
		return GW_ECORRUPT;
	}
	return 0;
}

int
ledger_open(struct ledger **ret, const struct ledger_def *def, uint64_t *retcut,
    char *reterr, size_t size)
{
	struct ledger *l = calloc(1, sizeof(*l));
	int r = GW_ENOMEM;

	if (l == NULL)
		return r;
	l->def = *def;
	l->dirfd = l->fd = l->leaves_fd = -1;
	if (l->def.segment_size == 0)
		l->def.segment_size = LEDGER_SEGMENT_SIZE;
	buf_init(&l->out, LEDGER_BATCH_SIZE + 2 * LIMIT_RECORD_MAX);
	merkle_init(&l->tree);
	if ((r = keys_load(l, reterr, size)) < 0)
		goto out;
	if (mkdir(def->dir, 0700) != 0 && errno != EEXIST) {
		r = GW_ESYS;
		ledger_say(reterr, size, "cannot make %s: %s", def->dir,
		    strerror(errno));
		goto out;
	}
	l->dirfd =
	    open(def->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (l->dirfd < 0) {
		r = GW_ESYS;
		ledger_say(reterr, size, "cannot open %s: %s", def->dir,
		    strerror(errno));
		goto out;
	}
	/* one of a gateway that was killed may not have ended yet */
	if (flock(l->dirfd, LOCK_EX | LOCK_NB) != 0) {
		r = GW_ESTATE;
		ledger_say(
		    reterr, size, "another notary still has %s", def->dir);
		goto out;
	}
	if ((r = ledger_scan(l, retcut, reterr, size)) < 0)
		goto out;
	(void)unlinkat(l->dirfd, "ballast", 0); /* of older versions */
	l->degraded = reserve_hold(l, 0) < 0;
	*ret = l;
	l = NULL;
out:
	ledger_free(l);
	return r;
}

void
ledger_free(struct ledger *l)
{
	if (l == NULL)
		return;
	segments_done(&l->segs);
	buf_done(&l->out);
	EVP_PKEY_free(l->pkey);
	if (l->fd >= 0)
		(void)close(l->fd);
	if (l->leaves_fd >= 0)
		(void)close(l->leaves_fd);
	if (l->dirfd >= 0)
		(void)close(l->dirfd);
	free(l);
}

/* ---- composing */

/* One batch on its way: lines in l->out, a tree that already has them. */
struct batch {
	struct merkle tree;
	const struct logtime *time;
	uint64_t first;  /* number of its first record */
	uint64_t covers; /* by its checkpoint, if it has one */
	bool checkpoint;
};

/* Appends one line (with LF) to the batch; nothing is left of it on failure. */
static int
compose(struct ledger *l, struct batch *b, const struct ledger_entry *e)
{
	struct record rec = {.seq = b->tree.size,
	    .time_ms = b->time->utc_ms,
	    .event = e->event,
	    .origin = e->origin,
	    .conn = e->conn};
	size_t from = l->out.len;
	int r;

	id_uuid7(rec.id, b->time->utc_ms);
	if ((r = str_copy(rec.node, sizeof(rec.node), l->def.node)) < 0 ||
	    (r = str_copy(rec.boot, sizeof(rec.boot), l->def.boot)) < 0)
		return r;
	if ((r = record_format(&l->out, &rec, e->fields, e->len)) == 0) {
		buf_u8(&l->out, '\n');
		r = buf_err(&l->out);
	}
	if (r == 0)
		r = merkle_append(
		    &b->tree, l->out.p + from, l->out.len - from - 1);
	if (r < 0) {
		l->out.len = from;
		l->out.err = 0;
	}
	return r;
}

/* A record of the log about itself. */
static int
compose_own(struct ledger *l, struct batch *b, enum event_code event,
    const struct event_fields *f)
{
	struct ledger_entry e = {.event = event, .origin = PROC_NOTARY};
	struct buf json;
	int r;

	buf_init(&json, LIMIT_RECORD_MAX);
	if ((r = buf_err(&f->b)) == 0 &&
	    (r = event_fields_json(&json, f->b.p, f->b.len)) == 0) {
		e.fields = json.p;
		e.len = json.len;
		r = compose(l, b, &e);
	}
	buf_done(&json);
	return r;
}

static int
compose_disk(struct ledger *l, struct batch *b, bool full)
{
	char text[LIMIT_TEXT_SIZE];
	struct event_fields f;
	int r;

	event_fields_init(&f);
	if (full && (l->error == 0 || disk_is_full(l->error))) {
		event_str(&f, EF_REASON, "disk_full");
		event_str(&f, EF_MSG,
		    "The audit log cannot grow: no new access until there is "
		    "room; what ends access is still written.");
	} else if (full) {
		(void)snprintf(text, sizeof(text),
		    "The audit log cannot grow (%s): no new access until it "
		    "can; what ends access is still written.",
		    strerror(l->error));
		event_str(&f, EF_REASON, "disk_failed");
		event_str(&f, EF_MSG, text);
	} else {
		event_str(&f, EF_REASON, "disk_room");
		event_num(&f, EF_COUNT, (int64_t)l->refused);
		event_str(&f, EF_MSG,
		    "The audit log can grow again; this many records were "
		    "refused meanwhile.");
	}
	r = compose_own(
	    l, b, full ? EV_AUDIT_DEGRADED : EV_AUDIT_RECOVERED, &f);
	event_fields_done(&f);
	return r;
}

static int
compose_checkpoint(struct ledger *l, struct batch *b)
{
	struct note_checkpoint c = {.size = b->tree.size};
	char hex[2 * NOTE_ROOT_SIZE + 1];
	struct event_fields f;
	struct buf text, note;
	int r;

	buf_init(&text, 1024);
	buf_init(&note, 4096);
	event_fields_init(&f);
	if ((r = str_copy(c.origin, sizeof(c.origin), l->key.name)) < 0 ||
	    (r = merkle_root(c.root, &b->tree)) < 0 ||
	    (r = note_checkpoint_format(&text, &c)) < 0 ||
	    (r = note_sign(
		 &note, (const char *)text.p, text.len, &l->key, l->pkey)) < 0)
		goto out;
	str_hex(hex, c.root, sizeof(c.root));
	event_num(&f, EF_SIZE, (int64_t)c.size);
	event_str(&f, EF_ROOT, hex);
	event_strn(&f, EF_NOTE, note.p, note.len);
	event_num(&f, EF_UPTIME, b->time->boot_ms);
	if (b->time->behind_ms > 0)
		event_num(&f, EF_BEHIND, b->time->behind_ms);
	if ((r = compose_own(l, b, EV_AUDIT_CHECKPOINT, &f)) == 0) {
		b->checkpoint = true;
		b->covers = c.size;
	}
out:
	event_fields_done(&f);
	buf_done(&text);
	buf_done(&note);
	return r;
}

static void
batch_begin(struct ledger *l, struct batch *b, const struct logtime *t)
{
	*b = (struct batch){.tree = l->tree, .first = l->tree.size, .time = t};
	buf_reset(&l->out);
}

static int
batch_fill(struct ledger *l, struct batch *b, struct ledger_entry *e, size_t n,
    bool checkpoint)
{
	int r = 0, k;

	for (size_t i = 0; i < n; i++) {
		e[i].result = 0;
		e[i].seq = b->tree.size;
		if (l->degraded && !may_use_reserve(e[i].event)) {
			e[i].result = GW_ESYS;
			l->refused++;
		} else {
			e[i].result = compose(l, b, &e[i]);
		}
		if (r == 0)
			r = e[i].result;
	}
	if (checkpoint && (k = compose_checkpoint(l, b)) < 0 && r == 0)
		r = k;
	return r;
}

/* ---- writing */

/* No lack of room: it would be told as one, and waited for. */
static bool
is_dead(int error)
{
	return disk_is_dead(error) && !FAULT(dead_is_full);
}

/* All of l->out, or nothing of it: GW_ESYS. */
static int
write_batch(struct ledger *l)
{
	size_t done = 0;

	/* on a full disk the last segment grows into its reserve */
	errno = 0;
	if (!l->degraded && ((rotation_due(l, l->out.len) && rotate(l) < 0) ||
				reserve_hold(l, l->out.len) < 0)) {
		l->error = errno;
		l->broken = is_dead(errno);
		return GW_ESYS;
	}
	while (done < l->out.len) {
		ssize_t k = write(l->fd, l->out.p + done, l->out.len - done);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			break;
		done += (size_t)k;
	}
	if (done == l->out.len)
		return 0;
	l->error = errno;
	l->broken = is_dead(errno);
	l->reserved = 0;
	if (ftruncate(l->fd, (off_t)last_segment(l)->size) != 0)
		l->broken = true; /* a torn line stays: never write behind it */
	return GW_ESYS;
}

/* Never a success after this; one line in the hope that it reaches the disk,
 * so that the next start knows. */
static void
sync_failed(struct ledger *l, const struct logtime *t)
{
	struct event_fields f;
	struct batch b;

	l->broken = true;
	if (ftruncate(l->fd, (off_t)last_segment(l)->size) != 0)
		return;
	batch_begin(l, &b, t);
	event_fields_init(&f);
	event_str(&f, EF_REASON, "fsync");
	event_str(&f, EF_MSG,
	    "The disk failed to store a record: the audit log refuses "
	    "everything until a new notary has read it.");
	if (compose_own(l, &b, EV_AUDIT_REFUSED, &f) == 0 &&
	    write(l->fd, l->out.p, l->out.len) != (ssize_t)l->out.len)
		(void)!ftruncate(l->fd, (off_t)last_segment(l)->size);
	event_fields_done(&f);
}

/* The batch is on the disk: the tree, the index and the fold follow. */
static void
batch_settle(struct ledger *l, const struct batch *b)
{
	size_t at = 0;

	while (at < l->out.len) {
		const uint8_t *line = l->out.p + at;
		const uint8_t *lf = memchr(line, '\n', l->out.len - at);
		size_t n = lf == NULL ? 0 : (size_t)(lf - line);
		uint8_t leaf[MERKLE_HASH_SIZE];
		struct record rec;
		off_t where = (off_t)(last_segment(l)->count * sizeof(leaf));

		if (lf == NULL || record_parse(&rec, line, n) < 0 ||
		    segment_count(last_segment(l), n + 1) < 0) {
			l->broken = true; /* no memory: stop, not guess */
			return;
		}
		if (l->leaves_fd >= 0 && merkle_leaf(leaf, line, n) == 0)
			(void)!pwrite(l->leaves_fd, leaf, sizeof(leaf), where);
		if (l->def.on_record(l->def.arg, &rec, line, n) < 0)
			l->broken = true;
		at += n + 1;
	}
	l->tree = b->tree;
	l->time_ms = b->time->utc_ms;
	if (b->checkpoint)
		l->covered = b->covers;
}

static void
fail_all(struct ledger *l, struct ledger_entry *e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (e[i].result == 0)
			e[i].result = GW_ESYS;
	buf_reset(&l->out);
}

static int
sync_batch(
    struct ledger *l, const struct batch *b, struct ledger_entry *e, size_t n)
{
	if (!FAULT(nosync) && fdatasync(l->fd) != 0) {
		fail_all(l, e, n);
		sync_failed(l, b->time);
		return GW_ESYS;
	}
	batch_settle(l, b);
	buf_reset(&l->out);
	if (l->broken) {
		fail_all(l, e, n);
		return GW_ESYS;
	}
	return 0;
}

int
ledger_commit(struct ledger *l, struct ledger_entry *e, size_t n,
    bool checkpoint, const struct logtime *t)
{
	struct batch b;
	bool again = false;
	int r, k;

	for (size_t i = 0; i < n; i++)
		e[i].result = 0;
	if (l->broken) {
		fail_all(l, e, n);
		return GW_ESYS;
	}
	if (l->degraded && has_room(l)) {
		l->degraded = false;
		again = true;
	}
	batch_begin(l, &b, t);
	r = batch_fill(l, &b, e, n, false);
	if (again && (k = compose_disk(l, &b, false)) < 0 && r == 0)
		r = k;
	if (checkpoint && (k = compose_checkpoint(l, &b)) < 0 && r == 0)
		r = k;
	if (l->out.len == 0)
		return r;
	if (write_batch(l) == 0) {
		k = sync_batch(l, &b, e, n);
		if (k == 0 && again)
			l->refused = 0;
		return r < 0 ? r : k;
	}
	if (l->broken) {
		fail_all(l, e, n);
		return GW_ESYS;
	}
	/* full: the reserve is for what ends access */
	l->degraded = true;
	reserve_use(l);
	batch_begin(l, &b, t);
	r = compose_disk(l, &b, true);
	k = batch_fill(l, &b, e, n, checkpoint);
	if (r < 0 || write_batch(l) < 0) {
		fail_all(l, e, n);
		return GW_ESYS;
	}
	r = sync_batch(l, &b, e, n);
	return r < 0 ? r : k;
}

/* ---- reading */

uint64_t
ledger_next(const struct ledger *l)
{
	return l->tree.size;
}

int64_t
ledger_time(const struct ledger *l)
{
	return l->time_ms;
}

uint64_t
ledger_checkpointed(const struct ledger *l)
{
	return l->covered;
}

bool
ledger_degraded(const struct ledger *l)
{
	return l->degraded;
}

int
ledger_error(const struct ledger *l)
{
	return l->error;
}

bool
ledger_reserve_in_file(const struct ledger *l)
{
	return l->in_file;
}

bool
ledger_broken(const struct ledger *l)
{
	return l->broken;
}

int
ledger_read(struct ledger *l, uint64_t from, size_t max, struct buf *out,
    uint64_t *retnext)
{
	const struct segment *s = segments_find(&l->segs, from);
	uint64_t n = 0;
	int r;

	if (s == NULL)
		return GW_ENOENT;
	if ((r = segment_read(s, l->dirfd, from, max, out, &n)) == 0)
		*retnext = from + n;
	return r;
}
