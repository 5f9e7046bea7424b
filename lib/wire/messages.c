/* SPDX-License-Identifier: Apache-2.0 */
/*
 * messages - the one table of messages: fields, who may send each to whom, in
 * which state of the link, with how many descriptors. No logic here.
 */
#include "wire/messages.h"

#include <stddef.h>

#include "base/attr.h"

#define FIELD(kind, st, m, max)                                                \
	{                                                                      \
		MF_##kind, 1, 0, offsetof(struct st, m), max                   \
	}
/* A list: as many as it has, so that a limit that is raised loses nothing. */
#define LIST(st, list)                                                         \
	ARRAY_LEN(((struct st *)0)->list), sizeof(((struct st *)0)->list[0])
#define EACH(kind, st, list, m)                                                \
	{                                                                      \
		MF_##kind, LIST(st, list), offsetof(struct st, list[0].m), 0   \
	}
#define EACH_STR(st, list, m)                                                  \
	{                                                                      \
		MF_STR, LIST(st, list), offsetof(struct st, list[0].m),        \
		    sizeof(((struct st *)0)->list[0].m)                        \
	}
#define STRS(st, list)                                                         \
	{                                                                      \
		MF_STR, LIST(st, list), offsetof(struct st, list),             \
		    sizeof(((struct st *)0)->list[0])                          \
	}
#define U8(st, m) FIELD(U8, st, m, 0)
#define U16(st, m) FIELD(U16, st, m, 0)
#define U32(st, m) FIELD(U32, st, m, 0)
#define U64(st, m) FIELD(U64, st, m, 0)
#define I64(st, m) FIELD(I64, st, m, 0)
#define ADDR(st, m) FIELD(ADDR, st, m, 0)
#define STR(st, m) FIELD(STR, st, m, sizeof(((struct st *)0)->m))
#define RAW(st, m) FIELD(RAW, st, m, sizeof(((struct st *)0)->m))
#define BYTES(st, m) FIELD(BYTES, st, m, LIMIT_BODY_MAX)
/* Of struct msg_NAME, in the order they are sent; ROW below finds them. */
#define FIELDS(name, ...)                                                      \
	static const struct msg_field f_##name[] = {__VA_ARGS__}

FIELDS(empty, U8(msg_empty, unused));

FIELDS(sup_config, STR(msg_sup_config, conf.server_id),
    STR(msg_sup_config, conf.host), EACH(ADDR, msg_sup_config, conf.ssh, addr),
    EACH(U16, msg_sup_config, conf.ssh, port),
    EACH(ADDR, msg_sup_config, conf.api, addr),
    EACH(U16, msg_sup_config, conf.api, port),
    STR(msg_sup_config, conf.admin_socket), STR(msg_sup_config, conf.state_dir),
    U8(msg_sup_config, conf.entry), U8(msg_sup_config, conf.algorithms),
    U8(msg_sup_config, conf.kernel), STRS(msg_sup_config, conf.networks),
    U32(msg_sup_config, conf.max_grant_s), U32(msg_sup_config, conf.mfa_age_s),
    U32(msg_sup_config, conf.mfa_age_admin_s),
    U8(msg_sup_config, conf.otp.digest), U8(msg_sup_config, conf.otp.digits),
    U8(msg_sup_config, conf.otp.period_s), U8(msg_sup_config, conf.one_admin),
    U32(msg_sup_config, conf.idle_s), U32(msg_sup_config, conf.caps.source),
    U32(msg_sup_config, conf.caps.network), U32(msg_sup_config, conf.caps.site),
    EACH_STR(msg_sup_config, conf.sinks, name),
    EACH_STR(msg_sup_config, conf.sinks, host),
    EACH(U16, msg_sup_config, conf.sinks, port),
    EACH_STR(msg_sup_config, conf.sinks, ca_file),
    EACH_STR(msg_sup_config, conf.sinks, cert_file),
    EACH_STR(msg_sup_config, conf.sinks, key_file),
    EACH(U8, msg_sup_config, conf.sinks, type),
    EACH_STR(msg_sup_config, conf.sinks, path),
    EACH_STR(msg_sup_config, conf.sinks, secret_file),
    EACH_STR(msg_sup_config, conf.sinks, events),
    EACH_STR(msg_sup_config, conf.sinks, networks),
    STR(msg_sup_config, conf.host_key), STR(msg_sup_config, conf.ca_key),
    STR(msg_sup_config, conf.ca_next_key), STR(msg_sup_config, conf.log_key),
    STR(msg_sup_config, conf.tls_spki), STR(msg_sup_config, conf.tls_next),
    STR(msg_sup_config, conf.version), STR(msg_sup_config, conf.config_sha256),
    STR(msg_sup_config, faults), STR(msg_sup_config, instance));

