/* SPDX-License-Identifier: Apache-2.0 */
/* test_note - signed notes and checkpoints: published ones, own, broken. */
#include "tests/unit/support/test.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "audit/note.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "tests/unit/support/testdata.h"

#define DASH "\xe2\x80\x94 "

static const char text[] = "sallyport/gw1\n7\n"
			   "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";

/* The private key is made of one repeated byte. */
static EVP_PKEY *
make_key(struct note_key *ret, const char *name, uint8_t seed)
{
	uint8_t raw[32];
	uint8_t pub[32];
	size_t n = sizeof(pub);
	EVP_PKEY *key = NULL;

	memset(raw, seed, sizeof(raw));
	key = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, raw, sizeof(raw));
	assert_non_null(key);
	assert_int_equal(EVP_PKEY_get_raw_public_key(key, pub, &n), 1);
	assert_int_equal(note_key_init(ret, name, pub), 0);
	return key;
}

static void
published_note(void **state)
{
	json_t *j = testdata_json("signed-note-vectors.json");
	const char *vkey = json_string_value(json_object_get(j, "vkey"));
	const char *note = json_string_value(json_object_get(j, "note"));
	const char *want = json_string_value(json_object_get(j, "text"));
	const char *id = json_string_value(json_object_get(j, "key_id_hex"));
	char copy[1024] = "";
	char back[NOTE_VKEY_SIZE] = "";
	char hex[9] = "";
	struct note_key k = {0};
	size_t ntext = 0;
	size_t n = 0;

	(void)state;
	assert_true(vkey != NULL && note != NULL && want != NULL && id != NULL);
	n = strlen(note);
	assert_int_equal(note_vkey_parse(&k, vkey), 0);
	assert_int_equal(str_fmt(hex, sizeof(hex), "%08x", k.id), 0);
	assert_string_equal(hex, id);
	note_vkey_format(back, &k);
	assert_string_equal(back, vkey);

	assert_int_equal(note_check(note, n, &k, 1, &ntext), NOTE_OK);
	assert_int_equal(ntext, strlen(want));
	assert_memory_equal(note, want, ntext);
	assert_int_equal(note_check(note, n, NULL, 0, &ntext), NOTE_UNKNOWN);

	/* No byte of it can be changed and still pass. */
	assert_int_equal(str_copy(copy, sizeof(copy), note), 0);
	for (size_t i = 0; i < n; i++) {
		copy[i] = (char)(note[i] ^ 1);
		if (note_check(copy, n, &k, 1, &ntext) == NOTE_OK)
			fail_msg("byte %zu changed, still accepted", i);
		copy[i] = note[i];
	}
	for (size_t i = 0; i < n; i++)
		if (note_check(note, i, &k, 1, &ntext) == NOTE_OK)
			fail_msg("cut to %zu bytes, still accepted", i);
	json_decref(j);
}

static void
published_checkpoint(void **state)
{
	json_t *j = testdata_json("signed-note-vectors.json");
	const char *note =
	    json_string_value(json_object_get(j, "checkpoint_example"));
	struct note_checkpoint c = {0};
	struct buf b;
	const char *end = NULL;
	size_t ntext = 0;

	(void)state;
	assert_non_null(note);
	/* Its key is not published: well formed is all that can be said. */
	assert_int_equal(
	    note_check(note, strlen(note), NULL, 0, &ntext), NOTE_UNKNOWN);
	end = strstr(note, "\n\n");
	assert_non_null(end);
	ntext = (size_t)(end - note) + 1;
	assert_int_equal(note_checkpoint_parse(&c, note, ntext), 0);
	assert_string_equal(c.origin, "example.com/behind-the-sofa");
	assert_true(c.size == 20852163);
	buf_init(&b, 1024);
	assert_int_equal(note_checkpoint_format(&b, &c), 0);
	assert_int_equal(b.len, ntext);
	assert_memory_equal(b.p, note, ntext);
	buf_done(&b);
	json_decref(j);
}

