"""Each sentence that a plugin must keep is tried by the kit, or it is said why not."""

from __future__ import annotations

import pytest

from jobsched.contracts import callback, log_store, planner, provider, runner
from jobsched.testing.conformance.promise import plain
from tests.unit.contracts import sentences
from tests.unit.contracts.test_promises import PROMISES, names_of_tests

CONTRACTS: tuple[type, ...] = (
    provider.InstanceStatus,
    provider.OwnedMachine,
    provider.Caps,
    provider.Provider,
    runner.ContainerStatus,
    runner.LogChunk,
    runner.Runner,
    log_store.LogPart,
    log_store.LogStore,
    planner.Planner,
    callback.CallbackAction,
)
SAID = [(by, sentence) for contract in CONTRACTS for by, sentence in sentences.of(contract)]

#: the beginning of a sentence → the test that tries it, and quotes another one
TRIED = {
    "How a provider describes": "test_a_machine_comes_back_from_the_store",
    "unknown: neither there": "test_an_unknown_machine_is_gone_or_unknown",
    "the machine can be used without": "test_a_machine_is_reached_as_was_said",
    "the machine that this is about": "test_a_machine_whose_answer_was_lost_is_found",
    "with gone: nobody gave it back": "test_what_was_given_back_was_not_taken_away",
    "machines alive at one time": "test_caps_leave_room_for_a_machine",
    "launches a second": "test_caps_leave_room_for_a_machine",
    "Remove what machines of this deployment": "test_leftovers_may_be_removed_twice",
    "disks, addresses": "test_leftovers_may_be_removed_twice",
    "A machine with this deployment's mark": "test_every_machine_is_owned",
    "of the launch that it was made for": "test_a_machine_says_whose_it_is",
    "when it was made; None": "test_a_machine_says_whose_it_is",
    "when it must have ended by itself": "test_a_machine_says_whose_it_is",
    "By the provider's own list": "test_what_is_owned_can_be_given_back",
    "what is listed and in no record is ended": "test_what_was_given_back_is_not_owned",
    "Two that carry one token": "test_every_machine_is_owned",
    "launches in any one hour": "test_caps_leave_room_for_a_machine",
    "how many of its machines": "test_caps_leave_room_for_a_machine",
    "how long before start_at": "test_times_are_not_negative",
    "An Offer and an InstanceStatus have": "test_offers_come_back_from_the_store",
    "Give the section of GET /status": "test_the_status_always_has_the_same_keys",
    "any worker can": "test_the_host_has_one_id",
    "at most 256 KiB": "test_the_request_is_json",
    "The text is saved before": "test_any_worker_may_send_it_again",
    "Send the frozen request": "test_a_machine_has_an_id",
    'effect="none" is a definite refusal': "test_every_offer_has_a_machine_or_none",
    "What an inspect says": "test_the_exit_code_is_read",
    "unknown: the machine does not answer": "test_a_silent_machine_is_unknown",
    "A piece of a container's output": "test_a_long_output_comes_in_chunks",
    "position of the first byte": "test_a_reader_may_begin_in_the_middle",
    "instance.access is the only thing": "test_another_machine_is_unknown",
    "Container.state is stored": "test_a_container_comes_back_from_the_store",
    "A Container has at most 64 KiB": "test_a_container_comes_back_from_the_store",
    "Give what a machine needs": "test_the_boot_script_is_pure",
    "empty for nothing.": "test_the_boot_script_is_pure",
    "Give what this runner adds": "test_the_status_always_has_the_same_keys",
    "A runner that runs no images": "test_a_missing_image_fails_the_attempt",
    "An order without a command": "test_an_order_may_have_no_command",
    "this runner cannot": "test_an_end_is_named",
    "A stored piece of an attempt's": "test_what_is_written_is_read",
    "One word that a machine may post": "test_the_name_is_a_word",
    "a fact about another attempt": "test_the_fact_is_about_the_launch",
    "May be repeated": "test_what_has_ended_may_be_stopped",
    "whatever its effect, the start": "test_nothing_is_started_on_a_silent_machine",
    "Time limits": "test_every_call_ends_when_it_is_cancelled",
    "prepare limits.prepare, logs": "test_every_call_ends_when_it_is_cancelled",
    "30 seconds each": "test_a_call_that_was_cut_off_is_made_again",
    # An error of another class fails whichever test it comes out of.
    "Expected failures are raised as": "test_a_silent_machine_is_unknown",
}
#: the beginning of a sentence about what the core does with an answer, or with none
OF_THE_CORE = (
    "taken in the call that records",
    "anything else is a bug",
    "False where the machine lives on after terminate",
    "A worker on another host than the first",
    "to it, machines that are there would look gone",
    "the worker does not start",
    "Otherwise it is asked again",
    "the attempt ends with reason",
    "next offer, fail, breaker",
    "it is asked again",
    "nor any other job",
    "so it would for every job",
    "It is asked again",
    "nothing is concluded",
    "nothing is ended",
    "with gone: the provider ended it at its launch",
    "the core never stops",
    "The provider wraps it",
    'with then="breaker":',
    "what every fresh machine needs is missing",
    "What cannot be for one job is refused by options_schema",
    "The end of the iteration is not",
    "a broken connection may end it too",
    "One worker holds one stream",
    "whoever asked is told so",
    "nobody calls it again for this job",
    "an error is a bug",
    "The job is accepted all the same",
    "while it goes on failing",
    "A runner without this method cannot warn",
    "shown in GET /status, and nothing more",
)
#: the beginning of a sentence that no kit can try → what the how-to says of it
LEFT_TO_THE_AUTHOR = {
    "They are tried in the order": "offers are tried in the order in which they are given",
    "put first what you would take": "offers are tried in the order in which they are given",
    "what it costs an hour": "what `owned` says that a machine costs",
    "this host cannot be used at all": "`host` raises `ConfigError`",
    "whether a machine that has run": "with `reports_ends`, a machine posts `terminate`",
    "another machine is taken": '`prepare` raises with `then="replace"`',
}
EXCUSED = (*TRIED, *OF_THE_CORE, *LEFT_TO_THE_AUTHOR)


def _is_quoted(by: object, sentence: str) -> bool:
    quotes = [plain(promise.that) for promise in PROMISES if promise.by is by]
    parts = [part for quote in quotes for part in (quote, *sentences.END.split(quote))]
    return any(part in sentence for part in parts if " " in part or part == sentence.rstrip(".;"))


@pytest.mark.parametrize(
    ("by", "sentence"), SAID, ids=[f"{by.__qualname__}: {said}" for by, said in SAID]
)
def test_a_sentence_is_tried_or_excused(by: object, sentence: str) -> None:
    """Whoever adds one adds a test to the kit, or says here why there is none."""
    assert _is_quoted(by, sentence) or sentence.startswith(EXCUSED)


@pytest.mark.parametrize("excuse", EXCUSED)
def test_no_excuse_outlives_its_sentence(excuse: str) -> None:
    """What a contract does not say any more needs none."""
    assert [sentence for _, sentence in SAID if sentence.startswith(excuse)]


@pytest.mark.parametrize("name", sorted({*TRIED.values()}))
def test_what_tries_it_is_in_the_kit(name: str) -> None:
    """A test that is gone tries nothing."""
    assert name in names_of_tests()


@pytest.mark.parametrize("words", sorted({*LEFT_TO_THE_AUTHOR.values()}))
def test_what_is_left_to_the_author_is_on_the_page(words: str) -> None:
    """It stands in the table of the how-to."""
    assert words in sentences.HOW_TO.read_text(encoding="utf-8")
