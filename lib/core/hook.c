/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook - see the header.
 */
#include "core/hook.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/event.h"

enum {
	KEY_BYTES_MIN = 24,
	KEY_BYTES_MAX = 64, /* format: Standard Webhooks */
	HTTPS_PORT = 443,
	MESSAGE_MAX = 2 * LIMIT_RECORD_MAX,
};

/* ---- the URL */

static const char scheme[] = "https://";

/* "name", "192.0.2.1" or "[2001:db8::1]", as host has it. */
static int
host_parse(char ret[static LIMIT_HOST_SIZE], const char *s, size_t n)
{
	const bool bracketed = n > 2 && s[0] == '[' && s[n - 1] == ']';
	struct addr a;

	if (bracketed) {
		s++;
		n -= 2;
	}
	if (n == 0 || n >= LIMIT_HOST_SIZE)
		return GW_EINVAL;
	memcpy(ret, s, n);
	ret[n] = '\0';
	if (addr_parse(&a, ret) == 0)
		return (a.family == 6) == bracketed ? 0 : GW_EINVAL;
	return !bracketed && addr_is_name(ret) ? 0 : GW_EINVAL;
}

/* What may stand in a request line as it is. */
static bool
path_ok(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s <= 0x20 || *s >= 0x7f || strchr("#\"<>\\^`{|}", *s))
			return false;
	return true;
}

int
hook_url_parse(struct conf_sink *c, const char *url, const char **retwhy)
{
	const char *host = url + strlen(scheme);
	size_t n, at;
	uint64_t port = HTTPS_PORT;
	char digits[8] = "";

	*retwhy = "it has to begin with https://";
	if (strncmp(url, scheme, strlen(scheme)) != 0)
		return GW_EINVAL;
	n = strcspn(host, "/?#");
	*retwhy = "no user or password may stand in it: a message is signed";
	if (memchr(host, '@', n) != NULL)
		return GW_EINVAL;
	*retwhy = "its host is no name or address, or its port no number";
	at = host[0] == '[' ? strcspn(host, "]") : 0;
	if (at > n)
		return GW_EINVAL;
	at += strcspn(host + at, ":/?#");
	if (at < n) {
		if (n - at - 1 >= sizeof(digits))
			return GW_EINVAL;
		memcpy(digits, host + at + 1, n - at - 1);
		if (str_u64(digits, 1, UINT16_MAX, &port) != 0)
			return GW_EINVAL;
	}
	if (host_parse(c->host, host, at) != 0)
		return GW_EINVAL;
	*retwhy = "what follows its host must be a path, written as it is sent";
	if (host[n] == '?' || !path_ok(host + n) ||
	    str_copy(c->path, sizeof(c->path),
		host[n] != '\0' ? host + n : "/") != 0)
		return GW_EINVAL;
	c->port = (uint16_t)port;
	return 0;
}

/* ---- what it wants */

static bool
word_is(const char *word, size_t n, const char *event)
{
	if (n > 2 && memcmp(word + n - 2, ".*", 2) == 0)
		return strncmp(word, event, n - 1) == 0;
	return strlen(event) == n && memcmp(word, event, n) == 0;
}

bool
hook_event_ok(const char *word)
{
	for (unsigned e = 1; e < EV_COUNT; e++)
		if (word_is(word, strlen(word), event_spec(e)->name))
			return true;
	return false;
}

bool
hook_wants(const char *words, const char *event)
{
	for (size_t n; *words != '\0'; words += n + (words[n] == ' ')) {
		n = strcspn(words, " ");
		if (word_is(words, n, event) || FAULT(hook_filter))
			return true;
	}
	return false;
}

/* ---- where it leads */

/* IANA's special purposes: of the rest, of IPv6 2000::/3 alone is public. */
static const char *const inside[] = {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10",
    "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "::/3", "2001::/23",
    "2001:db8::/32", "2002::/16", "3fff::/20", "4000::/2", "8000::/1"};

