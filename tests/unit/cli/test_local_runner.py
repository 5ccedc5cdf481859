"""What runs the containers of `up` and `demo`: the Docker Engine, else processes, loudly."""

import pytest

from jobsched.cli import local_runner
from jobsched.cli.docker_engine import DockerEngine
from tests.unit.cli.fake_api import FakeApi


@pytest.fixture
def engine(api: FakeApi) -> DockerEngine:
    """An engine that answers a ping, over TCP."""
    api.on("GET /_ping", b"OK")
    api.on("GET /images/json", [])
    return DockerEngine(url=api.url.replace("http:", "tcp:"))


def test_an_engine_that_answers_is_taken(engine: DockerEngine) -> None:
    """Where an engine answers it runs the containers, and nothing is said."""
    assert local_runner.choose(engine) == local_runner.Chosen(runner="docker_runner")


@pytest.mark.parametrize(
    "url", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1", "ssh://host", "tcp://x:port"]
)
def test_without_an_engine_processes_are_used_loudly(url: str) -> None:
    """Where none answers, one line names the place that was asked and how to get one."""
    chosen = local_runner.choose(DockerEngine(url=url))
    assert chosen.runner == "process_runner"
    assert url in chosen.sentence
    assert "DOCKER_HOST" in chosen.sentence
    assert len(chosen.sentence.splitlines()) == 1


def test_an_engine_that_fails_is_none(api: FakeApi, engine: DockerEngine) -> None:
    """An engine that answers with an error does not count."""
    api.on("GET /_ping", b"", status=500)
    assert local_runner.choose(engine).runner == "process_runner"


def test_the_docker_host_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """DOCKER_HOST says where the engine is; without it it is the usual socket."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://there:2375")
    assert DockerEngine.usual().url == "tcp://there:2375"
    monkeypatch.delenv("DOCKER_HOST")
    assert DockerEngine.usual().url == "unix:///var/run/docker.sock"


def test_the_demo_takes_the_smallest_image_with_a_shell(api: FakeApi, engine: DockerEngine) -> None:
    """Of the images there, one that is known to hold a shell is used; busybox before Debian."""
    tags = [["registry:2"], ["debian:12", "busybox:1.36"], None, ["python:3.13-slim"]]
    api.on("GET /images/json", [{"RepoTags": found} for found in tags])
    assert local_runner.for_demo(None, engine).image == "busybox:1.36"


def test_the_demo_pulls_where_no_image_is_there(api: FakeApi, engine: DockerEngine) -> None:
    """Without an image of that kind busybox is pulled."""
    api.on("POST /images/create", b'{"status": "Pulling"}\n{"status": "Done"}\n')
    assert local_runner.for_demo(None, engine) == local_runner.Chosen(
        runner="docker_runner", image="busybox:latest"
    )
    assert api.asked[-1].target == "/images/create?fromImage=busybox&tag=latest"


def test_a_pull_that_fails_is_told(api: FakeApi, engine: DockerEngine) -> None:
    """An engine tells a failed pull within a 200: the demo falls back, and says so."""
    api.on("POST /images/create", b'{"status": "Pulling"}\n{"error": "no route"}\n')
    chosen = local_runner.for_demo(None, engine)
    assert chosen.runner == "process_runner"
    assert "--image" in chosen.sentence


def test_a_named_image_is_taken_as_it_is(engine: DockerEngine) -> None:
    """--image is believed."""
    assert local_runner.for_demo("mine:1", engine).image == "mine:1"
