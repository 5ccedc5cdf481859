"""plan: ask the planner when to provision and when to start."""

from __future__ import annotations

from dataclasses import replace

from jobsched.domain import facts
from jobsched.domain.due import Command
from jobsched.domain.job import Job
from jobsched.domain.retry import earliest
from jobsched.engine import answer
from jobsched.engine.call import ask
from jobsched.engine.observe import intend
from jobsched.engine.parts import Parts


async def plan(parts: Parts, job: Job, command: Command) -> Job:
    """Open the next attempt with its plan."""
    del command
    return await intend(parts, job, planned(parts, job))


def planned(parts: Parts, job: Job) -> facts.Planned:
    """Ask the planner, and keep its answer within what was promised to the user.

    Raises:
        PluginBug: the planner raised, or gave no plan.
    """
    planner = parts.registry.planner(job.spec.planner)
    history, now = parts.services.history, parts.now
    wish = ask(parts, f"{planner.name}.plan", lambda: planner.plan(job, history, now), answer.plan)
    start_at = max(wish.start_at, earliest(job))
    kept = replace(wish, start_at=start_at, provision_at=min(wish.provision_at, start_at))
    number = job.attempt.no + 1 if job.attempt else 1
    return facts.Planned(at=parts.now, attempt=number, plan=kept)


__all__ = ["plan", "planned"]
