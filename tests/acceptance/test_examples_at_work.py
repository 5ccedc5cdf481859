"""Each example in a running product: configured as its README says, and seen from outside."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jobsched import embedded
from jobsched.client import Answered, Client
from jobsched.domain.job import JobId
from jobsched.secrets import ConfiguredSecrets
from tests.acceptance.installed import Example, install
from tests.acceptance.product import ROOT, WITHIN, Product, running, shell

pytestmark = [pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(180)]

NOWHERE = "unix:///nowhere/docker.sock"
SECRET = "the secret of these tests alone"


@contextmanager
def at_work(name: str, folder: Path, **variables: str) -> Iterator[tuple[Example, Product]]:
    """Run `jobsched up` with an example, its README's configuration, and jobs as processes."""
    example = install(ROOT / "examples" / name, folder / "venv")
    config = folder / "jobsched.toml"
    config.write_text(example.configurations[0])
    settings = {
        "JOBSCHED_CONFIG": str(config),
        "JOBSCHED_PLUGINS": f"local,process_runner,{name}",
        "JOBSCHED_RUNNER": "process_runner",
        "JOBSCHED_SECRET": SECRET,
        **variables,
    }
    with running(NOWHERE, python=str(example.python), **settings) as product:
        yield example, product


def schedule(product: Product, script: str) -> str:
    """Post a job of a shell line that is due now; give its id."""
    body = {"docker_image": "none", "cmd": ["sh", "-c", script], "grace": 1}
    made: str = product.client.schedule({**body, "schedule": datetime.now(UTC).isoformat()})["id"]
    return made


def until(condition: Callable[[], Any]) -> Any:
    """Wait until something is so; give what it is."""
    deadline = time.monotonic() + WITHIN
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_a_job_waits_for_the_nightly_window(
    redis_program: embedded.ServerBinary, tmp_path: Path
) -> None:
    """The planner of the configuration is asked, and GET /status shows its plan and why."""
    opens = (datetime.now(UTC) + timedelta(hours=3)).replace(second=0, microsecond=0)
    closes = opens + timedelta(hours=2)
    window = {
        "JOBSCHED_NIGHT_WINDOW_BEGIN": f"{opens:%H:%M}",
        "JOBSCHED_NIGHT_WINDOW_END": f"{closes:%H:%M}",
        "JOBSCHED_NIGHT_WINDOW_ZONE": "UTC",
    }
    with at_work("night_window", tmp_path, **window) as (_, product):
        job = schedule(product, "true")
        attempt = until(lambda: product.client.status(job)["attempts"])[0]
        document = product.client.status(job)
        product.client.cancel(job)

    assert attempt["plan"] == {
        "provision_at": f"{opens - timedelta(seconds=5):%Y-%m-%dT%H:%M:%SZ}",
        "start_at": f"{opens:%Y-%m-%dT%H:%M:%SZ}",
        "why": f"the window {opens:%H:%M} to {closes:%H:%M} UTC opens then",
    }
    assert (document["status"], document["planner"]) == ("scheduled", "night_window")


def test_a_machine_tells_how_full_its_disk_is(
    redis_program: embedded.ServerBinary, tmp_path: Path
) -> None:
    """With the token of its launch it posts a note, which GET /status shows; rubbish is a 422."""
    with at_work("disk_usage", tmp_path) as (_, product):
        job = schedule(product, "sleep 100")
        until(lambda: product.client.status(job)["status"] == "running")
        machine = product.client.status(job)["attempts"][0]["launches"][0]["instance_id"]
        disk = {"path": "/var", "used_bytes": 750, "total_bytes": 1000}
        said = {"action": "disk_usage", "job_id": job, "instance_id": machine, **disk}

        wrong = posted(product, job, said | {"used_bytes": 2000})
        right = posted(product, job, said)
        product.client.cancel(job)
        document = product.ended(job)

    assert (wrong, right) == (422, 200)
    (note,) = document["plugins"]["disk_usage"]
    assert note["data"] == {"instance_id": machine, **disk, "used_percent": 75.0}
    assert document["status"] == "cancelled"


def posted(product: Product, job: str, said: dict[str, Any]) -> int:
    """Post a callback as the machine of the first launch; give the status of the answer."""
    token = ConfiguredSecrets(deployment_secret=SECRET).callback_token(JobId(job), 1, 1)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(  # noqa: S310 - our own API
        f"{product.url}/callback", json.dumps(said).encode(), headers
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@contextmanager
def chat() -> Iterator[tuple[str, list[str]]]:
    """Serve a chat's webhook on a free port; gives its URL, and what it hears."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            heard.append(json.loads(self.rfile.read(length))["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *said: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hooks/key", heard
        finally:
            server.shutdown()
            thread.join()


def test_a_chat_hears_of_each_failed_job_once(
    redis_program: embedded.ServerBinary, tmp_path: Path
) -> None:
    """A worker tells it of the ends that the configuration names, and of nothing else."""
    with (
        chat() as (url, heard),
        at_work("chat_notifier", tmp_path, JOBSCHED_CHAT_NOTIFIER_URL=url) as (_, product),
    ):
        jobs = [schedule(product, script) for script in ("exit 3", "true", "exit 4")]
        ends = [product.ended(job)["status"] for job in jobs]
        until(lambda: len(heard) >= 2)
        shown = shell("jobsched config show", product).stdout

    assert ends == ["failed", "finished", "failed"]
    # read after the product has ended: what it had to tell, it has told
    assert sorted(heard) == sorted(f"job {job} failed: exited" for job in (jobs[0], jobs[2]))
    assert "chat_notifier.url = ***" in shown
    assert url not in shown


def test_prices_are_told_by_route_and_command(
    redis_program: embedded.ServerBinary, tmp_path: Path
) -> None:
    """The route stands behind the API's token; the command prints what the README shows."""
    token = "of-the-prices-of-this-test"
    with at_work("price_board", tmp_path, JOBSCHED_API_TOKEN=token) as (example, product):
        path = "/plugins/price_board/prices"
        with pytest.raises(Answered) as refused:
            Client(url=product.url).get(path)
        board = Client(url=product.url, token=token).get(path)
        typed = shell(f"JOBSCHED_TOKEN={token} jobsched prices", product)
        strange = shell("jobsched prices", product)

    assert refused.value.status == 401
    assert json.dumps(board) in example.readme
    assert (typed.returncode, typed.stderr) == (0, "")
    assert f"$ jobsched prices\n{typed.stdout}```" in example.readme
    assert (strange.returncode, strange.stdout) == (2, "")
    assert "a token is needed" in strange.stderr
