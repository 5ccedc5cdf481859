"""The examples of the contracts work, put together: a provider, a runner, a log store."""

from __future__ import annotations

import doctest
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import marshmallow
import pytest

from jobsched.contracts import callback, log_store, planner, provider, runner, services
from jobsched.contracts.change import Change
from jobsched.contracts.log_store import LogPart
from jobsched.contracts.order import ContainerOrder, Credential, MachineOrder
from jobsched.contracts.provider import Caps, InstanceStatus, OwnedMachine, Provider
from jobsched.contracts.runner import ContainerStatus, LogChunk, MachineWarning, Runner
from jobsched.domain.facts import Noted
from jobsched.domain.job import Access, Container, Instance, Job, JobId, Offer, Plan, Spec
from jobsched.errors import LogStoreFailed, OperationFailed
from tests.unit.contracts import imagined
from tests.unit.contracts.examples import assembled, defined, example_of, parameters
from tests.unit.plugins.lent import LentServices
from tools.reference.pages import CONTRACTS
from tools.reference.section import methods_of

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
JOB = JobId("j" * 32)
ORDER = MachineOrder(
    deployment="d", job=JOB, attempt=1, launch=1, token="ab12", boot_script="", dies_at=NOON
)
CONTAINER = ContainerOrder(
    deployment="d",
    job=JOB,
    attempt=1,
    launch=1,
    name="jobsched-1",
    image="busybox:latest",
    command=(),
    environment=("PASSWORD=hunter2=",),
    pull="missing",
    timeout=timedelta(hours=1),
    grace=timedelta(seconds=10),
)
HERE = Instance(id="here", access=Access(kind="this_host"))
#: examples that show a call and its answer
SHOWN = (Caps, LogChunk, MachineWarning, LogPart, Credential)


def names(*modules: Any) -> dict[str, Any]:
    """What an author imports."""
    found: dict[str, Any] = {}
    for module in (provider, runner, planner, callback, log_store, marshmallow, imagined, *modules):
        found |= {name: one for name, one in vars(module).items() if not name.startswith("__")}
    return {
        **found,
        "json": json,
        "suppress": suppress,
        "timedelta": timedelta,
        "datetime": datetime,
        "UTC": UTC,
        "Offer": Offer,
        "Plan": Plan,
        "Container": Container,
        "Noted": Noted,
        "LogStoreFailed": LogStoreFailed,
        "OperationFailed": OperationFailed,
    }


def acme_cloud(acme: imagined.Acme) -> Provider:
    """The provider of the examples."""
    known = names()
    known |= defined(InstanceStatus, known)
    known |= defined(OwnedMachine, known)
    made: Provider = assembled(Provider, "AcmeCloud", known)(acme)
    return made


def podman_runner(podman: imagined.Podman) -> Runner:
    """The runner of the examples."""
    known = names()
    known |= defined(ContainerStatus, known)
    made: Runner = assembled(Runner, "PodmanRunner", known)(podman)
    return made


def job(schedule: datetime) -> Job:
    """A job that was just accepted."""
    spec = Spec(schedule=schedule, docker_image="i", provider="acme", runner="r", planner="p")
    return Job(id=JOB, spec=spec, accepted_at=NOON)


@pytest.mark.parametrize("cls", SHOWN, ids=lambda cls: cls.__name__)
def test_what_is_shown_is_what_is_answered(cls: type) -> None:
    """An example with an answer gives that answer."""
    found = doctest.DocTestFinder(recurse=False).find(cls, globs=names(_order()))
    results = [doctest.DocTestRunner().run(one) for one in found]
    assert [(one.failed, one.attempted) for one in results] == [(0, 1)]


def _order() -> Any:
    from jobsched.contracts import order

    return order


@pytest.mark.parametrize("cls", CONTRACTS, ids=lambda cls: cls.__name__)
def test_a_method_is_shown_with_the_contracts_own_parameters(cls: type) -> None:
    """Who copies an example has the signature that the core calls."""
    for name, declared in methods_of(cls):
        shown = defined(declared, names()).get(name) if "def " in _source(declared) else None
        if shown is not None:
            assert list(parameters(shown)) == list(parameters(declared))


def _source(documented: object) -> str:
    return "".join(one.source for one in example_of(documented))


