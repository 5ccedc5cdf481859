"""A second Docker Engine, in a network namespace, over TLS: it stands for a remote machine."""

import ipaddress
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests import certificates
from tests.services import missing
from tools import busybox_image

#: Kept free for measurements (RFC 2544), so that it meets no real network.
NETWORKS = ipaddress.IPv4Network("198.18.0.0/15")

# The namespaces hide what two engines must not share: /run, their configuration, their processes.
BOOT = """
mount -t tmpfs tmpfs /run
mkdir -p /etc/docker && mount -t tmpfs tmpfs /etc/docker
exec dockerd "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondEngine:
    """A Docker Engine that is reached like a remote machine's: by TLS with both certificates."""

    #: Where it listens, and what this machine is called from there.
    address: str
    port: int
    gateway: str
    #: Its own certificate, self-signed, as PEM text: what a client pins.
    certificate: str
    #: What a client shows: signed by `client_authority`.
    client_certificate: Path
    client_key: Path
    client_authority: Path
    #: Its unix socket as a URL, for a test that looks past the product.
    docker_host: str
    #: An image that it has.
    image: str
    #: The first process of its namespaces, which a test may pause (and must let go on).
    pid: int


def run(*command: str) -> None:
    """Run a system tool; raise CalledProcessError with what it said."""
    subprocess.run(command, check=True, capture_output=True, text=True)


def why_not() -> str | None:
    """Return why there can be no second engine here, or None."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a second Docker Engine needs root on Linux: run the tests as root (.ci/run does)"
    for tool, package in {"dockerd": "docker.io", "ip": "iproute2", "iptables": "iptables"}.items():
        if shutil.which(tool) is None:
            return f"no {tool} for a second Docker Engine: apt-get install {package}"
    return None


@contextmanager
def second_engine() -> Iterator[SecondEngine]:
    """Run the engine; on leaving, end all its processes and remove its namespace and folder."""
    if (reason := why_not()) is not None:
        missing(reason)
    folder = Path(tempfile.mkdtemp(prefix="jobsched-engine-"))
    try:
        with _network() as (name, gateway, address), _dockerd(folder, name, address) as pid:
            socket = folder / "docker.sock"
            _wait(socket, pid, folder / "log")
            busybox_image.ensure(str(socket))
            yield SecondEngine(
                address=address,
                port=2376,
                gateway=gateway,
                certificate=(folder / "server.pem").read_text(),
                client_certificate=folder / "client.pem",
                client_key=folder / "client.key",
                client_authority=folder / "authority.pem",
                docker_host=f"unix://{socket}",
                image="busybox:latest",
                pid=pid,
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _network() -> Iterator[tuple[str, str, str]]:
    """Make a namespace joined to this one by two addresses; all named by our pid."""
    name = f"jsd{os.getpid()}"
    first = int(NETWORKS[0]) + os.getpid() * 4 % NETWORKS.num_addresses
    gateway, address = (str(ipaddress.IPv4Address(first + offset)) for offset in (1, 2))
    try:
        run("ip", "netns", "add", name)
    except subprocess.CalledProcessError as error:
        missing(f"no network namespace for a second Docker Engine: {error.stderr.strip()}")
    try:
        pair = ["type", "veth", "peer", "name", f"{name}e", "netns", name]
        run("ip", "link", "add", f"{name}h", *pair)
        run("ip", "addr", "add", f"{gateway}/30", "dev", f"{name}h")
        run("ip", "link", "set", f"{name}h", "up")
        inside = ["ip", "-n", name]
        run(*inside, "addr", "add", f"{address}/30", "dev", f"{name}e")
        run(*inside, "link", "set", f"{name}e", "up")
        run(*inside, "link", "set", "lo", "up")
        run(*inside, "route", "add", "default", "via", gateway)
        yield name, gateway, address
    finally:
        # With the namespace its end of the pair goes, and with that ours.
        run("ip", "netns", "delete", name)


@contextmanager
def _dockerd(folder: Path, name: str, address: str) -> Iterator[int]:
    """Run dockerd in namespaces of its own; give the pid of the first process inside."""
    settings = [f"--host=unix://{folder}/docker.sock", f"--host=tcp://{address}:2376"]
    settings += ["--tlsverify", *_make_certificates(folder)]
    settings += [f"--data-root={folder}/data", f"--exec-root={folder}/exec"]
    settings += [f"--pidfile={folder}/pid", f"--cgroup-parent=/{name}"]
    settings += ["--exec-opt=native.cgroupdriver=cgroupfs"]
    # setpriv: a killed test run takes its engine along.
    command = ["setpriv", "--pdeathsig=KILL", "nsenter", f"--net=/run/netns/{name}"]
    command += ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    with (folder / "log").open("wb") as log:
        outer = subprocess.Popen(
            [*command, "sh", "-ec", BOOT, "dockerd", *settings],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        pid = _first_child(outer)
        try:
            yield pid
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
                os.kill(pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                outer.wait(20)
    finally:
        # With its first process gone, the kernel ends all that runs in a process namespace.
        outer.kill()
        outer.wait()
        _remove_control_groups(name)


def _first_child(outer: subprocess.Popen[bytes]) -> int:
    """Return the process that unshare has forked."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with suppress(OSError, IndexError):
            return int(Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()[0])
        time.sleep(0.005)
    raise RuntimeError("unshare made no process")


def _make_certificates(folder: Path) -> list[str]:
    """Write all certificates and keys; return the settings of dockerd that name its own."""
    authority = certificates.make("tests", authority=True)
    server, client = certificates.make("engine"), certificates.make("client", issuer=authority)
    for name, text in {
        "authority.pem": authority.certificate_pem,
        "server.pem": server.certificate_pem,
        "server.key": server.key_pem,
        "client.pem": client.certificate_pem,
        "client.key": client.key_pem,
    }.items():
        (folder / name).write_text(text)
    own = {"tlscacert": "authority.pem", "tlscert": "server.pem", "tlskey": "server.key"}
    return [f"--{setting}={folder}/{name}" for setting, name in own.items()]


def _wait(socket: Path, pid: int, log: Path) -> None:
    """Wait until the engine answers; raise with its log if it ends or does not within 30 s."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and Path(f"/proc/{pid}").exists():
        with suppress(OSError):
            if busybox_image.call(str(socket), "GET", "/_ping")[0] == 200:
                return
        time.sleep(0.02)
    missing(f"a second Docker Engine does not come up here: {log.read_text()[-600:]}")


def _remove_control_groups(name: str) -> None:
    """Remove the empty control groups that containers of an ended engine leave behind."""
    root = Path("/sys/fs/cgroup")
    for top in [root / name, *root.glob(f"*/{name}")]:
        for folder, _, _ in os.walk(top, topdown=False):
            with suppress(OSError):
                Path(folder).rmdir()
