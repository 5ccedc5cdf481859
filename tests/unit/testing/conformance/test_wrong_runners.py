"""Each wrong runner fails the tests that are meant for it, and no other."""

from pathlib import Path

import pytest

from tests.unit.testing.conformance.judged import Verdicts, judge

FAILED = {
    "TestRight": set(),
    "TestMakesTwo": {
        "test_the_same_name_gives_the_same_container",
        "test_two_at_once_get_one_container",
    },
    "TestStartsLate": {"test_a_start_after_a_withdrawal_has_no_effect"},
    "TestStartsAtOnce": {
        "test_a_prepared_container_is_not_started",
        "test_a_preparation_that_was_cut_short_is_repeated",
        "test_a_start_after_a_withdrawal_has_no_effect",
        "test_a_withdrawal_may_be_repeated",
        "test_a_missing_program_is_start_failed",
        "test_another_machine_is_unknown",
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
    "TestDropsTheEnvironment": {"test_the_environment_reaches_the_container"},
    "TestChangesItsKeys": {"test_the_status_always_has_the_same_keys"},
    "TestNotesTheTime": {"test_the_boot_script_is_pure"},
    "TestBlocksTheLoop": {"test_no_method_blocks_the_event_loop"},
    "TestSwallowsItsCancellation": {"test_every_call_ends_when_it_is_cancelled"},
    "TestSaysNothingOfTheMissing": {"test_a_missing_program_is_start_failed"},
    "TestHearsOnlyNews": {"test_what_has_ended_is_named_first"},
    "TestHangsOnStrangers": {"test_a_missing_container_has_no_output"},
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """What the kit says of all of them."""
    return judge(Path(__file__).with_name("wrong_runners.py"), tmp_path_factory.mktemp("judged"))


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_each_wrong_runner_fails_the_tests_meant_for_it(verdicts: Verdicts) -> None:
    """A rule that is broken is told by its own tests, and the right one passes all of them."""
    assert {kind: set(failed) for kind, failed in verdicts.items()} == FAILED
    for told in (text for failed in verdicts.values() for text in failed.values()):
        parts = [told.index(part) for part in ("the sentence:", "seen:", "what to do:")]
        assert parts == sorted(parts), told
