"""abandon: count a job's machines as gone, because they will never be seen again."""

from __future__ import annotations

from jobsched.domain.facts import Gone
from jobsched.domain.job import Job, JobId, Launch
from jobsched.domain.state import is_gone
from jobsched.engine.observe import observe
from jobsched.engine.parts import Parts
from jobsched.errors import Refused


async def abandon(parts: Parts, job_id: JobId) -> Job:
    """Record that the job's machines are gone for ever; give the job as it is then.

    An operator's word in the place of the provider's, for machines that live on after a job (static
    hosts) and do not answer any more: it frees their slots, and a job that waits only for them
    ends. A container that still runs there is nobody's from then on. May be repeated.

    Raises:
        UnknownJob: there is no such job.
        Refused: it has no such machine; or the provider destroys its machines, and goes on trying.
    """
    job = await parts.store.read(job_id)
    launches = job.attempt.launches if job.attempt else ()
    open_ones = [launch for launch in launches if not is_gone(launch)]
    if job.attempt is None or not open_ones:
        raise Refused("this job has no machine that could be abandoned")
    for launch in open_ones:
        if launch.destroys_machine:
            raise Refused(
                f"{job.spec.provider} destroys its machines and goes on trying to: one that was "
                "abandoned would cost money for ever"
            )
    parts.services.log.warning("job.abandoned", job=job.id, machines=[*map(_name, open_ones)])
    gone = [
        Gone(at=parts.now, attempt=job.attempt.no, launch=launch.no, why="abandoned")
        for launch in open_ones
    ]
    return await observe(parts, job, *gone)


def _name(launch: Launch) -> str:
    return launch.instance.id if launch.instance else launch.token


__all__ = ["abandon"]
