/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http - webhooks over HTTPS (Standard Webhooks 1.0): each message is a POST of
 * its own, signed, and there when the receiver has answered 2xx. One that it
 * did not take is tried again before any other, with the same id.
 */
#ifndef SHIPPER_TRANSPORT_HTTP_H
#define SHIPPER_TRANSPORT_HTTP_H

#include "shipper/transport/transport.h"

/* A message is "ID LF BODY" (encode/webhook.h). */
extern const struct transport_ops transport_http;

#endif
