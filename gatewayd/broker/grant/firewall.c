/* SPDX-License-Identifier: Apache-2.0 */
/*
 * firewall - see the header.
 */
#include "broker/grant/firewall.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"

void
firewall_close(struct broker *b, const char *id, enum end_reason reason)
{
	struct msg_fw_close m = {
	    .rid = process_rid(b->process), .reason = (uint8_t)reason};

	text_set(m.id, sizeof(m.id), id);
	if (peer_send(process_peer(b->process, PROC_FIREWALL), MSG_FW_CLOSE, &m,
		-1) != 0)
		log_warn("the firewall process is away: %s is shut by its "
			 "timeout or when "
			 "it is back",
		    id);
}
