"""Make a 2 MB container image from a static busybox, without any image registry."""

import argparse
import http.client
import io
import json
import shutil
import socket
import subprocess
import sys
import tarfile
from pathlib import Path


class NoBusybox(Exception):
    """No static busybox on PATH: apt-get install busybox-static."""

    def __init__(self) -> None:
        super().__init__("no static busybox on PATH: apt-get install busybox-static")


def archive() -> bytes:
    """Return a root file system as a tar: busybox, a link for each of its commands, /tmp, /etc.

    Raises:
        NoBusybox: there is none.
    """
    found = shutil.which("busybox")
    if found is None:
        raise NoBusybox
    # Read through every link: where /bin is a link, a packed link would point to itself.
    content = Path(found).resolve().read_bytes()
    listed = subprocess.run([found, "--list"], check=True, capture_output=True, text=True)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for folder, mode in [("bin", 0o755), ("etc", 0o755), ("root", 0o700), ("tmp", 0o1777)]:
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            tar.addfile(entry)
        files = {
            "bin/busybox": (content, 0o755),
            "etc/passwd": (b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:\n", 0o644),
            "etc/group": (b"root:x:0:\nnogroup:x:65534:\n", 0o644),
        }
        for name, (data, mode) in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), mode
            tar.addfile(entry, io.BytesIO(data))
        for command in sorted({*listed.stdout.split(), "sh"} - {"busybox"}):
            entry = tarfile.TarInfo(f"bin/{command}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(entry)
    return packed.getvalue()


class EngineConnection(http.client.HTTPConnection):
    """HTTP to a Docker Engine's unix socket; a dockerd may come without the docker command."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        """Connect to the unix socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def call(path: str, method: str, target: str, body: bytes | None = None) -> tuple[int, bytes]:
    """Send one request to the engine at the unix socket `path`; return status and answer."""
    connection = EngineConnection(path)
    try:
        connection.request(method, target, body, {"Content-Type": "application/x-tar"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def ensure(path: str, name: str = "busybox", tag: str = "latest") -> bool:
    """Import the image unless the engine has one of that name; return whether it was imported.

    Repeatable. Takes about a second.

    Raises:
        NoBusybox: there is no busybox to make it of.
        RuntimeError: the engine refused it.
    """
    if call(path, "GET", f"/images/{name}:{tag}/json")[0] == http.HTTPStatus.OK:
        return False
    target = f"/images/create?fromSrc=-&repo={name}&tag={tag}"
    status, answer = call(path, "POST", target, archive())
    last = json.loads(answer.splitlines()[-1])
    if status != http.HTTPStatus.OK or "error" in last:
        raise RuntimeError(answer.decode(errors="replace"))
    return True


def main() -> None:
    """Import busybox:latest into the engine of a unix socket."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("socket", help="the engine's unix socket, as path or unix:// URL")
    options = parser.parse_args()
    try:
        made = ensure(options.socket.removeprefix("unix://"))
    except (NoBusybox, OSError, RuntimeError) as error:
        sys.exit(f"tools/busybox_image.py: {error}")
    print("busybox:latest imported" if made else "busybox:latest was there", file=sys.stderr)


if __name__ == "__main__":
    main()
