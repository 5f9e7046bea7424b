/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msg: every row of the table carries every field over and back, refuses
 * whatever the encoder cannot have written, and lets a message pass exactly
 * where its row says so. A new message is tested the day its row is written.
 */
#include "tests/unit/wire/msgscene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/err.h"

/* The fields of a row, those of a list one by one. */
static void
unroll(struct msg_spec *s)
{
	struct msg_field *all = NULL;
	size_t n = 0, at = 0;

	for (uint16_t i = 0; i < s->nfields; i++)
		n += s->fields[i].n;
	all = calloc(n, sizeof(*all));
	assert_non_null(all);
	for (uint16_t i = 0; i < s->nfields; i++)
		for (uint16_t k = 0; k < s->fields[i].n; k++) {
			all[at] = s->fields[i];
			all[at].n = 1;
			all[at++].offset += k * s->fields[i].stride;
		}
	s->fields = all;
	s->nfields = (uint16_t)n;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct msg_spec *table = NULL;

	if (f == NULL)
		return -1;
	table = msg_table(&f->rows);
	f->table = calloc(f->rows, sizeof(*f->table));
	assert_non_null(f->table);
	memcpy(f->table, table, f->rows * sizeof(*table));
	for (size_t i = 0; i < f->rows; i++)
		unroll(&f->table[i]);
	f->in = calloc(1, msg_size_max());
	f->out = calloc(1, msg_size_max());
	f->big = calloc(1, LIMIT_BODY_MAX + 1);
	f->rnd.s = 2026;
	rnd_fill(&f->rnd, f->heap, sizeof(f->heap));
	*state = f;
	return f->in == NULL || f->out == NULL || f->big == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < f->rows; i++)
		free((void *)(uintptr_t)f->table[i].fields);
	free(f->table);
	free(f->in);
	free(f->out);
	free(f->big);
	free(f);
	return 0;
}

static int
field_equal(const struct fixture *f, const struct msg_field *mf)
{
	const uint8_t *a = f->in + mf->offset;
	const uint8_t *b = f->out + mf->offset;
	struct bytes x, y;

	if (mf->kind != MF_BYTES)
		return memcmp(a, b, field_size(mf)) == 0;
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x.len == y.len && (x.len == 0 || memcmp(x.p, y.p, x.len) == 0);
}

static void
test_round_trip(void **state)
{
	struct fixture *f = *state;

	for (size_t row = 0; row < f->rows; row++) {
		const struct msg_spec *s = &f->table[row];

		for (int round = 0; round < ROUNDS; round++) {
			struct buf b;
			unsigned type = 0;

			buf_init(&b, LIMIT_MSG_MAX);
			fill(f, s, round == 0);
			CHECK_ROW(msg_encode(&b, s->type, f->in) == 0, s->name);
			memset(f->out, 0xa5, msg_size_max());
			CHECK_ROW(msg_decode(b.p, b.len, &type, f->out) == 0,
			    s->name);
			CHECK_ROW(type == s->type, s->name);
			for (uint16_t i = 0; i < s->nfields; i++)
				if (!field_equal(f, &s->fields[i]))
					fail_msg("%s: field %u changed on the "
						 "way",
					    s->name, i);
			buf_done(&b);
		}
	}
}

/* Each field lies inside its struct, none overlaps another, and what no field
 * covers is padding: a member without a row would be lost silently. */
static void
test_rows_cover_structs(void **state)
{
	struct fixture *f = *state;

	for (size_t row = 0; row < f->rows; row++) {
		const struct msg_spec *s = &f->table[row];
		size_t gap = 0;

		memset(f->out, 0, msg_size_max());
		for (uint16_t i = 0; i < s->nfields; i++) {
			const struct msg_field *mf = &s->fields[i];

			for (size_t k = 0; k < field_size(mf); k++) {
				CHECK_ROW(mf->offset + k < s->size, s->name);
				CHECK_ROW(
				    f->out[mf->offset + k]++ == 0, s->name);
			}
		}
		for (size_t k = 0; k < s->size; k++) {
			gap = f->out[k] != 0 ? 0 : gap + 1;
			CHECK_ROW(gap < 8, s->name);
		}
		for (size_t k = 0; k < row; k++) {
			CHECK_ROW(f->table[k].type != s->type, s->name);
			CHECK_ROW(
			    strcmp(f->table[k].name, s->name) != 0, s->name);
		}
		CHECK_ROW(s->fds <= MSG_FDS_MAX, s->name);
		CHECK_ROW((s->from & PROC_BIT(PROC_NONE)) == 0, s->name);
		CHECK_ROW((s->to & PROC_BIT(PROC_NONE)) == 0, s->name);
	}
}

