/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msg_rows - a message passes exactly where its row says so, and the rows say
 * what they are meant to.
 */
#include "tests/unit/wire/msgscene.h"

static int
row_says(
    unsigned type, unsigned from, unsigned to, unsigned state, unsigned nfds)
{
	const struct msg_spec *s = msg_spec(type);

	return s != NULL && (s->from >> from & 1) != 0 &&
	       (s->to >> to & 1) != 0 && (s->states & state) != 0 &&
	       s->fds == nfds;
}

void
test_allowed_matrix(void **state)
{
	static const unsigned states[] = {0, MST_NEW, MST_READY, MST_LIVE};

	(void)state;
	for (unsigned type = 0; type < 256; type++)
		for (unsigned from = 0; from < PROC_COUNT; from++)
			for (unsigned to = 0; to < PROC_COUNT; to++)
				for (unsigned i = 0; i < 16; i++) {
					unsigned st = states[i % 4];
					int r =
					    msg_allowed(type, (enum proc)from,
						(enum proc)to, st, i / 4);

					assert_int_equal(
					    r == 0, row_says(type, from, to, st,
							i / 4));
				}
}

/* The lines of the picture in ARCHITECTURE.md, said here again by hand: who
 * may speak to whom at all. */
void
test_who_may_speak(void **state)
{
	static const struct {
		enum proc a, b;
	} lines[] = {{PROC_NOTARY, PROC_BROKER}, {PROC_NOTARY, PROC_FIREWALL},
	    {PROC_NOTARY, PROC_API}, {PROC_NOTARY, PROC_ADMIN},
	    {PROC_NOTARY, PROC_SESSION}, {PROC_NOTARY, PROC_ZYGOTE},
	    {PROC_NOTARY, PROC_RECORDER}, {PROC_NOTARY, PROC_SHIPPER},
	    {PROC_BROKER, PROC_FIREWALL}, {PROC_BROKER, PROC_SESSION},
	    {PROC_BROKER, PROC_RECORDER}, {PROC_BROKER, PROC_API},
	    {PROC_BROKER, PROC_ADMIN}, {PROC_BROKER, PROC_SHIPPER},
	    {PROC_SESSION, PROC_RECORDER}};
	struct fixture *f = *state;

	for (size_t row = 0; row < f->rows; row++) {
		const struct msg_spec *s = &f->table[row];

		for (unsigned a = 0; a < PROC_COUNT; a++)
			for (unsigned b = 0; b < PROC_COUNT; b++) {
				int known = a == PROC_SUPERVISOR ||
					    b == PROC_SUPERVISOR;

				/* broker to supervisor, supervisor to zygote:
				 * as one row it also names a pair without a
				 * line */
				known |= s->type == MSG_SUP_KILL;
				if ((s->from >> a & 1) == 0 ||
				    (s->to >> b & 1) == 0 || a == b)
					continue;
				for (size_t i = 0; i < ARRAY_LEN(lines); i++)
					known |= (lines[i].a == a &&
						     lines[i].b == b) ||
						 (lines[i].a == b &&
						     lines[i].b == a);
				if (!known)
					fail_msg("%s from %s to %s", s->name,
					    proc_name((enum proc)a),
					    proc_name((enum proc)b));
			}
	}
}

void
test_order_of_a_session(void **state)
{
	static const struct {
		unsigned type;
		enum proc from, to;
		unsigned ok; /* states in which it may come */
	} rows[] = {{MSG_SES_AUTH, PROC_SESSION, PROC_BROKER, MST_NEW},
	    {MSG_SES_DIAL, PROC_SESSION, PROC_BROKER, MST_READY},
	    {MSG_NT_CERT, PROC_SESSION, PROC_NOTARY, MST_READY | MST_LIVE},
	    {MSG_REC_DATA, PROC_SESSION, PROC_RECORDER, MST_READY}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (unsigned st = 1; st <= MST_LIVE; st <<= 1)
			assert_int_equal(msg_allowed(rows[i].type, rows[i].from,
					     rows[i].to, st, 0) == 0,
			    (rows[i].ok & st) != 0);
	/* nobody but the broker opens, nobody but the notary hands keys */
	for (unsigned p = 0; p < PROC_COUNT; p++) {
		assert_int_equal(msg_allowed(MSG_FW_OPEN, (enum proc)p,
				     PROC_FIREWALL, MST_READY, 0) == 0,
		    p == PROC_BROKER);
		assert_int_equal(msg_allowed(MSG_NT_GRANT_OPEN, (enum proc)p,
				     PROC_NOTARY, MST_READY, 0) == 0,
		    p == PROC_BROKER);
		assert_int_equal(msg_allowed(MSG_NT_KEY, (enum proc)p,
				     PROC_FIREWALL, MST_READY, 0) == 0,
		    p == PROC_NOTARY);
	}
}
