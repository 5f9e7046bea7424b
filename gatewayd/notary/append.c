/* SPDX-License-Identifier: Apache-2.0 */
/*
 * append - LOG_APPEND: a record somebody else writes. The table says who may
 * write which; origin and connection are ours to say, and so is who a session
 * is: what it claims about that is dropped and replaced. The recorder only
 * repeats what a session says of itself, and counts by it, so a recording
 * begins only when the fold has that session for that connection, of that user.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "notary/notary.h"
#include "notary/unended.h"

struct waiting {
	uint32_t rid;
};

static void
durable(struct notary *n, struct peer *p, void *arg, int result, uint64_t seq)
{
	const struct waiting *w = arg;
	struct msg_log_durable out = {.rid = w->rid,
	    .result = msg_result(result),
	    .seq = result == 0 ? seq : 0};

	(void)n;
	(void)!peer_send(p, MSG_LOG_DURABLE, &out, -1);
}

/* A record of the notary itself about a misbehaving peer. */
static void
append_protocol(struct notary *n, struct peer *p, const char *what)
{
	struct queue_item item = {
	    .event = EV_PEER_PROTOCOL, .origin = PROC_NOTARY};
	struct event_fields f;

	log_warn("%s: %s", proc_name(peer_proc(p)), what);
	event_fields_init(&f);
	event_str(&f, EF_PROCESS, proc_name(peer_proc(p)));
	if (peer_conn(p) != 0)
		event_num(&f, EF_CONN, (int64_t)peer_conn(p));
	event_str(&f, EF_MSG, what);
	if (queue_add(n, &item, &f) < 0)
		log_err("this could not be put into the audit log");
	event_fields_done(&f);
}

static bool
is_identity(unsigned id)
{
	return id == EF_USER || id == EF_TARGET || id == EF_LOGIN ||
	       id == EF_USER_ID || id == EF_TARGET_ID || id == EF_ROLE_ID ||
	       id == EF_OWNER || id == EF_REQ || id == EF_GRANT ||
	       id == EF_SID || id == EF_CONN || id == EF_BY;
}

struct stamping {
	struct event_fields *out;
	bool keep_conn;
};

static int
keep(void *arg, const struct event_value *v)
{
	const struct stamping *t = arg;

	if (!is_identity(v->id) || (t->keep_conn && v->id == EF_CONN))
		event_copy(t->out, v->id, v->cut, v->p, v->n);
	return 0;
}

/* The fields without their claims, with our knowledge. */
static int
stamp(struct event_fields *out, const struct fold_leg *l, bool keep_conn,
    const struct bytes *fields)
{
	struct stamping t = {.out = out, .keep_conn = keep_conn};

	if (l != NULL)
		leg_identity(out, l);
	return event_each(fields->p, fields->len, keep, &t);
}

static bool
says(const struct bytes *fields, enum event_field_id id, const char *value)
{
	char said[LIMIT_NAME_SIZE];

	return pair_text(said, sizeof(said), fields, id) == 0 &&
	       strcmp(said, value) == 0;
}

/* The recorder goes by these names once we have said yes. */
static bool
names_ok(const struct bytes *fields, const struct fold_leg *l)
{
	return (says(fields, EF_USER, l->user) &&
		   says(fields, EF_TARGET, l->target_name) &&
		   says(fields, EF_LOGIN, l->login)) ||
	       FAULT(record_names);
}

/* The open session a recording is said to be of, if it is the one of the
 * connection the recorder hears it on, and its user's; else NULL. */
static const struct fold_leg *
recorded(const struct notary *n, const struct bytes *fields)
{
	char sid[LIMIT_ID_SIZE], grant[LIMIT_ID_SIZE], conn[32];
	const struct unended_session *over;
	const struct fold_leg *l;
	uint64_t number = 0;

	if (pair_text(sid, sizeof(sid), fields, EF_SID) < 0 ||
	    pair_text(grant, sizeof(grant), fields, EF_GRANT) < 0 ||
	    pair_text(conn, sizeof(conn), fields, EF_CONN) < 0 ||
	    str_u64(conn, 1, LIMIT_NUMBER_MAX, &number) < 0)
		return NULL;
	/* the last bytes may come again when the session is over already */
	if ((l = fold_leg(n->fold, sid)) == NULL &&
	    (over = unended_session(fold_unended(n->fold), sid)) != NULL)
		l = &over->leg;
	if (l == NULL)
		return NULL;
	if (!FAULT(record_sid) &&
	    (l->conn != number || strcmp(l->grant, grant) != 0))
		return NULL;
	return names_ok(fields, l) ? l : NULL;
}

