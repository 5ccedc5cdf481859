"""The contract of runners as tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest

from jobsched.contracts.order import ContainerOrder
from jobsched.contracts.runner import Runner
from jobsched.domain.job import Instance, JobId
from jobsched.testing.conformance.answer import USUAL
from jobsched.testing.conformance.containers import Containers
from jobsched.testing.conformance.event_loop import run
from jobsched.testing.conformance.fixture import deployment_of, optional
from jobsched.testing.conformance.program import Programs
from jobsched.testing.conformance.runner_declaration import RunnerDeclaration
from jobsched.testing.conformance.runner_end import RunnerEnd
from jobsched.testing.conformance.runner_inspect import RunnerInspect
from jobsched.testing.conformance.runner_logs import RunnerLogs
from jobsched.testing.conformance.runner_manner import RunnerManner
from jobsched.testing.conformance.runner_prepare import RunnerPrepare
from jobsched.testing.conformance.runner_start import RunnerStart
from jobsched.testing.conformance.runner_watch import RunnerWatch
from jobsched.testing.conformance.runner_withdraw import RunnerWithdraw


class RunnerConformance(
    RunnerDeclaration,
    RunnerPrepare,
    RunnerStart,
    RunnerWithdraw,
    RunnerInspect,
    RunnerLogs,
    RunnerEnd,
    RunnerWatch,
    RunnerManner,
):
    """Subclass it as ``Test…``, give the fixtures ``runner`` and ``instance``, and run pytest.

    Every container has a name of its own, and is removed after its test. Give the runner short
    time-outs: a withdrawal may have to wait for one.

    Fixtures:
        runner: what is tested.
        instance: a machine that it can use: ``jobsched.domain.job.Instance`` with ``access``.
        image: optional: an image with a shell; default: ``busybox:latest``.
        another: optional: the runner of another worker process; default: ``runner`` itself.
        elsewhere: optional: ``instance`` as if another machine answered at its address; default:
            with another ``access.host_id`` and other texts in ``access.state``.
        order: optional: a ``ContainerOrder`` with ``options`` or ``resources`` that it needs.
        programs: optional: a `jobsched.testing.conformance.program.Programs` for images without
            a shell.
        deployment: optional: the deployment of the runner's services; default: that of the
            fixture ``services``.
        secrets: optional: texts that may be shown nowhere, such as the runner's credentials.
    """

    #: How long a call may take; the contract's most, or less.
    answers_within: ClassVar[timedelta] = USUAL
    #: How long it may take until a program that ends at once is seen ended.
    ends_within: ClassVar[timedelta] = timedelta(seconds=30)

    @pytest.fixture
    def containers(
        self, request: pytest.FixtureRequest, runner: Runner, instance: Instance
    ) -> Iterator[Containers]:
        """The runner, its machine, and all that a test asks of them."""
        usual = ContainerOrder(
            deployment=deployment_of(request),
            job=JobId(""),
            attempt=1,
            launch=1,
            name="",
            image=optional(request, "image", "busybox:latest"),
            command=(),
            environment=(),
            pull="missing",
            timeout=timedelta(hours=1),
            grace=timedelta(seconds=10),
        )
        containers = Containers(
            runner=runner,
            another=optional(request, "another", runner),
            instance=instance,
            elsewhere=optional(request, "elsewhere", _elsewhere(instance)),
            template=optional(request, "order", usual),
            programs=optional(request, "programs", Programs()),
            answers_within=self.answers_within,
            ends_within=self.ends_within,
            secrets=tuple(optional(request, "secrets", ())),
        )
        yield containers
        # Only if the test's own loop did not come to it.
        if containers.is_left:
            run(containers.clean)


def _elsewhere(here: Instance) -> Instance:
    access = here.access
    if access is None:
        return here
    # Each text differs from the others: some runners compare them.
    texts = {key: f"another-{key}" for key, value in access.state.items() if isinstance(value, str)}
    other = replace(access, host_id="another-host", state={**access.state, **texts})
    return replace(here, access=other)


__all__ = ["RunnerConformance"]
