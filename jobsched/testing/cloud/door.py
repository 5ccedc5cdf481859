"""The fake EC2 as the keeper of the bodies sees it."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

#: seconds; the fake answers a question for changes after 20 at the latest
TIMEOUT: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The machines that need a body."""

    version: str = ""
    #: by id; as `jobsched.testing.ec2.bodies` gives them
    machines: dict[str, dict[str, Any]]


class Door:
    """Asks and tells the fake; for any number of threads.

    Args:
        url: of the fake.
    """

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc

    def follow(self, known: str) -> View:
        """Give the machines as soon as they differ from the known version; after 20 s anyway.

        Raises:
            OSError: the fake does not run.
        """
        found = self._ask("GET", f"bodies/{known}")
        machines = {one["id"]: one for one in found["machines"]}
        return View(version=found["version"], machines=machines)

    def embody(self, machine: str) -> None:
        """Tell that a machine's body has started."""
        self._ask("POST", f"machines/{machine}/embody")

    def end(self, machine: str, code: str, message: str) -> None:
        """Tell that a machine has ended by itself."""
        self._ask("POST", f"machines/{machine}/end", {"code": code, "message": message})

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection(self._host, timeout=TIMEOUT)
        try:
            connection.request(method, f"/_fake/{path}", json.dumps(body or {}))
            answer = connection.getresponse()
            value = json.loads(answer.read())
        except (http.client.HTTPException, ValueError) as error:
            raise ConnectionError(f"the fake EC2 does not answer: {error}") from error
        finally:
            connection.close()
        # A machine that was forgotten meanwhile (reset) needs nothing.
        return value


__all__ = ["Door", "View"]
