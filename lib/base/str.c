/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str - text helpers that refuse instead of truncating. Pure: no locale (the
 * ctype functions are avoided on purpose), no clock, no allocation.
 */
#include "base/str.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/limits.h"

enum { STR_DISTANCE_MAX = 99 }; /* internal: far enough */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char
to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int
str_copy(char *ret, size_t size, const char *s)
{
	const size_t n = strlen(s);

	if (size == 0)
		return GW_ELIMIT;
	if (n >= size) {
		ret[0] = '\0';
		return GW_ELIMIT;
	}
	memcpy(ret, s, n + 1);
	return 0;
}

void
text_set(char *ret, size_t size, const char *s)
{
	const size_t n = size > 0 ? strnlen(s, size - 1) : 0;

	if (size == 0)
		return;
	memcpy(ret, s, n);
	ret[n] = '\0';
}

int
str_fmt(char *ret, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n = 0;

	if (size == 0)
		return GW_ELIMIT;
	va_start(ap, fmt);
	n = vsnprintf(ret, size, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < size)
		return 0;
	ret[0] = '\0';
	return n < 0 ? GW_EINVAL : GW_ELIMIT;
}

bool
str_name_ok(const char *s)
{
	static const char rest[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	const size_t n = strnlen(s, LIMIT_NAME_MAX + 1);

	return n > 0 && n <= LIMIT_NAME_MAX && s[0] != '.' && s[0] != '-' &&
	       strspn(s, rest) == n;
}

size_t
str_utf8(const uint8_t *p, size_t n, uint32_t *retcp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t cp = p[0];
	size_t len = 1;

	if (cp < 0x80) {
		*retcp = cp;
		return 1;
	}
	if ((cp & 0xe0) == 0xc0)
		len = 2;
	else if ((cp & 0xf0) == 0xe0)
		len = 3;
	else if ((cp & 0xf8) == 0xf0)
		len = 4;
	else
		return 0;
	if (len > n)
		return 0;
	cp &= 0x7fU >> len;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3fU);
	}
	if (cp < least[len] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	*retcp = cp;
	return len;
}

/* C0 and C1 controls, line and paragraph separators, everything that changes
 * the direction of the text around it, what is invisible (but the two joiners,
 * which scripts and emoji are written with), and the two that no YAML can
 * hold. */
bool
str_unsafe(uint32_t cp)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
	    {0, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, /* soft hyphen */
	    {0x61c, 0x61c}, {0x180e, 0x180e},
	    {0x200b, 0x200b}, /* a space without width */
	    {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
	    {0xfeff, 0xfeff}, /* byte order mark */
	    {0xfff9, 0xfffb}, {0xfffe, 0xffff},
	    {0xe0000, 0xe007f}, /* tags: ASCII that nobody sees */
	};

	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (cp >= ranges[i].first && cp <= ranges[i].last)
			return true;
	return false;
}

bool
str_text_ok(const char *s, size_t n)
{
	const uint8_t *p = (const uint8_t *)s;
	uint32_t cp = 0;
	size_t len = 0;

	for (size_t i = 0; i < n; i += len) {
		len = str_utf8(p + i, n - i, &cp);
		if (len == 0 || str_unsafe(cp))
			return false;
	}
	return true;
}

/* One code point or bad byte of p as text in piece; returns bytes used. */
static size_t
escape_one(char piece[static 16], const uint8_t *p, size_t n)
{
	uint32_t cp = 0;
	const size_t len = str_utf8(p, n, &cp);

	if (len == 0 || (len == 1 && str_unsafe(cp))) {
		(void)snprintf(piece, 16, "\\x%02x", p[0]);
		return 1;
	}
	if (str_unsafe(cp)) {
		(void)snprintf(piece, 16, "\\u{%x}", cp);
	} else {
		memcpy(piece, p, len);
		piece[len] = '\0';
	}
	return len;
}

void
str_escape(char *ret, size_t size, const char *s, size_t n)
{
	static const char dots[] = "...";
	const uint8_t *p = (const uint8_t *)s;
	char piece[16] = "";
	size_t out = 0;
	size_t cut = 0; /* the last place where the dots still fit */
	size_t len = 0;

	if (size == 0)
		return;
	for (size_t i = 0; i < n;) {
		i += escape_one(piece, p + i, n - i);
		len = strlen(piece);
		if (out + len >= size) {
			len = size - 1 - cut;
			if (len > sizeof(dots) - 1)
				len = sizeof(dots) - 1;
			memcpy(ret + cut, dots, len);
			out = cut + len;
			break;
		}
		memcpy(ret + out, piece, len);
		out += len;
		if (out + sizeof(dots) <= size)
			cut = out;
	}
	ret[out] = '\0';
}

