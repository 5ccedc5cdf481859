"""Deployments that are kept from one death to the next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import docker

from tests.acceptance.dying.scene import Scene, scene


class Scenes:
    """A deployment for each of the two deaths that happen side by side; kept while it is well."""

    def __init__(self, docker_host: str, image: str) -> None:
        self._docker_host, self._image = docker_host, image
        self._engine = docker.DockerClient(base_url=docker_host, timeout=60)
        self._kept: dict[str, tuple[Scene, ExitStack]] = {}

    def fresh(self, stack: ExitStack) -> Scene:
        """Give one that has not begun, and ends with the stack."""
        return stack.enter_context(scene(self._docker_host, self._image, self._engine))

    @contextmanager
    def lane(self, name: str) -> Iterator[Scene]:
        """Give a lane's own, without a worker; if something goes wrong, the next one is new."""
        try:
            if name not in self._kept:
                stack = ExitStack()
                self._kept[name] = self.fresh(stack), stack
                self._kept[name][0].begin()
            made = self._kept[name][0]
            made.forget_locks()
            yield made
        except BaseException:
            self._give_up(name)
            raise

    def close(self) -> None:
        """End all."""
        for name in list(self._kept):
            self._give_up(name)
        self._engine.close()

    def _give_up(self, name: str) -> None:
        if name in self._kept:
            self._kept.pop(name)[1].close()


__all__ = ["Scenes"]
