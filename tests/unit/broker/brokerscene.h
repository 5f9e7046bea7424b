/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerscene - the real broker, with the test in the place of API, admin
 * socket, notary and firewall, so that each order of events can be had. The
 * tests by it are one program, test_brokerapi.
 */
#ifndef TESTS_BROKER_BROKERSCENE_H
#define TESTS_BROKER_BROKERSCENE_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "broker/store/store.h"
#include "core/event.h"
#include "sys/seal.h"
#include "sys/totp.h"
#include "tests/unit/support/proc_harness.h"
#include "tests/unit/support/test.h"
#include "wire/signed.h"

enum { TEXT_MAX = 256 * 1024 };

#define CLIENT "192.0.2.7"

struct key { /* an Ed25519 key and what the store knows of it */
	EVP_PKEY *pkey;
	struct user_key pub;
	bool sk;          /* as if it were a security key, */
	uint8_t sk_flags; /* which signs with these */
};

struct scene {
	char dir[64];
	struct conf conf;
	struct secret seal, seed;
	struct otp otp; /* how fresh_code() makes them of the seed */
	struct key one,
	    two; /* alice's; two is in the store where a test says */
	struct proc_harness proc;
	bool traced; /* start() takes traced_broker */
	bool full;   /* start(): the store cannot be written from the fold on */
	bool mute;   /* the firewall does not answer while a reply is awaited */
	char closed[8][LIMIT_ID_SIZE]; /* what it was told to close then */
	unsigned nclosed;
	struct testlink notary, firewall, api, admin;
	uint32_t rid;
	uint64_t seq;
	uint64_t doubt_seq;            /* of the fold that start() sends */
	char code[RECOVERY_TEXT_SIZE]; /* sent with the next signed call */
	char key[64];                  /* its idempotency key; "" = a new one */
	char text[TEXT_MAX];           /* of the last reply, or event */
};

/* ---- brokerscene.c */

extern const char ask_web[]; /* a request's body */
int setup(void **state);
int teardown(void **state);
void must(int r);
void key_make(struct key *k);
/* What it is becomes a security key's. */
void key_make_sk(struct key *k);
/* Its signature over p; of a security key what that makes of it. */
void key_sign(
    uint8_t sig[static 64], const struct key *k, const void *p, size_t n);
void key_line(char ret[static 256], const struct key *k);
void store_target(struct store *s, const char *name);
void store_role(struct store *s, const char *name);
struct store *store_of(const struct scene *x);
/* From now on the broker's files can grow, or cannot be written. */
void may_write(const struct scene *x, bool yes);
/* Links and the fold, each grant by its key; the firewall is not in step. */
void start_folded(struct scene *x, const struct msg_nt_fold_grant *grants,
    size_t n, const struct msg_nt_fold_leg *legs, size_t nlegs);
/* One of alice's to web-01 that this key opened, for an hour. */
void fold_grant(struct msg_nt_fold_grant *ret, const char *key_fp);
void link_api(struct scene *x);
/* All that, and in step; leg may be NULL. */
void start(struct scene *x, const struct msg_nt_fold_grant *grants, size_t n,
    const struct msg_nt_fold_leg *leg);
void stop(struct scene *x);
/* SIGKILL; the next start() is as good as any. */
void kill_broker(struct scene *x);
void answer_protect(struct scene *x);
void link_session(struct scene *x, struct testlink *ret, uint64_t conn);
void send_call(
    struct scene *x, struct testlink *l, unsigned verb, const char *body);
/* The same with "name=value&..." behind its path. */
void send_query(struct scene *x, struct testlink *l, unsigned verb,
    const char *query, const char *body);
unsigned want_reply(struct scene *x, struct testlink *l);
/* One that nobody signed, from that address; its rid. */
uint32_t send_open(
    struct scene *x, unsigned verb, const char *peer, const char *body);
/* The value of that field in the last reply or record. */
void field(
    const struct scene *x, const char *name, char ret[static LIMIT_ID_SIZE]);
void want_event(struct scene *x, unsigned event);
unsigned admin_call(
    struct scene *x, unsigned verb, unsigned event, const char *body);
