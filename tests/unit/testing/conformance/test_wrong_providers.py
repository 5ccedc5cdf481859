"""Each wrong provider fails the tests that are meant for it, and no other."""

from pathlib import Path

import pytest

from tests.unit.testing.conformance.judged import Verdicts, judge

FAILED = {
    "TestRight": set(),
    "TestShowsLate": set(),
    "TestRefusesItsFirstOffer": set(),
    "TestAsksAnew": {
        "test_the_same_request_gives_the_same_machine",
        "test_any_worker_may_send_it_again",
        "test_two_at_once_get_one_machine",
        "test_a_launch_that_was_cut_short_is_adopted",
        "test_a_late_repeat_gives_no_new_machine",
    },
    "TestRaisesWhenGone": {
        "test_a_machine_may_be_given_back_twice",
        "test_an_end_that_was_cut_short_is_repeated",
        "test_every_call_ends_when_it_is_cancelled",
    },
    "TestRaisesWhenUnknown": {
        "test_an_unknown_token_is_not_found",
        "test_looking_has_no_effect",
        "test_a_frozen_request_has_no_machine",
    },
    "TestNotesTheTime": {"test_a_request_is_always_the_same_bytes"},
    "TestReadsOnePage": {"test_every_machine_is_described"},
    "TestBlocksTheLoop": {"test_no_method_blocks_the_event_loop"},
    "TestKeepsASecret": {"test_secrets_are_shown_nowhere"},
    "TestKeepsATuple": {"test_a_machine_comes_back_from_the_store"},
    "TestChangesItsKeys": {"test_the_status_always_has_the_same_keys"},
    "TestHangsOnStrangers": {"test_an_unknown_machine_is_gone_or_unknown"},
    "TestSwallowsItsCancellation": {"test_every_call_ends_when_it_is_cancelled"},
    "TestMovesAbout": {"test_the_host_has_one_id"},
    "TestRisesAgain": {"test_a_late_repeat_gives_no_new_machine"},
    "TestLooksUpAllItIsGiven": {"test_an_unknown_machine_hides_nobody"},
    "TestLendsOneTwice": {
        "test_two_tokens_have_two_machines",
        "test_an_unknown_machine_is_gone_or_unknown",
    },
    "TestRemembersItself": {"test_a_machine_whose_answer_was_lost_is_found"},
    "TestBuysEarly": {"test_a_frozen_request_has_no_machine"},
    "TestOffersNothing": {"test_there_is_an_offer_with_a_label"},
    "TestOffersALot": {"test_offers_come_back_from_the_store"},
    "TestKeepsALot": {"test_a_machine_comes_back_from_the_store"},
    "TestWritesALot": {"test_the_request_is_json"},
    "TestNeedsItsState": {"test_the_status_reads_what_an_older_version_kept"},
    "TestCountsItsHands": {"test_an_order_may_be_too_large"},
    "TestRefusesAndKeeps": {"test_every_offer_has_a_machine_or_none"},
    "TestCallsItTakenAway": {"test_what_was_given_back_was_not_taken_away"},
    "TestFindsNothingUnheard": {"test_nothing_is_found_in_a_silent_cloud"},
    "TestShowsNothingUnheard": {"test_nothing_is_described_by_a_silent_cloud"},
    "TestOwnsTheFirstPage": {"test_every_machine_is_owned"},
    "TestOwnsWhatIsGone": {"test_what_was_given_back_is_not_owned"},
    "TestOwnsEachTwice": {
        "test_every_machine_is_owned",
        "test_a_machine_says_whose_it_is",
        "test_what_is_owned_can_be_given_back",
    },
    "TestOwnsNamelessMachines": {"test_a_machine_says_whose_it_is"},
    "TestOwnsWhatIsAlwaysYoung": {"test_a_machine_says_whose_it_is"},
    "TestOwnsWhatItCannotEnd": {"test_what_is_owned_can_be_given_back"},
    "TestOwnsNothingUnheard": {"test_nothing_is_owned_in_a_silent_cloud"},
    "TestEndsUnheard": {"test_nothing_is_given_back_to_a_silent_cloud"},
    "TestLaunchesUnheard": {"test_nothing_is_sure_of_a_launch_in_a_silent_cloud"},
    "TestRemovesUnheard": {"test_nothing_is_removed_in_a_silent_cloud"},
    "TestRemovesWhatIsUsed": {"test_a_machine_that_is_on_is_left_alone"},
    "TestRemovesTheSameTwice": {"test_leftovers_may_be_removed_twice"},
    "TestShowsLateAndDoesNotSaySo": {
        "test_a_machine_whose_answer_was_lost_is_found",
        "test_an_unknown_machine_is_gone_or_unknown",
    },
}

#: of each failure
PARTS = ("is broken.", "the sentence:", "seen:", "what to do:")


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """What the kit says of all of them."""
    return judge(Path(__file__).with_name("wrong_providers.py"), tmp_path_factory.mktemp("judged"))


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_each_wrong_provider_fails_the_tests_meant_for_it(verdicts: Verdicts) -> None:
    """A rule that is broken is told by its own tests, and the right ones pass all of them."""
    assert {kind: set(failed) for kind, failed in verdicts.items()} == FAILED
    for told in (text for failed in verdicts.values() for text in failed.values()):
        assert [part for part in PARTS if part not in told] == [], told
