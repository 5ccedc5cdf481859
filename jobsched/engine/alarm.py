"""alarm: say what an operator must look at, until it is put right."""

from __future__ import annotations

from jobsched.engine.parts import Parts


async def alarm(parts: Parts, name: str, sentence: str) -> None:
    """Raise an alarm, or bring the sentence of one that is raised up to date. May be repeated.

    It is told by ``GET /readiness`` until :func:`all_clear`; the log tells it once.

    Args:
        parts: the store that keeps it, and the log.
        name: what it is about, in few words: ``quarantine``, ``reap:ec2_spot``.
        sentence: what is wrong, and what an operator is to do.

    Raises:
        Unavailable: the store does not answer.
    """
    if await parts.store.raise_alarm(name, sentence):
        parts.services.log.error("alarm.raised", alarm=name, why=sentence)


async def all_clear(parts: Parts, name: str) -> None:
    """Take an alarm back, if it is raised. May be repeated.

    Raises:
        Unavailable: the store does not answer.
    """
    if await parts.store.clear_alarm(name):
        parts.services.log.info("alarm.cleared", alarm=name)


__all__ = ["alarm", "all_clear"]
