"""A deployment of several processes: a Redis, an API, and workers that may be killed."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import docker

from jobsched.client import Client
from tests.acceptance.forked import Forked
from tests.acceptance.product import WITHIN, environment
from tests.acceptance.starts import Starts
from tests.services import RedisServer

ENDS = {"finished", "failed", "cancelled"}
JOBSCHED = (sys.executable, "-m", "jobsched")
WORKER = (*JOBSCHED, "worker")
Process = subprocess.Popen[str] | Forked
ARQ_WORKER = (sys.executable, "-m", "arq", "jobsched.worker.WorkerSettings")


@dataclass(kw_only=True)
class Deployment:
    """Its settings, and its processes by the pids that they were started with."""

    redis: RedisServer
    image: str
    #: those that its jobs may run on
    engines: list[docker.DockerClient]
    variables: dict[str, str]
    folder: Path
    #: what each of the engines tells of starts
    witnesses: list[tuple[docker.DockerClient, Starts]]
    #: whether its processes are forked, which is cheaper, or each is a new Python
    is_forked: bool
    url: str = ""
    processes: list[Process] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)

    @property
    def client(self) -> Client:
        """A client of its API."""
        return Client(url=self.url, token=self.token)

    @property
    def token(self) -> str:
        """What the API wants to be shown; empty: nothing."""
        return self.variables.get("JOBSCHED_API_TOKEN", "")

    @property
    def engine(self) -> docker.DockerClient:
        """The engine, where there is one."""
        (engine,) = self.engines
        return engine

    def start(self, *words: str) -> Process:
        """Start a process of it; what it logs and what it prints is in the folder."""
        out, log = (self.folder / f"{len(self.processes)}.{kind}" for kind in ("out", "log"))
        process = self._started(out, log, *words)
        self.processes.append(process)
        return process

    def init(self) -> None:
        """Make the store ours."""
        # no ".log", which those of the deployment's own processes are
        said = self.folder / "init.txt"
        done = self._started(said, said, *JOBSCHED, "init", "--store").wait(WITHIN)
        assert done == 0, _said(said)

    def start_api(self) -> Process:
        """Start the API, on a free port unless the settings name one."""
        port = self.variables.get("JOBSCHED_API_PORT", "0")
        out = self.folder / f"{len(self.processes)}.out"
        process = self.start(*JOBSCHED, "api", "--port", port, "--json")
        self.until(lambda: process.poll() is not None or _said(out).endswith("\n"))
        assert _said(out), self.logs()
        self.url = json.loads(_said(out))["url"]
        return process

    def start_worker(self, *words: str) -> Process:
        """Start a worker, and wait until it is seen to work."""
        index = len(self.processes)
        process = self.start(*(words or WORKER))
        wanted = ("worker.started", "Starting worker")
        log = self.folder / f"{index}.log"
        self.until(lambda: any(text in _said(log) for text in wanted))
        return process

    def schedule(self, script: str, **more: Any) -> str:
        """Post a job of a shell line that is due now; give its id."""
        status, document = self.post(script, **more)
        assert status == 200, document
        job: str = document["id"]
        self.jobs.append(job)
        return job

    def post(self, script: str, **more: Any) -> tuple[int, dict[str, Any]]:
        """Post a job; give status and document, with the headers of a refusal in it."""
        body = {
            "schedule": datetime.now(UTC).isoformat(),
            "docker_image": self.image,
            "cmd": ["sh", "-c", script],
            "grace": 1,
            **more,
        }
        request = urllib.request.Request(  # noqa: S310 - our own API
            f"{self.url}/schedule",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        return self.answer(request)

    def command(self, *words: str) -> str:
        """Type a command of ``jobsched``; give what it printed."""
        variables = {**self.variables, "JOBSCHED_URL": self.url, "JOBSCHED_TOKEN": self.token}
        done = subprocess.run(
            [*JOBSCHED, *words],
            check=True,
            cwd=self.folder,
            env=variables,
            capture_output=True,
            text=True,
            timeout=WITHIN,
        )
        return done.stdout

    def readiness(self) -> int:
        """Give the status of the route for readiness."""
        return self.answer(urllib.request.Request(f"{self.url}/readiness"))[0]  # noqa: S310

    def answer(self, request: urllib.request.Request) -> tuple[int, dict[str, Any]]:
        """Ask the API, as its user unless the request says otherwise."""
        if self.token and not request.has_header("Authorization"):
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, {"headers": dict(error.headers), **json.load(error)}

    def status(self, job: str) -> dict[str, Any]:
        """Give the document of a job."""
        return self.client.status(job)

    def ended(self, *jobs: str) -> list[dict[str, Any]]:
        """Wait until jobs have ended; give their documents."""
        for job in jobs:
            self.until(lambda job=job: self.status(job)["status"] in ENDS, job)  # type: ignore[misc]
        return [self.status(job) for job in jobs]

    def until(self, condition: Callable[[], bool], job: str = "", within: float = WITHIN) -> None:
        """Wait until something is so; fail with all that was said."""
        deadline = time.monotonic() + within
        while not condition():
            shown = self.status(job) if job else ""
            assert time.monotonic() < deadline, f"{shown}\n{self.logs()}"
            time.sleep(0.02)

    def starts(self) -> Counter[str]:
        """Count the containers' starts by job, as the engines that are there tell them."""
        heard = [starts for engine, starts in self.witnesses if engine in self.engines]
        counts = {job: sum(one.of(job).total() for one in heard) for job in self.jobs}
        return +Counter(counts)

    def left(self) -> list[str]:
        """Give what is left of our jobs on the engines."""
        found = self._containers({"label": "jobsched.job"}, all=True)
        return [str(one.name) for one in found if one.labels["jobsched.job"] in self.jobs]

    def running(self, job: str) -> bool:
        """Say whether an engine runs a container of the job."""
        return bool(self._containers({"label": f"jobsched.job={job}"}))

    def logs(self) -> str:
        """Give what all processes have said."""
        found = sorted(self.folder.glob("*.log"), key=lambda path: int(path.stem))
        return "\n".join(f"== {path.name}\n{path.read_text()}" for path in found)

    def close(self) -> None:
        """End all processes, and remove what they left."""
        for process in self.processes:
            process.kill()
            process.communicate()
        for _, starts in self.witnesses:
            starts.close()
        for job in self.jobs:
            for container in self._containers({"label": f"jobsched.job={job}"}, all=True):
                container.remove(force=True)

    def _started(self, out: Path, log: Path, *words: str) -> Process:
        if self.is_forked and words[: len(JOBSCHED)] == JOBSCHED:
            command = words[len(JOBSCHED) :]
            return Forked(command, cwd=self.folder, env=self.variables, out=out, err=log)
        with out.open("a") as said, log.open("a") as logged:
            return subprocess.Popen(
                words,
                cwd=self.folder,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=logged,
                text=True,
            )

    def _containers(self, filters: dict[str, Any], **more: Any) -> list[Any]:
        lists = [
            engine.containers.list(ignore_removed=True, filters=filters, **more)
            for engine in self.engines
        ]
        return list(chain.from_iterable(lists))


