"""What became of each plugin that the configuration names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jobsched.errors import PluginError


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPlugin:
    """A plugin that works."""

    name: str
    #: what was installed: ``jobsched-acme``, and its version
    distribution: str = ""
    version: str = ""
    #: where it lies in ``plugins_dir``, if it is not installed
    file: str = ""
    #: the version of the plugin API that it was written for, or None if it does not say
    api: int | None = None
    hooks: tuple[str, ...] = ()
    #: sections of the configuration
    sections: tuple[str, ...] = ()
    #: ``providers`` → names
    brings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenPlugin:
    """A plugin that cannot be used, where, and why."""

    name: str
    hook: str
    reason: str
    error: PluginError = field(repr=False)

    @classmethod
    def of(cls, error: PluginError) -> BrokenPlugin:
        """Describe a plugin by the error that it met."""
        at = f"{error.plugin}.{error.hook}" if error.hook else error.plugin
        reason = error.message.removeprefix(f"plugin {at}: ")
        return cls(name=error.plugin, hook=error.hook, reason=reason, error=error)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """All plugins that were named; none hides another."""

    loaded: tuple[LoadedPlugin, ...] = ()
    broken: tuple[BrokenPlugin, ...] = ()
    #: installed or in ``plugins_dir``, but not named in the configuration: never imported
    unused: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise the plugin's error if one is broken; of several, one that tells them all."""
        if not self.broken:
            return
        first = self.broken[0].error
        if len(self.broken) == 1:
            raise first
        names = ", ".join(dict.fromkeys(one.name for one in self.broken))
        whole = "; ".join(one.error.message for one in self.broken)
        raise PluginError(names, whole) from first


__all__ = ["BrokenPlugin", "LoadReport", "LoadedPlugin"]
