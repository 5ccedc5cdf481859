"""Each promise is broken by hand, and is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.contextvars import bound_contextvars

from jobsched.contracts.provider import Caps
from jobsched.domain import facts
from jobsched.domain.job import Job, JobId, Retry
from jobsched.store.memory import MemoryStore
from jobsched.store.port import Examined
from jobsched.testing.simulator.lossy import copy_of, put_back
from jobsched.testing.simulator.promise import PROMISES
from jobsched.testing.simulator.promise.ends import check_end
from jobsched.testing.simulator.promise.machines import SPARED
from jobsched.testing.simulator.promise.witnessed import REAPER
from tests.unit.domain.example import ALWAYS, HOUR, SECOND, a_job, known, told, up_to
from tests.unit.testing.simulator.scene import Scene

ONCE = Retry(on=("before_start",))
NAME = "jobsched-job-1-1"


def planned(job: Job, attempt: int = 1) -> Job:
    """Give a job of which an attempt is planned."""
    return known(job, told(facts.Planned, attempt=attempt))


def begun(job: Job, launch: int = 1, attempt: int = 1) -> Job:
    """Give a job of which a launch was begun."""
    return known(job, told(facts.Begun, attempt=attempt, launch=launch))


def over(job: Job, reason: str = "boot_failed") -> Job:
    """Give a job whose attempt has ended before its start, and whose machine is gone."""
    return known(job, told(facts.GivenUp, reason=reason), told(facts.Gone))


def in_steps(scene: Scene, *jobs: Job) -> None:
    """Save one after the other."""
    for job in jobs:
        scene.saved(job)


def test_a_good_life_breaks_nothing() -> None:
    """From its acceptance to its end, with one machine and one start."""
    scene, job = Scene(Caps(alive=1, hourly=1, per_second=1)), a_job()
    in_steps(scene, job, planned(job), begun(planned(job)))
    machine = scene.launched("token-1-1")
    in_steps(scene, up_to(facts.Ready), up_to(facts.Prepared), up_to(facts.StartGranted))
    scene.started(NAME, code=0)
    in_steps(scene, up_to(facts.Started), up_to(facts.Ended), up_to(facts.LogsStored))
    scene.promises.is_told_to_end(machine, "a test")
    scene.books.end(machine)
    in_steps(scene, up_to(facts.Gone))
    assert [*map(str, scene.promises.broken)] == []
    assert scene.promises.all_ended.is_set()
    assert scene.promises.money.extra == {}
    assert scene.promises.money.orphan_seconds == [0.0]
    assert scene.promises.money.late_seconds == [0.0]


def test_a_second_start_of_an_attempt() -> None:
    """One start, though the second one is of another container, and much later."""
    scene = Scene()
    scene.saved(a_job(retry=ALWAYS))
    scene.started(NAME, code=1)
    scene.started(f"{NAME}-1")
    assert scene.broken == ["one start"]


def test_the_same_container_twice() -> None:
    """One start: an engine runs an exited container again if it is told to."""
    scene = Scene()
    scene.saved(a_job(retry=ALWAYS))
    one = scene.started(NAME, code=1)
    scene.books.note_start(one)
    assert scene.broken == ["one start"]


def test_two_at_one_time() -> None:
    """No overlap: the first one runs when the second one starts."""
    scene = Scene()
    scene.saved(a_job(retry=ALWAYS))
    scene.started(NAME)
    scene.started("jobsched-job-2-1")
    assert scene.broken == ["no overlap"]


def test_one_after_the_other_is_no_overlap() -> None:
    """The first one has run its minute, though nobody has looked."""
    scene = Scene()
    scene.saved(a_job(retry=ALWAYS))
    scene.started(NAME)
    scene.clock.advance(61)
    scene.started("jobsched-job-2-1")
    assert scene.broken == []


def test_a_second_attempt_of_a_job_that_ran() -> None:
    """At most once: the job is retried before the start alone."""
    scene = Scene()
    scene.saved(a_job(retry=ONCE))
    scene.started(NAME, code=1)
    scene.started("jobsched-job-2-1")
    assert scene.broken == ["at most once"]


@pytest.mark.parametrize(
    ("retry", "reason", "ran"),
    [
        (Retry(on=()), "boot_failed", False),
        (ONCE, "boot_failed", True),
        (ONCE, "no_capacity", False),
        (Retry(on=("error",)), "timeout", True),
        (Retry(on=("timeout",), max_attempts=1), "timeout", True),
    ],
)
def test_another_attempt_that_nobody_asked_for(retry: Retry, reason: str, *, ran: bool) -> None:
    """Only as told: by the books first, and by the reason of the end."""
    scene = Scene()
    job = planned(a_job(retry=retry))
    first = over(begun(job), reason)
    in_steps(scene, job, begun(job), first)
    if ran:
        scene.started(NAME, code=1)
    assert first.attempt
    again = replace(first.attempt, no=2, outcome=None, launches=())
    scene.saved(replace(first, attempt=again, past=(first.attempt,)), was="finishing")
    assert scene.broken == ["only as told"]


def test_another_attempt_while_the_last_machine_is_on() -> None:
    """Fence: the record says that it is gone, and its container is there."""
    scene, job = Scene(), begun(planned(a_job(retry=ALWAYS)))
    scene.saved(job, was="scheduled")
    machine = scene.launched("token-1-1")
    machine.containers[NAME] = scene.started(NAME)
    after = over(job)
    in_steps(scene, after, planned(after, 2))
    assert "fence" in scene.broken


def test_a_success_that_was_none() -> None:
    """No false success: the container has ended with another code."""
    scene = Scene()
    scene.saved(up_to(facts.Started), was="ready")
    scene.started(NAME, code=3)
    scene.saved(up_to(facts.Ended))
    assert scene.broken == ["no false success", "true code"]


def test_a_success_of_what_was_stopped() -> None:
    """No false success: by when it really happened, whatever times the record has."""
    scene, job = Scene(), up_to(facts.Started)
    scene.saved(job, was="ready")
    one = scene.started(NAME)
    scene.clock.advance(30)
    job = known(job, told(facts.Stopping, at=HOUR + 300 * SECOND))
    scene.saved(job, facts=["Stopping"])
    scene.clock.advance(1)
    one.phase, one.code, one.finished_at = "exited", 0, scene.clock.now()
    times: dict[str, Any] = {"started_at": one.started_at, "finished_at": one.finished_at}
    scene.saved(known(job, told(facts.Ended, **times)))
    assert scene.broken == ["no false success"]


def test_a_success_of_what_never_ran() -> None:
    """No false success: nothing was started."""
    scene = Scene()
    scene.saved(up_to(facts.Started), was="ready")
    scene.saved(up_to(facts.Ended))
    assert scene.broken[0] == "no false success"


def test_a_success_without_its_code() -> None:
    """No false success: the container has ended well, and another code was read."""
    scene, job = Scene(), up_to(facts.Started)
    scene.saved(job, was="ready")
    scene.started(NAME, code=0)
    after = known(job, told(facts.Ended))
    assert after.attempt
    assert after.attempt.outcome
    outcome = replace(after.attempt.outcome, code=None)
    scene.saved(replace(after, attempt=replace(after.attempt, outcome=outcome)))
    assert scene.broken == ["no false success"]


def test_a_success_of_another_attempt() -> None:
    """No false success: the attempt before it has ended well, and this one with 3."""
    scene = Scene()
    second = planned(over(begun(planned(a_job(retry=ALWAYS)))), 2)
    job = up_to(facts.Started, second, attempt=2)
    scene.saved(job, was="ready")
    scene.started(NAME, code=0)
    scene.started("jobsched-job-2-1", code=3)
    scene.saved(known(job, told(facts.Ended, attempt=2)))
    assert scene.broken == ["no false success", "true code"]


def test_another_code() -> None:
    """True code: the container ended with another one, and both are failures."""
    scene, job = Scene(), up_to(facts.Started)
    scene.saved(job, was="ready")
    scene.started(NAME, code=3)
    scene.saved(known(job, told(facts.Ended, code=4)))
    assert scene.broken == ["true code"]


def test_a_change_after_the_end() -> None:
    """Terminal stays: whatever the change is."""
    scene, job = Scene(), known(a_job(), facts.CancelRequested(at=HOUR))
    scene.saved(job, was="scheduled")
    scene.saved(job, was="cancelled")
    assert scene.broken == ["terminal stays"]


async def test_another_document_after_the_end() -> None:
    """Terminal stays: nobody told of the change."""
    scene, job = Scene(), known(a_job(), facts.CancelRequested(at=HOUR))
    job = scene.saved(job, was="scheduled")
    scene.world.records[job.id].document = replace(job, worker="me")
    await check_end(scene.promises.sight, scene.store())
    assert scene.broken == ["terminal stays"]


def test_a_save_over_another_one() -> None:
    """Revisions grow: two workers have saved the same one."""
    scene = Scene()
    job = scene.saved(planned(a_job()))
    scene.told(job, "scheduled", "scheduled")
    assert scene.broken == ["revisions grow"]


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (facts.CancelRequested(at=HOUR), "cancel_at"),
        (told(facts.GivenUp), "outcome"),
        (told(facts.Released), "released_at of launch 1"),
        (told(facts.Provisioned), "instance of launch 1"),
        (told(facts.AtRisk), "at_risk_at of launch 1"),
        (facts.Restored(at=HOUR), "restored_at"),
    ],
)
def test_a_save_that_takes_something_away(more: facts.Fact, what: str) -> None:
    """Facts stay: whoever saved had not read what was there."""
    scene, job = Scene(), begun(planned(a_job()))
    in_steps(scene, planned(a_job()), job, known(job, more))
    scene.saved(job, was="provisioning")
    assert scene.broken == ["facts stay"]
    assert what in str(scene.promises.broken[0])


@pytest.mark.parametrize(
    ("last", "before", "what"),
    [
        (facts.Prepared, facts.Ready, "tries of launch 1"),
        (facts.StartGranted, facts.Prepared, "granted_at of try 0 of launch 1"),
    ],
)
def test_a_container_or_its_grant_that_is_taken_away(
    last: type[facts.Fact], before: type[facts.Fact], what: str
) -> None:
    """Facts stay: it may have run by it."""
    scene = Scene()
    scene.saved(up_to(last), was="booting")
    scene.saved(up_to(before))
    assert scene.broken == ["facts stay"]
    assert what in str(scene.promises.broken[0])


@pytest.mark.parametrize("kept", [0, 1])
def test_an_attempt_that_is_opened_anew(kept: int) -> None:
    """Facts stay: neither a past attempt is dropped, nor the one that goes on."""
    scene, first = Scene(), over(begun(planned(a_job(retry=ALWAYS))))
    second = planned(first, 2)
    scene.saved(first, was="provisioning")
    scene.saved(second)
    assert second.attempt
    broken = replace(second, past=()) if kept else first
    scene.saved(broken, state="scheduled")
    assert scene.broken == ["facts stay"]
    assert "past" in str(scene.promises.broken[0])


def test_an_attempt_that_is_followed_by_an_earlier_one() -> None:
    """Facts stay: what was begun goes on, or is followed by the next."""
    scene = Scene()
    second = planned(over(begun(planned(a_job(retry=ALWAYS)))), 2)
    scene.saved(second, was="scheduled")
    assert second.attempt
    scene.saved(replace(second, attempt=replace(second.attempt, no=1)))
    assert scene.broken == ["facts stay"]
    assert "has lost attempt" in str(scene.promises.broken[0])


def test_a_launch_and_an_attempt_that_are_taken_away() -> None:
    """Facts stay: but a launch that was refused is not kept."""
    scene, job = Scene(), begun(planned(a_job()))
    refused = known(job, told(facts.Refused))
    in_steps(scene, planned(a_job()), job, refused, begun(refused, 2))
    assert scene.broken == []
    scene.saved(planned(a_job()))
    scene.saved(a_job())
    assert scene.broken == ["facts stay", "facts stay"]


def test_a_step_that_the_design_does_not_know() -> None:
    """Legal transition: a job does not run before it has a machine."""
    scene = Scene()
    scene.saved(planned(a_job()))
    scene.saved(up_to(facts.Started))
    assert scene.broken == ["legal transition"]


@pytest.mark.parametrize("state", ["cancelled", "scheduled"])
def test_a_step_that_no_single_save_makes(state: str) -> None:
    """Legal transition: the design names it, and the engine goes there by way of another state."""
    scene = Scene()
    scene.saved(known(a_job(), facts.CancelRequested(at=HOUR)), was="booting", state=state)
    assert "legal transition" in scene.broken


def test_a_fact_that_cannot_be_saved_where_the_job_is() -> None:
    """Legal fact: a start is granted to a container that was created, and to no other."""
    scene = Scene()
    job = scene.saved(planned(a_job()))
    scene.told(job, "ready", "ready", ["StartGranted", "CommandFailed"])
    assert "legal fact" not in scene.broken
    scene.told(job, "booting", "ready", ["Prepared", "StartGranted"])
    assert scene.broken.count("legal fact") == 1
    assert "StartGranted in booting, but only a created" in str(scene.promises.broken[-1])


def test_a_job_that_nobody_looks_at() -> None:
    """Always woken: neither a due time nor a lease."""
    scene = Scene()
    job = scene.saved(planned(a_job()))
    scene.world.schedule(job.id, None)
    scene.told(job, "scheduled", "scheduled")
    assert scene.broken == ["always woken", "revisions grow", "always woken"]


def test_a_job_that_is_looked_at_long_after_its_lease() -> None:
    """Always woken: whoever holds it may be dead."""
    scene = Scene()
    job = scene.saved(planned(a_job()))
    record = scene.world.records[job.id]
    record.holder, record.until = "me", HOUR + SECOND
    scene.told(job, "scheduled", "scheduled")
    assert scene.broken == ["revisions grow", "always woken"]


def test_a_machine_that_no_record_knows() -> None:
    """Intent first, and one machine too many."""
    scene = Scene()
    scene.launched("token-1-1")
    assert scene.broken == ["intent first"]
    assert scene.promises.money.extra == {"no launch was saved": 1}


@pytest.mark.parametrize(
    ("by", "age", "broken"),
    [
        (REAPER, SPARED - 1, ["right machine"]),
        (REAPER, SPARED + 1, []),
        ("its job", SPARED - 1, []),
    ],
)
def test_a_machine_whose_launch_a_store_has_forgotten(
    by: str, age: float, broken: list[str]
) -> None:
    """Right machine: the reaper spares it for a while, as its job may ask for it again."""
    scene, job = Scene(), planned(a_job())
    scene.saved(job)
    kept, known_of_it = copy_of(scene.world), scene.promises.kept()
    scene.saved(begun(job))
    machine = scene.launched("token-1-1")
    put_back(scene.world, kept)
    scene.promises.forget(known_of_it)
    scene.clock.advance(age)
    scene.promises.is_told_to_end(machine, by)
    assert scene.broken == []
    scene.saved(begun(job))
    assert scene.broken == broken


def test_the_wrong_machine_is_ended() -> None:
    """Right machine: its record needs it."""
    scene = Scene()
    in_steps(scene, begun(planned(a_job())))
    scene.books.power_off(scene.launched("token-1-1"))
    assert scene.broken == ["legal transition", "right machine"]


def test_a_strangers_machine_is_ended() -> None:
    """Right machine: whatever it is for, nobody here has launched it."""
    scene = Scene()
    scene.promises.is_no_business_of_ours("a machine")
    assert scene.broken == ["right machine"]


@pytest.mark.parametrize(
    ("caps", "name"),
    [
        (Caps(alive=1), "cap alive"),
        (Caps(hourly=1), "cap hourly"),
        (Caps(per_second=0.5), "cap pace"),
    ],
)
def test_two_launches_at_once(caps: Caps, name: str) -> None:
    """Caps: each one allows one launch."""
    scene, job = Scene(caps), planned(a_job())
    other = replace(job, id=JobId("other"))
    in_steps(scene, job, other, begun(job))
    assert scene.broken == []
    scene.saved(known(other, told(facts.Begun, token="other")))
    assert scene.broken == [name]


def test_machines_that_no_cap_counted() -> None:
    """Cap alive: two machines, each for a call, though one launch was saved."""
    scene = Scene(Caps(alive=1))
    in_steps(scene, planned(a_job()), begun(planned(a_job())))
    scene.launched("token-1-1")
    scene.launched("by chance")
    assert scene.broken == ["intent first", "cap alive"]


def test_launches_of_another_hour() -> None:
    """Caps: an hour later there may be another launch; a refused one does not count."""
    scene, job = Scene(Caps(hourly=1)), begun(planned(a_job()))
    in_steps(scene, planned(a_job()), job, known(job, told(facts.Refused)))
    job = known(job, told(facts.Refused), told(facts.Begun, launch=2))
    scene.saved(job)
    scene.clock.advance(timedelta(hours=1))
    other = replace(planned(a_job()), id=JobId("other"))
    in_steps(scene, other, known(other, told(facts.Begun, token="other")))
    assert scene.broken == []


def test_a_machine_that_stays_on() -> None:
    """No leak: a quarter of an hour after its record did not want it any more."""
    scene = Scene()
    in_steps(scene, planned(a_job()), begun(planned(a_job())))
    machine = scene.launched("token-1-1")
    scene.saved(known(begun(planned(a_job())), told(facts.GivenUp)))
    scene.clock.advance(901)
    scene.books.end(machine)
    assert scene.broken == ["no leak"]
    assert scene.promises.money.orphan_seconds == [901.0]


async def test_what_is_left_when_all_is_over() -> None:
    """Nothing lost, no leak: a job that waits, and a machine that is on."""
    scene = Scene()
    in_steps(scene, planned(a_job()), begun(planned(a_job())))
    scene.launched("token-1-1")
    await scene.promises.check_end(scene.store())
    assert scene.broken == ["no leak", "nothing lost", "indexes agree"]
    assert scene.promises.money.orphan_seconds == [0.0]


async def test_a_slot_of_a_job_that_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Indexes agree: also where who examines the store, which is ours, does not see it."""
    monkeypatch.setattr(MemoryStore, "examine", _nothing_found)
    scene = Scene()
    job = scene.saved(known(a_job(), facts.CancelRequested(at=HOUR)), was="scheduled")
    open_one = scene.saved(replace(planned(a_job()), id=JobId("other")))
    scene.world.slots["a"] = {"lost": JobId("none"), "over": job.id, "held": open_one.id}
    await check_end(scene.promises.sight, scene.store())
    what = [one.what for one in scene.promises.broken if one.name == "indexes agree"]
    assert what == [
        "none has ended and holds the slot lost",
        "job has ended and holds the slot over",
    ]