bool has(const struct scene *x, const char *s);
void challenge(struct scene *x, char ret[static LIMIT_NONCE_SIZE]);
void send_payload(struct scene *x, const struct key *k, unsigned verb,
    char *payload, size_t pad);
char *payload_of(
    struct scene *x, unsigned verb, const char *nonce, const char *body);
void send_signed(
    struct scene *x, const struct key *k, unsigned verb, const char *body);
void fresh_code(struct scene *x);
/* The notary is asked to burn its step, and does. */
void burn(struct scene *x);

/* ---- brokerapi_access.c */

void test_challenge(void **state);
void test_challenge_of_stranger(void **state);
void test_open_already(void **state);
void test_refusals_are_kept(void **state);
void test_refusals_are_bounded(void **state);
void test_own_doors(void **state);
void test_names_of_the_gateway(void **state);
void test_text_of_others(void **state);
void test_no_login(void **state);
void test_strangers_at_the_door(void **state);
void test_mine(void **state);

/* ---- brokerapi_at.c */

void test_at(void **state);
void test_at_unapproved(void **state);
void test_at_refused(void **state);
void test_at_of_locked(void **state);
void test_at_hours(void **state);

/* ---- brokerapi_events.c */

void test_events(void **state);
void test_events_many(void **state);
void test_events_end(void **state);

/* ---- brokerapi_explain.c */

void test_explain_oneself(void **state);
void test_explain_others(void **state);
void test_access_of_logins(void **state);

/* ---- brokerapi_past.c */

void test_history_is_ones_own(void **state);
void test_history_is_found(void **state);
void test_history_chain(void **state);

/* ---- brokerapi_told.c */

void test_roles_that_decided(void **state);
void test_habit(void **state);
void test_told_aside(void **state);
void test_held(void **state);
void test_lack_is_told(void **state);
void test_explained_at(void **state);
void test_label_is_told(void **state);

/* ---- brokerapi_fido.c */

void test_fido(void **state);
void test_fido_extends(void **state);
void test_ages(void **state);
void test_code_clock(void **state);

/* ---- brokerapi_otp.c */

void test_totp_forms(void **state);
void test_totp_invited(void **state);

/* ---- brokerapi_review.c */

void test_review_answers(void **state);
void test_review_late(void **state);

/* ---- brokerapi_several.c */

void test_several(void **state);
void test_several_code_used(void **state);
void test_several_logins(void **state);
void test_several_selected(void **state);
void test_many_by_one_code(void **state);

/* ---- brokerapi_login.c */

void test_host_bound(void **state);
void test_hardware_login(void **state);
void test_hardware_request(void **state);
void test_hardware_move(void **state);
void test_commands_of_a_session(void **state);
void test_commands_of_a_request(void **state);
void test_commands_are_approved(void **state);

void test_machine_login(void **state);

/* ---- brokerapi_proposals.c */

void test_second_admin(void **state);
void test_change_looked_at(void **state);
void test_change_uploaded(void **state);
void test_what_waits(void **state);
void test_new_person_of_power(void **state);
void test_own_keys_of_power(void **state);
void test_own_target_waits(void **state);
void test_one_admin_alone(void **state);
void test_change_ended(void **state);
void test_change_lapsed(void **state);
void test_change_edited(void **state);
void test_change_stale(void **state);
void test_change_overtaken(void **state);

/* ---- brokerapi_agent.c */

void test_agent_lent_wider(void **state);
void test_agent_of_another(void **state);
void test_agent_approved(void **state);
void test_agent_of_two(void **state);
void test_agent_stopped(void **state);
void test_agent_at_start(void **state);
void test_agent_lent_by_key(void **state);
void test_agent_is_whole(void **state);

/* ---- brokerapi_machine.c */

void test_machine_asks(void **state);
void test_machine_is_whole(void **state);
void test_machine_decides_nothing(void **state);
void test_machine_extends_nothing(void **state);
void test_machine_joins(void **state);

/* ---- brokerapi_rights.c */

void test_rights(void **state);
void test_user_admin_is_no_admin(void **state);

/* ---- brokerapi_rows.c */

