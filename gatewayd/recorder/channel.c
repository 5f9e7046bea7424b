/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel - see the header.
 */
#include "recorder/channel.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/str.h"
#include "recorder/evidence.h"
#include "recorder/position.h"

enum {
	RAW_LINE_MAX = 64 * 1024, /* internal: one message in base64 */
	COMMAND_SHOWN = 1024,
};

static int64_t
elapsed_us(struct channel *c)
{
	const int64_t now = clock_mono_us() - c->zero_us;

	c->last_us = now > c->last_us ? now : c->last_us + 1;
	return c->last_us;
}

static void
fields_common(struct event_fields *f, const struct channel *c, const char *file)
{
	event_fields_init(f);
	event_str(f, EF_SID, c->sid);
	event_str(f, EF_GRANT, c->grant);
	event_num(f, EF_CHANNEL, (int64_t)c->id);
	event_str(f, EF_FILE, file);
}

static int
file_account(struct channel *c, struct file *f)
{
	struct file_chunk k;
	struct event_fields ef;
	int e;

	if ((e = file_flush(f, &k)) != 0 || k.size == 0)
		return e;
	fields_common(&ef, c, f->name);
	event_num(&ef, EF_CHUNK, (int64_t)k.n);
	event_num(&ef, EF_OFFSET, (int64_t)k.offset);
	event_num(&ef, EF_SIZE, (int64_t)k.size);
	event_str(&ef, EF_SHA256, k.sha256);
	e = evidence_put(c->process, EV_RECORDING_CHUNK, &ef);
	event_fields_done(&ef);
	return e;
}

/* recording.end of a file, as far as it is known. */
static int
send_end(struct channel *c, const char *file, uint64_t size, uint64_t chunks,
    const char *sha256, const char *reason)
{
	char msg[LIMIT_TEXT_SIZE];
	struct event_fields f;
	int e;

	fields_common(&f, c, file);
	event_num(&f, EF_SIZE, (int64_t)size);
	if (chunks > 0)
		event_num(&f, EF_COUNT, (int64_t)chunks);
	event_str(&f, EF_SHA256, sha256);
	event_str(&f, EF_REASON, reason);
	if (strcmp(file, c->text.name) == 0) {
		event_count(&f, EF_BYTES_OUT, c->written);
		if (strcmp(reason, "failed") == 0 &&
		    str_fmt(msg, sizeof(msg),
			"the last bytes that the user saw may be missing: %llu "
			"that the recorder had, no more than %d KiB in all",
			(unsigned long long)(c->received - c->written),
			(int)LIMIT_REC_UNACKED / 1024) == 0)
			event_str(&f, EF_MSG, msg);
	}
	e = evidence_put(c->process, EV_RECORDING_END, &f);
	event_fields_done(&f);
	return e;
}

int
channel_flush(struct channel *c)
{
	int e;

	if (c->raw.whole != NULL && (e = file_account(c, &c->raw)) != 0)
		return e;
	if ((e = file_account(c, &c->text)) != 0)
		return e;
	/* half a character is in no line yet */
	c->written = c->received - c->cast.ntail;
	c->cost = channel_size(c);
	return 0;
}

uint64_t
channel_size(const struct channel *c)
{
	return c->text.size + c->text.pending.len + c->raw.size +
	       c->raw.pending.len;
}

int
channel_sync(struct channel *c)
{
	int e = c->waiting ? 0 : file_sync(&c->raw);

	return e != 0 || c->waiting ? e : file_sync(&c->text);
}

/* What could not be shown as it was goes beside the recording. */
static int
keep_raw(struct channel *c)
{
	char name[FILE_NAME_SIZE];
	int e = buf_err(&c->raw_line);

	if (e != 0 || c->raw_line.len == 0)
		return e;
	if (c->raw.whole == NULL) {
		if ((e = str_fmt(name, sizeof(name), "%s.raw", c->text.name)) !=
			0 ||
		    (e = file_create(&c->raw, c->dir, name)) != 0)
			return e;
	}
	buf_put(&c->raw.pending, c->raw_line.p, c->raw_line.len);
	buf_reset(&c->raw_line);
	return buf_err(&c->raw.pending);
}

