"""collect: stop the container if it still runs, then keep its logs."""

from __future__ import annotations

from typing import cast

from jobsched.contracts.runner import ContainerStatus, LogChunk
from jobsched.domain import deadlines, facts
from jobsched.domain.due import Command
from jobsched.domain.job import Job, StopReason
from jobsched.engine import answer, mask
from jobsched.engine.call import STORING, USUAL, ask, call
from jobsched.engine.inspect import inspected
from jobsched.engine.observe import intend, observe
from jobsched.engine.parts import Parts
from jobsched.engine.place import Place
from jobsched.engine.seen import of_container
from jobsched.errors import OperationFailed


async def collect(parts: Parts, job: Job, command: Command) -> Job:
    """Take one of the two steps: to the end of the container, or to the end of its logs."""
    place = Place.of(job, command)
    if place.launch.ending is None:
        return await _stopped(parts, job, command)
    complete = await _kept(parts, job, place)
    here = place.of_launch(parts.now)
    return await observe(parts, job, facts.LogsStored(**here, complete=complete))


async def _stopped(parts: Parts, job: Job, command: Command) -> Job:
    """Stop the container; one that ended by itself before keeps its own outcome."""
    place = Place.of(job, command)
    status = await inspected(parts, job, place)
    # a machine that does not answer is told to stop as well: the intent starts the clock of its end
    if status.phase in {"running", "unknown", "created"}:
        if place.launch.stopping_at is None:
            job = await intend(parts, job, *_stopping(parts, job, command, status))
            if command.why == "interruption":
                # told first: one that ends by itself because it was told is interrupted, too
                return job
        await _stop(parts, job, command)
        status = await inspected(parts, job, place)
    fact = of_container(place, status, parts.now)
    if fact is None or isinstance(fact, facts.Inspected):
        raise OperationFailed("machine_unreachable", "the container is not seen to have ended")
    return await observe(parts, job, fact)


def _stopping(
    parts: Parts, job: Job, command: Command, status: ContainerStatus
) -> list[facts.Fact]:
    """Give the intent, and with it that the container was seen to run, if it was."""
    place, why, now = Place.of(job, command), cast("StopReason", command.why), parts.now
    grace = deadlines.grace(job.spec, place.launch, why, now)
    stopping = facts.Stopping(**place.of_try(now), why=why, grace=grace)
    return [
        stopping,
        *([facts.Inspected(**place.of_try(now))] if status.phase == "running" else []),
    ]


async def _stop(parts: Parts, job: Job, command: Command) -> None:
    place, runner = Place.of(job, command), parts.registry.runner(job.spec.runner)
    grace = deadlines.left_of_grace(job.spec, place.launch, parts.now)
    # a machine that was taken away while its container ended gives no answer: nobody waits for it
    is_taken = place.launch.stopping == "interruption" and place.launch.interrupted_until
    await call(
        parts,
        f"{runner.name}.stop",
        lambda: runner.stop(place.machine, place.container, grace),
        answer.nothing,
        within=grace + (deadlines.RESERVE if is_taken else USUAL),
    )


async def _kept(parts: Parts, job: Job, place: Place) -> bool:
    """Copy the output, its secrets masked, into the log store within its time; False: not all."""
    runner, store = parts.registry.runner(job.spec.runner), parts.registry.log_store
    what = f"{runner.name}.logs"
    masked = mask.of_job(parts, job)

    async def keep(chunk: LogChunk) -> None:
        await call(
            parts,
            f"{store.name}.write",
            lambda: store.write(job.id, place.attempt.no, chunk.offset, chunk.data),
            answer.nothing,
            within=STORING,
        )

    def opened() -> object:
        return runner.logs(place.machine, place.container)

    async def copy() -> None:
        async for given in ask(parts, what, opened, answer.output):
            for piece in masked.through(answer.chunk(given)):
                await keep(piece)
        for piece in masked.rest():
            await keep(piece)

    try:
        await call(
            parts,
            what,
            copy,
            answer.nothing,
            within=deadlines.collecting(job.spec, place.launch, parts.now),
        )
    except OperationFailed as error:
        if error.reason == "time_out":
            return False
        raise
    return True


__all__ = ["collect"]