static int
append_add(struct notary *n, struct peer *p, const struct msg_log_append *m,
    const char *key, const struct event_fields *f)
{
	struct queue_item item = {.event = (enum event_code)m->event,
	    .origin = peer_proc(p),
	    .key = key,
	    .peer = p};
	struct waiting *w = NULL;

	if (item.origin == PROC_SESSION)
		item.conn = peer_conn(p);
	if (m->rid != 0) {
		if ((w = calloc(1, sizeof(*w))) == NULL)
			return GW_ENOMEM;
		w->rid = m->rid;
		item.fn = durable;
		item.arg = w;
	}
	return tally_add(n, &item, f);
}

/* Whose start or end it may be: a session's own, or what the recorder names. */
static void
about(char sid[static LIMIT_ID_SIZE], struct peer *p,
    const struct msg_log_append *m)
{
	const struct session_peer *s = peer_data(p);

	sid[0] = '\0';
	if (peer_proc(p) == PROC_SESSION && s != NULL && s->has_leg)
		memcpy(sid, s->leg.sid, LIMIT_ID_SIZE);
	else if (peer_proc(p) == PROC_RECORDER &&
		 pair_text(sid, LIMIT_ID_SIZE, &m->fields, EF_SID) < 0)
		sid[0] = '\0';
}

/* True when it goes no further: it is answered. */
static bool
unpaired(struct notary *n, struct peer *p, const struct msg_log_append *m,
    char key[static LIMIT_NAME_SIZE])
{
	char sid[LIMIT_ID_SIZE];
	enum pair pair;

	about(sid, p, m);
	if ((pair = pair_check(n, m->event, sid, &m->fields, key)) == PAIR_OK)
		return false;
	if (pair == PAIR_BAD)
		append_protocol(n, p,
		    "tried to begin more programs than it may have channels, "
		    "or to end none");
	if (m->rid != 0)
		durable(n, p, &(struct waiting){.rid = m->rid},
		    pair == PAIR_BAD ? GW_EDENIED : GW_ENOENT, 0);
	return true;
}

int
on_append(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_log_append *m = msg->body;
	struct notary *n = process_ctx(r);
	const struct event_spec *spec = event_spec(m->event);
	const struct session_peer *s = peer_data(p);
	const struct fold_leg *l = NULL;
	struct event_fields f;
	char what[96], key[LIMIT_NAME_SIZE];
	int e;

	if (!event_may_write(m->event, peer_proc(p))) {
		(void)!str_fmt(what, sizeof(what),
		    "tried to write %s, which it may not",
		    spec == NULL ? "an unknown event" : spec->name);
		append_protocol(n, p, what);
		peer_close(p);
		return 0;
	}
	if (m->event == EV_RECORDING_START &&
	    (l = recorded(n, &m->fields)) == NULL) {
		append_protocol(
		    n, p, "a session wanted to be recorded as another one");
		durable(n, p, &(struct waiting){.rid = m->rid}, GW_EDENIED, 0);
		return 0;
	}
	if (unpaired(n, p, m, key))
		return 0;
	event_fields_init(&f);
	if (l != NULL) {
		e = stamp(&f, l, true, &m->fields);
	} else if (peer_proc(p) == PROC_SESSION) {
		e = stamp(&f, s != NULL && s->has_leg ? &s->leg : NULL, false,
		    &m->fields);
	} else {
		buf_put(&f.b, m->fields.p, m->fields.len);
		e = buf_err(&f.b);
	}
	if (e == 0)
		e = quota_check(n, m->event, peer_proc(p), &f);
	if (e == 0)
		e = append_add(n, p, m, key, &f);
	event_fields_done(&f);
	if (e == GW_EFULL) {
		if (m->rid != 0)
			durable(n, p, &(struct waiting){.rid = m->rid}, e, 0);
		return 0;
	}
	if (e != GW_ELIMIT)
		return e;
	append_protocol(n, p, "tried to write a record that is too large");
	if (m->rid != 0)
		durable(n, p, &(struct waiting){.rid = m->rid}, e, 0);
	return 0;
}
