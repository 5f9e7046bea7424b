/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi: the broker's verbs, with the test in the place of API, admin
 * socket, notary and firewall, so that each order of events can be had: what
 * two people decide in one moment, what is taken away while a grant is being
 * opened, what a limit refuses, what a challenge is worth.
 */
#include "tests/unit/broker/brokerscene.h"
#include "tests/unit/support/test.h"

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_challenge),
	    T(test_challenge_of_stranger),
	    T(test_limits),
	    T(test_apply_loses_nothing),
	    T(test_apply_conflict),
	    T(test_apply_invites),
	    T(test_signed_once),
	    T(test_demoted_meanwhile),
	    T(test_taken_away_meanwhile),
	    T(test_disabled_meanwhile),
	    T(test_probe_taken_away_meanwhile),
	    T(test_probe_of_demoted_meanwhile),
	    T(test_removed_key),
	    T(test_moved_target),
	    T(test_open_already),
	    T(test_refusals_are_kept),
	    T(test_refusals_are_bounded),
	    T(test_lists_go_on),
	    T(test_recorded),
	    T(test_own_doors),
	    T(test_large_policy),
	    T(test_too_much_signed),
	    T(test_too_many_invitations),
	    T(test_names_of_the_gateway),
	    T(test_text_of_others),
	    T(test_no_login),
	    T(test_strangers_at_the_door),
	    T(test_host_bound),
	    T(test_code_of_disabled),
	    T(test_wrong_codes),
	    T(test_used_code_opens_nothing),
	    T(test_wrong_codes_of_all_keys),
	    T(test_looks_are_recorded),
	    T(test_wider_than_the_role),
	    T(test_taken_away_before_a_crash),
	    T(test_last_word),
	    T(test_code_taken_of_disabled),
	    T(test_revoked_stays_revoked),
	    T(test_revoke_is_recorded),
	    T(test_close_not_written),
	    T(test_not_confirmed),
	    T(test_not_shut),
	    T(test_shut_by_the_next),
	    T(test_closings_first),
	    T(test_said_by_the_firewall),
	    T(test_sync_while_opening),
	    T(test_record_of_lost_link),
	    T(test_kill_is_recorded),
	    T(test_kill_without_log),
	    T(test_tokens_full),
	    T(test_forbidden_is_recorded),
	    T(test_root_is_no_user),
	    T(test_states),
	    T(test_early),
	    T(test_role_fields),
	    T(test_role_refused),
	    T(test_cost_of_a_request),
	    T(test_ids_are_not_used_again),
	    T(test_ids_of_a_request),
	    T(test_grants_of_others),
	    T(test_made_twice_at_once),
	    T(test_removed_and_made_again),
	    T(test_changes_need_what_is_there),
	    T(test_changes_are_told),
	    T(test_locked_and_unlocked),
	    T(test_removed_user),
	    T(test_ended_is_told),
	    T(test_last_admin),
	    T(test_last_two_admins),
	    T(test_selectors_are_told),
	    T(test_entry_is_named),
	    T(test_doubted_invitations),
	    T(test_clock_is_accepted),
	    T(test_look_alikes),
	    T(test_signed_time),
	    T(test_key_types),
	    T(test_offers_tell_nothing),
	    T(test_unproven_keys),
	    T(test_regulars),
	    T(test_scan_of_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
