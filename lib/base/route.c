/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route - see route.h.
 */
#include "base/route.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"

int
route_own_address(struct addr *ret, const struct addr *to, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&ss, to, port);
	uint16_t ignored = 0;
	/* a connect of UDP chooses the way and sends nothing */
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = GW_ESYS;
	int saved = 0;

	if (fd < 0)
		return GW_ESYS;
	if (connect(fd, (const struct sockaddr *)&ss, len) == 0) {
		len = sizeof(ss);
		if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0)
			r = addr_from_sockaddr(
			    ret, &ignored, (const struct sockaddr *)&ss);
	}
	saved = errno;
	(void)close(fd);
	errno = saved;
	return r;
}

bool
route_is_own(const struct addr *a)
{
	struct addr own = {0};

	return a->family != 0 && route_own_address(&own, a, 1) == 0 &&
	       addr_equal(&own, a);
}

bool
route_refuses(const struct addr *a)
{
	struct addr own = {0};

	return a->family != 0 && route_own_address(&own, a, 1) != 0 &&
	       errno == EACCES;
}