async def _nothing_found(*_: Any, **__: Any) -> Examined:
    return Examined(faults=(), cursor="")


async def test_an_accepted_job_that_is_not_there() -> None:
    """Nothing lost: its record is away."""
    scene = Scene()
    job = scene.saved(a_job())
    del scene.world.records[job.id]
    await check_end(scene.promises.sight, scene.store())
    assert scene.broken == ["nothing lost"]


async def test_an_index_that_contradicts() -> None:
    """Indexes agree: a slot that nobody has freed; no quarantine: a record that is put aside."""
    scene, job = Scene(), known(a_job(), facts.CancelRequested(at=HOUR))
    job = scene.saved(job, was="scheduled")
    scene.world.slots["a"] = {"token-1-1": job.id}
    scene.world.quarantine[JobId("other")] = "unreadable"
    await check_end(scene.promises.sight, scene.store())
    assert set(scene.broken) == {"indexes agree", "no quarantine"}


def test_logs_of_a_job_that_is_forgotten() -> None:
    """Logs go: they are kept for nobody."""
    scene = Scene()
    scene.promises.check_forgotten(())
    assert scene.broken == []
    scene.promises.check_forgotten([JobId("job")])
    assert scene.broken == ["logs go"]


def test_a_bug() -> None:
    """No bug: an exception that the engine logs, and a task that ends."""
    scene = Scene()
    scene.promises.exception("job.bug", job="job")
    scene.promises.error("task.failed", task="dispatch")
    scene.promises.error("store.unavailable")
    assert scene.broken == ["no bug", "no bug"]


