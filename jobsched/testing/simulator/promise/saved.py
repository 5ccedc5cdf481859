"""Which kind of fact may be saved in which state of a job, and which never is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from jobsched.domain.state import TERMINAL, State

Pair = tuple[str, str]

_ALL: Final = "scheduled provisioning booting ready running finishing"
_WITH_MACHINE: Final = "provisioning booting ready running finishing"
_LATER: Final = _WITH_MACHINE

_NO_MACHINE: Final = "of a job that is scheduled every launch is over"
_OPENED: Final = "an attempt is opened where none is open"
_OFFERED: Final = "offers are asked for before the first launch of an attempt, by who holds the job"
_BEGUN: Final = "a launch begins where none is counted on"
_GRANTED: Final = "only a created container is granted its start, once, by who holds the job"
_STOPPED: Final = "only a running container is stopped, by who holds the job"
_STARTED: Final = "a container that was granted its start makes the job ready or running"
_KNOWN: Final = "an outcome is never given up"
#: why nothing is saved in them
ENDED: Final = "a job that has ended never changes"


class Saved(NamedTuple):
    """Where one kind of fact is saved.

    In a state of neither list it is late news: what was asked of a launch is answered when somebody
    else's word has moved the job on, such as a cancel while an image is pulled. Few worlds have it.
    What a record makes of each is a row of `tests/unit/domain/test_table.py`.
    """

    #: states in which many worlds must have it
    reached: str
    #: states in which it never is, and why: the record does not take it, or it is a decision, which
    #: is saved in the state in which it was made, or not at all
    never: str = ""
    why: str = ""


SAVED_IN: Final[Mapping[str, Saved]] = {
    "Planned": Saved("scheduled", _LATER, _OPENED),
    "Offered": Saved("scheduled", _LATER, _OFFERED),
    "Begun": Saved("scheduled provisioning", "booting ready running finishing", _BEGUN),
    "Provisioned": Saved(_WITH_MACHINE, "scheduled", _NO_MACHINE),
    "Ready": Saved(_WITH_MACHINE, "scheduled", _NO_MACHINE),
    "Prepared": Saved("booting", "scheduled", _NO_MACHINE),
    "StartGranted": Saved("ready", "scheduled provisioning booting running finishing", _GRANTED),
    "Started": Saved("ready"),
    "Inspected": Saved("running"),
    "Ended": Saved("ready running"),
    "LogsStored": Saved("finishing"),
    "Released": Saved("booting ready running finishing", "scheduled", _NO_MACHINE),
    "Removed": Saved("provisioning finishing"),
    "Terminated": Saved("provisioning booting running finishing", "scheduled", _NO_MACHINE),
    "Gone": Saved(_WITH_MACHINE, "scheduled", _NO_MACHINE),
    "CancelRequested": Saved(_ALL),
    "Restored": Saved(_ALL),
    "Noted": Saved(_WITH_MACHINE),
    "GivenUp": Saved("scheduled provisioning booting ready", "finishing", _KNOWN),
    "Refused": Saved("provisioning", "scheduled", _NO_MACHINE),
    "BootFailed": Saved("provisioning booting", "scheduled", _NO_MACHINE),
    "Interrupted": Saved(_WITH_MACHINE, "scheduled", _NO_MACHINE),
    "AtRisk": Saved(_WITH_MACHINE, "scheduled", _NO_MACHINE),
    "Hinted": Saved("ready running", "scheduled provisioning booting", _STARTED),
    "NotStarted": Saved("ready"),
    "Warned": Saved("running"),
    "Stopping": Saved("running", "scheduled provisioning booting ready finishing", _STOPPED),
    "Vanished": Saved("ready running"),
    "CommandFailed": Saved(_ALL),
}

#: a state, and a kind of fact: what many worlds must have
REACHED: Final[tuple[Pair, ...]] = tuple(
    (state, kind) for kind, saved in SAVED_IN.items() for state in saved.reached.split()
)
#: a state, and a kind of fact, that are never seen together → why
NEVER: Final[Mapping[Pair, str]] = {
    **{
        (state, kind): saved.why
        for kind, saved in SAVED_IN.items()
        for state in saved.never.split()
    },
    **{(str(state), kind): ENDED for state in State if state in TERMINAL for kind in SAVED_IN},
}
#: a state, and a kind of fact, that come together with late news alone
LATE: Final[tuple[Pair, ...]] = tuple(
    (str(state), kind)
    for state in State
    for kind in SAVED_IN
    if (state, kind) not in REACHED and (state, kind) not in NEVER
)

__all__ = ["LATE", "NEVER", "REACHED", "SAVED_IN", "Pair", "Saved"]