FIELDS(sup_link, U8(msg_sup_link, proc), U64(msg_sup_link, conn),
    ADDR(msg_sup_link, peer), U16(msg_sup_link, peer_port),
    ADDR(msg_sup_link, own), U16(msg_sup_link, own_port));

FIELDS(sup_spawn, U64(msg_sup_spawn, conn), ADDR(msg_sup_spawn, peer),
    U16(msg_sup_spawn, peer_port), ADDR(msg_sup_spawn, own),
    U16(msg_sup_spawn, own_port), U8(msg_sup_spawn, probe));

FIELDS(sup_conn, U64(msg_sup_conn, conn));

FIELDS(sup_relink, U8(msg_sup_relink, proc));

FIELDS(sup_fails, U8(msg_sup_fails, proc), STR(msg_sup_fails, text));

FIELDS(sup_known, ADDR(msg_sup_known, source), U8(msg_sup_known, known));

FIELDS(sup_say, U8(msg_sup_say, level), STR(msg_sup_say, text));

FIELDS(sup_session, U64(msg_sup_session, conn), U32(msg_sup_session, pid),
    U8(msg_sup_session, gone), U8(msg_sup_session, signal));

FIELDS(sup_listener, U8(msg_sup_listener, tls));

FIELDS(log_append, U32(msg_log_append, rid), U16(msg_log_append, event),
    BYTES(msg_log_append, fields));

FIELDS(log_durable, U32(msg_log_durable, rid), U8(msg_log_durable, result),
    U64(msg_log_durable, seq));

#define GRANT(st)                                                              \
	STR(st, grant.id), STR(st, grant.req), STR(st, grant.user),            \
	    STR(st, grant.target), STR(st, grant.login), STR(st, grant.role),  \
	    STR(st, grant.roles), STR(st, grant.user_id),                      \
	    STR(st, grant.owner), STR(st, grant.target_id),                    \
	    STR(st, grant.role_id), U8(st, grant.role_named),                  \
	    STR(st, grant.reason), ADDR(st, grant.source4),                    \
	    ADDR(st, grant.source6), ADDR(st, grant.addr4),                    \
	    ADDR(st, grant.addr6), U16(st, grant.port),                        \
	    U16(st, grant.own_port), U8(st, grant.reach), U32(st, grant.caps), \
	    U8(st, grant.record), U8(st, grant.glass),                         \
	    STR(st, grant.commands), I64(st, grant.start_ms),                  \
	    I64(st, grant.end_ms), I64(st, grant.end_boot_ms),                 \
	    STR(st, grant.boot_id)

FIELDS(nt_grant_open, U32(msg_nt_grant_open, rid), GRANT(msg_nt_grant_open),
    STR(msg_nt_grant_open, key_fp), I64(msg_nt_grant_open, mfa_step),
    STR(msg_nt_grant_open, factor), STR(msg_nt_grant_open, by),
    STR(msg_nt_grant_open, idempotency), BYTES(msg_nt_grant_open, commands),
    BYTES(msg_nt_grant_open, payload), BYTES(msg_nt_grant_open, signature));

FIELDS(nt_grant_opened, U32(msg_nt_grant_opened, rid),
    U8(msg_nt_grant_opened, result), U64(msg_nt_grant_opened, seq),
    RAW(msg_nt_grant_opened, mac), BYTES(msg_nt_grant_opened, elements));

