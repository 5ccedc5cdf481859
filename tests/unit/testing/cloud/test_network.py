"""A range of addresses for a cloud: neither this host's nor another Docker network's."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError

from jobsched.testing.cloud import network
from jobsched.testing.cloud.mark import Mark
from jobsched.testing.cloud.trouble import CannotRun

MINE = Mark(cloud="one", folder=Path("/nowhere"), host="here")


class Engine:
    """An engine that refuses some ranges, as it says it."""

    def __init__(self, taken: set[str], words: str = "Pool overlaps with other one") -> None:
        self.taken, self.words = taken, words
        self.made: list[str] = []
        self.api = SimpleNamespace(create_network=self._create)

    def _create(self, name: str, driver: str, *, ipam: Any, labels: dict[str, str]) -> None:
        (pool,) = ipam["Config"]
        if pool["Subnet"] in self.taken:
            raise APIError("refused", explanation=self.words)
        assert (name, labels) == (MINE.name, MINE.labels)
        self.made.append(pool["Subnet"])


def _route(program: Path, *lines: str) -> None:
    program.write_text("#!/bin/sh\ncat <<END\n" + "".join(f"{one}\n" for one in lines) + "END\n")
    program.chmod(0o755)


@pytest.fixture(autouse=True)
def routes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the program `ip` of a host without routes, for a test to write anew."""
    program = tmp_path / "ip"
    _route(program, "default via 10.0.0.1 dev eth0", "10.0.0.0/24 dev eth0")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    return program


def test_aws_own_range_comes_first() -> None:
    """The default VPC has the range that it has at AWS, if it is free."""
    found = network.make(Engine(set()), MINE)  # type: ignore[arg-type] # all that it needs of one
    assert (found.addresses, found.gateway) == ("172.31.0.0/16", "172.31.0.1")


def test_a_range_of_the_engine_or_of_this_host_is_passed_over(routes: Path) -> None:
    """A cloud beside this one, or a host that itself stands in 172.31 as on EC2, has its own."""
    _route(routes, "default via 172.31.0.1 dev eth0", "172.31.16.0/20 dev eth0")
    engine = Engine({"172.30.0.0/16"})
    found = network.make(engine, MINE)  # type: ignore[arg-type] # as above
    assert found.addresses == "172.29.0.0/16"
    assert engine.made == ["172.29.0.0/16"]


def test_no_range_is_a_clear_sentence() -> None:
    """Nothing free, and an engine that makes no networks at all, are told apart."""
    with pytest.raises(CannotRun, match="no range of addresses is free"):
        network.make(Engine(set(network.RANGES)), MINE)  # type: ignore[arg-type] # as above
    broken = Engine({"172.31.0.0/16"}, "iptables failed")
    with pytest.raises(CannotRun, match="the engine makes no network: iptables failed"):
        network.make(broken, MINE)  # type: ignore[arg-type] # as above
    assert broken.made == []
