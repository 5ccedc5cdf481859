"""One look at whether something that jobsched needs is as it must be: ``jobsched doctor``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

#: ``unknown``: it could not be looked at, which is neither good nor bad
Verdict = Literal["pass", "warn", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """How something stands, and what to do about it.

    Example:
        >>> Finding("warn", "the disk is 91 % full: make room in /var")
        Finding(verdict='warn', sentence='the disk is 91 % full: make room in /var')
    """

    #: ``fail``: jobs will not run, or not safely; ``warn``: they run, but somebody should look
    verdict: Verdict
    #: one sentence of at most 1,000 characters, with no secret in it: what is so and, where it is
    #: not well, which setting it is and what to do
    sentence: str


class Check(ABC):
    """Something that an operator wants to know before the first job does.

    Example:
        >>> class Quota(Check):
        ...     name = "acme.quota"
        ...
        ...     def __init__(self, acme):
        ...         self.acme = acme
    """

    #: what it looks at, in words of small letters, digits and _ with dots between: ``acme.quota``
    name: ClassVar[str]

    @abstractmethod
    async def look(self) -> Finding:
        """Look, and say how it stands. Has no effect and costs nothing.

        When: ``jobsched doctor`` is run; at the same time as the other checks.

        Repeated: yes, at each run, on any machine that has the deployment's configuration.

        Raises:
            OperationFailed: it could not be looked at now; told as ``unknown``, with its words, as
                is any other error of ``jobsched.errors``. Whatever else it raises is a bug: logged,
                and told as ``unknown`` with the plugin's name.

        Within: 60 seconds; then it is ``unknown``.

        Example:
            >>> async def look(self):
            ...     used, of = await self.acme.quota()
            ...     if used < of:
            ...         return Finding("pass", f"{used} of {of} machines are used")
            ...     return Finding("fail", f"all {of} machines are used: ask acme for more")
        """


__all__ = ["Check", "Finding", "Verdict"]
