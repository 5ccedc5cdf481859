"""The sentences of a contract that a plugin must keep: what a method does, and what it raises.

Left out is what the core does (``When``, ``Repeated``, ``Args``), the time that a call may take
(``Within``), which every test of the kit holds it to, and the examples.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jobsched.testing.conformance.promise import plain

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to" / "test-a-plugin.md"
SECTION = re.compile(r"^ *(When|Repeated|Args|Raises|Returns|Within|Example):", re.MULTILINE)
NOTE = re.compile(r"(?:^ +#:.*\n)+", re.MULTILINE)
END = re.compile(r"(?<=[.;:])\s+")


def of(contract: type) -> Iterator[tuple[Any, str]]:
    """Give each sentence of a class, with who says it: the class, or one of its methods."""
    for sentence in _split(contract.__doc__ or ""):
        yield contract, sentence
    for note in NOTE.findall(inspect.getsource(contract)):
        yield contract, plain(note)
    for name, method in vars(contract).items():
        if inspect.isfunction(method) and not name.startswith("_"):
            for sentence in _split(method.__doc__ or ""):
                yield method, sentence


def _split(docstring: str) -> Iterator[str]:
    begin, *sections = SECTION.split(docstring)
    texts = [begin]
    for name, text in zip(sections[::2], sections[1::2], strict=True):
        if name == "Raises":
            texts.append(text)
    for text in texts:
        # names of errors are no sentences: ``OperationFailed:``
        yield from (one for one in END.split(plain(text)) if " " in one)
