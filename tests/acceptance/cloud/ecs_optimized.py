"""An image that is to the boot script what Amazon's ECS-optimized one is, as far as Debian can be.

The differences were read in the public recipes of that image (the repositories amazon-ecs-ami,
amazon-ecs-agent and cloud-init); nothing of Amazon's is in it.
"""

from __future__ import annotations

import io
import tarfile
from contextlib import closing
from typing import Final

import docker

from jobsched.testing.cloud import image

#: Docker's unit takes its options from a file, and is not enabled: only ECS' agent wants it; its
#: first start lasts until the boot script comes to it, as it may on a small machine
DOCKER: Final = """\
[Unit]
Description=Docker Application Container Engine
After=network-online.target docker.socket firewalld.service containerd.service
Wants=network-online.target containerd.service
Requires=docker.socket
[Service]
Type=notify
EnvironmentFile=-/etc/sysconfig/docker
EnvironmentFile=-/etc/sysconfig/docker-storage
ExecStartPre=/bin/mkdir -p /run/docker
ExecStartPre=/bin/sh -c 'mkdir /run/docker-starts-slowly && sleep 30 || :'
ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock \
  $OPTIONS $DOCKER_STORAGE_OPTIONS
ExecReload=/bin/kill -s HUP $MAINPID
LimitNOFILE=infinity
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
Delegate=yes
KillMode=process
Restart=on-failure
StartLimitBurst=3
StartLimitInterval=60s
[Install]
WantedBy=multi-user.target
"""
#: so many files may a container open: other than by Debian, and fewer than Amazon's 32,768, which
#: only a host with CAP_SYS_RESOURCE could allow
FILES_OPEN: Final = 2048
OPTIONS: Final = f'OPTIONS="--default-ulimit nofile={FILES_OPEN}:4096"\n'
#: the user data do not wait for the rest of the boot: Docker starts at the same time
FINAL: Final = """\
[Unit]
Description=Execute cloud user/final scripts
After=network-online.target time-sync.target cloud-init.service rc-local.service
Wants=network-online.target
[Service]
Type=oneshot
ExecStart=/usr/bin/cloud-init modules --mode=final
RemainAfterExit=yes
TimeoutSec=0
KillMode=process
TasksMax=infinity
StandardOutput=journal+console
[Install]
WantedBy=cloud-init.target
"""
#: what the agent leaves behind when it starts
AGENT_STARTED: Final = "/root/the-agent-of-ecs-started"
ECS: Final = f"""\
[Unit]
Description=stands for the agent of ECS
Wants=docker.service
After=docker.service
After=cloud-final.service
[Service]
Restart=on-failure
RestartSec=10s
ExecStartPre=/bin/bash -c 'systemctl is-active docker'
ExecStart=/bin/sh -c 'touch {AGENT_STARTED}; exec sleep infinity'
[Install]
WantedBy=multi-user.target
"""
VOLUMES: Final = """\
[Unit]
Description=stands for the volume plugin of ECS
[Socket]
ListenStream=/run/docker/plugins/amazon-ecs-volume-plugin.sock
[Install]
WantedBy=sockets.target
"""
VOLUMES_SERVICE: Final = """\
[Unit]
Description=stands for the volume plugin of ECS
After=network.target amazon-ecs-volume-plugin.socket
Requires=amazon-ecs-volume-plugin.socket
[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
"""
#: the image has all that is needed: who installs something at boot, asks this
INSTALLED: Final = "/root/something-was-installed"
DNF: Final = f'#!/bin/sh\necho dnf "$@" >>{INSTALLED}\nexit 1\n'
UNITS: Final = "usr/lib/systemd/system"
FILES: Final = {
    f"{UNITS}/docker.service": DOCKER,
    "etc/sysconfig/docker": OPTIONS,
    f"{UNITS}/cloud-final.service": FINAL,
    f"{UNITS}/ecs.service": ECS,
    f"{UNITS}/amazon-ecs-volume-plugin.socket": VOLUMES,
    f"{UNITS}/amazon-ecs-volume-plugin.service": VOLUMES_SERVICE,
    "usr/bin/dnf": DNF,
}
DOCKERFILE: Final = """\
FROM {base}
ADD root.tar /
RUN rm /usr/bin/apt-get && systemctl disable docker.service \
 && systemctl enable ecs.service amazon-ecs-volume-plugin.service docker.socket
"""


def build() -> str:
    """Make the image, on that of Debian 12: its systemd is as old (252); give its name.

    Raises:
        CannotRun: there is no engine, or no image of Debian can be made.
    """
    name = "jobsched-test-machine:ecs-optimized"
    base = image.ensure(print, 12)
    context = _tar({"Dockerfile": DOCKERFILE.format(base=base).encode(), "root.tar": _root()})
    with closing(docker.from_env(timeout=120)) as client:
        client.images.build(
            fileobj=io.BytesIO(context), custom_context=True, tag=name, rm=True, forcerm=True
        )
    return name


def _root() -> bytes:
    return _tar({path: text.encode() for path, text in FILES.items()}, programs={"usr/bin/dnf"})


def _tar(files: dict[str, bytes], programs: frozenset[str] | set[str] = frozenset()) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o755 if path in programs else 0o644
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
