"""An example, installed as its own package into an environment of its own, as a stranger has it."""

from __future__ import annotations

import re
import subprocess
import sysconfig
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.product import ROOT, environment

#: Every folder of examples/ that is a package; one that is added later is found by itself.
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/pyproject.toml"))
#: Where our own environment keeps what is installed.
OURS = sysconfig.get_path("purelib")
#: Installs a folder or a wheel without a network; what it needs must be seen already.
PIP = (
    *("--disable-pip-version-check", "--quiet", "install"),
    *("--no-index", "--no-deps", "--no-build-isolation"),
)
#: Well above what it takes: machines that run tests are busy.
WITHIN = 300


@dataclass(frozen=True, kw_only=True)
class Example:
    """It, and the Python of its environment."""

    folder: Path
    python: Path

    @property
    def project(self) -> dict[str, Any]:
        """What its pyproject.toml says."""
        document = tomllib.loads((self.folder / "pyproject.toml").read_text())
        return dict(document["project"])

    @property
    def plugins(self) -> list[str]:
        """The names that a configuration loads it by."""
        return list(self.project["entry-points"]["jobsched"])

    @property
    def configurations(self) -> list[str]:
        """The blocks of its README that are a jobsched.toml."""
        blocks = re.findall(r"^```toml\n(.*?)^```", self.readme, re.DOTALL | re.MULTILINE)
        return [block for block in blocks if "[jobsched]" in block]

    @property
    def readme(self) -> str:
        """Its README."""
        return (self.folder / "README.md").read_text()

    def run(self, *words: str, cwd: Path | None = None, **variables: str) -> str:
        """Run `python -m` of its environment, outside this repository's settings; give its stdout.

        Anything but exit code 0 fails the test with all that was said.
        """
        said = subprocess.run(
            [str(self.python), "-m", *words],
            check=False,
            cwd=cwd or self.folder,
            env=alone(**variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WITHIN,
        )
        assert said.returncode == 0, f"{' '.join(words)}\n{said.stdout}\n{said.stderr}"
        return said.stdout


def alone(**more: str) -> dict[str, str]:
    """Give this environment without what leads to this checkout, and without its pytest plugins."""
    variables = environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    del variables["PYTHONPATH"]
    return {**variables, **more}


def install(folder: Path, where: Path) -> Example:
    """Build and install it, without a network: all that it needs is seen in our environment."""
    # With addsitedir, as an editable jobsched is a .pth file in ours.
    python = python_in(where, f"import site; site.addsitedir({OURS!r})")
    example = Example(folder=folder, python=python)
    example.run("pip", *PIP, str(folder))
    return example


def python_in(where: Path, sees: str) -> Path:
    """Make an environment, and give its Python.

    Args:
        where: its folder.
        sees: lines of a .pth file, which lead to what it sees besides its own.
    """
    venv.create(where, symlinks=True)
    (site_packages(where) / "ours.pth").write_text(f"{sees}\n")
    return where / "bin" / "python"


def site_packages(where: Path) -> Path:
    """Give the folder in which an environment keeps what is installed."""
    base = {"base": str(where), "platbase": str(where)}
    return Path(sysconfig.get_path("purelib", "venv", base))
