/* SPDX-License-Identifier: Apache-2.0 */
/*
 * post - see the header. Each exchange has a connection of its own: none is
 * kept that a receiver forgot. The files are read for each: they are renewed.
 */
#include "shipper/transport/post.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/secret.h"
#include "base/str.h"
#include "core/hook.h"
#include "shipper/transport/resolve.h"
#include "sys/sinkfile.h"

enum { WHY_SIZE = 512 };

struct post {
	struct process *process;
	const struct conf_sink *conf;
	post_done_fn *done;
	void *ctx;
	CURLM *multi;
	CURL *easy; /* NULL = no exchange is under way */
	struct timer *timer;
	struct curl_slist *headers, *resolved;
	char at[LIMIT_HOST_SIZE + ADDR_TEXT_SIZE * LIMIT_SINK_ADDRS + 16];
	char url[LIMIT_HOST_SIZE + LIMIT_PATH_SIZE + 32];
	struct secret file[SINKFILE_TLS];
	char error[CURL_ERROR_SIZE];
	size_t heard;      /* bytes of the answer */
	int64_t after_ms;  /* as it said */
	struct addr wrong; /* where it would have led; family 0 = nowhere */
};

/* ---- what comes back */

static size_t
on_heard(char *p, size_t size, size_t n, void *arg)
{
	struct post *x = arg;

	(void)p;
	x->heard += size * n;
	/* fewer than there are: libcurl gives it up */
	return x->heard <= LIMIT_HOOK_ANSWER_MAX || FAULT(hook_bound) ? size * n
								      : 0;
}

/* The one place where a socket is made: what a name leads to is looked at when
 * it is gone to, not before. */
static curl_socket_t
on_socket_new(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct post *x = arg;
	struct addr a;
	uint16_t port = 0;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    addr_from_sockaddr(&a, &port, &to->addr) != 0)
		return CURL_SOCKET_BAD;
	if (!hook_address_ok(x->conf, &a)) {
		x->wrong = a;
		return CURL_SOCKET_BAD;
	}
	return socket(
	    to->family, to->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static void
say_why(struct post *x, CURLcode r, char *ret, size_t size)
{
	const char *host = x->conf->host;
	char text[160], address[ADDR_TEXT_SIZE];

	str_escape(text, sizeof(text), x->error, strlen(x->error));
	if (r == CURLE_PEER_FAILED_VERIFICATION)
		(void)snprintf(ret, size,
		    "the certificate of %s is not trusted: %s", host, text);
	else if (x->wrong.family != 0) {
		addr_format(address, &x->wrong);
		(void)snprintf(ret, size,
		    "%s leads to %s, which is not public: sinks.networks does "
		    "not name its network",
		    host, address);
	} else if (r == CURLE_WRITE_ERROR)
		(void)snprintf(ret, size,
		    "it answers with more than %d KiB: this is no receiver of "
		    "webhooks",
		    LIMIT_HOOK_ANSWER_MAX / 1024);
	else if (r == CURLE_OPERATION_TIMEDOUT)
		(void)snprintf(ret, size, "no whole answer within %d s",
		    LIMIT_HOOK_ANSWER_MS / 1000);
	else
		(void)snprintf(ret, size, "%s: %s", curl_easy_strerror(r),
		    text[0] != '\0' ? text : "no more is known");
}

/* ---- one exchange */

void
post_stop(struct post *x)
{
	if (x->easy != NULL) {
		(void)curl_multi_remove_handle(x->multi, x->easy);
		curl_easy_cleanup(x->easy);
	}
	x->easy = NULL;
	curl_slist_free_all(x->headers);
	x->headers = NULL;
	for (unsigned i = 0; i < SINKFILE_TLS; i++)
		secret_free(&x->file[i]);
}

static void
finish(struct post *x, const char *why)
{
	post_stop(x);
	x->done(x->ctx, why);
}

static void
answered(struct post *x, CURLcode r)
{
	char why[WHY_SIZE] = "";
	const bool probe = x->headers == NULL;
	curl_off_t after_s = 0;
	long status = 0;

	(void)curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(x->easy, CURLINFO_RETRY_AFTER, &after_s);
	if (r != CURLE_OK)
		say_why(x, r, why, sizeof(why));
	else if (!probe && status / 100 == 3)
		(void)snprintf(why, sizeof(why),
		    "it answers %ld: where that leads is not followed", status);
	else if (!probe && status / 100 != 2)
		(void)snprintf(why, sizeof(why), "it answers %ld", status);
	if (why[0] != '\0')
		x->after_ms = hook_after_ms(after_s);
	finish(x, why[0] != '\0' ? why : NULL);
}

/* After anything that may have ended it. */
static void
look(struct post *x)
{
	CURLMsg *m;
	int left = 0;

	while ((m = curl_multi_info_read(x->multi, &left)) != NULL)
		if (m->msg == CURLMSG_DONE && m->easy_handle == x->easy) {
			answered(x, m->data.result);
			return;
		}
}

static void
drive(struct post *x, curl_socket_t fd, int what)
{
	int running = 0;

	(void)curl_multi_socket_action(x->multi, fd, what, &running);
	look(x);
}

/* ---- libcurl's sockets and its timer are the process's */

static void
on_watch(struct process *p, int fd, unsigned what, void *arg)
{
	(void)p;
	drive(arg, fd,
	    ((what & WATCH_READ) != 0 ? CURL_CSELECT_IN : 0) |
		((what & WATCH_WRITE) != 0 ? CURL_CSELECT_OUT : 0));
}

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *mine)
{
	struct post *x = arg;
	struct watch *w = mine;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL)
			watch_free(w);
		(void)curl_multi_assign(x->multi, fd, NULL);
		return 0;
	}
	if (w == NULL && (w = watch_new(x->process, fd, on_watch, x)) == NULL)
		return -1;
	(void)curl_multi_assign(x->multi, fd, w);
	watch_set(w, ((what & CURL_POLL_IN) != 0 ? WATCH_READ : 0U) |
			 ((what & CURL_POLL_OUT) != 0 ? WATCH_WRITE : 0U));
	return 0;
}

