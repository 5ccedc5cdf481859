"""Which signal a container is stopped with, and what an engine's answers mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from jobsched.domain.job import Container
from jobsched.errors import RunnerFailed
from jobsched.plugins.docker_runner import stopping
from jobsched.plugins.docker_runner.clients import Connection
from jobsched.plugins.docker_runner.failure import EngineRefused

CONTAINER = Container(name="jobsched-1", id="abc")


@dataclass
class Engine:
    """An engine with one container, in the place of a connection to one."""

    signal: str | None = None
    running: bool = True
    refusals: dict[str, EngineRefused] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)

    @property
    def client(self) -> Any:
        """The SDK's client."""
        return self

    def inspect_container(self, reference: str) -> dict[str, Any]:
        """Describe it."""
        config = {"StopSignal": self.signal} if self.signal else {}
        return {"Id": reference, "Config": config, "State": {"Running": self.running}}

    def kill(self, reference: str, signal: str) -> None:
        """Send a signal, or refuse to."""
        assert reference == "abc"
        self.sent.append(signal)
        if signal in self.refusals:
            raise self.refusals[signal]


def asked(engine: Engine) -> bool:
    """What the stop is told."""
    return stopping.ask(cast("Connection", engine), CONTAINER)


@pytest.mark.parametrize(("signal", "sent"), [(None, "SIGTERM"), ("SIGINT", "SIGINT")])
def test_the_images_own_signal_is_sent(signal: str | None, sent: str) -> None:
    """Once, as Docker's own stop does."""
    engine = Engine(signal=signal)
    assert asked(engine)
    assert engine.sent == [sent]


def test_a_word_that_is_no_signal_is_not_the_last_one() -> None:
    """An image may name any word: Docker's own stop ends its containers all the same."""
    refusals = {"FOO": EngineRefused(400, "Invalid signal: FOO")}
    engine = Engine(signal="FOO", refusals=refusals)
    assert asked(engine)
    assert engine.sent == ["FOO", "SIGTERM"]


@pytest.mark.parametrize("status", [404, 409])
def test_a_container_that_ends_or_is_paused_is_waited_for(status: int) -> None:
    """What follows, a look and at last the kill, finds it as it is."""
    engine = Engine(refusals={"SIGTERM": EngineRefused(status, "is not running")})
    assert asked(engine)
    assert engine.sent == ["SIGTERM"]


def test_what_does_not_run_gets_no_signal() -> None:
    """It is as good as stopped."""
    engine = Engine(running=False)
    assert not asked(engine)
    assert engine.sent == []


@pytest.mark.parametrize("status", [400, 500])
def test_any_other_answer_is_a_failure(status: int) -> None:
    """The container was not told, and is told again."""
    engine = Engine(refusals={"SIGTERM": EngineRefused(status, "no")})
    with pytest.raises(RunnerFailed, match="no"):
        asked(engine)
    assert engine.sent == ["SIGTERM"]