int
channel_data(struct channel *c, unsigned kind, const void *p, size_t n)
{
	struct buf *out = &c->text.pending;
	int e = 0;

	if (c->waiting)
		return GW_EPROTO; /* it begins before it may */
	switch (kind) {
	case REC_OUTPUT:
		if (n > LIMIT_REC_DATA_MAX)
			return GW_EPROTO;
		cast_output(&c->cast, out, &c->raw_line, elapsed_us(c), p, n);
		c->received += n;
		break;
	case REC_RESIZE:
		e = cast_resize(out, elapsed_us(c), p, n);
		break;
	case REC_MARKER:
		if (n > LIMIT_FIELD_MAX)
			return GW_EPROTO;
		cast_marker(out, elapsed_us(c), p, n);
		break;
	default:
		return GW_EPROTO;
	}
	if (e != 0 || (e = keep_raw(c)) != 0 || (e = buf_err(out)) != 0)
		return e;
	if (out->len >= FILE_CHUNK || c->raw.pending.len >= FILE_CHUNK)
		return channel_flush(c);
	return 0;
}

/*
 * A part from before this process started is closed as it lies there. Time goes
 * on from where the first part began, and so does the count of the bytes.
 */
static int
resume(struct channel *c, struct left *left)
{
	char first[FILE_NAME_SIZE];
	int64_t started = 0;
	const int64_t now_s = clock_now().utc_ms / 1000;
	int e;

	if ((e = file_name(first, c->sid, c->id, 0)) != 0 ||
	    (e = position_of(c->dir, c->sid, c->id, c->part, &c->received)) !=
		0 ||
	    (e = left_goes_on(
		 left, c->sid, c->grant, c->id, c->earlier, c->text.name)) != 0)
		return e;
	/* + 1: whole seconds only are known, and time must not go back */
	if (file_started(c->dir, first, &started) == 0 && started <= now_s)
		c->zero_us -= (now_s - started + 1) * 1000000;
	return 0;
}

/* The first part that is not there yet, and the one before it. */
static int
choose_name(struct channel *c)
{
	char name[FILE_NAME_SIZE];
	int e;

	for (unsigned part = 0; part < LIMIT_RECORDING_PARTS; part++) {
		if ((e = file_name(name, c->sid, c->id, part)) != 0)
			return e;
		c->part = part;
		if (!file_exists(c->dir, name))
			return str_copy(
			    c->text.name, sizeof(c->text.name), name);
		memcpy(c->earlier, name, sizeof(name));
	}
	return GW_ELIMIT;
}

static void
write_header(struct channel *c)
{
	const struct msg_rec_open *m = &c->open;
	char title[2 * LIMIT_NAME_SIZE + 2];
	const struct cast_head h = {.cols = m->cols,
	    .rows = m->rows,
	    .time_s =
		(clock_now().utc_ms * 1000 - (clock_mono_us() - c->zero_us)) /
		1000000,
	    .title = title,
	    .term = m->term,
	    .command = c->command.p,
	    .ncommand = c->command.len};

	if (str_fmt(title, sizeof(title), "%s@%s", m->login, m->target) != 0)
		title[0] = '\0';
	cast_header(&c->text.pending, &h);
}

static int
send_start(struct channel *c, process_durable_fn *fn, void *arg)
{
	const struct msg_rec_open *m = &c->open;
	struct event_fields f;
	char msg[LIMIT_TEXT_SIZE];
	int e = 0;

	fields_common(&f, c, c->text.name);
	event_num(&f, EF_CONN, (int64_t)c->conn);
	event_str(&f, EF_USER, m->user);
	event_str(&f, EF_TARGET, m->target);
	event_str(&f, EF_LOGIN, m->login);
	/* the record of the program has all of it */
	event_cut(&f, EF_COMMAND, c->command.p, c->command.len, COMMAND_SHOWN);
	if (c->earlier[0] != '\0' &&
	    (e = str_fmt(msg, sizeof(msg), "goes on where %s stopped",
		 c->earlier)) == 0)
		event_str(&f, EF_MSG, msg);
	if (e == 0)
		e = process_append(c->process, EV_RECORDING_START, &f, fn, arg);
	event_fields_done(&f);
	return e;
}