static void
on_timer(struct process *p, void *arg)
{
	(void)p;
	drive(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int
on_timer_set(CURLM *multi, long ms, void *arg)
{
	const struct post *x = arg;

	(void)multi;
	if (ms < 0)
		timer_stop(x->timer);
	else
		timer_set(x->timer, ms);
	return 0;
}

/* ---- how it is done */

#define SET(opt, v)                                                            \
	do {                                                                   \
		if (e == CURLE_OK)                                             \
			e = curl_easy_setopt(h, opt, v);                       \
	} while (0)

/* Nowhere but there, by TLS, no redirect, no proxy, whatever the environment
 * says. */
static CURLcode
set_way(CURL *h, struct post *x)
{
	CURLcode e = CURLE_OK;

	SET(CURLOPT_URL, x->url);
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_FOLLOWLOCATION, FAULT(hook_redirect) ? 1L : 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOPROXY, "*");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_RESOLVE, x->resolved);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_socket_new);
	SET(CURLOPT_OPENSOCKETDATA, x);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)LIMIT_HOOK_ANSWER_MS / 2);
	SET(CURLOPT_TIMEOUT_MS, (long)LIMIT_HOOK_ANSWER_MS);
	SET(CURLOPT_WRITEFUNCTION, on_heard);
	SET(CURLOPT_WRITEDATA, x);
	SET(CURLOPT_HEADERFUNCTION, on_heard);
	SET(CURLOPT_HEADERDATA, x);
	SET(CURLOPT_ERRORBUFFER, x->error);
	return e;
}

static CURLcode
set_blob(CURL *h, CURLoption option, const struct secret *file)
{
	struct curl_blob blob = {
	    .data = file->p, .len = file->len, .flags = CURL_BLOB_NOCOPY};

	return file->p == NULL ? CURLE_OK : curl_easy_setopt(h, option, &blob);
}

