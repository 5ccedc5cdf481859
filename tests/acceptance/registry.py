"""A real private registry: docker-registry with htpasswd on loopback, which a test may end."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker

from tests.services import missing

USERNAME = "canary-robot"
#: a canary too: no test may find it anywhere but where it was configured
PASSWORD = "canary-3f9d27c1e8"
#: the password's hash in bcrypt: docker-registry takes no other kind, and Python has none
HTPASSWD = f"{USERNAME}:$2y$05$abcdefghijklmnopqrstuu28cf18NC5pFNxjZaxhnRtk8aNGcTIce\n"
CONFIG = """
version: 0.1
log: {{level: info}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}}}
http: {{addr: "{host}:{port}"}}
auth: {{htpasswd: {{realm: tests, path: {folder}/htpasswd}}}}
"""
WITHIN = 20


class Registry:
    """A registry process; ended and begun again it has the same images at the same address."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.host, self.port = "127.0.0.1", 0
        (folder / "htpasswd").write_text(HTPASSWD)

    @property
    def repository(self) -> str:
        """The name of its one repository."""
        return f"{self.host}:{self.port}/tool"

    def start(self) -> None:
        """Begin; the first time at a port that the system chooses, on loopback."""
        config, log = self._folder / "config.yml", self._folder / "log"
        about = {"folder": self._folder, "host": self.host, "port": self.port}
        config.write_text(CONFIG.format(**about))
        with log.open("w") as output:
            self._process = subprocess.Popen(
                [self._program, "serve", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + WITHIN
        while (found := re.search(r"listening on [\d.]+:(\d+)", log.read_text())) is None:
            assert time.monotonic() < deadline, log.read_text()
            assert self._process.poll() is None, log.read_text()
            time.sleep(0.02)
        self.port = int(found[1])

    def stop(self) -> None:
        """End it, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def push(self, engine: docker.DockerClient, image: str, tag: str) -> str:
        """Push an image of the engine; give its name here. The engine keeps no name of it."""
        name = f"{self.repository}:{tag}"
        engine.images.get(image).tag(self.repository, tag)
        login = {"username": USERNAME, "password": PASSWORD}
        told: Any = engine.images.push(
            self.repository, tag=tag, auth_config=login, stream=True, decode=True
        )
        errors = [line["error"] for line in told if "error" in line]
        engine.images.remove(name)
        assert errors == []
        return name


@contextmanager
def private_registry() -> Iterator[Registry]:
    """Run one."""
    program = shutil.which("docker-registry")
    if program is None:
        missing("no docker-registry on PATH: apt-get install docker-registry")
    folder = Path(tempfile.mkdtemp(prefix="jobsched-registry-"))
    registry = Registry(program, folder)
    try:
        registry.start()
        yield registry
    finally:
        registry.stop()
        shutil.rmtree(folder)
