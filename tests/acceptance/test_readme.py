"""The lines of the README that a reader types, typed."""

import json
import re
from collections.abc import Iterator

import pytest

from jobsched import embedded
from tests.acceptance.product import ROOT, Product, curl, running, shell

__all__ = ["curl"]

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(120)]

README = (ROOT / "README.md").read_text()
MARK = "<!-- typed by tests/acceptance/test_readme.py -->"
URL = "http://127.0.0.1:8080"


def blocks() -> list[str]:
    """Give the marked blocks, in order."""
    return re.findall(re.escape(MARK) + r"\n```bash\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def product(redis_program: embedded.ServerBinary, docker_host: str) -> Iterator[Product]:
    """A running `jobsched up`."""
    with running(docker_host) as found:
        yield found


def typed(block: str, product: Product, image: str) -> str:
    """Type a block, with the port and the image of this test; give what it prints."""
    said = shell(block.replace(URL, product.url).replace("busybox:latest", image), product)
    assert said.returncode == 0, said.stderr
    return said.stdout


def test_the_lines_work_as_written(curl: None, product: Product, busybox_image: str) -> None:
    """A job by CLI prints its output; one by curl answers as shown, and is looked at as shown."""
    by_cli, by_curl, look = blocks()
    assert typed(by_cli, product, busybox_image) == "hello\n"

    answer = json.loads(typed(by_curl, product, busybox_image))
    assert answer["status"] == "scheduled"
    job = answer["id"]
    assert product.ended(job)["status"] == "finished"

    # the newest schedule is listed first, and the one of the README is in the past
    newest = product.client.jobs(limit=1)["jobs"][0]["id"]
    said = typed(look.replace("--limit 1", f"--all | grep {job}"), product, busybox_image)
    document, _ = json.JSONDecoder().raw_decode(said)
    assert (document["id"], document["status"]) == (job, "finished")
    assert "hello world\n" in said
    assert f"id          {job}" in said.splitlines()
    assert newest in typed(look, product, busybox_image)


def test_every_promise_is_named() -> None:
    """The README tells all nine promises, each with how far it is kept."""
    rows = re.findall(r"^\| (P\d) \| .+ \| (.+) \|$", README, re.MULTILINE)
    assert [name for name, _ in rows] == [f"P{number}" for number in range(1, 10)]
    assert all(standing.strip() for _, standing in rows)
