/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/report.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"

static void
send_record(struct process *r, enum event_code ev, struct event_fields *f)
{
	int e = process_append(r, ev, f, NULL, NULL);

	if (e != 0)
		log_err("a record of kind %s is lost: %s", event_spec(ev)->name,
		    err_str(e));
	event_fields_done(f);
}

static void
outcome(struct event_fields *f, int result)
{
	event_str(f, EF_OUTCOME, result == 0 ? "success" : "failure");
	if (result != 0)
		event_str(f, EF_MSG,
		    result == GW_ESYS ? strerror(errno) : err_str(result));
}

static void
address(struct event_fields *f, enum event_field_id four,
    enum event_field_id six, const struct addr *a)
{
	char text[ADDR_TEXT_SIZE];

	if (a->family == 0)
		return;
	addr_format(text, a);
	event_str(f, a->family == 4 ? four : six, text);
}

static const char *
proto_name(uint8_t proto)
{
	return proto == IPPROTO_UDP ? "udp" : "tcp";
}

/* Elements of one receipt share their ports; each address is named once. */
static void
elements(struct event_fields *f, const struct element_list *l)
{
	struct addr src[2], dst[2];
	uint16_t own = 0, port = 0, sport = 0;
	int64_t end = 0;
	uint32_t i = 0;
	const struct element *e = NULL;

	memset(src, 0, sizeof(src));
	memset(dst, 0, sizeof(dst));
	for (i = 0; i < l->n; i++) {
		e = &l->e[i];
		src[e->source.family == 6] = e->source;
		if (e->target.family != 0)
			dst[e->target.family == 6] = e->target;
		if (e->kind == ELEMENT_ENTRY)
			own = e->port;
		else
			port = e->port;
		if (e->kind == ELEMENT_LEG)
			sport = e->sport;
		if (e->end_boot_ms > end)
			end = e->end_boot_ms;
	}
	for (i = 0; i < 2; i++) {
		address(f, EF_SRC, EF_SRC6, &src[i]);
		address(f, EF_DST, EF_DST6, &dst[i]);
	}
	if (own != 0)
		event_num(f, EF_OWN_PORT, own);
	if (port != 0)
		event_num(f, EF_DST_PORT, port);
	if (sport != 0)
		event_num(f, EF_SPORT, sport);
	event_num(f, EF_COUNT, l->n);
	event_num(f, EF_END_BOOT, end);
}

void
report_opened(struct process *r, const struct msg_fw_open *m,
    const struct element_list *l, int result)
{
	bool leg = strcmp(m->id, m->grant) != 0;
	enum event_code ev = result != 0 ? EV_GRANT_APPLY_FAILED
			     : leg       ? EV_LEG_APPLIED
					 : EV_GRANT_APPLIED;
	struct event_fields f;

	event_fields_init(&f);
	event_str(&f, EF_GRANT, m->grant);
	if (leg)
		event_str(&f, EF_SID, m->id);
	elements(&f, l);
	outcome(&f, result);
	send_record(r, ev, &f);
}

int
report_moved(struct process *r, const struct msg_fw_open *m,
    const struct element_list *l, process_durable_fn *fn, void *arg)
{
	struct event_fields f;
	int e;

	event_fields_init(&f);
	event_str(&f, EF_GRANT, m->grant);
	elements(&f, l);
	outcome(&f, 0);
	e = process_append(r, EV_GRANT_APPLIED, &f, fn, arg);
	event_fields_done(&f);
	return e;
}

void
report_flow(struct process *r, const struct fw_flow *w)
{
	struct event_fields f;

	event_fields_init(&f);
	event_str(&f, EF_GRANT, w->grant);
	if (strcmp(w->id, w->grant) != 0)
		event_str(&f, EF_SID, w->id);
	event_str(&f, EF_PROTO, proto_name(w->proto));
	address(&f, EF_SRC, EF_SRC6, &w->source);
	event_num(&f, EF_SRC_PORT, w->sport);
	address(&f, EF_DST, EF_DST6, &w->target);
	event_num(&f, EF_DST_PORT, w->port);
	/* a flow has a packet: one without was not counted */
	if (w->packets_in > 0 || w->packets_out > 0) {
		event_count(&f, EF_PACKETS_IN, w->packets_in);
		event_count(&f, EF_BYTES_IN, w->bytes_in);
		event_count(&f, EF_PACKETS_OUT, w->packets_out);
		event_count(&f, EF_BYTES_OUT, w->bytes_out);
	}
	if (w->start_ms != 0)
		event_num(&f, EF_START, w->start_ms);
	event_num(&f, EF_END, w->end_ms);
	send_record(r, EV_FLOW_END, &f);
}

