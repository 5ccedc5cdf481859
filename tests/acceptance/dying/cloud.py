"""What happens to machines of `shaky`, and what they say."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from contextlib import suppress
from typing import Any

from tests.acceptance.dying.scene import Scene

Machine = dict[str, Any]


def machine_of(scene: Scene, job: str) -> Machine:
    """Wait for a machine of `shaky` that a job has; give its request."""
    found: list[dict[str, Any]] = []

    def there() -> bool:
        for path in (scene.folder / "data").rglob("shaky/local/*.json"):
            with suppress(OSError, ValueError):
                request = json.loads(path.read_text())["request"]
                if request["job"] == job:
                    found.append(request)
        return bool(found)

    scene.until(there, job)
    return found[-1]


def say(scene: Scene, machine: Machine, action: str, **payload: str) -> None:
    """Say something as the machine, until the API has heard it."""
    about = {"job_id": machine["job"], "instance_id": f"local-{machine['token'][:12]}"}
    body = {"action": action, **about, **payload}

    def said() -> bool:
        request = urllib.request.Request(  # noqa: S310 - our own API
            f"{scene.url}/callback",
            data=json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {machine['callback_token']}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310
                return bool(response.status == 200)
        except urllib.error.HTTPError as error:
            with error:
                # the launch is over
                return error.code == 410
        except (OSError, http.client.HTTPException):
            return False

    scene.until(said, body)


def take(scene: Scene, machine: Machine) -> None:
    """Let the cloud say that it takes a machine away."""
    name = f"taken-{machine['job']}-{machine['launch']}"
    (scene.folder / "data" / "shaky" / name).touch()


__all__ = ["Machine", "machine_of", "say", "take"]
