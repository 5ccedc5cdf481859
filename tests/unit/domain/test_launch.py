"""What is believed about one launch: certificates, failed boots, machines gone, trouble."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from jobsched.domain import facts
from jobsched.domain.due import due
from jobsched.domain.job import Access, Instance, Job, Launch, Price
from jobsched.domain.record import record
from jobsched.domain.state import State, state_of, trouble_of
from tests.unit.domain.example import ALWAYS, HERE, HOUR, MINUTE, SECOND, a_job, known, told, up_to

CHEAP = Price(per_hour=Decimal("0.06"))


def first(job: Job) -> Launch:
    """Give the first launch of the current attempt."""
    assert job.attempt
    return job.attempt.launches[0]


def ready(machine: str = "i-1-1", certificate: str = "one") -> facts.Ready:
    """A machine says that it is ready."""
    return told(facts.Ready, instance_id=machine, certificate=certificate)


def test_first_certificate_binds() -> None:
    """Once a machine has named its certificate, another one is refused, from whichever machine."""
    job = record(up_to(facts.Provisioned), ready())
    assert (first(job).certificate, first(job).certified_id) == ("one", "i-1-1")
    assert record(job, ready(certificate="two")) is job
    assert record(job, ready("i-9", "one")) is job
    assert record(job, ready(certificate="")) is job


def test_certificate_that_is_refused_brings_no_address() -> None:
    """A machine with another certificate than the bound one tells nothing that is believed."""
    job = known(up_to(facts.Begun), told(facts.Provisioned, instance=Instance(id="i-1-1")), ready())
    other = told(facts.Ready, instance_id="i-1-1", certificate="two", access=HERE)
    assert record(job, other) is job


def test_certificate_of_another_machine_is_refused() -> None:
    """A machine that is not the provider's binds nothing, and is not ready."""
    job = up_to(facts.Provisioned)
    assert record(job, ready("i-9")) is job


def test_early_certificate_is_voided_by_another_machine() -> None:
    """A certificate from before the provider named the machine is void if it named another one."""
    job = record(up_to(facts.Begun), ready("i-9"))
    assert state_of(job) is State.BOOTING
    job = record(job, told(facts.Provisioned))
    assert (first(job).certificate, first(job).certified_id, first(job).ready_at) == ("", "", None)
    job = record(job, ready())
    assert (first(job).certificate, first(job).certified_id) == ("one", "i-1-1")


def test_early_certificate_is_kept_if_the_machine_is_the_same() -> None:
    """Ready before provisioned is kept."""
    job = known(up_to(facts.Begun), ready(), told(facts.Provisioned))
    assert (first(job).certificate, first(job).certified_id) == ("one", "i-1-1")
    assert first(job).ready_at


def test_early_id_binds_without_a_certificate() -> None:
    """Before the provider has spoken, the certificate of the first id named counts."""
    job = record(up_to(facts.Begun), ready("i-9", ""))
    assert record(job, ready("i-1-1", "one")) is job


def test_machine_keeps_its_id_and_its_address() -> None:
    """A provider that names another machine or address for a launch is not followed."""
    job = up_to(facts.Provisioned)
    assert record(job, told(facts.Provisioned, instance=Instance(id="i-9"))) is job
    moved = Instance(id="i-1-1", access=Access(kind="this_host", host_id="other"))
    assert first(record(job, told(facts.Provisioned, instance=moved))).access == first(job).access


def test_a_late_answer_takes_no_address_away() -> None:
    """The answer to the request comes after a look at the machine, or a look after its end."""
    seen = Instance(id="i-1-1", access=HERE, state={"ip": "10.0.0.1"})
    job = record(up_to(facts.Begun), told(facts.Provisioned, instance=seen))
    late = Instance(id="i-1-1", price=CHEAP, state={"ip": None})
    job = record(job, told(facts.Provisioned, instance=late))
    assert first(job).instance == replace(seen, price=CHEAP)
    moved = replace(seen, state={"ip": "10.0.0.2"})
    job = record(job, told(facts.Provisioned, instance=moved))
    assert first(job).instance == replace(moved, price=CHEAP)


def test_machine_may_be_ready_at_once() -> None:
    """A provider that hands out a ready machine needs no callback."""
    job = record(up_to(facts.Begun), told(facts.Provisioned, ready=True))
    assert first(job).ready_at == HOUR


def test_failed_boot_is_believed_before_ready() -> None:
    """A machine that says so before it was ready is given back."""
    job = record(up_to(facts.Provisioned), told(facts.BootFailed, message="apt"))
    assert first(job).released == "boot_failed: apt"


def test_failed_boot_after_ready_is_a_hint() -> None:
    """After ready it changes nothing before the start, and asks for an inspect after it."""
    job = up_to(facts.Ready)
    assert record(job, told(facts.BootFailed)) is job
    job = record(up_to(facts.Started), told(facts.BootFailed, HOUR + MINUTE))
    assert first(job).released_at is None
    assert first(job).hinted_at == HOUR + MINUTE


def test_failed_boot_of_a_machine_with_a_container_is_a_hint() -> None:
    """A container shows that the machine was ready, whatever became of the certificate."""
    job = known(up_to(facts.Begun), told(facts.Prepared), told(facts.StartGranted))
    job = record(job, told(facts.BootFailed))
    assert first(job).released_at is None
    assert first(job).hinted_at


def test_never_seen_is_no_news_of_a_machine_that_was_seen() -> None:
    """A search that found nothing does not bury a machine that the provider has named meanwhile."""
    job = up_to(facts.Provisioned)
    assert record(job, told(facts.Gone, why="never_seen")) is job
    assert state_of(record(job, told(facts.Gone, why="machine_lost"))) is State.PROVISIONING


