/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rfc5424 - see the header. Names of structured data are lower case: rsyslog
 * makes them so anyway. No BOM before MSG: rsyslog would keep it.
 */
#include "shipper/encode/rfc5424.h"

#include <stdio.h>
#include <string.h>

#include "audit/record.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "wire/json.h"

enum {
	HOSTNAME_MAX = 255, /* format: RFC 5424 section 6 */
};

/* What a SIEM searches by, besides seq, id and event of the envelope. */
static const char *const params[] = {"outcome", "reason", "user", "by",
    "target", "login", "role", "req", "grant", "sid", "conn", "src", "src6",
    "src_port", "dst", "dst6", "dst_port", "end", "exit"};

unsigned
rfc5424_severity(unsigned sev)
{
	/* Informational, Low, Medium, High, Critical, Fatal */
	static const uint8_t syslog[] = {3, 6, 5, 4, 3, 2, 1};

	return sev < sizeof(syslog) ? syslog[sev] : syslog[0];
}

/* PRINTUSASCII of at most max characters, or "-". */
static void
put_header(struct buf *out, const char *s, size_t max)
{
	size_t n = 0;

	for (; *s != '\0' && n < max; s++)
		if (*s > 0x20 && *s < 0x7f) {
			buf_u8(out, (uint8_t)*s);
			n++;
		}
	if (n == 0)
		buf_u8(out, '-');
	buf_u8(out, ' ');
}

/* UTF-8 in, cut between characters; '"', '\' and ']' get a backslash. */
static void
put_param(struct buf *out, const char *name, const char *value, size_t n)
{

	if (n == 0)
		return;
	if (n > LIMIT_SYSLOG_PARAM_MAX) {
		n = LIMIT_SYSLOG_PARAM_MAX;
		while (n > 0 && ((uint8_t)value[n] & 0xc0) == 0x80)
			n--;
	}
	buf_printf(out, " %s=\"", name);
	for (size_t i = 0; i < n; i++) {
		const uint8_t c = (uint8_t)value[i];

		if (c == '"' || c == '\\' || c == ']')
			buf_u8(out, '\\');
		/* a record's strings may hold what it spells \u00XX */
		buf_u8(out, c < 0x20 || c == 0x7f ? ' ' : c);
	}
	buf_u8(out, '"');
}

static void
put_json_param(struct buf *out, const char *name, const json_t *v)
{
	char text[32];

	if (json_is_string(v)) {
		put_param(
		    out, name, json_string_value(v), json_string_length(v));
	} else if (json_is_integer(v)) {
		(void)snprintf(text, sizeof(text), "%lld",
		    (long long)json_integer_value(v));
		put_param(out, name, text, strlen(text));
	}
}

static void
put_record(struct buf *out, const char *hostname, const struct record *r,
    const json_t *o)
{
	const struct event_spec *spec = event_spec(r->event);
	char text[32];

	str_time(text, sizeof(text), r->time_ms);
	buf_printf(out, "<%u>1 %s ",
	    RFC5424_FACILITY * 8U + rfc5424_severity(spec->severity), text);
	put_header(out, hostname, HOSTNAME_MAX);
	buf_printf(out, "sallyport %s %s [sallyport@32473",
	    proc_name(r->origin), spec->code);
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)r->seq);
	put_param(out, "seq", text, strlen(text));
	put_param(out, "id", r->id, strlen(r->id));
	put_param(out, "event", spec->name, strlen(spec->name));
	for (size_t i = 0; i < ARRAY_LEN(params); i++)
		put_json_param(out, params[i], json_object_get(o, params[i]));
	buf_printf(out, "] ");
}

/* A control character cannot stand in a record; in what is no record, it
 * becomes a space, so that no receiver ends the message there. */
static void
put_message(struct buf *out, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_u8(out, p[i] < 0x20 || p[i] == 0x7f ? ' ' : p[i]);
}

static int
message(struct buf *out, struct encode_how *how, const void *line, size_t n)
{
	struct record r;
	json_t *o = NULL;

	if (record_parse(&r, line, n) == 0 &&
	    (o = json_parse_record(line, n)) != NULL) {
		put_record(out, how->node, &r, o);
	} else {
		buf_printf(out, "<%u>1 - ",
		    RFC5424_FACILITY * 8U + rfc5424_severity(0));
		put_header(out, how->node, HOSTNAME_MAX);
		buf_printf(out, "sallyport - - - ");
	}
	put_message(out, line, n);
	json_decref(o);
	return buf_err(out);
}

const struct encoder encoder_rfc5424 = {.name = "RFC 5424", .message = message};