def test_it_is_told_with_what_was_before() -> None:
    """A broken promise is explained: name, sentence, time, and the history of the job."""
    scene = Scene()
    scene.saved(planned(a_job()))
    scene.clock.advance(7)
    scene.saved(up_to(facts.Started))
    (one,) = scene.promises.broken
    said = one.explained(scene.history.before(one.line, one.job))
    assert said.startswith("7.000000 legal transition: job: scheduled -> running\n")
    assert PROMISES["legal transition"] in said
    assert "0.000000 job:  -> scheduled" in said


def test_machines_that_are_too_many() -> None:
    """Extra: for a launch that was given up, and beside another one that nobody gave back."""
    scene, job = Scene(), planned(a_job())
    in_steps(scene, job, begun(job), known(begun(job), told(facts.Released)))
    scene.launched("token-1-1")
    second = known(begun(job), told(facts.Released), told(facts.Begun, launch=2))
    scene.saved(second)
    scene.launched("token-1-2")
    assert scene.promises.money.extra == {
        "its launch was given up": 1,
        "another one was on": 1,
    }
    assert scene.broken == []


def test_a_machine_that_was_given_back_is_none() -> None:
    """Extra: one that was lost while it waited is terminated once before the next is begun."""
    scene, job = Scene(), begun(planned(a_job()))
    in_steps(scene, planned(a_job()), job)
    machine = scene.launched("token-1-1")
    given_back = known(job, told(facts.Released))
    scene.saved(given_back)
    scene.promises.is_told_to_end(machine, "a termination that nobody heard")
    scene.saved(known(given_back, told(facts.Begun, launch=2)))
    scene.launched("token-1-2")
    assert scene.promises.money.extra == {}


