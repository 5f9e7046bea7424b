/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http - over libcurl; the only file that includes it.
 *
 * MUST NOT switch the pin off, or send anything before it matched.
 * MUST NOT follow a redirect or use a proxy: both would carry the request, with
 * its code, to somebody else.
 */
#include "jitctl/gateway/http.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"
#include "jitctl/gateway/nextkey.h"
#include "jitctl/gateway/pin.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"
#include "wire/rollover.h"

struct http {
	/* any, v4, v6: kept open, so the source stays; and a stream's */
	CURL *curl[4];
	CURLcode last;
};

const char *
http_library(void)
{
	return curl_version();
}

const char *
http_why(const struct ctx *c)
{
	return curl_easy_strerror(
	    c->http != NULL ? c->http->last : CURLE_FAILED_INIT);
}

struct sink {
	char *p;
	size_t len;
	size_t cap;
	char next_key[LIMIT_ROLLOVER_SIZE]; /* announced in the head */
	const struct http_call *call;
	CURL *curl;
};

static size_t
on_head(char *p, size_t size, size_t n, void *arg)
{
	static const char name[] = ROLLOVER_HEADER ":";
	struct sink *s = arg;
	size_t len = size * n;
	const size_t skip = sizeof(name) - 1;

	if (len <= skip || strncasecmp(p, name, skip) != 0)
		return size * n;
	while (len > skip && (p[len - 1] == '\r' || p[len - 1] == '\n'))
		len--;
	p += skip;
	len -= skip;
	if (len > 0 && *p == ' ') {
		p++;
		len--;
	}
	if (len < sizeof(s->next_key)) {
		memcpy(s->next_key, p, len);
		s->next_key[len] = '\0';
	}
	return size * n;
}

static size_t
on_data(char *p, size_t size, size_t n, void *arg)
{
	struct sink *s = arg;
	const size_t add = size * n;
	char *grown = NULL;
	long status = 0;

	if (s->call->heard != NULL &&
	    curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status) ==
		CURLE_OK &&
	    status == 200)
		return s->call->heard(s->call->arg, p, add) ? add : 0;
	if (add > LIMIT_REPLY_MAX - s->len)
		return 0; /* libcurl ends the transfer with an error */
	if (s->len + add + 1 > s->cap) {
		const size_t cap = (s->len + add + 1) * 2;

		/* Not realloc: what it leaves behind could not be wiped. */
		grown = malloc(cap);
		if (grown == NULL)
			return 0;
		if (s->p != NULL) {
			memcpy(grown, s->p, s->len);
			explicit_bzero(s->p, s->cap);
			free(s->p);
		}
		s->p = grown;
		s->cap = cap;
	}
	memcpy(s->p + s->len, p, add);
	s->len += add;
	s->p[s->len] = '\0';
	return add;
}

static CURL *
handle_for(struct ctx *c, int family, bool stream)
{
	const unsigned at = stream              ? 3
			    : family == HTTP_V4 ? 1
			    : family == HTTP_V6 ? 2
						: 0;

	if (c->http == NULL) {
		(void)curl_global_init(CURL_GLOBAL_DEFAULT);
		c->http = calloc(1, sizeof(*c->http));
		if (c->http == NULL)
			return NULL;
	}
	if (c->http->curl[at] == NULL)
		c->http->curl[at] = curl_easy_init();
	else
		curl_easy_reset(c->http->curl[at]); /* keeps connections */
	return c->http->curl[at];
}

void
http_done(struct ctx *c)
{
	if (c->http == NULL)
		return;
	for (unsigned i = 0; i < 4; i++)
		if (c->http->curl[i] != NULL)
			curl_easy_cleanup(c->http->curl[i]);
	free(c->http);
	c->http = NULL;
	curl_global_cleanup();
}

static void
make_url(const struct ctx *c, const char *path, char *ret, size_t size)
{
	const bool v6 = strchr(c->prof.host, ':') != NULL;

	if (c->socket != NULL)
		(void)snprintf(ret, size, "http://localhost%s", path);
	else
		(void)snprintf(ret, size, "https://%s%s%s:%u%s", v6 ? "[" : "",
		    c->prof.host, v6 ? "]" : "", c->prof.port, path);
}

