/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eventscene - see the header.
 */
#include "tests/unit/core/eventscene.h"

#include <stdio.h>

#include "tests/unit/support/rnd.h"

/* "{"x":0" + what event_fields_json wrote + "}", parsed by jansson. */
static json_t *
parsed(const void *p, size_t n, int *retresult)
{
	json_error_t e;
	json_t *o = NULL;
	struct buf b;

	buf_init(&b, 4 * LIMIT_RECORD_MAX);
	buf_printf(&b, "{\"x\":0");
	*retresult = event_fields_json(&b, p, n);
	buf_u8(&b, '}');
	if (*retresult == 0) {
		o = json_loadb((const char *)b.p, b.len,
		    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &e);
		if (o == NULL)
			fail_msg("not JSON: %s: %.*s", e.text, (int)b.len,
			    (const char *)b.p);
		for (size_t i = 0; i < b.len; i++)
			assert_true(b.p[i] >= 0x20 && b.p[i] != 0x7f);
	}
	buf_done(&b);
	return o;
}

json_t *
parsed_fields(const struct event_fields *f)
{
	int r = -1;
	json_t *o;

	assert_int_equal(buf_err(&f->b), 0);
	o = parsed(f->b.p, f->b.len, &r);
	assert_int_equal(r, 0);
	return o;
}

int
refused(const void *p, size_t n)
{
	int r = 0;

	json_decref(parsed(p, n, &r));
	return r;
}
