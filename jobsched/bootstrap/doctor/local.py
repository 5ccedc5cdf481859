"""What can be looked at without any server: the configuration, its plugins, the secret."""

from __future__ import annotations

import stat
from collections.abc import Mapping

from jobsched import identity
from jobsched.bootstrap import failpoint
from jobsched.bootstrap.doctor.reading import Reading, identity_of
from jobsched.bootstrap.doctor.strength import BITS, MAKE, is_strong
from jobsched.config import Config
from jobsched.contracts.check import Check, Finding
from jobsched.errors import ConfigError


class Configuration(Check):
    """The configuration can be read, and all of it is understood."""

    name = "configuration"

    def __init__(self, reading: Reading, environ: Mapping[str, str]) -> None:
        self._reading = reading
        self._environ = environ

    async def look(self) -> Finding:
        """See the contract."""
        mistake, config = self._reading.mistake, self._reading.config
        if config is None and self._reading.report.broken:
            return Finding("unknown", f"not read whole, as a plugin is broken: {_line(mistake)}")
        if config is None:
            words = _line(mistake).rstrip(".")
            return Finding("fail", f"{words}; `jobsched config check` says when it is right")
        warnings = list(config.warnings)
        try:
            if point := failpoint.read(self._environ):
                warnings.append(f"every process ends at {point}: unset {failpoint.VARIABLE}")
        except ConfigError as error:
            return Finding("fail", _line(error.message))
        if warnings:
            return Finding("warn", _line("; ".join(warnings)))
        return Finding("pass", "the configuration has no mistakes")


class PluginsThere(Check):
    """Every plugin that is named works, and brings what is chosen."""

    name = "plugins"

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def look(self) -> Finding:
        """See the contract."""
        report = self._reading.report
        if report.broken:
            told = "; ".join(one.error.message for one in report.broken)
            return Finding("fail", f"{_line(told)}; `jobsched plugins` tells more")
        if self._reading.missing:
            return Finding("fail", _line(self._reading.missing))
        if self._reading.config is None:
            return Finding("unknown", "not looked at: the configuration has to be read first")
        return Finding("pass", f"loaded: {', '.join(one.name for one in report.loaded)}")


class Secret(Check):
    """The deployment has an id and a secret, and nobody else can read the secret's file."""

    name = "secret"

    def __init__(self, config: Config) -> None:
        self._config = config

    async def look(self) -> Finding:
        """See the contract."""
        folder = self._config.value("data_dir")
        try:
            who = identity_of(self._config)
        except ConfigError as error:
            if self._config.value("redis_url"):
                return Finding("fail", error.message)
            return Finding("pass", f"there is none yet: `jobsched up` makes one in {folder}")
        if self._config.value("secret"):
            origin = self._config.origin("secret")
            if not is_strong(self._config.value("secret")):
                why = f"the secret from {origin} has less than {BITS} bits"
                return Finding("fail", f"{why}: somebody may try tokens out; {MAKE}")
            return Finding("pass", f"deployment {who.deployment}, its secret from {origin}")
        path = folder / identity.SECRET_FILE
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            return Finding("fail", f"others than its owner can get at {path}: chmod 600 it")
        return Finding("pass", f"deployment {who.deployment}, its secret in {path}")


def _line(text: str) -> str:
    """Give one line of at most 900 characters."""
    return " ".join(text.split())[:900]


__all__ = ["Configuration", "PluginsThere", "Secret"]