int
channel_new(struct channel **ret, struct process *r, int dir, uint64_t conn,
    const struct msg_rec_open *m, process_durable_fn *fn, void *arg)
{
	struct channel *c = NULL;
	int e = GW_EPROTO;

	if (!id_ok(m->sid, 's') || !id_ok(m->grant, 'g'))
		return e;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return GW_ENOMEM;
	c->process = r;
	c->dir = dir;
	c->conn = conn;
	c->id = m->channel;
	c->open = *m;
	buf_init(&c->raw_line, RAW_LINE_MAX);
	buf_init(&c->command, LIMIT_COMMAND_MAX);
	buf_put(&c->command, m->command.p, m->command.len);
	c->open.command = (struct bytes){0}; /* borrowed */
	if ((e = buf_err(&c->command)) != 0)
		goto out;
	if ((e = str_copy(c->sid, sizeof(c->sid), m->sid)) != 0 ||
	    (e = str_copy(c->grant, sizeof(c->grant), m->grant)) != 0 ||
	    (e = choose_name(c)) != 0 || (e = send_start(c, fn, arg)) != 0)
		goto out;
	c->waiting = true;
	*ret = c;
	c = NULL;
out:
	if (c != NULL)
		buf_done(&c->command);
	free(c);
	return e;
}

/* Readers leave a later part's header out: the size it says is an event. */
static int
write_size(struct channel *c)
{
	char size[32];
	int e =
	    str_fmt(size, sizeof(size), "%ux%u", c->open.cols, c->open.rows);

	if (e == 0 && c->open.cols != 0 && c->open.rows != 0)
		e = cast_resize(
		    &c->text.pending, elapsed_us(c), size, strlen(size));
	return e == GW_EPROTO ? 0 : e;
}

int
channel_begin(struct channel *c, struct left *left)
{
	char name[FILE_NAME_SIZE];
	int e;

	c->waiting = false;
	c->zero_us = clock_mono_us();
	memcpy(name, c->text.name, sizeof(name));
	if ((e = file_create(&c->text, c->dir, name)) != 0 ||
	    (c->earlier[0] != '\0' && (e = resume(c, left)) != 0))
		return e;
	write_header(c);
	if (c->earlier[0] != '\0' && (e = write_size(c)) != 0)
		return e;
	if ((e = channel_flush(c)) == 0) {
		c->told = c->written;
		c->paid = c->cost;
	}
	return e;
}

static void
channel_drop(struct channel *c)
{
	if (c == NULL)
		return;
	file_drop(&c->text);
	file_drop(&c->raw);
	buf_done(&c->raw_line);
	buf_done(&c->command);
	free(c);
}

/* One of the two files, after its last flush. */
static int
end_file(struct channel *c, struct file *f, const char *reason)
{
	char hash[FILE_HASH_SIZE];
	const uint64_t size = f->size;
	const uint32_t chunks = f->chunks;
	int e;

	if (f->whole == NULL)
		return 0;
	if ((e = file_close(f, hash)) == 0)
		e = send_end(c, f->name, size, chunks, hash, reason);
	return e;
}

int
channel_end(struct channel *c, const char *reason)
{
	int e;

	if (c->waiting) {
		c->gone = true;
		c->reason = reason;
		return 0;
	}
	cast_end(&c->cast, &c->text.pending, &c->raw_line, elapsed_us(c));
	if ((e = keep_raw(c)) == 0 && (e = channel_flush(c)) == 0 &&
	    (e = end_file(c, &c->raw, reason)) == 0)
		e = end_file(c, &c->text, reason);
	if (e == 0)
		channel_drop(c);
	else
		channel_fail(c);
	return e;
}

static void
end_failed(struct channel *c, const char *file)
{
	char hash[FILE_HASH_SIZE] = "";
	uint64_t size = 0;
	int e;

	if (file_digest(c->dir, file, hash, &size) != 0)
		hash[0] = '\0';
	if ((e = send_end(c, file, size, 0, hash, "failed")) != 0)
		log_err("the recording %s has no end on record: %s", file,
		    err_str(e));
}

void
channel_fail(struct channel *c)
{
	if (c->waiting) {
		c->gone = true;
		return;
	}
	if (c->begun && c->raw.name[0] != '\0')
		end_failed(c, c->raw.name);
	if (c->begun)
		end_failed(c, c->text.name);
	channel_drop(c);
}

void
channel_end_gone(struct channel *c, struct left *left, int result)
{
	int e = result;

	if (e != 0 || c->reason == NULL || (e = channel_begin(c, left)) != 0)
		channel_fail(c);
	else
		e = channel_end(c, c->reason);
	if (e != 0)
		log_err("a recording has no proper end: %s", err_str(e));
}
