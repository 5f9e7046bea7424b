/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_event: fields of a record as any process may send them. Whatever is
 * taken is one line of JSON another parser reads, or the log could not be read
 * back; a whole line that record_parse takes does not surprise it either.
 */
#include <string.h>

#include "audit/record.h"
#include "base/limits.h"
#include "core/event.h"
#include "tests/fuzz/fuzz.h"
#include "wire/json.h"

static void
fields(const uint8_t *data, size_t size)
{
	struct buf b;
	json_t *o;

	buf_init(&b, LIMIT_RECORD_MAX);
	buf_printf(&b, "{\"x\":0");
	if (event_fields_json(&b, data, size) == 0) {
		buf_u8(&b, '}');
		if (buf_err(&b) == 0) {
			o = json_loadb((const char *)b.p, b.len,
			    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
			must(o != NULL);
			json_decref(o);
			must(memchr(b.p, '\n', b.len) == NULL);
		}
	}
	buf_done(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record r;

	fields(data, size);
	if (record_parse(&r, data, size) == 0)
		must(event_spec(r.event) != NULL);
	return 0;
}
