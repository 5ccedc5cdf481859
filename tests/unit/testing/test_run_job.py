"""`run_job` runs an author's parts through the production engine, and tells what is wrong."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest

from jobsched.builtin import RedisLogs
from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.job import Access, Container, Instance
from jobsched.errors import InvalidInput, ProviderFailed, RunnerFailed
from jobsched.store.logs import MemoryLogs
from jobsched.testing.clock import FakeClock
from jobsched.testing.fakes import FakeProvider, FakeRunner, FakeWorld, refused
from jobsched.testing.run_job import RunJob
from jobsched.testing.services import LentServices
from jobsched.testing.story import JobDidNotEnd, PluginRaised
from jobsched.testing.virtual_time import EPOCH
from tests.unit.testing.acme import AcmeProvider, AcmeRunner, AnHourLater, DiskUsage


def first_launch(ran: Any) -> Any:
    """Give the one machine of a job."""
    [launch] = ran.job.attempt.launches
    return launch


def test_a_job_on_imagined_parts_finishes(run_job: RunJob) -> None:
    """With nothing given, everything is imagined."""
    ran = run_job()
    assert (ran.state, ran.reason, ran.exit_code, ran.logs, ran.starts) == (
        "finished",
        "finished",
        0,
        b"hello\n",
        1,
    )


def test_the_imagined_container_is_what_the_world_says(
    run_job: RunJob, fake_world: FakeWorld
) -> None:
    """Exit code and output are the test's to choose."""
    fake_world.code, fake_world.output = 3, b"sorry\n"
    ran = run_job()
    assert (ran.state, ran.reason, ran.exit_code, ran.logs) == ("failed", "exited", 3, b"sorry\n")


def test_a_provider_with_threads_gets_a_fitting_runner(
    run_job: RunJob, services: LentServices, fake_world: FakeWorld
) -> None:
    """Its threads' calls, its clock and its lead all belong to the job's own time."""
    provider = AcmeProvider(services)
    ran = run_job(provider=provider, schedule=EPOCH + timedelta(hours=1))
    launch = first_launch(ran)
    assert (ran.state, ran.starts) == ("finished", 1)
    assert launch.begun_at == EPOCH + timedelta(minutes=58)
    assert timedelta(seconds=90) <= launch.ready_at - launch.begun_at < timedelta(seconds=120)
    assert list(provider.cloud.servers.values()) == [None]
    # the imagined runner knows that it is off, too
    assert [one.phase for one in fake_world.machines.values()] == ["gone"]


def test_a_runner_gets_machines_that_it_can_use(run_job: RunJob, fake_clock: FakeClock) -> None:
    """The imagined machines offer the first kind of access that the runner names."""
    runner = AcmeRunner(fake_clock)
    ran = run_job(runner=runner)
    assert (ran.state, ran.exit_code, ran.logs, ran.starts) == ("finished", 0, b"acme", 1)
    assert (runner.kind, runner.address) == ("acme_ssh", "")


def test_a_runner_gets_the_access_that_is_asked_for(run_job: RunJob, fake_clock: FakeClock) -> None:
    """What a runner needs to know of a machine is the test's to say."""
    runner = AcmeRunner(fake_clock)
    run_job(runner=runner, access=Access(kind="acme_ssh", address="192.0.2.7"))
    assert runner.address == "192.0.2.7"


def test_both_parts_may_be_the_author_s(
    run_job: RunJob, services: LentServices, fake_clock: FakeClock
) -> None:
    """Provider and runner of one package work together."""
    runner = AcmeRunner(fake_clock)
    ran = run_job(provider=AcmeProvider(services), runner=runner)
    assert (ran.state, ran.logs, runner.address) == ("finished", b"acme", "192.0.2.1")


def test_a_planner_says_when(run_job: RunJob, fake_clock: FakeClock) -> None:
    """The clock is left where the job ended, more than the planner's hour later."""
    ran = run_job(planner=AnHourLater())
    started_at = first_launch(ran).tries[0].started_at
    assert EPOCH + timedelta(hours=1) <= started_at < EPOCH + timedelta(hours=1, minutes=1)
    assert started_at < fake_clock.now() < started_at + timedelta(minutes=5)


def test_every_change_is_told(run_job: RunJob) -> None:
    """What a notifier of the author would have heard."""
    ran = run_job()
    assert [change.state for change in ran.changes if change.state != change.was] == [
        "scheduled",
        "provisioning",
        "booting",
        "ready",
        "running",
        "finishing",
        "finished",
    ]
    assert {change.job for change in ran.changes} == {ran.job.id}


