"""The configuration as it counts: checked values, and where each came from."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from jobsched.config.sources import split
from jobsched.domain.job import Limits
from jobsched.errors import ConfigError
from jobsched.log import MASK, is_secret

DEFAULT = "default"
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^/@\s]*?):[^/\s]*@")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Config:
    """Every section, frozen."""

    sections: Mapping[str, Mapping[str, Any]]
    #: ``section.key`` → ``environment JOBSCHED_…``, ``file …``, ``flag …``; else it is a default
    origins: Mapping[str, str] = field(default_factory=dict)
    #: ``section.key`` of what is never shown
    secret: frozenset[str] = frozenset()
    #: sentences about what was not understood but may be somebody else's
    warnings: tuple[str, ...] = ()

    def section(self, name: str) -> Mapping[str, Any]:
        """Give a section.

        Raises:
            ConfigError: there is none of this name.
        """
        try:
            return self.sections[name]
        except KeyError:
            raise ConfigError(f"there is no section [{name}]") from None

    def value(self, path: str) -> Any:
        """Give the value of ``api_port``, or of ``worker.hands``."""
        section, key = split(path)
        values = self.section(section)
        if key not in values:
            raise ConfigError(f"there is no setting {path!r}")
        return values[key]

    def origin(self, path: str) -> str:
        """Say where the value came from: ``default``, ``environment JOBSCHED_API_PORT``, …."""
        return self.origins.get(".".join(split(path)), DEFAULT)

    def limits(self) -> Limits:
        """Give the limits that new jobs get."""
        section = self.section("limits")
        return Limits(**{one.name: section[one.name] for one in dataclasses.fields(Limits)})

    def changed(self, values: Mapping[str, Any], origin: str) -> Config:
        """Give a configuration with other values, which are not checked again.

        Args:
            values: ``api_port`` or ``worker.hands`` → value.
            origin: where they came from, for :meth:`origin`.
        """
        sections = {name: dict(section) for name, section in self.sections.items()}
        origins = dict(self.origins)
        for path, value in values.items():
            section, key = split(path)
            self.value(path)
            sections[section][key] = value
            origins[f"{section}.{key}"] = origin
        return replace(self, sections=frozen(sections), origins=MappingProxyType(origins))

    def masked(self) -> dict[str, dict[str, Any]]:
        """Give every section with ``***`` in the place of each secret that is set."""
        return {
            name: {key: self._masked(f"{name}.{key}", value) for key, value in section.items()}
            for name, section in self.sections.items()
        }

    def __repr__(self) -> str:
        return f"Config({self.masked()!r})"

    def _masked(self, path: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._masked(f"{path}.{key}", inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._masked(path, inner) for inner in value]
        if value in (None, ""):
            return value
        if path in self.secret or _is_secret(path):
            return MASK
        return _PASSWORD_IN_URL.sub(rf"\1:{MASK}@", value) if isinstance(value, str) else value


def _is_secret(path: str) -> bool:
    """Whether a value's place says that it is a secret, marked or not."""
    section, _, key = path.partition(".")
    return section == "secrets" or (section != "limits" and is_secret(key.rpartition(".")[2]))


def frozen(sections: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """Give sections that cannot be changed by mistake."""
    return MappingProxyType({name: MappingProxyType(dict(one)) for name, one in sections.items()})


__all__ = ["DEFAULT", "Config", "frozen"]
