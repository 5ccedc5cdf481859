"""Who dies where, in which story."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.acceptance.dying.scene import Scene
from tests.acceptance.dying.stories import vanish


def nothing(scene: Scene) -> None:
    """Let nothing happen."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A point, and the story in which it is passed."""

    point: str
    story: str
    #: worker, api
    who: str = "worker"
    #: which time it is passed
    time: int = 1
    #: another worker dies here before
    before_it: str = ""
    #: what happens between the two deaths
    between: Callable[[Scene], None] = nothing
    #: further settings of who dies, and of the API
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What pytest calls it."""
        return f"{self.point}, {self.story}" + (f", {self.who}" if self.who != "worker" else "")


def _of(story: str, *points: str, who: str = "worker") -> list[Case]:
    return [Case(point=point, story=story, who=who) for point in points]


#: a start in doubt: it was granted, and nobody knows whether it was made
IN_DOUBT = "runner.start:before"
BY_ARQ = {"JOBSCHED_DISPATCH": "arq"}

CASES = [
    *_of(
        "plain",
        *("store.bind", "store.see_worker", "store.claim", "store.lock", "store.refill"),
        *("store.waits_in_line", "store.release", "store.changes", "store.acknowledge"),
        *("provider.freeze", "provider.provision", "provider.terminate"),
        *("runner.prepare", "runner.start", "runner.remove", "logs.write"),
        *("save.Offered", "save.Begun", "save.Provisioned", "save.Ready", "save.Prepared"),
        *("save.StartGranted", "save.Started", "save.Hinted", "save.Ended", "save.LogsStored"),
        *("save.Released", "save.Removed", "save.Gone"),
    ),
    *_of("long", "save.Inspected"),
    *_of("retried", "save.Planned"),
    Case(point="runner.start", story="retried", time=2),
    *_of("unstartable", "save.CommandFailed", "save.Ended"),
    *_of("cancelled", "runner.stop", "save.Stopping", "store.renew"),
    *_of("timed out", "runner.stop", "save.Stopping"),
    Case(point="save.Vanished", story="vanished", before_it="save.Started:after", between=vanish),
    *_of("taken", "save.Interrupted", "runner.warn", "save.Warned", "save.Stopping"),
    *_of("taken", "provider.terminate", "save.Terminated", "save.Gone", "save.Planned"),
    *_of("refused", "save.Refused"),
    *_of("given up", "save.GivenUp"),
    *_of("halted", "store.halt"),
    Case(point="runner.withdraw", story="plain", before_it=IN_DOUBT),
    Case(point="save.NotStarted", story="plain", before_it=IN_DOUBT),
    *_of("long", "store.unlock"),
    Case(point="chores.advance_later", story="long", settings=BY_ARQ),
    *_of("plain", "store.accept", who="api"),
    *_of("cancelled", "save.CancelRequested", who="api"),
    *_of("ready", "save.Ready", who="api"),
    *_of("boot failed", "save.BootFailed", who="api"),
    *_of("at risk", "save.AtRisk", who="api"),
    *_of("noted", "save.Noted", who="api"),
    *_of("hinted", "save.Hinted", who="api"),
    *_of("halted", "store.resume", who="api"),
    *_of("permitted", "store.permit", who="api"),
    Case(point="chores.advance_later", story="plain", who="api", settings=BY_ARQ),
]

#: what has a test of its own, as no worker or API passes it at its usual work
APART = (
    *("store.stamp", "store.prune", "logs.delete", "provider.remove_leftovers"),
    *("store.examine", "store.clear_alarm", "store.wake", "store.repair", "store.raise_alarm"),
    *("store.use_permit", "store.suspect", "store.see_reaper"),
    *("store.begin_restore", "save.Restored", "store.end_restore"),
    *("store.hold_back", "store.let_go"),
)

__all__ = ["APART", "CASES", "Case"]
