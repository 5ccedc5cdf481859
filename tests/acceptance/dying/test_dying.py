"""A process dies at every place in a job's life: before and after every call to the outside.

With a real Redis, real processes and the Docker Engine: it dies there, another one goes on, and the
job ends as it must, started once an attempt by the engine's own account, with nothing left.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any

import docker
import pytest
import redis

from jobsched.bootstrap.failpoint import EXIT, VARIABLE
from jobsched.client import Answered
from jobsched.engine.outside import POINTS
from tests.acceptance.dying.cases import APART, CASES, Case
from tests.acceptance.dying.scene import PATIENCE, Scene, scene
from tests.acceptance.dying.stories import STORIES, Story
from tests.acceptance.forked import Forked

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(180)]

PATIENT = "JOBSCHED_DOCKER_RUNNER_REQUEST_TIMEOUT"
WITHDRAWS = ("runner.withdraw", "save.NotStarted")
WHENS = ("before", "after")
#: what is passed at the very end may come a moment after the job's end is shown
A_MOMENT = 5.0


class Scenes:
    """A deployment for each of the two deaths that happen side by side; kept while it is well."""

    def __init__(self, docker_host: str, image: str) -> None:
        self._docker_host, self._image = docker_host, image
        self._engine = docker.DockerClient(base_url=docker_host, timeout=60)
        self._kept: dict[str, tuple[Scene, ExitStack]] = {}

    def fresh(self, stack: ExitStack) -> Scene:
        """Give one that has not begun, and ends with the stack."""
        return stack.enter_context(scene(self._docker_host, self._image, self._engine))

    def of(self, lane: str) -> Scene:
        """Give the lane's own."""
        if lane not in self._kept:
            stack = ExitStack()
            made = self.fresh(stack)
            self._kept[lane] = made, stack
            made.begin()
        return self._kept[lane][0]

    def give_up(self, lane: str) -> None:
        """End the lane's own: something is wrong with it."""
        if lane in self._kept:
            self._kept.pop(lane)[1].close()

    def close(self) -> None:
        """End all."""
        for lane in list(self._kept):
            self.give_up(lane)
        self._engine.close()


@pytest.fixture(scope="module")
def scenes(redis_program: object, docker_host: str, busybox_image: str) -> Iterator[Scenes]:
    """The deployments of this worker of the test run."""
    made = Scenes(docker_host, busybox_image)
    try:
        yield made
    finally:
        made.close()