void test_root_is_no_user(void **state);
void test_states(void **state);
void test_early(void **state);
void test_early_flood(void **state);
void test_role_fields(void **state);
void test_role_refused(void **state);
void test_policy_form(void **state);
void test_prune(void **state);

/* ---- brokerapi_moment.c */

uint32_t hold_event(struct scene *x, unsigned event);
void durable(struct scene *x, uint32_t rid);
void test_apply_loses_nothing(void **state);
void test_apply_invites(void **state);
void test_signed_once(void **state);
void test_apply_conflict(void **state);
void test_demoted_meanwhile(void **state);
void want_close(struct scene *x, const char *id, enum end_reason reason);
void test_taken_away_meanwhile(void **state);
void test_disabled_meanwhile(void **state);
void test_locked_meanwhile(void **state);
void test_probe_taken_away_meanwhile(void **state);
void test_probe_without_process(void **state);
void test_probe_of_demoted_meanwhile(void **state);
void test_removed_key(void **state);
void test_moved_target(void **state);

/* ---- brokerapi_bounds.c */

void test_limits(void **state);
void test_channels(void **state);
void test_recorded(void **state);
void test_lists_go_on(void **state);
void test_large_policy(void **state);
void test_too_much_signed(void **state);
void test_too_many_invitations(void **state);

/* ---- brokerapi_clock.c */

void test_doubted_invitations(void **state);
void test_doubted_and_full(void **state);
void test_clock_is_accepted(void **state);

/* ---- brokerapi_cost.c */

void test_cost_of_a_request(void **state);
void test_cost_of_a_policy(void **state);

/* ---- brokerapi_full.c */

void test_not_stored(void **state);
void test_first_admin_not_stored(void **state);
void test_full_disk(void **state);
void test_started_on_full_disk(void **state);
void test_full_disk_of_the_log(void **state);
void test_refused_on_full_disk(void **state);
void test_nothing_waits_on_full_disk(void **state);

/* ---- brokerapi_ids.c */

void test_ids_are_not_used_again(void **state);
void test_ids_of_a_request(void **state);
void test_grants_of_others(void **state);
void test_made_twice_at_once(void **state);
void test_removed_and_made_again(void **state);

/* ---- brokerapi_changes.c */

void test_changes_need_what_is_there(void **state);
void test_changes_are_told(void **state);
void test_locked_and_unlocked(void **state);
void test_removed_user(void **state);
void test_ended_is_told(void **state);
void test_max_grant_lowered(void **state);
void test_over_before(void **state);
void test_last_admin(void **state);
void test_last_two_admins(void **state);
void test_selectors_are_told(void **state);
void test_entry_is_named(void **state);

/* ---- brokerapi_locks.c */

void test_lock_ends(void **state);
void test_lock_before_a_crash(void **state);
void test_locks_not_read(void **state);
void test_locked_key(void **state);
void test_locked_callers(void **state);
void test_locked_target(void **state);
void test_lock_needs_what_is_there(void **state);
void test_last_admin_unlocked(void **state);
void test_lock_runs_out(void **state);

/* ---- brokerapi_unshut.c */

void test_not_confirmed(void **state);
void test_not_shut(void **state);
void test_shut_by_the_next(void **state);
void test_closings_first(void **state);
void test_said_by_the_firewall(void **state);
void test_moved_leaves_shut(void **state);

char *big_policy(struct scene *x, unsigned targets);
char *want_parts(struct scene *x);

/* ---- brokerapi_apply.c */

void test_apply_gives_way(void **state);
void test_apply_in_turns(void **state);
void test_apply_killed(void **state);
void test_apply_stored_in_turns(void **state);
void test_apply_stored_killed(void **state);
void test_apply_begins_again(void **state);
void test_apply_holds_others(void **state);
void test_two_applies(void **state);
void test_apply_is_the_later(void **state);
void test_apply_of_demoted(void **state);

/* ---- brokerapi_upload.c */

void test_upload(void **state);
void test_upload_refused(void **state);
void test_upload_of_others(void **state);
void test_upload_bounds(void **state);
void test_upload_lines(void **state);
void test_upload_answer(void **state);

