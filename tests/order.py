"""The order of a run: each of its workers begins with what lasts longest.

A worker gets as many tests as another, all of them neighbours, and takes some from the end of
another's when it has none left. In the order of their files one worker would get all that waits
for machines, and the others would end long before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from types import MappingProxyType
from typing import Protocol, TypeVar

#: seconds; what lasts longer is split among workers
PIECE = 60
#: Files and folders → about how many seconds they take on two cores that do little else; what is
#: not here is short. Nothing but the order of a run depends on it.
SECONDS: Mapping[str, int] = MappingProxyType(
    {
        "tests/acceptance/cloud": 280,
        "tests/acceptance/dying/test_acceptance.py": 30,
        "tests/acceptance/dying/test_apart.py": 70,
        "tests/acceptance/dying/test_walk.py": 200,
        "tests/acceptance/dying/test_workers.py": 40,
        "tests/acceptance/ec2/test_account.py": 10,
        "tests/acceptance/ec2/test_interruption.py": 40,
        "tests/acceptance/ec2/test_jobs.py": 200,
        "tests/acceptance/powercut/test_powercut.py": 50,
        "tests/acceptance/test_demo.py": 15,
        "tests/acceptance/test_examples.py": 45,
        "tests/acceptance/test_examples_at_work.py": 15,
        "tests/acceptance/test_first_provider.py": 20,
        "tests/acceptance/test_plugins_dir.py": 15,
        "tests/acceptance/test_private_registry.py": 15,
        "tests/acceptance/test_scaffold.py": 60,
        "tests/acceptance/test_static_hosts.py": 70,
        "tests/acceptance/test_up.py": 20,
        "tests/acceptance/test_worker_processes.py": 80,
        "tests/integration/cloud": 60,
        "tests/integration/conformance/test_docker_runner.py": 45,
        "tests/integration/conformance/test_ec2_spot.py": 120,
        "tests/integration/conformance/test_ec2_spot_refusals.py": 20,
        "tests/integration/store/test_conformance.py": 15,
        "tests/integration/test_doctor_ec2.py": 20,
        "tests/integration/test_replaceable.py": 20,
        "tests/integration/test_static_hosts.py": 30,
        "tests/integration/worker/test_arq.py": 15,
        "tests/integration/worker/test_caps.py": 30,
        "tests/integration/worker/test_hostile_plugins.py": 60,
        "tests/integration/worker/test_share.py": 15,
        "tests/simulation/test_crashes.py": 80,
        "tests/simulation/test_mutations.py": 30,
        "tests/unit/cli/test_simulate_storm.py": 20,
        "tests/unit/docs/test_plugin_pages.py": 20,
        "tests/unit/testing/conformance/test_process_runner.py": 15,
        "tests/unit/testing/conformance/test_wrong_deciders.py": 20,
        "tests/unit/testing/conformance/test_wrong_providers.py": 40,
        "tests/unit/testing/conformance/test_wrong_runners.py": 60,
        "tests/unit/testing/ec2/test_assumptions.py": 20,
        "tests/unit/testing/ec2/test_assumptions_mutated.py": 15,
    }
)
#: Into how many pieces they are split at most: of their tests two at a time run, or all share what
#: takes long to start.
PIECES: Mapping[str, int] = MappingProxyType(
    {
        "tests/acceptance/cloud": 2,
        "tests/acceptance/ec2/test_interruption.py": 1,
        "tests/acceptance/test_static_hosts.py": 1,
        "tests/integration/cloud": 1,
    }
)


class Named(Protocol):
    """A test, or whatever is called as one is."""

    @property
    def nodeid(self) -> str:
        """Give ``file::name``."""


T = TypeVar("T", bound=Named)


def ordered(tests: Sequence[T], workers: int) -> list[T]:
    """Give the same tests so that each worker's share begins with long ones.

    Args:
        tests: in the order of their files.
        workers: among how many they are dealt, in equal shares of neighbours.
    """
    by_name: dict[str, list[T]] = {}
    for test in tests:
        by_name.setdefault(_entry_of(test.nodeid), []).append(test)
    short = by_name.pop("", [])
    shares = _dealt(_pieces(by_name), workers)
    found: list[T] = []
    for share, size in zip(shares, _sizes(len(tests), workers), strict=True):
        taken = (share + short)[:size]
        short = (share + short)[size:]
        found += taken
    return found + short


def _entry_of(nodeid: str) -> str:
    """Give the table's entry for a test; empty: none."""
    file = nodeid.partition("::")[0]
    return next((one for one in (file, file.rpartition("/")[0]) if one in SECONDS), "")


def _pieces(by_name: Mapping[str, list[T]]) -> list[tuple[float, list[T]]]:
    """Split what lasts long; the longest piece first."""
    pieces: list[tuple[float, list[T]]] = []
    for name, tests in by_name.items():
        number = min(ceil(SECONDS[name] / PIECE), PIECES.get(name, len(tests)))
        size = ceil(len(tests) / number)
        parts = [tests[first : first + size] for first in range(0, len(tests), size)]
        pieces += [(SECONDS[name] / len(parts), part) for part in parts]
    return sorted(pieces, key=lambda piece: -piece[0])


def _dealt(pieces: Iterable[tuple[float, list[T]]], workers: int) -> list[list[T]]:
    """Give each piece to whoever has least to do."""
    shares: list[list[T]] = [[] for _ in range(workers)]
    seconds = [0.0] * workers
    for lasts, tests in pieces:
        least = seconds.index(min(seconds))
        shares[least] += tests
        seconds[least] += lasts
    return shares


def _sizes(number: int, workers: int) -> list[int]:
    """Give how many tests each worker gets, as pytest-xdist counts (``--dist worksteal``)."""
    sizes: list[int] = []
    for others in range(workers, 0, -1):
        sizes.append((number - sum(sizes)) // others)
    return sizes


__all__ = ["PIECE", "PIECES", "SECONDS", "ordered"]
