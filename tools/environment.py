"""Make .venv with exactly the pinned packages and this checkout in it; nothing if it is up to date.

Runs on a bare python3, so it imports the standard library only and keeps to a syntax that older
versions can read: they shall hear a clear sentence, not a SyntaxError.
"""

import fcntl
import hashlib
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PINS = "requirements/dev.txt"
PIP = (
    os.path.join(VENV, "bin", "python"),
    "-m",
    "pip",
    "--disable-pip-version-check",
    "install",
    "--quiet",
)


def digest(*names):  # type: (*str) -> str
    """Return what some files of the checkout and this Python are, in a few characters."""
    found = hashlib.sha256(sys.version.encode())
    for name in names:
        with open(os.path.join(ROOT, name), "rb") as source:
            found.update(source.read())
    return found.hexdigest()


def run(*command):  # type: (*str) -> None
    """Run one step in the checkout; end with one line where it fails."""
    if subprocess.call(command, cwd=ROOT) != 0:
        sys.exit("failed: " + " ".join(command))


def create():  # type: () -> None
    """Make the environment anew, with the pinned packages."""
    print("making .venv with the packages of %s" % PINS)
    if subprocess.call([sys.executable, "-m", "venv", "--clear", VENV]) != 0:
        sys.exit("python3 -m venv failed; on Debian and Ubuntu: apt-get install python3-venv")
    run(*(PIP + ("--require-hashes", "-r", PINS)))


def main():  # type: () -> None
    """Install once, however many runs of make ask for it at the same time."""
    if sys.version_info < (3, 11) or sys.version_info >= (3, 14):
        version = "%d.%d" % sys.version_info[:2]
        sys.exit(
            "jobsched needs Python 3.11, 3.12 or 3.13, and %s is %s; "
            "name another one: make PYTHON=python3.12 ..." % (sys.executable, version)
        )
    packages = digest(PINS)
    # The checkout is installed by link: only its metadata and entry points can grow old.
    wanted = [packages, digest("pyproject.toml", "jobsched/__init__.py")]
    stamp = os.path.join(VENV, ".stamp")
    with open(os.path.join(ROOT, ".venv.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = [""]
        if os.path.exists(stamp):
            with open(stamp) as source:
                found = source.read().split()
        if found == wanted:
            return
        if found[:1] != [packages]:
            create()
        run(*(PIP + ("--no-deps", "--no-build-isolation", "--editable", ".")))
        with open(stamp, "w") as target:
            target.write("\n".join(wanted))


if __name__ == "__main__":
    main()
