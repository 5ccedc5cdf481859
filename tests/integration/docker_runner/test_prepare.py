"""Preparing a container on a real engine, however often."""

import asyncio
import dataclasses
import json
import queue
import threading
from typing import Any

import pytest

from jobsched.contracts.order import ContainerOrder
from jobsched.domain.job import Container, JobId
from jobsched.errors import RunnerFailed
from jobsched.plugins.docker_runner import creation
from tests.integration.docker_runner.bench import Bench, make_runner

pytestmark = pytest.mark.docker


async def test_the_same_name_gives_the_same_container(bench: Bench) -> None:
    """A repeat after a lost answer finds what the first try made, and nothing is started (D1)."""
    first = await bench.prepared(bench.order("true"))
    again = await bench.prepared(bench.order("true"))

    assert again == first
    assert (await bench.inspect(first)).phase == "created"
    assert bench.starts() == 0


async def test_two_workers_prepare_one_container(bench: Bench) -> None:
    """Of many creations at one time one wins, and the others adopt its container."""
    made = await asyncio.gather(*[bench.prepared(bench.order("true")) for _ in range(8)])
    assert len({container.id for container in made}) == 1


async def test_a_container_whose_answer_was_lost_is_used_by_its_name(bench: Bench) -> None:
    """A record without id and labels still runs, inspects, reads and removes the container."""
    known = await bench.prepared(bench.shell("echo hello"))
    lost = Container(name=known.name)

    assert (await bench.inspect(lost)).phase == "created"
    await bench.runner.start(bench.machine, lost)
    assert (await bench.ended(lost)).code == 0
    assert await bench.output(lost) == b"hello\n"
    await bench.runner.remove(bench.machine, lost)
    assert (await bench.inspect(known)).phase == "gone"


async def test_a_cancelled_prepare_waits_for_what_it_has_sent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who cancels it removes the container by its name next: by then it is there, or never is."""
    sent, answered = threading.Event(), threading.Event()
    usual = creation.create

    def slow(*args: Any) -> Container:
        sent.set()
        assert answered.wait(8)
        return usual(*args)

    monkeypatch.setattr(creation, "create", slow)
    preparing = asyncio.ensure_future(bench.prepared(bench.order("true")))
    assert await asyncio.to_thread(sent.wait, 8)
    preparing.cancel()
    await asyncio.wait((preparing,), timeout=0.1)
    assert not preparing.done()

    answered.set()
    with pytest.raises(asyncio.CancelledError):
        await preparing
    made = Container(name=bench.order("true").name)
    assert (await bench.inspect(made)).phase == "created"
    await bench.runner.remove(bench.machine, made)
    assert (await bench.inspect(made)).phase == "gone"


async def test_a_cancelled_prepare_sends_nothing_more(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A creation that still waits for a thread is never sent."""
    bench.runner = make_runner(bench.services, threads=2)
    sent, answered = queue.SimpleQueue[str](), threading.Event()
    usual = creation.create

    def slow(client: Any, order: ContainerOrder, *more: Any) -> Container:
        sent.put(order.name)
        assert answered.wait(8)
        return usual(client, order, *more)

    monkeypatch.setattr(creation, "create", slow)
    orders = [bench.order("true", number=number) for number in (1, 2, 3)]
    preparing = {one.name: asyncio.ensure_future(bench.prepared(one)) for one in orders}
    # whichever two come first
    begun = {await asyncio.to_thread(sent.get, timeout=8) for _ in range(2)}
    ((name, waiting),) = (each for each in preparing.items() if each[0] not in begun)
    waiting.cancel()
    await asyncio.wait((waiting,), timeout=0.1)

    answered.set()
    await asyncio.gather(*preparing.values(), return_exceptions=True)
    assert waiting.cancelled()
    assert (await bench.inspect(Container(name=name))).phase == "gone"


