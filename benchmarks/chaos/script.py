"""What each job of a run does, and how it must end: made of the seed alone. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

#: jobs that are posted at one time, so that workers have several in hand
TOGETHER: Final = 4
#: names of the container's own lines
START, END = "start", "end"
#: what a container says of itself; its number and attempt are in its environment. It tries for a
#: while, as the recorder may be busy, and goes on in any case.
TELL: Final = """read run </proc/sys/kernel/random/uuid
read host </etc/hostname
tell() {
  n=0
  until echo "$CHAOS_JOB $JOBSCHED_ATTEMPT $run $host $*" | nc -w 5 "$CHAOS_HOST" "$CHAOS_PORT"; do
    n=$((n + 1)); [ $n -lt 20 ] || break; sleep 0.3
  done
}
tell start
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One job as it was thought out. Times are in seconds."""

    number: int
    #: the name of its kind, for people
    kind: str
    #: what its container runs after it has said that it started
    shell: str
    #: the reasons that it may end with
    ends: frozenset[str]
    #: the exit code of its last container, where it has one by its own doing
    code: int | None = None
    #: attempts whose containers start; None: at most one (it is cancelled)
    attempts: int | None = 1
    #: since the begin of the run
    post_at: float
    #: between its post and its time
    ahead: float = 0
    #: between its time and its cancel; None: nobody cancels it
    cancel_after: float | None = None
    #: fields of its request
    more: dict[str, Any] = field(default_factory=dict)


def scripts(seed: int, jobs: int, during: float) -> list[Script]:
    """Think out jobs that are posted during some seconds, a few at a time."""
    dice = random.Random(seed)  # noqa: S311 - not for secrets
    kinds = [kind for kind, weight in KINDS.items() for _ in range(weight)]
    return [
        dice.choice(kinds)(dice, number, (number - number % TOGETHER) * during / jobs)
        for number in range(jobs)
    ]


def _quick(dice: random.Random, number: int, at: float) -> Script:
    shell = _exits(dice.choice([0, dice.uniform(0, 5)]), "0")
    finished = frozenset({"finished"})
    return Script(number=number, kind="quick", shell=shell, ends=finished, code=0, post_at=at)


def _ahead(dice: random.Random, number: int, at: float) -> Script:
    return Script(
        number=number,
        kind="ahead",
        shell=_exits(dice.uniform(0, 2), "0"),
        ends=frozenset({"finished"}),
        code=0,
        post_at=at,
        ahead=dice.uniform(3, 40),
    )


def _fails(dice: random.Random, number: int, at: float) -> Script:
    code = dice.randint(1, 99)
    return Script(
        number=number,
        kind="fails",
        shell=_exits(dice.uniform(0, 2), str(code)),
        ends=frozenset({"exited"}),
        code=code,
        post_at=at,
    )


def _retried(dice: random.Random, number: int, at: float) -> Script:
    """Fail until the second attempt, or always."""
    good = dice.random() < 0.7
    last = "2" if good else "9"
    return Script(
        number=number,
        kind="retried" if good else "exhausted",
        shell=f'[ "$JOBSCHED_ATTEMPT" -ge {last} ] && code=0 || code=3\n'
        + _exits(dice.uniform(0, 2), "$code"),
        ends=frozenset({"finished" if good else "exited"}),
        code=0 if good else 3,
        attempts=2 if good else 3,
        post_at=at,
        more={"retry": {"max_attempts": 3, "on": ["before_start", "error"], "backoff": 1}},
    )


def _cancelled(dice: random.Random, number: int, at: float) -> Script:
    """Be cancelled at a moment around the start; the end may be quicker."""
    return Script(
        number=number,
        kind="cancelled",
        shell=_exits(dice.uniform(0, 5), "0"),
        ends=frozenset({"cancelled", "finished"}),
        attempts=None,
        post_at=at,
        ahead=dice.uniform(0, 4),
        cancel_after=dice.choice([dice.uniform(-2, 4), dice.uniform(-0.1, 0.5)]),
    )


def _late(dice: random.Random, number: int, at: float) -> Script:
    """Run longer than it may: stopped, or seen to have been too long when nobody was there."""
    return Script(
        number=number,
        kind="timeout",
        shell=_exits(30, "0"),
        ends=frozenset({"timeout"}),
        post_at=at,
        more={"timeout": round(dice.uniform(0.5, 3), 1)},
    )


def _exits(seconds: float, code: str) -> str:
    return f"sleep {seconds:.1f}\ntell end {code}\nexit {code}\n"


#: how many of a hundred
KINDS: Final[dict[Callable[[random.Random, int, float], Script], int]] = {
    _quick: 40,
    _ahead: 12,
    _fails: 10,
    _retried: 15,
    _cancelled: 15,
    _late: 8,
}

__all__ = ["END", "START", "TELL", "Script", "scripts"]
