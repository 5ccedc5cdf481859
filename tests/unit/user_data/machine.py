"""A machine of paper: the real script in a folder, with stand-ins for what would touch this one.

Only paths, the address of the metadata service and PATH are changed in the script. `curl`,
`openssl` and `python3` are the real ones; an API and a metadata service really answer.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOKEN = "token-of-this-launch"
#: seconds that anything may take on a busy machine
WITHIN = 30
#: the metadata service's own token
METADATA_TOKEN = "token-of-the-metadata-service"

CURL, OPENSSL, SLEEP, TIMEOUT = (
    shutil.which(name) or name for name in ("curl", "openssl", "sleep", "timeout")
)
#: name of a program → what is there in its place; each call is one line of the file `calls`
STAND_INS: Mapping[str, str] = {
    "systemctl": '[ ! -e "$ROOT/broken" ] || exit 1',
    "poweroff": "",
    # time passes a hundred times faster
    "sleep": f'exec {SLEEP} "$(printf "%d.%02d" $(($1 / 100)) $(($1 % 100)))"',
    "timeout": f'shift; exec {TIMEOUT} 2 "$@"',
    "apt-get": '[ -e "$ROOT/no-packages" ] || touch "$ROOT/installed"; [ -e "$ROOT/installed" ]',
    "dockerd": "",
    "docker": '. "$ROOT/docker" "$@"',
    "iptables": "",
    "curl": (
        'tr "\\0" "\\n" </proc/$$/cmdline >>"$ROOT/seen"; tr "\\0" "\\n" </proc/$$/environ '
        f'>>"$ROOT/seen"; exec {CURL} "$@"'
    ),
    "openssl": (
        f'[ "$1" = s_client ] || exec {OPENSSL} "$@"; '
        'cat "$ROOT/shown" 2>/dev/null || cat "$ROOT/etc/jobsched/docker/cert.pem"'
    ),
}


@dataclass
class World:
    """The API and the metadata service, as one server."""

    #: what the API answers, one after the other, and 200 after the last; 0 is no answer at all
    answers: list[int] = field(default_factory=list)
    #: answers to one action that never change
    always: dict[str, int] = field(default_factory=dict)
    #: the content type of answers to posts
    content_type: str = "application/problem+json"
    #: what was posted
    posts: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=lambda: {"instance-id": "i-0123456789abcdef0"})
    metadata_token: str = METADATA_TOKEN
    port: int = 0

    def posted(self, action: str) -> list[dict[str, Any]]:
        """What was posted as this action."""
        return [one for one in self.posts if one["action"] == action]


class Handler(BaseHTTPRequestHandler):
    """Answers as the world says."""

    world: World

    def do_PUT(self) -> None:
        """Hand out a token of the metadata service."""
        self._say(200, self.world.metadata_token)

    def do_GET(self) -> None:
        """Tell something of the machine."""
        if self.headers["X-aws-ec2-metadata-token"] != self.world.metadata_token:
            return self._say(401)
        found = self.world.metadata.get(self.path.removeprefix("/latest/meta-data/"))
        return self._say(404) if found is None else self._say(200, found)

    def do_POST(self) -> None:
        """Take a callback."""
        posted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        world = self.world
        world.tokens.append(self.headers["Authorization"])
        code = world.always.get(posted["action"]) or (
            world.answers.pop(0) if world.answers else 200
        )
        world.posts.append(posted)
        if code:
            self._say(code)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _say(self, code: int, text: str = "") -> None:
        self.send_response(code)
        if self.command == "POST":
            self.send_header("Content-Type", self.world.content_type)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


class Machine:
    """A folder in which the script runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.world = World()
        self.commands = root / "lib"
        self._bin = root / "bin"
        for name in ("bin", "etc/systemd/system", "etc/docker"):
            (root / name).mkdir(parents=True)
        for name, text in STAND_INS.items():
            self.stand_in(name, text)
        (root / "docker").write_text("")
        handler = type("Handler", (Handler,), {"world": self.world})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.world.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,)).start()
        self._running: list[subprocess.Popen[str]] = []

    @property
    def url(self) -> str:
        """Where the script posts."""
        return f"http://127.0.0.1:{self.world.port}/callback"

    def stand_in(self, name: str, text: str) -> None:
        """Put something in the place of a program; its calls are noted."""
        path = self._bin / name
        note = f'ROOT={self.root}; printf "%s\\n" "{name} $*" >>"$ROOT/calls"'
        path.write_text(f"#!/bin/bash\n{note}\n{text}\n")
        path.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        """The calls of stand-ins so far."""
        path = self.root / "calls"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def powered_off(self) -> bool:
        """Whether the machine was told to end."""
        return any(call.startswith("systemctl poweroff") for call in self.calls)

    def etc(self, name: str) -> Path:
        """A file of /etc."""
        return self.root / "etc" / name

    def placed(self, script: str) -> str:
        """The script for this folder."""
        script = script.replace("/usr/local/lib/jobsched", str(self.commands))
        script = script.replace("http://169.254.169.254", f"http://127.0.0.1:{self.world.port}")
        script = re.sub(r"(?<![\w.])/etc/", f"{self.root}/etc/", script)
        script = script.replace("/dev/console", f"{self.root}/console")
        return re.sub(r"^PATH=[^:\n]*:", rf"\g<0>{self._bin}:", script, flags=re.MULTILINE)

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a script to its end."""
        process = self.start(self.placed(script))
        told, _ = process.communicate(timeout=WITHIN)
        return subprocess.CompletedProcess(process.args, process.returncode, told)

    def start(self, script: str) -> subprocess.Popen[str]:
        """Start a script that was placed; it is ended with the machine."""
        # bash reads on while it runs: never the same file twice
        path = self.root / f"script-{len(self._running)}"
        path.write_text(script)
        process = subprocess.Popen(
            ["/bin/bash", str(path)],
            env={"PATH": f"{self._bin}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._running.append(process)
        return process

    def wait(self, seen: Callable[[], bool]) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + WITHIN
        while not seen():
            assert time.monotonic() < deadline, (self.world.posts, self.calls)
            time.sleep(0.01)

    def until(self, count: int, action: str) -> list[dict[str, Any]]:
        """Wait until an action was posted so often; give what was."""
        self.wait(lambda: len(self.world.posted(action)) >= count)
        return self.world.posted(action)

    def close(self) -> None:
        """End all that runs in it."""
        for process in self._running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        self._server.shutdown()
        self._server.server_close()


__all__ = ["TOKEN", "Machine", "World"]
