"""What a kit test says of a plugin that breaks its contract: the sentence, what was seen, a way."""

from __future__ import annotations

import textwrap
import traceback

from jobsched.errors import OperationFailed

#: A report is for a screen: the last frames are the plugin's own.
FRAMES = 4
EXPECTED_ONLY = (
    "Raise jobsched.errors.OperationFailed (ProviderFailed, RunnerFailed, LogStoreFailed) for what "
    "can be expected to fail, and let nothing else out."
)


class Broken(Exception):
    """The plugin does not do what its contract says.

    Args:
        seen: what was seen, in one sentence; no secret in it.
        do: what to do about it; empty for what the test itself advises.
    """

    def __init__(self, seen: str, *, do: str = "") -> None:
        super().__init__(seen)
        self.seen = seen
        self.do = do


def expect(condition: object, seen: str, *, do: str = "") -> None:
    """Go on if it is so.

    Raises:
        Broken: it is not.
    """
    if not condition:
        raise Broken(seen, do=do)


def of_error(error: BaseException) -> Broken:
    """Say what an error that came out of a plugin means."""
    if isinstance(error, Broken):
        return error
    lines = traceback.format_exception(type(error), error, error.__traceback__, limit=-FRAMES)
    text = textwrap.indent("".join(lines).rstrip(), "    ")
    if isinstance(error, OperationFailed):
        asked = f'reason="{error.reason}", effect="{error.effect}", then="{error.then}"'
        seen = f"it raised {type(error).__name__}({asked}): {error.message}\n{text}"
        return Broken(seen)
    seen = f"it raised {type(error).__name__}, which is no OperationFailed\n{text}"
    return Broken(seen, do=EXPECTED_ONLY)


def report(where: str, sentence: str, broken: Broken, do: str) -> str:
    """Render the three parts of a failure."""
    return (
        f"A promise of {where} is broken.\n"
        f'  the sentence: "{sentence}"\n'
        f"  seen:         {broken.seen}\n"
        f"  what to do:   {broken.do or do}"
    )


__all__ = ["EXPECTED_ONLY", "Broken", "expect", "of_error", "report"]
