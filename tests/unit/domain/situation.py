"""Every situation that a job can be in, built from facts alone."""

from __future__ import annotations

from dataclasses import replace

from jobsched.domain import facts
from jobsched.domain.job import Job
from jobsched.domain.state import State
from tests.unit.domain.example import ALWAYS, HOUR, SECOND, a_job, known, told, up_to

CANCEL = told(facts.CancelRequested, HOUR + 20 * SECOND)
RESTORED = facts.Restored(at=HOUR + 20 * SECOND)


_BOOTED = (facts.Provisioned,)
_READY = (*_BOOTED, facts.Ready, facts.Prepared)
_RUNS = (*_READY, facts.StartGranted, facts.Started)


def _waiting() -> Job:
    return up_to(facts.Ready)


def _granted() -> Job:
    return up_to(facts.StartGranted)


def _running(*, destroys_machine: bool = True) -> Job:
    return up_to(facts.Started, a_job(retry=ALWAYS), destroys_machine=destroys_machine)


def _refused() -> Job:
    return known(up_to(facts.Begun), told(facts.Refused))


def _stopping() -> Job:
    return known(_running(), CANCEL, told(facts.Stopping))


def _interrupted() -> Job:
    until = HOUR + 140 * SECOND
    return known(_running(), told(facts.Interrupted, HOUR + 20 * SECOND, until=until))


def _given_back(after: type[facts.Fact]) -> Job:
    return known(up_to(after), told(facts.Released, why="interrupted"))


def _next(job: Job, *kinds: type[facts.Fact]) -> Job:
    """Give a job that goes on with its second launch."""
    return known(job, told(facts.Begun, launch=2), *(told(kind, launch=2) for kind in kinds))


def _unsettled() -> Job:
    return known(
        up_to(facts.StartGranted, a_job(retry=ALWAYS)), told(facts.Gone, why="machine_lost")
    )


def _lost() -> Job:
    lost = known(_running(), told(facts.Gone, HOUR + 40 * SECOND, why="machine_lost"))
    return replace(lost, spec=replace(lost.spec, retry=ALWAYS))


def _to_remove() -> Job:
    job = known(_running(destroys_machine=False), told(facts.Ended), told(facts.LogsStored))
    return known(job, told(facts.Released), told(facts.Gone))


def _withdrawn() -> Job:
    return known(_granted(), told(facts.NotStarted))


#: a short name → the job, and the state it is in
SITUATIONS: dict[str, tuple[Job, State]] = {
    "new": (a_job(), State.SCHEDULED),
    "plan": (up_to(facts.Planned), State.SCHEDULED),
    "offr": (up_to(facts.Offered), State.SCHEDULED),
    "begn": (up_to(facts.Begun), State.PROVISIONING),
    # the offer was refused, the next one is not asked yet
    "rfsd": (_refused(), State.PROVISIONING),
    "boot": (up_to(facts.Provisioned), State.BOOTING),
    # ready was told before the provider named the machine
    "earl": (known(up_to(facts.Begun), told(facts.Ready)), State.BOOTING),
    "wait": (_waiting(), State.BOOTING),
    # a launch given back, not yet gone, and the one in its place
    "stry": (_next(_given_back(facts.Ready)), State.PROVISIONING),
    "prep": (up_to(facts.Prepared), State.READY),
    # granted, and nobody knows whether it took effect
    "dbt": (_granted(), State.READY),
    # the same, and the user has cancelled meanwhile
    "dbtC": (known(_granted(), CANCEL), State.READY),
    "wdrn": (_withdrawn(), State.BOOTING),
    "run": (_running(), State.RUNNING),
    "runC": (known(_running(), CANCEL), State.RUNNING),
    # its machine will be taken away, and the container was not told yet
    "intr": (_interrupted(), State.RUNNING),
    "stop": (_stopping(), State.RUNNING),
    "endd": (up_to(facts.Ended), State.FINISHING),
    "logs": (up_to(facts.LogsStored), State.FINISHING),
    "term": (up_to(facts.Terminated), State.FINISHING),
    # the machine is gone from the list, its container is still to be removed
    "remv": (_to_remove(), State.FINISHING),
    # cancelled while nobody knows whether there is a machine
    "begC": (known(up_to(facts.Begun), CANCEL), State.FINISHING),
    # the store was restored while its start was in doubt, or while it ran
    "dbtR": (known(_granted(), RESTORED), State.READY),
    "runR": (known(_running(), RESTORED), State.RUNNING),
    # a machine was given back with a container that nobody has started
    "gvn": (_given_back(facts.Prepared), State.PROVISIONING),
    "2boP": (_next(_given_back(facts.Prepared), *_BOOTED), State.BOOTING),
    # nobody knows whether there is a first machine, and the job goes on with the second one
    "2bt": (_next(_given_back(facts.Begun), *_BOOTED), State.BOOTING),
    "2rdy": (_next(_given_back(facts.Begun), *_READY), State.READY),
    "2run": (_next(_given_back(facts.Begun), *_RUNS), State.RUNNING),
    # the first machine is there, and was given back: without a container, or with one
    "2rdW": (_next(_given_back(facts.Ready), *_READY), State.READY),
    "2ruW": (_next(_given_back(facts.Ready), *_RUNS), State.RUNNING),
    "2ruP": (_next(_given_back(facts.Prepared), *_RUNS), State.RUNNING),
    # given up while nobody knows whether the start took effect
    "dbtG": (known(_granted(), told(facts.GivenUp, reason="outcome_unknown")), State.FINISHING),
    # between two attempts, of which the first may have started
    "btwG": (_unsettled(), State.SCHEDULED),
    # between two attempts
    "betw": (_lost(), State.SCHEDULED),
    "fin": (up_to(facts.Gone), State.FINISHED),
    "fail": (known(up_to(facts.Planned), told(facts.GivenUp, reason="expired")), State.FAILED),
    "canc": (known(a_job(), CANCEL), State.CANCELLED),
}
