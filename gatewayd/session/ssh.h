/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ssh - the libssh headers as this program uses them. The message interface,
 * which is the only one that lets a request wait for the target's answer, is
 * marked deprecated there without a replacement that can wait.
 */
#ifndef SESSION_SSH_H
#define SESSION_SSH_H

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>

#ifdef __GNUC__
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#endif

#endif