/* Everything but the pin. */
static bool
set_common(CURL *h, const struct ctx *c, const struct http_call *call)
{
	char url[1024];
	const long resolve = call->family == HTTP_V4 ? CURL_IPRESOLVE_V4
			     : call->family == HTTP_V6
				 ? CURL_IPRESOLVE_V6
				 : CURL_IPRESOLVE_WHATEVER;
	CURLcode e = CURLE_OK;

	make_url(c, call->path, url, sizeof(url));
#define SET(option, value)                                                     \
	do {                                                                   \
		if (e == CURLE_OK)                                             \
			e = curl_easy_setopt(h, option, value);                \
	} while (0)
	SET(CURLOPT_URL, url);
	SET(CURLOPT_PROTOCOLS_STR, c->socket != NULL ? "http" : "https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_IPRESOLVE, resolve);
	SET(CURLOPT_CONNECTTIMEOUT_MS,
	    call->connect_ms > 0 ? call->connect_ms : 5000L);
	SET(CURLOPT_TIMEOUT_MS, call->total_ms > 0 ? call->total_ms : 60000L);
	/* a stream's sign of life comes every 5 s */
	SET(CURLOPT_LOW_SPEED_LIMIT, call->heard != NULL ? 1L : 0L);
	SET(CURLOPT_LOW_SPEED_TIME, call->heard != NULL ? 30L : 0L);
	SET(CURLOPT_USERAGENT, "jitctl/" SALLYPORT_VERSION);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	if (c->socket != NULL) {
		SET(CURLOPT_UNIX_SOCKET_PATH, c->socket);
		return e == CURLE_OK;
	}
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 0L); /* the pin is the trust */
	SET(CURLOPT_SSL_VERIFYHOST, 0L);
	return e == CURLE_OK;
}

static bool
set_pin(CURL *h, const struct ctx *c)
{
	char pin[64] = "sha256//";
	uint8_t hash[32];

	if (c->socket != NULL || FAULT(tls_pin))
		return true;
	if (str_unhex(hash, sizeof(hash), c->prof.tls) != 0)
		return false;
	str_b64(pin + strlen(pin), hash, sizeof(hash));
	return curl_easy_setopt(h, CURLOPT_PINNEDPUBLICKEY, pin) == CURLE_OK;
}

static bool
set_call(CURL *h, const struct http_call *call, struct curl_slist **list,
    struct sink *s)
{
	char line[160];
	CURLcode e = CURLE_OK;

	SET(CURLOPT_WRITEFUNCTION, on_data);
	SET(CURLOPT_WRITEDATA, s);
	SET(CURLOPT_HEADERFUNCTION, on_head);
	SET(CURLOPT_HEADERDATA, s);
	if (strcmp(call->method, "POST") == 0) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDS, call->body);
		SET(CURLOPT_POSTFIELDSIZE, (long)call->len);
		*list =
		    curl_slist_append(*list, "Content-Type: application/json");
		*list = curl_slist_append(*list, "Expect:");
	} else {
		SET(CURLOPT_HTTPGET, 1L);
	}
	if (call->token != NULL &&
	    str_fmt(line, sizeof(line), "Authorization: Bearer %s",
		call->token) == 0)
		*list = curl_slist_append(*list, line);
	explicit_bzero(line, sizeof(line));
	SET(CURLOPT_HTTPHEADER, *list);
#undef SET
	return e == CURLE_OK;
}

/* Connects without the pin, sends nothing, and reads the certificate: the hash
 * of the key that is there. */
static CURLcode
read_server_key(
    struct ctx *c, const struct http_call *call, char ret[static 65])
{
	CURL *h = curl_easy_init();
	struct curl_certinfo *info = NULL;
	CURLcode e = CURLE_FAILED_INIT;

