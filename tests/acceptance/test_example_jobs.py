"""The lines of examples/jobs/README.md, typed: each file is posted by command line and by curl."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobsched import embedded
from tests.acceptance.product import ROOT, Product, curl, running, shell

__all__ = ["curl"]

pytestmark = [pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(180)]

JOBS = ROOT / "examples" / "jobs"
FILES = sorted(path.name for path in JOBS.glob("*.json"))
README = (JOBS / "README.md").read_text()
URL = "http://127.0.0.1:8080"
#: file → status, reason, exit code of the last attempt, number of attempts
ENDS = {
    "hello.json": ("finished", "finished", 0, 1),
    "retry.json": ("failed", "exited", 75, 2),
    "limits.json": ("failed", "timeout", 1, 1),
    "labelled.json": ("finished", "finished", 0, 1),
    # without images there is no registry to refuse it: it fails as there is no such command
    "private-registry.json": ("failed", "start_failed", 127, 1),
}


def typed(block: str, product: Product) -> str:
    """Type a block at the server of this test; give what it prints."""
    said = shell(block.replace(URL, product.url), product)
    assert said.returncode == 0, said.stderr
    return said.stdout


@pytest.fixture(name="product")
def make_product(redis_program: embedded.ServerBinary, tmp_path: Path) -> Iterator[Product]:
    """A running `jobsched up` with the page's configuration, whose jobs are processes."""
    (configuration,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "jobsched.toml").write_text(configuration)
    where = str(tmp_path / "jobsched.toml")
    with running("unix:///nowhere/docker.sock", JOBSCHED_CONFIG=where) as found:
        yield found


def test_each_file_is_posted_as_its_page_says(curl: None, product: Product) -> None:
    """Both lines of each file make a job, which ends as the page tells."""
    blocks = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    jobs: list[tuple[str, str]] = []
    for block in blocks:
        (file,) = set(re.findall(r"examples/jobs/(\S+\.json)", block))
        said = typed(block, product)
        if "--wait" in block:
            assert said == "hello world\n"
            said = product.client.jobs(limit=1)["jobs"][0]["id"]
        jobs.append((file, json.loads(said)["id"] if "curl" in block else said.strip()))

    assert [file for file, _ in jobs] == [file for file in ENDS for _ in range(2)]
    assert sorted(ENDS) == FILES
    for file, job in jobs:
        found = product.ended(job)
        end = (found["status"], found["reason"], found["exit_code"], len(found["attempts"]))
        assert (file, *end) == (file, *ENDS[file])