static unsigned
least3(unsigned a, unsigned b, unsigned c)
{
	const unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Swapped neighbours count as one: it is the commonest typing mistake. */
unsigned
str_distance(const char *a, const char *b)
{
	unsigned rows[3][STR_DISTANCE_MAX + 1];
	unsigned *before = rows[0];
	unsigned *above = rows[1];
	unsigned *row = rows[2];
	unsigned *spare = NULL;
	const size_t na = strnlen(a, STR_DISTANCE_MAX + 1);
	const size_t nb = strnlen(b, STR_DISTANCE_MAX + 1);

	if (na > STR_DISTANCE_MAX || nb > STR_DISTANCE_MAX)
		return STR_DISTANCE_MAX;
	memset(rows, 0, sizeof(rows));
	for (unsigned j = 0; j <= nb; j++)
		above[j] = j;
	for (unsigned i = 1; i <= na; i++) {
		const char ca = to_lower(a[i - 1]);

		row[0] = i;
		for (unsigned j = 1; j <= nb; j++) {
			const char cb = to_lower(b[j - 1]);

			row[j] = least3(above[j] + 1, row[j - 1] + 1,
			    above[j - 1] + (ca == cb ? 0U : 1U));
			if (i > 1 && j > 1 && ca == to_lower(b[j - 2]) &&
			    cb == to_lower(a[i - 2]) &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		spare = before;
		before = above;
		above = row;
		row = spare;
	}
	return above[nb];
}

uint32_t
str_hash(const char *s)
{
	uint32_t h = 2166136261U;

	for (; *s != '\0'; s++)
		h = (h ^ (uint8_t)*s) * 16777619U;
	return h;
}

void
str_hex(char *ret, const uint8_t *p, size_t n)
{
	static const char nibble[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*ret++ = nibble[p[i] >> 4];
		*ret++ = nibble[p[i] & 15];
	}
	*ret = '\0';
}

static int
hex_value(char c)
{
	c = to_lower(c);
	if (is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
str_unhex(uint8_t *ret, size_t n, const char *s)
{
	if (strnlen(s, 2 * n + 1) != 2 * n)
		return GW_EINVAL;
	for (size_t i = 0; i < n; i++) {
		const int hi = hex_value(s[2 * i]);
		const int lo = hex_value(s[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return GW_EINVAL;
		ret[i] = (uint8_t)(hi << 4 | lo);
	}
	return 0;
}

static const char b64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t
str_b64_size(size_t n)
{
	return (n / 3 + (n % 3 != 0 ? 1 : 0)) * 4 + 1;
}

void
str_b64(char *ret, const uint8_t *p, size_t n)
{
	for (; n > 0; ret += 4) {
		const size_t take = n < 3 ? n : 3;
		const uint32_t v = (uint32_t)p[0] << 16 |
				   (take > 1 ? (uint32_t)p[1] << 8 : 0) |
				   (take > 2 ? (uint32_t)p[2] : 0);

		ret[0] = b64[v >> 18];
		ret[1] = b64[v >> 12 & 63];
		ret[2] = b64[v >> 6 & 63];
		ret[3] = b64[v & 63];
		if (take < 3)
			ret[3] = '=';
		if (take < 2)
			ret[2] = '=';
		p += take;
		n -= take;
	}
	*ret = '\0';
}

static int
b64_value(char c)
{
	const char *at = c != '\0' ? strchr(b64, c) : NULL;

	return at != NULL ? (int)(at - b64) : -1;
}

int
str_unb64(uint8_t *ret, size_t size, const char *s, size_t n, size_t *retn)
{
	size_t pad = 0;
	size_t out = 0;

	if (n % 4 != 0)
		return GW_EINVAL;
	if (n > 0 && s[n - 1] == '=')
		pad = s[n - 2] == '=' ? 2 : 1;
	if (n / 4 * 3 - pad > size)
		return GW_ELIMIT;
	for (size_t i = 0; i < n; i += 4) {
		const size_t skip = i + 4 == n ? pad : 0;
		uint32_t v = 0;

		for (size_t j = 0; j < 4; j++) {
			const int d = j < 4 - skip ? b64_value(s[i + j]) : 0;

			if (d < 0)
				return GW_EINVAL;
			v = v << 6 | (uint32_t)d;
		}
		/* Bits under the padding must be 0: one text per value. */
		if ((v & ((1U << (8 * skip)) - 1)) != 0)
			return GW_EINVAL;
		for (size_t j = 0; j < 3 - skip; j++)
			ret[out++] = (uint8_t)(v >> (16 - 8 * j) & 0xff);
	}
	*retn = out;
	return 0;
}

int
str_duration(const char *s, uint32_t *ret)
{
	static const struct {
		char name;
		uint32_t seconds;
	} units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
	uint64_t sum = 0;
	size_t u = 0;

	if (*s == '\0')
		return GW_EINVAL;
	while (*s != '\0') {
		uint64_t v = 0;

		if (!is_digit(*s))
			return GW_EINVAL;
		for (; is_digit(*s); s++) {
			v = v * 10 + (uint64_t)(*s - '0');
			if (v > UINT32_MAX)
				return GW_EINVAL;
		}
		/* Each unit once, the large ones first. */
		while (u < ARRAY_LEN(units) && units[u].name != *s)
			u++;
		if (u == ARRAY_LEN(units))
			return GW_EINVAL;
		sum += v * units[u++].seconds;
		if (sum > UINT32_MAX)
			return GW_EINVAL;
		s++;
	}
	if (sum == 0)
		return GW_EINVAL;
	*ret = (uint32_t)sum;
	return 0;
}

void
str_duration_format(char *ret, size_t size, uint64_t s)
{
	const uint64_t parts[] = {
	    s / 86400, s / 3600 % 24, s / 60 % 60, s % 60};
	char text[48] = "";
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (parts[i] == 0 && (s != 0 || i != 3))
			continue;
		(void)snprintf(text + n, sizeof(text) - n, "%llu%c",
		    (unsigned long long)parts[i], "dhms"[i]);
		n += strlen(text + n);
	}
	if (str_copy(ret, size, text) != 0)
		str_escape(ret, size, text, n);
}

int
str_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (!is_digit(s[0]) || (s[0] == '0' && s[1] != '\0'))
		return GW_EINVAL;
	for (; *s != '\0'; s++) {
		uint64_t d = 0;

		if (!is_digit(*s))
			return GW_EINVAL;
		d = (uint64_t)(*s - '0');
		if (v > (UINT64_MAX - d) / 10)
			return GW_EINVAL;
		v = v * 10 + d;
	}
	if (v < min || v > max)
		return GW_EINVAL;
	*ret = v;
	return 0;
}

/* Years 0000 to 9999, all that RFC 3339 can say. */
static const int64_t time_first_ms = INT64_C(-62167219200000);
static const int64_t time_last_ms = INT64_C(253402300799999);

void
str_time(char *ret, size_t size, int64_t utc_ms)
{
	char text[64] = "";
	struct tm tm = {0};
	int64_t ms = 0;
	time_t t = 0;

	if (utc_ms < time_first_ms)
		utc_ms = time_first_ms;
	if (utc_ms > time_last_ms)
		utc_ms = time_last_ms;
	ms = utc_ms % 1000;
	if (ms < 0)
		ms += 1000;
	t = (time_t)((utc_ms - ms) / 1000);
	(void)gmtime_r(&t, &tm);
	(void)snprintf(text, sizeof(text),
	    "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    (int)ms);
	if (str_copy(ret, size, text) != 0)
		str_escape(ret, size, text, strlen(text));
}

/* n digits at s; -1 if there are not. */
static int
digits(const char *s, unsigned n)
{
	int v = 0;

	for (unsigned i = 0; i < n; i++) {
		if (!is_digit(s[i]))
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	return v;
}

int
str_time_parse(const char *s, int64_t *ret_ms)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd";
	struct tm tm = {0};
	struct tm want = {0};
	int scale = 100;
	int ms = 0;
	time_t t = 0;
	size_t i = 0;

	for (; shape[i] != '\0'; i++)
		if (shape[i] == 'd' ? !is_digit(s[i]) : s[i] != shape[i])
			return GW_EINVAL;
	want.tm_year = digits(s, 4) - 1900;
	want.tm_mon = digits(s + 5, 2) - 1;
	want.tm_mday = digits(s + 8, 2);
	want.tm_hour = digits(s + 11, 2);
	want.tm_min = digits(s + 14, 2);
	want.tm_sec = digits(s + 17, 2);
	if (s[i] == '.') {
		if (!is_digit(s[++i]))
			return GW_EINVAL;
		for (; is_digit(s[i]); i++, scale /= 10)
			ms += (s[i] - '0') * scale;
	}
	if (strcmp(s + i, "Z") != 0)
		return GW_EINVAL;
	tm = want;
	t = timegm(&tm);
	/* timegm turns 30 February into 2 March; we do not. */
	if (tm.tm_year != want.tm_year || tm.tm_mon != want.tm_mon ||
	    tm.tm_mday != want.tm_mday || tm.tm_hour != want.tm_hour ||
	    tm.tm_min != want.tm_min || tm.tm_sec != want.tm_sec)
		return GW_EINVAL;
	*ret_ms = (int64_t)t * 1000 + ms;
	return 0;
}
