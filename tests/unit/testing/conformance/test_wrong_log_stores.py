"""Each wrong log store fails the tests that are meant for it, and no other."""

from pathlib import Path

import pytest

from tests.unit.testing.conformance.judged import Verdicts, judge

CUT_OFF = "test_a_call_that_was_cut_off_is_made_again"
FAILED = {
    "TestRight": set(),
    "TestAppends": {
        "test_the_same_offset_again_changes_nothing",
        "test_a_repeat_in_other_pieces_changes_nothing",
        CUT_OFF,
    },
    "TestGivesEachPiece": {"test_a_repeat_in_other_pieces_changes_nothing"},
    "TestSortsAsText": {"test_pieces_come_in_order", "test_the_largest_chunks_are_kept"},
    "TestKeepsText": {"test_every_byte_is_kept"},
    "TestKeepsLittle": {"test_the_largest_chunks_are_kept"},
    "TestFillsGaps": {"test_a_gap_stays_a_gap"},
    "TestReadsFromTheStart": {"test_reading_begins_at_a_byte"},
    "TestRaisesOnNothing": {"test_of_nothing_there_is_nothing"},
    "TestForgetsAttempts": {"test_attempts_are_kept_apart"},
    "TestDeletesEverything": {"test_deleting_forgets_all_of_one_job"},
    "TestDeletesOnce": {
        "test_deleting_may_be_repeated",
        "test_what_cannot_be_deleted_is_an_expected_failure",
        CUT_OFF,
    },
    "TestKeepsToItself": {"test_another_process_reads_it"},
    "TestBlocks": {"test_no_method_blocks_the_event_loop"},
    "TestHoldsOn": {CUT_OFF},
    "TestBelievesTheFirst": {CUT_OFF},
    "TestLosesAtOnce": {"test_many_may_write_at_once"},
    "TestKeepsQuiet": {"test_what_cannot_be_kept_is_an_expected_failure"},
    "TestReadsNothing": {"test_what_cannot_be_read_is_an_expected_failure"},
    "TestDeletesQuietly": {"test_what_cannot_be_deleted_is_an_expected_failure"},
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """What the kit says of all of them."""
    return judge(Path(__file__).with_name("wrong_log_stores.py"), tmp_path_factory.mktemp("judged"))


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_each_wrong_log_store_fails_the_tests_meant_for_it(verdicts: Verdicts) -> None:
    """A rule that is broken is told by its own tests, and the right one passes all of them."""
    assert {kind: set(failed) for kind, failed in verdicts.items()} == FAILED
    for told in (text for failed in verdicts.values() for text in failed.values()):
        parts = [told.index(part) for part in ("the sentence:", "seen:", "what to do:")]
        assert parts == sorted(parts), told
