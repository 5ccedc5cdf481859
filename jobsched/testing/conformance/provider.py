"""The contract of providers as tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

import pytest

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import Provider
from jobsched.domain.job import JobId
from jobsched.testing.conformance.answer import USUAL
from jobsched.testing.conformance.fixture import deployment_of, optional
from jobsched.testing.conformance.machines import Machines
from jobsched.testing.conformance.promise import Promise, clear
from jobsched.testing.conformance.provider_declaration import ProviderDeclaration
from jobsched.testing.conformance.provider_description import ProviderDescription
from jobsched.testing.conformance.provider_end import ProviderEnd
from jobsched.testing.conformance.provider_launch import ProviderLaunch
from jobsched.testing.conformance.provider_leftovers import ProviderLeftovers
from jobsched.testing.conformance.provider_manner import ProviderManner
from jobsched.testing.conformance.provider_owned import ProviderOwned
from jobsched.testing.conformance.provider_request import ProviderRequest
from jobsched.testing.conformance.provider_silence import ProviderSilence

GIVEN_BACK = Promise(
    by=Provider.terminate,
    that="Repeated until the machine is described as gone",
    do="Let terminate work whatever was done before.",
)


class ProviderConformance(
    ProviderDeclaration,
    ProviderRequest,
    ProviderLaunch,
    ProviderDescription,
    ProviderOwned,
    ProviderEnd,
    ProviderLeftovers,
    ProviderSilence,
    ProviderManner,
):
    """Subclass it as ``Test…``, give the fixture ``provider``, and run pytest.

    Every machine that a test has asked for is given back after it, also in a real cloud.

    Fixtures:
        provider: what is tested; made anew for each test, or not.
        another: optional: the same cloud as another worker process sees it; a second object over
            the same data. Default: ``provider`` itself.
        order: optional: a ``MachineOrder`` with ``options``, ``resources`` or ``boot_script`` that
            the provider needs.
        deployment: optional: the deployment of the provider's services; default: that of the
            fixture ``services``.
        unreachable: optional: the provider of a cloud that does not answer; without it, six tests
            are skipped.
        secrets: optional: texts that may be shown nowhere, such as the provider's credentials.
    """

    #: Machines that a test may have at one time. With 1, what needs two is skipped; with more than
    #: one page of the cloud's lists has, reading all pages is tested.
    at_once: ClassVar[int] = 3
    #: How long a machine may take from its termination until it is described as gone.
    gone_within: ClassVar[timedelta] = timedelta(minutes=5)
    #: How long a call may take; the contract's most, or less.
    answers_within: ClassVar[timedelta] = USUAL
    #: Pause between two renderings of one request; a second shows a time in it.
    freezes_apart: ClassVar[timedelta] = timedelta(seconds=1.1)

    @pytest.fixture
    def machines(self, request: pytest.FixtureRequest, provider: Provider) -> Iterator[Machines]:
        """The provider, and all that a test asks of it."""
        usual = MachineOrder(
            deployment=deployment_of(request),
            job=JobId(""),
            attempt=1,
            launch=1,
            token="",
            boot_script="",
        )
        machines = Machines(
            provider=provider,
            another=optional(request, "another", provider),
            template=optional(request, "order", usual),
            at_once=self.at_once,
            gone_within=self.gone_within,
            answers_within=self.answers_within,
            freezes_apart=self.freezes_apart,
            secrets=tuple(optional(request, "secrets", ())),
        )
        yield machines
        # Only if the test's own loop did not come to it.
        if machines.left:
            clear(machines.clean, GIVEN_BACK, machines.left)


__all__ = ["ProviderConformance"]
