"""A machine, as if another one answered at its address, or nobody."""

from __future__ import annotations

from dataclasses import replace

from jobsched.domain.job import Instance
from jobsched.testing.conformance import registry


def another(here: Instance) -> Instance:
    """Give the machine with the id of another host, and other texts in its access' state."""
    access = here.access
    if access is None:
        return here
    # Each text differs from the others: some runners compare them.
    texts = {key: f"another-{key}" for key, value in access.state.items() if isinstance(value, str)}
    other = replace(access, host_id="another-host", state={**access.state, **texts})
    return replace(here, access=other)


def nobody(here: Instance, port: int) -> Instance:
    """Give another machine at a port of this host; what has no address stays without one."""
    there = another(here)
    access = there.access
    if access and access.docker_url:
        access = replace(access, docker_url=f"tcp://{registry.HOST}:{port}")
    if access and access.address:
        access = replace(access, address=registry.HOST, port=port)
    return replace(there, access=access)


__all__ = ["another", "nobody"]