def test_a_log_store_keeps_the_output(run_job: RunJob) -> None:
    """What is given back was read from the author's store."""
    kept: Any = {}
    ran = run_job(log_store=RedisLogs(MemoryLogs(kept)))
    assert kept[ran.job.id] == {1: {0: b"hello\n"}}
    assert ran.logs == b"hello\n"


def test_a_machine_posts_an_action(run_job: RunJob) -> None:
    """The payload goes through the schema, the token and the record, as a machine's would."""
    ran = run_job(actions=[DiskUsage()], posts=[("disk_usage", {"percent": 81})])
    assert [(note.source, note.data) for note in ran.job.notes] == [("disk_usage", {"percent": 81})]


def test_a_machine_may_say_itself_that_it_is_ready(
    run_job: RunJob, fake_provider: FakeProvider
) -> None:
    """`update` is posted as soon as the machine is there."""
    fake_provider.world.says_ready = True
    fake_provider.on_launch = lambda *_: None
    ran = run_job(provider=fake_provider, posts=[("update", {})])
    assert ran.state == "finished"


def test_a_post_that_the_action_refuses_fails_the_test(run_job: RunJob) -> None:
    """The machine would be told so with 422."""
    with pytest.raises(InvalidInput) as told:
        run_job(actions=[DiskUsage()], posts=[("disk_usage", {"percent": "full"})])
    assert told.value.errors == {"percent": ["Not a valid integer."]}


def test_what_is_asked_for_is_read_as_the_api_reads_it(run_job: RunJob) -> None:
    """Texts as they are posted and Python's own values mean the same."""
    texts = run_job(timeout="5m", retry={"backoff": "30s"}, schedule="2026-01-01T01:00:00Z")
    values = run_job(
        timeout=timedelta(minutes=5),
        retry={"backoff": timedelta(seconds=30)},
        schedule=EPOCH + timedelta(hours=1),
    )
    assert texts.job.spec == values.job.spec
    assert texts.job.id != values.job.id


def test_a_misspelt_wish_is_refused_at_the_door(run_job: RunJob) -> None:
    """The name of the field is told."""
    with pytest.raises(InvalidInput, match="time_limit"):
        run_job(time_limit=5)


def test_parts_that_do_not_fit_are_refused_at_the_door(
    run_job: RunJob, services: LentServices, fake_runner: FakeRunner
) -> None:
    """As a real deployment would."""
    with pytest.raises(InvalidInput, match="cannot reach machines of acme"):
        run_job(provider=AcmeProvider(services), runner=fake_runner)


def test_an_expected_failure_is_the_job_s_own_end(
    run_job: RunJob, fake_provider: FakeProvider
) -> None:
    """A provider that has no capacity is no bug, and a day of refusals is over soon."""

    async def no(request: str) -> NoReturn:
        raise refused()

    fake_provider.provision = no  # type: ignore[method-assign]  # this one refuses
    ran = run_job(provider=fake_provider, late_limit="1h")
    assert (ran.state, ran.reason, ran.exit_code, ran.starts) == ("failed", "no_capacity", None, 0)
    assert "no machine" in ran.message


def test_a_bug_is_shown_with_the_exception(run_job: RunJob, fake_provider: FakeProvider) -> None:
    """The failure names call, exception and line, and its cause is the exception itself."""
    bug = ValueError("boom")

    async def broken(request: str) -> NoReturn:
        raise bug

    fake_provider.provision = broken  # type: ignore[method-assign]  # this one is broken
    with pytest.raises(
        PluginRaised, match=r"fake\.provision raised ValueError: boom\n.*broken"
    ) as told:
        run_job(provider=fake_provider)
    assert told.value.__cause__ is bug
    # the way through the event loop is not shown
    assert {Path(str(one.path)).name for one in told.traceback} == {
        "run_job.py",
        "test_run_job.py",
    }


def test_a_rubbish_answer_is_a_bug(run_job: RunJob, fake_provider: FakeProvider) -> None:
    """It is refused where it enters; the test fails at once, not when the job's time is over."""

    async def nothing(request: str) -> None:
        return None

    fake_provider.provision = nothing  # type: ignore[method-assign, assignment]  # the same
    with pytest.raises(PluginRaised, match=r"fake\.provision gave nothing \(None\), and no Ins"):
        run_job(provider=fake_provider)


def test_state_that_is_no_json_is_a_bug(run_job: RunJob, fake_provider: FakeProvider) -> None:
    """Records are written as bytes, so it fails here as it would in a real store."""
    status = InstanceStatus(phase="pending", instance=Instance(id="m-1", state={"x": object()}))

    async def strange(request: str) -> InstanceStatus:
        return status

    fake_provider.provision = strange  # type: ignore[method-assign]  # the same
    with pytest.raises(PluginRaised, match="object"):
        run_job(provider=fake_provider)


