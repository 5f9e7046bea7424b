/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_command - which texts are templates, what matches one, and 10,000 that
 * nearly do.
 */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "core/command.h"
#include "tests/unit/support/rnd.h"

static bool
matches(const char *template, const char *text)
{
	return command_matches(template, text, strlen(text));
}

/* ---- templates */

static void
test_templates(void **state)
{
	static const char *const good[] = {"uptime", "systemctl restart {name}",
	    "journalctl -u {name} -n {int}",
	    "tar -C {path:/var/log} -czf - {name}", "{path:/opt/ci/bin}",
	    "cat {path:/}", "x --unit={name}.service", "a -n{int}k",
	    "FOO=bar,baz@%^+:/x uptime", "a {name} {name} {int}"};
	static const char *const bad[] = {"", " ", "a ", " a", "a  b", "a\tb",
	    "a\nb", "a\x7f", "a\xc3\xa4", "a \"b\"", "a 'b'", "a \\b", "a $b",
	    "a `b`", "a;b", "a&b", "a|b", "a<b", "a>b", "a(b", "a)b", "a{b",
	    "a}b", "a*", "a?", "a[b", "a]b", "~/a", "a!b", "a #b", "a {}",
	    "a {x}", "a {INT}", "a {int", "a int}", "a {{int}}",
	    "a {int}{name}", "a {name}-{name}", "a {path}", "a {path:}",
	    "a {path:x}", "a {path:/x/}", "a {path://x}", "a {path:/x/../y}",
	    "a {path:/x/.}", "a {path:/..}", "a {path:/x y}", "a {path:/x*}",
	    "a {int }", "a { int}", "a {int:3}", "a {name:/x}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		CHECK_ROW(command_template_ok(good[i]), good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CHECK_ROW(!command_template_ok(bad[i]), bad[i]);
		CHECK_ROW(!matches(bad[i], bad[i]), bad[i]);
	}
}

static void
test_template_length(void **state)
{
	char text[LIMIT_TEMPLATE_MAX + 2];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[LIMIT_TEMPLATE_MAX] = '\0';
	assert_true(command_template_ok(text));
	assert_true(matches(text, text));
	text[LIMIT_TEMPLATE_MAX] = 'a';
	text[LIMIT_TEMPLATE_MAX + 1] = '\0';
	assert_false(command_template_ok(text));
}

/* ---- matching */

