"""Names of images."""

import pytest

from jobsched.plugins.docker_runner.image import pin, repository, split

DIGEST = "sha256:" + "1" * 64


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("busybox", "docker.io/library/busybox"),
        ("busybox:1.36", "docker.io/library/busybox"),
        (f"busybox@{DIGEST}", "docker.io/library/busybox"),
        ("docker.io/library/busybox", "docker.io/library/busybox"),
        ("me/tool:2", "docker.io/me/tool"),
        ("localhost/tool", "localhost/tool"),
        ("127.0.0.1:5000/tool", "127.0.0.1:5000/tool"),
        (f"ghcr.io/me/tool:2@{DIGEST}", "ghcr.io/me/tool"),
    ],
)
def test_a_repository_is_told_in_its_long_form(reference: str, expected: str) -> None:
    """Two ways to write a repository are one."""
    assert repository(reference) == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("busybox", ("busybox", "latest")),
        ("127.0.0.1:5000/tool", ("127.0.0.1:5000/tool", "latest")),
        ("127.0.0.1:5000/tool:3", ("127.0.0.1:5000/tool", "3")),
        (f"busybox@{DIGEST}", ("busybox", DIGEST)),
        (f"busybox:1@{DIGEST}", ("busybox", DIGEST)),
    ],
)
def test_a_name_is_split_as_the_pull_request_wants_it(
    reference: str, expected: tuple[str, str]
) -> None:
    """A digest counts more than a tag, and a port is no tag."""
    assert split(reference) == expected


def test_an_image_is_pinned_by_the_digest_of_its_own_repository() -> None:
    """The same image may be known to several registries."""
    image = {"Id": "sha256:2", "RepoDigests": [f"other/x@{DIGEST}", f"busybox@{DIGEST}"]}
    assert pin(image, "docker.io/library/busybox:1") == f"busybox@{DIGEST}"


@pytest.mark.parametrize("digests", [None, [], [f"other/x@{DIGEST}"]])
def test_an_image_of_no_registry_is_pinned_by_its_id(digests: list[str] | None) -> None:
    """An imported or built image has no digest of its own."""
    assert pin({"Id": "sha256:2", "RepoDigests": digests}, "busybox") == "sha256:2"