static bool
is_in(const char *network, const struct addr *a)
{
	struct prefix p;

	return prefix_parse(&p, network) == 0 && prefix_has(&p, a);
}

bool
hook_address_ok(const struct conf_sink *c, const struct addr *a)
{
	char network[ADDR_TEXT_SIZE];
	struct addr own;

	if (FAULT(hook_address))
		return true;
	if (addr_parse(&own, c->host) == 0)
		return addr_equal(&own, a);
	for (const char *w = c->networks; *w != '\0';) {
		const size_t n = strcspn(w, " ");

		if (str_fmt(network, sizeof(network), "%.*s", (int)n, w) == 0 &&
		    is_in(network, a))
			return true;
		w += n + (w[n] == ' ');
	}
	for (size_t i = 0; i < ARRAY_LEN(inside); i++)
		if (is_in(inside[i], a))
			return false;
	return addr_valid(a);
}

/* ---- what proves it */

static int
key_parse(struct secret *ret, const char *line, size_t n)
{
	static const char prefix[] = "whsec_";
	uint8_t key[KEY_BYTES_MAX];
	size_t len = 0;
	int e = GW_EINVAL;

	if (n > strlen(prefix) && memcmp(line, prefix, strlen(prefix)) == 0)
		e = str_unb64(key, sizeof(key), line + strlen(prefix),
		    n - strlen(prefix), &len);
	if (e != 0 || len < KEY_BYTES_MIN)
		e = GW_EINVAL;
	else
		e = secret_copy(ret, key, len);
	explicit_bzero(key, sizeof(key));
	return e;
}

int
hook_keys_parse(struct hook_keys *ret, const void *text, size_t n)
{
	struct hook_keys k = {.n = 0};
	const char *p = text;
	int e = 0;

	while (e == 0 && n > 0) {
		const char *lf = memchr(p, '\n', n);
		const size_t len = lf != NULL ? (size_t)(lf - p) : n;

		if (k.n == LIMIT_HOOK_SECRETS)
			e = GW_EINVAL;
		else if ((e = key_parse(&k.key[k.n], p, len)) == 0)
			k.n++;
		n -= lf != NULL ? len + 1 : len;
		p += len + 1;
	}
	if (e == 0 && k.n == 0)
		e = GW_EINVAL;
	if (e == 0)
		*ret = k;
	else
		hook_keys_done(&k);
	return e;
}

int64_t
hook_after_ms(int64_t asked_s)
{
	if (asked_s <= 0)
		return 0;
	if (asked_s > LIMIT_HOOK_AFTER_S && !FAULT(hook_after))
		asked_s = LIMIT_HOOK_AFTER_S;
	return asked_s * 1000;
}

void
hook_keys_done(struct hook_keys *k)
{
	for (unsigned i = 0; i < LIMIT_HOOK_SECRETS; i++)
		secret_free(&k->key[i]);
	k->n = 0;
}

int
hook_sign(char ret[static HOOK_SIGNATURE_SIZE], const struct hook_keys *k,
    const char *id, int64_t time_s, const void *body, size_t n)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	struct buf text;
	char *at = ret;
	int e;

	buf_init(&text, MESSAGE_MAX);
	buf_printf(&text, "%s.%lld.", id, (long long)time_s);
	buf_put(&text, body, n);
	e = k->n == 0 ? GW_EINVAL : buf_err(&text);
	for (unsigned i = 0; e == 0 && i < k->n; i++) {
		if (HMAC(EVP_sha256(), k->key[i].p, (int)k->key[i].len, text.p,
			text.len, mac, &len) == NULL) {
			e = GW_ECRYPTO;
			break;
		}
		memcpy(at, i == 0 ? "v1," : " v1,", i == 0 ? 3 : 4);
		at += i == 0 ? 3 : 4;
		str_b64(at, mac, len);
		at += strlen(at);
	}
	buf_done(&text);
	return e;
}
