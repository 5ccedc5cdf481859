"""`jobsched doctor` finds the machines that no record counts on, with their age and cost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jobsched import bootstrap
from jobsched.bootstrap.doctor.leaks import leaks_of
from jobsched.bootstrap.doctor.server import Server
from jobsched.contracts.check import Finding
from jobsched.contracts.provider import OwnedMachine
from jobsched.domain.job import Instance, Job
from jobsched.errors import ProviderFailed
from jobsched.testing.clock import FakeClock
from jobsched.testing.fakes import FakeProvider, FakeWorld
from tests.integration.store import samples
from tests.integration.store.beds import RedisBed

pytestmark = [pytest.mark.redis, pytest.mark.timeout(30)]

HOUR = timedelta(hours=1)


class Shown(FakeProvider):
    """A provider that lists what the test wants."""

    def __init__(self) -> None:
        super().__init__(FakeWorld(clock=FakeClock()))
        self.machines: list[Any] = []
        self.fails: Exception | None = None

    async def owned(self) -> Sequence[OwnedMachine]:
        """List them."""
        if self.fails:
            raise self.fails
        return self.machines


@pytest.fixture
async def bed(redis_url: str, tmp_path: Path) -> AsyncIterator[RedisBed]:
    """The store of the deployment d."""
    made = RedisBed(redis_url)
    environ = environ_of(redis_url, tmp_path)
    await bootstrap.init_store(bootstrap.configure(environ=environ))
    await made.start()
    yield made
    await made.close()


def environ_of(url: str, folder: Path, **who: str) -> dict[str, str]:
    """Give a configuration."""
    return {
        "JOBSCHED_REDIS_URL": url,
        "JOBSCHED_DATA_DIR": str(folder / "data"),
        "JOBSCHED_DEPLOYMENT": who.get("deployment", "d"),
        "JOBSCHED_SECRET": f"{who.get('secret', 'a-secret')}-of-many-letters-0123456789",
        "JOBSCHED_PLUGINS": "local,docker_runner",
    }


@pytest.fixture
def provider() -> Shown:
    """A provider."""
    return Shown()


async def looked(bed: RedisBed, folder: Path, provider: Shown, **who: str) -> Finding:
    """Look for leaks."""
    config = bootstrap.configure(environ=environ_of(bed.url, folder, **who))
    async with AsyncExitStack() as stack:
        check = leaks_of(Server(config, stack), config, provider)
        assert check.name == "leaks.fake"
        return await check.look()


async def launched(bed: RedisBed, number: int) -> Job:
    """Have a job with a launch."""
    job, now = samples.job(number), await bed.store.check()
    await bed.store.accept(job, look_again_at=now + HOUR)
    saved = await bed.store.save(job, samples.begun(job), look_again_at=now + HOUR, facts=[])
    return saved.job


def token_of(job: Job) -> str:
    """Give the token of a job's last launch."""
    assert job.attempt
    return job.attempt.launches[-1].token


async def machine(bed: RedisBed, name: str, *, age: timedelta = 2 * HOUR, **about: Any) -> Any:
    """Make a machine of that age."""
    launched_at: datetime = await bed.store.check() - age
    defaults = {"phase": "running", "launched_at": launched_at, "usd_per_hour": Decimal("0.096")}
    return OwnedMachine(instance=Instance(id=name), **{**defaults, **about})


async def test_machines_that_are_counted_on_are_no_leak(
    bed: RedisBed, tmp_path: Path, provider: Shown
) -> None:
    """Nor is one so young that its record may be behind, nor one that is ending."""
    job = await launched(bed, 1)
    provider.machines = [
        await machine(bed, "i-1", token=token_of(job), job=job.id, attempt=1),
        await machine(bed, "i-2", token="t", job=f"{2:032d}", age=timedelta(seconds=30)),
        await machine(bed, "i-3", token="t", job=f"{3:032d}", phase="going"),
    ]
    found = await looked(bed, tmp_path, provider)
    assert (found.verdict, "2 machines of fake are on" in found.sentence) == ("pass", True), found


