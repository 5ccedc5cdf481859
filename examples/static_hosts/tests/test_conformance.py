"""The contract of providers, as jobsched's own kit tests it, on the imagined pool."""

from __future__ import annotations

from jobsched.testing import ProviderConformance


class TestStaticHosts(ProviderConformance):
    """Fixtures: `provider` and `another` of `conftest.py`."""
