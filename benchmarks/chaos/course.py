"""The course of a run: chaos until all was posted and enough was killed, then peace to the end."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.chaos.customer import Customer
from benchmarks.chaos.deployment import Deployment
from benchmarks.chaos.evidence import Evidence
from benchmarks.chaos.fault import Faults
from benchmarks.chaos.inheritance import Inheritance
from benchmarks.chaos.recorder import Recorder
from benchmarks.chaos.stage import Stage, told
from jobsched.client import Answered, Client, NoServer

#: seconds between two looks at what has come due
TICK = 0.05
#: seconds between two lines about how far it is
SAY = 15.0
#: seconds that what is left at the end may take to go
LEFT_WITHIN = 60.0


@dataclass(slots=True, kw_only=True)
class Course:
    """Everything that takes part."""

    deployment: Deployment
    customer: Customer
    faults: Faults
    inheritance: Inheritance
    stage: Stage
    recorder: Recorder
    #: faults end after so many kills
    kills: int
    #: monotonic time at which it is given up
    until: float
    say: Callable[[str], None]
    _said_at: float = field(default=0)

    def run(self) -> None:
        """Let the faults happen, then wait for the ends; not longer than it may take."""
        self._while(lambda: self.faults.kills < self.kills, faults=True)
        self.say("no more faults")
        self.faults.relent(all_of_them=True)
        self._while(lambda: bool(self.customer.open) or not self.inheritance.is_over)
        deadline = time.monotonic() + LEFT_WITHIN
        self._while(lambda: time.monotonic() < deadline and self._is_left())

    def _while(self, condition: Callable[[], bool], *, faults: bool = False) -> None:
        while condition() and time.monotonic() < self.until:
            self.deployment.supervise()
            self.customer.work()
            if faults:
                self._fault()
            self._say()
            time.sleep(TICK)

    def _fault(self) -> None:
        self.faults.relent()
        fault = self.faults.work()
        if fault is None:
            return
        if fault.victim == "redis":
            self.inheritance.away()
        elif fault.kind == "kill" and (worker := self._worker(fault.name)):
            self.inheritance.died(worker)

    def _worker(self, name: str) -> str:
        """Give what the worker that was killed there called itself; empty: it had not begun."""
        actor = next(one for one in self.deployment.actors if one.name == name)
        return (actor.said("worker.started") or {}).get("worker", "")

    def _is_left(self) -> bool:
        return bool(self.stage.left()) or any(one.gone_at is None for one in self.stage.bodies())

    def _say(self) -> None:
        if time.monotonic() > self._said_at + SAY:
            self._said_at = time.monotonic()
            waiting = [page for page in self.customer.open if page.ids]
            posted = sum(bool(page.ids) for page in self.customer.pages)
            self.say(
                f"{posted} of {len(self.customer.pages)} jobs acknowledged, {len(waiting)} of them "
                f"open, {self.faults.kills} of {self.kills} kills"
            )

    def evidence(self) -> Evidence:
        """Collect what is judged; all processes run."""
        pages = self.customer.pages
        jobs = {page.script.number: page.ids[0] for page in pages if page.ids}
        by_engine = self.stage.runs()
        runs = {} if by_engine is None else {"the engine": by_engine}
        runs["the containers"] = told(self.recorder.lines, jobs, self.stage)
        ids = [job for page in pages for job in page.ids]
        return Evidence(
            book=[page.entry() for page in pages],
            documents={job: found for job in ids if (found := self._document(job))},
            listed=self._listed(),
            runs=runs,
            bodies=self.stage.bodies(),
            left=self.stage.left(),
        )

    def _document(self, job: str) -> dict[str, Any] | None:
        try:
            return self._asked(lambda api: api.status(job))
        except Answered as error:
            if error.status == 404:
                return None
            raise

    def _listed(self) -> list[str]:
        found: list[str] = []
        cursor = ""
        while True:
            page = self._asked(functools.partial(Client.jobs, limit=100, cursor=cursor))
            found += [one["id"] for one in page["jobs"]]
            cursor = page["next"] or ""
            if not cursor:
                return found

    def _asked(self, question: Callable[[Client], dict[str, Any]]) -> dict[str, Any]:
        """Ask any API, again and again for a while."""
        deadline = time.monotonic() + LEFT_WITHIN
        while True:
            api = random.choice(self.deployment.apis)  # noqa: S311 - no secret
            try:
                return question(api)
            except NoServer:
                if time.monotonic() > deadline:
                    raise
                self.deployment.supervise()
                time.sleep(TICK)


__all__ = ["Course"]
