/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_screen: what a target writes to a terminal. Wherever the bytes are cut,
 * the answer is the same, and it is that of a reader who has all of them: the
 * last switch or reset counts.
 */
#include <string.h>

#include "session/screen.h"
#include "tests/fuzz/fuzz.h"

/* Behind "ESC [ ?": the modes up to the byte that ends them. Moves *at to it;
 * true when one of the modes is the other screen. */
static bool
modes_at(const uint8_t *p, size_t n, size_t *at)
{
	bool hit = false;
	unsigned v = 0;

	for (; *at < n; ++*at) {
		if (p[*at] >= '0' && p[*at] <= '9') {
			v = v > 100000 ? v : v * 10 + (p[*at] - '0');
			continue;
		}
		if (p[*at] == 0x1b)
			return hit;
		hit = hit || v == 47 || v == 1047 || v == 1049;
		v = 0;
		if (p[*at] != ';')
			return hit;
	}
	return hit;
}

static bool
other_of(const uint8_t *p, size_t n)
{
	bool other = false;

	for (size_t i = 0; i + 1 < n; i++) {
		bool hit;

		if (p[i] != 0x1b)
			continue;
		if (p[i + 1] == 'c')
			other = false;
		if (n - i < 3 || p[i + 1] != '[' || p[i + 2] != '?')
			continue;
		i += 3;
		hit = modes_at(p, n, &i);
		if (i < n && p[i] == 0x1b)
			i--; /* it begins the next one */
		else if (i < n && hit && (p[i] == 'h' || p[i] == 'l'))
			other = p[i] == 'h';
	}
	return other;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct screen whole = {0}, cut = {0};
	size_t step = size > 0 ? 1 + data[0] % 7 : 1;

	screen_read(&whole, data, size);
	for (size_t i = 0; i < size; i += step)
		screen_read(&cut, data + i, size - i < step ? size - i : step);
	must(whole.alternate == other_of(data, size));
	must(cut.alternate == whole.alternate && cut.state == whole.state);
	must((screen_leave(&whole)[0] != '\0') == whole.alternate);
	return 0;
}
