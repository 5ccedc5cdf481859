"""Each wrong planner, callback action and check fails the test meant for it, and no other."""

from pathlib import Path

import pytest

from tests.unit.testing.conformance.judged import judge

FAILED = {
    "wrong_planners.py": {
        "TestRight": set(),
        "TestReadsTheClock": {"test_the_same_question_has_one_answer"},
        "TestCounts": {"test_the_same_question_has_one_answer"},
        "TestHasNoZone": {"test_its_times_are_in_utc"},
        "TestNeedsAHistory": {"test_it_never_raises"},
        "TestGivesUpLateJobs": {"test_it_never_raises"},
        "TestGivesADictionary": {"test_it_gives_a_plan"},
        "TestNever": {"test_its_plan_can_be_kept"},
        "TestTellsStories": {"test_its_reason_is_a_line"},
        "TestChangesTheJob": {"test_it_changes_no_job"},
        "TestWaits": {"test_it_answers_at_once"},
        "TestHasNoName": {"test_the_name_is_a_word"},
    },
    "wrong_actions.py": {
        "TestRight": set(),
        "TestSpeaksForTheFirst": {"test_the_fact_is_about_the_launch"},
        "TestNotesALot": {"test_a_note_is_small"},
        "TestNotesADate": {"test_a_note_is_small"},
        "TestReadsTheClock": {"test_the_same_payload_gives_the_same_fact"},
        "TestBelievesTheMachine": {"test_the_fact_is_of_now"},
        "TestNeedsAnAttempt": {"test_without_an_attempt_there_is_no_fact_about_one"},
        "TestRaisesItsOwn": {"test_it_raises_nothing_but_invalid_input"},
        "TestGivesText": {"test_a_payload_becomes_a_fact_or_nothing"},
        "TestChangesThePayload": {"test_it_changes_nothing_that_it_is_given"},
        "TestFillsItWrong": {"test_the_fact_can_be_recorded"},
        "TestWaits": {"test_it_answers_at_once"},
        "TestTakesAnything": {"test_unknown_fields_are_refused"},
        "TestTakesTheCoresField": {"test_the_payload_has_a_schema_class"},
        "TestRefusesItsPayload": {"test_the_schema_accepts_the_payloads"},
        "TestHasNoName": {"test_the_name_is_a_word"},
    },
    "wrong_checks.py": {
        "TestRight": set(),
        "TestIsThrottled": set(),
        "TestHasNoName": {"test_the_name_can_be_asked_for"},
        "TestGivesText": {"test_it_gives_a_finding"},
        "TestTellsStories": {"test_it_gives_a_finding"},
        "TestRaisesItsOwn": {"test_it_raises_what_is_expected"},
        "TestWorksOnce": {"test_it_can_be_run_again"},
        "TestWaits": {"test_it_does_not_block"},
        "TestGoesOn": {"test_it_ends_when_it_is_cancelled"},
    },
}


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("module", FAILED)
def test_each_wrong_one_fails_the_test_meant_for_it(module: str, tmp_path: Path) -> None:
    """A rule that is broken is told by its own test, and the right ones pass all of them."""
    verdicts = judge(Path(__file__).with_name(module), tmp_path)
    assert {kind: set(failed) for kind, failed in verdicts.items()} == FAILED[module]
    for told in (text for failed in verdicts.values() for text in failed.values()):
        parts = [told.index(part) for part in ("the sentence:", "seen:", "what to do:")]
        assert parts == sorted(parts), told
