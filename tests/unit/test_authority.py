"""The deployment's certificates: made once, for their owner alone, and good for TLS."""

import stat
import threading
from pathlib import Path

import pytest

from jobsched import authority
from jobsched.authority import certificate
from jobsched.errors import ConfigError

NAMES = {"ca-cert.pem", "ca-key.pem", "client-cert.pem", "client-key.pem"}


def contents(folder: Path) -> dict[str, bytes]:
    """What is in the folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_init_makes_files_that_only_their_owner_reads(tmp_path: Path) -> None:
    """All are made once: a repeat keeps what is there."""
    folder = tmp_path / "new" / "ca"
    authority.init(folder)
    made = contents(folder)
    authority.init(folder)
    assert contents(folder) == made
    assert set(made) == NAMES
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_workers_certificate_is_signed_by_the_authority(tmp_path: Path) -> None:
    """And signs none itself; each key belongs to its certificate."""
    authority.init(tmp_path)
    made = contents(tmp_path)
    ours = certificate.read(made["ca-cert.pem"], made["ca-key.pem"])
    worker = certificate.read(made["client-cert.pem"], made["client-key.pem"])
    assert certificate.is_signed_by(worker.certificate, ours.certificate)
    assert not certificate.is_signed_by(ours.certificate, worker.certificate)
    assert "PRIVATE" not in repr(worker)


def test_a_certificate_that_is_lost_is_made_anew_by_the_same_authority(tmp_path: Path) -> None:
    """So that machines of before go on to let the workers in."""
    authority.init(tmp_path)
    before = contents(tmp_path)
    for name in ("client-cert.pem", "client-key.pem"):
        (tmp_path / name).unlink()
    authority.init(tmp_path)
    after = contents(tmp_path)
    assert after["ca-cert.pem"] == before["ca-cert.pem"]
    assert after["client-cert.pem"] != before["client-cert.pem"]
    worker = certificate.load(after["client-cert.pem"])
    assert certificate.is_signed_by(worker, certificate.load(before["ca-cert.pem"]))


def test_a_worker_needs_no_key_of_the_authority(tmp_path: Path) -> None:
    """Who may sign stays at home; nothing is made where nothing is missing."""
    authority.init(tmp_path)
    (tmp_path / "ca-key.pem").unlink()
    before = contents(tmp_path)
    authority.init(tmp_path)
    assert contents(tmp_path) == before


def test_no_authority_is_made_beside_what_another_one_has_signed(tmp_path: Path) -> None:
    """Machines that trusted the new one would refuse the workers; who signed it is not known."""
    authority.init(tmp_path)
    for name in ("ca-cert.pem", "ca-key.pem"):
        (tmp_path / name).unlink()
    before = contents(tmp_path)
    authority.init(tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("left", "missing"),
    [
        ({"ca-cert.pem"}, "ca-key.pem"),
        ({"ca-key.pem"}, "ca-cert.pem"),
        ({"ca-cert.pem", "ca-key.pem", "client-key.pem"}, "client-cert.pem"),
        ({"ca-cert.pem", "ca-key.pem", "client-cert.pem"}, "client-key.pem"),
    ],
)
def test_half_a_pair_is_never_written_over(tmp_path: Path, left: set[str], missing: str) -> None:
    """Whoever lost a file is told which, and keeps the rest."""
    authority.init(tmp_path)
    for name in NAMES - left:
        (tmp_path / name).unlink()
    before = contents(tmp_path)
    with pytest.raises(ConfigError, match=missing):
        authority.init(tmp_path)
    assert contents(tmp_path) == before


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    """With the variable that names another one."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="JOBSCHED_CA_DIR"):
        authority.init(tmp_path / "file" / "ca")


def test_keys_that_belong_to_others_are_refused(tmp_path: Path) -> None:
    """A pair that is none would fail at the first machine."""
    authority.init(tmp_path)
    made = contents(tmp_path)
    with pytest.raises(ConfigError, match="do not belong together"):
        certificate.read(made["client-cert.pem"], made["ca-key.pem"])
    with pytest.raises(ConfigError, match="cannot be read"):
        certificate.read(b"no PEM", made["ca-key.pem"])
    with pytest.raises(ConfigError, match="cannot be read"):
        certificate.read(made["ca-cert.pem"], b"no PEM")


def test_processes_that_begin_at_one_moment_make_one_authority(tmp_path: Path) -> None:
    """Of many that make it, one does, and the others keep it."""
    barrier = threading.Barrier(8)
    failed: list[Exception] = []

    def make() -> None:
        barrier.wait()
        try:
            authority.init(tmp_path / "ca")
        except Exception as error:  # a thread's failure is the test's
            failed.append(error)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    made = contents(tmp_path / "ca")
    worker, ours = (certificate.load(made[f"{name}-cert.pem"]) for name in ("client", "ca"))
    assert certificate.is_signed_by(worker, ours)
