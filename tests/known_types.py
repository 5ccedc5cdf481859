"""A cache for mypy in which what authors of plugins import has been read already.

Read anew, this takes most of the time of a check of a small plugin.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared import once

#: what examples, templates and pages import
IMPORTED = """\
import aiohttp.web
import click
import docker
import marshmallow
import pytest

import jobsched.client
import jobsched.contracts
import jobsched.domain
import jobsched.schemas
import jobsched.testing
"""


def known_types(factory: pytest.TempPathFactory, own: Path) -> str:
    """Make a cache of this test alone, as mypy locks it; give the value for ``--cache-dir``.

    Whatever of it does not fit, as it was read with other settings, mypy reads anew.
    """
    shutil.copytree(once(factory, "types", _read), own)
    return str(own)


def _read(folder: Path) -> None:
    (folder / "imported.py").write_text(IMPORTED)
    words = ("--strict", "--config-file", "", "--cache-dir", ".", "imported.py")
    told = subprocess.run(
        [sys.executable, "-m", "mypy", *words],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert told.returncode == 0, told.stdout + told.stderr