/* Whom it believes: those of the CA file, and nobody else. */
static CURLcode
set_trust(CURL *h, const struct post *x)
{
	CURLcode e = CURLE_OK;

	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, FAULT(no_tls_verify) ? 0L : 1L);
	SET(CURLOPT_SSL_VERIFYHOST, FAULT(no_tls_verify) ? 0L : 2L);
	SET(CURLOPT_CAINFO, NULL);
	SET(CURLOPT_CAPATH, NULL);
	if (e == CURLE_OK)
		e = set_blob(h, CURLOPT_CAINFO_BLOB, &x->file[SINKFILE_CA]);
	if (e == CURLE_OK)
		e = set_blob(h, CURLOPT_SSLCERT_BLOB, &x->file[SINKFILE_CERT]);
	if (e == CURLE_OK)
		e = set_blob(h, CURLOPT_SSLKEY_BLOB, &x->file[SINKFILE_KEY]);
	return e;
}

static bool
add_header(struct post *x, const char *line)
{
	struct curl_slist *l = curl_slist_append(x->headers, line);

	if (l != NULL)
		x->headers = l;
	return l != NULL;
}

static CURLcode
set_message(CURL *h, struct post *x, const void *body, size_t n)
{
	CURLcode e = CURLE_OK;

	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDS, body);
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
	SET(CURLOPT_HTTPHEADER, x->headers);
	return e;
}

/* ---- its files */

static int
read_file(struct secret *ret, enum sinkfile f, const struct conf_sink *conf,
    char *why, size_t size)
{
	const char *path = sinkfile_path(conf, f);
	const int e = path[0] == '\0' ? 0 : sinkfile_read(ret, f, path);

	if (e != 0)
		sinkfile_why(why, size, f, path, e);
	return e;
}

static int
read_files(struct post *x, char *why, size_t size)
{
	int e = 0;

	for (enum sinkfile i = 0; e == 0 && i < SINKFILE_TLS; i++)
		e = read_file(&x->file[i], i, x->conf, why, size);
	return e;
}

/* The headers, signed by what the secret file has now. */
static int
sign(struct post *x, const char *id, const void *body, size_t n, char *why,
    size_t size)
{
	const int64_t now_s = clock_now().utc_ms / 1000;
	struct hook_keys keys = {.n = 0};
	struct secret file = {0};
	char signature[HOOK_SIGNATURE_SIZE], line[HOOK_SIGNATURE_SIZE + 64];
	int e = read_file(&file, SINKFILE_SECRET, x->conf, why, size);

	if (e != 0)
		return e;
	if ((e = hook_keys_parse(&keys, file.p, file.len)) != 0)
		sinkfile_why(
		    why, size, SINKFILE_SECRET, x->conf->secret_file, e);
	else if ((e = hook_sign(signature, &keys, id, now_s, body, n)) != 0)
		(void)snprintf(why, size, "%s", err_str(e));
	hook_keys_done(&keys);
	secret_free(&file);
	if (e != 0)
		return e;
	(void)snprintf(line, sizeof(line), "webhook-id: %s", id);
	e = add_header(x, line) ? 0 : GW_ENOMEM;
	(void)snprintf(
	    line, sizeof(line), "webhook-timestamp: %lld", (long long)now_s);
	if (e == 0 && !add_header(x, line))
		e = GW_ENOMEM;
	(void)snprintf(line, sizeof(line), "webhook-signature: %s", signature);
	if (e == 0 && (!add_header(x, line) ||
			  !add_header(x, "Content-Type: application/json") ||
			  !add_header(x, "User-Agent: sallyport") ||
			  !add_header(x, "Expect:")))
		e = GW_ENOMEM;
	return e;
}

/* ---- what the owner calls */

