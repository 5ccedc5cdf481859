"""A docstring, taken apart into its summary, its text and its sections."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

#: in the order in which a reader wants them
SECTIONS = ("When", "Repeated", "Args", "Returns", "Raises", "Within", "Example")
_HEAD = re.compile(rf"^({'|'.join(SECTIONS)}):(?: +(.*))?$")
_ENTRY = re.compile(r"^(\w+): +(.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Docstring:
    """What a docstring says."""

    summary: str
    #: paragraphs of the text after the summary
    text: tuple[str, ...] = ()
    #: section → its lines
    sections: dict[str, str] = field(default_factory=dict)

    def entries(self, section: str) -> Iterator[tuple[str, str]]:
        """Give name and text of each entry of ``Args`` or ``Raises``."""
        name, words = "", ""
        for line in textwrap.dedent(self.sections.get(section, "")).splitlines():
            if found := _ENTRY.match(line):
                if name:
                    yield name, words
                name, words = found[1], found[2]
            else:
                words += f" {line.strip()}"
        if name:
            yield name, words

    def example(self) -> str:
        """Give the example as a file has it; what is answered stands in comments."""
        lines: list[str] = []
        for line in textwrap.dedent(self.sections.get("Example", "")).splitlines():
            if line.startswith((">>>", "...")):
                if line.startswith(">>> def") and lines:
                    lines.append("")
                lines.append(line[4:])
            else:
                lines.append(f"# {line}" if line else "")
        return "\n".join(lines).strip()


def parse(documented: object) -> Docstring:
    """Take the docstring of a module, class or function apart."""
    head: list[str] = []
    sections: dict[str, list[str]] = {}
    into = head
    for line in (inspect.getdoc(documented) or "").splitlines():
        if found := _HEAD.match(line):
            into = sections.setdefault(found[1], [])
            line = found[2] or ""  # noqa: PLW2901 - what follows the colon is the section's first line
        into.append(line)
    paragraphs = [" ".join(one.split()) for one in "\n".join(head).split("\n\n") if one.strip()]
    summary, *text = paragraphs or [""]
    kept = {name: "\n".join(lines).strip("\n") for name, lines in sections.items()}
    return Docstring(summary=summary, text=tuple(text), sections=kept)


__all__ = ["SECTIONS", "Docstring", "parse"]
