"""Secrets of the deployment and of jobs."""

from __future__ import annotations

import re
import stat
import threading
from pathlib import Path

import pytest

from jobsched import identity
from jobsched.contracts.order import Credential
from jobsched.domain.job import JobId
from jobsched.engine.parts import Secrets
from jobsched.errors import ConfigError, OperationFailed
from jobsched.secrets import ConfiguredSecrets, fingerprint

JOB = JobId("a" * 32)
SECRETS = ConfiguredSecrets(
    deployment_secret="hunter2-deployment",
    values={"db": "hunter2-db", "empty": ""},
    registries={"hub": Credential(username="me", password="hunter2-hub")},
)


def test_secrets_keep_the_contract() -> None:
    """What the engine is typed against is what it gets, and nothing is shown of it."""
    secrets: Secrets = SECRETS
    assert "hunter2" not in repr(secrets)


def test_tokens_are_made_from_the_secret_and_the_launch_alone() -> None:
    """Any worker computes the same 64 digits, today and after a restart."""
    # Computed by hand: HMAC-SHA256 of "launch|<job>|1|2". It must never change.
    expected = "ccfbbb22c3de94eb1cab22b84e905c2a59c4bd3d8fce66a017830e0300b7c287"
    assert expected == SECRETS.token(JOB, 1, 2)


def test_every_launch_has_tokens_of_its_own() -> None:
    """No two differ only in where the numbers are cut, and the two kinds differ (L8)."""
    tokens = {
        make(JOB, attempt, launch)
        for make in (SECRETS.token, SECRETS.callback_token)
        for attempt, launch in ((1, 1), (1, 2), (2, 1), (11, 1), (1, 11))
    }
    assert len(tokens) == 10
    other = ConfiguredSecrets(deployment_secret="another")
    assert other.token(JOB, 1, 1) not in tokens


def test_named_secrets_are_found_in_any_case() -> None:
    """The environment writes names in capitals."""
    assert SECRETS.value("DB") == "hunter2-db"
    assert SECRETS.value("empty") == ""
    assert SECRETS.credential("Hub").username == "me"


@pytest.mark.parametrize("ask", [SECRETS.value, SECRETS.credential])
def test_a_missing_secret_ends_the_attempt(ask: object) -> None:
    """It will not be there at the next try either; the sentence names it."""
    assert callable(ask)
    with pytest.raises(OperationFailed, match="'nope'") as caught:
        ask("nope")
    assert (
        caught.value.reason,
        caught.value.then,
        caught.value.effect,
    ) == ("credentials", "fail", "none")


def test_the_fingerprint_tells_secrets_apart_and_is_no_token() -> None:
    """It may lie in the store: 16 digits."""
    assert re.fullmatch(r"[0-9a-f]{16}", SECRETS.fingerprint)
    assert SECRETS.fingerprint != fingerprint("another")


def test_init_makes_files_that_only_their_owner_reads(tmp_path: Path) -> None:
    """Both are made once: a repeat keeps what is there."""
    folder = tmp_path / "new" / "data"
    first = identity.init(folder)
    assert first == identity.init(folder)
    assert first.secret not in repr(first)
    assert re.fullmatch(r"[0-9a-f]{12}", first.deployment)
    assert re.fullmatch(r"[0-9a-f]{64}", first.secret)
    assert {"secret", "deployment"} == {one.name for one in folder.iterdir()}
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_processes_that_begin_at_one_moment_get_the_same_identity(tmp_path: Path) -> None:
    """Of many that make it, the first wins, and nobody ever reads half a file."""
    found: list[identity.Identity] = []
    barrier = threading.Barrier(16)

    def make() -> None:
        barrier.wait()
        found.append(identity.init(tmp_path))

    threads = [threading.Thread(target=make) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len({(one.deployment, one.secret) for one in found}) == 1


def test_without_a_store_of_its_own_a_process_makes_no_identity(tmp_path: Path) -> None:
    """A worker with a secret of its own would be a deployment of its own."""
    with pytest.raises(ConfigError, match="jobsched init") as caught:
        identity.identify(deployment="d", secret="", data_dir=tmp_path, make=False)
    assert "JOBSCHED_SECRET" in caught.value.message
    assert "JOBSCHED_DEPLOYMENT" not in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_what_is_configured_counts_more_than_files(tmp_path: Path) -> None:
    """And what is not configured comes from the files of `jobsched init`."""
    made = identity.init(tmp_path)
    both = identity.identify(deployment="d", secret="s", data_dir=tmp_path, make=False)
    one = identity.identify(deployment="d", secret="", data_dir=tmp_path, make=False)
    assert (both.deployment, both.secret) == ("d", "s")
    assert ("d", made.secret) == (one.deployment, one.secret)
