"""terminate: give the machine back, until it is described as gone. Termination is the fence."""

from __future__ import annotations

import functools
from datetime import datetime

from jobsched.contracts.runner import ContainerStatus
from jobsched.domain import facts
from jobsched.domain.due import Command, Verb, due
from jobsched.domain.job import Container, Job
from jobsched.domain.outcome import may_have_started
from jobsched.domain.state import last_try, launch_of, needs_removal
from jobsched.engine import answer
from jobsched.engine.begin import begin
from jobsched.engine.call import USUAL, call
from jobsched.engine.failed import given_up
from jobsched.engine.inspect import inspected
from jobsched.engine.observe import WaitsInLine, intend, observe, recorded
from jobsched.engine.order import container_name
from jobsched.engine.parts import Parts
from jobsched.engine.place import Place
from jobsched.engine.seen import gone, of_container, surely_unused
from jobsched.errors import OperationFailed, StaleWrite

NO_ANSWER = "its time had come and the machine does not answer; it may have run"


async def terminate(parts: Parts, job: Job, command: Command) -> Job:
    """Save that it is not wanted, remove containers where it outlives them, terminate it."""
    if _may_run_unknown_to_us(job, command, parts.now):
        news = await _looked_at(parts, job, command)
        if news is not None:
            return await observe(parts, job, news)
    place = Place.of(job, command)
    if not place.launch.released_at:
        job = await _released(parts, job, command)
        if _is_evidence(job, command):
            job = await _kept_for_sure(parts, job)
            if not _is_over(job, place):
                # the store has forgotten that, and perhaps more: decide anew
                return job
        place = Place.of(job, command)
    launch, instance = place.launch, place.launch.instance
    if instance is None:
        return job
    if needs_removal(launch):
        # the record may be at its next attempt by then, whose launch has the same number
        job = await _removed(parts, job, command)
    if launch.gone_at:
        return job
    provider = parts.registry.provider(job.spec.provider)
    what = f"{provider.name}.terminate"
    status = await call(parts, what, lambda: provider.terminate(instance), answer.instance_status)
    if status.phase == "gone":
        return await _gone(parts, job, gone(place, parts.now, status))
    return await observe(parts, job, facts.Terminated(**place.of_launch(parts.now)))


def _may_run_unknown_to_us(job: Job, command: Command, now: datetime) -> bool:
    """Whether a grant could have been lost with a store's last second, and the container run."""
    place = Place.of(job, command)
    launch = place.launch
    is_over = place.attempt.outcome or launch.released_at or launch.gone_at
    if is_over or now < place.attempt.plan.start_at:
        return False
    last = last_try(launch)
    return last is not None and not (last.granted_at or last.started_at or last.not_started_at)


async def _looked_at(parts: Parts, job: Job, command: Command) -> facts.Fact | None:
    """Look before the machine is given up for another; None: the container surely never started."""
    place = Place.of(job, command)
    try:
        status = await inspected(parts, job, place)
    except OperationFailed as error:
        status = ContainerStatus(phase="unknown", message=error.message)
    if surely_unused(job, status):
        return None
    if status.phase == "running":
        return facts.Started(**place.of_try(parts.now))
    fact = of_container(place, status, parts.now)
    return fact or given_up(parts, place.attempt, "outcome_unknown", NO_ANSWER)


def _is_evidence(job: Job, command: Command) -> bool:
    """Whether the machine shows that a container was granted its start, and how it ended."""
    launch = Place.of(job, command).launch
    return launch.instance is not None and may_have_started(launch)


async def _kept_for_sure(parts: Parts, job: Job) -> Job:
    """Read the record again once the store cannot lose any more what was saved until now.

    A store may lose its last second (`appendfsync everysec`). If that holds a start and all that
    came after it, the container is all that tells of its end.
    """
    await parts.services.clock.sleep(job.spec.limits.evidence.total_seconds())
    return await parts.store.read(job.id)


def _is_over(job: Job, place: Place) -> bool:
    """Whether the very launch is still given up in a record that was read again."""
    attempt = job.attempt
    if attempt is None or attempt.no != place.attempt.no:
        return False
    launch = launch_of(attempt, place.launch.no)
    return launch is not None and bool(launch.released_at or launch.gone_at)


async def _gone(parts: Parts, job: Job, fact: facts.Gone) -> Job:
    """Record it; where another machine is wanted, in one save, so that the slot passes on to it."""
    if due(recorded(job, fact), parts.now).command == Command(verb=Verb.PROVISION):
        try:
            return await begin(parts, job, fact)
        except WaitsInLine:
            await observe(parts, job, fact)
            raise
        except (StaleWrite, OperationFailed):
            # the decision is dropped, never the fact
            return await observe(parts, job, fact)
    return await observe(parts, job, fact)


async def _released(parts: Parts, job: Job, command: Command) -> Job:
    place = Place.of(job, command)
    launch = place.launch
    if launch.released_at or launch.gone_at:
        return job
    here = place.of_launch(parts.now)
    decided: list[facts.Fact] = [facts.Released(**here, why=command.why)]
    if launch.ending and not launch.logs_at:
        # money before logs
        decided.append(facts.LogsStored(**here, complete=False))
    return await intend(parts, job, *decided)


async def _removed(parts: Parts, job: Job, command: Command) -> Job:
    place = Place.of(job, command)
    runner = parts.registry.runner(job.spec.runner)
    for container in _containers(job, place):
        await call(
            parts,
            f"{runner.name}.remove",
            functools.partial(runner.remove, place.machine, container),
            answer.nothing,
            within=job.spec.grace + USUAL,
        )
    return await observe(parts, job, facts.Removed(**place.of_launch(parts.now)))


def _containers(job: Job, place: Place) -> list[Container]:
    """Give all that may be on the machine, with one whose creation was not answered."""
    known = [one.container for one in place.launch.tries if one.container]
    name = container_name(job, place.attempt, place.launch, place.no + 1)
    return [*known, Container(name=name)]


__all__ = ["terminate"]
