"""The plugin ``static_hosts``: machines of a fixed pool of Docker hosts, one job a host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobsched import hookimpl
from jobsched.contracts.provider import Provider
from jobsched.contracts.services import Services
from marshmallow import Schema

from jobsched_static_hosts.config import StaticHostsSchema, credentials_of, hosts_of
from jobsched_static_hosts.docker_engine import connector
from jobsched_static_hosts.provider import StaticHosts


@hookimpl
def jobsched_config_schemas() -> dict[str, type[Schema]]:
    """Bring the schema of the section ``static_hosts``."""
    return {StaticHosts.name: StaticHostsSchema}


@hookimpl
def jobsched_providers(
    config: Mapping[str, Mapping[str, Any]], services: Services
) -> list[Provider]:
    """Bring the pool; no host is spoken to before it is needed."""
    section = config[StaticHosts.name]
    connect = connector(
        credentials_of(section, services.ca_dir), section["answer_within"].total_seconds()
    )
    pool = StaticHosts(
        hosts_of(section), connect, services, alive=section["alive"], lead=section["lead"]
    )
    return [pool]


__all__ = ["StaticHosts", "StaticHostsSchema", "jobsched_config_schemas", "jobsched_providers"]
