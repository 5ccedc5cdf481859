"""The files themselves: where they are found, and what shellcheck says of them."""

import shutil
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from jobsched.contracts.order import MachineOrder
from jobsched.domain.job import JobId
from jobsched.plugins.docker_runner.boot_script import boot_script
from jobsched.plugins.ec2_spot.user_data import MOST_BYTES, script_for
from tests.certificates import make
from tests.services import missing
from tests.unit.plugins.docker_runner.orders import settings

ROOT = Path(__file__).parents[3]
FILES = sorted(path.relative_to(ROOT / "user_data") for path in ROOT.glob("user_data/*/*.sh"))


def whole(ca_dir: Path) -> str:
    """The script of a machine, as it is in its user data."""
    (ca_dir / "ca-cert.pem").write_text(make("ca", authority=True).certificate_pem)
    return script_for(
        MachineOrder(
            deployment="test",
            job=JobId("j" * 32),
            attempt=1,
            launch=1,
            token="0" * 64,
            boot_script=boot_script(settings(ca_dir, insecure_registries=["10.0.0.0/8"])),
            dies_at=datetime.now(UTC) + timedelta(hours=1),
            callback_token="0" * 64,
        ),
        "https://jobs.example.com/callback",
    )


@pytest.mark.parametrize("builder", [WheelBuilder, SdistBuilder])
def test_a_distribution_has_each_file_once(
    builder: type[WheelBuilder] | type[SdistBuilder],
) -> None:
    """Whatever the link in a checkout looks like to the one who builds it."""
    paths = [one.distribution_path for one in builder(str(ROOT)).recurse_included_files()]
    folder = "jobsched/_user_data/" if builder is WheelBuilder else "user_data/"
    ours = [path for path in paths if path.startswith(("jobsched/_user_data/", "user_data/"))]
    assert Counter(ours) == Counter(f"{folder}{path}" for path in ("README.md", *map(str, FILES)))


def test_a_checkout_has_them_in_the_package() -> None:
    """What is installed by link reads the files of the checkout."""
    folder = files("jobsched") / "_user_data"
    assert len(FILES) >= 6
    for path in FILES:
        assert (folder / str(path)).read_bytes() == (ROOT / "user_data" / path).read_bytes()


def test_the_whole_fits_without_being_compressed(tmp_path: Path) -> None:
    """EC2 takes 16 KiB: a good part is left for what is to come."""
    assert len(whole(tmp_path).encode()) < MOST_BYTES * 0.9


@pytest.mark.parametrize("what", ["the whole", *map(str, FILES)])
def test_shellcheck_has_nothing_to_say(what: str, tmp_path: Path) -> None:
    """Neither of the whole script nor of the files that it writes on the machine."""
    if shutil.which("shellcheck") is None:
        missing("no shellcheck here: apt-get install shellcheck")
    text = whole(tmp_path) if what == "the whole" else (ROOT / "user_data" / what).read_text()
    said = subprocess.run(
        ["shellcheck", "--shell=bash", "-"], input=text, capture_output=True, text=True, check=False
    )
    assert said.stdout == ""
