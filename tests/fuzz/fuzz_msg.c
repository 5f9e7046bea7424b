/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_msg: frames as a process that was taken over may send them. The length
 * in the header is corrected, or nothing else would ever be reached. What
 * decodes must encode to the same bytes: one value, one frame.
 */
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "tests/fuzz/fuzz.h"
#include "wire/msg.h"

static void
one(const uint8_t *frame, size_t n, void *body)
{
	unsigned type = 0;
	struct buf b;

	if (msg_decode(frame, n, &type, body) != 0)
		return;
	buf_init(&b, LIMIT_MSG_MAX);
	must(msg_encode(&b, type, body) == 0);
	must(b.len == n && memcmp(b.p, frame, n) == 0);
	buf_done(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *body = calloc(1, msg_size_max());
	uint8_t *copy = malloc(size > 0 ? size : 1);

	must(body != NULL && copy != NULL);
	one(data, size, body);
	if (size >= 4) {
		memcpy(copy, data, size);
		copy[0] = (uint8_t)(size >> 24);
		copy[1] = (uint8_t)(size >> 16);
		copy[2] = (uint8_t)(size >> 8);
		copy[3] = (uint8_t)size;
		one(copy, size, body);
	}
	free(copy);
	free(body);
	return 0;
}
