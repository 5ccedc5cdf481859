"""The other Pythons of this machine, and the pinned packages for each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "requirements" / "run.txt"
#: those that jobsched runs on, by their names on PATH
NAMES: Final = ("python3.11", "python3.12", "python3.13")
MINE: Final = f"python{sys.version_info.major}.{sys.version_info.minor}"
#: tells which one a program is: a pyenv has names on PATH that lead nowhere
ASK = "import sys; print('python%d.%d' % sys.version_info[:2])"


def others(environ: Mapping[str, str] = os.environ, *, but: str = MINE) -> dict[str, str]:
    """Give the other ones that jobsched runs on, by name: the program of each.

    Args:
        environ: says where they are looked for.
        but: the name of the one that runs this.
    """
    found = {name: _first(name, environ) for name in NAMES if name != but}
    return {name: program for name, program in found.items() if program}


def packages(name: str, program: str) -> Path:
    """Give a folder with the pinned packages for it; they are installed once. May be repeated.

    Raises:
        CalledProcessError: they cannot be installed.
    """
    # it goes with the environment, which is made anew for other pins
    folder = ROOT / ".venv" / "others" / name
    if not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as made:
            _install(program, Path(made) / name)
            _put(Path(made) / name, folder)
    return folder


def _first(name: str, environ: Mapping[str, str]) -> str:
    """Give the first that answers to its name; empty: there is none."""
    return next((one for one in _called(name, environ) if _answers(one, name)), "")


def _called(name: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Give all programs of that name."""
    if on_path := shutil.which(name, path=environ.get("PATH")):
        yield on_path
    root = Path(environ.get("PYENV_ROOT") or f"{environ.get('HOME', '')}/.pyenv")
    yield from map(str, sorted(root.glob(f"versions/*/bin/{name}")))


def _answers(program: str, name: str) -> bool:
    asked = subprocess.run(
        [program, "-I", "-c", ASK], check=False, capture_output=True, text=True, timeout=60
    )
    return asked.stdout.strip() == name


def _install(program: str, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "--python", program, "--disable-pip-version-check"]
    command += ["install", "--quiet", "--no-deps", "--require-hashes", "--requirement", str(PINS)]
    command += ["--only-binary", ":all:", "--no-compile", "--root-user-action", "ignore"]
    command += ["--target", str(folder)]
    subprocess.run(command, check=True)


def _put(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:
        # somebody else was faster
        if not folder.exists():
            raise


__all__ = ["others", "packages"]
