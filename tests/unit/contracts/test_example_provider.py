"""The provider of the docstrings' examples keeps to the contract that it is an example of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from jobsched.contracts.provider import Provider
from jobsched.testing import ProviderConformance
from tests.unit.contracts.imagined import Acme
from tests.unit.contracts.test_examples import acme_cloud


@pytest.fixture
def acme() -> Acme:
    """The cloud, which is the same for every worker."""
    return Acme()


def _over(acme: Acme) -> Provider:
    made = acme_cloud(acme)
    # this cloud shows a machine at once, so that nothing must be waited for
    made.settles_within = timedelta(0)
    return made


@pytest.fixture
def provider(acme: Acme) -> Provider:
    """What is tried."""
    return _over(acme)


@pytest.fixture
def another(acme: Acme) -> Provider:
    """The same cloud as another worker sees it."""
    return _over(acme)


@pytest.fixture
def unreachable() -> Provider:
    """One whose cloud is down."""
    return _over(Acme(down=True))


class TestExampleProvider(ProviderConformance):
    """Every sentence, with faults."""


def test_a_job_runs_on_it(provider: Provider, run_job: Callable[..., Any]) -> None:
    """On one machine, started once."""
    done = run_job(provider=provider)
    assert (done.state, done.exit_code, done.starts) == ("finished", 0, 1)
