"""The image that machines boot from: made when it is first needed, and kept by the engine."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import docker
from docker.errors import APIError, BuildError, DockerException, ImageNotFound

from jobsched.testing.cloud import engine, recipe
from jobsched.testing.cloud.trouble import CannotRun

NAME: Final = "jobsched-machine"
BASE: Final = "jobsched-machine-base"
#: seconds that a step of making it may take
PATIENCE: Final = 900

Tell = Callable[[str], None]


def ensure(tell: Tell, release: int) -> str:
    """Give the name of the image; make it if the engine does not have it.

    Whoever asks while another process of this machine makes one waits for that.

    Args:
        tell: is told in a sentence that it is made, which takes long.
        release: of Debian.

    Raises:
        CannotRun: it cannot be made here.
    """
    name = f"{NAME}:{recipe.version(release)}"
    with contextlib.closing(engine.connect(PATIENCE)) as client:
        if not _has(client, name):
            with _alone():
                if not _has(client, name):
                    _make(client, name, _base(client, tell, release), release)
    return name


def _base(client: docker.DockerClient, tell: Tell, release: int) -> str:
    name = f"{BASE}:{recipe.base_version(release)}"
    if _has(client, name):
        return name
    tell("making the image that machines boot from; once, it takes a minute or two")
    reasons = []
    for way in (_by_mmdebstrap, _by_docker):
        try:
            way(client, name, release)
        except CannotRun as error:
            reasons.append(str(error))
        else:
            return name
    raise CannotRun(f"the image of a machine cannot be made here: {'; '.join(reasons)}")


def _by_mmdebstrap(client: docker.DockerClient, name: str, release: int) -> None:
    """Make Debian of its packages: without a registry, and as quick as the mirror."""
    program = shutil.which("mmdebstrap")
    if program is None or sys.platform != "linux":
        raise CannotRun("there is no mmdebstrap (apt-get install mmdebstrap)")
    left_out = [f"--dpkgopt=path-exclude=/usr/share/{one}/*" for one in ("doc", "man", "locale")]
    wanted = ",".join(recipe.packages(release))
    command = [program, "--quiet", "--variant=minbase", f"--include={wanted}"]
    command += ['--aptopt=APT::Install-Recommends "false"', *left_out]
    command += [recipe.RELEASES[release].suite, "-"]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said) as making:
            try:
                image = _imported(client, making.stdout)
            except BaseException:
                # Ctrl-C among them: it must not go on for half a minute.
                making.terminate()
                raise
        if making.returncode:
            with contextlib.suppress(DockerException):
                client.api.remove_image(image)
            said.seek(0)
            last = said.read().decode(errors="replace").strip().splitlines()[-1:]
            raise CannotRun(f"mmdebstrap failed: {' '.join(last)}")
    repository, _, tag = name.partition(":")
    client.api.tag(image, repository, tag)


def _imported(client: docker.DockerClient, stream: object) -> str:
    try:
        answer = client.api.import_image_from_stream(stream)
    except APIError as error:
        raise CannotRun(f"the engine does not import an image: {error.explanation}") from error
    return _status(str(answer))


def _status(answer: str) -> str:
    last = json.loads(answer.splitlines()[-1])
    if "error" in last:
        raise CannotRun(f"the engine does not import an image: {last['error']}")
    return str(last["status"])


def _by_docker(client: docker.DockerClient, name: str, release: int) -> None:
    """Make it from Debian's image, which the engine has or pulls."""
    _build(client, name, {"Dockerfile": recipe.debian(release).encode()})


def _make(client: docker.DockerClient, name: str, base: str, release: int) -> None:
    files = {"Dockerfile": recipe.dockerfile(base).encode(), "root.tar": recipe.root(release)}
    _build(client, name, files)


def _build(client: docker.DockerClient, name: str, files: dict[str, bytes]) -> None:
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    context.seek(0)
    try:
        client.images.build(fileobj=context, custom_context=True, tag=name, rm=True, forcerm=True)
    except (APIError, BuildError) as error:
        raise CannotRun(f"the engine does not build it: {error}") from error


def _has(client: docker.DockerClient, name: str) -> bool:
    try:
        client.images.get(name)
    except ImageNotFound:
        return False
    return True


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    # On a file that is there anyway, so that none is left.
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


__all__ = ["NAME", "ensure"]
