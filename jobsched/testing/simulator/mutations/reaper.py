"""Rules of the reaper, and of the word that lets a machine end itself: in doubt, it is spared."""

from __future__ import annotations

from typing import Any

from jobsched.contracts.provider import OwnedMachine
from jobsched.domain.job import Instance, JobId
from jobsched.engine.orphan import Orphan
from jobsched.errors import Gone, Unavailable, UnreadableRecord
from jobsched.testing.simulator.aim import Aim
from jobsched.testing.simulator.mutations.mutation import Mutation
from jobsched.testing.simulator.mutations.patch import Patch, always

#: where EC2 is really asked by a tag, and what holds that
FILTERS = "the filters in machines.py and volumes.py of ec2_spot: test_on_fake.py, test_volumes.py"


def _unread_is_unknown(judged: Any) -> Any:
    async def broken(parts: Any, machine: Any) -> Any:
        try:
            await parts.store.read(JobId(machine.job))
        except UnreadableRecord:
            return Orphan(machine=machine, why="no_record")
        return await judged(parts, machine)

    return broken


def _with_a_stranger(owned: Any) -> Any:
    async def also(provider: Any) -> Any:
        stranger = OwnedMachine(instance=Instance(id="stranger"), phase="running", token="", job="")
        return [*await owned(provider), stranger]

    return also


def _whoever_it_is(job_of: Any) -> Any:
    return lambda machine: job_of(machine) or JobId("nobody")


def _doubt_is_over(receive: Any) -> Any:
    async def broken(parts: Any, **said: Any) -> Any:
        try:
            return await receive(parts, **said)
        except Unavailable as error:
            raise Gone("it is in doubt") from error

    return broken


REAPER = (
    Mutation(
        name="reaper ends young machines",
        broken="a machine that no record knows is ended at once, however young it is",
        caught_by=("right machine",),
        lossy=True,
        aim=Aim(faults={"worker stands still": 20}),
        patches=(Patch(where="jobsched.engine.orphan:Orphan.is_ripe", make=always(given=True)),),
        worlds=400,
    ),
    Mutation(
        name="reaper ends what it cannot read",
        broken="a machine whose job's record cannot be read is no job's",
        caught_by=("right machine",),
        aim=Aim(faults={"record unreadable": 2}),
        patches=(Patch(where="jobsched.engine.reap:_judged", make=_unread_is_unknown),),
    ),
    Mutation(
        name="reaper ends strangers",
        broken="a machine that carries our mark and no launch's token is ended",
        caught_by=("right machine",),
        also=(
            Patch(
                where="jobsched.testing.model_ec2.provider:ModelProvider.owned",
                make=_with_a_stranger,
            ),
        ),
        aim=Aim(),
        patches=(Patch(where="jobsched.engine.reap:job_of", make=_whoever_it_is),),
    ),
    Mutation(
        name="reaper ignores the deployment",
        broken="machines and disks are listed whosever they are, and not by our deployment's tag",
        held_by=FILTERS,
        caught_by=("right machine",),
        aim=Aim(),
        patches=(Patch(where="jobsched.testing.model_ec2.view:is_of", make=always(given=True)),),
    ),
    Mutation(
        name="410 in doubt",
        broken="a machine that asks while the store does not answer is told that it may go",
        caught_by=("right machine",),
        aim=Aim(faults={"store's question lost": 10}),
        patches=(
            Patch(where="jobsched.engine.callback:receive", make=_doubt_is_over, everywhere=True),
        ),
    ),
)

__all__ = ["REAPER"]
