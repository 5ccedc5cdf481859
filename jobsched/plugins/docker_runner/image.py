"""Getting an image, and the name that pins exactly it. Blocking: runs in a thread."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from jobsched.contracts.order import ContainerOrder, Credential
from jobsched.errors import RunnerFailed
from jobsched.plugins.docker_runner import failure
from jobsched.plugins.docker_runner.leash import Leash
from jobsched.plugins.docker_runner.refusal import pull_failed

if TYPE_CHECKING:
    from jobsched.plugins.docker_runner.client import Client

_ID = "sha256:"


def local(client: Client, order: ContainerOrder) -> str | None:
    """Give the pinned name of an image that is there and may be used without a pull, or None."""
    if order.pinned:
        found = _find(client, order.pinned)
        return None if found is None else order.pinned
    if order.pull == "always":
        return None
    found = _find(client, order.image)
    return None if found is None else pin(found, order.image)


def pull(client: Client, order: ContainerOrder, silence: float, leash: Leash) -> str:
    """Pull the image and give its pinned name.

    Raises:
        RunnerFailed: ``image_not_found``, ``credentials``, ``pull_failed``.
    """
    # An id cannot be pulled: its name is, and must still mean the same.
    named = order.image if order.pinned.startswith(_ID) else order.pinned or order.image
    with leash.worn():
        _download(client, named, order, silence)
    found = _find(client, named)
    if found is None:
        raise RunnerFailed("pull_failed", f"{named} was pulled, and is not there")
    if order.pinned.startswith(_ID) and found["Id"] != order.pinned:
        raise RunnerFailed(
            "image_not_found",
            f"{order.image} means another image now than in the first attempt ({order.pinned})",
            then="fail",
        )
    return order.pinned or pin(found, named)


def pin(image: Mapping[str, Any], reference: str) -> str:
    """Give the digest under which the image's registry knows it, else its id."""
    wanted = repository(reference)
    for digest in image.get("RepoDigests") or ():
        if repository(digest) == wanted:
            return str(digest)
    return str(image["Id"])


def repository(reference: str) -> str:
    """Give the repository of an image's name in its long form, without tag and digest."""
    name = reference.partition("@")[0]
    head, slash, tail = name.rpartition("/")
    name = head + slash + tail.partition(":")[0]
    first = name.partition("/")[0]
    if "/" not in name:
        return f"docker.io/library/{name}"
    if "." in first or ":" in first or first == "localhost":
        return name
    return f"docker.io/{name}"


def _find(client: Client, reference: str) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] = client.inspect_image(reference)  # type: ignore[no-untyped-call] # the stubs forgot it
    except failure.EngineRefused as error:
        # A name that no engine can have is refused with 400; the pull says why.
        if error.status < 500:  # noqa: PLR2004 (HTTP: from here on the server is at fault)
            return None
        raise failure.refused(error, f"look for {reference}") from error
    return found


def _download(client: Client, named: str, order: ContainerOrder, silence: float) -> None:
    # Imported late, with the rest of the SDK's side.
    from jobsched.plugins.docker_runner.client import BROKEN  # noqa: PLC0415

    name, tag = split(named)
    headers = {} if order.credential is None else _authorisation(order.credential)
    try:
        # Nothing comes, not even the head of the answer, before the registry has said something.
        response = client.post(
            client.address("/images/create"),
            params={"fromImage": name, "tag": tag},
            headers=headers,
            stream=True,
            timeout=(client.timeout, silence),
        )
        with closing(response):
            for line in response.iter_lines():
                _read_progress(line, order)
    except failure.EngineRefused as error:
        raise pull_failed(error.text, order) from error
    except BROKEN as error:
        raise RunnerFailed("pull_failed", f"{named}: the pull makes no progress") from error
    except RunnerFailed as error:
        if error.reason == "machine_unreachable" and "read timed out" in error.message.lower():
            raise RunnerFailed("pull_failed", f"{named}: the registry does not answer") from error
        raise


def split(reference: str) -> tuple[str, str]:
    """Split an image's name into repository and tag (or digest), as the pull request has them."""
    name, at, digest = reference.partition("@")
    head, slash, tail = name.rpartition("/")
    tail, _, tag = tail.partition(":")
    return head + slash + tail, digest if at else tag or "latest"


def _read_progress(line: bytes, order: ContainerOrder) -> None:
    if not line:
        return
    told = json.loads(line)
    if "error" in told:
        raise pull_failed(str(told["error"]), order)


def _authorisation(credential: Credential) -> dict[str, str]:
    told = {"username": credential.username, "password": credential.password}
    return {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(told).encode()).decode()}


__all__ = ["local", "pin", "pull", "repository", "split"]
