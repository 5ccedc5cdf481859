"""Pulling from a real registry: what is pinned, and what its refusals mean."""

from collections.abc import Iterator

import pytest

from jobsched.contracts.order import Credential
from jobsched.domain.job import Container
from jobsched.errors import RunnerFailed
from tests.integration.docker_runner.bench import Bench
from tests.integration.docker_runner.registry import Registry, registry

pytestmark = pytest.mark.docker


@pytest.fixture
def images(bench: Bench) -> Iterator[Registry]:
    """A registry with one image; what was pulled from it is removed with the containers."""
    with registry() as server:
        server.push("latest", "one")
        yield server
        for found in bench.engine.containers(all=True, filters={"name": bench.job}):
            bench.engine.remove_container(found["Id"], force=True)
        for image in bench.engine.images(name=server.repository):
            bench.engine.remove_image(image["Id"], force=True)


async def version(bench: Bench, container: Container) -> bytes:
    """Which of the images a container runs."""
    await bench.runner.start(bench.machine, container)
    await bench.ended(container)
    return await bench.output(container)


async def test_a_tag_is_pinned_to_its_digest(bench: Bench, images: Registry) -> None:
    """The next attempt runs the same code, though the tag was moved and the image removed (D6)."""
    first = images.tags["latest"]
    order = {"image": images.repository}
    made = await bench.prepared(bench.shell("echo $VERSION", **order))
    assert made.image == f"{images.repository}@{first}"
    assert await version(bench, made) == b"one\n"

    images.push("latest", "two")
    await bench.runner.remove(bench.machine, made)
    bench.engine.remove_image(made.image, force=True)
    again = await bench.prepared(
        bench.shell("echo $VERSION", number=2, pinned=made.image, pull="always", **order)
    )
    assert again.image == made.image
    assert await version(bench, again) == b"one\n"


async def test_the_policy_says_whether_a_moved_tag_is_followed(
    bench: Bench, images: Registry
) -> None:
    """An image that is there is used as it is by `missing`, and looked up again by `always`."""
    order = {"image": images.repository}
    await bench.prepared(bench.shell("echo $VERSION", **order))
    second = images.push("latest", "two")

    there = await bench.prepared(bench.shell("echo $VERSION", number=2, **order))
    assert await version(bench, there) == b"one\n"
    pulled = await bench.prepared(bench.shell("echo $VERSION", number=3, pull="always", **order))
    assert pulled.image == f"{images.repository}@{second}"
    assert await version(bench, pulled) == b"two\n"


async def test_an_id_that_cannot_be_had_any_more_fails_the_attempt(
    bench: Bench, images: Registry
) -> None:
    """Another image of the same name is not the one of the first attempt."""
    with pytest.raises(RunnerFailed) as failed:
        await bench.prepared(
            bench.shell("true", image=images.repository, pinned=f"sha256:{'0' * 64}")
        )
    assert (failed.value.reason, failed.value.then) == ("image_not_found", "fail")


async def test_a_missing_tag_fails_the_attempt(bench: Bench, images: Registry) -> None:
    """The registry's own words are in the message."""
    with pytest.raises(RunnerFailed, match="manifest unknown") as failed:
        await bench.prepared(bench.shell("true", image=f"{images.repository}:none"))
    assert (failed.value.reason, failed.value.then) == ("image_not_found", "fail")


async def test_a_credential_opens_a_private_registry(bench: Bench, images: Registry) -> None:
    """None and a wrong one fail the attempt, and no message shows it."""
    images.password = "canary-right"
    for credential in (None, Credential(username="canary-me", password="canary-wrong")):
        order = bench.shell("true", image=images.repository, credential=credential)
        with pytest.raises(RunnerFailed) as failed:
            await bench.prepared(order)
        assert (failed.value.reason, failed.value.then) == ("credentials", "fail")
        assert "canary" not in failed.value.message
    right = Credential(username="canary-me", password="canary-right")
    made = await bench.prepared(bench.shell("true", image=images.repository, credential=right))
    assert "canary" not in str(made)


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_a_registry_in_trouble_is_asked_again_later(
    bench: Bench, images: Registry, status: int
) -> None:
    """What the registry cannot tell now is nothing against the image."""
    images.answer = status
    with pytest.raises(RunnerFailed) as failed:
        await bench.prepared(bench.shell("true", image=images.repository))
    assert (failed.value.reason, failed.value.then) == ("pull_failed", "later")
