"""The contract of runners as tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

import pytest

from jobsched.contracts.order import ContainerOrder
from jobsched.contracts.runner import Runner
from jobsched.domain.job import Instance, JobId
from jobsched.testing.conformance import elsewhere, registry
from jobsched.testing.conformance.answer import USUAL
from jobsched.testing.conformance.containers import Containers
from jobsched.testing.conformance.fixture import deployment_of, optional
from jobsched.testing.conformance.image import Images
from jobsched.testing.conformance.program import Programs
from jobsched.testing.conformance.promise import Promise, clear
from jobsched.testing.conformance.runner_declaration import RunnerDeclaration
from jobsched.testing.conformance.runner_end import RunnerEnd
from jobsched.testing.conformance.runner_image import RunnerImage
from jobsched.testing.conformance.runner_inspect import RunnerInspect
from jobsched.testing.conformance.runner_logs import RunnerLogs
from jobsched.testing.conformance.runner_manner import RunnerManner
from jobsched.testing.conformance.runner_memory import RunnerMemory
from jobsched.testing.conformance.runner_prepare import RunnerPrepare
from jobsched.testing.conformance.runner_silence import RunnerSilence
from jobsched.testing.conformance.runner_start import RunnerStart
from jobsched.testing.conformance.runner_warn import RunnerWarn
from jobsched.testing.conformance.runner_watch import RunnerWatch
from jobsched.testing.conformance.runner_withdraw import RunnerWithdraw

REMOVED = Promise(
    by=Runner.remove,
    that="Remove the container and all that belongs to it, running or not, withdrawn or not",
    do="Let remove work whatever was done before, by name alone.",
)


class RunnerConformance(
    RunnerDeclaration,
    RunnerPrepare,
    RunnerImage,
    RunnerStart,
    RunnerWithdraw,
    RunnerInspect,
    RunnerLogs,
    RunnerEnd,
    RunnerMemory,
    RunnerSilence,
    RunnerWarn,
    RunnerWatch,
    RunnerManner,
):
    """Subclass it as ``Test…``, give the fixtures ``runner`` and ``instance``, and run pytest.

    Every container has a name of its own, and is removed after its test. Give the runner short
    time-outs: a withdrawal may have to wait for one. A runner without images, or without limits of
    memory, says so in the class: ``has_images = False``, ``limits_memory = False``.

    Fixtures:
        runner: what is tested.
        instance: a machine that it can use: ``jobsched.domain.job.Instance`` with ``access``.
        image: optional: an image with a shell; default: ``busybox:latest``.
        another: optional: the runner of another worker process; default: ``runner`` itself.
        elsewhere: optional: ``instance`` as if another machine answered at its address; default:
            with another ``access.host_id`` and other texts in ``access.state``.
        nowhere: optional: ``instance`` as if nobody answered at its address; default: as
            ``elsewhere``, at an address of this host where nobody listens.
        missing_image, private_image, unreachable_image: optional: an image that its registry does
            not have, one that it gives only for a password, one of a registry that is down;
            default: of registries that the kit runs on 127.0.0.1, for an engine on this host.
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

    #: Whether containers are made of images; else any name of one will do.
    has_images: ClassVar[bool] = True
    #: Whether ``resources["memory_mib"]`` is a limit; else nothing is ever ended for its memory.
    limits_memory: ClassVar[bool] = True
    #: How long after its withdrawal a start is watched.
    late_by: ClassVar[timedelta] = timedelta(milliseconds=500)

    @pytest.fixture
    def silent_port(self) -> Iterator[int]:
        """A port of this host at which nobody answers."""
        with registry.silent() as port:
            yield port

    @pytest.fixture
    def containers(
        self,
        request: pytest.FixtureRequest,
        runner: Runner,
        instance: Instance,
        silent_port: int,
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
            elsewhere=optional(request, "elsewhere", elsewhere.another(instance)),
            nowhere=optional(request, "nowhere", elsewhere.nobody(instance, silent_port)),
            template=optional(request, "order", usual),
            programs=optional(request, "programs", Programs()),
            answers_within=self.answers_within,
            ends_within=self.ends_within,
            late_by=self.late_by,
            has_images=self.has_images,
            limits_memory=self.limits_memory,
            images=Images(
                missing=optional(request, "missing_image", ""),
                private=optional(request, "private_image", ""),
                unreachable=optional(request, "unreachable_image", ""),
            ),
            secrets=tuple(optional(request, "secrets", ())),
        )
        yield containers
        # Only if the test's own loop did not come to it.
        if containers.left:
            clear(containers.clean, REMOVED, containers.left)


__all__ = ["RunnerConformance"]
