/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_element: what a receipt may stand for. A list that decodes encodes to
 * the same bytes, and opens nothing without an end.
 */
#include <string.h>

#include "core/element.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct element_list l;
	struct buf b;

	if (element_decode(&l, data, size) != 0)
		return 0;
	must(l.n <= ELEMENT_MAX);
	for (uint32_t i = 0; i < l.n; i++)
		must(l.e[i].end_boot_ms > 0 && l.e[i].source.family != 0);
	buf_init(&b, LIMIT_MSG_MAX);
	element_encode(&b, &l);
	must(buf_err(&b) == 0);
	must(b.len == size && memcmp(b.p, data, size) == 0);
	buf_done(&b);
	return 0;
}
