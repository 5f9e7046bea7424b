/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selftest - does the libssh in use behave as the relay relies on? Two legs
 * over a socket pair, one as to a user and one as to a target, try what no
 * document of libssh promises and what another version may do otherwise:
 *
 *	seams	the host key's signature and the check of the user's come by
 *		hooks.h, and what was signed begins with the session id
 *	window	a sender comes to a stand when nobody reads, what has been sent
 *		is what libssh says it keeps, and a write of no more than the
 *		window is taken whole
 *	grow	read whole, a window opens again, and all bytes come in order
 *	close	what came before a close can be read after it; what crosses a
 *		close on its way harms nothing
 *	names	a keepalive is told
 *	nul	so is a string with a NUL in it, and it is not cut
 *
 * It is made at each start of the zygote, so that no number or rule of one
 * version is taken for that of the next, whichever is installed.
 */
#ifndef SESSION_SELFTEST_H
#define SESSION_SELFTEST_H

#include "base/attr.h"

/* Makes the test in a child, which first confines itself by `confine` (as
 * sessions do; NULL: it does not). hooks_init() has been called. 0, or
 * GW_EUNSUPPORTED after a line in the log that says what is not so. */
MUST_CHECK int selftest(int (*confine)(void));

#endif