def test_rubbish_in_a_sweep_is_a_bug(run_job: RunJob, fake_provider: FakeProvider) -> None:
    """Also what happens beside the job fails the test."""

    async def rubbish(known: Any) -> list[str]:
        return ["m-1"]

    fake_provider.describe_all = rubbish  # type: ignore[method-assign, assignment]  # the same
    with pytest.raises(PluginRaised, match=r"fake\.describe_all gave a list, and no mapping"):
        run_job(provider=fake_provider)


def test_a_start_whose_answer_was_lost_is_counted(run_job: RunJob, fake_runner: FakeRunner) -> None:
    """The container runs, whatever the caller heard."""
    start = fake_runner.start

    async def loses(instance: Instance, container: Container) -> NoReturn:
        await start(instance, container)
        raise RunnerFailed("time_out", "no answer", effect="unknown")

    fake_runner.start = loses  # type: ignore[method-assign]  # this one loses its answer
    ran = run_job(runner=fake_runner)
    assert (ran.state, ran.starts) == ("finished", 1)


def test_a_host_of_a_pool_may_be_handed_out_again(run_job: RunJob, services: LentServices) -> None:
    """An imagined container runs on it as on a new machine, and the first one's is gone."""

    class Pool(AcmeProvider):
        def _status(self, token: str) -> InstanceStatus:
            return replace(super()._status(token), instance=Instance(id="host-1"))

        async def terminate(self, instance: Instance) -> InstanceStatus:
            for token in self.cloud.servers:
                self.cloud.stop(token)
            return InstanceStatus(phase="gone", instance=instance)

    provider = Pool(services)
    assert [run_job(provider=provider).state for _ in range(2)] == ["finished", "finished"]


def test_a_machine_without_access_is_told_so(run_job: RunJob, services: LentServices) -> None:
    """An imagined runner accepts only what a real one could use."""

    class Unreachable(AcmeProvider):
        def _status(self, token: str) -> InstanceStatus:
            status = super()._status(token)
            if status.access is None:
                return status
            other = Access(kind="other")
            return InstanceStatus(
                phase="running", ready=True, access=other, instance=status.instance
            )

    with pytest.raises(PluginRaised, match=r"set InstanceStatus\.access .*acme_ssh"):
        run_job(provider=Unreachable(services))


def test_a_job_that_does_not_end_says_where_it_stands(
    run_job: RunJob, fake_provider: FakeProvider
) -> None:
    """State, machine, trouble, and the log, whose repeated lines are told once."""

    async def not_yet(instance: Instance) -> NoReturn:
        raise ProviderFailed("quota", "sorry")

    fake_provider.terminate = not_yet  # type: ignore[method-assign]  # this one gives nothing back
    with pytest.raises(JobDidNotEnd) as told:
        run_job(provider=fake_provider, within=timedelta(minutes=10))
    said = str(told.value)
    assert "the job has not ended 10 min after its schedule" in said
    assert "it stands at: finishing, attempt 1, reason finished" in said
    assert "m-1; asked for, named, ready, container ended, given back" in said
    assert "terminate of launch 1 failed" in said
    assert "quota: sorry" in said
    assert said.count("command.failed") == 1


def test_a_call_that_waits_for_the_world_is_told_so(
    run_job: RunJob, fake_provider: FakeProvider
) -> None:
    """Virtual time overtakes it; the failure says what to do instead."""

    async def waits(instance: Instance) -> NoReturn:
        await asyncio.Event().wait()
        raise AssertionError

    fake_provider.terminate = waits  # type: ignore[method-assign]  # this one never answers
    with pytest.raises(JobDidNotEnd, match="virtual time overtakes"):
        run_job(provider=fake_provider, within=timedelta(minutes=10))


async def test_inside_of_a_loop_it_is_refused(run_job: RunJob) -> None:
    """It runs one of its own."""
    with pytest.raises(RuntimeError, match="call it from a plain def test"):
        run_job()


def test_jobs_of_one_test_follow_each_other(
    run_job: RunJob, services: LentServices, fake_clock: FakeClock
) -> None:
    """Each has its own machine, later than the one before."""
    provider = AcmeProvider(services)
    first, second = run_job(provider=provider), run_job(provider=provider)
    assert first.job.accepted_at == EPOCH
    assert second.job.accepted_at >= first_launch(first).gone_at
    assert list(provider.cloud.servers.values()) == [None, None]
    assert second.starts == 1
