"""What a machine's image is made of: Debian's packages, and a few files of ours."""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import dataclass
from importlib import resources
from typing import Final

ENTRY: Final = "/usr/local/sbin/local-cloud-entry"
IMAGES: Final = "usr/local/share/local-cloud"

#: path in the machine → file of ours, and its mode; by names that user data will not use
FILES: Final = {
    ENTRY[1:]: ("entry", 0o755),
    "usr/local/sbin/local-cloud-images": ("images", 0o755),
    "usr/local/sbin/local-cloud-light": ("stand-in", 0o755),
    "usr/local/lib/local-cloud/stand-in": ("stand-in", 0o755),
    "etc/cloud/cloud.cfg.d/99_local_cloud.cfg": ("cloud.cfg", 0o644),
    "etc/systemd/system/local-cloud-booted.service": ("booted.service", 0o644),
    "etc/systemd/system/docker.service.d/local-cloud.conf": ("images.conf", 0o644),
    "etc/systemd/journald.conf.d/local-cloud.conf": ("journald.conf", 0o644),
}
#: the light machine's stand-in for systemd
LIGHT: Final = ("__init__.py", "control.py", "first.py", "service.py", "timer.py", "unit.py")
#: what does not work in a container, or only takes time there
MASKED: Final = (
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "cloud-init-hotplugd.socket",
    "console-getty.service",
    "dev-hugepages.mount",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty-static.service",
    "getty.target",
    "modprobe@.service",
    "networking.service",
    "sys-fs-fuse-connections.mount",
    "sys-kernel-config.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-logind.service",
    "systemd-modules-load.service",
    "systemd-pstore.service",
    # it would change settings of the kernel, which is this host's
    "systemd-sysctl.service",
    "systemd-udev-trigger.service",
    "systemd-udevd-control.socket",
    "systemd-udevd-kernel.socket",
    "systemd-udevd.service",
    "systemd-update-utmp-runlevel.service",
    "systemd-update-utmp.service",
)


@dataclass(frozen=True, slots=True)
class Release:
    """What one release of Debian has of its own."""

    #: its name
    suite: str
    #: besides the packages that all have
    packages: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()


#: releases that a machine may boot, by their numbers
RELEASES: Final = {
    # its stages of cloud-init are programs of their own, of which the middle one has nothing to do
    12: Release("bookworm", masked=("cloud-config.service",)),
    # its stages are one program, which waits for each; docker.io only recommends the command
    13: Release("trixie", packages=("docker-cli",)),
}
USUAL: Final = 12
UNITS: Final = "etc/systemd/system"
STARTED: Final = f"{UNITS}/cloud-init.target.wants/local-cloud-booted.service"


def packages(release: int) -> list[str]:
    """Give the names of Debian's packages."""
    return [*_read("packages.txt").decode().split(), *RELEASES[release].packages]


def debian(release: int) -> str:
    """Give a Dockerfile for a release and the packages, where a registry is at hand."""
    wanted = " ".join(packages(release))
    return f"""\
FROM debian:{release}
RUN apt-get update \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends {wanted} \\
 && rm -rf /var/lib/apt/lists/*
"""


def dockerfile(base: str) -> str:
    """Give a Dockerfile for our files on top of the packages."""
    return f'FROM {base}\nADD root.tar /\nENTRYPOINT ["{ENTRY}"]\n'


def root(release: int) -> bytes:
    """Give our files as a tar; the same bytes each time."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, (name, mode) in FILES.items():
            _add(tar, path, _read(name), mode)
        for name in LIGHT:
            _add(tar, f"usr/local/lib/local-cloud/light/{name}", _read(name, "light"), 0o644)
        # each machine makes its own
        _add(tar, "etc/machine-id", b"", 0o444)
        links = {f"{UNITS}/{unit}": "/dev/null" for unit in (*MASKED, *RELEASES[release].masked)}
        for path, target in (links | {STARTED: f"/{UNITS}/local-cloud-booted.service"}).items():
            link = tarfile.TarInfo(path)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
    return packed.getvalue()


def base_version(release: int) -> str:
    """Give a word that changes with the release and the packages."""
    return _hash(RELEASES[release].suite.encode(), debian(release).encode())


def version(release: int) -> str:
    """Give a word that changes with anything in the image of a release."""
    return _hash(base_version(release).encode(), dockerfile("").encode(), root(release))


def _add(tar: tarfile.TarFile, path: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


def _read(name: str, folder: str = "machine") -> bytes:
    return resources.files("jobsched.testing.cloud").joinpath(folder, name).read_bytes()


def _hash(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


__all__ = [
    "IMAGES",
    "RELEASES",
    "USUAL",
    "base_version",
    "debian",
    "dockerfile",
    "packages",
    "root",
    "version",
]
