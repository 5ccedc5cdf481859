"""What a container is created with. Pure.

The host's side is built key by key from an allow-list and never passed through: whatever a job
asks, there is no privilege, no mount and no namespace of the host in it.
"""

from __future__ import annotations

from typing import Any

from jobsched.contracts.order import ContainerOrder
from jobsched.plugins.docker_runner import naming, warning
from jobsched.plugins.docker_runner.config import Settings

MIB = 1024 * 1024
NANO = 1_000_000_000
#: When its machine has no memory left, the kernel ends a job before the engine, or the agent.
FIRST_TO_GO = 1000
#: Every key of HostConfig that this runner ever sets.
ALLOWED = frozenset(
    {
        "AutoRemove",
        "CapAdd",
        "CapDrop",
        "DeviceRequests",
        "IpcMode",
        "LogConfig",
        "Memory",
        "MemorySwap",
        "NanoCpus",
        "OomScoreAdj",
        "PidsLimit",
        "Privileged",
        "ReadonlyRootfs",
        "RestartPolicy",
        "SecurityOpt",
        "ShmSize",
    }
)


def container(order: ContainerOrder, image: str, settings: Settings) -> dict[str, Any]:
    """Give the body of the create request; ``image`` is the pinned reference."""
    body: dict[str, Any] = {
        "Image": image,
        "Env": list(warning.environment(order)),
        "Labels": naming.labels(order),
        # A terminal would mix both streams beyond repair, and an open input would wait for ever.
        "Tty": False,
        "OpenStdin": False,
        "HostConfig": host(order, settings),
    }
    if volumes := warning.volumes(order):
        body["Volumes"] = volumes
    if order.command:
        body["Cmd"] = list(order.command)
    names = {"user": "User", "working_dir": "WorkingDir", "entrypoint": "Entrypoint"}
    return body | {names[key]: order.options[key] for key in names if key in order.options}


def host(order: ContainerOrder, settings: Settings) -> dict[str, Any]:
    """Give the HostConfig: limits, and less than Docker's own defaults of everything else."""
    config: dict[str, Any] = {
        "AutoRemove": False,
        "CapAdd": list(settings.cap_add),
        "CapDrop": list(settings.cap_drop),
        "IpcMode": "private",
        "LogConfig": {
            "Type": "local",
            "Config": {
                "max-size": settings.log_max_size,
                "max-file": str(settings.log_max_file),
            },
        },
        "OomScoreAdj": FIRST_TO_GO,
        "PidsLimit": settings.pids_limit,
        "Privileged": False,
        "ReadonlyRootfs": bool(order.options.get("read_only", False)),
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "SecurityOpt": ["no-new-privileges:true"],
    }
    if "shm_size_mib" in order.options:
        config["ShmSize"] = int(order.options["shm_size_mib"]) * MIB
    return config | _limits(order, settings)


def _limits(order: ContainerOrder, settings: Settings) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if memory := order.resources.get("memory_mib") or settings.memory_mib:
        # The same for both: no swap, so that the limit means what it says.
        limits["Memory"] = limits["MemorySwap"] = int(memory * MIB)
    if vcpus := order.resources.get("vcpus"):
        limits["NanoCpus"] = int(vcpus * NANO)
    if gpus := order.resources.get("gpus"):
        limits["DeviceRequests"] = [{"Count": int(gpus), "Capabilities": [["gpu"]]}]
    return limits


__all__ = ["ALLOWED", "container", "host"]
