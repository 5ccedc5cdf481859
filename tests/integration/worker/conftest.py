"""Benches for workers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.worker.bench import Bench, bench


@pytest.fixture(name="bench")
async def make_bench(redis_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    """A bench on an empty real Redis."""
    async with bench(redis_url, tmp_path) as made:
        yield made