def test_a_machine_that_was_ended_at_its_launch_is_none() -> None:
    """Extra: its provider ends it, its launch counts as refused, and the next one follows."""
    scene, job = Scene(), begun(planned(a_job()))
    in_steps(scene, planned(a_job()), job)
    scene.launched("token-1-1")
    refused = known(job, told(facts.Gone, why="refused"))
    in_steps(scene, refused, known(refused, told(facts.Begun, launch=2)))
    scene.launched("token-1-2")
    assert scene.promises.money.extra == {}


def test_a_machine_that_lives_on_costs_nothing() -> None:
    """Extra and orphans: it was there before its job, and is there after it."""
    scene, job = Scene(), known(planned(a_job()), told(facts.Begun, destroys_machine=False))
    in_steps(scene, planned(a_job()), job, known(job, told(facts.GivenUp)))
    machine = scene.launched("token-1-1")
    scene.clock.advance(60)
    scene.books.end(machine)
    assert (scene.promises.money.extra, scene.promises.money.orphan_seconds) == ({}, [])


def test_a_change_that_no_plugin_was_told_of() -> None:
    """Told: of those that were saved a while ago."""
    scene = Scene()
    in_steps(scene, a_job(), planned(a_job()))
    scene.promises.check_told(set())
    assert scene.broken == []
    scene.clock.advance(400)
    scene.promises.check_told({"0-0"})
    assert scene.broken == []
    scene.promises.check_told(set())
    assert scene.broken == ["told", "told"]


