"""What is ordered from providers and runners for a job."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from jobsched.contracts.order import ContainerOrder, MachineOrder
from jobsched.domain.job import Attempt, Container, Instance, Job, Launch
from jobsched.domain.replace import replace
from jobsched.engine import answer
from jobsched.engine.call import ask
from jobsched.engine.parts import Parts


def machine_order(
    parts: Parts, job: Job, attempt: Attempt, launch: int, dies_at: datetime | None
) -> MachineOrder:
    """Order a machine; ``launch`` is 0 while offers are asked.

    No secret but the callback's token.

    Raises:
        OperationFailed: nothing can make such a machine ready, says the runner.
        PluginBug: the runner failed to say what it needs on the machine.
    """
    spec = job.spec
    token = parts.secrets.token(job.id, attempt.no, launch) if launch else ""
    order = MachineOrder(
        deployment=parts.services.deployment,
        job=job.id,
        attempt=attempt.no,
        launch=launch,
        token=token,
        boot_script="",
        is_fresh=parts.registry.provider(spec.provider).destroys_machine,
        resources=spec.resources,
        options=spec.options.get(spec.provider, {}),
        dies_at=dies_at,
        callback_url=parts.callback_url,
        callback_token=_callback_token(parts, job, attempt, launch),
    )
    runner = parts.registry.runner(spec.runner)
    script = ask(
        parts, f"{runner.name}.boot_script", lambda: runner.boot_script(order), answer.text
    )
    return replace(order, boot_script=script)


def _callback_token(parts: Parts, job: Job, attempt: Attempt, launch: int) -> str:
    # also where no callback_url is configured: a provider may know an address of its own
    if not launch:
        return ""
    return parts.secrets.callback_token(job.id, attempt.no, launch)


def container_name(job: Job, attempt: Attempt, launch: Launch, no: int) -> str:
    """Name a container after its job, attempt, launch and, after a withdrawn start, its number."""
    name = f"jobsched-{job.id}-{attempt.no}-{launch.no}"
    return f"{name}-{no}" if no else name


def container_order(
    parts: Parts, job: Job, attempt: Attempt, launch: Launch, no: int
) -> ContainerOrder:
    """Order a container, its secrets resolved now.

    Raises:
        OperationFailed: a secret or credential that the job names is not configured.
    """
    spec = job.spec
    secrets = (f"{name}={parts.secrets.value(key)}" for name, key in spec.secret_env.items())
    credential = parts.secrets.credential(spec.registry_auth) if spec.registry_auth else None
    return ContainerOrder(
        deployment=parts.services.deployment,
        job=job.id,
        attempt=attempt.no,
        launch=launch.no,
        name=container_name(job, attempt, launch, no),
        image=spec.docker_image,
        command=spec.cmd,
        environment=(*spec.env, *secrets, f"JOBSCHED_ATTEMPT={attempt.no}"),
        pull=spec.pull,
        pinned=next((one.image for one in containers(job) if one.image), ""),
        credential=credential,
        resources=spec.resources,
        options=spec.options.get(spec.runner, {}),
        timeout=spec.timeout,
        grace=spec.grace,
    )


def containers(job: Job) -> Iterator[Container]:
    """Give every container that is known to have been created for the job, oldest first."""
    for attempt in (*job.past, *((job.attempt,) if job.attempt else ())):
        for launch in attempt.launches:
            for one in launch.tries:
                if one.container:
                    yield one.container


def machine_of(launch: Launch) -> Instance:
    """Give the launch's machine as a runner sees it: with its pinned certificate."""
    access = launch.access
    if access and launch.certificate:
        access = replace(access, certificate=launch.certificate)
    return replace(launch.instance or Instance(id=""), access=access)


__all__ = ["container_name", "container_order", "containers", "machine_of", "machine_order"]
