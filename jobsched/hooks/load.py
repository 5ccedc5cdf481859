"""Loading the plugins that the configuration names, each for itself."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from marshmallow import Schema
from pluggy import PluginManager, PluginValidationError

from jobsched import JOBSCHED_API, __version__
from jobsched.errors import PluginError, PluginLoadFailed
from jobsched.hooks import specs
from jobsched.hooks.candidate import Candidate
from jobsched.hooks.choice import candidates, choose, origin_of
from jobsched.hooks.installed import GROUP
from jobsched.hooks.report import BrokenPlugin, LoadedPlugin, LoadReport, Origin
from jobsched.hooks.sections import Section, collect_sections
from jobsched.hooks.trace import trace_hooks

#: The plugin that the core itself is.
CORE = "jobsched"
_CORE_ORIGIN = Origin(
    distribution="jobsched", version=__version__, module="jobsched.builtin", api=JOBSCHED_API
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugins:
    """The loaded plugins: whom to ask and whom to tell."""

    manager: PluginManager = field(repr=False)
    report: LoadReport
    #: every call of them is logged
    is_traced: bool = False
    #: section name → who brings it
    sections: Mapping[str, Section] = field(default_factory=dict)
    #: the configuration, once it is read
    config: specs.Sections = field(default_factory=dict, repr=False)

    @property
    def schemas(self) -> dict[str, type[Schema]]:
        """Section name → schema."""
        return {name: section.schema for name, section in self.sections.items()}

    def config_of(self, plugin: str) -> specs.Sections:
        """Give what a plugin sees of the configuration: the sections that it brought itself."""
        own = (name for name, section in self.sections.items() if section.plugin == plugin)
        return {name: self.config[name] for name in own if name in self.config}


def load(
    names: Iterable[str],
    *,
    builtin: object | None = None,
    taken: Iterable[str] = (),
    plugins_dir: Path | None = None,
    trace: bool = False,
) -> Plugins:
    """Import and register the plugins of these names; one that is broken does not hide the others.

    A plugin that is there but not named is not imported: the process holds cloud credentials.

    Args:
        names: names of entry points of the group ``jobsched``, or of files in ``plugins_dir``.
        builtin: the core's own plugin.
        taken: names of sections that are the core's.
        plugins_dir: a folder of single-file plugins.
        trace: log every call of a plugin.

    Returns:
        The plugins that work; ``report`` tells of all, ``report.check()`` raises for broken ones.

    Raises:
        ConfigError: ``plugins_dir`` cannot be read, or others can write to it.
    """
    manager = PluginManager(GROUP)
    manager.add_hookspecs(specs)
    loaded: dict[str, LoadedPlugin] = {}
    broken: list[PluginError] = []
    if builtin is not None:
        manager.register(builtin, CORE)
        loaded[CORE] = LoadedPlugin(name=CORE, hooks=_hooks(manager, builtin))
    found = candidates(plugins_dir)
    origins = {name: origin_of(named) for name, named in found.items()}
    origins[CORE] = _CORE_ORIGIN
    wanted = dict.fromkeys(names)
    for name in wanted:
        try:
            if name == CORE:
                why = "the core is always loaded: take it out of the list"
                raise PluginLoadFailed(name, why)
            loaded[name] = _load_one(manager, choose(name, found, plugins_dir), origins)
        except PluginError as error:
            broken.append(error)
    if trace:
        trace_hooks(manager)
    sections, colliding = collect_sections(manager, set(taken))
    broken += colliding
    for one in colliding:
        _forget(manager, one.plugin)
    bad = {error.plugin for error in broken}
    report = LoadReport(
        loaded=tuple(
            _with_sections(one, sections) for one in loaded.values() if one.name not in bad
        ),
        broken=tuple(map(BrokenPlugin.of, broken)),
        unused=tuple(sorted(set(found) - set(wanted))),
        origins=origins,
    )
    return Plugins(manager=manager, report=report, is_traced=trace, sections=sections)


def _load_one(manager: PluginManager, one: Candidate, origins: dict[str, Origin]) -> LoadedPlugin:
    name = one.name
    module = one.load()
    file = getattr(sys.modules.get(one.module), "__file__", None)
    origins[name] = replace(origins[name], file=file or "")
    api = _api(name, module)
    # before it is refused: what it was written for is told of a broken plugin too
    origins[name] = replace(origins[name], api=api)
    if api is not None and api > JOBSCHED_API:
        raise PluginLoadFailed(
            name,
            f"it needs plugin API {api} and this jobsched has {JOBSCHED_API}: upgrade jobsched",
        )
    try:
        manager.register(module, name)
        _check_hooks(manager, name, module)
    except (PluginValidationError, ValueError) as error:
        _forget(manager, name)
        raise _invalid(name, str(error)) from error
    except PluginError:
        _forget(manager, name)
        raise
    return LoadedPlugin(name=name, hooks=_hooks(manager, module))


def _api(name: str, module: object) -> int | None:
    api = getattr(module, "JOBSCHED_API", None)
    if api is None or isinstance(api, int):
        return api
    raise PluginLoadFailed(name, f"its JOBSCHED_API is {api!r}; it must be a whole number")


def _check_hooks(manager: PluginManager, name: str, module: object) -> None:
    callers = manager.get_hookcallers(module) or []
    if not callers:
        raise PluginLoadFailed(name, "it has no hook: mark its functions with jobsched.hookimpl")
    for caller in callers:
        implementations = [one for one in caller.get_hookimpls() if one.plugin is module]
        if any(one.wrapper or one.hookwrapper for one in implementations):
            raise PluginLoadFailed(name, "hooks cannot be wrapped", hook=caller.name)
        if not caller.has_spec() and not all(one.optionalhook for one in implementations):
            near = difflib.get_close_matches(caller.name, specs.__all__, n=1)
            ask = f"; did you mean {near[0]!r}?" if near else ""
            raise PluginLoadFailed(name, f"there is no such hook{ask}", hook=caller.name)


def _invalid(name: str, said: str) -> PluginLoadFailed:
    hook = re.search(r"for hook '(\w+)'", said)
    arguments = re.search(r"Argument\(s\) \{(.+?)\} are declared", said)
    if hook and arguments:
        message = f"the hook has no argument {arguments[1]}"
        return PluginLoadFailed(name, message, hook=hook[1])
    return PluginLoadFailed(name, " ".join(said.split()), hook=hook[1] if hook else "")


def _forget(manager: PluginManager, name: str) -> None:
    # register() leaves behind what it had added before it failed.
    if manager.has_plugin(name):
        manager.unregister(name=name)


def _hooks(manager: PluginManager, module: object) -> tuple[str, ...]:
    return tuple(sorted(caller.name for caller in manager.get_hookcallers(module) or []))


def _with_sections(one: LoadedPlugin, sections: Mapping[str, Section]) -> LoadedPlugin:
    own = tuple(sorted(name for name, section in sections.items() if section.plugin == one.name))
    return replace(one, sections=own)


__all__ = ["CORE", "GROUP", "Plugins", "load"]
