"""Write requirements/*.txt: exact versions with hashes, and no word of where they came from."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

HEADER = """\
# Exact versions with hashes, for Python 3.11 to 3.13 on Linux and macOS.
# Made by `make lock` from pyproject.toml; do not edit by hand.
"""

#: What each file holds, as arguments of `uv pip compile`.
FILES = {
    "build.txt": ["--group", "build"],
    # what a deployment runs: nothing that only tests need
    "run.txt": ["--extra", "embedded", "--extra", "fast", "pyproject.toml"],
    "dev.txt": ["--all-extras", "--group", "dev", "pyproject.toml"],
}


def compile_file(name: str, arguments: list[str], *, upgrade: bool) -> None:
    """Resolve pyproject.toml for every supported platform and write one file.

    Repeatable: without `upgrade` the versions that the file already holds are kept.
    """
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}") or shutil.which("uv")
    if uv is None:
        sys.exit("tools/lock.py needs uv: pip install uv")
    target = ROOT / "requirements" / name
    command = [uv, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    command += ["--generate-hashes", "--no-annotate", "--no-header", "--no-emit-index-url"]
    command += ["--no-emit-find-links", *arguments, "--output-file", str(target)]
    command += ["--upgrade"] if upgrade else []
    subprocess.run(command, cwd=ROOT, check=True)
    lines = [line for line in target.read_text().splitlines() if not line.startswith("# ")]
    target.write_text(HEADER + "\n".join(lines) + "\n")


def main() -> None:
    """Write all files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    options = parser.parse_args()
    for name, arguments in FILES.items():
        compile_file(name, arguments, upgrade=options.upgrade)
        print(f"requirements/{name} written")


if __name__ == "__main__":
    main()
