"""Why a local cloud cannot run here, in one sentence for a person."""

from __future__ import annotations


class CannotRun(RuntimeError):
    """Something that the local cloud needs is not here; the sentence says what to do."""


class NoEngine(CannotRun):
    """No Docker Engine answers."""


__all__ = ["CannotRun", "NoEngine"]
