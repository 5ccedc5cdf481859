"""What the doctor makes of the certificates that the configuration names."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jobsched.contracts.check import Finding
from jobsched.plugins.docker_runner.checks import NamedCertificates
from jobsched.plugins.docker_runner.config import DockerRunnerSchema, Settings
from tests import certificates

FILES = {
    "ca_certificate": "ca.pem",
    "client_certificate": "worker.pem",
    "client_key": "worker-key.pem",
}


def made(folder: Path, *, life: timedelta = timedelta(days=90), with_rsa: bool = False) -> Path:
    """Make the three files."""
    ours = certificates.make("ca", authority=True, life=life, with_rsa=with_rsa)
    worker = certificates.make("worker", issuer=ours, life=life, with_rsa=with_rsa)
    (folder / "ca.pem").write_text(ours.certificate_pem)
    (folder / "worker.pem").write_text(worker.certificate_pem)
    (folder / "worker-key.pem").write_text(worker.key_pem)
    (folder / "worker-key.pem").chmod(0o600)
    return folder


async def found(folder: Path, **named: str) -> Finding:
    """Look at files that are named so."""
    section: dict[str, Any] = DockerRunnerSchema().load(
        {key: str(folder / name) for key, name in named.items()}
    )
    return await NamedCertificates(Settings.of(section, folder / "ca"), folder / "ca").look()


async def test_the_deployments_own_are_looked_at_elsewhere(tmp_path: Path) -> None:
    """Where the configuration names none."""
    finding = await found(tmp_path)
    assert (finding.verdict, "check certificates" in finding.sentence) == ("pass", True)


@pytest.mark.parametrize("with_rsa", [False, True])
async def test_files_that_go_together_are_well(tmp_path: Path, *, with_rsa: bool) -> None:
    """Of whatever kind their keys are."""
    finding = await found(made(tmp_path, with_rsa=with_rsa), **FILES)
    assert (finding.verdict, "good for 89 days" in finding.sentence) == ("pass", True), finding


@pytest.mark.parametrize("key", FILES)
async def test_one_that_is_not_there_is_named(tmp_path: Path, key: str) -> None:
    """With the setting that names it; one that is not named is looked for among our own."""
    (made(tmp_path) / FILES[key]).unlink()
    finding = await found(tmp_path, **FILES)
    assert (finding.verdict, f"docker_runner.{key}" in finding.sentence) == ("fail", True), finding
    others = {name: file for name, file in FILES.items() if name != key}
    assert (await found(tmp_path, **others)).verdict == "fail"


async def test_a_key_that_others_can_read_fails(tmp_path: Path) -> None:
    """It opens every engine of the deployment."""
    (made(tmp_path) / "worker-key.pem").chmod(0o644)
    finding = await found(tmp_path, **FILES)
    assert (finding.verdict, "chmod 600" in finding.sentence) == ("fail", True), finding


@pytest.mark.parametrize("name", FILES.values())
async def test_files_that_do_not_go_together_fail(tmp_path: Path, name: str) -> None:
    """Whichever of them is another one; of another authority there may be one between."""
    made(tmp_path)
    (tmp_path / "other").mkdir()
    made(tmp_path / "other")
    (tmp_path / name).write_bytes((tmp_path / "other" / name).read_bytes())
    finding = await found(tmp_path, **FILES)
    assert finding.verdict == ("warn" if name == "ca.pem" else "fail"), finding
    (tmp_path / name).write_text("no PEM")
    assert (await found(tmp_path, **FILES)).verdict == "fail"


@pytest.mark.parametrize(
    ("life", "verdict", "words"),
    [
        (timedelta(days=31), "pass", "good for 30 days"),
        (timedelta(days=30), "warn", "ends in 29 days"),
        (timedelta(hours=-1), "fail", "too old"),
    ],
)
async def test_an_end_that_is_near_is_told(
    tmp_path: Path, *, life: timedelta, verdict: str, words: str
) -> None:
    """A month ahead (D11)."""
    finding = await found(made(tmp_path, life=life), **FILES)
    assert (finding.verdict, words in finding.sentence) == (verdict, True), finding
