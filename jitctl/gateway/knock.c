/* SPDX-License-Identifier: Apache-2.0 */
/*
 * knock - see the header.
 */
#include "jitctl/gateway/knock.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"

enum { KNOCK_MS = 3000 };

static bool
has_family(const json_t *sources, unsigned family)
{
	struct addr a;

	for (size_t i = 0; i < json_array_size(sources); i++) {
		const char *s = json_string_value(json_array_get(sources, i));

		if (s != NULL && addr_parse(&a, s) == 0 && a.family == family)
			return true;
	}
	return false;
}

static bool
has_address(const json_t *list, const struct addr *a)
{
	struct addr one;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s != NULL && addr_parse(&one, s) == 0 &&
		    addr_equal(&one, a))
			return true;
	}
	return false;
}

static bool
leads_to(const char *host, const json_t *addresses)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	bool found = false;

	if (getaddrinfo(host, NULL, &hints, &list) != 0)
		return false;
	for (const struct addrinfo *i = list; i != NULL; i = i->ai_next) {
		struct addr a = {0};
		uint16_t none = 0;

		found =
		    found || (addr_from_sockaddr(&a, &none, i->ai_addr) == 0 &&
				 has_address(addresses, &a));
	}
	freeaddrinfo(list);
	return found;
}

void
knock_address(const char *host, const json_t *addresses, const json_t *sources,
    char ret[static ADDR_TEXT_SIZE])
{
	struct addr a;

	ret[0] = '\0';
	if (json_array_size(addresses) == 0 || leads_to(host, addresses))
		return;
	for (size_t i = 0; i < json_array_size(addresses); i++) {
		const char *s = json_string_value(json_array_get(addresses, i));

		if (s == NULL || addr_parse(&a, s) != 0 ||
		    !has_family(sources, a.family))
			continue;
		addr_format(ret, &a);
		return;
	}
}

/* The first address of each family, as ssh would take it. */
static unsigned
places(const char *host, unsigned port, const json_t *sources,
    struct knock ret[static KNOCK_MAX])
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	unsigned n = 0;

	if (getaddrinfo(host, NULL, &hints, &list) != 0)
		return 0;
	for (const struct addrinfo *i = list; i != NULL && n < KNOCK_MAX;
	     i = i->ai_next) {
		struct addr a = {0};
		uint16_t none = 0;

		if (addr_from_sockaddr(&a, &none, i->ai_addr) != 0 ||
		    !has_family(sources, a.family) ||
		    (n > 0 && ret[0].addr.family == a.family))
			continue;
		ret[n++] = (struct knock){.addr = a, .port = port};
	}
	freeaddrinfo(list);
	return n;
}

/* A connection under way, or -1 with its error. */
static int
begin(struct knock *k)
{
	struct sockaddr_storage ss;
	const socklen_t n = addr_to_sockaddr(&ss, &k->addr, (uint16_t)k->port);
	const int fd =
	    socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	k->error = ETIMEDOUT;
	if (fd < 0) {
		k->error = errno;
		return -1;
	}
	if (connect(fd, (const struct sockaddr *)&ss, n) == 0) {
		k->error = 0;
	} else if (errno == EINPROGRESS) {
		return fd;
	} else {
		k->error = errno;
	}
	(void)close(fd);
	return -1;
}

/* Reads what came of those that poll() named; how many are left. */
static unsigned
read_results(struct pollfd *pfd, struct knock *k, unsigned n)
{
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		socklen_t size = sizeof(k[i].error);

		if (pfd[i].fd >= 0 && pfd[i].revents != 0) {
			if (getsockopt(pfd[i].fd, SOL_SOCKET, SO_ERROR,
				&k[i].error, &size) != 0)
				k[i].error = errno;
			(void)close(pfd[i].fd);
			pfd[i].fd = -1;
		}
		left += pfd[i].fd >= 0 ? 1 : 0;
	}
	return left;
}

void
knock_at(struct knock *k, unsigned n)
{
	struct pollfd pfd[KNOCK_MAX];
	const int64_t until = clock_mono_us() + (int64_t)KNOCK_MS * 1000;
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		pfd[i] = (struct pollfd){.fd = begin(&k[i]), .events = POLLOUT};
		left += pfd[i].fd >= 0 ? 1 : 0;
	}
	while (left > 0) {
		const int64_t us = until - clock_mono_us();

		if (us <= 0)
			break;
		if (poll(pfd, n, (int)(us / 1000 + 1)) > 0)
			left = read_results(pfd, k, n);
	}
	for (unsigned i = 0; i < n; i++)
		if (pfd[i].fd >= 0)
			(void)close(pfd[i].fd);
}

void
knock(const char *host, unsigned port, const json_t *sources,
    struct knock ret[static KNOCK_MAX], unsigned *retn)
{
	*retn = FAULT(no_knock) ? 0 : places(host, port, sources, ret);
	knock_at(ret, *retn);
}

const char *
knock_why(const struct knock *k)
{
	if (k->error == ETIMEDOUT)
		return "no answer";
	return strerror(k->error);
}
