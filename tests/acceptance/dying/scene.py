"""A deployment whose processes are forked, and die where they are told to."""

from __future__ import annotations

import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import docker
import redis

from jobsched.client import Answered, Client, NoServer
from tests.acceptance.forked import Forked
from tests.acceptance.product import environment
from tests.acceptance.starts import Starts
from tests.services import RedisServer

T = TypeVar("T")

ENDS = {"finished", "failed", "cancelled"}
#: far more than anything here takes on an idle machine
PATIENCE = 60.0
LOOK = 0.1
PLUGIN = Path(__file__).with_name("shaky.py")


@dataclass(kw_only=True)
class Scene:
    """Its settings, its processes, and what the engine tells of its containers."""

    redis: RedisServer
    image: str
    engine: docker.DockerClient
    variables: dict[str, str]
    folder: Path
    starts: Starts
    url: str = ""
    processes: list[Forked] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)

    @property
    def client(self) -> Client:
        """A client of its API."""
        return Client(url=self.url)

    def begin(self) -> None:
        """Make the store ours, and start the API."""
        made = self.start("init", "--store")
        assert made.wait(PATIENCE) == 0, self.said()
        self.start_api()

    def start(self, *words: str, **more: str) -> Forked:
        """Start a command of ``jobsched``; its log is in the folder."""
        number = len(self.processes)
        process = Forked(
            words,
            cwd=self.folder,
            env={**self.variables, **more},
            out=self.folder / f"{number}.out",
            err=self.folder / f"{number}.log",
        )
        self.processes.append(process)
        return process

    def start_api(self, **more: str) -> Forked:
        """Start the API on a free port, and wait until it answers."""
        process = self.start("api", "--port", "0", "--json", **more)
        line = process.first_line(PATIENCE)
        assert line, self.said()
        self.url = line.split('"')[3]
        return process

    def said_by(self, process: Forked) -> str:
        """Give what a process has logged."""
        log = self.folder / f"{self.processes.index(process)}.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return "\n".join(line for line in lines if "request.handled" not in line)

    def said(self) -> str:
        """Give what the processes of late have logged."""
        logs = [(one.args, self.said_by(one)) for one in self.processes[-4:]]
        return "\n".join(f"== {' '.join(args)}\n{text[-6000:]}" for args, text in logs)

    def post(self, *words: str, **more: Any) -> str:
        """Post a job that is due now, however often the API dies over it; give its id."""
        body = {
            "schedule": datetime.now(UTC).isoformat(),
            "docker_image": self.image,
            "cmd": list(words),
            "grace": 1,
            **more,
        }
        key = uuid.uuid4().hex
        job: str = self.persist(lambda: self.client.schedule(body, key=key))["id"]
        again = self.persist(lambda: self.client.schedule(body, key=key))["id"]
        assert again == job, "a repeat with the same key gives the same job"
        self.jobs.append(job)
        return job

    def persist(self, ask: Callable[[], T]) -> T:
        """Ask the API until it answers: it may have died, and another come in its place."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return ask()
            except (NoServer, Answered) as error:
                # 503: ask again later
                if isinstance(error, Answered) and error.status != 503:
                    raise
                if time.monotonic() > deadline:
                    raise
                time.sleep(LOOK)

    def status(self, job: str) -> dict[str, Any]:
        """Give the document of a job."""
        return self.persist(lambda: self.client.status(job))

    def providers(self) -> list[dict[str, Any]]:
        """Give what the API says of the providers."""
        # the client anew each time: the API may be another by then
        asked = self.persist(lambda: dict(self.client.providers()))
        found: list[dict[str, Any]] = asked["providers"]
        return found

    def until(self, condition: Callable[[], bool], what: object = "") -> None:
        """Wait until something is so; fail with all that was said."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"{what}\n{self.said()}"
            time.sleep(LOOK)

    def reaches(self, job: str, *states: str) -> None:
        """Wait until a job is in one of these states, or has ended."""
        self.until(lambda: self.status(job)["status"] in {*states, *ENDS}, job)

    def ended(self, job: str) -> dict[str, Any]:
        """Wait until a job has ended; give its document."""
        self.until(lambda: self.status(job)["status"] in ENDS, job)
        return self.status(job)

    def cancel(self, job: str) -> None:
        """Cancel a job that may have ended meanwhile."""
        with suppress(Answered):
            self.persist(lambda: self.client.cancel(job))

    def containers(self, job: str = "") -> list[Any]:
        """Give the containers of a job, or of all; those that go just now are left out."""
        deployment = self.variables["JOBSCHED_DEPLOYMENT"]
        labels = [f"jobsched.deployment={deployment}", *([f"jobsched.job={job}"] if job else [])]
        filters: dict[str, str | list[str] | bool] = {"label": labels}
        found: list[Any] = self.engine.containers.list(
            all=True, filters=filters, ignore_removed=True
        )
        return found

    def leases(self) -> list[str]:
        """Give the files of launches that are not over."""
        return [path.name for path in (self.folder / "data").rglob("local/*.json")]

    def forget_locks(self) -> None:
        """Free what dead processes held, so that the next story need not wait for its end."""
        with redis.Redis.from_url(self.redis.url) as client:
            for key in client.keys("jobsched:lock:*"):
                client.delete(key)

    def end(self, *processes: Forked) -> None:
        """End processes at once."""
        for process in processes:
            process.kill()
            process.communicate()

    def close(self) -> None:
        """End all processes, and remove what they left."""
        self.end(*self.processes)
        for container in self.containers():
            with suppress(docker.errors.APIError):
                container.remove(force=True)
        self.starts.close()
        self.redis.close()
        shutil.rmtree(self.folder)