async def test_the_provider_lends_one_machine_to_one_request() -> None:
    """From the offers to a machine that is gone, with every request sent twice."""
    acme = imagined.Acme()
    cloud = acme_cloud(acme)
    offers = await cloud.offers(replace(ORDER, launch=0, token=""))
    request = await cloud.freeze(ORDER, offers[1])
    assert request == await cloud.freeze(ORDER, offers[1])
    assert json.loads(request)["zone"] == "b"
    first, again = await cloud.provision(request), await cloud.provision(request)
    assert first == again == await cloud.find("ab12")
    assert (first.phase, first.ready, len(acme.made)) == ("running", True, 1)
    for number in range(4):
        other = {**json.loads(request), "tag": f"other-{number}"}
        await cloud.provision(json.dumps(other))
    described = await cloud.describe_all({})
    assert (len(described), described["ab12"]) == (5, first), "from every page"
    owned = {one.token: one for one in await cloud.owned()}
    assert (len(owned), owned["ab12"].instance.id) == (5, "m-1"), "from every page"
    assert (owned["ab12"].job, owned["ab12"].attempt, owned["ab12"].dies_at) == (JOB, 1, NOON)
    assert first.instance
    phases = [(await cloud.terminate(first.instance)).phase for _ in range(2)]
    assert phases == ["going", "gone"]
    assert "ab12" not in {one.token for one in await cloud.owned()}
    removed = [await cloud.remove_leftovers() for _ in range(2)]
    assert removed == [["disk d-m-1"], []]
    assert cloud.status(first.instance).keys() == cloud.status(None).keys()
    assert (await cloud.terminate(Instance(id="m-99"))).phase == "gone"
    assert await cloud.find("unknown") is None
    assert await cloud.host() is None


async def test_the_provider_refuses_as_the_contract_says() -> None:
    """No room: there is no machine, and the next offer may be tried."""
    cloud = acme_cloud(imagined.Acme(full=True))
    with pytest.raises(OperationFailed) as refused:
        await cloud.provision('{"tag": "ab12", "zone": "a"}')
    assert (refused.value.reason, refused.value.effect, refused.value.then) == (
        "no_capacity",
        "none",
        "next",
    )


async def test_the_runner_runs_a_container() -> None:
    """Created once, started once by name, read, stopped, removed."""
    podman = imagined.Podman()
    runs = podman_runner(podman)
    made = await runs.prepare(HERE, CONTAINER)
    assert made == await runs.prepare(HERE, CONTAINER)
    assert (await runs.inspect(HERE, made)).phase == "created"
    await runs.start(HERE, made)
    assert (podman.started, (await runs.inspect(HERE, made)).phase) == (["jobsched-1"], "running")
    warning = MachineWarning(kind="rebalance", noticed_at=NOON)
    await runs.warn(HERE, made, warning)
    assert podman.find("jobsched-1")["files"] == {"/run/notice.json": warning.document}
    chunks = [one async for one in runs.logs(HERE, made, since=2)]
    assert [(one.offset, one.data) for one in chunks] == [(2, b"llo "), (6, b"world")]
    for _ in range(2):
        await runs.stop(HERE, made, timedelta(seconds=1))
    ended = runs.watch(Access(kind="this_host"))
    assert ended
    assert [name async for name in ended] == ["jobsched-1"]
    for _ in range(2):
        await runs.remove(HERE, made)
    assert (await runs.inspect(HERE, made)).phase == "gone"
    await runs.warn(HERE, made, warning)
    assert runs.status(made).keys() == runs.status(None).keys()
    assert runs.boot_script(ORDER) == runs.boot_script(ORDER)


async def test_a_withdrawn_container_cannot_be_started() -> None:
    """Not by the name that a late start goes by; it is removed with the others."""
    podman = imagined.Podman()
    runs = podman_runner(podman)
    made = await runs.prepare(HERE, CONTAINER)
    for _ in range(2):
        assert (await runs.withdraw(HERE, made)).phase == "created"
    with pytest.raises(OperationFailed, match="jobsched-1"):
        await runs.prepare(HERE, CONTAINER)
    with pytest.raises(imagined.NoSuchContainer):
        await runs.start(HERE, made)
    await runs.remove(HERE, replace(made, id=""))
    assert (podman.containers, podman.started) == ({}, [])


