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
#include "base/str.h"

enum {
	RAW_LINE_MAX = 64 * 1024, /* internal: one message in base64 */
	COMMAND_SHOWN = 1024,
};

static int64_t
elapsed_us(const struct channel *c)
{
	return clock_mono_us() - c->zero_us;
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
	e = process_append(c->process, EV_RECORDING_CHUNK, &ef, NULL, NULL);
	event_fields_done(&ef);
	return e;
}

/* recording.end of a file, as far as it is known. */
static int
send_end(struct channel *c, const char *file, uint64_t size, uint64_t chunks,
    const char *sha256, const char *reason)
{
	struct event_fields f;
	int e;

	fields_common(&f, c, file);
	event_num(&f, EF_SIZE, (int64_t)size);
	if (chunks > 0)
		event_num(&f, EF_COUNT, (int64_t)chunks);
	event_str(&f, EF_SHA256, sha256);
	event_str(&f, EF_REASON, reason);
	e = process_append(c->process, EV_RECORDING_END, &f, NULL, NULL);
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
	c->written = c->received;
	return 0;
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
 * A part from before this process started has no end record yet: what lies
 * there is what there is. Time goes on from where the first part began.
 */
static int
resume(struct channel *c)
{
	char first[FILE_NAME_SIZE];
	char hash[FILE_HASH_SIZE] = "";
	uint64_t size = 0;
	int64_t started = 0;
	const int64_t now_s = clock_now().utc_ms / 1000;
	int e;

	if ((e = file_name(first, c->sid, c->id, 0)) != 0 ||
	    (e = file_digest(c->dir, c->earlier, hash, &size)) != 0 ||
	    (e = send_end(c, c->earlier, size, 0, hash, "interrupted")) != 0)
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
	channel_drop(c);
	return e;
}

int
channel_begin(struct channel *c)
{
	char name[FILE_NAME_SIZE];
	int e;

	c->waiting = false;
	c->zero_us = clock_mono_us();
	memcpy(name, c->text.name, sizeof(name));
	if ((e = file_create(&c->text, c->dir, name)) != 0 ||
	    (c->earlier[0] != '\0' && (e = resume(c)) != 0))
		return e;
	write_header(c);
	return channel_flush(c);
}

int
channel_end(struct channel *c, const char *reason)
{
	char hash[FILE_HASH_SIZE];
	struct file *files[] = {&c->raw, &c->text};
	int e;

	if (c->waiting) {
		c->gone = true;
		c->reason = reason;
		return 0;
	}
	cast_end(&c->cast, &c->text.pending, &c->raw_line, elapsed_us(c));
	if ((e = keep_raw(c)) != 0 || (e = channel_flush(c)) != 0)
		goto out;
	for (size_t i = 0; e == 0 && i < ARRAY_LEN(files); i++) {
		struct file *f = files[i];
		const uint64_t size = f->size;
		const uint32_t chunks = f->chunks;

		if (f->whole == NULL)
			continue;
		if ((e = file_close(f, hash)) == 0)
			e = send_end(c, f->name, size, chunks, hash, reason);
	}
out:
	channel_drop(c);
	return e;
}

void
channel_drop(struct channel *c)
{
	if (c == NULL)
		return;
	if (c->waiting) {
		c->gone = true;
		return;
	}
	file_drop(&c->text);
	file_drop(&c->raw);
	buf_done(&c->raw_line);
	buf_done(&c->command);
	free(c);
}