def test_a_slot_that_is_freed_too_early() -> None:
    """Cap alive: the machine of a launch that is over by its record is on, beside another."""
    scene, job = Scene(Caps(alive=1)), begun(planned(a_job()))
    in_steps(scene, planned(a_job()), job)
    scene.launched("token-1-1")
    in_steps(scene, over(job))
    other = replace(a_job(), id=JobId("other"))
    in_steps(scene, other, known(planned(other), told(facts.Begun, token="another")))
    scene.launched("another")
    assert scene.broken == ["cap alive"]


def test_a_machine_that_begins_late_is_no_slots() -> None:
    """Extra, and counted there: its launch was given up before it began."""
    scene, job = Scene(Caps(alive=1)), begun(planned(a_job()))
    in_steps(scene, planned(a_job()), job, over(job))
    other = replace(a_job(), id=JobId("other"))
    in_steps(scene, other, known(planned(other), told(facts.Begun, token="another")))
    scene.launched("token-1-1")
    scene.launched("another")
    assert "cap alive" not in scene.broken


def test_a_cancel_that_is_in_no_record() -> None:
    """Cancel heard: its user was told that it would be cancelled."""
    scene, job = Scene(), a_job()
    scene.saved(job)
    scene.promises.cancelled(job.id)
    assert scene.broken == ["cancel heard"]
    scene.saved(known(job, told(facts.CancelRequested)))
    scene.promises.cancelled(job.id)
    assert scene.broken == ["cancel heard"]


