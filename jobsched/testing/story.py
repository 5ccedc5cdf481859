"""One job from the door to its end, with a worker at work."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from marshmallow import ValidationError

from jobsched.contracts.runner import Runner
from jobsched.domain.job import Job, JobId
from jobsched.domain.state import State, current, state_of
from jobsched.engine.call import PluginBug
from jobsched.engine.callback import receive
from jobsched.engine.parts import Parts
from jobsched.engine.submit import submit
from jobsched.errors import InvalidInput
from jobsched.schemas import job as job_schema
from jobsched.schemas.duration import human
from jobsched.schemas.error import by_field
from jobsched.store.keepable import NotKeepable
from jobsched.testing.fakes import FakeProvider, FakeRunner, FakeWorld
from jobsched.testing.fitting import Counted
from jobsched.testing.kept_log import Bug, KeptLog
from jobsched.testing.ran import Ran, ran
from jobsched.testing.simulated import SimulatedIds
from jobsched.testing.simulator import Cast, Simulation
from jobsched.testing.simulator.machines import Machines
from jobsched.testing.standing import standing
from jobsched.testing.virtual_time import VirtualClock

#: what a machine posts: an action, and the fields besides those that say who it is
Post = tuple[str, Mapping[str, Any]]
#: for boots and ends, beside a job's own limits
SPARE = timedelta(hours=1)


class JobDidNotEnd(AssertionError):
    """The job had not ended in its time; the message says where it stands, and why."""


class PluginRaised(AssertionError):
    """A part raised or gave what its contract does not allow; the cause is the exception."""


@dataclass(slots=True, kw_only=True)
class Story:
    """What shall happen."""

    cast: Cast
    #: where machines and containers are that are imagined
    world: FakeWorld
    ids: SimulatedIds
    asked: Mapping[str, Any]
    posts: tuple[Post, ...]
    within: timedelta | None
    #: attempt, launch and post that were posted
    _posted: set[tuple[int, int, int]] = field(default_factory=set)

    async def tell(self) -> Ran:
        """Let it happen, in virtual time; see `RunJob` for what is raised."""
        log = KeptLog(VirtualClock())
        counted = Counted(self.cast.runner)
        simulation = _simulation(self, cast("Runner", counted), log)
        await simulation.store().stamp("simulated")
        parts = simulation.parts()
        async with simulation.worker():
            job_id = (await submit(parts, self._wish(parts.now))).id
            job = await self._ended(simulation, parts, job_id, log)
            _raise_bug(log)
            return await ran(
                parts,
                job,
                starts=counted.starts.total(),
                changes=simulation.store_world.changes,
                said=log.told(),
            )

    def _wish(self, now: datetime) -> dict[str, Any]:
        """Read what was asked for as ``POST /schedule`` reads its body."""
        body = {"schedule": now, "docker_image": "imagined", **self.asked}
        try:
            return job_schema.load(_posted(body), now=now)
        except ValidationError as error:
            errors = by_field(error.messages)
            said = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in errors.items())
            raise InvalidInput(f"the job is refused: {said}", errors=errors) from None

    async def _ended(
        self, simulation: Simulation, parts: Parts, job_id: JobId, log: KeptLog
    ) -> Job:
        job = await parts.store.read(job_id)
        within = self.within or job.spec.late_limit + job.spec.timeout + SPARE
        left = job.spec.schedule + within - parts.now
        try:
            async with asyncio.timeout(left.total_seconds()):
                while not state_of(job).is_terminal:
                    _raise_bug(log)
                    changed = simulation.store_world.changed
                    await self._post(parts, job)
                    await _either(changed, log)
                    job = await parts.store.read(job_id)
        except TimeoutError:
            stands = standing(await parts.store.read(job_id), parts.now, log.told())
            sentence = f"the job has not ended {human(within)} after its schedule"
            raise JobDidNotEnd(f"{sentence}\n{stands}") from None
        return job

    async def _post(self, parts: Parts, job: Job) -> None:
        """Post what the current machine has to say by now, each thing once."""
        launch = current(job.attempt) if job.attempt else None
        if job.attempt is None or launch is None or launch.instance is None:
            return
        runs = state_of(job) is State.RUNNING
        token = parts.secrets.callback_token(job.id, job.attempt.no, launch.no)
        for number, (action, payload) in enumerate(self.posts):
            key = (job.attempt.no, launch.no, number)
            if key in self._posted or not (runs or action == "update"):
                continue
            self._posted.add(key)
            try:
                await receive(
                    parts,
                    action=action,
                    job_id=job.id,
                    instance_id=launch.instance.id,
                    payload=dict(payload),
                    token=token,
                )
            except PluginBug:
                return  # it is in the log, with its exception


def _simulation(story: Story, runner: Runner, log: KeptLog) -> Simulation:
    provider = story.cast.provider
    imagined = provider if isinstance(provider, FakeProvider) else FakeProvider(story.world)
    simulation = Simulation(
        world=imagined.world,
        provider=imagined,
        runner=FakeRunner(imagined.world),
        log=log,
        cast=replace(story.cast, runner=runner),
        through_codec=True,
        ids=story.ids,
    )
    imagined.on_launch = imagined.on_launch or Machines(simulation).boot
    return simulation


async def _either(changed: asyncio.Event, log: KeptLog) -> None:
    """Wait for the next change of the store, or for a bug."""
    change = asyncio.ensure_future(changed.wait())
    try:
        both: set[asyncio.Future[Any]] = {change, log.bug}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        change.cancel()


def _raise_bug(log: KeptLog) -> None:
    if log.bug.done():
        bug = log.bug.result()
        raise PluginRaised(_sentence(bug)) from bug.error


def _sentence(bug: Bug) -> str:
    if isinstance(bug.error, NotKeepable):
        return f"{bug.where} gave {bug.error}\n  Its contract says what it must give."
    last = traceback.extract_tb(bug.error.__traceback__)[-1]
    return (
        f"{bug.where} raised {type(bug.error).__name__}: {bug.error}\n"
        f"  at {last.filename}:{last.lineno} in {last.name}\n"
        "  Raise OperationFailed (ProviderFailed, RunnerFailed, LogStoreFailed) for what can be "
        "expected to fail; anything else is a bug."
    )


def _posted(value: Any) -> Any:
    """Give a value as it would be posted: JSON."""
    match value:
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {key: _posted(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_posted(inner) for inner in value]
        case _:
            return value


__all__ = ["JobDidNotEnd", "PluginRaised", "Post", "Story"]
