"""What the loaded plugins brought, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from jobsched.contracts.callback import CallbackAction
from jobsched.contracts.log_store import LogStore
from jobsched.contracts.planner import Planner
from jobsched.contracts.provider import Provider
from jobsched.contracts.runner import Runner
from jobsched.errors import UnknownName

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Every part that can be named by the configuration or a job."""

    providers: Mapping[str, Provider] = field(default_factory=dict)
    runners: Mapping[str, Runner] = field(default_factory=dict)
    planners: Mapping[str, Planner] = field(default_factory=dict)
    log_stores: Mapping[str, LogStore] = field(default_factory=dict)
    actions: Mapping[str, CallbackAction] = field(default_factory=dict)
    #: "provider" | "runner" | "planner" | "log_store" → the name used by jobs that name none
    defaults: Mapping[str, str] = field(default_factory=dict)

    def provider(self, name: str) -> Provider:
        """Give a provider, or raise ``UnknownName`` with the names there are."""
        return _named(self.providers, name, "provider")

    def runner(self, name: str) -> Runner:
        """Give a runner, or raise ``UnknownName`` with the names there are."""
        return _named(self.runners, name, "runner")

    def planner(self, name: str) -> Planner:
        """Give a planner, or raise ``UnknownName`` with the names there are."""
        return _named(self.planners, name, "planner")

    def action(self, name: str) -> CallbackAction:
        """Give a callback action, or raise ``UnknownName`` with the names there are."""
        return _named(self.actions, name, "action")

    @property
    def log_store(self) -> LogStore:
        """The log store of this deployment."""
        return _named(self.log_stores, self.defaults["log_store"], "log store")


def _named(parts: Mapping[str, Part], name: str, kind: str) -> Part:
    try:
        return parts[name]
    except KeyError:
        known = ", ".join(sorted(parts)) or "none"
        raise UnknownName(f"there is no {kind} {name!r}; loaded: {known}") from None


__all__ = ["Registry"]
