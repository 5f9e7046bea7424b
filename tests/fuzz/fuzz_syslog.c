/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_syslog: a line of the log as the receivers get it. Whatever the line is,
 * it makes one message that RFC 5424 allows, and that message ends with the
 * line.
 */
#include <jansson.h>
#include <string.h>

#include "audit/record.h"
#include "base/limits.h"
#include "shipper/encode/rfc5424.h"
#include "tests/fuzz/fuzz.h"

/* What is left of the message. */
struct text {
	const uint8_t *p;
	size_t n;
};

static uint8_t
next(struct text *t)
{
	must(t->n > 0);
	t->n--;
	return *t->p++;
}

static void
expect(struct text *t, const char *s)
{
	for (; *s != '\0'; s++)
		must(next(t) == (uint8_t)*s);
}

static size_t
number(struct text *t)
{
	size_t v = 0;

	must(t->n > 0 && *t->p >= '1' && *t->p <= '9');
	while (t->n > 0 && *t->p >= '0' && *t->p <= '9')
		v = v * 10 + (size_t)(next(t) - '0');
	return v;
}

/* PRINTUSASCII of 1 to max characters, and the space behind it. */
static void
word(struct text *t, size_t max)
{
	size_t n = 0;

	for (uint8_t c = next(t); c != ' '; c = next(t)) {
		must(c > 0x20 && c < 0x7f);
		n++;
	}
	must(n > 0 && n <= max);
}

/* PARAM-VALUE (section 6.3.3), its opening quote read already. */
static void
value(struct text *t)
{
	char v[LIMIT_SYSLOG_PARAM_MAX];
	size_t n = 0;
	json_t *utf8;

	for (uint8_t c = next(t); c != '"'; c = next(t)) {
		must(c >= 0x20 && c != 0x7f && c != ']');
		if (c == '\\') {
			c = next(t);
			must(c == '"' || c == '\\' || c == ']');
		}
		must(n < sizeof(v));
		v[n++] = (char)c;
	}
	utf8 = json_stringn(v, n);
	must(n > 0 && utf8 != NULL);
	json_decref(utf8);
}

static void
structured(struct text *t)
{
	expect(t, "[sallyport@32473");
	for (uint8_t c = next(t); c != ']'; c = next(t)) {
		size_t n = 0;

		must(c == ' ');
		for (c = next(t); c != '='; c = next(t), n++)
			must((c >= 'a' && c <= 'z') || c == '_' ||
			     (c >= '0' && c <= '9'));
		must(n > 0 && n <= 32);
		expect(t, "\"");
		value(t);
	}
	expect(t, " ");
}

static void
message(struct text *t, const uint8_t *line, size_t n)
{
	must(t->n == n);
	for (size_t i = 0; i < n; i++)
		must(t->p[i] ==
		     (line[i] < 0x20 || line[i] == 0x7f ? ' ' : line[i]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct encode_how how = {.node = "gw-01"};
	struct record r;
	struct text t;
	struct buf b;
	size_t pri;

	buf_init(&b, 1024 * 1024);
	must(encoder_rfc5424.message(&b, &how, data, size) == 0);
	t = (struct text){b.p, b.len};
	expect(&t, "<");
	pri = number(&t);
	must(pri / 8 == RFC5424_FACILITY);
	expect(&t, ">1 ");
	word(&t, 32);  /* TIMESTAMP */
	word(&t, 255); /* HOSTNAME */
	word(&t, 48);  /* APP-NAME */
	word(&t, 128); /* PROCID */
	word(&t, 32);  /* MSGID */
	if (record_parse(&r, data, size) == 0 && *t.p == '[')
		structured(&t);
	else
		expect(&t, "- ");
	message(&t, data, size);
	buf_done(&b);
	return 0;
}