static struct addr
some_addr(unsigned i)
{
	struct addr a = {.family = 4};

	a.b[0] = 192;
	a.b[3] = (uint8_t)(1 + i);
	return a;
}

/* The configuration with each of its lists full, filled here by hand and not
 * from the table: what is at a list's end arrives too, however long the list
 * may be. */
static void
test_whole_configuration(void **state)
{
	struct msg_sup_config *in = calloc(1, sizeof(*in));
	struct fixture *f = *state;
	struct conf *c = NULL;
	struct buf b;
	unsigned type = 0;

	assert_non_null(in);
	c = &in->conf;
	(void)snprintf(c->server_id, sizeof(c->server_id), "gw-1");
	for (unsigned i = 0; i < ARRAY_LEN(c->ssh); i++) {
		c->ssh[i].addr = some_addr(i);
		c->ssh[i].port = (uint16_t)(2200 + i);
	}
	for (unsigned i = 0; i < ARRAY_LEN(c->api); i++) {
		c->api[i].addr = some_addr(100 + i);
		c->api[i].port = (uint16_t)(8400 + i);
	}
	for (unsigned i = 0; i < ARRAY_LEN(c->networks); i++)
		(void)snprintf(
		    c->networks[i], sizeof(c->networks[i]), "10.%u.0.0/16", i);
	for (unsigned i = 0; i < ARRAY_LEN(c->sinks); i++) {
		struct conf_sink *k = &c->sinks[i];

		(void)snprintf(k->name, sizeof(k->name), "sink-%u", i);
		(void)snprintf(k->host, sizeof(k->host), "host-%u", i);
		(void)snprintf(k->ca_file, sizeof(k->ca_file), "/ca-%u", i);
		(void)snprintf(
		    k->cert_file, sizeof(k->cert_file), "/cert-%u", i);
		(void)snprintf(k->key_file, sizeof(k->key_file), "/key-%u", i);
		k->port = (uint16_t)(6500 + i);
	}
	(void)snprintf(in->instance, sizeof(in->instance), "https");
	buf_init(&b, LIMIT_MSG_MAX);
	assert_int_equal(msg_encode(&b, MSG_SUP_CONFIG, in), 0);
	assert_int_equal(msg_decode(b.p, b.len, &type, f->out), 0);
	assert_memory_equal(f->out, in, sizeof(*in));
	buf_done(&b);
	free(in);
}

/* The result of an answer is the error, there and back; what is none is never
 * "done". */
static void
test_result(void **state)
{
	(void)state;
	assert_int_equal(msg_result(0), 0);
	assert_int_equal(msg_error(0), 0);
	for (int e = -1; e >= -UINT8_MAX; e--)
		assert_int_equal(msg_error(msg_result(e)), e);
	assert_int_equal(msg_error(msg_result(1)), GW_ESYS);
	assert_int_equal(msg_error(msg_result(-256)), GW_ESYS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_result),
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_malformed),
	    cmocka_unit_test(test_unknown_types),
	    cmocka_unit_test(test_too_long_to_send),
	    cmocka_unit_test(test_bad_values),
	    cmocka_unit_test(test_whole_too_large),
	    cmocka_unit_test(test_rows_cover_structs),
	    cmocka_unit_test(test_whole_configuration),
	    cmocka_unit_test(test_allowed_matrix),
	    cmocka_unit_test(test_who_may_speak),
	    cmocka_unit_test(test_order_of_a_session),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
