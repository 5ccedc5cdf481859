"""The promises by name, and one that was broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: name → what is promised
PROMISES: Final = {
    "no bug": "no exception that nobody should have raised",
    "nothing lost": "every accepted job ends, in one state",
    "one start": "an attempt's container is started once at most",
    "no overlap": "two containers of a job never run at one time",
    "at most once": "a job that asked for no retry after a start is started once at most",
    "only as told": "another attempt only for a cause that the job names",
    "fence": "another attempt only when no machine with a container of the last one is on",
    "no false success": "finished only with an exit code 0 of that attempt's container, unstopped",
    "true code": "an exit code that is told is that of the attempt's container",
    "terminal stays": "a job that has ended never changes",
    "cancel heard": "a cancel that was answered is in the record",
    "held": "nothing outside is touched for a job but by the worker that holds it",
    "revisions grow": "each save of a record has a higher revision than the last",
    "facts stay": "what was saved of a job stays saved, a cancel above all",
    "legal transition": "a state is followed only by one that the design names",
    "legal fact": "a fact is saved only in a state in which it can become known",
    "always woken": "a job that has not ended has a time at which somebody looks at it",
    "intent first": "a machine is asked for only after its launch was saved",
    "right machine": "nobody ends a machine that its job's record needs, nor touches a stranger's",
    "own word": "what is believed of a machine is what it, or its provider of it, has said",
    "no late launch": "no machine begins so late that nobody has been asking for it since",
    "cap alive": "no more machines alive than the cap",
    "cap hourly": "no more launches in an hour than the cap",
    "cap pace": "no more launches in a second than the pace",
    "no leak": "no machine is on a quarter of an hour after it was wanted and all was calm",
    "indexes agree": "when all is over, due times, slots and lines are those of the records",
    "told": "each saved change is told to the plugins, at least once",
    "no quarantine": "no record is put aside",
    "logs go": "when a job is forgotten, nothing of its logs is kept",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A promise that was not kept."""

    name: str
    what: str
    #: virtual seconds since the world's beginning
    at: float
    #: of whom; empty: of no job alone
    job: str
    #: how many lines the history had by then
    line: int

    def __str__(self) -> str:
        """Give name and fact in a line."""
        return f"{self.name}: {self.what}"

    def explained(self, before: list[str]) -> str:
        """Give all that there is to say, with the lines of the history before it."""
        head = f"{self.at:.6f} {self}\n  promised: {PROMISES[self.name]}"
        return "\n".join([head, *(f"  {line}" for line in before)])


__all__ = ["PROMISES", "Broken"]
