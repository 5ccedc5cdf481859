"""D11: what the check of the certificates makes of the files."""

from datetime import timedelta
from pathlib import Path

import pytest

from jobsched import authority, bootstrap
from jobsched.authority import certificate
from jobsched.bootstrap.doctor.certificates import BY_TLS, Certificates
from jobsched.contracts.check import Finding
from jobsched.errors import ConfigError
from tests import certificates

REMOTE = frozenset({BY_TLS})


async def found(folder: Path, access: frozenset[str] = REMOTE, redis_url: str = "") -> Finding:
    """Look at the certificates in the folder."""
    environ = {
        "JOBSCHED_DATA_DIR": str(folder.parent),
        "JOBSCHED_CA_DIR": str(folder),
        "JOBSCHED_REDIS_URL": redis_url,
    }
    return await Certificates(bootstrap.configure(environ=environ), access).look()


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder as `jobsched init` makes it."""
    authority.init(tmp_path / "ca")
    return tmp_path / "ca"


async def test_what_init_makes_is_well(made: Path) -> None:
    """For ten years."""
    finding = await found(made)
    assert (finding.verdict, finding.sentence.split()[2]) == ("pass", "3649"), finding


async def test_nobody_needs_them_on_this_machine_alone(tmp_path: Path) -> None:
    """Where no machine is reached by TLS; and `jobsched up` makes its own."""
    assert "not needed" in (await found(tmp_path, frozenset({"this_host"}))).sentence
    assert "jobsched up" in (await found(tmp_path)).sentence


@pytest.mark.parametrize("name", ["ca-cert.pem", "client-cert.pem", "client-key.pem"])
async def test_one_that_is_missing_is_named(made: Path, name: str) -> None:
    """Of a deployment, whose workers do not make them."""
    (made / name).unlink()
    finding = await found(made, redis_url="redis://127.0.0.1:1")
    assert (finding.verdict, name in finding.sentence) == ("fail", True), finding


async def test_the_certificate_of_another_authority_is_asked_for(made: Path) -> None:
    """Nothing makes it: neither `jobsched init` nor `jobsched up`."""
    for name in ("ca-cert.pem", "ca-key.pem"):
        (made / name).unlink()
    finding = await found(made)
    assert finding.verdict == "fail"
    assert "that signed client-cert.pem: put it there" in finding.sentence


@pytest.mark.parametrize("name", ["client-cert.pem", "client-key.pem"])
async def test_half_a_pair_is_no_pass(made: Path, name: str) -> None:
    """On a machine alone, too: `jobsched up` would refuse to start."""
    (made / name).unlink()
    finding = await found(made)
    assert (finding.verdict, name in finding.sentence) == ("fail", True), finding
    with pytest.raises(ConfigError, match="put it back"):
        authority.init(made)


@pytest.mark.parametrize("name", ["ca-key.pem", "client-key.pem"])
async def test_a_key_that_others_can_read_fails(made: Path, name: str) -> None:
    """With the name of the file."""
    (made / name).chmod(0o640)
    finding = await found(made)
    assert (finding.verdict, f"{name} in" in finding.sentence) == ("fail", True), finding


async def test_a_certificate_of_another_authority_fails(made: Path, tmp_path: Path) -> None:
    """The machines would refuse it."""
    authority.init(tmp_path / "other")
    (made / "ca-cert.pem").write_bytes((tmp_path / "other" / "ca-cert.pem").read_bytes())
    finding = await found(made)
    assert (finding.verdict, "is not signed" in finding.sentence) == ("fail", True), finding


@pytest.mark.parametrize("name", ["ca-cert.pem", "client-cert.pem", "client-key.pem"])
async def test_a_file_that_is_no_pem_fails(made: Path, name: str) -> None:
    """And is told as such."""
    (made / name).write_text("no PEM\n")
    finding = await found(made)
    assert (finding.verdict, "cannot be read" in finding.sentence) == ("fail", True), finding


@pytest.mark.parametrize(
    ("life", "verdict", "words"),
    [
        (timedelta(days=31), "pass", "good for 30 days"),
        (timedelta(days=30), "warn", "end in 29 days"),
        (timedelta(seconds=-1), "fail", "too old"),
    ],
)
async def test_an_end_that_is_near_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, life: timedelta, verdict: str, words: str
) -> None:
    """A month ahead (D11)."""
    monkeypatch.setattr(certificate, "LIFE", life)
    authority.init(tmp_path / "ca")
    finding = await found(tmp_path / "ca")
    assert (finding.verdict, words in finding.sentence) == (verdict, True), finding


async def test_keys_of_another_kind_are_well(tmp_path: Path) -> None:
    """An authority of the operator's own may use RSA."""
    ours = certificates.make("ca", authority=True, with_rsa=True, life=timedelta(days=90))
    worker = certificates.make("worker", issuer=ours, with_rsa=True, life=timedelta(days=90))
    (tmp_path / "ca-cert.pem").write_text(ours.certificate_pem)
    (tmp_path / "client-cert.pem").write_text(worker.certificate_pem)
    (tmp_path / "client-key.pem").write_text(worker.key_pem)
    (tmp_path / "client-key.pem").chmod(0o600)
    finding = await found(tmp_path)
    assert (finding.verdict, "good for 89 days" in finding.sentence) == ("pass", True), finding
    (tmp_path / "client-key.pem").write_text(certificates.make("b", with_rsa=True).key_pem)
    assert "do not belong together" in (await found(tmp_path)).sentence