static void
sign_and_check(void **state)
{
	struct note_key keys[2];
	EVP_PKEY *k0 = make_key(&keys[0], "sallyport/gw1", 1);
	EVP_PKEY *k1 = make_key(&keys[1], "witness", 2);
	struct note_key fake = keys[0];
	struct buf b;
	size_t ntext = 0;
	size_t one = 0;

	(void)state;
	buf_init(&b, LIMIT_NOTE_MAX);
	assert_int_equal(
	    note_sign(&b, text, sizeof(text) - 1, &keys[0], k0), 0);
	one = b.len;
	assert_int_equal(
	    note_check((const char *)b.p, b.len, keys, 1, &ntext), NOTE_OK);
	assert_int_equal(ntext, sizeof(text) - 1);
	assert_int_equal(
	    note_check((const char *)b.p, b.len, keys + 1, 1, &ntext),
	    NOTE_UNKNOWN);

	/* Same name and id, another key: known, and it fails. */
	memcpy(fake.key, keys[1].key, sizeof(fake.key));
	assert_int_equal(
	    note_check((const char *)b.p, b.len, &fake, 1, &ntext), NOTE_BAD);

	/* The second signature, appended without text and empty line. */
	assert_int_equal(
	    note_sign(&b, text, sizeof(text) - 1, &keys[1], k1), 0);
	memmove(
	    b.p + one, b.p + one + sizeof(text), b.len - one - sizeof(text));
	b.len -= sizeof(text);
	assert_int_equal(
	    note_check((const char *)b.p, b.len, keys, 2, &ntext), NOTE_OK);
	assert_int_equal(
	    note_check((const char *)b.p, b.len, keys + 1, 1, &ntext), NOTE_OK);
	assert_int_equal(ntext, sizeof(text) - 1);

	/* One known signature good, the other known one bad. */
	b.p[b.len - 20] = b.p[b.len - 20] == 'A' ? 'B' : 'A';
	assert_int_equal(
	    note_check((const char *)b.p, b.len, keys, 1, &ntext), NOTE_OK);
	assert_int_equal(
	    note_check((const char *)b.p, b.len, keys, 2, &ntext), NOTE_BAD);
	buf_done(&b);
	EVP_PKEY_free(k0);
	EVP_PKEY_free(k1);
}

static void
sign_refuses(void **state)
{
	static const char *const bad[] = {"", "no end", "a\rb\n", "tab\there\n",
	    "\x1b[31m\n", "\xff\n", "rlo\xe2\x80\xae\n"};
	struct note_key k;
	struct note_key other;
	EVP_PKEY *key = make_key(&k, "sallyport/gw1", 1);
	EVP_PKEY *key2 = make_key(&other, "sallyport/gw1", 2);
	EVP_PKEY *x25519 = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	struct buf b;

	(void)state;
	assert_non_null(x25519);
	buf_init(&b, 1024);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ROW(
		    note_sign(&b, bad[i], strlen(bad[i]), &k, key) == GW_EINVAL,
		    bad[i]);
	assert_int_equal(note_sign(&b, "a\n", 2, &k, key2), GW_EINVAL);
	assert_int_equal(note_sign(&b, "a\n", 2, &k, x25519), GW_EINVAL);
	assert_int_equal(b.len, 0);
	buf_done(&b);
	buf_init(&b, 50);
	assert_int_equal(note_sign(&b, "a\n", 2, &k, key), GW_ELIMIT);
	buf_done(&b);
	EVP_PKEY_free(key);
	EVP_PKEY_free(key2);
	EVP_PKEY_free(x25519);
}

static void
forms_of_notes(void **state)
{
	static const struct {
		const char *name;
		const char *note;
		enum note_verdict want;
	} rows[] = {
	    {"unknown key", "a\n\n" DASH "k AAAAAAE=\n", NOTE_UNKNOWN},
	    {"empty lines in text", "a\n\nb\n\n" DASH "k AAAAAAE=\n",
		NOTE_UNKNOWN},
	    {"nothing", "", NOTE_BAD},
	    {"no signature", "a\n", NOTE_BAD},
	    {"no signature lines", "a\n\n", NOTE_BAD},
	    {"no text", "\n" DASH "k AAAAAAE=\n", NOTE_BAD},
	    {"no empty line", "a\n" DASH "k AAAAAAE=\n", NOTE_BAD},
	    {"no last LF", "a\n\n" DASH "k AAAAAAE=", NOTE_BAD},
	    {"hyphen for dash", "a\n\n- k AAAAAAE=\n", NOTE_BAD},
	    {"no name", "a\n\n" DASH " AAAAAAE=\n", NOTE_BAD},
	    {"no base64", "a\n\n" DASH "k \n", NOTE_BAD},
	    {"no space", "a\n\n" DASH "kAAAAAAE=\n", NOTE_BAD},
	    {"two spaces", "a\n\n" DASH "k  AAAAAAE=\n", NOTE_BAD},
	    {"trailing word", "a\n\n" DASH "k AAAAAAE= x\n", NOTE_BAD},
	    {"plus in name", "a\n\n" DASH "k+k AAAAAAE=\n", NOTE_BAD},
	    {"id alone", "a\n\n" DASH "k AAAAAA==\n", NOTE_BAD},
	    {"loose base64", "a\n\n" DASH "k AAAAAAF=\n", NOTE_BAD},
	    {"CR", "a\r\n\n" DASH "k AAAAAAE=\n", NOTE_BAD},
	    {"not UTF-8", "a\xff\n\n" DASH "k AAAAAAE=\n", NOTE_BAD},
	    {"text after", "a\n\n" DASH "k AAAAAAE=\nb\n", NOTE_BAD},
	};
	static const char line[] = DASH "k AAAAAAE=\n";
	struct buf b;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(note_check(rows[i].note, strlen(rows[i].note), NULL,
			      0, &n) == rows[i].want,
		    rows[i].name);
	assert_int_equal(
	    note_check("a\0\n\n" DASH "k AAAAAAE=\n", 20, NULL, 0, &n),
	    NOTE_BAD);
	buf_init(&b, LIMIT_NOTE_MAX);
	buf_put(&b, "a\n\n", 3);
	for (unsigned i = 0; i < LIMIT_NOTE_SIGNATURES; i++)
		buf_put(&b, line, sizeof(line) - 1);
	assert_int_equal(buf_err(&b), 0);
	assert_int_equal(
	    note_check((const char *)b.p, b.len, NULL, 0, &n), NOTE_UNKNOWN);
	buf_put(&b, line, sizeof(line) - 1);
	assert_int_equal(
	    note_check((const char *)b.p, b.len, NULL, 0, &n), NOTE_BAD);
	buf_done(&b);
}