static void
test_rows(void **state)
{
	static const struct {
		const char *template, *text;
		bool hit;
	} rows[] = {
	    {"uptime", "uptime", true},
	    {"uptime", "uptime ", false},
	    {"uptime", "Uptime", false},
	    {"uptime", "", false},
	    {"uptime", "uptime uptime", false},
	    {"a b", "a", false},
	    {"a b", "a b", true},
	    {"a b", "ab", false},
	    {"a {int}", "a 0", true},
	    {"a {int}", "a 0123456789", true},
	    {"a {int}", "a 01234567890", false},
	    {"a {int}", "a -1", false},
	    {"a {int}", "a ", false},
	    {"a {int}", "a", false},
	    {"a {int}", "a 1 2", false},
	    {"a -n{int}k", "a -n12k", true},
	    {"a -n{int}k", "a -nk", false},
	    {"a -n{int}k", "a -n12", false},
	    {"a {name}", "a web-01.example_x", true},
	    {"a {name}", "a _x", true},
	    {"a {name}", "a -x", false},
	    {"a {name}", "a .x", false},
	    {"a {name}", "a x/y", false},
	    {"a {name}", "a x@y", false},
	    {"a {name}.service", "a web.service", true},
	    {"a {name}.service", "a .service", false},
	    {"a {name}.service", "a web.service.service", true},
	    {"a {name}.service", "a web.timer", false},
	    {"a {path:/var/log}", "a /var/log/x", true},
	    {"a {path:/var/log}", "a /var/log/x/..y/z.gz", true},
	    {"a {path:/var/log}", "a /var/log", false},
	    {"a {path:/var/log}", "a /var/log/", false},
	    {"a {path:/var/log}", "a /var/logs/x", false},
	    {"a {path:/var/log}", "a /var/log/../x", false},
	    {"a {path:/var/log}", "a /var/log/x/..", false},
	    {"a {path:/var/log}", "a /var/log/./x", false},
	    {"a {path:/var/log}", "a /var/log//x", false},
	    {"a {path:/var/log}", "a /var/log/x/", false},
	    {"a {path:/var/log}", "a var/log/x", false},
	    {"a {path:/}", "a /x", true},
	    {"a {path:/}", "a /", false},
	    {"a {path:/}", "a /../x", false},
	    {"{path:/opt/ci}", "/opt/ci/run", true},
	    {"{path:/opt/ci}", "/opt/ci/run x", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(
		    matches(rows[i].template, rows[i].text) == rows[i].hit,
		    rows[i].text);
}

/* A text has a length, and goes on behind a NUL. */
static void
test_bytes(void **state)
{
	char name[2 + LIMIT_HOLE_MAX + 1] = "a ";

	(void)state;
	assert_true(command_matches("uptime", "uptime;id", 6));
	assert_false(command_matches("uptime", "uptime\0;id", 10));
	assert_false(command_matches("uptime", "uptime\0", 7));
	assert_false(command_matches("a {name}", "a b\0", 4));
	memset(name + 2, 'n', LIMIT_HOLE_MAX + 1);
	assert_true(command_matches("a {name}", name, 2 + LIMIT_HOLE_MAX));
	assert_false(command_matches("a {name}", name, 3 + LIMIT_HOLE_MAX));
}

/* ---- lists */

static struct command_list
list_of(const char *a, const char *b)
{
	struct command_list l = {0};

	assert_int_equal(command_add(&l, a), 0);
	if (b != NULL)
		assert_int_equal(command_add(&l, b), 0);
	return l;
}

static bool
allowed(const struct command_list *l, const char *text)
{
	return command_allowed(l, text, strlen(text));
}

static void
test_list(void **state)
{
	struct command_list none = {0}, one = list_of("b", "a");
	struct command_list other = list_of("a", "b"), many = {0};
	char text[LIMIT_TEMPLATE_SIZE];

	(void)state;
	assert_true(allowed(&none, "anything; at all"));
	assert_true(allowed(&one, "a"));
	assert_false(allowed(&one, "c"));
	assert_true(command_equal(&one, &other));
	assert_int_equal(command_add(&one, "a"), GW_EEXIST);
	assert_int_equal(command_add(&one, "a;"), GW_EINVAL);
	assert_int_equal(one.n, 2);
	for (unsigned i = 0; i < LIMIT_COMMANDS_ROLE; i++) {
		(void)snprintf(text, sizeof(text), "c%u", i);
		assert_int_equal(command_add(&many, text), 0);
	}
	assert_int_equal(command_add(&many, "d"), GW_ELIMIT);
	many.n = LIMIT_COMMANDS + 1; /* as no sender should say it */
	assert_false(allowed(&many, "c1"));
}

/* Each role's list has to be matched, whichever came first. */
static void
test_merge(void **state)
{
	const struct command_list a = list_of("x {int}", "y"),
				  b = list_of("x 1", "z"),
				  c = list_of("x 1", NULL), none = {0};
	const struct command_list *const roles[] = {&a, &b, &c, &none, &a};
	struct command_list all = {0}, back = {0};
	char text[COMMAND_TEXT_SIZE], d1[COMMAND_DIGEST_SIZE],
	    d2[COMMAND_DIGEST_SIZE];

	(void)state;
	command_digest(d1, &all);
	assert_string_equal(d1, "");
	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		assert_int_equal(command_merge(&all, roles[i]), 0);
		assert_int_equal(
		    command_merge(&back, roles[ARRAY_LEN(roles) - 1 - i]), 0);
	}
	assert_true(command_equal(&all, &back));
	command_text(text, &all);
	assert_string_equal(text, "x 1\n\nx 1\nz\n\nx {int}\ny\n");
	assert_true(allowed(&all, "x 1"));
	assert_false(allowed(&all, "x 2"));
	assert_false(allowed(&all, "y"));
	assert_false(allowed(&all, "z"));
	command_digest(d1, &all);
	command_digest(d2, &back);
	assert_string_equal(d1, d2);
	command_digest(d2, &a);
	assert_string_not_equal(d1, d2);
	assert_int_equal(strlen(d1), 64);
}

static void
test_merge_too_many(void **state)
{
	struct command_list all = {0}, role;
	char text[LIMIT_TEMPLATE_SIZE];

	(void)state;
	for (unsigned r = 0; r < 3; r++) {
		memset(&role, 0, sizeof(role));
		for (unsigned i = 0; i < LIMIT_COMMANDS_ROLE; i++) {
			memset(text, 'a', LIMIT_TEMPLATE_MAX);
			(void)snprintf(
			    text + LIMIT_TEMPLATE_MAX - 4, 5, " %u%02u", r, i);
			assert_int_equal(command_add(&role, text), 0);
		}
		assert_int_equal(command_merge(&all, &role),
		    (r + 1) * LIMIT_COMMANDS_ROLE <= LIMIT_COMMANDS
			? 0
			: GW_ELIMIT);
	}
	/* the largest there is has room */
	{
		char whole[COMMAND_TEXT_SIZE];

		command_text(whole, &all);
		assert_int_equal(strlen(whole),
		    LIMIT_COMMANDS * (LIMIT_TEMPLATE_MAX + 1) + 1);
	}
}

/* ---- 10,000 near misses */

enum { NEAR_MISSES = 10000, NEAR_MAX = 66 * 1024 };

static const char *const templates[] = {"systemctl restart {name}",
    "journalctl -u {name} -n {int}", "tar -C {path:/var/log} -czf - {name}",
    "{path:/opt/ci/bin} --job={int}", "uptime"};
static const char *const valid[ARRAY_LEN(templates)] = {
    "systemctl restart web-01", "journalctl -u nginx.service -n 200",
    "tar -C /var/log/nginx -czf - access.log", "/opt/ci/bin/deploy --job=4711",
    "uptime"};

struct near {
	size_t n;
	char text[NEAR_MAX];
};

static void
put(struct near *x, size_t at, size_t cut, const char *s, size_t n)
{
	assert_true(x->n - cut + n <= sizeof(x->text));
	memmove(x->text + at + n, x->text + at + cut, x->n - at - cut);
	memcpy(x->text + at, s, n);
	x->n = x->n - cut + n;
}

/* What no command has: bytes that a shell reads, controls, a NUL, what only
 * looks like ASCII, what is no character. */
static void
foreign_byte(struct near *x, struct rnd *r)
{
	static const char *const foreign[] = {"\"", "'", "\\", "$", "`", ";",
	    "&", "|", "<", ">", "(", ")", "{", "}", "*", "?", "[", "]", "~",
	    "!", "#", "\n", "\r", "\t", "\v", "\x01", "\x1b", "\x7f",
	    "\xd0\xb5" /* e */, "\xd0\xbe" /* o */, "\xc2\xa0" /* space */,
	    "\xe2\x80\x93" /* - */, "\xe2\x81\x84" /* / */,
	    "\xef\xbc\x8f" /* / */, "\xe2\x80\xae", "\xe2\x80\x8b", "\xff",
	    "\xc0\xaf", "$(id)", "`id`", "; id", "&& id", "| sh", "\nid\n",
	    "${IFS}", "> /etc/passwd", "' '", "\" \"", "\\ "};
	const size_t k = rnd_below(r, ARRAY_LEN(foreign) + 1);
	const size_t at = rnd_below(r, x->n + 1);
	const size_t cut = at < x->n && rnd_below(r, 2) == 0 ? 1 : 0;

	if (k == ARRAY_LEN(foreign))
		put(x, at, cut, "", 1); /* a NUL */
	else
		put(x, at, cut, foreign[k], strlen(foreign[k]));
}

/* Words that are none, are too many or too few. */
static void
wrong_words(struct near *x, struct rnd *r)
{
	static const char *const more[] = {" ", "  ", " -f", " --now", " x",
	    " /", " \t", " ;id", " web-02 web-03"};
	const char *space = memchr(x->text, ' ', x->n);
	const char *s = more[rnd_below(r, ARRAY_LEN(more))];

	switch (rnd_below(r, 4)) {
	case 0:
		put(x, x->n, 0, s, strlen(s));
		return;
	case 1:
		put(x, 0, 0, " ", 1);
		return;
	case 2: /* one more space, or none, between two */
		if (space == NULL)
			put(x, 0, 0, " ", 1);
		else
			put(x, (size_t)(space - x->text), rnd_below(r, 2), "  ",
			    2);
		return;
	default: /* the last word is gone, or all but the space before it */
		while (x->n > 0 && x->text[x->n - 1] != ' ')
			x->n--;
		if (x->n > 0 && rnd_below(r, 2) == 0)
			x->n--;
	}
}

static void
replace(struct near *x, const char *old, const char *new)
{
	const char *at = memmem(x->text, x->n, old, strlen(old));

	if (at != NULL)
		put(x, (size_t)(at - x->text), strlen(old), new, strlen(new));
}

/* In the place of the k-th valid hole, which is the last. */
static void
wrong_hole(struct near *x, struct rnd *r, size_t k)
{
	static const char *const names[] = {"-x", ".x", "..", "--now", "a/b",
	    "../a", "a@b", "a:b", "a,b", "a=b", "a%b", "a+b", "a^b", "/etc/x"};
	static const char *const ints[] = {"-1", "+1", "1.0", "1e3", "0x10",
	    "12345678901", "1_000", "1,000", "a", "1a", "a1", "\xd9\xa1"};
	static const char *const paths[] = {"/var/log", "/var/log/",
	    "/var/log/..", "/var/log/../", "/var/log/../etc", "/var/log/.",
	    "/var/log/./x", "/var/log//x", "//var/log/x", "/var/logx/y",
	    "/var/./log/x", "var/log/x", "./var/log/x", "/var/log/x/",
	    "/var/log/x/../../etc", "/proc/self/root/var/log/x", "/etc/passwd",
	    "/VAR/log/x", "/var/log\\x", "file:///var/log/x", "/var/lo/g/x",
	    "/dev/fd/0", "/var/../var/log/x", "/", "", "-", "/var/log x"};
	static const char *const programs[] = {"/opt/ci/bin", "/opt/ci/bin/",
	    "/opt/ci/bin/../deploy", "/opt/ci/binx/deploy", "deploy",
	    "/opt/ci/bin/./deploy", "/opt//ci/bin/deploy", "/bin/sh"};

	if (k == 0)
		replace(x, "web-01", names[rnd_below(r, ARRAY_LEN(names))]);
	else if (k == 1 && rnd_below(r, 2) == 0)
		replace(
		    x, "nginx.service", names[rnd_below(r, ARRAY_LEN(names))]);
	else if (k == 1)
		replace(x, "200", ints[rnd_below(r, ARRAY_LEN(ints))]);
	else if (k == 2)
		replace(
		    x, "/var/log/nginx", paths[rnd_below(r, ARRAY_LEN(paths))]);
	else if (k == 3 && rnd_below(r, 2) == 0)
		replace(x, "4711", ints[rnd_below(r, ARRAY_LEN(ints))]);
	else if (k == 3)
		replace(x, "/opt/ci/bin/deploy",
		    programs[rnd_below(r, ARRAY_LEN(programs))]);
	else
		replace(
		    x, "uptime", rnd_below(r, 2) == 0 ? "Uptime" : "uptimes");
}

/* 64 KiB and beyond: of a hole, of words, of spaces, of a tail. */
static void
too_long(struct near *x, struct rnd *r)
{
	const size_t n = LIMIT_HOLE_MAX + 1 + rnd_below(r, 65 * 1024);
	static const char fill[] = "a1 /.";
	const char ch = fill[rnd_below(r, sizeof(fill) - 1)];

	assert_true(x->n + n <= sizeof(x->text));
	memset(x->text + x->n, ch, n);
	x->n += n;
}

/* Letters of what is literal in another case, or one of them gone. */
static void
wrong_literal(struct near *x, struct rnd *r, size_t k)
{
	static const size_t literal[ARRAY_LEN(templates)] = {17, 10, 3, 11, 6};
	const size_t at = rnd_below(r, literal[k]);

	if (rnd_below(r, 2) == 0 || x->text[at] < 'a' || x->text[at] > 'z')
		put(x, at, 1, "", 0);
	else
		x->text[at] = (char)(x->text[at] - 'a' + 'A');
}

static void
make_near(struct near *x, struct rnd *r, size_t i)
{
	const size_t k = i % ARRAY_LEN(templates);

	x->n = strlen(valid[k]);
	memcpy(x->text, valid[k], x->n);
	switch (i / ARRAY_LEN(templates) % 8) {
	case 0:
	case 1:
	case 2:
		foreign_byte(x, r);
		break;
	case 3:
		wrong_words(x, r);
		break;
	case 4:
	case 5:
		wrong_hole(x, r, k);
		break;
	case 6:
		wrong_literal(x, r, k);
		break;
	default:
		if (rnd_below(r, 16) == 0)
			too_long(x, r);
		else
			foreign_byte(x, r);
	}
}

static void
test_near_misses(void **state)
{
	static struct near x;
	struct command_list l = {0};
	struct rnd r = {.s = 1};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(templates); k++)
		assert_int_equal(command_add(&l, templates[k]), 0);
	for (size_t k = 0; k < ARRAY_LEN(templates); k++)
		CHECK_ROW(allowed(&l, valid[k]), valid[k]);
	for (size_t i = 0; i < NEAR_MISSES; i++) {
		make_near(&x, &r, i);
		if (command_allowed(&l, x.text, x.n))
			fail_msg("number %zu matches: %.*s", i,
			    (int)(x.n < 200 ? x.n : 200), x.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_templates),
	    cmocka_unit_test(test_template_length),
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_bytes),
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_merge),
	    cmocka_unit_test(test_merge_too_many),
	    cmocka_unit_test(test_near_misses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
