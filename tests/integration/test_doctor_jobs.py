"""`jobsched doctor` on a store whose indexes and records were damaged, and what `--fix` does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from jobsched import bootstrap
from jobsched.bootstrap import doctor
from jobsched.bootstrap.doctor import Result
from jobsched.cli.main import cli
from jobsched.contracts.provider import Caps
from jobsched.domain.job import Job
from jobsched.store.port import Halted
from tests.integration.store import damage, samples
from tests.integration.store.beds import RedisBed

pytestmark = [pytest.mark.redis, pytest.mark.timeout(30)]

HOUR = timedelta(hours=1)


@pytest.fixture
def environ(redis_url: str, tmp_path: Path) -> dict[str, str]:
    """A deployment on the shared server."""
    return {
        "JOBSCHED_REDIS_URL": redis_url,
        "JOBSCHED_DATA_DIR": str(tmp_path / "data"),
        "JOBSCHED_DEPLOYMENT": "d",
        "JOBSCHED_SECRET": "a-secret-of-many-letters-0123456789",
        "JOBSCHED_PLUGINS": "local,docker_runner",
    }


@pytest.fixture
async def bed(redis_url: str, environ: dict[str, str]) -> AsyncIterator[RedisBed]:
    """Its store."""
    await bootstrap.init_store(bootstrap.configure(environ=environ))
    made = RedisBed(redis_url)
    await made.start()
    yield made
    await made.close()


async def accepted(bed: RedisBed, number: int, *, due: timedelta = HOUR) -> Job:
    """Accept a job that is due in that time."""
    job = samples.job(number)
    await bed.store.accept(job, look_again_at=await bed.store.check() + due)
    return job


async def looked(environ: dict[str, str], *only: str, fix: bool = False) -> dict[str, Result]:
    """Give what the checks find, by name."""
    found = doctor.examine(environ=environ, only=only, fix=fix)
    return {one.check: one async for one in found}


def is_well(result: Result) -> bool:
    """Whether it is a pass."""
    return result.verdict == "pass"


async def staged(bed: RedisBed) -> dict[str, Job]:
    """Have a job for each kind of damage."""
    jobs = {kind: await accepted(bed, number) for number, kind in enumerate(damage.KINDS)}
    later = await bed.store.check() + HOUR

    async def save(kind: str, after: Job, caps: Caps | None = None) -> None:
        await bed.store.save(
            *(jobs[kind], after), look_again_at=later, facts=[], caps=caps, waiting_until=later
        )

    await save("ended", samples.decided(jobs["ended"]))
    await save("slot", samples.begun(jobs["slot"]))
    await save("line", samples.begun(jobs["line"]), Caps(alive=1))
    return jobs


@pytest.mark.parametrize("kind", damage.KINDS)
async def test_an_index_that_is_wrong_is_told_and_repaired(
    bed: RedisBed, environ: dict[str, str], kind: str
) -> None:
    """The first look names it and changes nothing; `--fix` puts it right, and it stays so (A7)."""
    jobs = await staged(bed)
    assert is_well((await looked(environ, "jobs.index"))["jobs.index"])
    await bed.damage(kind, jobs[kind].id)
    before = await bed.snapshot()
    told = (await looked(environ, "jobs.index"))["jobs.index"]
    assert (told.verdict, f"of {damage.KINDS[kind]}" in told.sentence) == ("warn", True), told
    assert jobs[kind].id in told.sentence
    assert "--fix" in told.sentence
    assert await bed.snapshot() == before
    fixed = (await looked(environ, "jobs.index", fix=True))["jobs.index"]
    assert (fixed.verdict, "repaired" in fixed.sentence) == ("pass", True), fixed
    assert "are right" in (await looked(environ, "jobs.index"))["jobs.index"].sentence


async def test_a_record_that_no_list_has_is_found(bed: RedisBed, environ: dict[str, str]) -> None:
    """It is looked for among the records, and not only in what points at them."""
    job = await accepted(bed, 1)
    await bed.raw.delete("jobsched:jobs", "jobsched:jobs:scheduled", "jobsched:due:1")
    assert (await looked(environ, "jobs.index"))["jobs.index"].verdict == "warn"
    await looked(environ, "jobs.index", fix=True)
    assert [one.id for one in (await bed.store.list()).jobs] == [job.id]
    assert [one.id for one in (await bed.store.claim("w", most=9, lease=HOUR)).jobs] == [job.id]


async def test_what_waits_for_a_worker_is_told(bed: RedisBed, environ: dict[str, str]) -> None:
    """Jobs that are due for minutes, and leases that are as long over; with how many workers."""
    assert is_well((await looked(environ, "jobs.overdue"))["jobs.overdue"])
    job = await accepted(bed, 1, due=timedelta(minutes=-3))
    told = (await looked(environ, "jobs.overdue"))["jobs.overdue"]
    assert (told.verdict, job.id in told.sentence) == ("warn", True), told
    assert "start one: jobsched worker" in told.sentence
    await bed.store.see_worker("w", lease=HOUR)
    told = (await looked(environ, "jobs.overdue"))["jobs.overdue"]
    assert "1 workers live: look at their log" in told.sentence


async def test_a_record_that_cannot_be_read_is_told(bed: RedisBed, environ: dict[str, str]) -> None:
    """`--fix` takes it out of quarantine as soon as it can be read, and no sooner (Q11)."""
    job = await accepted(bed, 1)
    whole = await bed.spoil(job.id)
    await bed.store.wake(job.id)
    await bed.store.claim("w", most=1, lease=HOUR)
    for fix in (False, True):
        told = (await looked(environ, "jobs.quarantine", fix=fix))["jobs.quarantine"]
        assert (told.verdict, job.id in told.sentence) == ("warn", True), told
    await bed.spoil(job.id, whole)
    assert (await looked(environ, "jobs.quarantine"))["jobs.quarantine"].verdict == "warn"
    fixed = (await looked(environ, "jobs.quarantine", fix=True))["jobs.quarantine"]
    assert (fixed.verdict, f"taken out of quarantine: {job.id}" in fixed.sentence) == ("pass", True)
    assert is_well((await looked(environ, "jobs.quarantine"))["jobs.quarantine"])


async def test_a_broken_record_that_no_worker_has_met_is_told(
    bed: RedisBed, environ: dict[str, str]
) -> None:
    """Each is read as the doctor goes past it; it changes nothing, nor counts one twice (Q11)."""
    jobs = [await accepted(bed, number) for number in range(3)]
    for job, document in zip(jobs, (b'{"id": 7}', b"\xff\x00"), strict=False):
        await bed.spoil(job.id, document)
    await bed.renew_schema(jobs[2].id)
    before = await bed.snapshot()
    told = (await looked(environ, "jobs.index"))["jobs.index"]
    assert (told.verdict, "cannot be read" in told.sentence) == ("warn", True), told
    assert [one.id in told.sentence for one in jobs] == [True, True, False]
    assert await bed.snapshot() == before
    for job in jobs[:2]:
        await bed.store.wake(job.id)
    await bed.store.claim("w", most=9, lease=HOUR)
    found = await looked(environ, "jobs.index", "jobs.quarantine")
    assert "met by no worker" not in found["jobs.index"].sentence
    assert "2 records cannot be read" in found["jobs.quarantine"].sentence


async def test_alarms_and_halts_that_stand_are_told(bed: RedisBed, environ: dict[str, str]) -> None:
    """With what an operator is to do."""
    found = await looked(environ, "alarms", "halted")
    assert {one.verdict for one in found.values()} == {"pass"}
    await bed.store.raise_alarm("reap:fake", "it wants 12 of 20 machines")
    why = Halted(reason="quota", message="no more", job=samples.job(1).id, at=samples.START)
    await bed.store.halt("fake", why)
    found = await looked(environ, "alarms", "halted")
    alarms, halted = found["alarms"], found["halted"]
    assert (alarms.verdict, "12 of 20 machines" in alarms.sentence) == ("warn", True), alarms
    assert (halted.verdict, "jobsched resume fake" in halted.sentence) == ("fail", True), halted


async def test_a_store_of_others_is_not_looked_at(bed: RedisBed, environ: dict[str, str]) -> None:
    """Nor put right, whatever is asked for."""
    job = await accepted(bed, 1)
    await bed.damage("due", job.id)
    before = await bed.snapshot()
    theirs = {**environ, "JOBSCHED_DEPLOYMENT": "other"}
    found = await looked(theirs, "jobs", "alarms", "halted", fix=True)
    assert {one.verdict for one in found.values()} == {"unknown"}, found
    assert await bed.snapshot() == before


async def test_a_server_that_permits_no_scan_is_unknown(
    bed: RedisBed, environ: dict[str, str]
) -> None:
    """As others of its rights: it could not be looked at, which is neither well nor wrong."""
    raw: Any = bed.raw
    await raw.execute_command("ACL", "SETUSER", "nobody", "on", ">w", "~*", "&*", "+@all", "-scan")
    url = environ["JOBSCHED_REDIS_URL"].replace("unix://", "unix://nobody:w@")
    try:
        found = await looked({**environ, "JOBSCHED_REDIS_URL": url}, "jobs.index")
    finally:
        await raw.execute_command("ACL", "DELUSER", "nobody")
    assert found["jobs.index"].verdict == "unknown", found


def test_the_command_repairs_only_when_it_is_told_to(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`jobsched doctor --fix`, with the exit code of what is left."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    async def damaged() -> None:
        await bootstrap.init_store(bootstrap.configure(environ=environ))
        bed = RedisBed(environ["JOBSCHED_REDIS_URL"])
        await bed.start()
        await bed.damage("due", (await accepted(bed, 1)).id)
        await bed.close()

    asyncio.run(damaged())
    command = ["doctor", "--json", "--only", "jobs.index"]
    codes, sentences = [], []
    for more in ([], ["--fix"], []):
        found = CliRunner().invoke(cli, [*command, *more])
        codes.append(found.exit_code)
        sentences.append(json.loads(found.stdout)["sentence"])
    assert codes == [1, 0, 0]
    assert sentences[1] == "repaired from the records: 1 of due"
