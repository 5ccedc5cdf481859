"""give up: end the attempt, because a time or a number has run out."""

from __future__ import annotations

from jobsched.domain.due import Command
from jobsched.domain.job import Job
from jobsched.engine.failed import given_up
from jobsched.engine.observe import intend
from jobsched.engine.parts import Parts
from jobsched.engine.place import attempt_of

MESSAGES = {
    "expired": "it could not be started within its late_limit",
    "no_capacity": "no machine could be had within its late_limit",
    "outcome_unknown": "the machine did not answer until its time was over; it may have run",
    "boot_failed": "none of the machines became ready",
    "machine_lost": "every machine was lost before the container could start",
    "pull_failed": "the image could not be pulled",
    "plugin_error": "a plugin failed again and again",
}


async def give_up(parts: Parts, job: Job, command: Command) -> Job:
    """Decide the outcome of the attempt."""
    attempt = attempt_of(job)
    message = MESSAGES.get(command.why, "")
    told = [one.message for one in attempt.troubles if one.reason == command.why]
    if told:
        # in the words of whoever said so: of the registry, of the plugin
        message = f"{message}; the last time: {told[-1]}"
    return await intend(parts, job, given_up(parts, attempt, command.why, message))


__all__ = ["give_up"]
