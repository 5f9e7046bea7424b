/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qr - a text as a QR code for a terminal. Colours are set explicitly (black on
 * white from the fixed part of the 256-colour table), so it scans on dark and
 * light themes alike. Knows nothing of what the text means; whether the output
 * is a terminal at all is the caller's business.
 */
#ifndef SYS_QR_H
#define SYS_QR_H

#include "base/attr.h"
#include "base/buf.h"

enum qr_style {
	QR_BLOCKS = 0, /* half blocks; needs a UTF-8 terminal */
	QR_SPACES,     /* coloured spaces; twice the size, pure ASCII */
};

/* Modules of white around a code: of ISO/IEC 18004, and what phones read too.
 */
enum { QR_QUIET = 4, QR_QUIET_LEAST = 2 };

/* Appends the picture, lines ended by LF, with so much white around it. The
 * text may be a secret: the buffer is the caller's to wipe. GW_EINVAL when it
 * is empty or too long for a code, GW_ENOMEM, GW_ELIMIT of the buffer. How many
 * columns and rows of a terminal it takes, in *retcols and *retrows. */
MUST_CHECK int qr_render(struct buf *out, const char *text, enum qr_style s,
    unsigned quiet, unsigned *retcols, unsigned *retrows);

#endif