	if (h != NULL && set_common(h, c, call) &&
	    curl_easy_setopt(h, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
	    curl_easy_setopt(h, CURLOPT_CERTINFO, 1L) == CURLE_OK)
		e = curl_easy_perform(h);
	if (e == CURLE_OK &&
	    curl_easy_getinfo(h, CURLINFO_CERTINFO, &info) == CURLE_OK &&
	    info != NULL && info->num_of_certs > 0)
		for (struct curl_slist *l = info->certinfo[0]; l != NULL;
		     l = l->next)
			if (strncmp(l->data, "Cert:", 5) == 0)
				(void)pin_of_pem(l->data + 5, ret);
	curl_easy_cleanup(h);
	return e;
}

static void
say_changed_key(struct ctx *c, const char *seen)
{
	const size_t n = strlen(c->prof.tls); /* of an invitation, its part */
	const bool invited = n < sizeof(c->prof.tls) - 1;

	c->key_changed = true;
	say_error(
	    "the key of %s:%u IS NOT THE ONE your invitation or profile "
	    "names. Nothing was sent.\n"
	    "  expected SHA256:%s%s\n"
	    "  seen     SHA256:%s\n"
	    "Ask the gateway's admin, not over this connection. If it was "
	    "changed on purpose, %s%s%s.",
	    c->prof.host, c->prof.port, c->prof.tls, invited ? "..." : "", seen,
	    invited ? "the invitation is\nvoid: they make a new one with "
		      "jitctl user set NAME --invite"
		    : "gatewayd tls show\nprints there what to tell you: ",
	    invited ? "" : self(c), invited ? "" : " pin KEY");
}

static int
explain(struct ctx *c, const struct http_call *call, CURLcode e)
{
	if (call->silent && e != CURLE_SSL_PINNEDPUBKEYNOTMATCH)
		return EXIT_UNREACHABLE;
	if (e == CURLE_SSL_PINNEDPUBKEYNOTMATCH) {
		char seen[65] = "unknown";

		if (!c->key_changed) {
			(void)read_server_key(c, call, seen);
			say_changed_key(c, seen);
		}
	} else if (c->socket != NULL)
		say_error("%s: %s (is gatewayd running, and are you root?)",
		    c->socket, curl_easy_strerror(e));
	else
		say_error("%s port %u does not answer as a gateway: %s\n"
			  "Check its address (--gateway HOST:PORT names "
			  "another), that gatewayd runs there, and "
			  "that no firewall on the way blocks you.",
		    c->prof.host, c->prof.port, curl_easy_strerror(e));
	return EXIT_UNREACHABLE;
}

/* The key is not the one we know, but one that this had announced: it is from
 * now on. */
static bool
take_next_key(struct ctx *c, CURL *h)
{
	char was[sizeof(c->prof.tls)];
	const char *next = c->prof.tls_next;

	if (next[0] == '\0')
		return false;
	memcpy(was, c->prof.tls, sizeof(was));
	memcpy(c->prof.tls, next, sizeof(c->prof.tls));
	if (!set_pin(h, c) || curl_easy_perform(h) != CURLE_OK) {
		memcpy(c->prof.tls, was, sizeof(was));
		return false;
	}
	nextkey_taken(c);
	return true;
}

int
http_learn_key(struct ctx *c)
{
	const struct http_call call = {.method = "GET", .path = "/v1/server"};
	char seen[65] = "unknown";
	CURLcode e = CURLE_OK;

	if (strlen(c->prof.tls) == sizeof(c->prof.tls) - 1)
		return EXIT_OK;
	/* the first use of libcurl in this run */
	if (handle_for(c, HTTP_ANY, false) == NULL)
		return EXIT_FAILED;
	if ((e = read_server_key(c, &call, seen)) != CURLE_OK)
		return explain(c, &call, e);
	if (strlen(seen) != sizeof(c->prof.tls) - 1 || c->prof.tls[0] == '\0' ||
	    (strncmp(seen, c->prof.tls, strlen(c->prof.tls)) != 0 &&
		!FAULT(tls_pin))) {
		say_changed_key(c, seen);
		return EXIT_UNREACHABLE;
	}
	memcpy(c->prof.tls, seen, sizeof(c->prof.tls));
	return EXIT_OK;
}

int
http_do(struct ctx *c, const struct http_call *call, struct reply *ret)
{
	struct curl_slist *list = NULL;
	struct sink s = {.call = call};
	CURL *h = handle_for(c, call->family, call->heard != NULL);
	CURLcode e = CURLE_FAILED_INIT;
	long status = 0;
	int r = EXIT_FAILED;

	s.curl = h;
	reply_done(ret);
	if (h != NULL && set_common(h, c, call) && set_pin(h, c) &&
	    set_call(h, call, &list, &s))
		e = curl_easy_perform(h);
	if (e == CURLE_SSL_PINNEDPUBKEYNOTMATCH && take_next_key(c, h))
		e = CURLE_OK;
	say_debug(
	    c, "%s %s -> %s", call->method, call->path, curl_easy_strerror(e));
	if (c->http != NULL)
		c->http->last = e;
	if (e != CURLE_OK) {
		r = explain(c, call, e);
		goto out;
	}
	if (s.p == NULL && (s.p = calloc(1, 1)) == NULL)
		goto out;
	(void)curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
	say_debug(c, "status %ld, %zu bytes", status, s.len);
	reply_read(ret, status, s.p, s.len);
	ret->family = call->family;
	if (c->socket == NULL)
		nextkey_hear(c, c->prof.server_id, s.next_key);
	s = (struct sink){0};
	r = EXIT_OK;
out:
	/* The handle keeps no pointer to the body or the token. */
	if (h != NULL)
		curl_easy_reset(h);
	for (struct curl_slist *l = list; l != NULL; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(list);
	if (s.p != NULL)
		explicit_bzero(s.p, s.cap);
	free(s.p);
	return r;
}
