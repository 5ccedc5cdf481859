"""What nobody can bring about at will: it is looked for in all that EC2 said in this run.

The machines of the whole account are looked at, too: EC2 shows those that ended within the hour.
"""

from __future__ import annotations

from typing import Any, Final

from tools.assumptions.account import Account, is_alive
from tools.assumptions.outcome import Unseen, holds, rule, same

#: reasons of machines that never came up (StateReason in the API reference)
STILLBORN: Final = frozenset(
    {
        "Client.InternalError",
        "Client.InvalidSnapshot.NotFound",
        "Client.VolumeLimitExceeded",
        "Server.InsufficientInstanceCapacity",
        "Server.InternalError",
    }
)
#: reasons of machines that ended by themselves
BY_ITSELF: Final = frozenset({"Client.InstanceInitiatedShutdown", "Client.InstanceTerminated"})
INTERRUPTED: Final = "Server.SpotInstanceTermination"
QUOTAS: Final = ("MaxSpotInstanceCountExceeded", "VcpuLimitExceeded")
FAILED: Final = ("InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable")
LATER: Final = "jobsched keeps it in the offers of GET /status and in its log"


@rule("dry-pool")
def dry_pool(account: Account) -> None:
    """A pool without a machine says so in a fleet's answer, or with a server's error."""
    why = f"every pool had a machine; {LATER}"
    status = account.seen.status_of("InsufficientInstanceCapacity", otherwise=why)
    holds(status in {200, 500}, status)


@rule("quota")
def quota(account: Account) -> None:
    """A quota is told with its code."""
    why = f"no quota was reached; lower one in a test account to see it; {LATER}"
    account.seen.status_of(*QUOTAS, otherwise=why)


@rule("throttling")
def throttling(account: Account) -> None:
    """A call too many is refused with 503."""
    why = "EC2 did not throttle this run; run it beside something that calls EC2 all the time"
    same(account.seen.status_of("RequestLimitExceeded", otherwise=why), 503)


@rule("any-error")
def any_error(account: Account) -> None:
    """EC2 fails by itself now and then, with a status of 500 or more."""
    why = f"EC2 did not fail in this run; {LATER}"
    holds(account.seen.status_of(*FAILED, otherwise=why) >= 500, "another status")  # noqa: PLR2004  # HTTP


@rule("lost-answers")
def lost_answers(account: Account) -> None:
    """A connection ends without an answer now and then."""
    if not account.seen.lost:
        raise Unseen("no connection was lost in this run; cut the network off while it runs")


@rule("stillborn")
def stillborn(account: Account) -> None:
    """A machine that did not come up is terminated, with a reason of its own."""
    why = "no machine of the account died at its launch within the hour"
    _ended(account, STILLBORN, why)


@rule("interruption")
def interruption(account: Account) -> None:
    """A spot machine that EC2 took away has its reason."""
    why = "no spot machine was taken away within the hour; AWS Fault Injection Service does it "
    why += "(aws:ec2:send-spot-instance-interruptions)"
    seen = _ended(account, {INTERRUPTED}, why)
    same({one.get("InstanceLifecycle") for one in seen}, {"spot"})


@rule("own-end")
def own_end(account: Account) -> None:
    """A machine that ended by itself has its reason."""
    why = (
        "no machine of the account shut itself down within the hour; a job's machine does so when "
    )
    why += "its time is over"
    _ended(account, BY_ITSELF, why)


@rule("disk-is-left")
def disk_is_left(account: Account) -> None:
    """A disk that should go with its machine stays."""
    ended = account.once("disks", set)
    if ended.isdisjoint(one["VolumeId"] for one in account.volumes()):
        raise Unseen(f"the disk went with its machine, as it should; {LATER}")


def _ended(account: Account, wanted: frozenset[str] | set[str], why: str) -> list[dict[str, Any]]:
    seen = [
        one
        for one in account.strangers()
        if not is_alive(one) and one.get("StateReason", {}).get("Code") in wanted
    ]
    if not seen:
        raise Unseen(why)
    return seen
