/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glassca - see the header.
 */
#include "core/glassca.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

static const char first[] = "sallyport-breakglass 1";

bool
glassca_counts_ok(unsigned need, unsigned sheets)
{
	return need >= 2 && need <= sheets && sheets <= LIMIT_SHEETS;
}

int
glassca_add_from(struct glassca *c, const char *prefix)
{
	struct prefix p;

	if (c->nfrom == LIMIT_GLASS_FROM)
		return GW_ELIMIT;
	if (prefix_parse(&p, prefix) != 0 ||
	    (p.bits == 0 && !FAULT(glass_anywhere)))
		return GW_EINVAL;
	c->from[c->nfrom++] = p;
	return 0;
}

int
glassca_sources(char *ret, const struct prefix *p, unsigned n)
{
	char text[ADDR_TEXT_SIZE];
	size_t at = 0;
	int r = n > 0 ? 0 : GW_EINVAL; /* none would mean any */

	ret[0] = '\0';
	for (unsigned i = 0; i < n && r == 0; i++) {
		addr_format(text, &p[i].addr);
		r = str_fmt(ret + at, GLASSCA_SOURCES_SIZE - at, "%s%s/%u",
		    i > 0 ? "," : "", text, (unsigned)p[i].bits);
		at += strlen(ret + at);
	}
	return r;
}

bool
glassca_within(const struct glassca *c, const struct prefix *p)
{
	for (unsigned i = 0; i < c->nfrom; i++)
		if (p->bits >= c->from[i].bits &&
		    prefix_has(&c->from[i], &p->addr))
			return true;
	return false;
}

/* ---- the file */

int
glassca_head(char ret[static GLASSCA_HEAD_MAX + 1], const struct glassca *c)
{
	char from[GLASSCA_SOURCES_SIZE], salt[2 * GLASSCA_SALT_SIZE + 1];
	int r = glassca_sources(from, c->from, c->nfrom);

	if (r != 0)
		return r;
	str_hex(salt, c->salt, sizeof(c->salt));
	return str_fmt(ret, GLASSCA_HEAD_MAX + 1,
	    "%s\nca %s\nsheets %u %u %u\nfrom %s\nsalt %s\n", first, c->pub,
	    c->need, c->sheets, (unsigned)c->set, from, salt);
}

int
glassca_format(struct buf *b, const struct glassca *c)
{
	char head[GLASSCA_HEAD_MAX + 1];
	char sealed[2 * GLASSCA_SEALED_SIZE + 1];
	int r = glassca_head(head, c);

	if (r != 0)
		return r;
	str_hex(sealed, c->sealed, sizeof(c->sealed));
	buf_printf(b, "%ssealed %s\n", head, sealed);
	return buf_err(b);
}

/* The value of the next line, which begins with word; NULL: it does not. */
static char *
value(char **at, const char *word)
{
	const size_t n = strlen(word);
	char *line = *at, *lf = strchr(line, '\n');

	if (lf == NULL || strncmp(line, word, n) != 0)
		return NULL;
	*lf = '\0';
	*at = lf + 1;
	return line + n;
}

static int
read_sheets(struct glassca *c, char *s)
{
	char *save = NULL, *w[3] = {NULL};
	uint64_t v[3] = {0};

	for (int i = 0; i < 3; i++) {
		w[i] = strtok_r(i == 0 ? s : NULL, " ", &save);
		if (w[i] == NULL || str_u64(w[i], 0, UINT8_MAX, &v[i]) != 0)
			return GW_EINVAL;
	}
	c->need = (unsigned)v[0];
	c->sheets = (unsigned)v[1];
	c->set = (uint8_t)v[2];
	return glassca_counts_ok(c->need, c->sheets) ? 0 : GW_EINVAL;
}

static int
read_from(struct glassca *c, char *s)
{
	char *save = NULL;
	int r = 0;

	for (char *p = strtok_r(s, ",", &save); p != NULL && r == 0;
	     p = strtok_r(NULL, ",", &save))
		r = glassca_add_from(c, p);
	return r;
}

static int
read_lines(struct glassca *c, char *at)
{
	char *pub = NULL, *sheets = NULL, *from = NULL, *salt = NULL;
	char *sealed = NULL;

	if (value(&at, first) == NULL || (pub = value(&at, "ca ")) == NULL ||
	    (sheets = value(&at, "sheets ")) == NULL ||
	    (from = value(&at, "from ")) == NULL ||
	    (salt = value(&at, "salt ")) == NULL ||
	    (sealed = value(&at, "sealed ")) == NULL ||
	    str_copy(c->pub, sizeof(c->pub), pub) != 0 ||
	    read_sheets(c, sheets) != 0 || read_from(c, from) != 0 ||
	    str_unhex(c->salt, sizeof(c->salt), salt) != 0)
		return GW_EINVAL;
	return str_unhex(c->sealed, sizeof(c->sealed), sealed);
}

int
glassca_parse(struct glassca *ret, const char *text, size_t n)
{
	char copy[GLASSCA_FILE_MAX + 1];
	struct buf again;
	int r = GW_EINVAL;

	memset(ret, 0, sizeof(*ret));
	if (n > GLASSCA_FILE_MAX || memchr(text, '\0', n) != NULL)
		return r;
	memcpy(copy, text, n);
	copy[n] = '\0';
	buf_init(&again, GLASSCA_FILE_MAX);
	if (read_lines(ret, copy) == 0 &&
	    str_text_ok(ret->pub, strlen(ret->pub)) &&
	    strpbrk(ret->pub, "\"\\") == NULL &&
	    glassca_format(&again, ret) == 0 && again.len == n &&
	    memcmp(again.p, text, n) == 0)
		r = 0;
	buf_done(&again);
	return r;
}

/* ---- what it is for */

int
glassca_trust_line(struct buf *b, const struct glassca *c, const char *target)
{
	char from[GLASSCA_SOURCES_SIZE];
	int r = str_name_ok(target) ? 0 : GW_EINVAL;

	if (r != 0 || (r = glassca_sources(from, c->from, c->nfrom)) != 0)
		return r;
	buf_printf(b,
	    "restrict,pty,cert-authority,principals=\"" GLASSCA_LOGIN "@%s\"",
	    target);
	if (!FAULT(glass_from))
		buf_printf(b, ",from=\"%s\"", from);
	buf_printf(b, " %s sallyport-breakglass", c->pub);
	return buf_err(b);
}

int
glassca_key_id(char ret[static GLASSCA_KEY_ID_SIZE], const char *who,
    const char *fingerprint, const char *why)
{
	const size_t n = strlen(why);

	if (!str_name_ok(who) || n == 0 || n > LIMIT_GLASS_WHY ||
	    !str_text_ok(why, n))
		return GW_EINVAL;
	return str_fmt(ret, GLASSCA_KEY_ID_SIZE, GLASSCA_BY "%s ca=%s why=%s",
	    who, fingerprint, why);
}