FIELDS(nt_grant_extend, U32(msg_nt_grant_extend, rid),
    STR(msg_nt_grant_extend, id), U32(msg_nt_grant_extend, seconds),
    STR(msg_nt_grant_extend, key_fp), I64(msg_nt_grant_extend, mfa_step),
    STR(msg_nt_grant_extend, factor), STR(msg_nt_grant_extend, by),
    STR(msg_nt_grant_extend, idempotency), BYTES(msg_nt_grant_extend, payload),
    BYTES(msg_nt_grant_extend, signature));

FIELDS(nt_grant_extended, U32(msg_nt_grant_extended, rid),
    U8(msg_nt_grant_extended, result), U64(msg_nt_grant_extended, seq),
    I64(msg_nt_grant_extended, end_ms), I64(msg_nt_grant_extended, end_boot_ms),
    RAW(msg_nt_grant_extended, mac), BYTES(msg_nt_grant_extended, elements));

FIELDS(nt_leg_renew, U32(msg_nt_leg_renew, rid), STR(msg_nt_leg_renew, sid),
    I64(msg_nt_leg_renew, end_boot_ms));

FIELDS(nt_close, U32(msg_nt_close, rid), STR(msg_nt_close, id),
    U8(msg_nt_close, reason), STR(msg_nt_close, by),
    U64(msg_nt_close, bytes_in), U64(msg_nt_close, bytes_out),
    I64(msg_nt_close, exit));

FIELDS(nt_closed, U32(msg_nt_closed, rid), U8(msg_nt_closed, result),
    U64(msg_nt_closed, seq));

FIELDS(nt_leg_open, U32(msg_nt_leg_open, rid), STR(msg_nt_leg_open, grant),
    STR(msg_nt_leg_open, sid), U64(msg_nt_leg_open, conn),
    ADDR(msg_nt_leg_open, gateway), U16(msg_nt_leg_open, sport),
    ADDR(msg_nt_leg_open, target), ADDR(msg_nt_leg_open, client),
    U16(msg_nt_leg_open, client_port), STR(msg_nt_leg_open, key_fp),
    STR(msg_nt_leg_open, client_version), STR(msg_nt_leg_open, approved_by));

FIELDS(nt_leg_opened, U32(msg_nt_leg_opened, rid),
    U8(msg_nt_leg_opened, result), U64(msg_nt_leg_opened, seq),
    RAW(msg_nt_leg_opened, mac), BYTES(msg_nt_leg_opened, elements));

FIELDS(nt_mfa_burn, U32(msg_nt_mfa_burn, rid), STR(msg_nt_mfa_burn, user),
    STR(msg_nt_mfa_burn, user_id), I64(msg_nt_mfa_burn, step),
    STR(msg_nt_mfa_burn, factor), STR(msg_nt_mfa_burn, verb));

FIELDS(nt_mfa_burned, U32(msg_nt_mfa_burned, rid),
    U8(msg_nt_mfa_burned, result), U64(msg_nt_mfa_burned, seq));

FIELDS(nt_fold_get, U32(msg_nt_fold_get, rid));

FIELDS(nt_fold_grant, U32(msg_nt_fold_grant, rid), GRANT(msg_nt_fold_grant),
    STR(msg_nt_fold_grant, key_fp), U8(msg_nt_fold_grant, state),
    U64(msg_nt_fold_grant, seq), RAW(msg_nt_fold_grant, mac),
    BYTES(msg_nt_fold_grant, elements));

FIELDS(nt_fold_leg, U32(msg_nt_fold_leg, rid), STR(msg_nt_fold_leg, grant),
    STR(msg_nt_fold_leg, sid), STR(msg_nt_fold_leg, key_fp),
    U64(msg_nt_fold_leg, conn), U64(msg_nt_fold_leg, seq),
    I64(msg_nt_fold_leg, start_ms), ADDR(msg_nt_fold_leg, client),
    RAW(msg_nt_fold_leg, mac), BYTES(msg_nt_fold_leg, elements));

FIELDS(nt_fold_end, U32(msg_nt_fold_end, rid), U64(msg_nt_fold_end, seq),
    I64(msg_nt_fold_end, time_ms), U64(msg_nt_fold_end, doubt_seq),
    U64(msg_nt_fold_end, store_seq), U8(msg_nt_fold_end, orderly));

