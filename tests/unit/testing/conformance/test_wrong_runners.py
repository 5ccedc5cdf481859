"""Each wrong runner fails the tests that are meant for it, and no other."""

from pathlib import Path

import pytest

from tests.unit.testing.conformance.judged import judge

BROKEN = {
    "TestRight": set(),
    "TestMakesTwo": {
        "test_the_same_name_gives_the_same_container",
        "test_two_at_once_get_one_container",
        "test_a_preparation_that_was_cut_short_is_repeated",
        "test_a_withdrawn_name_is_not_made_anew",
    },
    "TestStartsLate": {
        "test_a_start_after_a_withdrawal_has_no_effect",
        "test_a_withdrawn_name_is_not_made_anew",
    },
    "TestMakesAnew": {"test_a_withdrawn_name_is_not_made_anew"},
    "TestStartsAtOnce": {
        "test_a_prepared_container_is_not_started",
        "test_a_preparation_that_was_cut_short_is_repeated",
        "test_a_start_after_a_withdrawal_has_no_effect",
        "test_a_withdrawal_may_be_repeated",
        "test_a_withdrawn_name_is_not_made_anew",
        "test_a_missing_program_is_start_failed",
        "test_another_machine_is_unknown",
        "test_nothing_is_started_on_a_silent_machine",
        "test_an_order_may_have_no_command",
    },
    "TestCountsFromSince": {"test_a_reader_may_begin_in_the_middle"},
    "TestReadsAllAtOnce": {"test_a_long_output_comes_in_chunks"},
    "TestForgetsTheCode": {"test_the_exit_code_is_read", "test_the_next_name_can_be_started"},
    "TestKillsAtOnce": {
        "test_a_program_may_end_politely",
        "test_a_running_container_is_not_withdrawn",
    },
    "TestOnlyAsks": {"test_a_stubborn_program_is_killed"},
    "TestRaisesWhenGone": {"test_what_is_gone_may_be_removed"},
    "TestAsksAnybody": {"test_another_machine_is_unknown"},
    "TestTellsTheEnvironment": {"test_secrets_are_shown_nowhere"},
    "TestKeepsASet": {"test_a_container_comes_back_from_the_store"},
    "TestDropsTheEnvironment": {
        "test_the_environment_reaches_the_container",
        "test_a_variable_of_the_order_is_left_alone",
    },
    "TestChangesItsKeys": {"test_the_status_always_has_the_same_keys"},
    "TestNotesTheTime": {"test_the_boot_script_is_pure"},
    "TestBlocksTheLoop": {"test_no_method_blocks_the_event_loop"},
    "TestSwallowsItsCancellation": {"test_every_call_ends_when_it_is_cancelled"},
    "TestSaysNothingOfTheMissing": {"test_a_missing_program_is_start_failed"},
    "TestHearsOnlyNews": {"test_what_has_ended_is_named_first"},
    "TestHangsOnStrangers": {"test_a_missing_container_has_no_output"},
    "TestIgnoresThePin": {"test_a_pinned_image_is_used_as_it_is"},
    "TestNeedsACommand": {"test_an_order_may_have_no_command"},
    "TestNeedsTheId": {"test_a_container_without_its_id_is_read_and_stopped"},
    "TestKeepsALot": {"test_a_container_comes_back_from_the_store"},
    "TestNeedsItsState": {"test_the_status_reads_what_an_older_version_kept"},
    "TestForgetsTheMemory": {"test_too_much_memory_ends_a_container"},
    "TestBlamesTheMemory": {"test_a_killed_container_did_not_want_memory"},
    "TestWarnsNobody": {
        "test_a_warning_is_read_in_the_container",
        "test_a_later_warning_replaces_an_earlier_one",
    },
    "TestKeepsTheFirstWarning": {"test_a_later_warning_replaces_an_earlier_one"},
    "TestWarnsInItsOwnWords": {
        "test_a_warning_is_read_in_the_container",
        "test_a_later_warning_replaces_an_earlier_one",
    },
    "TestOverwritesItsVariable": {"test_a_variable_of_the_order_is_left_alone"},
    "TestWarnsOnlyTheLiving": {"test_what_has_ended_may_be_warned"},
}

UNANSWERED = {
    "TestHasImages": set(),
    "TestHopesForTheMissing": {"test_a_missing_image_fails_the_attempt"},
    "TestCallsThePrivateMissing": {"test_a_private_image_needs_its_credential"},
    "TestGivesUpOnSilence": {"test_a_silent_registry_is_asked_again_later"},
    "TestTellsThePassword": {"test_a_private_image_needs_its_credential"},
    "TestRefusesNames": {
        "test_a_missing_image_fails_the_attempt",
        "test_a_private_image_needs_its_credential",
        "test_a_silent_registry_is_asked_again_later",
    },
    "TestCallsTheSilentGone": {"test_a_silent_machine_is_unknown"},
    "TestWithdrawsUnheard": {"test_nothing_is_withdrawn_from_a_silent_machine"},
    "TestStartsUnheard": {"test_nothing_is_started_on_a_silent_machine"},
    "TestPreparesUnheard": {"test_nothing_is_prepared_on_a_silent_machine"},
    "TestStopsUnheard": {"test_nothing_is_stopped_on_a_silent_machine"},
    "TestWarnsUnheard": {"test_nobody_is_warned_on_a_silent_machine"},
    "TestRemovesUnheard": {"test_nothing_is_removed_from_a_silent_machine"},
    "TestReadsUnheard": {"test_nothing_is_read_from_a_silent_machine"},
    "TestListensUnheard": {"test_nothing_is_heard_of_a_silent_machine"},
}

#: of each failure
PARTS = ("is broken.", "the sentence:", "seen:", "what to do:")


FAILED = {"wrong_runners.py": BROKEN, "wrong_runners_unanswered.py": UNANSWERED}


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("module", FAILED)
def test_each_wrong_runner_fails_the_tests_meant_for_it(module: str, tmp_path: Path) -> None:
    """A rule that is broken is told by its own tests, and the right ones pass all of them."""
    verdicts = judge(Path(__file__).with_name(module), tmp_path)
    assert {kind: set(failed) for kind, failed in verdicts.items()} == FAILED[module]
    for told in (text for failed in verdicts.values() for text in failed.values()):
        assert [part for part in PARTS if part not in told] == [], told
