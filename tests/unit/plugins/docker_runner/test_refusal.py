"""What follows from the words of engines and registries."""

import pytest

from jobsched.contracts.order import Credential
from jobsched.plugins.docker_runner.refusal import masked, pull_failed
from tests.unit.plugins.docker_runner.orders import order

HUB = "pull access denied for nosuch, repository does not exist or may require 'docker login'"


@pytest.mark.parametrize(
    ("text", "reason", "then"),
    [
        ("manifest for busybox:none not found: manifest unknown", "image_not_found", "fail"),
        (f"{HUB}: denied: requested access to the resource is denied", "image_not_found", "fail"),
        ("name unknown: repository name not known to registry", "image_not_found", "fail"),
        ("no matching manifest for linux/arm64/v8 in the list", "image_not_found", "fail"),
        ("invalid reference format: must be lowercase", "image_not_found", "fail"),
        ("Get http://r/v2/x: no basic auth credentials", "credentials", "fail"),
        ("unauthorized: authentication required", "credentials", "fail"),
        ("denied: Your authorization token has expired. Reauthenticate", "credentials", "fail"),
        ("unexpected status from HEAD request to …: 403 Forbidden", "credentials", "fail"),
        (
            "toomanyrequests: You have reached your pull rate limit: authentication required",
            "pull_failed",
            "later",
        ),
        ("received unexpected HTTP status: 503 Service Unavailable", "pull_failed", "later"),
        ("dial tcp: lookup r on 10.0.0.2:53: no such host", "pull_failed", "later"),
        ("dial tcp 127.0.0.1:5000: connect: connection refused", "pull_failed", "later"),
        ("write /var/lib/docker/tmp/x: no space left on device", "pull_failed", "later"),
        ("net/http: TLS handshake timeout", "pull_failed", "later"),
        ("something that nobody has seen yet", "pull_failed", "later"),
    ],
)
def test_the_words_of_a_registry_tell_what_follows(text: str, reason: str, then: str) -> None:
    """Only what surely stays wrong ends the attempt; nothing was started by any of it (D5)."""
    failed = pull_failed(text, order(image="busybox:none"))
    assert (failed.reason, failed.then, failed.effect) == (reason, then, "none")
    assert "busybox:none" in failed.message


def test_the_message_keeps_the_words_and_no_secret() -> None:
    """Credentials, values of the environment and signed addresses are masked, the rest stays."""
    asked = order(
        environment=("TOKEN=canary-environment", "SHORT=1"),
        credential=Credential(username="canary-user", password="canary-password"),
    )
    text = (
        "Get https://blobs/x?Signature=canary-signature: canary-password of canary-user, "
        "canary-environment, 1 try"
    )
    assert masked(text, asked) == "Get https://blobs/x?*** *** of ***, ***, 1 try"


def test_an_order_shows_no_secret() -> None:
    """Neither environment nor credential is in the text of an order."""
    asked = order(
        environment=("TOKEN=canary",), credential=Credential(username="me", password="canary")
    )
    assert "canary" not in repr(asked)
