"""A Redis that loses, with a power cut, all that was not synced to the disk."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.services import RedisServer, missing

SOURCE = Path(__file__).with_name("synced.c")


def build(folder: Path) -> None:
    """Compile the layer into a folder."""
    if shutil.which("gcc") is None:
        missing(
            "no gcc to build the layer that drops unsynced writes: apt-get install gcc libc6-dev"
        )
    command = ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]
    subprocess.run(
        [*command, str(folder / "synced.so"), str(SOURCE), "-ldl"], check=True, timeout=60
    )


class Disk:
    """What of a server's files is surely on the disk."""

    def __init__(self, layer: Path, folder: Path, notes: Path) -> None:
        self.folder = folder
        self._notes = notes
        self._loses = notes.with_name("loses")
        #: what the server's environment needs
        self.environment = {
            "LD_PRELOAD": str(layer / "synced.so"),
            "JOBSCHED_TEST_NOTES": str(notes),
            "JOBSCHED_TEST_LOSES": str(self._loses),
        }

    def lose_from_now_on(self) -> None:
        """Let the last second before the cut begin: what is written from now on is not synced."""
        self._loses.touch()

    def is_synced(self) -> bool:
        """Say whether a cut that came now would lose nothing."""
        sizes = self._synced()
        return all(path.stat().st_size <= sizes.get(_inode(path), 0) for path in self._files())

    def lose(self) -> None:
        """Take from the files of a server that was killed what was not synced."""
        sizes = self._synced()
        for path in self._files():
            os.truncate(path, sizes.get(_inode(path), 0))
        self._loses.unlink(missing_ok=True)

    def after_a_cut_now(self) -> RedisServer:
        """Give the server as it would be if the power were cut at this moment; it is not started.

        What is synced only grows, so it may go on meanwhile.
        """
        sizes = self._synced()
        after = RedisServer()
        for path in self._files():
            copy = after.folder / path.relative_to(self.folder)
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(path.read_bytes()[: sizes.get(_inode(path), 0)])
        for path in self.folder.glob("*/*.manifest"):
            shutil.copy(path, after.folder / path.relative_to(self.folder))
        return after

    def _files(self) -> list[Path]:
        return list(self.folder.glob("*/*.aof"))

    def _synced(self) -> dict[int, int]:
        """Give the bytes of each file that are surely on the disk, by its inode."""
        # a line that is just being written is none yet
        lines = self._notes.read_text().rpartition("\n")[0].splitlines()
        # the last line of an inode counts
        return {int(inode): int(size) for inode, size in (line.split() for line in lines)}


class FragileRedis(RedisServer):
    """A server whose power may be cut."""

    def __init__(self, layer: Path, *, fsync: str) -> None:
        super().__init__(fsync=fsync)
        self.disk = Disk(layer, self.folder, self.folder / "notes")
        self._environment = {**os.environ, **self.disk.environment}

    def cut(self) -> None:
        """Cut the power, and switch it on again."""
        self.kill()
        self.disk.lose()
        self.start()


def _inode(path: Path) -> int:
    return path.stat().st_ino


__all__ = ["Disk", "FragileRedis", "build"]
