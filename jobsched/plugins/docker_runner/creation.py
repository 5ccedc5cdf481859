"""Creating a container once, whatever happened to the answer of an earlier try. Blocking."""

from __future__ import annotations

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from jobsched.contracts.order import ContainerOrder
from jobsched.domain.job import Container
from jobsched.errors import RunnerFailed
from jobsched.plugins.docker_runner import failure, naming, specification
from jobsched.plugins.docker_runner.config import Settings
from jobsched.plugins.docker_runner.refusal import masked

if TYPE_CHECKING:
    from jobsched.plugins.docker_runner.client import Client

#: How often, and after which pause, a container that is being created is looked for.
ADOPT_TRIES, ADOPT_SECONDS = 50, 0.1


def adopt(client: Client, order: ContainerOrder) -> Container | None:
    """Give the container that an earlier try made, or None.

    Raises:
        RunnerFailed: ``name_taken`` by somebody else's container, or ``withdrawn``: this one must
            never start, so no other may get its name, which a late start would find.
    """
    found = _find(client, order.name)
    _refuse_withdrawn(client, order)
    if found is None:
        return None
    if not naming.is_ours(found["Config"].get("Labels"), naming.labels(order)):
        raise RunnerFailed(
            "name_taken", f"another container has the name {order.name}", then="fail"
        )
    return _container(order, found["Id"], found["Config"]["Image"])


def create(client: Client, order: ContainerOrder, image: str, settings: Settings) -> Container:
    """Create the container of a pinned image, or adopt the one that was created meanwhile.

    Raises:
        RunnerFailed: the engine refuses the order (``configuration``), or as :func:`adopt`. What
            was made though its name was withdrawn meanwhile is removed again.
    """
    body = specification.container(order, image, settings)
    try:
        made = client.create_container_from_config(body, order.name)  # type: ignore[no-untyped-call] # the stubs forgot it
    except failure.EngineRefused as error:
        match error.status:
            case HTTPStatus.CONFLICT:
                return _adopt_soon(client, order)
            case HTTPStatus.BAD_REQUEST:
                text = f"{order.name}: {masked(error.text, order)}"
                raise RunnerFailed("configuration", text, then="fail") from error
            case HTTPStatus.NOT_FOUND:
                raise RunnerFailed("pull_failed", f"{image} vanished after its pull") from error
        error.text = masked(error.text, order)
        raise failure.refused(error, f"create {order.name}") from error
    try:
        _refuse_withdrawn(client, order)
    except RunnerFailed:
        client.remove_container(made["Id"], v=True, force=True)
        raise
    return _container(order, made["Id"], image)


def _refuse_withdrawn(client: Client, order: ContainerOrder) -> None:
    if _find(client, order.name + naming.WITHDRAWN) is not None:
        raise RunnerFailed("withdrawn", f"the container {order.name} was withdrawn")


def _adopt_soon(client: Client, order: ContainerOrder) -> Container:
    # An engine reserves the name first, and shows the container once it is made.
    for _ in range(ADOPT_TRIES):
        if (adopted := adopt(client, order)) is not None:
            return adopted
        time.sleep(ADOPT_SECONDS)
    raise RunnerFailed("name_taken", f"{order.name} is being created elsewhere", effect="unknown")


def _find(client: Client, name: str) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] = client.inspect_container(name)
    except failure.EngineRefused as error:
        if error.not_found:
            return None
        raise failure.refused(error, f"inspect {name}") from error
    # An engine takes the first letters of an id for a name, too.
    return found if found["Name"] == f"/{name}" else None


def _container(order: ContainerOrder, identifier: str, image: str) -> Container:
    return Container(
        name=order.name, id=identifier, image=image, state={"labels": naming.labels(order)}
    )


__all__ = ["adopt", "create"]
