/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sshplain - see the header; RFC 4253 sections 4.2, 6 and 11.1.
 */
#include "wire/sshplain.h"

#include <string.h>

enum { MSG_DISCONNECT = 1, BLOCK = 8, PADDING_MIN = 4, HEAD = 5 };

void
sshplain_version(struct buf *out)
{
	static const char line[] = "SSH-2.0-" SSHPLAIN_SOFTWARE "\r\n";

	buf_put(out, line, sizeof(line) - 1);
}

void
sshplain_disconnect(struct buf *out, uint32_t reason, const char *text)
{
	const size_t n = 1 + 4 + 4 + strlen(text) + 4;
	size_t padding = BLOCK - (HEAD + n) % BLOCK;

	if (padding < PADDING_MIN)
		padding += BLOCK;
	buf_u32(out, (uint32_t)(1 + n + padding));
	buf_u8(out, (uint8_t)padding);
	buf_u8(out, MSG_DISCONNECT);
	buf_u32(out, reason);
	buf_cstring(out, text);
	buf_cstring(out, ""); /* language */
	while (padding-- > 0)
		buf_u8(out, 0);
}