def test_a_worker_that_does_not_hold_the_job() -> None:
    """Held: it touches a machine of the job when the lease is another's, or nobody's."""
    scene, job = Scene(), a_job()
    scene.saved(job)
    record = scene.world.records[job.id]
    record.holder, record.until = "worker", scene.clock.now() + SECOND
    with bound_contextvars(job=job.id):
        scene.promises.acts("worker", "runner.start")
        scene.promises.acts("other", "chores.advance_later")
        assert scene.broken == []
        scene.promises.acts("other", "runner.start")
        scene.clock.advance(2)
        scene.promises.acts("worker", "runner.start")
    assert scene.broken == ["held", "held"]


def test_a_machine_that_begins_when_nobody_can_be_asking_for_it() -> None:
    """No late launch: whoever asked in time has long been answered, or given up."""
    scene, job = Scene(), begun(planned(a_job()))
    in_steps(scene, planned(a_job()), job, known(job, told(facts.GivenUp)))
    scene.clock.advance(601)
    scene.launched("token-1-1")
    assert scene.broken == ["no late launch"]


WORDS = [
    (facts.Ready, "ready"),
    (facts.BootFailed, "boot failed"),
    (facts.Interrupted, "taken back"),
    (facts.AtRisk, "at risk"),
]


@pytest.mark.parametrize(("kind", "word"), WORDS)
def test_a_word_that_the_machine_has_not_said(kind: type[facts.Fact], word: str) -> None:
    """Own word: it was another one's, and is believed all the same; once is told, not each time."""
    scene, job = Scene(), begun(planned(a_job()))
    scene.books.words.add(("token-1-2", word))
    believed = known(job, told(kind, message="engine"))
    scene.saved(planned(a_job()))
    for one in (job, believed, believed):
        scene.saved(one, said=False)
    assert scene.broken == ["own word"]
    assert f"“{word}”" in str(scene.promises.broken[0])


