"""stay: tell of machines that were given back and do not go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from jobsched.contracts.provider import InstanceStatus, Provider
from jobsched.domain.job import Job, Launch
from jobsched.engine.alarm import alarm, all_clear
from jobsched.engine.parts import Parts
from jobsched.engine.place import Place

#: a machine that was given back is gone by then
LONGEST = timedelta(minutes=10)
#: machines that an alarm names
NAMED = 5


async def tell_who_stays(
    parts: Parts,
    provider: Provider,
    places: Iterable[tuple[Job, Place]],
    seen: Mapping[str, object],
) -> None:
    """Raise an alarm while a machine is still there so long after it was given back.

    Its job stays ``finishing`` meanwhile, and goes on asking for its end. May be repeated.

    Args:
        parts: what keeps alarms.
        provider: whose machines they are.
        places: all launches that hold a slot.
        seen: what the provider has just said of them, by token.
    """
    now = parts.now
    stay = [
        f"{launch.instance.id} of job {job.id}, since {launch.released_at:%Y-%m-%d %H:%M} UTC"
        for job, launch in ((job, place.launch) for job, place in places)
        if launch.instance and _stays(launch, seen.get(launch.token), now)
    ]
    name = f"terminate:{provider.name}"
    if not stay:
        await all_clear(parts, name)
        return
    sentence = (
        f"{len(stay)} machines of {provider.name} were given back and are still there"
        f" ({'; '.join(stay[:NAMED])}): look whether they are protected, and whether the workers"
        " may end them. They are asked again until they are gone."
    )
    await alarm(parts, name, sentence)


def _stays(launch: Launch, status: object, now: datetime) -> bool:
    if launch.released_at is None or now < launch.released_at + LONGEST:
        return False
    return not (isinstance(status, InstanceStatus) and status.phase == "gone")


__all__ = ["LONGEST", "tell_who_stays"]
