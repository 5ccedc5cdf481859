"""How containers are told apart: labels, and the name of a withdrawn one."""

from __future__ import annotations

from collections.abc import Mapping

from jobsched.contracts.order import ContainerOrder
from jobsched.domain.job import Container

#: Fixed, so that a withdrawal can be repeated.
WITHDRAWN = "-withdrawn"
DEPLOYMENT = "jobsched.deployment"


def labels(order: ContainerOrder) -> dict[str, str]:
    """Give the labels of a container: whose it is."""
    return {
        DEPLOYMENT: order.deployment,
        "jobsched.job": order.job,
        "jobsched.attempt": str(order.attempt),
        "jobsched.launch": str(order.launch),
    }


def is_ours(found: Mapping[str, str] | None, wanted: Mapping[str, str]) -> bool:
    """Say whether a found container carries all the wanted labels."""
    return wanted.items() <= (found or {}).items()


def wanted_labels(container: Container, deployment: str) -> dict[str, str]:
    """Give the labels that a container must carry, as far as its record knows them."""
    # Where the answer of prepare was lost, only the name (with attempt and launch in it) is known.
    return {DEPLOYMENT: deployment, **container.state.get("labels", {})}


def references(container: Container) -> tuple[str, ...]:
    """Give by what the container is found: its id, else both of its names."""
    if container.id:
        return (container.id,)
    return (container.name, container.name + WITHDRAWN)


def given_name(engine_name: str) -> str:
    """Give the name that the core chose, from the one that the engine tells."""
    return engine_name.removeprefix("/").removesuffix(WITHDRAWN)


__all__ = [
    "DEPLOYMENT",
    "WITHDRAWN",
    "given_name",
    "is_ours",
    "labels",
    "references",
    "wanted_labels",
]