SETTINGS = {
    "JOBSCHED_PLUGINS": "local,docker_runner,shaky",
    "JOBSCHED_LOG_FORMAT": "text",
    # a dead worker's jobs are due again when its lease ends
    "JOBSCHED_WORKER_LEASE": "1s",
    "JOBSCHED_WORKER_SWEEP_EVERY": "1s",
    # nobody waits for what a dead worker would have heard
    "JOBSCHED_LIMITS_INSPECT": "500ms",
    "JOBSCHED_LIMITS_INSPECT_UNWATCHED": "500ms",
    "JOBSCHED_LIMITS_BACKOFF": "100ms",
    "JOBSCHED_LIMITS_BACKOFF_MOST": "500ms",
    "JOBSCHED_LIMITS_ROUND": "100ms",
    "JOBSCHED_LIMITS_ROUND_MOST": "500ms",
    "JOBSCHED_LIMITS_TERMINATE_AGAIN": "500ms",
    "JOBSCHED_LIMITS_FIND_AGAIN": "500ms",
    # how long the logs of a container that is gone are asked for
    "JOBSCHED_LIMITS_COLLECT": "8s",
    # how long a start that is withdrawn may still be under way
    "JOBSCHED_DOCKER_RUNNER_REQUEST_TIMEOUT": "2",
}


@contextmanager
def scene(
    docker_host: str,
    image: str,
    engine: docker.DockerClient,
    server: RedisServer | None = None,
) -> Iterator[Scene]:
    """Prepare a deployment on a Redis of its own; end everything at the end."""
    folder = Path(tempfile.mkdtemp(prefix="jobsched-dying-"))
    (folder / "plugins").mkdir()
    shutil.copy(PLUGIN, folder / "plugins")
    # one without a file, which is never killed, forgets nothing
    evidence = {} if server else {"JOBSCHED_LIMITS_EVIDENCE": "0s"}
    server = server or RedisServer(durable=False)
    server.start()
    deployment = f"test-{uuid.uuid4().hex[:12]}"
    variables = environment(
        DOCKER_HOST=docker_host,
        JOBSCHED_REDIS_URL=server.url,
        JOBSCHED_DATA_DIR=str(folder / "data"),
        JOBSCHED_PLUGINS_DIR=str(folder / "plugins"),
        JOBSCHED_DEPLOYMENT=deployment,
        JOBSCHED_SECRET=uuid.uuid4().hex,
        **SETTINGS,
        **evidence,
    )
    made = Scene(
        redis=server,
        image=image,
        engine=engine,
        variables=variables,
        folder=folder,
        starts=Starts(engine, deployment),
    )
    try:
        yield made
    finally:
        made.close()


__all__ = ["ENDS", "PATIENCE", "Scene", "scene"]