async def test_a_name_that_somebody_else_has_fails_the_attempt(bench: Bench) -> None:
    """A container that is not ours is left alone."""
    order = bench.order("true")
    other = dataclasses.replace(order, job=JobId("another"), deployment=bench.services.deployment)
    taken = await bench.prepared(other)

    with pytest.raises(RunnerFailed) as failed:
        await bench.prepared(order)
    assert (failed.value.reason, failed.value.then) == ("name_taken", "fail")
    ours = dataclasses.replace(taken, id="", state={"labels": {"jobsched.job": bench.job}})
    with pytest.raises(RunnerFailed):
        await bench.runner.remove(bench.machine, ours)
    assert (await bench.inspect(taken)).phase == "created"


async def test_another_launch_s_container_is_unknown(bench: Bench) -> None:
    """An id that leads to a container of another launch tells nothing about ours."""
    container = await bench.prepared(bench.order("true"))
    labels = {**container.state["labels"], "jobsched.launch": "77"}
    stale = dataclasses.replace(container, state={"labels": labels})
    assert (await bench.inspect(stale)).phase == "unknown"


async def test_an_imported_image_is_pinned_by_its_id(bench: Bench) -> None:
    """An image of no registry is used as it is, also by an attempt that knows it pinned."""
    container = await bench.prepared(bench.order("true"))
    assert container.image == bench.engine.inspect_image(bench.image)["Id"]  # type: ignore[no-untyped-call]

    pinned = bench.order(
        "true", number=2, pinned=container.image, image="no.such/name", pull="always"
    )
    assert (await bench.prepared(pinned)).image == container.image


async def test_the_engine_has_what_was_ordered_and_no_privilege(bench: Bench) -> None:
    """Options, limits and environment arrive; the container's state holds no secret."""
    container = await bench.prepared(
        bench.order(
            "true",
            environment=("TOKEN=canary",),
            resources={"memory_mib": 32, "vcpus": 0.5},
            options={"user": "nobody", "working_dir": "/tmp", "read_only": True},
        )
    )
    told = bench.engine.inspect_container(container.id)

    assert told["Config"]["Env"][0] == "TOKEN=canary"
    assert (told["Config"]["User"], told["Config"]["WorkingDir"]) == ("nobody", "/tmp")
    host = told["HostConfig"]
    assert (host["Memory"], host["NanoCpus"]) == (32 * 1024 * 1024, 500_000_000)
    assert (host["Privileged"], host["ReadonlyRootfs"], host["PidsLimit"]) == (False, True, 4096)
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert not host["Binds"]
    # a place for the file of a warning, and nothing of the host
    (mount,) = told["Mounts"]
    assert (mount["Type"], mount["Destination"]) == ("volume", "/run/jobsched")
    assert "canary" not in json.dumps(dataclasses.asdict(container))


async def test_the_proxy_of_the_operator_stays_out(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the worker's own environment says of proxies is not for jobs, nor for the engine."""
    monkeypatch.setenv("HTTP_PROXY", "http://canary.invalid")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file")
    container = await bench.prepared(bench.order("true"))
    told = bench.engine.inspect_container(container.id)
    assert "canary" not in json.dumps(told["Config"])


async def test_an_order_that_no_engine_takes_fails_the_attempt(bench: Bench) -> None:
    """An image without a command, and more processors than there are, stay wrong."""
    for order in (bench.order(), bench.order("true", resources={"vcpus": 100_000})):
        with pytest.raises(RunnerFailed) as failed:
            await bench.prepared(order)
        assert (failed.value.reason, failed.value.then) == ("configuration", "fail")


@pytest.mark.parametrize("image", ["127.0.0.1:1/x", "127.0.0.1:1/x:2"])
async def test_a_registry_that_is_down_is_asked_again_later(bench: Bench, image: str) -> None:
    """A refused connection says nothing about the image."""
    with pytest.raises(RunnerFailed) as failed:
        await bench.prepared(bench.order("true", image=image))
    assert (failed.value.reason, failed.value.then) == ("pull_failed", "later")
    assert "refused" in failed.value.message


async def test_an_image_s_name_that_cannot_be_fails_the_attempt(bench: Bench) -> None:
    """Such a name never becomes right."""
    with pytest.raises(RunnerFailed) as failed:
        await bench.prepared(bench.order("true", image="127.0.0.1:1/UPPER"))
    assert (failed.value.reason, failed.value.then) == ("image_not_found", "fail")
