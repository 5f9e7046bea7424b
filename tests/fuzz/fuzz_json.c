/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_json: bodies of the API before anybody is known: any object, the signed
 * envelope, the payload. A payload that is taken can be written again and is
 * then taken with the same meaning; every refusal names its status.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "wire/signed.h"

static void
refusal(const struct problem *p)
{
	json_t *o;

	must(p->status >= 400 && p->status < 600 && p->code[0] != '\0');
	must(p->text[0] != '\0');
	o = problem_json(p);
	must(o != NULL);
	json_decref(o);
}

static void
payload(const uint8_t *data, size_t size)
{
	struct signed_request s, again;
	struct problem p = {0};
	char *text = NULL;

	if (signed_parse(&s, data, size, &p) != 0) {
		refusal(&p);
		return;
	}
	must(signed_build(&text, &s) == 0);
	must(signed_parse(&again, text, strlen(text), &p) == 0);
	must(strcmp(s.verb, again.verb) == 0 && s.time_ms == again.time_ms);
	must(strcmp(s.server, again.server) == 0);
	must(strcmp(s.idempotency, again.idempotency) == 0);
	must(s.nsources >= 1 && s.nsources == again.nsources);
	must(json_equal(s.body, again.body));
	free(text);
	signed_done(&again);
	signed_done(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct envelope e;
	struct problem p = {0};
	json_t *o = json_parse_object(data, size, &p);

	if (o == NULL)
		refusal(&p);
	json_decref(o);
	memset(&p, 0, sizeof(p));
	if (envelope_parse(&e, data, size, &p) == 0) {
		payload(e.payload, e.payload_len);
		envelope_done(&e);
	} else {
		refusal(&p);
	}
	payload(data, size);
	return 0;
}
