"""Where in a record a command works: the attempt, the launch, its latest container."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jobsched.domain.due import Command
from jobsched.domain.job import Attempt, Container, Instance, Job, Launch
from jobsched.domain.state import launch_of
from jobsched.engine.order import machine_of


class NoSuchPlace(AssertionError):
    """A command names what the record does not have: a bug in `due`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The attempt and launch that a command is about."""

    attempt: Attempt
    launch: Launch

    @classmethod
    def of(cls, job: Job, command: Command) -> Place:
        """Find the place of a command in the job."""
        attempt = attempt_of(job)
        launch = launch_of(attempt, command.launch)
        if launch is None:
            raise NoSuchPlace
        return cls(attempt=attempt, launch=launch)

    @property
    def machine(self) -> Instance:
        """The launch's machine, as a runner sees it."""
        return machine_of(self.launch)

    @property
    def no(self) -> int:
        """The number of the latest container."""
        return len(self.launch.tries) - 1

    @property
    def container(self) -> Container:
        """The latest container."""
        container = self.launch.tries[-1].container
        if container is None:
            raise NoSuchPlace
        return container

    def of_launch(self, at: datetime) -> dict[str, Any]:
        """Give what every fact about the launch begins with."""
        return {"at": at, "attempt": self.attempt.no, "launch": self.launch.no}

    def of_try(self, at: datetime) -> dict[str, Any]:
        """Give what every fact about its latest container begins with."""
        return {**self.of_launch(at), "no": self.no}


def attempt_of(job: Job) -> Attempt:
    """Give the job's current attempt, which every command but the first plan has."""
    if job.attempt is None:
        raise NoSuchPlace
    return job.attempt


__all__ = ["NoSuchPlace", "Place", "attempt_of"]
