"""A machine of paper for each test."""

import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services import missing
from tests.unit.user_data.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """It; all that was started in it is ended."""
    if platform.system() != "Linux":
        pytest.skip("the scripts are for Linux, with its own date, tail and timeout")
    lacking = [name for name in ("bash", "curl", "openssl") if shutil.which(name) is None]
    if lacking:
        missing(f"no {', '.join(lacking)} here: apt-get install bash curl openssl")
    made = Machine(tmp_path)
    yield made
    made.close()
