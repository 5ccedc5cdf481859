"""What may happen to a job, so that each place in its life is passed by somebody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.acceptance.dying.cloud import machine_of, say, take
from tests.acceptance.dying.scene import ENDS, Scene


@dataclass(frozen=True, kw_only=True)
class Story:
    """One job: how it is posted and what is done to it, and how it must end whoever dies."""

    tell: Callable[[Scene], str]
    #: state and reason at the end
    ends: tuple[str, str] = ("finished", "finished")
    #: starts by attempt
    starts: Mapping[int, int] = field(default_factory=lambda: {1: 1})


def _shell(script: str, **more: Any) -> Callable[[Scene], str]:
    def tell(scene: Scene) -> str:
        job = scene.post("sh", "-c", script, **more)
        scene.ended(job)
        return job

    return tell


def _no_such_command(scene: Scene) -> str:
    job = scene.post("/no/such/command")
    scene.ended(job)
    return job


#: deaf to SIGTERM: the stop takes all of its grace
DEAF = "trap '' TERM; while true; do sleep 0.1; done"


def _cancelled(scene: Scene) -> str:
    job = scene.post("sh", "-c", DEAF, grace=2)
    scene.reaches(job, "running")
    scene.cancel(job)
    scene.ended(job)
    return job


def vanish(scene: Scene) -> None:
    """Remove the container of the job that was posted last."""
    for container in scene.containers(scene.jobs[-1]):
        container.remove(force=True)


def _taken(scene: Scene) -> str:
    """Its first machine is taken away while it runs; on the second it goes on to its end."""
    retry = {"max_attempts": 2, "on": ["interruption"], "backoff": 0.1}
    script = "[ $JOBSCHED_ATTEMPT = 2 ] || exec sleep 60"
    job = scene.post("sh", "-c", script, provider="shaky", retry=retry)
    scene.reaches(job, "running")
    take(scene, machine_of(scene, job))
    scene.ended(job)
    return job


def _told(action: str, **payload: str) -> Callable[[Scene], str]:
    """Its machine says something while it runs."""

    def tell(scene: Scene) -> str:
        job = scene.post("sleep", "2", provider="shaky")
        machine = machine_of(scene, job)
        scene.reaches(job, "running")
        say(scene, machine, action, **payload)
        scene.ended(job)
        return job

    return tell


def _ready(scene: Scene) -> str:
    """Its machine is ready when it says so."""
    job = scene.post("true", provider="shaky", options={"shaky": {"quiet": True}})
    say(scene, machine_of(scene, job), "update")
    scene.ended(job)
    return job


def _boot_fails(scene: Scene) -> str:
    """Its first machine cannot boot; the second can."""
    job = scene.post("true", provider="shaky", options={"shaky": {"quiet": True}})
    first = machine_of(scene, job)
    say(scene, first, "terminate", why="boot_failed")
    while (machine := machine_of(scene, job))["launch"] == first["launch"]:
        assert scene.status(job)["status"] not in ENDS
    say(scene, machine, "update")
    scene.ended(job)
    return job


def _halts(scene: Scene) -> str:
    """It breaks its provider, which is resumed afterwards."""
    options = {"shaky": {"refuse": 9, "then": "breaker"}}
    job = scene.post("true", provider="shaky", options=options)
    scene.until(lambda: _is_halted(scene), job)
    scene.ended(job)
    scene.persist(lambda: scene.client.resume("shaky"))
    scene.until(lambda: not _is_halted(scene), job)
    return job


def _permitted(scene: Scene) -> str:
    """An operator gives the reaper a word while it runs."""
    job = scene.post("sleep", "1", provider="shaky")
    scene.persist(lambda: scene.client.force_reap("shaky"))
    scene.ended(job)
    return job


def _is_halted(scene: Scene) -> bool:
    return any(one["halted"] for one in scene.providers())


def _refused(**options: Any) -> Callable[[Scene], str]:
    return _shell("true", provider="shaky", options={"shaky": options})


RETRIED = {"max_attempts": 2, "on": ["error"], "backoff": 0.1}

STORIES: dict[str, Story] = {
    "plain": Story(tell=_shell("echo hello")),
    "long": Story(tell=_shell("sleep 2")),
    "retried": Story(tell=_shell("[ $JOBSCHED_ATTEMPT = 2 ]", retry=RETRIED), starts={1: 1, 2: 1}),
    "unstartable": Story(tell=_no_such_command, ends=("failed", "start_failed"), starts={}),
    "cancelled": Story(tell=_cancelled, ends=("cancelled", "cancelled")),
    "timed out": Story(tell=_shell(DEAF, timeout=1, grace=1), ends=("failed", "timeout")),
    "vanished": Story(tell=_shell("exec sleep 60"), ends=("failed", "outcome_unknown")),
    "taken": Story(tell=_taken, starts={1: 1, 2: 1}),
    "at risk": Story(tell=_told("risk")),
    "noted": Story(tell=_told("note")),
    "hinted": Story(tell=_told("terminate", why="ended")),
    "ready": Story(tell=_ready),
    "boot failed": Story(tell=_boot_fails),
    "refused": Story(tell=_refused(refuse=1)),
    "given up": Story(
        tell=_refused(refuse=9, then="fail"), ends=("failed", "no_capacity"), starts={}
    ),
    "permitted": Story(tell=_permitted),
    "halted": Story(tell=_halts, ends=("failed", "no_capacity"), starts={}),
}

__all__ = ["STORIES", "Story", "vanish"]
