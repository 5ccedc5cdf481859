"""Processes die at the points that no worker and no API passes at its usual work."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
import redis

from jobsched.bootstrap.failpoint import VARIABLE
from jobsched.client import Answered
from tests.acceptance.dying.death import check, see_die
from tests.acceptance.dying.scene import PATIENCE
from tests.acceptance.dying.scenes import Scenes
from tests.acceptance.dying.stories import STORIES

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(180)]

WHENS = ("before", "after")


@pytest.mark.parametrize("when", WHENS)
def test_making_a_store_ours_may_be_cut_off(scenes: Scenes, when: str) -> None:
    """`jobsched init --store` that died is simply said again (store.stamp)."""
    with ExitStack() as stack:
        at = scenes.fresh(stack)
        place = f"store.stamp:{when}"
        doomed = at.start("init", "--store", **{VARIABLE: place})
        see_die(at, doomed, place)
        at.begin()
        assert at.client.jobs()["jobs"] == []


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("point", ["store.prune", "logs.delete"])
def test_forgetting_old_jobs_may_be_cut_off(scenes: Scenes, point: str, when: str) -> None:
    """A job is forgotten or kept; whoever looks next forgets it, and nothing of its logs stays."""
    with scenes.lane(when) as at:
        worker = at.start("worker", JOBSCHED_LIMITS_RETENTION="1s")
        job = STORIES["plain"].tell(at)
        check(at, STORIES["plain"], job)
        at.end(worker)
        time.sleep(1)
        place = f"{point}:{when}"
        see_die(at, at.start("chore", "prune", **{VARIABLE: place}), place)
        assert at.start("chore", "prune").wait(PATIENCE) == 0
        with pytest.raises(Answered, match="No job"):
            at.client.status(job)
        assert at.containers() == []
        with redis.Redis.from_url(at.redis.url) as client:
            assert client.keys(f"jobsched:log*:{job}*") == []


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
    place = f"{point}:{when}"
    with (
        scenes.lane(when) as at,
        ThreadPoolExecutor(1) as teller,
        redis.Redis.from_url(at.redis.url) as client,
    ):
        known = len(at.jobs)
        telling = teller.submit(STORIES["plain"].tell, at)
        at.until(lambda: len(at.jobs) > known)
        record = f"jobsched:job:{at.jobs[-1]}"
        document: Any = client.hget(record, "document")
        HARMS[point](client, at.jobs[-1])
        # a broken record is put aside by whoever reads it first
        if point == "store.raise_alarm":
            assert at.start("chore", "claim").wait(PATIENCE) == 0, at.said()
        see_die(at, at.start("chore", "reconcile", **{VARIABLE: place}), place)
        client.hset(record, "document", document)
        assert at.start("chore", "reconcile").wait(PATIENCE) == 0, at.said()
        worker = at.start("worker")
        check(at, STORIES["plain"], telling.result())
        at.end(worker)


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("point", ["store.use_permit", "store.suspect", "store.see_reaper"])
def test_reaping_may_be_cut_off(scenes: Scenes, point: str, when: str) -> None:
    """The next pass goes on; a machine that a job counts on is never touched."""
    place = f"{point}:{when}"
    with scenes.lane(when) as at, ThreadPoolExecutor(1) as teller:
        telling = teller.submit(STORIES["at risk"].tell, at)
        worker = at.start("worker")
        at.until(lambda: bool(at.containers()))
        see_die(at, at.start("chore", "reap", **{VARIABLE: place}), place)
        at.forget_locks()
        assert at.start("chore", "reap").wait(PATIENCE) == 0, at.said()
        check(at, STORIES["at risk"], telling.result())
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
        see_die(at, at.start("restore", "--yes", **{VARIABLE: place}), place)
        assert at.start("restore", "--yes").wait(PATIENCE) == 0, at.said()
        at.start_api()
        at.start("worker")
        document = at.ended(job)
        assert (document["status"], document["reason"]) == ("failed", "restored")
        other = at.post("true")
        assert at.ended(other)["status"] == "finished"
        assert (at.starts.of(job), at.starts.of(other)) == ({}, {1: 1})


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("point", ["store.hold_back", "store.let_go"])
def test_holding_back_may_be_cut_off(scenes: Scenes, point: str, when: str) -> None:
    """A record that a restore could not read, and that is put right later, does not run."""
    with ExitStack() as stack:
        at, place = scenes.fresh(stack), f"{point}:{when}"
        at.begin()
        job = at.post("true")
        at.end(*at.processes)
        with redis.Redis.from_url(at.redis.url) as client:
            document: Any = client.hget(f"jobsched:job:{job}", "document")
            _break(client, job)
            if point == "store.hold_back":
                see_die(at, at.start("restore", "--yes", **{VARIABLE: place}), place)
            assert at.start("restore", "--yes").wait(PATIENCE) == 0, at.said()
            client.hset(f"jobsched:job:{job}", "document", document)
        if point == "store.let_go":
            see_die(at, at.start("chore", "reconcile", **{VARIABLE: place}), place)
        assert at.start("chore", "reconcile").wait(PATIENCE) == 0, at.said()
        at.start_api()
        at.start("worker")
        ended = at.ended(job)
        assert (ended["status"], ended["reason"]) == ("failed", "restored")
        assert at.starts.of(job) == {}


@pytest.mark.parametrize("when", WHENS)
def test_removing_leftovers_may_be_cut_off(scenes: Scenes, when: str) -> None:
    """What was not removed is removed by the next who cleans (provider.remove_leftovers)."""
    with scenes.lane(when) as at:
        place = f"provider.remove_leftovers:{when}"
        see_die(at, at.start("chore", "clean", **{VARIABLE: place}), place)
        again = at.start("chore", "clean")
        assert again.wait(PATIENCE) == 0
        assert "leftover.removed" in at.said_by(again)
