"""What became of each plugin: loaded, broken, or not named by the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from jobsched.errors import PluginError


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a plugin comes from, and whom to tell of a fault in it."""

    #: what was installed: ``jobsched-acme``, and its version
    distribution: str = ""
    version: str = ""
    #: what is imported
    module: str = ""
    #: empty until it is imported
    file: str = ""
    #: the version of the plugin API that it was written for; None: it does not say, or was not
    #: imported
    api: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPlugin:
    """A plugin that works."""

    name: str
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
    """All plugins that were named or are installed; none hides another."""

    loaded: tuple[LoadedPlugin, ...] = ()
    broken: tuple[BrokenPlugin, ...] = ()
    #: installed, but not named in the configuration: never imported
    unused: tuple[str, ...] = ()
    #: by name, of all that are there
    origins: Mapping[str, Origin] = field(default_factory=dict)

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

    def bringing(self, kind: str, names: Mapping[str, Iterable[str]]) -> LoadReport:
        """Give the report with more of what was brought.

        Args:
            kind: ``providers``, ``routes``.
            names: plugin → names of what it brings of this kind.
        """
        return replace(
            self,
            loaded=tuple(_with(one, kind, tuple(names.get(one.name, ()))) for one in self.loaded),
        )

    def failing(self, errors: Iterable[PluginError]) -> LoadReport:
        """Give the report with plugins that failed since: they are broken, and loaded no more."""
        failed = tuple(map(BrokenPlugin.of, errors))
        bad = {one.name for one in failed}
        return replace(
            self,
            loaded=tuple(one for one in self.loaded if one.name not in bad),
            broken=(*self.broken, *failed),
        )


def _with(one: LoadedPlugin, kind: str, names: tuple[str, ...]) -> LoadedPlugin:
    return replace(one, brings={**one.brings, kind: names}) if names else one


__all__ = ["BrokenPlugin", "LoadReport", "LoadedPlugin", "Origin"]