@pytest.mark.parametrize(("kind", "word"), WORDS)
def test_a_word_that_the_machine_has_said(kind: type[facts.Fact], word: str) -> None:
    """Own word: it may be believed, however late it comes."""
    scene, job = Scene(), begun(planned(a_job()))
    in_steps(scene, planned(a_job()))
    scene.books.words.add(("token-1-1", word))
    for one in (job, known(job, told(kind, message="engine"))):
        scene.saved(one, said=False)
    assert scene.broken == []


@pytest.mark.parametrize(("says_ready", "broken"), [(False, []), (True, ["own word"])])
def test_a_provider_that_can_tell_that_a_machine_is_ready(
    *, says_ready: bool, broken: list[str]
) -> None:
    """Own word: where machines say so themselves, it is their word that counts."""
    scene, job = Scene(), begun(planned(a_job()))
    scene.books.says_ready = says_ready
    for one in (planned(a_job()), job):
        scene.saved(one, said=False)
    scene.launched("token-1-1")
    scene.clock.advance(scene.books.boot)
    scene.saved(known(job, told(facts.Ready)), said=False)
    assert scene.broken == broken


def test_a_machine_that_does_not_boot_in_time() -> None:
    """Own word: it is given back for that, and has said nothing."""
    scene, job = Scene(), begun(planned(a_job()))
    late = known(job, told(facts.Released, why="boot_failed"))
    for one in (planned(a_job()), job, late):
        scene.saved(one, said=False)
    assert scene.broken == []


def test_each_promise_is_broken_here() -> None:
    """Nobody adds one that was never seen to be broken."""
    written = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in PROMISES if f'"{name}"' not in written] == []