FIELDS(nt_clock, U32(msg_nt_clock, rid), U8(msg_nt_clock, accept));

FIELDS(nt_clocked, U32(msg_nt_clocked, rid), U8(msg_nt_clocked, result),
    I64(msg_nt_clocked, time_ms), I64(msg_nt_clocked, behind_ms));

FIELDS(nt_quota, STR(msg_nt_quota, user));

FIELDS(nt_read, U32(msg_nt_read, rid), U64(msg_nt_read, from),
    U32(msg_nt_read, max));

FIELDS(nt_lines, U32(msg_nt_lines, rid), U64(msg_nt_lines, first),
    U64(msg_nt_lines, next), U64(msg_nt_lines, end),
    BYTES(msg_nt_lines, lines));

FIELDS(nt_sid, U64(msg_nt_sid, conn), BYTES(msg_nt_sid, sid));

FIELDS(nt_tail, U64(msg_nt_tail, end));

FIELDS(nt_key, RAW(msg_nt_key, key));

FIELDS(nt_hostsign, U32(msg_nt_hostsign, rid), U8(msg_nt_hostsign, rekey),
    BYTES(msg_nt_hostsign, hash));

FIELDS(nt_hostsig, U32(msg_nt_hostsig, rid), U8(msg_nt_hostsig, result),
    BYTES(msg_nt_hostsig, sig));

FIELDS(nt_cert, U32(msg_nt_cert, rid), STR(msg_nt_cert, grant),
    STR(msg_nt_cert, sid), RAW(msg_nt_cert, pubkey));

FIELDS(nt_cert_ok, U32(msg_nt_cert_ok, rid), U8(msg_nt_cert_ok, result),
    BYTES(msg_nt_cert_ok, cert));

FIELDS(nt_unended, STR(msg_nt_unended, sid), STR(msg_nt_unended, grant),
    U32(msg_nt_unended, channel), STR(msg_nt_unended, file),
    U64(msg_nt_unended, size));

FIELDS(sup_unprotect, ADDR(msg_sup_unprotect, addr),
    U8(msg_sup_unprotect, proto), U16(msg_sup_unprotect, port),
    STR(msg_sup_unprotect, why));

FIELDS(sup_unprotected, U8(msg_sup_unprotected, result),
    STR(msg_sup_unprotected, text));

FIELDS(sup_whose_is, U32(msg_sup_whose_is, rid), STR(msg_sup_whose_is, target));

FIELDS(sup_serves, STR(msg_sup_serves, tls_next));

FIELDS(fw_unprotect, U32(msg_fw_unprotect, rid), ADDR(msg_fw_unprotect, addr),
    U8(msg_fw_unprotect, proto), U16(msg_fw_unprotect, port));

FIELDS(fw_unprotected, U32(msg_fw_unprotected, rid),
    U8(msg_fw_unprotected, result), ADDR(msg_fw_unprotected, addr),
    U8(msg_fw_unprotected, proto), U16(msg_fw_unprotected, port));

FIELDS(fw_foreign, U8(msg_fw_foreign, is), STR(msg_fw_foreign, text));

FIELDS(fw_protect, U32(msg_fw_protect, rid), BYTES(msg_fw_protect, ports));

FIELDS(
    fw_protected, U32(msg_fw_protected, rid), BYTES(msg_fw_protected, results));

FIELDS(fw_open, U32(msg_fw_open, rid), STR(msg_fw_open, id),
    STR(msg_fw_open, grant), U64(msg_fw_open, seq), RAW(msg_fw_open, mac),
    BYTES(msg_fw_open, elements), U8(msg_fw_open, sync));

FIELDS(fw_opened, U32(msg_fw_opened, rid), U8(msg_fw_opened, result));

FIELDS(fw_close, U32(msg_fw_close, rid), STR(msg_fw_close, id),
    U8(msg_fw_close, reason));

FIELDS(fw_closed, U32(msg_fw_closed, rid), U8(msg_fw_closed, result),
    U64(msg_fw_closed, packets_in), U64(msg_fw_closed, bytes_in),
    U64(msg_fw_closed, packets_out), U64(msg_fw_closed, bytes_out));

