"""The document that the product came from: its own curl example, against the running product."""

import io
import json
import re
import uuid
from collections.abc import Iterator

import docker
import pytest

from jobsched import embedded
from tests.acceptance.product import Product, curl, running, shell

__all__ = ["curl"]

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(120)]

# As the seed has it, word for word.
EXAMPLE = r"""
    # scheduling job for within 6 minutes
    # current data + 6 minutes
    run_date=$(date -u +"%Y-%m-%dT%H:%M:%SZ" -d '+6 minutes')

    curl -s -i -H 'Content-Type: application/json' \
      -X POST --data "{ \"docker_image\": \"python:2.7-slim\", \"schedule\": \"${run_date}\", \"env\": [\"key1=value\", \"key2=value2\"] }" \
       localhost/schedule
"""  # noqa: E501 (quoted)


@pytest.fixture
def product(redis_program: embedded.ServerBinary, docker_host: str) -> Iterator[Product]:
    """A running `jobsched up`, with its own Redis and the real engine."""
    with running(docker_host) as found:
        yield found


@pytest.fixture
def image(docker_client: docker.DockerClient, busybox_image: str) -> Iterator[str]:
    """An image that says something by itself, as the example gives no command."""
    name = f"jobsched-test-seed:{uuid.uuid4().hex[:12]}"
    lines = f'FROM {busybox_image}\nCMD ["sh", "-c", "echo $key1 and $key2"]\n'
    docker_client.images.build(fileobj=io.BytesIO(lines.encode()), tag=name, rm=True)
    yield name
    docker_client.images.remove(name, force=True)


def test_the_curl_example_works(
    curl: None, product: Product, image: str, docker_client: docker.DockerClient
) -> None:
    """With its image and time replaced the example answers as documented, runs, leaves nothing."""
    script = EXAMPLE.replace("python:2.7-slim", image).replace("+6 minutes", "+2 seconds")
    said = shell(script.replace("localhost/", f"{product.url}/"), product)
    assert said.returncode == 0, said.stderr
    head, _, body = said.stdout.replace("\r\n", "\n").partition("\n\n")
    assert head.startswith("HTTP/1.1 200 OK\n")
    assert "content-type: application/json" in head.lower()
    answer = json.loads(body)
    job = answer.pop("id")
    assert answer == {"status": "scheduled", "message": "job successfully scheduled"}
    assert re.fullmatch(r"[A-Za-z0-9]{32}", job)

    document = product.ended(job)
    assert (document["status"], document["id"]) == ("finished", job)
    assert b"".join(product.client.logs(job)) == b"value and value2\n"

    assert document["aws"].keys() >= {"instance_id", "dns_name", "ready", "ip_address", "state"}
    # arq stands in the place of the seed's celery
    assert "job_parent_id" in document["arq"]
    container = document["docker"]
    assert re.fullmatch(r"[0-9a-f]{64}", container["container_id"])
    assert container["container_status"] == "exited"
    assert container["environment"] == ["key1=value", "key2=value2"]
    assert container["docker_image"] == image
    assert container["container_exit_code"] == 0
    assert "command" in container

    listed = product.client.jobs()["jobs"]
    assert [{"status": "finished", "id": job, "schedule": document["schedule"]}] == listed

    left = docker_client.containers.list(
        ignore_removed=True, all=True, filters={"label": f"jobsched.job={job}"}
    )
    assert left == []


def test_seed_errors_are_said(curl: None, product: Product) -> None:
    """The example without its date is refused with 422 and the name of the field."""
    line = "curl -s -i -H 'Content-Type: application/json' -X POST --data '{}'"
    said = shell(f"{line} {product.url}/schedule", product).stdout
    assert said.startswith("HTTP/1.1 422")
    assert "application/problem+json" in said
    assert '"schedule"' in said
