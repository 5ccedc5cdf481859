"""The sections ``aws`` and ``docker`` of ``GET /status/{id}``, and those that plugins name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from jobsched import log
from jobsched.domain.job import Container, Job, Json, Launch
from jobsched.domain.state import last_try
from jobsched.hooks.patience import contained
from jobsched.hooks.registry import Registry

_log = log.get("jobsched.web")

#: the seed document's fields; there from the start, whoever fills them
AWS: Final = ("instance_id", "dns_name", "ready", "ip_address", "state")


def sections_of(job: Job, registry: Registry) -> dict[str, Json]:
    """Give the provider's and the runner's section, and the seed's two in any case."""
    launch = job.attempt.launches[-1] if job.attempt and job.attempt.launches else None
    sections: dict[str, Json] = {"aws": dict.fromkeys(AWS), "docker": asked_of(job)}
    provider = registry.providers.get(job.spec.provider)
    if provider is not None:
        instance = launch.instance if launch else None
        told = _told(job, provider.name, lambda: provider.status(instance))
        section = sections.setdefault(provider.status_section, {})
        section.update(_with_facts(told, launch))
    runner = registry.runners.get(job.spec.runner)
    if runner is not None:
        container = _container(launch)
        told = _told(job, runner.name, lambda: runner.status(container))
        section = sections.setdefault(runner.status_section, {})
        section.update({**told, **asked_of(job), **_ran(job, launch, container)})
    return sections


def asked_of(job: Job) -> Json:
    """Give a container's section before there is one: what was asked, and nulls.

    Of a secret only the variable's name is shown.
    """
    spec = job.spec
    return {
        "container_id": None,
        "container_status": None,
        "environment": [*spec.env, *(f"{name}=***" for name in spec.secret_env)],
        "command": spec.command,
        "docker_image": spec.docker_image,
        "container_exit_code": None,
    }


def _told(job: Job, plugin: str, tell: Callable[[], Json]) -> Json:
    """Ask a plugin for its section; one that fails, or gives no JSON, must not break the answer."""
    try:
        told: Json = json.loads(json.dumps(contained(tell), allow_nan=False))
        return dict(told)
    except Exception:  # noqa: BLE001 - a bug of a plugin must not break the answer; it is logged
        _log.exception("plugin.failed", plugin=plugin, call="status", job=job.id)
        return {}


def _with_facts(section: Json, launch: Launch | None) -> Json:
    """Fill in what the record knows better than a description of the machine that was kept once."""
    if launch is None or launch.instance is None:
        return section
    section = dict(section)
    if "ready" in section:
        section["ready"] = launch.ready_at is not None
    if "state" in section:
        section["state"] = _over(launch) or section["state"] or _state(launch)
    return section


def _over(launch: Launch) -> str:
    if launch.gone_at is not None:
        return "terminated"
    return "shutting-down" if launch.terminated_at is not None else ""


def _state(launch: Launch) -> str:
    return "running" if launch.ready_at is not None else "pending"


def _container(launch: Launch | None) -> Container | None:
    last = last_try(launch) if launch else None
    return last.container if last else None


def _ran(job: Job, launch: Launch | None, container: Container | None) -> Json:
    outcome = job.attempt.outcome if job.attempt else None
    return {
        "container_id": (container.id or None) if container else None,
        "container_status": _container_status(launch) if launch and container else None,
        "container_exit_code": outcome.code if outcome else None,
    }


def _container_status(launch: Launch) -> str:
    """Say how the container stands; how it ended stays true after it is removed."""
    last = launch.tries[-1]
    if launch.ending is not None:
        return "start_failed" if launch.ending.start_failed else "exited"
    if launch.removed_at is not None or launch.gone_at is not None:
        return "removed"
    if last.not_started_at is not None:
        return "withdrawn"
    return "running" if last.started_at is not None else "created"


__all__ = ["AWS", "asked_of", "sections_of"]
