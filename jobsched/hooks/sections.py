"""The sections of the configuration that plugins bring."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass

from marshmallow import Schema
from pluggy import HookImpl, PluginManager

from jobsched.errors import BadHookResult, DuplicateName, PluginError
from jobsched.hooks.call import ask

#: What a section, or a part of a plugin, can be named.
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the configuration that a plugin brings."""

    plugin: str
    schema: type[Schema]


def collect_sections(
    manager: PluginManager, taken: Container[str]
) -> tuple[dict[str, Section], list[PluginError]]:
    """Ask each plugin for its sections; give them by name, and the errors of plugins that failed.

    Args:
        manager: the registered plugins.
        taken: names of sections that are the core's.
    """
    sections: dict[str, Section] = {}
    broken: list[PluginError] = []
    hook = manager.hook.jobsched_config_schemas
    # Sorted, so that of two that collide the same one is named first, however they were listed.
    for implementation in sorted(hook.get_hookimpls(), key=lambda one: one.plugin_name):
        plugin = implementation.plugin_name
        try:
            for section, schema in _schemas(implementation).items():
                _check_section(plugin, section, sections, taken)
                sections[section] = Section(plugin=plugin, schema=schema)
        except PluginError as error:
            broken.append(error)
    return sections, broken


def _schemas(implementation: HookImpl) -> Mapping[str, type[Schema]]:
    plugin, at = implementation.plugin_name, "jobsched_config_schemas"
    brought = ask(implementation, at)
    if not isinstance(brought, Mapping):
        message = f"gave {type(brought).__name__}; it must give a dict of schemas by section"
        raise BadHookResult(plugin, message, hook=at)
    for section, schema in brought.items():
        if not (isinstance(section, str) and NAME.match(section)):
            raise BadHookResult(plugin, f"{section!r} cannot name a section", hook=at)
        if not (isinstance(schema, type) and issubclass(schema, Schema)):
            raise BadHookResult(plugin, f"[{section}] is no marshmallow schema class", hook=at)
    return brought


def _check_section(
    plugin: str, section: str, sections: Mapping[str, Section], taken: Container[str]
) -> None:
    at = "jobsched_config_schemas"
    if section in taken:
        raise DuplicateName(plugin, f"the section [{section}] is the core's", hook=at)
    if (other := sections.get(section)) is not None:
        message = f"the plugin {other.plugin} brings the section [{section}] too: name only one"
        raise DuplicateName(plugin, message, hook=at)


__all__ = ["NAME", "Section", "collect_sections"]