FIELDS(fw_sync, U32(msg_fw_sync, rid));

FIELDS(fw_synced, U32(msg_fw_synced, rid), U8(msg_fw_synced, result),
    U32(msg_fw_synced, removed), U32(msg_fw_synced, kept));

FIELDS(ses_auth, U32(msg_ses_auth, rid), U8(msg_ses_auth, query),
    STR(msg_ses_auth, user), STR(msg_ses_auth, alg), BYTES(msg_ses_auth, blob),
    BYTES(msg_ses_auth, sig), U8(msg_ses_auth, sk_flags),
    U32(msg_ses_auth, sk_counter), STR(msg_ses_auth, client_version));

FIELDS(ses_auth_ok, U32(msg_ses_auth_ok, rid), U8(msg_ses_auth_ok, query),
    STR(msg_ses_auth_ok, grant), STR(msg_ses_auth_ok, sid),
    STR(msg_ses_auth_ok, user), STR(msg_ses_auth_ok, login),
    STR(msg_ses_auth_ok, target), U32(msg_ses_auth_ok, caps),
    U8(msg_ses_auth_ok, record), I64(msg_ses_auth_ok, end_ms),
    I64(msg_ses_auth_ok, end_boot_ms), U32(msg_ses_auth_ok, idle_s),
    U32(msg_ses_auth_ok, commands.n),
    EACH(U8, msg_ses_auth_ok, commands.command, set),
    EACH_STR(msg_ses_auth_ok, commands.command, text));

FIELDS(ses_auth_no, U32(msg_ses_auth_no, rid), U8(msg_ses_auth_no, query),
    STR(msg_ses_auth_no, text));

FIELDS(ses_dial, U32(msg_ses_dial, rid));

FIELDS(ses_target, U32(msg_ses_target, rid), ADDR(msg_ses_target, addr),
    U16(msg_ses_target, port), BYTES(msg_ses_target, host_keys));

FIELDS(ses_dial_no, U32(msg_ses_dial_no, rid), STR(msg_ses_dial_no, text));

FIELDS(ses_stop, U8(msg_ses_stop, reason), STR(msg_ses_stop, text));

FIELDS(ses_until, I64(msg_ses_until, end_ms), I64(msg_ses_until, end_boot_ms));

FIELDS(ses_end, U8(msg_ses_end, reason), U64(msg_ses_end, bytes_in),
    U64(msg_ses_end, bytes_out), I64(msg_ses_end, exit), STR(msg_ses_end, text),
    U8(msg_ses_end, logged_in), BYTES(msg_ses_end, tried),
    STR(msg_ses_end, client_version));

FIELDS(ses_channel, U32(msg_ses_channel, rid));

FIELDS(ses_channel_ok, U32(msg_ses_channel_ok, rid),
    U8(msg_ses_channel_ok, given));

FIELDS(ses_probe, U32(msg_ses_probe, rid), U8(msg_ses_probe, login),
    STR(msg_ses_probe, host_alg), STR(msg_ses_probe, grant),
    STR(msg_ses_probe, sid), STR(msg_ses_probe, user),
    BYTES(msg_ses_probe, host_keys));

FIELDS(ses_probed, U32(msg_ses_probed, rid), U8(msg_ses_probed, kex),
    U8(msg_ses_probed, key_ok), U8(msg_ses_probed, login_ok),
    U8(msg_ses_probed, cert_known), U8(msg_ses_probed, partial),
    U8(msg_ses_probed, session), U8(msg_ses_probed, no_common),
    U32(msg_ses_probed, methods), STR(msg_ses_probed, banner),
    STR(msg_ses_probed, text), STR(msg_ses_probed, said),
    BYTES(msg_ses_probed, host_key), I64(msg_ses_probed, clock_ms),
    STR(msg_ses_probed, addresses));

FIELDS(rec_open, STR(msg_rec_open, sid), STR(msg_rec_open, grant),
    STR(msg_rec_open, user), STR(msg_rec_open, target),
    STR(msg_rec_open, login), U32(msg_rec_open, channel),
    U32(msg_rec_open, cols), U32(msg_rec_open, rows), STR(msg_rec_open, term),
    BYTES(msg_rec_open, command));

