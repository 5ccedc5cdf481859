"""A machine's body: a container that boots systemd as if it were a machine."""

from __future__ import annotations

import base64
import io
import tarfile
from collections.abc import Mapping, Sequence
from typing import Any, Final

import docker
from docker.types import Mount

from jobsched.testing.cloud import mark, recipe
from jobsched.testing.cloud.mark import Mark

#: Without SYS_RESOURCE, which the host itself may lack: then `--privileged` fails.
CAPABILITIES: Final = [
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_NICE",
    "SYS_PTRACE",
    "SYS_TTY_CONFIG",
]
SEED: Final = "var/lib/cloud/seed/nocloud"


def create(
    client: docker.DockerClient,
    mine: Mark,
    machine: Mapping[str, Any],
    *,
    image: str,
    metadata: str,
    images: Sequence[bytes],
    mode: str,
) -> None:
    """Make the container of a machine, with its user data in it; it is not started.

    Args:
        client: of the engine.
        mine: the cloud's labels and names.
        machine: as the fake tells it.
        image: that it boots from.
        metadata: address and port of the metadata service.
        images: tars of images for the machine's own engine.
        mode: `systemd`, or `light`: without it and cloud-init.

    Raises:
        APIError: the engine refuses it.
    """
    host = client.api.create_host_config(
        cap_drop=["ALL"],
        cap_add=CAPABILITIES,
        security_opt=["seccomp=unconfined", "apparmor=unconfined"],
        cgroupns="private",
        device_cgroup_rules=["a *:* rwm"],
        tmpfs={"/run": "exec", "/run/lock": "", "/tmp": "exec"},  # noqa: S108  # the machine's own
        # The machine's engine needs a file system that overlays can lie on.
        mounts=[Mount("/var/lib/docker", None, type="volume", labels=mine.labels)],
    )
    # The SDK has no words for these two.
    host |= {"MaskedPaths": [], "ReadonlyPaths": []}
    address = client.api.create_endpoint_config(ipv4_address=machine["ip_address"])
    # The stubs name the type of its values, not its own.
    where: Any = {mine.name: address}
    made = client.api.create_container(
        image,
        ["light"] if mode == "light" else None,
        name=mine.name_of(machine["id"]),
        hostname=hostname(machine),
        host_config=host,
        networking_config=client.api.create_networking_config(where),
        environment={"container": "docker", "JOBSCHED_METADATA": metadata},
        stop_signal="SIGRTMIN+3",
        labels=mine.labels | {mark.MACHINE: machine["id"]},
        tty=True,
    )
    client.api.put_archive(made["Id"], "/", _packed(machine, images))


def hostname(machine: Mapping[str, Any]) -> str:
    """Give a machine's name, as EC2 makes it of the address."""
    return f"ip-{machine['ip_address'].replace('.', '-')}"


def user_data(machine: Mapping[str, Any]) -> bytes:
    """Give the user data as the launch had it, packed or not."""
    return base64.b64decode(machine["settings"].get("UserData") or "")


def _packed(machine: Mapping[str, Any], images: Sequence[bytes]) -> bytes:
    told = f"instance-id: {machine['id']}\nlocal-hostname: {hostname(machine)}\n"
    files = {
        f"{SEED}/meta-data": told.encode(),
        f"{SEED}/user-data": user_data(machine),
    }
    files |= {f"{recipe.IMAGES}/{number}.tar": one for number, one in enumerate(images)}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, content in files.items():
            if content:
                entry = tarfile.TarInfo(path)
                entry.size, entry.mode = len(content), 0o600
                tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


__all__ = ["create", "hostname", "user_data"]
