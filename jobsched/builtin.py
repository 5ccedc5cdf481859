"""The core as a plugin of itself: its planner, its log store, ``update`` and ``terminate``."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Protocol

from marshmallow import RAISE, Schema, fields, validate

from jobsched import hookimpl
from jobsched.contracts.callback import CallbackAction
from jobsched.contracts.log_store import LogPart, LogStore
from jobsched.contracts.planner import History, Planner
from jobsched.domain import facts, retry
from jobsched.domain.job import Job, JobId, Plan
from jobsched.schemas.duration import human

LONGEST_CERTIFICATE = 8 * 1024
LONGEST_STEP = 200


class OnTime(Planner):
    """Ask for the machine the provider's lead ahead, and start when the job says."""

    name: ClassVar[str] = "on_time"

    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Plan the next attempt: the schedule, or the end of the back-off."""
        start_at = retry.earliest(job)
        lead = history.lead(job.spec.provider)
        when = f"{human(lead)} before the start" if lead else "at the start"
        why = f"{job.spec.provider} is asked {when}"
        if start_at < now:
            why += ", which is past: at once"
        return Plan(provision_at=start_at - lead, start_at=start_at, why=why)


class _Payload(Schema):
    class Meta:
        unknown = RAISE


class UpdatePayload(_Payload):
    """What a machine says when it is ready."""

    certificate = fields.String(
        load_default="",
        validate=[
            validate.Length(max=LONGEST_CERTIFICATE),
            validate.Regexp(
                r"\A(-----BEGIN CERTIFICATE-----\s[\s\S]*-----END CERTIFICATE-----\s*)?\Z",
                error="not a PEM certificate",
            ),
        ],
        metadata={"description": "PEM of the certificate that the machine's engine shows"},
    )


class TerminatePayload(_Payload):
    """What a machine says when it should go."""

    why = fields.String(
        load_default="ended",
        validate=validate.OneOf(["boot_failed", "ended"]),
        metadata={"description": "the boot failed, or the container has ended"},
    )
    step = fields.String(
        load_default="",
        validate=validate.Length(max=LONGEST_STEP),
        metadata={"description": "the step of the boot that failed"},
    )


class Update(CallbackAction):
    """The machine is ready; its address always comes from the provider."""

    name: ClassVar[str] = "update"
    payload_schema: ClassVar[type[Schema]] = UpdatePayload

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> facts.Fact | None:
        """Give ``Ready`` with the certificate and the id that it is bound to."""
        if job.attempt is None:
            return None
        return facts.Ready(
            at=now,
            attempt=job.attempt.no,
            launch=launch,
            instance_id=instance_id,
            certificate=payload["certificate"],
        )


class Terminate(CallbackAction):
    """The machine says that it has nothing more to do: a hint, except for a failed boot."""

    name: ClassVar[str] = "terminate"
    payload_schema: ClassVar[type[Schema]] = TerminatePayload

    def to_fact(
        self,
        job: Job,
        launch: int,
        instance_id: str,  # noqa: ARG002 - the contract; no id is bound by a hint
        payload: dict[str, Any],
        now: datetime,
    ) -> facts.Fact | None:
        """Give ``BootFailed`` (the record believes it only before ``Ready``), else ``Hinted``."""
        if job.attempt is None:
            return None
        attempt = job.attempt.no
        if payload["why"] == "boot_failed":
            return facts.BootFailed(at=now, attempt=attempt, launch=launch, message=payload["step"])
        return facts.Hinted(at=now, attempt=attempt, launch=launch)


class LogStorage(Protocol):
    """What the store offers for logs (:mod:`jobsched.store.logs`)."""

    async def write(self, job: JobId, attempt: int, offset: int, chunk: bytes) -> None:
        """Keep a piece."""
        ...

    async def read(self, job: JobId, attempt: int, after: int = 0) -> list[LogPart]:
        """Give what is kept."""
        ...

    async def delete(self, job: JobId) -> None:
        """Forget a job's logs."""
        ...


class RedisLogs(LogStore):
    """Logs beside the jobs, in the deployment's own store; the middle of long ones is cut out."""

    name: ClassVar[str] = "redis_logs"

    def __init__(self, storage: LogStorage) -> None:
        self._storage = storage

    async def write(self, job: JobId, attempt: int, offset: int, chunk: bytes) -> None:
        """Keep a piece of output."""
        await self._storage.write(job, attempt, offset, chunk)

    async def read(self, job: JobId, attempt: int, after: int = 0) -> list[LogPart]:
        """Give what is kept."""
        return await self._storage.read(job, attempt, after)

    async def delete(self, job: JobId) -> None:
        """Forget all logs of the job."""
        await self._storage.delete(job)


class Builtin:
    """The plugin ``jobsched``; always loaded."""

    def __init__(self, storage: LogStorage) -> None:
        self._storage = storage

    @hookimpl
    def jobsched_planners(self) -> list[Planner]:
        """Bring the default planner."""
        return [OnTime()]

    @hookimpl
    def jobsched_callback_actions(self) -> list[CallbackAction]:
        """Bring the two words of the seed document."""
        return [Update(), Terminate()]

    @hookimpl
    def jobsched_log_stores(self) -> list[LogStore]:
        """Bring the store's own logs."""
        return [RedisLogs(self._storage)]


__all__ = ["Builtin", "LogStorage", "OnTime", "RedisLogs", "Terminate", "Update"]