async def test_a_machine_without_a_record_is_listed_with_age_and_cost(
    bed: RedisBed, tmp_path: Path, provider: Shown
) -> None:
    """As is one of a launch that is over, one past its end, and one of no launch at all."""
    over = await launched(bed, 1)
    late = await launched(bed, 3)
    await bed.store.save(
        over, samples.gone(samples.provisioned(over)), look_again_at=None, facts=[]
    )
    ended = await bed.store.check() - HOUR
    provider.machines = [
        await machine(bed, "i-none", token="t", job=f"{2:032d}", attempt=1),
        await machine(bed, "i-over", token=token_of(over), job=over.id, attempt=1),
        await machine(bed, "i-late", token=token_of(late), job=late.id, dies_at=ended),
        await machine(bed, "i-stray", usd_per_hour=None),
        await machine(bed, "i-old", launched_at=None),
        await machine(bed, "i-new", age=timedelta(minutes=7, seconds=5)),
    ]
    found = await looked(bed, tmp_path, provider)
    assert found.verdict == "fail"
    for words in (
        "6 of 6 machines of fake",
        "i-none (no record, 2.0 h, about 0.19 USD)",
        "i-over (launch over, 2.0 h",
        "i-late (past dies at, 2.0 h",
        "i-stray (it belongs to no launch, 2.0 h)",
        "i-old (it belongs to no launch, nobody knows since when)",
        "i-new (it belongs to no launch, 7 min, about 0.01 USD)",
        "workers end those of launches",
    ):
        assert words in found.sentence, found


async def test_nobody_ends_them_while_the_alarm_stands(
    bed: RedisBed, tmp_path: Path, provider: Shown
) -> None:
    """The reaper has refused to, or could not: the alarm says which, and what to do."""
    await bed.store.raise_alarm("reap:fake", "so many at once may be a mistake")
    provider.machines = [await machine(bed, "i-none", token="t", job=f"{2:032d}", attempt=1)]
    found = await looked(bed, tmp_path, provider)
    assert "workers end" not in found.sentence
    assert "see the alarm reap:fake" in found.sentence


async def test_many_leaks_fit_into_a_sentence(
    bed: RedisBed, tmp_path: Path, provider: Shown
) -> None:
    """The first ones, and how many more there are."""
    provider.machines = [await machine(bed, f"i-{number:017d}") for number in range(60)]
    found = await looked(bed, tmp_path, provider)
    assert "60 of 60 machines" in found.sentence
    assert "50 more" in found.sentence
    assert len(found.sentence) <= 1000


async def test_what_cannot_be_told_is_unknown(
    bed: RedisBed, tmp_path: Path, provider: Shown
) -> None:
    """A provider that does not answer, a record that cannot be read, a store of others."""
    for error, words in (
        (ProviderFailed("no_answer", "it does not answer", effect="unknown"), "does not answer"),
        (TypeError("a bug"), "fake.owned failed: TypeError"),
    ):
        provider.fails = error
        found = await looked(bed, tmp_path, provider)
        assert (found.verdict, words in found.sentence) == ("unknown", True), found
    provider.fails = None
    job = await launched(bed, 1)
    provider.machines = [await machine(bed, "i-1", token="t", job=job.id, attempt=1)]
    for who in ({"deployment": "other"}, {"secret": "another"}):
        theirs = await looked(bed, tmp_path, provider, **who)
        assert (theirs.verdict, "see the check redis.deployment" in theirs.sentence) == (
            "unknown",
            True,
        ), theirs
    assert (await looked(bed, tmp_path, provider)).verdict == "fail"
    await bed.spoil(job.id)
    found = await looked(bed, tmp_path, provider)
    assert (found.verdict, "cannot be read" in found.sentence) == ("unknown", True), found
    provider.machines.append("i-2")
    found = await looked(bed, tmp_path, provider)
    assert (found.verdict, "does not list them" in found.sentence) == ("unknown", True), found
