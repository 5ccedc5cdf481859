"""What the model is made of, and that it is the same each time."""

import asyncio
import contextlib
import math
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import pytest

from jobsched.domain.job import Instance, Job
from jobsched.domain.state import state_of
from jobsched.errors import OperationFailed
from jobsched.testing.fakes import FakeMachine, FakeRunner
from jobsched.testing.model_ec2 import CALM, FAULTS, ModelEc2, ModelProvider
from jobsched.testing.simulator import Cast, Simulation, violations
from jobsched.testing.simulator.machines import Machines
from jobsched.testing.virtual_time import run
from tests.unit.testing.model_ec2.asking import Scene, token, virtual


class Weather:
    """Chance with a seed; after a time nothing goes wrong any more."""

    def __init__(self, seed: int, heat: float, calm_at: float = math.inf) -> None:
        self._calm_at = calm_at
        self._random = random.Random(seed).random  # noqa: S311 - the same each time
        self._heat = heat
        self.struck: Counter[str] = Counter()

    def strikes(self, name: str) -> bool:
        """Strike by the chance that the catalogue names."""
        is_calm = asyncio.get_running_loop().time() > self._calm_at
        happens = self._random() < FAULTS[name] * self._heat and not is_calm
        self.struck[name] += happens
        return happens

    def between(self, least: float, most: float) -> float:
        """Give some number in between."""
        return least + (most - least) * self._random()


def test_the_model_needs_neither_moto_nor_boto3() -> None:
    """Nor pytest: it is part of the product."""
    script = "import jobsched.testing.model_ec2, sys; "
    script += "assert not {'moto', 'boto3', 'botocore', 'pytest'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_calm_is_without_faults() -> None:
    """Nothing strikes, and each number is the least."""
    assert not any(CALM.strikes(name) for name in FAULTS)
    assert CALM.between(2, 3) == 2


@virtual
async def test_what_vanished_is_looked_at_no_more() -> None:
    """However many machines there were, those of the last hour are gone through."""
    scene = Scene()
    for number in range(1, 30):
        await scene.provider.terminate(await scene.launched(number))
        await scene.world.clock.sleep(600)
        await scene.provider.owned()
    assert len(scene.ec2.cloud.machines) == len(scene.ec2.cloud.volumes) <= 7
    assert len(scene.world.machines) == 29
    assert scene.world.machines.on == {}
    assert await scene.provider.find(token()) is None


@virtual
async def test_every_fault_of_the_catalogue_strikes() -> None:
    """Whoever makes all the calls, and some of them again, meets each one."""
    scene = Scene()
    weather = scene.ec2.chance = Weather(1, heat=6.0)
    for number in range(90):
        request = await scene.frozen(number)
        for _ in range(3):
            await tried(scene.provider.provision(request))
        await scene.world.clock.sleep(600)
        for one in scene.world.alive():
            for _ in range(2):
                await tried(scene.provider.terminate(Instance(id=one.id)))
        await tried(scene.provider.find(token(number)))
        await tried(scene.provider.describe_all({}))
        await tried(scene.provider.owned())
        await scene.world.clock.sleep(150)
        await tried(scene.provider.provision(request))
        await tried(scene.provider.remove_leftovers())
    assert {name for name in FAULTS if not weather.struck[name]} == set()


async def tried(call: Coroutine[Any, Any, object]) -> None:
    """Make a call, whatever comes of it."""
    with contextlib.suppress(OperationFailed):
        await call


@pytest.mark.timeout(60)
def test_jobs_end_whatever_goes_wrong() -> None:
    """The production engine on the model: no promise is broken."""
    struck, broken, jobs, _ = run(storm(1, jobs=20))
    assert broken == []
    assert all(state_of(job).is_terminal for job in jobs)
    assert sum(struck.values()) > 50


@pytest.mark.timeout(60)
def test_the_same_seed_gives_the_same_history() -> None:
    """Each machine ends at the same time, as the same one."""
    first, second = run(storm(2, jobs=4))[3], run(storm(2, jobs=4))[3]
    assert len(first) >= 4
    assert first == second


async def storm(seed: int, *, jobs: int) -> tuple[Counter[str], list[str], list[Job], list[object]]:
    """Give what struck, what was broken, the jobs, and what became of the machines."""
    simulation = await Simulation.begin(reap_every=60.0)
    simulation.world.says_ready = simulation.world.has_dead_man = True
    weather = Weather(seed, heat=5.0, calm_at=7200.0)
    ec2 = ModelEc2(simulation.world, weather)
    ec2.on_launch = Machines(simulation).boot
    history: list[object] = []
    follows = ec2.world.on_end
    assert follows

    def ended(body: FakeMachine) -> None:
        history.append((simulation.clock.monotonic(), body.id, body.token))
        follows(body)

    ec2.world.on_end = ended
    simulation.cast = Cast(provider=ModelProvider(ec2), runner=FakeRunner(simulation.world))
    retry = {"max_attempts": 5}
    ids = [await simulation.schedule(after=60.0 * n, retry=retry) for n in range(jobs)]
    async with asyncio.timeout(24 * 3600), simulation.worker(), simulation.worker():
        found = await simulation.ended(*ids, within=12 * 3600)
        await simulation.clock.sleep(1800)
    return weather.struck, violations(simulation, found), found, history
