/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/closed_state.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/safefile.h"
#include "base/secret.h"
#include "base/str.h"

enum { LINE_SIZE = 256, WORDS = 4 };

static const char header[] = "sallyport-closed 1";

struct line {
	char text[LINE_SIZE];
	char *word[WORDS];
	size_t words;
};

static bool
split(struct line *l)
{
	char *p = l->text, *save = NULL;

	l->words = 0;
	if (strstr(p, "  ") != NULL || p[0] == ' ' || p[strlen(p) - 1] == ' ')
		return false;
	for (p = strtok_r(p, " ", &save); p != NULL;
	     p = strtok_r(NULL, " ", &save)) {
		if (l->words == WORDS)
			return false;
		l->word[l->words++] = p;
	}
	return l->words > 0;
}

static bool
number(uint32_t *ret, const char *s, uint32_t max)
{
	uint32_t v = 0;

	if (*s == '\0' || (s[0] == '0' && s[1] != '\0'))
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9' || v > (UINT32_MAX - 9) / 10)
			return false;
		v = v * 10 + (uint32_t)(*s - '0');
	}
	if (v > max)
		return false;
	*ret = v;
	return true;
}

static int
own(struct ruleset *rs, const struct line *l)
{
	uint32_t port = 0;

	if (l->words != 2 || !number(&port, l->word[1], UINT16_MAX) ||
	    port == 0)
		return GW_EINVAL;
	for (size_t i = 0; i < rs->nown; i++)
		if (rs->own[i] == port)
			return 0;
	if (rs->nown == ARRAY_LEN(rs->own))
		return GW_ELIMIT;
	rs->own[rs->nown++] = (uint16_t)port;
	return 0;
}

static int
protect(struct ruleset *rs, const struct line *l)
{
	struct triple t;
	uint32_t port = 0;
	bool added = false;

	memset(&t, 0, sizeof(t));
	if (l->words != 4 || addr_parse(&t.addr, l->word[1]) != 0 ||
	    !number(&port, l->word[3], UINT16_MAX) || port == 0)
		return GW_EINVAL;
	if (strcmp(l->word[2], "tcp") == 0)
		t.proto = IPPROTO_TCP;
	else if (strcmp(l->word[2], "udp") == 0)
		t.proto = IPPROTO_UDP;
	else
		return GW_EINVAL;
	t.port = (uint16_t)port;
	return ruleset_protect(rs, &t, &added);
}

struct state {
	unsigned line;
	uint32_t counted;
	bool begun, ended;
};

/* Sets *why on GW_EINVAL. */
static int
read_line(struct ruleset *rs, struct state *s, struct line *l, const char **why)
{
	uint32_t n = 0;
	int r = GW_EINVAL;

	*why = "expected \"sallyport-closed 1\"";
	if (!s->begun) {
		s->begun = true; /* said once */
		return strcmp(l->text, header) == 0 ? 0 : GW_EINVAL;
	}
	*why = "nothing may follow \"end\"";
	if (s->ended)
		return GW_EINVAL;
	*why = "expected \"own PORT\", \"protect ADDRESS tcp|udp PORT\" or "
	       "\"end COUNT\"";
	if (l->text[0] == '\0' || !split(l))
		return GW_EINVAL;
	if (strcmp(l->word[0], "end") == 0) {
		s->ended = true;
		*why = "the count is not that of the lines before: lines are "
		       "missing";
		if (l->words != 2 || !number(&n, l->word[1], UINT32_MAX) ||
		    n != s->counted)
			return GW_EINVAL;
		return 0;
	}
	if (strcmp(l->word[0], "own") == 0)
		r = own(rs, l);
	else if (strcmp(l->word[0], "protect") == 0)
		r = protect(rs, l);
	if (r == 0)
		s->counted++;
	return r;
}

static void
complain(struct diag *d, int *first, int r, unsigned line, const char *why,
    const char *source)
{
	if (*first != 0)
		return;
	*first = r;
	memset(d, 0, sizeof(*d));
	d->line = line;
	d->column = 1;
	d->width = 1;
	(void)snprintf(
	    d->text, sizeof(d->text), "%s", r == GW_EINVAL ? why : err_str(r));
	str_escape(d->source, sizeof(d->source), source, strlen(source));
}

