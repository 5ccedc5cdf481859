"""Images of a private registry, through the whole product: API, worker, engine, real registry."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator
from typing import Any

import docker
import docker.errors
import pytest

from tests.acceptance.deployment import Deployment, deployment
from tests.acceptance.registry import PASSWORD, USERNAME, Registry, private_registry
from tests.services import RedisServer

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

SETTINGS = {
    "JOBSCHED_REGISTRIES_TEAM_USERNAME": USERNAME,
    "JOBSCHED_REGISTRIES_TEAM_PASSWORD": PASSWORD,
    "JOBSCHED_REGISTRIES_STALE_USERNAME": USERNAME,
    "JOBSCHED_REGISTRIES_STALE_PASSWORD": "canary-of-last-year",
    "JOBSCHED_LIMITS_PREPARE": "6s",
    "JOBSCHED_LIMITS_BACKOFF": "0.2s",
    "JOBSCHED_LIMITS_BACKOFF_MOST": "1s",
}
ALWAYS = {"pull": "always"}
ONCE = {"retry": {"max_attempts": 1}}


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A private registry, still empty."""
    with private_registry() as running:
        yield running


@pytest.fixture
def image(
    registry: Registry, docker_client: docker.DockerClient, busybox_image: str
) -> Iterator[str]:
    """An image that only the registry has."""
    name = registry.push(docker_client, busybox_image, "one")
    yield name
    for found in docker_client.images.list(name=registry.repository):
        for one in [*found.tags, *found.attrs["RepoDigests"]]:
            # the last name of a repository takes its digests with it
            if one.startswith(registry.repository):
                with contextlib.suppress(docker.errors.ImageNotFound):
                    docker_client.images.remove(one)


@pytest.fixture
def place(
    redis_server: RedisServer,
    docker_host: str,
    docker_client: docker.DockerClient,
    image: str,
) -> Iterator[Deployment]:
    """A deployment that knows a login, and one that is wrong by now."""
    of_engine = docker_host, image, docker_client
    with deployment(redis_server, *of_engine, is_forked=True, **SETTINGS) as made:
        yield made


def everything(place: Deployment) -> dict[str, bytes]:
    """Give all that was logged or stored."""
    files = [*place.folder.rglob("*"), *place.redis.folder.rglob("*")]
    return {str(path): path.read_bytes() for path in files if path.is_file()}


def canaries() -> list[bytes]:
    """What must not be found, in the ways that it is written on the way to the registry."""
    pair = f"{USERNAME}:{PASSWORD}".encode()
    told = json.dumps({"username": USERNAME, "password": PASSWORD}).encode()
    return [PASSWORD.encode(), *map(base64.b64encode, [pair, told, PASSWORD.encode()])]


def test_the_right_credential_opens_it_and_is_seen_nowhere(
    place: Deployment, docker_client: docker.DockerClient
) -> None:
    """The job runs the image; no log, record, answer or label holds the password."""
    place.start_worker()
    job = place.schedule("echo from the registry; sleep 2", registry_auth="team", **ALWAYS)
    place.until(lambda: place.running(job), job)
    shown = [place.status(job), place.client.jobs()]
    shown += [
        one.attrs
        for one in docker_client.containers.list(
            ignore_removed=True, filters={"label": f"jobsched.job={job}"}
        )
    ]
    (ended,) = place.ended(job)
    assert (ended["status"], ended["exit_code"]) == ("finished", 0)
    assert b"".join(place.client.logs(job)) == b"from the registry\n"
    assert place.left() == []

    found = {**everything(place), "shown": json.dumps([*shown, ended], default=str).encode()}
    assert any(job.encode() in text for text in found.values())
    leaks = [name for name, text in found.items() for one in canaries() if one in text]
    assert leaks == []


def test_a_refusal_of_the_registry_fails_the_job_at_once(
    place: Deployment, registry: Registry
) -> None:
    """In one attempt, with the registry's own words; nothing that it says can mend itself."""
    place.start_worker()
    wanted: dict[str, tuple[dict[str, Any], str, str]] = {
        "a wrong password": ({"registry_auth": "stale"}, "credentials", "unauthorized"),
        "no credential": ({}, "credentials", "no basic auth credentials"),
        "an unknown tag": (
            {"registry_auth": "team", "docker_image": f"{registry.repository}:none"},
            "image_not_found",
            "manifest unknown",
        ),
        "an unknown image": (
            {"registry_auth": "team", "docker_image": f"127.0.0.1:{registry.port}/none:one"},
            "image_not_found",
            "not found",
        ),
    }
    jobs = {
        what: place.schedule("true", **ALWAYS, **asked) for what, (asked, _, _) in wanted.items()
    }
    for what, (_, reason, words) in wanted.items():
        (ended,) = place.ended(jobs[what])
        assert (what, ended["status"], ended["reason"]) == (what, "failed", reason)
        assert words in ended["message"]
        (attempt,) = ended["attempts"]
        assert len(attempt["launches"]) == 1
        assert "canary" not in json.dumps(ended)
    assert sum(place.starts().values()) == 0
    assert place.left() == []


def test_a_name_that_is_not_configured_is_refused_at_the_door(place: Deployment) -> None:
    """With one sentence; where only the workers lack it, the job fails with the same."""
    status, problem = place.post("true", registry_auth="tema", **ALWAYS)
    sentence = "there is no registry credential 'tema' in [registries]"
    assert (status, problem["title"]) == (422, "Unprocessable Entity")
    assert sentence in problem["errors"]["registry_auth"][0]

    for name in ("USERNAME", "PASSWORD"):
        del place.variables[f"JOBSCHED_REGISTRIES_TEAM_{name}"]
    place.start_worker()
    (ended,) = place.ended(place.schedule("true", registry_auth="team", **ALWAYS))
    assert (ended["status"], ended["reason"]) == ("failed", "credentials")
    assert "there is no registry credential 'team' in [registries]" in ended["message"]
    assert len(ended["attempts"]) == 1


def test_a_registry_that_is_down_is_asked_again_until_the_deadline(
    place: Deployment, registry: Registry
) -> None:
    """What it cannot tell now is nothing against the image: it may come back in time."""
    place.start_worker()
    registry.stop()
    asked = {"registry_auth": "team", **ALWAYS, **ONCE}
    late = place.schedule("true", **asked)
    (ended,) = place.ended(late)
    assert (ended["status"], ended["reason"]) == ("failed", "pull_failed")
    assert "connection refused" in ended["message"]
    # not on another machine: this one lives on, and would be the same
    (attempt,) = ended["attempts"]
    assert len(attempt["launches"]) == 1

    in_time = place.schedule("echo here again", **asked)
    place.until(lambda: bool(place.status(in_time)["trouble"]), in_time)
    assert place.status(in_time)["trouble"]["reason"] == "pull_failed"
    registry.start()
    (ended,) = place.ended(in_time)
    assert ended["status"] == "finished"
    assert b"".join(place.client.logs(in_time)) == b"here again\n"
    assert place.left() == []
