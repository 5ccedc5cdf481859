"""The runner of plain processes, as far as no process is needed."""

import json
import os
import stat
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.runner import ContainerStatus, MachineWarning
from jobsched.domain.job import Access, Container, Instance, JobId
from jobsched.errors import RunnerFailed
from jobsched.plugins.process_runner import ProcessRunner, jobsched_runners, processes
from jobsched.plugins.process_runner.folder import Folder
from tests.unit.plugins.lent import LentServices
from tests.unit.plugins.process_runner.orders import ELSEWHERE, HERE, order

GRACE = timedelta(seconds=1)
RISK = MachineWarning(kind="rebalance", noticed_at=datetime(2030, 1, 1, tzinfo=UTC))


def write(services: LentServices, name: str, content: object) -> None:
    """Write a file of the container, as its shim would."""
    path = services.data_dir / "processes" / "jobsched-1" / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def names(services: LentServices) -> list[str]:
    """What is in the runner's directory."""
    return sorted(path.name for path in (services.data_dir / "processes").iterdir())


def shim_that_is_gone() -> dict[str, object]:
    """The grant of a shim whose number another process (this one) has by now."""
    return {"by": "start", "pid": os.getpid(), "birth": "1", "boot": processes.boot_id()}


def test_the_door(services: LentServices) -> None:
    """The plugin brings one runner, and is silent as long as it is not used."""
    (runner,) = jobsched_runners(services)

    assert (runner.name, runner.status_section) == ("process_runner", "process")
    assert runner.access == {"this_host"}
    assert runner.options_schema is None
    assert services.log.warnings() == []
    assert "NO ISOLATION" in (ProcessRunner.__doc__ or "").replace("WITHOUT ANY", "NO")


async def test_its_first_use_is_loud(services: LentServices, runner: ProcessRunner) -> None:
    """The first container makes it say once that it isolates nothing."""
    await runner.prepare(HERE, order("true"))
    await runner.prepare(HERE, order("true"))

    assert services.log.warnings() == ["process_runner.unisolated"]


def test_a_machine_needs_nothing(runner: ProcessRunner) -> None:
    """There is no boot script."""
    machine = MachineOrder(
        deployment="test", job=JobId("j"), attempt=1, launch=1, token="a", boot_script=""
    )
    assert runner.boot_script(machine) == ""


def test_status_has_always_the_same_keys(runner: ProcessRunner) -> None:
    """Before there is a container, and where its id was lost, the value is null."""
    assert runner.status(None) == {"container_id": None}
    assert runner.status(Container(name="a")) == {"container_id": None}
    assert runner.status(Container(name="a", id="b")) == {"container_id": "b"}


async def test_prepares_without_starting(services: LentServices, runner: ProcessRunner) -> None:
    """A container is created; the image is written down and otherwise ignored."""
    container = await runner.prepare(HERE, order("true"))

    assert container == Container(name="jobsched-1", id="jobsched-1", image="busybox")
    assert await runner.inspect(HERE, container) == ContainerStatus(phase="created")
    labels = json.loads((services.data_dir / "processes/jobsched-1/container.json").read_text())
    assert labels == {
        "deployment": "test",
        "job": "j" * 32,
        "attempt": 1,
        "launch": 1,
        "image": "busybox",
    }


async def test_the_same_name_gives_the_same_container(
    services: LentServices, runner: ProcessRunner
) -> None:
    """A repeat keeps what is there and leaves nothing beside it."""
    first = await runner.prepare(HERE, order("true"))
    second = await runner.prepare(HERE, order("false"))

    spec = json.loads((services.data_dir / "processes/jobsched-1/spec.json").read_text())
    assert first == second
    assert spec["command"] == ["true"]
    assert names(services) == ["jobsched-1"]


