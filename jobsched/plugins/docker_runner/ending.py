"""Hearing of containers that end: one stream for all of an engine. Blocking."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

from jobsched.plugins.docker_runner import failure, naming
from jobsched.plugins.docker_runner.clients import Connection
from jobsched.plugins.docker_runner.leash import Leash

if TYPE_CHECKING:
    import requests

    from jobsched.plugins.docker_runner.client import Client

#: How far back a stream begins: the engine tells of an end before it lists it.
OVERLAP_SECONDS = 30.0


def listen(
    connection: Connection, deployment: str, emit: Callable[[str], None], leash: Leash
) -> None:
    """Hand on the names of our containers that have ended, then of those that end.

    Raises:
        RunnerFailed: the engine does not answer, or not any more.
    """
    from jobsched.plugins.docker_runner.client import BROKEN, broken  # noqa: PLC0415 (late, as docker)

    client, label = connection.client, f"{naming.DEPLOYMENT}={deployment}"
    now = datetime.fromisoformat(client.info()["SystemTime"]).timestamp()
    try:
        with leash.worn(), closing(_open(client, label, now - OVERLAP_SECONDS)) as stream:
            ended = {"label": [label], "status": ["exited", "dead"]}
            # The engine lists a container as running for a while after it told of its end; one
            # whose end was told before the stream began may be told twice, or be found in the list.
            told = {
                naming.given_name(found["Names"][0])
                for found in client.containers(all=True, filters=ended)
            }
            for name in sorted(told):
                emit(name)
            for line in stream.iter_lines():
                if line and (name := _name(line)) not in told:
                    emit(name)
    except failure.EngineRefused as error:
        raise failure.refused(error, "listen to events") from error
    except BROKEN as error:
        raise broken(error) from error


def _open(client: Client, label: str, since: float) -> requests.Response:
    filters = {"type": ["container"], "event": ["die"], "label": [label]}
    return client.get(
        client.address("/events"),
        params={"since": f"{since:.6f}", "filters": json.dumps(filters)},
        stream=True,
        timeout=(client.timeout, None),
    )


def _name(line: bytes) -> str:
    return naming.given_name(json.loads(line)["Actor"]["Attributes"]["name"])


__all__ = ["listen"]
