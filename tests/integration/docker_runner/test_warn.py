"""A container is told what becomes of its machine, on a real engine."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobsched.contracts.runner import INTERRUPTION_FILE, MachineWarning
from jobsched.domain.job import Container, Instance
from jobsched.errors import RunnerFailed
from tests.integration.docker_runner.bench import Bench

pytestmark = pytest.mark.docker
AT = datetime(2030, 1, 1, 12, tzinfo=UTC)
TAKEN = AT + timedelta(minutes=2)
INTERRUPTION = MachineWarning(kind="interruption", deadline=TAKEN, noticed_at=AT)
RISK = MachineWarning(kind="rebalance", noticed_at=AT)
#: runs until it is asked to end, and tells then what its file says
TELLS = (
    f"trap 'cat \"${INTERRUPTION_FILE}\"; exit 7' TERM; echo ready; while :; do sleep 0.05; done"
)


async def ready(bench: Bench, script: str = TELLS, **fields: Any) -> Container:
    """A container that has begun its work."""
    container = await bench.started(bench.shell(script, **fields))
    async for _ in bench.runner.logs(bench.machine, container, follow=True):
        break
    return container


async def looks(bench: Bench, container: Container, *command: str) -> str:
    """Run a command in it, and give what it said."""
    made = bench.engine.exec_create(container.id, [*command])
    return bytes(bench.engine.exec_start(made["Id"])).decode()


@pytest.mark.parametrize(
    "fields",
    [{}, {"options": {"read_only": True}}, {"options": {"read_only": True, "user": "1000:1000"}}],
    ids=["plain", "read-only", "read-only, as a user"],
)
async def test_a_job_tells_its_deadline_when_it_is_asked_to_end(
    bench: Bench, fields: dict[str, Any]
) -> None:
    """Warned, then stopped: what the job reads is what was said; its own code is kept."""
    container = await ready(bench, **fields)
    await bench.runner.warn(bench.machine, container, INTERRUPTION)
    await bench.runner.stop(bench.machine, container, timedelta(seconds=8))

    ready_line, told = (await bench.output(container)).splitlines()
    assert (ready_line, told) == (b"ready", INTERRUPTION.document)
    assert json.loads(told)["deadline"] == "2030-01-01T12:02:00+00:00"
    assert (await bench.inspect(container)).code == 7


async def test_every_user_of_the_container_may_read_it(bench: Bench) -> None:
    """Folders that can be entered, and a file that can be read; of today, and not of 1970."""
    container = await ready(bench, options={"user": "1000:1000"})
    await bench.runner.warn(bench.machine, container, RISK)

    seen = await looks(bench, container, "stat", "-c", "%a %n", "/run", "/run/jobsched")
    assert seen == "755 /run\n755 /run/jobsched\n"
    seen = await looks(bench, container, "stat", "-c", "%a %Y", "/run/jobsched/interruption.json")
    mode, changed = seen.split()
    assert mode == "644"
    assert int(changed) > AT.timestamp() - timedelta(days=4000).total_seconds()


async def test_what_the_image_has_at_run_stays_as_it_is(bench: Bench) -> None:
    """A ``/run`` of the image, or a link there, keeps what it is and what is in it."""
    script = f"mkdir -m 700 /other; touch /other/a; ln -s other /run; {TELLS}"
    container = await ready(bench, script)
    await bench.runner.warn(bench.machine, container, RISK)

    assert await looks(bench, container, "readlink", "/run") == "other\n"
    assert await looks(bench, container, "ls", "/other") == "a\njobsched\n"
    assert await looks(bench, container, "stat", "-c", "%a", "/other") == "700\n"
    told = await looks(bench, container, "cat", "/run/jobsched/interruption.json")
    assert told.encode() == RISK.document


async def test_a_later_warning_is_what_is_read(bench: Bench) -> None:
    """The risk comes first; a container that has both reads of its deadline."""
    container = await ready(bench)
    for warning in (RISK, INTERRUPTION):
        await bench.runner.warn(bench.machine, container, warning)
    told = await looks(bench, container, "cat", "/run/jobsched/interruption.json")
    assert told.encode() == INTERRUPTION.document


async def test_there_is_nobody_left_to_warn(bench: Bench) -> None:
    """Ended, or removed: no error, and no other end."""
    container = await bench.started(bench.shell("exit 3"))
    await bench.ended(container)
    await bench.runner.warn(bench.machine, container, INTERRUPTION)
    assert (await bench.inspect(container)).code == 3
    await bench.runner.remove(bench.machine, container)
    await bench.runner.warn(bench.machine, container, INTERRUPTION)


async def test_another_engine_is_not_taken_for_a_container_that_is_gone(bench: Bench) -> None:
    """Where another machine answers, the container was not told."""
    container = await bench.prepared(bench.order("true"))
    elsewhere: Instance = bench.elsewhere(host_id="another")
    with pytest.raises(RunnerFailed, match="in the place of"):
        await bench.runner.warn(elsewhere, container, INTERRUPTION)


async def test_a_removal_takes_the_volume_along(bench: Bench) -> None:
    """A read-only container leaves nothing behind on a machine that lives on."""
    container = await ready(bench, options={"read_only": True})
    (mount,) = bench.engine.inspect_container(container.id)["Mounts"]
    assert (mount["Type"], mount["Destination"]) == ("volume", "/run/jobsched")
    await bench.runner.remove(bench.machine, container)
    names = [one["Name"] for one in bench.engine.volumes()["Volumes"] or []]
    assert mount["Name"] not in names
