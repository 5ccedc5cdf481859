"""Machines and disks that end: these checks come last but for what happens by chance."""

from __future__ import annotations

from botocore.exceptions import ClientError

from tools.assumptions import made
from tools.assumptions.account import UNKNOWN, Account, is_alive
from tools.assumptions.outcome import code, holds, rule, same


@rule("volume-in-use")
def volume_in_use(account: Account) -> None:
    """A disk in use is not deleted."""
    machine = made.machine(account)
    account.until(lambda: account.described(machine)["BlockDeviceMappings"])
    (disk,) = _disks(account, machine)
    same(code(account.ec2.delete_volume, VolumeId=disk), "VolumeInUse")


@rule("one-unknown-spares-all")
def one_unknown_spares_all(account: Account) -> None:
    """A termination that names an unknown machine terminates none."""
    machine = made.machine(account)
    asked = {"InstanceIds": [machine, UNKNOWN]}
    same(code(account.ec2.terminate_instances, **asked), "InvalidInstanceID.NotFound")
    holds(is_alive(account.described(machine)), "it ends")


@rule("protection")
def protection(account: Account) -> None:
    """A protected machine is not terminated."""
    machine = made.plain(account)
    account.described(machine)
    same(code(account.ec2.terminate_instances, InstanceIds=[machine]), "OperationNotPermitted")
    holds(is_alive(account.described(machine)), "it ends")


@rule("shutting-down")
def shutting_down(account: Account) -> None:
    """A termination is answered as begun, and at last the machine is terminated."""
    machine = made.machine(account)
    account.once("disks", lambda: _disks(account, machine))
    same(_terminated(account, machine), "shutting-down")
    account.until(lambda: account.described(machine)["State"]["Name"] == "terminated")


@rule("terminated-again")
def terminated_again(account: Account) -> None:
    """Terminating a terminated machine succeeds."""
    machine = _ended(account)
    holds(_terminated(account, machine) in {"shutting-down", "terminated"}, "another state")


@rule("terminated-is-shown")
def terminated_is_shown(account: Account) -> None:
    """A terminated machine is shown with its tags and its reason, and without addresses.

    That it is not found after about an hour is not waited for.
    """
    seen = account.described(_ended(account))
    holds(account.tags[0] in seen["Tags"], seen)
    holds(not seen.get("PrivateIpAddress") and not seen.get("PublicIpAddress"), seen)
    same(seen["StateReason"]["Code"], "Client.UserInitiatedShutdown")


@rule("disk-goes-or-stays")
def disk_goes_or_stays(account: Account) -> None:
    """A disk goes with its machine if it is said so, and stays available if the contrary is."""
    _ended(account)
    gone = account.once("disks", list)
    account.until(lambda: gone.isdisjoint(one["VolumeId"] for one in account.volumes()))
    machine = made.plain(account)
    account.until(lambda: account.described(machine)["BlockDeviceMappings"])
    disks = _disks(account, machine)
    made.unprotect(account, machine)
    account.ec2.terminate_instances(InstanceIds=[machine])
    small = made.SMALL_DISK["VolumeSize"]
    account.until(lambda: _left(account, disks) == [("available", small)])


@rule("dead-token")
def dead_token(account: Account) -> None:
    """The token of a terminated machine gives that machine, or says that it is terminated."""
    machine = _ended(account)
    try:
        answer = account.ec2.create_fleet(**account.fleet("one"))
    except ClientError as error:
        same(error.response["Error"]["Code"], "IdempotentInstanceTerminated")
    else:
        same(answer["Instances"][0]["InstanceIds"], [machine])


def _ended(account: Account) -> str:
    machine = made.machine(account)
    if account.described(machine)["State"]["Name"] != "terminated":
        _terminated(account, machine)
        account.until(lambda: account.described(machine)["State"]["Name"] == "terminated")
    return machine


def _terminated(account: Account, machine: str) -> str:
    answer = account.ec2.terminate_instances(InstanceIds=[machine])
    (one,) = answer["TerminatingInstances"]
    return str(one["CurrentState"]["Name"])


def _left(account: Account, disks: set[str]) -> list[tuple[str, int]]:
    left = [one for one in account.volumes() if one["VolumeId"] in disks]
    return [(one["State"], one["Size"]) for one in left]


def _disks(account: Account, machine: str) -> set[str]:
    return {one["Ebs"]["VolumeId"] for one in account.described(machine)["BlockDeviceMappings"]}
