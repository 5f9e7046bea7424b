/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_cast: what a target wrote, as jitctl plays it. Whatever comes, nothing
 * of it reaches the terminal that sets a title or clipboard, or that the
 * terminal answers by typing, or that turns text around.
 */
#include <string.h>

#include "base/str.h"
#include "jitctl/term/cast.h"
#include "tests/fuzz/fuzz.h"

/* Characters, and none that hides text or turns it around. */
static void
check_text(const struct buf *b)
{
	uint32_t cp = 0;

	for (size_t i = 0, n = 0; i < b->len; i += n) {
		n = str_utf8(b->p + i, b->len - i, &cp);
		must(n == 1 || (n > 1 && !str_unsafe(cp)));
	}
}

static void
check_shown(const struct buf *b)
{
	check_text(b);
	for (size_t i = 0; i < b->len; i++) {
		must(b->p[i] != 0x05);
		if (b->p[i] != 0x1b)
			continue;
		must(i + 1 < b->len); /* a sequence is shown whole */
		must(
		    b->p[i + 1] != 0 && strchr("]PX^_Zc", b->p[i + 1]) == NULL);
		if (b->p[i + 1] != '[')
			continue;
		for (i += 2; i < b->len && b->p[i] < 0x40; i++)
			must(b->p[i] >= 0x20);
		must(i < b->len && strchr("nctxqyw", b->p[i]) == NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cast_filter f = {0};
	struct cast_event e = {0};
	unsigned w = 0;
	unsigned h = 0;
	struct buf b;

	(void)cast_header((const char *)data, size, &w, &h);
	buf_init(&b, 16 * 1024 * 1024);
	cast_filter(&f, &b, (const char *)data, size);
	must(buf_err(&b) == 0 && b.len <= 3 * size);
	check_shown(&b);
	buf_reset(&b);
	if (cast_event(&e, (const char *)data, size)) {
		f = (struct cast_filter){0};
		cast_filter(&f, &b, e.data, e.len);
		must(buf_err(&b) == 0);
		check_shown(&b);
	}
	cast_event_done(&e);
	buf_done(&b);
	return 0;
}
