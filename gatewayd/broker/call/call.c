/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call - the life of one API call: it is answered exactly once, its secrets
 * are wiped, and a repeat with the same idempotency key gets the first answer
 * instead of a second effect.
 */
#include <openssl/sha.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/aside.h"
#include "broker/call/call.h"
#include "broker/call/order.h"
#include "broker/call/put.h"
#include "broker/call/repeats.h"
#include "broker/call/subject.h"
#include "broker/call/undone.h"
#include "broker/call/wait.h"

enum { SHORT_ANSWER = 4096 };

static const char type_json[] = "application/json";
static const char type_problem[] = "application/problem+json";

static void
call_link(struct call *c)
{
	event_fields_init(&c->whose);
	c->order_from = UINT64_MAX; /* it has ordered nothing */
	c->next = c->b->calls;
	c->b->calls = c;
}

struct call *
call_new(struct broker *b, struct peer *from, const struct msg_api_call *m)
{
	struct call *c = NULL;

	if (m->query.len >= sizeof(c->query) ||
	    (c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->b = b;
	c->rid = m->rid;
	c->from = peer_proc(from);
	c->link = b->api_links[c->from == PROC_ADMIN];
	c->verb = verb_get(m->verb);
	c->peer = m->peer;
	c->uid = m->uid;
	c->loginuid = m->loginuid;
	text_set(c->arg, sizeof(c->arg), m->arg);
	if (m->query.len > 0)
		memcpy(c->query, m->query.p, m->query.len);
	call_link(c);
	return c;
}

static void
call_free(struct call *c)
{
	for (struct call **cp = &c->b->calls; *cp != NULL; cp = &(*cp)->next)
		if (*cp == c) {
			*cp = c->next;
			break;
		}
	timer_free(c->order_timer);
	json_decref(c->answer);
	if (c->state_free != NULL)
		c->state_free(c->state);
	if (c->subject != NULL)
		subject_clear(c->subject);
	free(c->subject);
	signed_done(&c->req);
	envelope_done(&c->env);
	event_fields_done(&c->whose);
	explicit_bzero(c, sizeof(*c));
	free(c);
}

/* The user, and what they signed. */
static int
copy_proof(struct call *x, const struct call *c)
{
	x->key = c->key;
	memcpy(x->serial, c->serial, sizeof(x->serial));
	x->req = c->req;
	x->req.body = NULL;
	if (c->subject != NULL) {
		if (call_subject(x) == NULL)
			return GW_ENOMEM;
		*x->subject = *c->subject;
	}
	if (c->env.payload == NULL)
		return 0;
	if ((x->env.payload = malloc(c->env.payload_len + 1)) == NULL ||
	    (x->env.signature = strdup(c->env.signature)) == NULL)
		return GW_ENOMEM;
	memcpy(x->env.payload, c->env.payload, c->env.payload_len);
	x->env.payload_len = c->env.payload_len;
	return 0;
}

struct call *
call_part(const struct call *c, json_t *body, call_part_fn *fn, void *arg)
{
	struct call *x = calloc(1, sizeof(*x));

	if (x == NULL) {
		json_decref(body);
		return NULL;
	}
	x->b = c->b;
	x->from = c->from;
	x->link = c->link;
	x->verb = c->verb;
	x->peer = c->peer;
	x->late_boot_ms = c->late_boot_ms;
	x->local = c->local;
	x->proved = c->proved;
	x->uid = c->uid;
	x->loginuid = c->loginuid;
	memcpy(x->user, c->user, sizeof(x->user));
	x->rights = c->rights;
	x->user_state = c->user_state;
	x->kind = c->kind;
	memcpy(x->key_fp, c->key_fp, sizeof(x->key_fp));
	call_link(x);
	if (copy_proof(x, c) != 0) {
		json_decref(body);
		call_free(x);
		return NULL;
	}
	x->req.body = body;
	x->part_fn = fn;
	x->part_arg = arg;
	return x;
}

struct call *
call_own(struct broker *b, const struct verb *verb, call_part_fn *fn, void *arg)
{
	struct call *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return NULL;
	x->b = b;
	x->verb = verb;
	x->uid = x->loginuid = -1;
	x->part_fn = fn;
	x->part_arg = arg;
	call_link(x);
	return x;
}

/* The API that asked may have been started anew since: then nobody waits. */
static void
reply_send(
    struct call *c, unsigned status, const char *type, const void *p, size_t n)
{
	static const char busy[] =
	    "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\","
	    "\"status\":503,\"detail\":\"too many long answers are under way; "
	    "ask again\",\"code\":\"unavailable\"}";
	struct peer *api = process_peer(c->b->process, c->from);
	struct msg_api_reply m = {
	    .rid = c->rid, .status = (uint16_t)status, .next = c->stream_next};
	int r;

	if (c->link != c->b->api_links[c->from == PROC_ADMIN])
		return;
	/* a queue that is too long loses the link, and everybody's answers */
	if (n > SHORT_ANSWER && peer_queued(api) + n > LIMIT_PEER_QUEUE / 2) {
		m.status = 503;
		m.next = 0;
		type = type_problem;
		p = busy;
		n = sizeof(busy) - 1;
	}
	text_set(m.content_type, sizeof(m.content_type), type);
	m.body.p = p;
	m.body.len = (uint32_t)n;
	r = peer_send(api, MSG_API_REPLY, &m, -1);
	if (r != 0)
		log_warn(
		    "an answer was lost on its way to the API: %s", err_str(r));
}

/* Repeats of c get the same; one that failed gets the failure too, and may
 * come again with the same key if that was not kept. */
static void
finish(struct call *c, unsigned status, const char *type, const char *text)
{
	char *again = NULL;

	if (c->part_fn != NULL) {
		c->part_fn(c->part_arg, c, status, text);
		call_free(c);
		return;
	}
	repeats_keep(c, status, text);
	reply_send(c, status, type, text, strlen(text));
	if (c->repeats != NULL)
		again = repeats_text(text);
	for (struct call *x = NULL; (x = repeats_next(c)) != NULL;
	     call_free(x)) {
		const char *s = again != NULL ? again : text;

		reply_send(x, status, type, s, strlen(s));
	}
	free(again);
	call_free(c);
}

static void
reply(struct call *c, unsigned status, json_t *o)
{
	char *text = o != NULL ? json_text(o) : NULL;

	json_decref(o);
	if (text == NULL) {
		finish(c, 503, type_problem,
		    "{\"type\":\"about:blank\",\"title\":\"Service "
		    "Unavailable\",\"status\":503,\"detail\":\"out of "
		    "memory\",\"code\":\"unavailable\"}");
		return;
	}
	if (strlen(text) > LIMIT_BODY_MAX) {
		free(text);
		call_refuse(c, 503, "unavailable", NULL,
		    "the answer is larger than a reply can be");
		return;
	}
	finish(c, status, status < 300 ? type_json : type_problem, text);
	explicit_bzero(text, strlen(text)); /* may hold a token or a seed */
	free(text);
}

/* What is not confirmed is not said. */
static void
confirmed(struct call *c)
{
	const unsigned shuts = order_left(c, ORDER_SHUT);
	const unsigned ports = order_left(c, ORDER_PROTECT);
	json_t *o = c->answer;

	c->answer = NULL;
	if (shuts > 0)
		put_num(o, "still_open", shuts);
	if (shuts > 0 && c->answer_ends)
		put_str(o, "state", "ending");
	if (ports > 0)
		put_num(o, "shutting", ports);
	reply(c, c->answer_status, o);
}

static call_aside_fn *aside;

void
call_on_answer(call_aside_fn *fn)
{
	aside = fn;
}

void
call_reply(struct call *c, unsigned status, json_t *o)
{
	if (o != NULL && status < 300 && aside != NULL && c->proved &&
	    c->env.payload != NULL && c->part_fn == NULL)
		aside(c, o);
	if (o != NULL && status < 300 && c->code_clock[0] != '\0')
		put_str(o, "code_clock", c->code_clock);
	if (o == NULL || status >= 300 || FAULT(unconfirmed)) {
		reply(c, status, o);
		return;
	}
	c->answer = o;
	c->answer_status = status;
	order_wait(c, confirmed);
}

void
call_reply_end(struct call *c, json_t *o)
{
	put_str(o, "state", "ended");
	c->answer_ends = true;
	call_reply(c, 200, o);
}

void
call_raw(
    struct call *c, unsigned status, const char *type, const void *p, size_t n)
{
	reply_send(c, status, type, p, n);
	call_free(c);
}

void
call_stream(
    struct call *c, const char *type, const void *p, size_t n, uint64_t next)
{
	c->stream_next = next;
	call_raw(c, 200, type, p, n);
}

void
call_problem(struct call *c, const struct problem *p)
{
	json_t *o = problem_json(p);
	char *text = o != NULL ? json_text(o) : NULL;

	json_decref(o);
	finish(c, p->status != 0 ? (unsigned)p->status : 503, type_problem,
	    text != NULL ? text : "{\"code\":\"unavailable\",\"status\":503}");
	free(text);
}

void
call_refuse(struct call *c, int status, const char *code, const char *field,
    const char *fmt, ...)
{
	struct problem p = {.status = status};
	va_list ap;

	text_set(p.code, sizeof(p.code), code);
	if (field != NULL)
		text_set(p.field, sizeof(p.field), field);
	va_start(ap, fmt);
	(void)vsnprintf(p.text, sizeof(p.text), fmt, ap);
	va_end(ap);
	call_problem(c, &p);
}

void
call_unavailable(struct call *c, const char *what)
{
	call_refuse(c, 503, "unavailable", NULL,
	    "%s cannot be reached: nothing was changed; try again in a moment",
	    what);
}

void
call_not_written(struct call *c, int error)
{
	if (error == GW_EFULL)
		call_refuse(c, 429, "too-many", NULL,
		    "what you do fills the gateway's log: what you had open "
		    "has ended, and within an hour you can go on; access is "
		    "taken away all the same: jitctl lock, revoke, release, "
		    "deny, user lock");
	else
		call_unavailable(c, "the log");
}

const char *
call_user_id(const struct call *c)
{
	return c->subject != NULL && c->user[0] != '\0' &&
		       strcmp(c->subject->user.name, c->user) == 0
		   ? c->subject->user.id
		   : "";
}

void
call_undone(struct call *c, const struct problem *p)
{
	struct event_fields f;

	call_who(c, &f);
	undone(c, p, &f, call_problem);
}

void
call_store_failed(struct call *c, int err)
{
	struct problem p = {0};

	if (err == GW_ESTATE) {
		problem_set(&p, 409, "conflict", NULL,
		    "it was added or removed by another request meanwhile: "
		    "nothing was changed; ask again");
		call_undone(c, &p);
		return;
	}
	log_err("store: %s (%s)", err_str(err), store_error(c->b->store));
	problem_set(&p, 503, "unavailable", NULL,
	    "the store cannot be used: nothing was changed; the gateway's log "
	    "says why");
	call_undone(c, &p);
}

/* ---- steps */

bool
call_late(const struct broker *b, int64_t late_boot_ms)
{
	return late_boot_ms > 0 && broker_now(b).boot_ms >= late_boot_ms &&
	       !FAULT(opens_late);
}

static void
appended(void *arg, int result, uint64_t seq)
{
	struct call *c = arg;
	call_fn *then = c->then;

	c->then = NULL;
	if (result != 0) {
		call_not_written(c, result);
		return;
	}
	c->seq = seq;
	then(c);
}

void
call_append(struct call *c, enum event_code ev, const struct event_fields *f,
    call_fn *then)
{
	c->then = then;
	undone_keep(c, ev, f);
	if (process_append(c->b->process, ev, f, appended, c) != 0)
		call_unavailable(c, "the log");
}

/* Leaves of was what now does not have just so. */
static void
keep_differing(json_t *was, const json_t *now)
{
	const char *key = NULL;
	json_t *v = NULL;
	void *next = NULL;

	json_object_foreach_safe(was, next, key, v)
	{
		if (json_equal(v, json_object_get(now, key)))
			(void)json_object_del(was, key);
	}
}

void
call_append_change(struct call *c, enum event_code ev, struct event_fields *f,
    json_t *was, json_t *now, call_fn *then)
{
	char *text = now != NULL ? json_text(now) : NULL;
	char *old = NULL;

	event_str(f, EF_CHANGES, text);
	if (now != NULL)
		keep_differing(was, now);
	if (json_object_size(was) > 0 && (old = json_text(was)) != NULL)
		event_cut(f, EF_WAS, old, strlen(old), LIMIT_FIELD_MAX / 4);
	call_append(c, ev, f, then);
	event_fields_done(f);
	free(text);
	free(old);
	json_decref(was);
	json_decref(now);
}

struct subject *
call_subject(struct call *c)
{
	if (c->subject == NULL)
		c->subject = calloc(1, sizeof(*c->subject));
	return c->subject;
}

const char *
call_only_name(struct call *c, const char *key)
{
	const char *const keys[] = {key, NULL};
	struct problem p = {0};
	const char *name = NULL;

	if (json_only(c->req.body, keys, &p) == 0 &&
	    json_get_name(c->req.body, key, true, &name, &p) == 0)
		return name;
	call_problem(c, &p);
	return NULL;
}

void *
call_state(struct call *c, size_t size, void (*fn)(void *))
{
	void *p = calloc(1, size);

	if (p == NULL) {
		call_refuse(c, 503, "unavailable", NULL, "out of memory");
		return NULL;
	}
	c->state = p;
	c->state_free = fn;
	return p;
}

/* What its record says was not done, if it has one. */
static void
not_asked(struct call *c, const char *what)
{
	struct problem p = {0};

	problem_set(&p, 503, "unavailable", NULL,
	    "%s cannot be reached: nothing was changed; try again in a moment",
	    what);
	call_undone(c, &p);
}

static void
answered(struct broker *b, void *arg, const void *body)
{
	struct call *c = arg;
	call_answer_fn *fn = c->answered;

	(void)b;
	c->answered = NULL;
	if (body == NULL) {
		not_asked(c, "another process of the gateway");
		return;
	}
	fn(c, body);
}

void
call_ask(struct call *c, enum proc to, unsigned type, void *body,
    unsigned answer, call_answer_fn *fn)
{
	char what[64];

	c->answered = fn;
	if (ask(c->b, to, type, body, answer, answered, c) == 0)
		return;
	(void)snprintf(what, sizeof(what), "the %s", proc_name(to));
	not_asked(c, what);
}

bool
fits_field(const void *p, size_t n)
{
	struct buf b;
	bool fits;

	/* two of them fit, and what else a record has */
	buf_init(&b, (size_t)LIMIT_FIELD_MAX * 3 / 2);
	event_json_string(&b, p, n);
	fits = n <= LIMIT_FIELD_MAX && buf_err(&b) == 0;
	buf_done(&b);
	return fits;
}

void
text_digest(char ret[static DIGEST_SIZE], const void *p, size_t n)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	(void)SHA256(p, n, digest);
	str_hex(ret, digest, sizeof(digest));
}

void
call_who(const struct call *c, struct event_fields *f)
{
	char text[ADDR_TEXT_SIZE];

	event_fields_init(f);
	event_str(f, EF_BY, c->user);
	if (c->subject != NULL && c->kind == KIND_AGENT)
		event_str(f, EF_OWNER, c->subject->user.owner);
	if (c->proposal != NULL) {
		event_str(f, EF_CHANGE, c->proposal->id);
		event_str(f, EF_APPROVED_BY, c->outer->user);
	}
	if (c->local) {
		event_num(f, EF_UID, c->uid);
		event_num(f, EF_LOGINUID, c->loginuid);
		return;
	}
	if (c->peer.family != 0) {
		addr_format(text, &c->peer);
		event_str(f, EF_SRC, text);
	}
	event_str(f, EF_KEY_FP, c->key_fp);
}

void
call_owner(const struct call *c, struct event_fields *f, const char *owner)
{
	if (c->kind != KIND_AGENT) /* it is on behalf of its own */
		event_str(f, EF_OWNER, owner);
}

void
call_fields(const struct call *c, struct event_fields *f)
{
	char hex[DIGEST_SIZE];

	call_who(c, f);
	if (c->env.payload == NULL || c->verb->payload == PAYLOAD_NONE ||
	    c->verb->payload == PAYLOAD_SECRET)
		return;
	if (fits_field(c->env.payload, c->env.payload_len)) {
		event_strn(f, EF_PAYLOAD, c->env.payload, c->env.payload_len);
	} else {
		text_digest(hex, c->env.payload, c->env.payload_len);
		event_str(f, EF_SHA256, hex);
	}
	event_str(f, EF_SIGNATURE, c->env.signature);
	event_str(f, EF_IDEMPOTENCY, c->req.idempotency);
}

/* ---- json */

bool
call_repeated(struct call *c)
{
	struct buf text;
	uint16_t status = 0;
	char *again = NULL;
	enum repeat found;
	int r = GW_ENOMEM;

	buf_init(&text, LIMIT_BODY_MAX + 1);
	found = repeats_find(c, &status, &text, &r);
	if (found == REPEAT_KEPT &&
	    (again = repeats_text((const char *)text.p)) != NULL)
		finish(
		    c, status, status < 300 ? type_json : type_problem, again);
	else if (found == REPEAT_KEPT || found == REPEAT_FAILED)
		call_store_failed(c, r != 0 ? r : GW_ENOMEM);
	free(again);
	buf_done(&text);
	return found != REPEAT_NO;
}