async def test_the_log_store_keeps_output_by_offset() -> None:
    """The same piece twice is one; what is read begins where it is asked to."""
    bucket = imagined.Bucket()
    known = names()
    logs: log_store.LogStore = assembled(log_store.LogStore, "BucketLogs", known)(bucket)
    for _ in range(2):
        await logs.write(JOB, 1, 0, b"hello ")
        await logs.write(JOB, 1, 6, b"world")
    assert await logs.read(JOB, 1) == [
        LogPart(offset=0, data=b"hello "),
        LogPart(offset=6, data=b"world"),
    ]
    assert await logs.read(JOB, 1, after=8) == [LogPart(offset=8, data=b"rld")]
    for _ in range(2):
        await logs.delete(JOB)
    assert await logs.read(JOB, 1) == []


class Slow:
    """Machines took up to a minute to boot."""

    def boot_times(self, provider: str, key: str = "") -> list[timedelta]:
        """The last ones."""
        return [timedelta(seconds=40), timedelta(minutes=1)] if provider == "acme" else []

    def lead(self, provider: str) -> timedelta:
        """The fixed one."""
        return timedelta(minutes=3)


def test_the_planner_starts_at_the_full_hour() -> None:
    """Now if it is one, else at the next."""
    made: planner.Planner = assembled(planner.Planner, "FullHour", names())()
    plan = made.plan(job(NOON + timedelta(minutes=1)), Slow(), NOON)
    assert plan.start_at == NOON + timedelta(hours=1)
    assert plan.provision_at == plan.start_at - timedelta(minutes=3)
    assert made.plan(job(NOON), Slow(), NOON).start_at == NOON


def test_the_history_is_asked_as_shown() -> None:
    """The longest of the last times, or the fixed lead where there are none."""
    lead = defined(planner.History, names())["lead"]
    assert lead(Slow(), job(NOON)) == timedelta(minutes=1)
    other = replace(job(NOON), spec=replace(job(NOON).spec, provider="other"))
    assert lead(Slow(), other) == timedelta(minutes=3)


def test_the_action_notes_what_a_machine_posts() -> None:
    """Its schema checks the payload, and its fact is shown in the status."""
    known = names()
    made: callback.CallbackAction = assembled(callback.CallbackAction, "Progress", known)()
    payload = made.payload_schema().load({"percent": 40})
    assert isinstance(payload, dict)
    fact = made.to_fact(job(NOON), 1, "m-1", payload, NOON)
    assert fact == Noted(at=NOON, source="progress", data={"percent": 40})
    with pytest.raises(marshmallow.ValidationError):
        made.payload_schema().load({"percent": 140})


def test_orders_and_changes_are_read_as_shown() -> None:
    """A secret with an equals sign in it stays whole."""
    assert defined(MachineOrder, names())["tags"](ORDER)["jobsched-token"] == "ab12"
    assert defined(ContainerOrder, names())["variables"](CONTAINER) == {"PASSWORD": "hunter2="}
    change = Change(
        id="1-0",
        job=JOB,
        rev=2,
        at=NOON,
        was="running",
        state="failed",
        reason="",
        attempt=1,
        facts=(),
    )
    has_just_failed = defined(Change, names())["has_just_failed"]
    assert [has_just_failed(one) for one in (change, replace(change, was="failed"))] == [
        True,
        False,
    ]


async def test_services_are_used_as_shown(lent: LentServices) -> None:
    """Their examples run on services that a plugin could get."""
    known = {**names(), "clock": lent.clock, "ids": lent.ids, "log": lent.log}
    made = defined(services.Services, known)["AcmeCloud"](lent)
    assert made.folder == lent.data_dir / "acme"
    for lender in (services.Clock, services.Ids, services.Log):
        for _, method in methods_of(lender):
            for one in example_of(method):
                exec(one.source, known)  # noqa: S102 - our own docstrings
                if one.want in {"True\n", "32\n"}:
                    assert repr(eval(one.source, known)) == one.want.strip()  # noqa: S307 - the same
    assert [event for _, event, _ in lent.log.entries] == [
        "page.read",
        "price.changed",
        "quota.near",
        "credential.expired",
        "price.unreadable",
    ]


@pytest.fixture
def lent(tmp_path: Any) -> Any:
    """Services over an empty folder."""
    made = LentServices(data_dir=tmp_path)
    yield made
    made.spawn.close()
