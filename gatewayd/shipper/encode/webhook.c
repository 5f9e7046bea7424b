/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook - see the header. What is passed on a chat may show to many: no
 * signed bytes, no addresses but the one that a lock is on, and of what a
 * person wrote nothing that a chat takes for markup, a mention or a link.
 */
#include "shipper/encode/webhook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/record.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/str.h"
#include "core/event.h"
#include "core/hook.h"
#include "wire/json.h"

/* What is passed on, by its name in the record. */
static const struct {
	const char *name;
	bool words; /* a person's own: else a name, an id, a word of ours */
} members[] = {{"outcome", false}, {"reason", false}, {"user", false},
    {"by", false}, {"target", false}, {"login", false}, {"role", false},
    {"req", false}, {"grant", false}, {"sid", false}, {"lock", false},
    {"glass", false}, {"kind", false}, {"value", false}, {"change", false},
    {"ticket", true}, {"why", true}};

/* Which state a request is in after it. */
static const struct {
	enum event_code event;
	const char *state;
} states[] = {{EV_REQUEST_PENDING, "pending"}, {EV_REQUEST_DENY, "denied"},
    {EV_REQUEST_WITHDRAW, "withdrawn"}, {EV_REQUEST_LAPSE, "lapsed"},
    {EV_REQUEST_ACTIVATE, "active"}};

static bool
is_harmless(uint32_t cp)
{
	if (cp < 0x80)
		return (cp >= '0' && cp <= '9') || (cp >= 'A' && cp <= 'Z') ||
		       (cp >= 'a' && cp <= 'z') ||
		       (cp != 0 && strchr(" .,;!?+=%()-", (int)cp) != NULL);
	return !str_unsafe(cp);
}

/* A space for what could be more than text, but for a colon or a slash that
 * stands alone; cut between characters. */
static void
set_words(json_t *o, const char *name, const char *s, size_t n)
{
	char text[LIMIT_HOOK_TEXT_MAX + 1];
	size_t at = 0;

	for (size_t i = 0, len; i < n; i += len) {
		uint32_t cp = 0;
		bool alone;

		if ((len = str_utf8((const uint8_t *)s + i, n - i, &cp)) == 0)
			len = 1;
		if (at + len >= sizeof(text))
			break;
		alone = (cp == ':' || cp == '/') &&
			(i + 1 == n || strchr(":/", s[i + 1]) == NULL) &&
			(i == 0 || strchr(":/", s[i - 1]) == NULL);
		if (is_harmless(cp) || alone || FAULT(hook_text)) {
			memcpy(text + at, s + i, len);
			at += len;
		} else {
			text[at++] = ' ';
		}
	}
	(void)json_object_set_new(o, name, json_stringn(text, at));
}

static void
set_member(json_t *o, const char *name, const json_t *v, bool words)
{
	const char *s = json_string_value(v);

	if (s == NULL)
		return;
	if (words || !str_name_ok(s))
		set_words(o, name, s, json_string_length(v));
	else
		(void)json_object_set_new(o, name, json_string(s));
}

static void
set_command(json_t *o, const struct record *r, const char *req)
{
	char text[64];

	if (req == NULL || !id_ok(req, 'r'))
		return;
	if (str_fmt(text, sizeof(text), "jitctl %s %s",
		r->event == EV_REQUEST_PENDING ? "approve" : "requests show",
		req) == 0)
		(void)json_object_set_new(o, "command", json_string(text));
}

static json_t *
data_of(const struct record *r, const char *node, const json_t *line)
{
	json_t *o = json_object();
	const json_t *seconds = json_object_get(line, "seconds");

	(void)json_object_set_new(o, "id", json_string(r->id));
	(void)json_object_set_new(o, "seq", json_integer((json_int_t)r->seq));
	(void)json_object_set_new(
	    o, "code", json_string(event_spec(r->event)->code));
	(void)json_object_set_new(o, "gateway", json_string(node));
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (states[i].event == r->event)
			(void)json_object_set_new(
			    o, "state", json_string(states[i].state));
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		set_member(o, members[i].name,
		    json_object_get(line, members[i].name), members[i].words);
	if (json_is_integer(seconds))
		(void)json_object_set_new(
		    o, "seconds", json_integer(json_integer_value(seconds)));
	set_command(o, r, json_string_value(json_object_get(line, "req")));
	return o;
}

static int
put_body(struct buf *out, const struct record *r, const char *node,
    const json_t *line)
{
	json_t *o = json_object();
	char time[32];
	char *text;
	int e = GW_ENOMEM;

	str_time(time, sizeof(time), r->time_ms);
	(void)json_object_set_new(
	    o, "type", json_string(event_spec(r->event)->name));
	(void)json_object_set_new(o, "timestamp", json_string(time));
	(void)json_object_set_new(o, "data", data_of(r, node, line));
	if ((text = json_text(o)) != NULL) {
		buf_printf(out, "%s\n", r->id);
		buf_put(out, text, strlen(text));
		e = buf_err(out);
	}
	free(text);
	json_decref(o);
	return e;
}

static int
message(struct buf *out, struct encode_how *how, const void *line, size_t n)
{
	struct record r;
	json_t *o;
	int e;

	if (record_parse(&r, line, n) != 0 ||
	    !hook_wants(how->events, event_spec(r.event)->name))
		return 0;
	if (how->now_ms - r.time_ms > (int64_t)LIMIT_HOOK_AGE_S * 1000) {
		how->passed_over++;
		return 0;
	}
	if ((o = json_parse_record(line, n)) == NULL)
		return 0;
	e = put_body(out, &r, how->node, o);
	json_decref(o);
	return e;
}

const struct encoder encoder_webhook = {
    .name = "Standard Webhooks", .news = true, .message = message};