/* ---- brokerapi_outstep.c */

void test_ends_out_of_step(void **state);
void test_looks_out_of_step(void **state);
void test_opens_in_step(void **state);
void test_ended_before_its_link(void **state);

/* ---- brokerapi_doubt.c */

void test_look_alikes(void **state);
void test_signed_time(void **state);
void test_key_types(void **state);
void test_offers_tell_nothing(void **state);
void test_unproven_keys(void **state);
void test_regulars(void **state);
void test_scan_of_the_host(void **state);

/* ---- brokerapi_extend.c */

void test_extend(void **state);
void test_extend_refused(void **state);
void test_extend_unapproved(void **state);
void test_extend_fails(void **state);
void test_extend_meanwhile(void **state);

/* ---- brokerapi_move.c */

void test_move(void **state);
void test_move_refused(void **state);
void test_move_fails(void **state);

/* ---- brokerapi_codes.c */

void test_code_of_disabled(void **state);
void test_wrong_codes(void **state);
void test_codes_are_shown(void **state);
void test_slips_are_told(void **state);
void test_used_code_opens_nothing(void **state);
void test_wrong_codes_of_all_keys(void **state);

/* ---- brokerapi_factor.c */

void test_recovery_resets(void **state);
void test_recovery_once(void **state);
void test_lock_me(void **state);
void test_slow_in_turn(void **state);
void test_lock_me_of_one_network(void **state);
void test_recovery_elsewhere(void **state);
void test_recovery_wrong(void **state);
void test_recovery_often(void **state);
void test_code_of_no_factor(void **state);
void test_reset_by_code(void **state);
void test_reset_of_changed(void **state);

/* ---- brokerapi_glass.c */

void test_glass_once(void **state);
void test_glass_twice_at_once(void **state);
void test_glass_unopened(void **state);
void test_glass_wrong(void **state);

/* ---- brokerapi_keys.c */

void test_own_keys(void **state);
void test_own_keys_refused(void **state);
void test_own_key_removed(void **state);
void test_own_keys_of_locked(void **state);

/* ---- brokerapi_ends.c */

void test_looks_are_recorded(void **state);
void test_no_look_at_nothing(void **state);
void test_start_is_the_logs(void **state);
void test_wider_than_the_role(void **state);
void test_elsewhere_than_the_role(void **state);
void test_taken_away_before_a_crash(void **state);
void test_last_word(void **state);
void test_code_taken_of_disabled(void **state);
void test_revoked_stays_revoked(void **state);
void test_revoke_is_recorded(void **state);
void test_way_back(void **state);
void test_few_of_many_are_told(void **state);
void test_close_not_written(void **state);
void test_sync_while_opening(void **state);
void test_record_of_lost_link(void **state);
void test_kill_is_recorded(void **state);
void test_kill_without_log(void **state);
void test_tokens_full(void **state);
void test_forbidden_is_recorded(void **state);

/* ---- brokerapi_request.c */

void test_approved_by_two(void **state);
void test_own_approval(void **state);
void test_approved_twice(void **state);
void test_approved_by_others(void **state);
void test_approved_unseen(void **state);
void test_levels(void **state);
void test_denied(void **state);
void test_withdrawn(void **state);
void test_lapsed(void **state);
void test_words_are_checked(void **state);

/* ---- brokerapi_overtaken.c */

void test_approver_left(void **state);
void test_approver_locked(void **state);
void test_approver_comes_back(void **state);
void test_approvers_that_count(void **state);
void test_asked_twice_at_once(void **state);
void test_approver_under_lock(void **state);
void test_role_changed(void **state);
void test_changed_before_approval(void **state);
void test_approval_not_wanted(void **state);
void test_role_removed(void **state);
void test_open_stays(void **state);
void test_two_approve_at_once(void **state);
void test_one_approves_twice_at_once(void **state);
void test_denied_while_approved(void **state);
void test_approver_locked_meanwhile(void **state);
void test_opened_twice_at_once(void **state);
void test_changed_while_opening(void **state);
void test_denied_while_opening(void **state);
void test_no_door_is_given_back(void **state);

#endif
