/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qr - libqrencode's modules drawn with characters. The only file that
 * includes <qrencode.h>. The picture is wiped here; libqrencode's own input
 * copy is freed by it without wiping, which is why processes that call this
 * disable core dumps (secret_no_dumps).
 */
#include "sys/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"

static bool
dark(const QRcode *qr, int quiet, int x, int y)
{
	x -= quiet;
	y -= quiet;
	if (x < 0 || y < 0 || x >= qr->width || y >= qr->width)
		return false;
	return (qr->data[y * qr->width + x] & 1) != 0;
}

static void
draw_blocks(struct buf *out, const QRcode *qr, int quiet)
{
	/* By upper + 2 * lower: blank, upper half, lower half, full. */
	static const char *const glyph[] = {
	    " ", "\xe2\x96\x80", "\xe2\x96\x84", "\xe2\x96\x88"};
	const int size = qr->width + 2 * quiet;

	for (int y = 0; y < size; y += 2) {
		buf_printf(out, "\x1b[38;5;16;48;5;231m");
		for (int x = 0; x < size; x++)
			buf_printf(out, "%s",
			    glyph[(dark(qr, quiet, x, y) ? 1 : 0) +
				  (dark(qr, quiet, x, y + 1) ? 2 : 0)]);
		buf_printf(out, "\x1b[0m\n");
	}
}

static void
draw_spaces(struct buf *out, const QRcode *qr, int quiet)
{
	const int size = qr->width + 2 * quiet;

	for (int y = 0; y < size; y++) {
		int last = -1;

		for (int x = 0; x < size; x++) {
			const int now = dark(qr, quiet, x, y) ? 1 : 0;

			if (now != last)
				buf_printf(out, "\x1b[48;5;%sm",
				    now == 1 ? "16" : "231");
			last = now;
			buf_printf(out, "  ");
		}
		buf_printf(out, "\x1b[0m\n");
	}
}

int
qr_render(struct buf *out, const char *text, enum qr_style s, unsigned quiet,
    unsigned *retcols, unsigned *retrows)
{
	QRcode *qr = NULL;
	unsigned size = 0;

	if (text[0] == '\0')
		return GW_EINVAL;
	qr = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
	if (qr == NULL)
		return errno == ENOMEM ? GW_ENOMEM : GW_EINVAL;
	size = (unsigned)qr->width + 2 * quiet;
	*retcols = s == QR_SPACES ? size * 2 : size;
	*retrows = s == QR_SPACES ? size : (size + 1) / 2;
	if (s == QR_SPACES)
		draw_spaces(out, qr, (int)quiet);
	else
		draw_blocks(out, qr, (int)quiet);
	explicit_bzero(qr->data, (size_t)qr->width * (size_t)qr->width);
	QRcode_free(qr);
	return buf_err(out);
}
