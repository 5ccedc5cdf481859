"""Fixtures for tests of plugins."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.plugins.lent import LentServices


@pytest.fixture
def services(tmp_path: Path) -> Iterator[LentServices]:
    """Services over an empty data directory."""
    lent = LentServices(data_dir=tmp_path)
    yield lent
    lent.spawn.close()