void
report_event(struct process *r, enum fw_event ev, const char *text)
{
	struct event_fields f;

	if (ev == FW_EVENT_NONE)
		return;
	log_err("%s", text);
	event_fields_init(&f);
	event_str(&f, EF_OUTCOME,
	    ev == FW_EVENT_BROKEN ? "failure" : "success"); /* of the repair */
	event_str(&f, EF_MSG, text);
	send_record(
	    r, ev == FW_EVENT_DRIFT ? EV_GRANT_DRIFT : EV_FIREWALL_TAMPER, &f);
}

void
report_synced(struct process *r, int result, uint32_t removed, uint32_t kept)
{
	struct event_fields f;

	event_fields_init(&f);
	event_num(&f, EF_COUNT, kept);
	outcome(&f, result);
	send_record(r, EV_FIREWALL_SYNC, &f);
	if (removed == 0)
		return;
	event_fields_init(&f);
	event_num(&f, EF_COUNT, removed);
	event_str(&f, EF_MSG,
	    "openings in the kernel without a live grant; they are removed");
	send_record(r, EV_GRANT_DRIFT, &f);
}

void
report_protected(struct process *r, const struct shutport *p, int result)
{
	struct event_fields f;

	event_fields_init(&f);
	event_str(&f, EF_TARGET, p->target);
	event_str(&f, EF_TARGET_ID, p->target_id);
	address(&f, EF_DST, EF_DST6, &p->addr);
	event_num(&f, EF_DST_PORT, p->port);
	event_str(&f, EF_PROTO, proto_name(p->proto));
	outcome(&f, result);
	send_record(r, EV_PORT_PROTECTED, &f);
}

void
report_unprotected(
    struct process *r, const struct msg_fw_unprotect *m, int result)
{
	struct event_fields f;

	event_fields_init(&f);
	address(&f, EF_DST, EF_DST6, &m->addr);
	event_num(&f, EF_DST_PORT, m->port);
	event_str(&f, EF_PROTO, proto_name(m->proto));
	outcome(&f, result);
	send_record(r, EV_PORT_UNPROTECTED, &f);
}

int
report_allowed(struct process *r, const struct allowed *a, bool left,
    process_durable_fn *fn, void *arg)
{
	struct event_fields f;
	int e;

	event_fields_init(&f);
	event_str(&f, EF_GLASS, a->id);
	event_str(&f, EF_BY, "root");
	address(&f, EF_SRC, EF_SRC6, &a->source);
	address(&f, EF_DST, EF_DST6, &a->target);
	event_num(&f, EF_DST_PORT, a->port);
	if (a->start_ms != 0)
		event_num(&f, EF_START, a->start_ms);
	event_num(&f, EF_END, a->end_ms);
	if (a->loginuid >= 0)
		event_num(&f, EF_LOGINUID, a->loginuid);
	event_str(&f, EF_WHY, a->why);
	event_str(&f, EF_MSG,
	    left ? "root opened this while the gateway was down; it is shut "
		   "now, and its flows end"
		 : "root opened this while the gateway was down; it is over");
	outcome(&f, 0);
	e = process_append(r, EV_GLASS_ALLOW, &f, fn, arg);
	event_fields_done(&f);
	return e;
}

int
report_allowed_odd(struct process *r, const char *line, size_t n,
    process_durable_fn *fn, void *arg)
{
	struct event_fields f;
	int e;

	event_fields_init(&f);
	event_str(&f, EF_BY, "root");
	event_cut(&f, EF_FOUND, line, n, LIMIT_REASON_MAX);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_MSG,
	    "a line of what root opened while the gateway was down cannot be "
	    "read");
	e = process_append(r, EV_GLASS_ALLOW, &f, fn, arg);
	event_fields_done(&f);
	return e;
}

void
report_protected_count(struct process *r, uint32_t n)
{
	struct event_fields f;

	if (n == 0)
		return;
	event_fields_init(&f);
	event_num(&f, EF_COUNT, n);
	event_str(&f, EF_MSG,
	    "ports of targets that the kernel did not have at the start; they "
	    "are shut");
	outcome(&f, 0);
	send_record(r, EV_PORT_PROTECTED, &f);
}