async def test_secrets_are_for_their_user_only(
    services: LentServices, runner: ProcessRunner
) -> None:
    """The environment is in one file of mode 0600 and not in what the core stores."""
    container = await runner.prepare(HERE, order("true", environment=("KEY=s3cret",)))

    folder = services.data_dir / "processes/jobsched-1"
    holding = [path for path in folder.iterdir() if path.is_file() and "s3cret" in path.read_text()]
    assert holding == [folder / "spec.json"]
    assert stat.S_IMODE(holding[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "s3cret" not in repr(container)


async def test_unfinished_containers_of_dead_workers_go(
    services: LentServices, runner: ProcessRunner
) -> None:
    """What a worker left half made may hold secrets; the next container clears it, if it is old."""
    root = services.data_dir / "processes"
    for name in (".new-old", ".new-young"):
        (root / name).mkdir(parents=True)
    old = time.time() - 3600
    os.utime(root / ".new-old", (old, old))

    await runner.prepare(HERE, order("true"))

    assert names(services) == [".new-young", "jobsched-1"]


async def test_no_command_is_refused(services: LentServices, runner: ProcessRunner) -> None:
    """A job without a command ends with a sentence that says what to do; nothing is created."""
    with pytest.raises(RunnerFailed, match="needs a cmd") as caught:
        await runner.prepare(HERE, order())

    assert (caught.value.reason, caught.value.then) == ("configuration", "fail")
    assert not (services.data_dir / "processes").exists()


async def test_withdrawn_is_created_for_good(services: LentServices, runner: ProcessRunner) -> None:
    """A withdrawn container never starts, keeps no secret, is not made anew by a late prepare."""
    container = await runner.prepare(HERE, order("touch", str(services.data_dir / "ran")))

    first = await runner.withdraw(HERE, container)
    second = await runner.withdraw(HERE, container)
    again = await runner.prepare(HERE, order("touch", str(services.data_dir / "ran")))
    with pytest.raises(RunnerFailed) as caught:
        await runner.start(HERE, again)

    assert first == second == ContainerStatus(phase="created")
    assert caught.value.effect == "none"
    assert not (services.data_dir / "ran").exists()
    assert not (services.data_dir / "processes/jobsched-1/spec.json").exists()


async def test_gone_is_gone(services: LentServices, runner: ProcessRunner) -> None:
    """Of a container that is not there all can be asked, and nothing of it can be started."""
    container = Container(name="jobsched-1", id="jobsched-1")

    assert await runner.inspect(HERE, container) == ContainerStatus(phase="gone")
    assert await runner.withdraw(HERE, container) == ContainerStatus(phase="gone")
    await runner.stop(HERE, container, GRACE)
    await runner.remove(HERE, container)
    assert [chunk async for chunk in runner.logs(HERE, container, follow=True)] == []
    with pytest.raises(RunnerFailed):
        await runner.start(HERE, container)
    assert not (services.data_dir / "processes").exists()


async def test_a_warning_is_written_whole_or_not_at_all(
    services: LentServices, runner: ProcessRunner
) -> None:
    """The variable names the file, a later one takes its place, and nothing is left of it."""
    container = await runner.prepare(HERE, order("true"))
    folder = services.data_dir / "processes/jobsched-1"
    spec = json.loads((folder / "spec.json").read_text())
    file = Path(spec["environment"]["JOBSCHED_INTERRUPTION_FILE"])
    assert not file.exists()
    at = datetime(2030, 1, 1, 12, tzinfo=UTC)
    for kind in ("rebalance", "interruption"):
        warning = MachineWarning(kind=kind, noticed_at=at)
        await runner.warn(HERE, container, warning)
        assert file.read_bytes() == warning.document
    assert [path.name for path in folder.glob("interruption*")] == [file.name]
    await runner.remove(HERE, container)
    await runner.warn(HERE, container, warning)
    assert names(services) == []


async def test_removes_by_name_too(services: LentServices, runner: ProcessRunner) -> None:
    """Where the answer of prepare was lost, the name is enough; a withdrawn one goes too."""
    await runner.prepare(HERE, order("true"))
    await runner.withdraw(HERE, Container(name="jobsched-1"))

    await runner.remove(HERE, Container(name="jobsched-1"))
    await runner.remove(HERE, Container(name="jobsched-1"))

    assert names(services) == []


async def test_removes_only_what_cannot_start_any_more(
    services: LentServices, runner: ProcessRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start is taken before the files go, so that no late shim starts between the two."""
    container = await runner.prepare(HERE, order("true"))
    taken = []
    delete = Folder.delete

    def look_and_delete(folder: Folder) -> None:
        taken.append((folder.path / "granted.json").exists())
        delete(folder)

    monkeypatch.setattr(Folder, "delete", look_and_delete)
    await runner.remove(HERE, container)

    assert taken == [True]


async def test_stopping_what_never_started_is_success(runner: ProcessRunner) -> None:
    """There is nothing to stop."""
    container = await runner.prepare(HERE, order("true"))

    await runner.stop(HERE, container, GRACE)

    assert await runner.inspect(HERE, container) == ContainerStatus(phase="created")


async def test_a_lost_code_is_no_success(services: LentServices, runner: ProcessRunner) -> None:
    """Of a shim whose number belongs to another process by now, no code is known."""
    container = await runner.prepare(HERE, order("true"))
    write(services, "granted.json", shim_that_is_gone())
    write(services, "started.json", {"pid": os.getpid(), "started_at": "2026-01-01T00:00:00+00:00"})

    status = await runner.inspect(HERE, container)

    assert (status.phase, status.code) == ("exited", None)
    assert status.message


async def test_nobody_else_is_killed(services: LentServices, runner: ProcessRunner) -> None:
    """Stop and remove send nothing to a process that only has the number of an old shim."""
    container = await runner.prepare(HERE, order("true"))
    write(services, "granted.json", shim_that_is_gone())

    await runner.stop(HERE, container, timedelta(0))
    await runner.remove(HERE, container)

    # This process, whose number it was, is still here to say so.
    assert await runner.inspect(HERE, container) == ContainerStatus(phase="gone")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"by": "start"}'])
async def test_a_broken_file_is_unknown(
    services: LentServices, runner: ProcessRunner, content: str
) -> None:
    """Files that cannot be read say neither ended nor running; a warning tells."""
    container = await runner.prepare(HERE, order("true"))
    write(services, "granted.json", content)

    assert (await runner.inspect(HERE, container)).phase == "unknown"
    assert "process.unreadable" in services.log.warnings()


@pytest.mark.parametrize(
    "machine",
    [
        ELSEWHERE,
        Instance(id="x"),
        Instance(id="x", access=Access(kind="docker_tls")),
        Instance(id="x", access=Access(kind="this_host", host_id="that-machine")),
    ],
)
async def test_another_machine_is_unknown(
    services: LentServices, runner: ProcessRunner, machine: Instance
) -> None:
    """Of another machine nothing is said, and nothing is done in its name."""
    container = await runner.prepare(HERE, order("true"))

    assert (await runner.inspect(machine, container)).phase == "unknown"
    assert (await runner.withdraw(machine, container)).phase == "unknown"
    for doing in (
        runner.prepare(machine, order("true", name="jobsched-2")),
        runner.start(machine, container),
        runner.stop(machine, container, GRACE),
        runner.warn(machine, container, RISK),
        runner.remove(machine, container),
        anext(runner.logs(machine, container)),
    ):
        with pytest.raises(RunnerFailed) as caught:
            await doing
        assert (caught.value.effect, caught.value.then) == ("none", "later")
    assert await runner.inspect(HERE, container) == ContainerStatus(phase="created")
    assert names(services) == ["jobsched-1"]


async def test_a_machine_without_an_id_is_not_compared(runner: ProcessRunner) -> None:
    """A provider of others may leave the host's id empty."""
    anywhere = Instance(id="x", access=Access(kind="this_host"))

    assert (await runner.prepare(anywhere, order("true"))).id == "jobsched-1"


async def test_a_machine_that_never_got_an_id_is_another(services: LentServices) -> None:
    """A data directory without an id cannot be the one that the provider meant."""
    status = await ProcessRunner(services).inspect(HERE, Container(name="jobsched-1"))

    assert status.phase == "unknown"


async def test_closed_directories_are_deleted(tmp_path: Path, runner: ProcessRunner) -> None:
    """Directories that the command closed against writing go; what links show is left alone."""
    container = await runner.prepare(HERE, order("true"))
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o500)
    closed = tmp_path / "processes/jobsched-1/work/a/b"
    closed.mkdir(parents=True)
    (closed / "file").touch()
    (closed.parent / "link").symlink_to(outside)
    closed.chmod(0o500)
    closed.parent.chmod(0o500)

    await runner.remove(HERE, container)

    assert not list((tmp_path / "processes").iterdir())
    assert stat.S_IMODE(outside.stat().st_mode) == 0o500