int
closed_state_parse(
    struct ruleset *rs, const char *text, size_t n, struct diag *reterr)
{
	struct state s = {0, 0, false, false};
	const char *p = text, *end = text + n, *lf = NULL, *why = "";
	char source[LINE_SIZE];
	struct line l;
	size_t len = 0;
	int first = 0, r = 0;

	for (; p < end; p = lf + 1) {
		s.line++;
		lf = memchr(p, '\n', (size_t)(end - p));
		if (lf == NULL) {
			complain(reterr, &first, GW_EINVAL, s.line,
			    "the file ends within a line", "");
			return first;
		}
		len = (size_t)(lf - p);
		if (len > 0 && *p == '#')
			continue;
		if (len >= LINE_SIZE || memchr(p, '\0', len) != NULL) {
			complain(reterr, &first, GW_EINVAL, s.line,
			    "the line is too long or holds a NUL", "");
			continue;
		}
		memcpy(l.text, p, len);
		l.text[len] = '\0';
		memcpy(source, l.text, len + 1);
		if ((r = read_line(rs, &s, &l, &why)) != 0)
			complain(reterr, &first, r, s.line, why, source);
		if (r == GW_ENOMEM)
			return r;
	}
	if (!s.ended)
		complain(reterr, &first, GW_EINVAL, s.line + 1,
		    "the \"end\" line is missing: the file was cut off", "");
	return first;
}

void
closed_state_format(struct buf *b, const struct ruleset *rs)
{
	char text[ADDR_TEXT_SIZE];
	const struct triple *t = NULL;
	size_t i = 0;

	buf_printf(b, "%s\n", header);
	buf_printf(b, "# Written by sallyport-firewall; read at boot.\n");
	for (i = 0; i < rs->nown; i++)
		buf_printf(b, "own %u\n", (unsigned)rs->own[i]);
	for (i = 0; i < rs->nprotected; i++) {
		t = &rs->protected_[i];
		addr_format(text, &t->addr);
		buf_printf(b, "protect %s %s %u\n", text,
		    t->proto == IPPROTO_TCP ? "tcp" : "udp", (unsigned)t->port);
	}
	buf_printf(b, "end %zu\n", rs->nown + rs->nprotected);
}

static int
read_one(struct ruleset *rs, const char *path, unsigned flags)
{
	struct secret text = {0, NULL};
	struct diag d;
	int r = safefile_read(&text, path, CLOSED_STATE_MAX, flags);

	if (r == GW_ESYS && errno == ENOENT)
		return GW_ENOENT;
	if (r != 0) {
		log_err("cannot read %s: %s", path,
		    r == GW_ESYS ? strerror(errno) : err_str(r));
		return r;
	}
	memset(&d, 0, sizeof(d));
	r = closed_state_parse(rs, (const char *)text.p, text.len, &d);
	if (r != 0)
		log_err("%s:%u: %s; what could be read is shut", path, d.line,
		    d.text);
	secret_free(&text);
	return r;
}

static int
copy_path(char *ret, size_t size, const char *path)
{
	return str_fmt(ret, size, "%s.copy", path);
}

int
closed_state_read(struct ruleset *rs, const char *path, unsigned flags)
{
	char copy[LIMIT_PATH_SIZE + 64];
	int r = read_one(rs, path, flags), second = 0;

	if (r == 0 || FAULT(closed_copy))
		return r;
	if (copy_path(copy, sizeof(copy), path) != 0)
		return r;
	second = read_one(rs, copy, flags);
	if (second == 0)
		log_warn("%s is %s: its copy was read", path,
		    r == GW_ENOENT ? "missing" : "damaged");
	return second == 0 || r == GW_ENOENT ? second : r;
}

int
closed_state_write(const char *path, const struct ruleset *rs)
{
	char copy[LIMIT_PATH_SIZE + 64];
	struct buf b;
	int r = 0;

	buf_init(&b, CLOSED_STATE_MAX);
	closed_state_format(&b, rs);
	if ((r = buf_err(&b)) == 0 &&
	    (r = copy_path(copy, sizeof(copy), path)) == 0 &&
	    (r = safefile_write(
		 copy, b.p, b.len, 0600, (uid_t)-1, (gid_t)-1)) == 0)
		r = safefile_write(
		    path, b.p, b.len, 0600, (uid_t)-1, (gid_t)-1);
	buf_done(&b);
	return r;
}
