"""Orders and machines for tests of `process_runner`."""

from datetime import timedelta

from jobsched.contracts.order import ContainerOrder
from jobsched.domain.job import Access, Instance, JobId

HERE = Instance(
    id="local-1",
    access=Access(kind="this_host", host_id="an-engine", state={"machine_id": "this-machine"}),
)
ELSEWHERE = Instance(
    id="local-2", access=Access(kind="this_host", state={"machine_id": "that-machine"})
)


def order(
    *command: str, name: str = "jobsched-1", environment: tuple[str, ...] = ()
) -> ContainerOrder:
    """An order of a command."""
    return ContainerOrder(
        deployment="test",
        job=JobId("j" * 32),
        attempt=1,
        launch=1,
        name=name,
        image="busybox",
        command=command,
        environment=environment,
        pull="missing",
        timeout=timedelta(hours=1),
        grace=timedelta(seconds=10),
    )


def shell(
    script: str, *, name: str = "jobsched-1", environment: tuple[str, ...] = ()
) -> ContainerOrder:
    """An order of a shell script."""
    return order("/bin/sh", "-c", script, name=name, environment=environment)
