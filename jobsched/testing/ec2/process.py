"""The fake's server as a process of its own, which ends with the one that started it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

MISSING: Final = "the fake EC2 needs moto: pip install 'jobsched[fake-ec2]'"
#: seconds to end after being told so
PATIENCE: Final = 5
#: the range of every default VPC ("Default VPC components")
USUAL_NETWORK: Final = "172.31.0.0/16"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a server is started."""

    #: the region that it serves
    region: str
    #: where it listens, on 127.0.0.1; 0: the system chooses
    port: int = 0
    #: the range of the default VPC
    network: str = USUAL_NETWORK
    #: whether machines wait for their bodies
    has_bodies: bool = False


class Server:
    """A running server. Its state is its own: another one on this machine knows nothing of it.

    Args:
        options: how it is started.

    Raises:
        RuntimeError: moto is not installed, or the server did not start.
    """

    def __init__(self, options: Options) -> None:
        if find_spec("moto") is None:
            raise RuntimeError(MISSING)
        command = [sys.executable, "-m", "jobsched.testing.ec2", "--owned"]
        command += ["--region", options.region, "--port", str(options.port)]
        command += ["--network", options.network, *(["--bodies"] if options.has_bodies else [])]
        # It ends when its standard input does: also when whoever started it was killed. A session
        # of its own: Ctrl-C in a terminal must not reach it before those who give machines back.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.url = self._first_line()

    def stop(self) -> None:
        """End it. May be repeated."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _first_line(self) -> str:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            self.stop()
            raise RuntimeError("the fake EC2 did not start; its words stand above")
        return str(json.loads(line)["url"])


__all__ = ["MISSING", "USUAL_NETWORK", "Options", "Server"]