@pytest.mark.parametrize("last", [facts.Provisioned, facts.Prepared])
def test_refusal_of_a_machine_that_is_there_is_no_news(last: type[facts.Fact]) -> None:
    """A refusal that contradicts what is known changes nothing."""
    job = up_to(last)
    assert record(job, told(facts.Refused)) is job


def test_abandoned_machine_needs_no_removal() -> None:
    """A host that left the list with its container can be abandoned; the job ends."""
    job = up_to(facts.Gone, destroys_machine=False)
    assert state_of(job) is State.FINISHING
    assert state_of(record(job, told(facts.Gone, why="abandoned"))) is State.FINISHED


def test_used_machine_is_not_given_back_before_it_was_stopped() -> None:
    """A decision to give back a machine on which a container may run is dropped."""
    for last in (facts.StartGranted, facts.Started):
        job = up_to(last)
        assert record(job, told(facts.Released)) is job
    stopping = record(up_to(facts.Started), told(facts.Stopping))
    assert first(record(stopping, told(facts.Released))).released_at


def test_no_second_grant() -> None:
    """A start is granted once for a container, and not while another may have run."""
    job = up_to(facts.StartGranted)
    assert record(job, told(facts.StartGranted, HOUR + MINUTE)) is job
    withdrawn = known(job, told(facts.NotStarted), told(facts.Prepared, no=1))
    assert record(withdrawn, told(facts.StartGranted)) is withdrawn
    assert record(withdrawn, told(facts.StartGranted, no=1)) is not withdrawn


def test_no_grant_beside_a_launch_that_turns_out_to_run() -> None:
    """A late `Started` of a launch given back keeps its replacement from starting."""
    job = known(
        up_to(facts.Prepared), told(facts.Released, why="hold"), told(facts.Begun, launch=2)
    )
    job = known(job, told(facts.Provisioned, launch=2), told(facts.Ready, launch=2))
    job = known(job, told(facts.Prepared, launch=2), told(facts.Started, launch=1))
    assert record(job, told(facts.StartGranted, launch=2)) is job
    command = due(job, HOUR + MINUTE).command
    assert command
    assert (command.verb, command.launch) == ("terminate", 1)


def test_no_machine_beside_a_launch_that_may_run() -> None:
    """A launch given back that turns out to run keeps the attempt from another machine."""
    job = known(up_to(facts.Prepared), told(facts.Released, why="hold"), told(facts.Started))
    assert record(job, told(facts.Begun, launch=2)) is job


def test_no_next_attempt_before_the_machine_is_gone() -> None:
    """The next attempt is opened only after every launch of the last one is confirmed gone (P3)."""
    job = up_to(facts.Terminated, a_job(retry=ALWAYS), code=1)
    assert record(job, told(facts.Planned, attempt=2)) is job
    gone = record(job, told(facts.Gone))
    opened = record(gone, told(facts.Planned, attempt=2)).attempt
    assert opened
    assert opened.no == 2


def test_no_grant_after_a_cancel() -> None:
    """A cancel that is saved first wins over the start."""
    job = known(up_to(facts.StartGranted), told(facts.CancelRequested), told(facts.NotStarted))
    assert record(job, told(facts.StartGranted, no=1)) is job


def test_repeated_failure_counts_once() -> None:
    """The same failure told twice is one failure; the next one is another."""
    failed = told(facts.CommandFailed, launch=1)
    job = known(up_to(facts.Ready), failed, failed)
    trouble = trouble_of(job.attempt, "prepare", 1)
    assert trouble
    assert trouble.times == 1
    job = record(job, told(facts.CommandFailed, HOUR + SECOND, launch=1))
    trouble = trouble_of(job.attempt, "prepare", 1)
    assert trouble
    assert trouble.times == 2


def test_trouble_is_over_when_the_command_works() -> None:
    """A success wipes the trouble of its command and launch, and no other."""
    failed = [told(facts.CommandFailed, command=one) for one in ("prepare", "terminate")]
    job = known(up_to(facts.Ready), *failed)
    assert due(job, HOUR).look_again_at == HOUR + SECOND
    job = record(job, told(facts.Prepared))
    assert trouble_of(job.attempt, "prepare", 1) is None
    assert trouble_of(job.attempt, "terminate", 1)


def test_hint_is_kept_until_an_inspect_answers_it() -> None:
    """A second hint before the answer changes nothing, one after it counts, an old one does not."""
    job = record(up_to(facts.Started), told(facts.Hinted, HOUR + MINUTE))
    assert record(job, told(facts.Hinted, HOUR + 2 * MINUTE)) is job
    answered = record(job, told(facts.Inspected, HOUR + 3 * MINUTE))
    assert record(answered, told(facts.Hinted, HOUR + MINUTE)) is answered
    assert (
        first(record(answered, told(facts.Hinted, HOUR + 4 * MINUTE))).hinted_at
        == HOUR + 4 * MINUTE
    )
    same = record(job, told(facts.Inspected, HOUR + MINUTE))
    assert first(record(same, told(facts.Hinted, HOUR + 2 * MINUTE))).hinted_at == HOUR + 2 * MINUTE


def test_notes_are_kept_up_to_twenty() -> None:
    """A plugin that notes for ever shows its last 20 notes."""
    job = a_job()
    for number in range(30):
        job = record(job, told(facts.Noted, HOUR + number * SECOND, data={"n": number}))
    assert [note.data["n"] for note in job.notes] == list(range(10, 30))
