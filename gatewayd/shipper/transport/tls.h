/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls - syslog over TLS (RFC 5425): each message with its length before it, on
 * one connection. Nothing comes back; but a receiver that answers our goodbye
 * has read all before it, so the connection is ended and made anew to ask.
 */
#ifndef SHIPPER_TRANSPORT_TLS_H
#define SHIPPER_TRANSPORT_TLS_H

#include "shipper/transport/transport.h"

extern const struct transport_ops transport_tls;

#endif