static void
vkeys(void **state)
{
	static const char key[] =
	    "AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
	static const struct {
		const char *head;
		const char *tail;
		int want;
	} rows[] = {
	    {"example.com/foo+530d903a+", "", 0},
	    {"example.com/foo+530D903A+", "", 0},
	    {"example.com/foo+530d903b+", "", GW_EINVAL},
	    {"example.com/fop+530d903a+", "", GW_EINVAL},
	    {"example.com/foo+530d903+", "", GW_EINVAL},
	    {"example.com/foo+530d903a0+", "", GW_EINVAL},
	    {"+530d903a+", "", GW_EINVAL},
	    {"example.com/foo", "", GW_EINVAL},
	    {"example.com foo+530d903a+", "", GW_EINVAL},
	    {"example.com/foo+530d903a+", "AAAA", GW_EUNSUPPORTED},
	    {"example.com/foo+530d903a+", "=", GW_EINVAL},
	};
	struct note_key k;
	char t[256] = "";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(str_fmt(t, sizeof(t), "%s%s%s", rows[i].head,
				     key, rows[i].tail),
		    0);
		CHECK_ROW(note_vkey_parse(&k, t) == rows[i].want, t);
	}
	assert_int_equal(note_vkey_parse(&k, ""), GW_EINVAL);
	assert_int_equal(note_vkey_parse(&k,
			     "a+00000000+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYc"
			     "rnKv3U2k"),
	    GW_EUNSUPPORTED);
}

static void
checkpoints(void **state)
{
#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
	    {"o\n0\n" ROOT, true},
	    {"go.sum database tree\n18446744073709551615\n" ROOT, true},
	    {"o\n1\n" ROOT "extension\nanother\n", true},
	    {"o\n1\n" ROOT "\n", false},
	    {"o\n1\n" ROOT "extension\n\n", false},
	    {"o\n1\n", false},
	    {"o\n", false},
	    {"", false},
	    {"\n1\n" ROOT, false},
	    {"o\n01\n" ROOT, false},
	    {"o\n-1\n" ROOT, false},
	    {"o\n18446744073709551616\n" ROOT, false},
	    {"o\n\n" ROOT, false},
	    {"o\n1\nAAAA\n", false},
	    {"o\n1\n" ROOT "no end", false},
	    {"o\r\n1\n" ROOT, false},
	};
	struct note_checkpoint c = {0};
	struct buf b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(
		    note_checkpoint_parse(&c, rows[i].text,
			strlen(rows[i].text)) == (rows[i].good ? 0 : GW_EINVAL),
		    rows[i].text);
	buf_init(&b, 100);
	c = (struct note_checkpoint){.origin = ""};
	assert_int_equal(note_checkpoint_format(&b, &c), GW_EINVAL);
	c = (struct note_checkpoint){.origin = "two\nlines"};
	assert_int_equal(note_checkpoint_format(&b, &c), GW_EINVAL);
	memset(c.origin, 'x', sizeof(c.origin));
	assert_int_equal(note_checkpoint_format(&b, &c), GW_EINVAL);
	buf_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(published_note),
	    cmocka_unit_test(published_checkpoint),
	    cmocka_unit_test(sign_and_check),
	    cmocka_unit_test(sign_refuses),
	    cmocka_unit_test(forms_of_notes),
	    cmocka_unit_test(vkeys),
	    cmocka_unit_test(checkpoints),
	};

	return cmocka_run_group_tests_name("note", tests, NULL, NULL);
}