def test_every_point_is_walked() -> None:
    """A new fail-point without a story, or a story of none, is found."""
    assert {case.point for case in CASES} | set(APART) == set(POINTS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_process_may_die_there(scenes: Scenes, case: Case) -> None:
    """Before the effect or after it: the job ends as it must, and nothing is left (Q3)."""
    with ThreadPoolExecutor(len(WHENS)) as pool:
        lanes = [pool.submit(_die, scenes, case, when) for when in WHENS]
    for lane in lanes:
        lane.result()


def _die(scenes: Scenes, case: Case, when: str) -> None:
    try:
        at = scenes.of(when)
        at.forget_locks()
        (_worker_dies if case.who == "worker" else _api_dies)(at, case, when)
    except BaseException:
        scenes.give_up(when)
        raise


def _worker_dies(at: Scene, case: Case, when: str) -> None:
    story, place = STORIES[case.story], f"{case.point}:{when}:{case.time}"
    if case.settings:
        _replace_api(at, **case.settings)
    with ThreadPoolExecutor(1) as teller:
        telling = teller.submit(story.tell, at)
        if case.before_it:
            _see_die(at, _doomed(at, case, case.before_it), case.before_it, telling.done)
            case.between(at)
        doomed = _doomed(at, case, place)
        if case.stopped:
            at.until(lambda: bool(at.containers()))
            at.reaches(at.jobs[-1], "running")
            doomed.send_signal(signal.SIGTERM)
        _see_die(at, doomed, place, telling.done)
        worker = at.start("worker")
        job = telling.result()
    _check(at, story, job)
    at.end(worker)
    if case.settings:
        _replace_api(at)


def _api_dies(at: Scene, case: Case, when: str) -> None:
    story, place = STORIES[case.story], f"{case.point}:{when}:{case.time}"
    doomed = _replace_api(at, **case.settings, **{VARIABLE: place})
    with ThreadPoolExecutor(1) as teller:
        worker = at.start("worker")
        telling = teller.submit(story.tell, at)
        _see_die(at, doomed, place, telling.done)
        at.start_api()
        job = telling.result()
    _check(at, story, job)
    at.end(worker)


def _doomed(at: Scene, case: Case, place: str) -> Forked:
    """Start a worker that dies; it waits for a slow engine, so that the story goes its way."""
    # but not where it withdraws a start, which waits as long
    patience = {} if place.startswith(WITHDRAWS) else {PATIENT: "30"}
    return at.start("worker", **case.settings, **patience, **{VARIABLE: place})


def _replace_api(at: Scene, **settings: str) -> Forked:
    at.end(*(one for one in at.processes if one.args[0] == "api"))
    return at.start_api(**settings)


def _see_die(at: Scene, doomed: Forked, place: str, is_told: object) -> None:
    """Wait for the death; the story must not end without it."""
    deadline = time.monotonic() + PATIENCE
    told_at = None
    while doomed.poll() is None:
        now = time.monotonic()
        if told_at is None and callable(is_told) and is_told():
            told_at = now
        is_over = now > deadline or (told_at is not None and now > told_at + A_MOMENT)
        assert not is_over, f"{place} is never passed\n{at.said()}"
        time.sleep(0.02)
    name = place.removesuffix(":1")
    assert doomed.poll() == EXIT, f"{place}\n{at.said()}"
    assert f"ended at the fail-point {name.removesuffix(':2')}" in at.said_by(doomed)


def _check(at: Scene, story: Story, job: str) -> None:
    """Compare the end with what must be, by the engine's account and not by our records."""
    document = at.status(job)
    assert (document["status"], document["reason"]) == story.ends, f"{document}\n{at.said()}"
    # the engine tells it a moment later
    with suppress(AssertionError):
        deadline = time.monotonic() + A_MOMENT
        while at.starts.of(job) != story.starts and time.monotonic() < deadline:
            time.sleep(0.02)
    assert at.starts.of(job) == story.starts, at.said()
    at.until(lambda: at.containers() == [], "containers are left")
    at.until(lambda: at.leases() == [], "leases are left")
    assert {one["name"]: one["alive"] for one in at.providers()} == {"local": 0, "shaky": 0}


@pytest.mark.parametrize("when", WHENS)
def test_making_a_store_ours_may_be_cut_off(scenes: Scenes, when: str) -> None:
    """`jobsched init --store` that died is simply said again (store.stamp)."""
    with ExitStack() as stack:
        at = scenes.fresh(stack)
        place = f"store.stamp:{when}"
        doomed = at.start("init", "--store", **{VARIABLE: place})
        _see_die(at, doomed, place, None)
        at.begin()
        assert at.client.jobs()["jobs"] == []


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("point", ["store.prune", "logs.delete"])
def test_forgetting_old_jobs_may_be_cut_off(scenes: Scenes, point: str, when: str) -> None:
    """A job is forgotten or kept; its logs are the only thing that may stay, for their own time."""
    at = scenes.of(when)
    at.forget_locks()
    worker = at.start("worker", JOBSCHED_LIMITS_RETENTION="1s")
    job = STORIES["plain"].tell(at)
    _check(at, STORIES["plain"], job)
    at.end(worker)
    time.sleep(1)
    place = f"{point}:{when}"
    _see_die(at, at.start("chore", "prune", **{VARIABLE: place}), place, None)
    assert at.start("chore", "prune").wait(PATIENCE) == 0
    with pytest.raises(Answered, match="No job"):
        at.client.status(job)
    assert at.containers() == []


def _nothing(client: redis.Redis, job: str) -> None:
    """Let all be well."""


def _make_overdue(client: redis.Redis, job: str) -> None:
    """Let a job look as if nobody had claimed it for two minutes."""
    for key in _due(client, job):
        client.zadd(key, {job: (time.time() - 120) * 1_000_000})


def _lose_its_time(client: redis.Redis, job: str) -> None:
    """Let nobody know that a job is due."""
    for key in _due(client, job):
        client.zrem(key, job)


def _break(client: redis.Redis, job: str) -> None:
    """Make a record that nobody can read."""
    client.hset(f"jobsched:job:{job}", "document", "{")


def _due(client: redis.Redis, job: str) -> list[bytes]:
    keys: Any = client.keys("jobsched:due:*")
    return [key for key in keys if client.zscore(key, job) is not None]


HARMS = {
    "store.examine": _nothing,
    "store.clear_alarm": _nothing,
    "store.wake": _make_overdue,
    "store.repair": _lose_its_time,
    "store.raise_alarm": _break,
}


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("point", HARMS)
def test_looking_for_what_is_lost_may_be_cut_off(scenes: Scenes, point: str, when: str) -> None:
    """Who looks next finds it: an overdue job, a lost due time, a broken record."""
    at, place = scenes.of(when), f"{point}:{when}"
    at.forget_locks()
    with ThreadPoolExecutor(1) as teller, redis.Redis.from_url(at.redis.url) as client:
        known = len(at.jobs)
        telling = teller.submit(STORIES["plain"].tell, at)
        at.until(lambda: len(at.jobs) > known)
        record = f"jobsched:job:{at.jobs[-1]}"
        document: Any = client.hget(record, "document")
        HARMS[point](client, at.jobs[-1])
        # a broken record is put aside by whoever reads it first
        if point == "store.raise_alarm":
            assert at.start("chore", "claim").wait(PATIENCE) == 0, at.said()
        _see_die(at, at.start("chore", "reconcile", **{VARIABLE: place}), place, None)
        client.hset(record, "document", document)
        assert at.start("chore", "reconcile").wait(PATIENCE) == 0, at.said()
        worker = at.start("worker")
        _check(at, STORIES["plain"], telling.result())
        at.end(worker)


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("point", ["store.use_permit", "store.suspect", "store.see_reaper"])
def test_reaping_may_be_cut_off(scenes: Scenes, point: str, when: str) -> None:
    """The next pass goes on; a machine that a job counts on is never touched."""
    at, place = scenes.of(when), f"{point}:{when}"
    at.forget_locks()
    with ThreadPoolExecutor(1) as teller:
        telling = teller.submit(STORIES["at risk"].tell, at)
        worker = at.start("worker")
        at.until(lambda: bool(at.containers()))
        _see_die(at, at.start("chore", "reap", **{VARIABLE: place}), place, None)
        at.forget_locks()
        assert at.start("chore", "reap").wait(PATIENCE) == 0, at.said()
        _check(at, STORIES["at risk"], telling.result())
        at.end(worker)


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("point", ["store.begin_restore", "save.Restored", "store.end_restore"])
def test_a_restore_may_be_cut_off(scenes: Scenes, point: str, when: str) -> None:
    """`jobsched restore` that died is typed again; what may have run does not run."""
    with ExitStack() as stack:
        at, place = scenes.fresh(stack), f"{point}:{when}"
        at.begin()
        job = at.post("true")
        at.end(*at.processes)
        _see_die(at, at.start("restore", "--yes", **{VARIABLE: place}), place, None)
        assert at.start("restore", "--yes").wait(PATIENCE) == 0, at.said()
        at.start_api()
        at.start("worker")
        document = at.ended(job)
        assert (document["status"], document["reason"]) == ("failed", "restored")
        other = at.post("true")
        assert at.ended(other)["status"] == "finished"
        assert (at.starts.of(job), at.starts.of(other)) == ({}, {1: 1})


@pytest.mark.parametrize("when", WHENS)
def test_removing_leftovers_may_be_cut_off(scenes: Scenes, when: str) -> None:
    """What was not removed is removed by the next who cleans (provider.remove_leftovers)."""
    at = scenes.of(when)
    place = f"provider.remove_leftovers:{when}"
    _see_die(at, at.start("chore", "clean", **{VARIABLE: place}), place, None)
    again = at.start("chore", "clean")
    assert again.wait(PATIENCE) == 0
    assert "leftover.removed" in at.said_by(again)
