"""A process dies at every place in a job's life: before and after every call to the outside.

With a real Redis, real processes and the Docker Engine: it dies there, another one goes on, and the
job ends as it must, started once an attempt by the engine's own account, with nothing left.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from jobsched.bootstrap.failpoint import VARIABLE
from jobsched.engine.outside import POINTS
from tests.acceptance.dying.cases import APART, CASES, Case
from tests.acceptance.dying.death import check, see_die
from tests.acceptance.dying.scene import Scene
from tests.acceptance.dying.scenes import Scenes
from tests.acceptance.dying.stories import STORIES
from tests.acceptance.forked import Forked

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(180)]

PATIENT = "JOBSCHED_DOCKER_RUNNER_REQUEST_TIMEOUT"
WITHDRAWS = ("runner.withdraw", "save.NotStarted")
WHENS = ("before", "after")


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
    with scenes.lane(when) as at:
        (_worker_dies if case.who == "worker" else _api_dies)(at, case, when)


def _worker_dies(at: Scene, case: Case, when: str) -> None:
    story, place = STORIES[case.story], f"{case.point}:{when}:{case.time}"
    if case.settings:
        _replace_api(at, **case.settings)
    with ThreadPoolExecutor(1) as teller:
        telling = teller.submit(story.tell, at)
        if case.before_it:
            see_die(at, _doomed(at, case, case.before_it), case.before_it, telling.done)
            case.between(at)
        doomed = _doomed(at, case, place)
        see_die(at, doomed, place, telling.done)
        worker = at.start("worker")
        job = telling.result()
    check(at, story, job)
    at.end(worker)
    if case.settings:
        _replace_api(at)


def _api_dies(at: Scene, case: Case, when: str) -> None:
    story, place = STORIES[case.story], f"{case.point}:{when}:{case.time}"
    doomed = _replace_api(at, **case.settings, **{VARIABLE: place})
    with ThreadPoolExecutor(1) as teller:
        worker = at.start("worker")
        telling = teller.submit(story.tell, at)
        see_die(at, doomed, place, telling.done)
        at.start_api()
        job = telling.result()
    check(at, story, job)
    at.end(worker)


def _doomed(at: Scene, case: Case, place: str) -> Forked:
    """Start a worker that dies; it waits for a slow engine, so that the story goes its way."""
    # but not where it withdraws a start, which waits as long
    patience = {} if place.startswith(WITHDRAWS) else {PATIENT: "30"}
    return at.start("worker", **case.settings, **patience, **{VARIABLE: place})


def _replace_api(at: Scene, **settings: str) -> Forked:
    at.end(*(one for one in at.processes if one.args[0] == "api"))
    return at.start_api(**settings)