@contextmanager
def deployment(
    redis: RedisServer,
    docker_host: str,
    image: str,
    *engines: docker.DockerClient,
    is_forked: bool,
    **more: str,
) -> Iterator[Deployment]:
    """Make the store ours, and end everything at the end; ``more`` are further settings."""
    folder = Path(tempfile.mkdtemp(prefix="jobsched-workers-"))
    settings = {
        "DOCKER_HOST": docker_host,
        "JOBSCHED_REDIS_URL": redis.url,
        "JOBSCHED_DATA_DIR": str(folder / "data"),
        "JOBSCHED_DEPLOYMENT": f"test-{uuid.uuid4().hex[:12]}",
        "JOBSCHED_SECRET": uuid.uuid4().hex,
        "JOBSCHED_PLUGINS": "local,docker_runner",
        "JOBSCHED_LOG_FORMAT": "text",
        # a killed worker's jobs are due again when its lease ends
        "JOBSCHED_WORKER_LEASE": "3s",
        # nor is it waited for that a killed worker's lock on the engine's events ends
        "JOBSCHED_LIMITS_INSPECT": "2s",
        # the shared server has no file, and never loses its power
        "JOBSCHED_LIMITS_EVIDENCE": "0s",
    }
    variables = environment(**{**settings, **more})
    made = Deployment(
        redis=redis,
        image=image,
        engines=list(engines),
        witnesses=[(one, Starts(one, variables["JOBSCHED_DEPLOYMENT"])) for one in engines],
        variables=variables,
        folder=folder,
        is_forked=is_forked,
    )
    try:
        made.init()
        made.start_api()
        yield made
    finally:
        made.close()
        shutil.rmtree(folder)


def _said(file: Path) -> str:
    """Give what is in a file; nothing, while it is not there."""
    return file.read_text() if file.exists() else ""


def stop(process: Process) -> int:
    """Stop a process as a supervisor does; give its exit code, within 30 seconds."""
    process.send_signal(signal.SIGTERM)
    return process.wait(30)
