"""A whole job on an author's parts: the production engine and dispatch, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from jobsched.contracts.callback import CallbackAction
from jobsched.contracts.log_store import LogStore
from jobsched.contracts.planner import Planner
from jobsched.contracts.provider import Provider
from jobsched.contracts.runner import Runner
from jobsched.domain.job import Access
from jobsched.errors import InvalidInput
from jobsched.testing.casting import cast_of
from jobsched.testing.clock import FakeClock
from jobsched.testing.fakes import FakeWorld
from jobsched.testing.simulated import SimulatedIds
from jobsched.testing.story import JobDidNotEnd, PluginRaised, Post, Ran, Story
from jobsched.testing.virtual_time import run


class RunJob:
    """The fixture ``run_job``: call it as often as you like; time goes on from job to job."""

    def __init__(self, clock: FakeClock, world: FakeWorld) -> None:
        self._clock = clock
        self._world = world
        self._ids = SimulatedIds()

    def __call__(
        self,
        *,
        provider: Provider | None = None,
        runner: Runner | None = None,
        planner: Planner | None = None,
        log_store: LogStore | None = None,
        actions: Iterable[CallbackAction] = (),
        posts: Iterable[Post] = (),
        access: Access | None = None,
        within: timedelta | None = None,
        **asked: Any,
    ) -> Ran:
        """Run a job to its end, in virtual time, and say how it ended.

        Parts that are not given are imagined ones that fit the others, over the fixture
        ``fake_world``: set its ``code``, ``runs`` or ``output`` for another container.

        Time passes only when everybody waits: hours in milliseconds. So nothing may wait for the
        world outside. Calls that block (``services.spawn.pool(…).run``, ``asyncio.to_thread``) are
        made inline; a coroutine that waits for a socket or a process is overtaken by its time
        limit.

        Args:
            provider: the provider under test.
            runner: the runner under test.
            planner: the planner under test.
            log_store: the log store under test.
            actions: callback actions, besides ``update`` and ``terminate`` or in their place.
            posts: what each machine posts to ``POST /callback``, as pairs of action and fields:
                ``update`` as soon as the machine is there, all others once its container runs.
            access: how imagined machines are reached; None: by the first kind the runner names.
            within: how long after its schedule the job may end, in virtual time; None: its own
                ``late_limit`` and ``timeout``, and an hour.
            asked: as in ``POST /schedule``; times and spans may be Python's own. The schedule is
                now, and the image ``imagined``, unless you say otherwise.

        Raises:
            InvalidInput: what was asked for is refused at the door, or what was posted is.
            PluginRaised: a part raised what its contract does not allow.
            JobDidNotEnd: the job had not ended in its time.
        """
        __tracebackhide__ = True  # a failure is shown at the line of the test
        _refuse_in_a_loop()
        story = Story(
            cast=cast_of(
                self._world,
                provider=provider,
                runner=runner,
                planner=planner,
                log_store=log_store,
                actions=tuple(actions),
                access=access,
            ),
            world=self._world,
            ids=self._ids,
            asked=asked,
            posts=tuple(posts),
            within=within,
        )
        try:
            return self._in_virtual_time(story)
        except (InvalidInput, JobDidNotEnd, PluginRaised) as error:
            # the way through the loop tells an author nothing
            failure = error.with_traceback(None)
        raise failure

    def _in_virtual_time(self, story: Story) -> Ran:
        """Run on a loop that begins at the clock's time, and leave the clock where it ended."""
        passed = 0.0

        async def timed() -> Ran:
            nonlocal passed
            try:
                return await story.tell()
            finally:
                passed = asyncio.get_running_loop().time()

        try:
            return run(timed(), begin=self._clock.now())
        finally:
            self._clock.advance(passed)


def _refuse_in_a_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("run_job runs an event loop of its own: call it from a plain def test")


__all__ = ["RunJob"]
