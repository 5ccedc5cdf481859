"""The name of a new plugin, and what follows from it."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass

from jobsched.config.sources import OTHERS_PREFIX, variable
from jobsched.errors import InvalidInput
from jobsched.hooks.installed import installed
from jobsched.schemas.config import NAMED, SECTIONS

#: Of at most 63 characters, as every name in the configuration.
PATTERN = re.compile(r"[a-z]([a-z0-9_-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Name:
    """A name that a new plugin can have, as it was typed: ``acme-cloud``."""

    typed: str

    @property
    def plugin(self) -> str:
        """What the configuration names: ``acme_cloud``."""
        return self.typed.replace("-", "_")

    @property
    def distribution(self) -> str:
        """What is installed, and the folder: ``jobsched-acme-cloud``."""
        return f"jobsched-{self.typed}"

    @property
    def package(self) -> str:
        """What is imported: ``jobsched_acme_cloud``."""
        return f"jobsched_{self.plugin}"

    @property
    def prefix(self) -> str:
        """What its classes begin with: ``AcmeCloud``."""
        return "".join(word.capitalize() for word in self.plugin.split("_"))

    @property
    def variables(self) -> str:
        """What the variables of its section begin with: ``JOBSCHED_ACME_CLOUD_``."""
        return variable(self.plugin, "")


def named(typed: str) -> Name:
    """Check a name.

    Raises:
        InvalidInput: no plugin can have it, or another one has it.
    """
    name = Name(typed)
    if PATTERN.fullmatch(typed) is None:
        raise InvalidInput(
            f"{typed!r} cannot be a plugin's name: take small letters, digits, - and _, a letter "
            "first, at most 63 characters"
        )
    if keyword.iskeyword(name.plugin):
        raise InvalidInput(f"{typed!r} is a word of Python itself: take another name")
    if name.plugin in (*SECTIONS, *NAMED):
        raise InvalidInput(f"the section [{name.plugin}] is jobsched's own: take another name")
    if name.plugin in {one.name for one in installed() if one.distribution == "jobsched"}:
        raise InvalidInput(f"jobsched itself brings a plugin {name.plugin!r}: take another name")
    if name.variables.startswith(OTHERS_PREFIX):
        raise InvalidInput(f"variables {OTHERS_PREFIX}… are not read: take another name")
    return name


__all__ = ["Name", "named"]
