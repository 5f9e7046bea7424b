/* SPDX-License-Identifier: Apache-2.0 */
/*
 * others - see others.h.
 */
#include "firewall/others.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

static size_t
add_ports(uint16_t *ports, size_t n, const struct conf_listen *list)
{
	for (int i = 0; i < LIMIT_LISTEN; i++) {
		size_t k = 0;

		while (k < n && ports[k] != list[i].port)
			k++;
		if (list[i].port != 0 && k == n)
			ports[n++] = list[i].port;
	}
	return n;
}

void
others_tell(const struct others *o, struct peer *broker)
{
	struct msg_fw_foreign m = {.is = (uint8_t)o->last.is};

	if (broker == NULL)
		return;
	text_set(m.text, sizeof(m.text), o->last.text);
	if (peer_send(broker, MSG_FW_FOREIGN, &m, -1) != 0)
		log_debug("the broker went before it heard of other tables");
}

void
others_look(
    struct others *o, struct process *r, struct fw *fw, const struct conf *conf)
{
	uint16_t ports[LIMIT_LISTEN * 2];
	struct foreign now = {.is = FOREIGN_UNKNOWN};
	size_t n = add_ports(ports, 0, conf->ssh);
	int e = 0;

	n = add_ports(ports, n, conf->api);
	if ((e = fw_foreign(fw, ports, n, &now)) == GW_EAGAIN)
		return;
	if (e != 0)
		(void)snprintf(now.text, sizeof(now.text),
		    "the tables of others cannot be read: %s",
		    e == GW_ESYS ? strerror(errno) : err_str(e));
	if (now.is == o->last.is && strcmp(now.text, o->last.text) == 0)
		return;
	if (now.is != FOREIGN_PASSES)
		log_warn("%s", now.text);
	o->last = now;
	others_tell(o, process_peer(r, PROC_BROKER));
}