FIELDS(rec_data, U32(msg_rec_data, channel), U8(msg_rec_data, kind),
    BYTES(msg_rec_data, data));

FIELDS(rec_close, U32(msg_rec_close, channel));

FIELDS(rec_state, U8(msg_rec_state, result), U32(msg_rec_state, channel),
    U64(msg_rec_state, bytes), U8(msg_rec_state, ended),
    STR(msg_rec_state, text));

FIELDS(rec_started, STR(msg_rec_started, sid));

FIELDS(rec_read, U32(msg_rec_read, rid), STR(msg_rec_read, sid),
    U32(msg_rec_read, channel), U64(msg_rec_read, offset),
    U32(msg_rec_read, max), U32(msg_rec_read, part));

FIELDS(rec_bytes, U32(msg_rec_bytes, rid), U8(msg_rec_bytes, result),
    U64(msg_rec_bytes, size), BYTES(msg_rec_bytes, data));

FIELDS(api_call, U32(msg_api_call, rid), U16(msg_api_call, verb),
    ADDR(msg_api_call, peer), U16(msg_api_call, peer_port),
    I64(msg_api_call, uid), I64(msg_api_call, loginuid), I64(msg_api_call, pid),
    STR(msg_api_call, arg), STR(msg_api_call, token),
    BYTES(msg_api_call, query), BYTES(msg_api_call, body));

FIELDS(api_reply, U32(msg_api_reply, rid), U16(msg_api_reply, status),
    STR(msg_api_reply, content_type), U64(msg_api_reply, next),
    BYTES(msg_api_reply, body));

FIELDS(rec_look, U32(msg_rec_look, rid));

FIELDS(rec_looked, U32(msg_rec_looked, rid), STR(msg_rec_looked, text));

FIELDS(disk, STR(msg_disk, text));

FIELDS(shp_status, STR(msg_shp_status, sink), U8(msg_shp_status, up),
    U64(msg_shp_status, next), STR(msg_shp_status, text));

#define SUP PROC_BIT(PROC_SUPERVISOR)
#define BRK PROC_BIT(PROC_BROKER)
#define NOT PROC_BIT(PROC_NOTARY)
#define FW PROC_BIT(PROC_FIREWALL)
#define API (PROC_BIT(PROC_API) | PROC_BIT(PROC_ADMIN))
#define ZYG PROC_BIT(PROC_ZYGOTE)
#define SES PROC_BIT(PROC_SESSION)
#define REC PROC_BIT(PROC_RECORDER)
#define SHP PROC_BIT(PROC_SHIPPER)
#define ALL (BRK | NOT | FW | API | ZYG | SES | REC | SHP)

