"""What runs the containers of this machine: its Docker Engine, else plain processes."""

from __future__ import annotations

from dataclasses import dataclass

from jobsched.cli.docker_engine import DockerEngine

DOCKER = "docker_runner"
PROCESS = "process_runner"

#: Seconds that the demo waits for an image.
PULLS_WITHIN = 12.0
#: What is named as the image where none is needed.
NO_IMAGE = "busybox:latest"

_INSTEAD = "jobs run as plain processes of this machine, with no isolation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A runner, and what the user should know of the choice."""

    runner: str
    image: str = NO_IMAGE
    #: empty where nothing is to be said
    sentence: str = ""


def choose(engine: DockerEngine | None = None) -> Chosen:
    """Take the Docker Engine if one answers."""
    engine = engine or DockerEngine.usual()
    if engine.answers():
        return Chosen(runner=DOCKER)
    return Chosen(
        runner=PROCESS,
        sentence=f"no Docker Engine answers at {engine.url}: {_INSTEAD} (for containers install "
        "Docker, https://docs.docker.com/engine/install/, or set DOCKER_HOST)",
    )


def for_demo(image: str | None, engine: DockerEngine | None = None) -> Chosen:
    """Take the Docker Engine if it has an image with a shell, or can get one."""
    engine = engine or DockerEngine.usual()
    chosen = choose(engine)
    if chosen.runner != DOCKER:
        return chosen
    if found := image or engine.image_with_shell():
        return Chosen(runner=DOCKER, image=found)
    if engine.pull("busybox", "latest", seconds=PULLS_WITHIN):
        return Chosen(runner=DOCKER)
    return Chosen(
        runner=PROCESS,
        sentence=f"the Docker Engine at {engine.url} has no image with a shell, and cannot pull "
        f"busybox: {_INSTEAD} (name an image that it has: --image)",
    )


__all__ = ["DOCKER", "PROCESS", "Chosen", "choose", "for_demo"]
