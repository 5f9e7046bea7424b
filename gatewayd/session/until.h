/* SPDX-License-Identifier: Apache-2.0 */
/*
 * until - the session's grant ends at another time than it did at login. Its
 * bytes pass on as before; who sits at it reads one line.
 */
#ifndef SESSION_UNTIL_H
#define SESSION_UNTIL_H

struct msg_ses_until;
struct session;

/* The broker's word; the same end again is no news. */
void until_moved(struct session *s, const struct msg_ses_until *m);
/* Says so on each channel, as soon as the line stands alone there. */
void until_step(struct session *s);

#endif