/* body NULL: a probe. What cannot begin ends in a turn of its own. */
static void
begin(struct post *x, const char *id, const void *body, size_t n)
{
	char why[WHY_SIZE] = "memory";
	CURL *h;
	CURLcode e;

	x->heard = 0;
	x->after_ms = 0;
	x->error[0] = '\0';
	x->wrong = (struct addr){0};
	if (read_files(x, why, sizeof(why)) != 0 ||
	    (body != NULL && sign(x, id, body, n, why, sizeof(why)) != 0) ||
	    (h = x->easy = curl_easy_init()) == NULL) {
		finish(x, why);
		return;
	}
	e = set_way(h, x);
	if (e == CURLE_OK)
		e = set_trust(h, x);
	if (e == CURLE_OK)
		e = body != NULL
			? set_message(h, x, body, n)
			: curl_easy_setopt(h, CURLOPT_CONNECT_ONLY, 1L);
	if (e != CURLE_OK ||
	    curl_multi_add_handle(x->multi, x->easy) != CURLM_OK)
		finish(x, curl_easy_strerror(e));
}

int64_t
post_after_ms(const struct post *x)
{
	return x->after_ms;
}

void
post_probe(struct post *x)
{
	begin(x, NULL, NULL, 0);
}

void
post_send(struct post *x, const char *id, const void *body, size_t n)
{
	begin(x, id, body, n);
}

/* ---- setting up */

/* "host:port:address,address": libcurl then asks no resolver, which it has not
 * in the sandbox. */
static int
set_addresses(struct post *x, const char **why)
{
	struct addr addrs[LIMIT_SINK_ADDRS];
	char text[ADDR_TEXT_SIZE];
	unsigned n = 0;
	int e;

	if (resolve(addrs, &n, x->conf->host) != 0) {
		*why = "the host name could not be resolved";
		return GW_ESTATE;
	}
	e = str_fmt(
	    x->at, sizeof(x->at), "%s:%u:", x->conf->host, x->conf->port);
	for (unsigned i = 0; e == 0 && i < n; i++) {
		const size_t len = strlen(x->at);
		const bool v6 = addrs[i].family == 6;

		addr_format(text, &addrs[i]);
		e = str_fmt(x->at + len, sizeof(x->at) - len, "%s%s%s%s",
		    i > 0 ? "," : "", v6 ? "[" : "", text, v6 ? "]" : "");
	}
	if (e == 0 && (x->resolved = curl_slist_append(NULL, x->at)) == NULL)
		e = GW_ENOMEM;
	return e;
}

static bool
set_multi(struct post *x)
{
	CURLM *m = x->multi;

	return m != NULL &&
	       curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket) ==
		   CURLM_OK &&
	       curl_multi_setopt(m, CURLMOPT_SOCKETDATA, x) == CURLM_OK &&
	       curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_timer_set) ==
		   CURLM_OK &&
	       curl_multi_setopt(m, CURLMOPT_TIMERDATA, x) == CURLM_OK;
}

int
post_new(struct post **ret, struct process *p, const struct conf_sink *conf,
    post_done_fn *done, void *ctx, const char **why)
{
	struct post *x = calloc(1, sizeof(*x));
	const bool v6 = strchr(conf->host, ':') != NULL;
	int e = GW_ENOMEM;

	if (x == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		goto out;
	*x =
	    (struct post){.process = p, .conf = conf, .done = done, .ctx = ctx};
	x->timer = timer_new(p, on_timer, x);
	x->multi = curl_multi_init();
	if (x->timer == NULL || !set_multi(x))
		goto out;
	if ((e = str_fmt(x->url, sizeof(x->url), "https://%s%s%s:%u%s",
		 v6 ? "[" : "", conf->host, v6 ? "]" : "", conf->port,
		 conf->path)) == 0 &&
	    (e = set_addresses(x, why)) == 0) {
		*ret = x;
		return 0;
	}
out:
	if (x != NULL) {
		if (x->multi != NULL)
			(void)curl_multi_cleanup(x->multi);
		if (x->timer != NULL)
			timer_free(x->timer);
	}
	free(x);
	return e;
}
