/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof - see the header.
 */
#include "firewall/proof.h"

#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

void
proof_free(struct proof *p)
{
	secret_free(&p->key);
}

int
proof_key(struct proof *p, const uint8_t key[static RECEIPT_KEY_SIZE])
{
	struct secret copy = {0, NULL};
	int e = secret_copy(&copy, key, RECEIPT_KEY_SIZE);

	if (e != 0)
		return e;
	secret_free(&p->key);
	p->key = copy;
	return 0;
}

void
proof_closed(struct proof *p, const char *id)
{
	struct closed *one = &p->closed[p->nclosed++ % PROOF_CLOSED];

	if (one->seq > p->floor)
		p->floor = one->seq;
	one->seq = p->seq;
	if (str_copy(one->id, sizeof(one->id), id) != 0)
		one->id[0] = '\0';
}

static bool
was_closed(
    const struct proof *p, const struct fw *fw, const char *id, uint64_t seq)
{
	size_t n = p->nclosed < PROOF_CLOSED ? p->nclosed : PROOF_CLOSED;

	if (seq <= p->floor && !fw_holds(fw, id))
		return true;
	for (size_t i = 0; i < n; i++)
		if (seq <= p->closed[i].seq && strcmp(p->closed[i].id, id) == 0)
			return true;
	return false;
}

int
proof_check(struct proof *p, const struct fw *fw, const struct msg_fw_open *m)
{
	struct receipt rc = {.seq = m->seq};

	if (p->key.p == NULL || p->key.len != RECEIPT_KEY_SIZE) {
		p->refused = true;
		return GW_ESTATE;
	}
	memcpy(rc.mac, m->mac, sizeof(rc.mac));
	if (!receipt_ok(&rc, p->key.p, m->id, m->grant, m->elements.p,
		m->elements.len)) {
		p->refused = true;
		return GW_EDENIED;
	}
	if (!FAULT(fw_replay) && (was_closed(p, fw, m->id, m->seq) ||
				     was_closed(p, fw, m->grant, m->seq)))
		return GW_EDENIED;
	if (m->seq > p->seq)
		p->seq = m->seq;
	return 0;
}
