"""A range of addresses for a cloud's machines that neither the engine nor this host uses."""

from __future__ import annotations

import ipaddress
import shutil
import subprocess
from dataclasses import dataclass
from typing import Final

import docker
from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool

from jobsched.testing.cloud.mark import Mark
from jobsched.testing.cloud.trouble import CannotRun

#: AWS' own range of a default VPC first, then its neighbours; each serves one cloud
RANGES: Final = tuple(f"172.{number}.0.0/16" for number in range(31, 17, -1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Where machines stand."""

    #: the range of the default VPC
    addresses: str
    #: this host as machines see it
    gateway: str


def free_ranges() -> list[Network]:
    """Give the ranges that this host has no route into."""
    used = _routes()
    return [
        Network(addresses=one, gateway=str(ipaddress.ip_network(one)[1]))
        for one in RANGES
        if not any(route.overlaps(ipaddress.IPv4Network(one)) for route in used)
    ]


def make(client: docker.DockerClient, mark: Mark) -> Network:
    """Make a Docker network of the first range that is free.

    Raises:
        CannotRun: none is.
    """
    for one in free_ranges():
        pool = IPAMPool(subnet=one.addresses, gateway=one.gateway)
        try:
            client.api.create_network(
                mark.name, "bridge", ipam=IPAMConfig(pool_configs=[pool]), labels=mark.labels
            )
        except APIError as error:
            # Another cloud, or a network of somebody else's, was quicker.
            if "overlap" not in str(error.explanation).lower():
                raise CannotRun(f"the engine makes no network: {error.explanation}") from error
        else:
            return one
    raise CannotRun(
        "no range of addresses is free for the machines: end other local clouds, or remove "
        "Docker networks that are not needed (docker network prune)"
    )


def _routes() -> list[ipaddress.IPv4Network]:
    program = shutil.which("ip") or "/sbin/ip"
    try:
        listed = subprocess.run(
            [program, "-4", "route"], check=True, capture_output=True, text=True, timeout=10
        ).stdout
    except (OSError, subprocess.SubprocessError):
        # The engine's own refusal is left.
        return []
    words = [line.split()[0] for line in listed.splitlines() if line.strip()]
    return [ipaddress.IPv4Network(word) for word in words if word[0].isdigit()]


__all__ = ["Network", "free_ranges", "make"]
