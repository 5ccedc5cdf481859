"""The page on the doctor and the doctor name the same checks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobsched.bootstrap import doctor
from jobsched.cli.doctor import of_processes
from jobsched.errors import ConfigError

pytestmark = pytest.mark.timeout(30)

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "doctor.md"
NAME = re.compile(r"`([a-z][a-z0-9_.]*)`")
#: everything that can be named, so that every check is there
NAMED = {
    "JOBSCHED_PLUGINS": "local,docker_runner,ec2_spot",
    "JOBSCHED_EC2_SPOT_REGION": "eu-central-1",
    "JOBSCHED_EC2_SPOT_KEY_NAME": "ours",
    "JOBSCHED_EC2_SPOT_INSTANCE_PROFILE": "ours",
    # nobody listens there
    "JOBSCHED_REDIS_URL": "redis://127.0.0.1:1/0",
    "JOBSCHED_EC2_SPOT_ENDPOINT_URL": "http://127.0.0.1:1",
}


def named(text: str) -> Iterator[str]:
    """Give the checks that the tables of a page name, in its order."""
    for table in re.findall(r"\| check \|.*\n\|---\|---\|\n((?:\|.*\n)+)", text):
        for line in table.splitlines():
            yield from NAME.findall(line.split("|")[1])


async def test_the_page_names_every_check(tmp_path: Path) -> None:
    """And none that there is not."""
    environ = {**NAMED, "JOBSCHED_DATA_DIR": str(tmp_path)}
    with pytest.raises(ConfigError, match="no check is named") as refused:
        await anext(doctor.examine(environ=environ, only=["nothing"], also=[of_processes]))
    there = refused.value.message.rpartition(": ")[2].split(", ")
    page = list(named(PAGE.read_text(encoding="utf-8")))
    assert sorted(page) == sorted(there)


def test_a_page_that_leaves_one_out_is_seen() -> None:
    """The tables are read, whatever stands in their other cells."""
    text = "| check | fails |\n|---|---|\n| `a.b`, `c` | where `d` is |\n\n| `e` | f |\n"
    assert list(named(text)) == ["a.b", "c"]
