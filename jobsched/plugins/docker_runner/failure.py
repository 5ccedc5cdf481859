"""How a call can fail: what the engine answered, as errors of the contract."""

from __future__ import annotations

from http import HTTPStatus

from jobsched.errors import RunnerFailed


class EngineRefused(Exception):
    """The engine answered, and the answer is an error."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text

    @property
    def not_found(self) -> bool:
        """Whether the engine does not know what was asked for."""
        return self.status == HTTPStatus.NOT_FOUND


def unreachable(why: object) -> RunnerFailed:
    """No answer: what was asked may have been done."""
    return RunnerFailed(
        "machine_unreachable", f"the Docker Engine does not answer: {why}", effect="unknown"
    )


def wrong_host(why: str) -> RunnerFailed:
    """Another machine answers than the one that was meant; it was asked for nothing."""
    return RunnerFailed("wrong_host", why, then="replace")


def configuration(why: str) -> RunnerFailed:
    """Something that an operator must set right, and that would fail every job."""
    return RunnerFailed("configuration", why, then="breaker")


def refused(error: EngineRefused, doing: str) -> RunnerFailed:
    """Any answer that has no meaning of its own: an overloaded or broken engine."""
    return RunnerFailed(
        "engine_error", f"{doing}: the Docker Engine says: {error.text}", effect="unknown"
    )


__all__ = ["EngineRefused", "configuration", "refused", "unreachable", "wrong_host"]
