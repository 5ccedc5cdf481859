"""The log store of the docstrings' examples keeps to the contract that it is an example of."""

from __future__ import annotations

import pytest

from jobsched.contracts.log_store import LogStore
from jobsched.testing import LogStoreConformance
from tests.unit.contracts.examples import assembled
from tests.unit.contracts.imagined import Bucket
from tests.unit.contracts.test_examples import names


def _over(bucket: Bucket) -> LogStore:
    made: LogStore = assembled(LogStore, "BucketLogs", names())(bucket)
    return made


@pytest.fixture
def bucket() -> Bucket:
    """The bucket, which is the same for every process."""
    return Bucket()


@pytest.fixture
def log_store(bucket: Bucket) -> LogStore:
    """What is tried."""
    return _over(bucket)


@pytest.fixture
def another(bucket: Bucket) -> LogStore:
    """The same store as another process sees it."""
    return _over(bucket)


@pytest.fixture
def unreachable() -> LogStore:
    """One whose bucket is down."""
    return _over(Bucket(down=True))


class TestExampleLogStore(LogStoreConformance):
    """Every sentence, with faults."""
