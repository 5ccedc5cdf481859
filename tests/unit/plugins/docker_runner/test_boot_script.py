"""This runner's half of a machine's script."""

from dataclasses import replace
from pathlib import Path

import pytest
from marshmallow import ValidationError

from jobsched.contracts.order import MachineOrder
from jobsched.domain.job import JobId
from jobsched.errors import RunnerFailed
from jobsched.plugins.docker_runner import DockerRunner
from jobsched.plugins.docker_runner.boot_script import boot_script
from tests.certificates import make
from tests.unit.plugins.docker_runner.orders import settings
from tests.unit.plugins.lent import LentServices


def machine(number: int) -> MachineOrder:
    """An order."""
    return MachineOrder(
        deployment="test", job=JobId("j"), attempt=1, launch=number, token="t", boot_script=""
    )


def test_it_is_read_once(services: LentServices, tmp_path: Path) -> None:
    """It is the same for each machine, whatever happens to the files."""
    certificate = make("ca", authority=True).certificate_pem
    (tmp_path / "ca-cert.pem").write_text(certificate)
    runner = DockerRunner(settings(tmp_path), services)
    first = runner.boot_script(machine(1))
    (tmp_path / "ca-cert.pem").unlink()
    assert certificate in first
    assert runner.boot_script(machine(2)) == first


def test_a_machine_that_lives_on_boots_nothing(services: LentServices, tmp_path: Path) -> None:
    """A deployment that runs containers of this host alone needs no certificate."""
    runner = DockerRunner(settings(tmp_path), services)
    assert runner.boot_script(replace(machine(1), is_fresh=False)) == ""


def test_no_key_is_in_it(tmp_path: Path) -> None:
    """P8: user data are read by many; the one certificate in it is public."""
    pair = make("ca", authority=True)
    (tmp_path / "ca-cert.pem").write_text(pair.certificate_pem)
    (tmp_path / "ca-key.pem").write_text(pair.key_pem)
    (tmp_path / "client-key.pem").write_text(pair.key_pem)
    assert "PRIVATE" not in boot_script(settings(tmp_path))


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_without_a_certificate_no_machine_is_launched(
    services: LentServices, tmp_path: Path, content: bytes | None
) -> None:
    """Workers could speak to none: an operator is asked; once it is there, it is read."""
    path = tmp_path / "ca-cert.pem"
    if content is not None:
        path.write_bytes(content)
    runner = DockerRunner(settings(tmp_path), services)
    with pytest.raises(RunnerFailed, match="jobsched init") as failed:
        runner.boot_script(machine(1))
    assert (failed.value.reason, failed.value.then) == ("configuration", "breaker")
    path.write_text(make("ca", authority=True).certificate_pem)
    assert "BEGIN CERTIFICATE" in runner.boot_script(machine(1))


def test_registries_without_tls_are_named_by_the_operator(tmp_path: Path) -> None:
    """The seed's --insecure-registry: names with ports, or ranges of addresses."""
    named = ["registry.example.com:5000", "10.0.0.0/8", "[fd00::1]:5000"]
    (tmp_path / "ca-cert.pem").write_text(make("ca", authority=True).certificate_pem)
    script = boot_script(settings(tmp_path, insecure_registries=named))
    assert f"JOBSCHED_INSECURE_REGISTRIES='{' '.join(named)}'\n" in script


@pytest.mark.parametrize("word", ["", "a b", "a'b", "a\n", "$(touch x)"])
def test_what_is_no_registry_is_refused(word: str) -> None:
    """With a sentence that says how to write one."""
    with pytest.raises(ValidationError, match="Write a registry as registry"):
        settings(insecure_registries=[word])