#define ROW(type, st, from, to, states, fds)                                   \
	{                                                                      \
		MSG_##type, #type, sizeof(struct msg_##st), f_##st,            \
		    sizeof(f_##st) / sizeof(f_##st[0]), from, to, states, fds  \
	}

static const struct msg_spec table[] = {
    ROW(SUP_CONFIG, sup_config, SUP, ALL, MST_ANY, 0),
    ROW(SUP_LINK, sup_link, SUP, ALL, MST_ANY, 1),
    ROW(SUP_READY, empty, ALL, SUP, MST_ANY, 0),
    ROW(SUP_STOP, empty, SUP, ALL, MST_ANY, 0),
    ROW(SUP_SPAWN, sup_spawn, SUP, ZYG, MST_ANY, 2),
    ROW(SUP_PROBE, sup_conn, BRK | SUP, SUP | BRK, MST_ANY, 0),
    ROW(SUP_KILL, sup_conn, BRK | SUP, SUP | ZYG, MST_ANY, 0),
    ROW(SUP_LISTENER, sup_listener, SUP, API, MST_ANY, 1),
    ROW(SUP_RELINK, sup_relink, BRK | NOT, SUP, MST_ANY, 0),
    ROW(SUP_SESSION, sup_session, ZYG, SUP, MST_ANY, 0),
    ROW(SUP_SAY, sup_say, SES, SUP, MST_ANY, 0),
    ROW(SUP_BEAT, empty, SUP, ALL, MST_ANY, 0),
    ROW(SUP_ALIVE, empty, ALL, SUP, MST_ANY, 0),
    ROW(SUP_UNPROTECT, sup_unprotect, SUP, SUP, MST_ANY, 0),
    ROW(SUP_UNPROTECTED, sup_unprotected, SUP, SUP, MST_ANY, 0),
    ROW(SUP_WHOSE, fw_unprotect, SUP, BRK | SUP, MST_ANY, 0),
    ROW(SUP_WHOSE_IS, sup_whose_is, BRK | SUP, SUP, MST_ANY, 0),
    ROW(SUP_SERVED, empty, SUP, SUP, MST_ANY, 0),
    ROW(SUP_SERVES, sup_serves, SUP, SUP, MST_ANY, 0),
    ROW(SUP_LOGGED_IN, sup_conn, BRK, SUP, MST_ANY, 0),
    ROW(SUP_KNOWN, sup_known, BRK, SUP | API, MST_ANY, 0),
    ROW(SUP_FAILS, sup_fails, SUP, BRK | API, MST_ANY, 0),
    ROW(LOG_APPEND, log_append, ALL | SUP, NOT, MST_ANY, 0),
    ROW(LOG_DURABLE, log_durable, NOT, ALL | SUP, MST_ANY, 0),
    ROW(NT_GRANT_OPEN, nt_grant_open, BRK, NOT, MST_ANY, 0),
    ROW(NT_GRANT_OPENED, nt_grant_opened, NOT, BRK, MST_ANY, 0),
    ROW(NT_GRANT_EXTEND, nt_grant_extend, BRK, NOT, MST_ANY, 0),
    ROW(NT_GRANT_EXTENDED, nt_grant_extended, NOT, BRK, MST_ANY, 0),
    ROW(NT_GRANT_CLOSE, nt_close, BRK, NOT, MST_ANY, 0),
    ROW(NT_GRANT_CLOSED, nt_closed, NOT, BRK, MST_ANY, 0),
    ROW(NT_LEG_OPEN, nt_leg_open, BRK, NOT, MST_ANY, 0),
    ROW(NT_LEG_OPENED, nt_leg_opened, NOT, BRK, MST_ANY, 0),
    ROW(NT_LEG_RENEW, nt_leg_renew, BRK, NOT, MST_ANY, 0),
    ROW(NT_LEG_CLOSE, nt_close, BRK, NOT, MST_ANY, 0),
    ROW(NT_LEG_CLOSED, nt_closed, NOT, BRK, MST_ANY, 0),
    ROW(NT_MFA_BURN, nt_mfa_burn, BRK, NOT, MST_ANY, 0),
    ROW(NT_MFA_BURNED, nt_mfa_burned, NOT, BRK, MST_ANY, 0),
    ROW(NT_FOLD_GET, nt_fold_get, BRK, NOT, MST_ANY, 0),
    ROW(NT_FOLD_GRANT, nt_fold_grant, NOT, BRK, MST_ANY, 0),
    ROW(NT_FOLD_LEG, nt_fold_leg, NOT, BRK, MST_ANY, 0),
    ROW(NT_FOLD_END, nt_fold_end, NOT, BRK, MST_ANY, 0),
    ROW(NT_CLOCK, nt_clock, BRK, NOT, MST_ANY, 0),
    ROW(NT_CLOCKED, nt_clocked, NOT, BRK, MST_ANY, 0),
    ROW(NT_QUOTA, nt_quota, NOT, BRK, MST_ANY, 0),
    ROW(NT_READ, nt_read, BRK | SHP, NOT, MST_ANY, 0),
    ROW(NT_LINES, nt_lines, NOT, BRK | SHP, MST_ANY, 0),
    ROW(NT_SID, nt_sid, NOT, BRK, MST_ANY, 0),
    ROW(NT_TAIL, nt_tail, NOT, SHP, MST_ANY, 0),
    ROW(NT_KEY, nt_key, NOT, FW, MST_ANY, 0),
    ROW(NT_HOSTSIGN, nt_hostsign, SES, NOT, MST_ANY, 0),
    ROW(NT_HOSTSIG, nt_hostsig, NOT, SES, MST_ANY, 0),
    ROW(NT_CERT, nt_cert, SES, NOT, MST_READY | MST_LIVE, 0),
    ROW(NT_CERT_OK, nt_cert_ok, NOT, SES, MST_ANY, 0),
    ROW(NT_UNENDED, nt_unended, NOT, REC, MST_ANY, 0),
    ROW(FW_PROTECT, fw_protect, BRK, FW, MST_ANY, 0),
    ROW(FW_PROTECTED, fw_protected, FW, BRK, MST_ANY, 0),
    ROW(FW_OPEN, fw_open, BRK, FW, MST_ANY, 0),
    ROW(FW_OPENED, fw_opened, FW, BRK, MST_ANY, 0),
    ROW(FW_CLOSE, fw_close, BRK, FW, MST_ANY, 0),
    ROW(FW_CLOSED, fw_closed, FW, BRK, MST_ANY, 0),
    ROW(FW_SYNC_BEGIN, fw_sync, BRK, FW, MST_ANY, 0),
    ROW(FW_SYNC_END, fw_sync, BRK, FW, MST_ANY, 0),
    ROW(FW_SYNCED, fw_synced, FW, BRK, MST_ANY, 0),
    ROW(FW_UNPROTECT, fw_unprotect, SUP, FW, MST_ANY, 0),
    ROW(FW_UNPROTECTED, fw_unprotected, FW, SUP | BRK, MST_ANY, 0),
    ROW(FW_FOREIGN, fw_foreign, FW, BRK, MST_ANY, 0),
    ROW(SES_AUTH, ses_auth, SES, BRK, MST_NEW, 0),
    ROW(SES_AUTH_OK, ses_auth_ok, BRK, SES, MST_NEW, 0),
    ROW(SES_AUTH_NO, ses_auth_no, BRK, SES, MST_NEW, 0),
    ROW(SES_DIAL, ses_dial, SES, BRK, MST_READY, 0),
    ROW(SES_TARGET, ses_target, BRK, SES, MST_READY, 1),
    ROW(SES_DIAL_NO, ses_dial_no, BRK, SES, MST_READY, 0),
    ROW(SES_STOP, ses_stop, BRK, SES, MST_ANY, 0),
    ROW(SES_UNTIL, ses_until, BRK, SES, MST_ANY, 0),
    ROW(SES_END, ses_end, SES, BRK, MST_ANY, 0),
    ROW(SES_PROBE, ses_probe, BRK, SES, MST_NEW, 1),
    ROW(SES_PROBED, ses_probed, SES, BRK, MST_ANY, 0),
    /* a broker started anew does not know its sessions yet: it says no */
    ROW(SES_CHANNEL, ses_channel, SES, BRK, MST_ANY, 0),
    ROW(SES_CHANNEL_OK, ses_channel_ok, BRK, SES, MST_ANY, 0),
    ROW(REC_OPEN, rec_open, SES, REC, MST_ANY, 0),
    ROW(REC_DATA, rec_data, SES, REC, MST_READY, 0),
    ROW(REC_CLOSE, rec_close, SES, REC, MST_READY, 0),
    ROW(REC_STATE, rec_state, REC, SES, MST_ANY, 0),
    ROW(REC_READ, rec_read, BRK, REC, MST_ANY, 0),
    ROW(REC_BYTES, rec_bytes, REC, BRK, MST_ANY, 0),
    ROW(REC_STARTED, rec_started, REC, BRK, MST_ANY, 0),
    ROW(REC_LOOK, rec_look, BRK, REC, MST_ANY, 0),
    ROW(REC_LOOKED, rec_looked, REC, BRK, MST_ANY, 0),
    ROW(API_CALL, api_call, API, BRK, MST_ANY, 0),
    ROW(API_REPLY, api_reply, BRK, API, MST_ANY, 0),
    ROW(SHP_STATUS, shp_status, SHP, BRK, MST_ANY, 0),
    ROW(DISK, disk, FW | API | SHP, BRK, MST_ANY, 0),
};

const struct msg_spec *
msg_table(size_t *retn)
{
	*retn = sizeof(table) / sizeof(table[0]);
	return table;
}
