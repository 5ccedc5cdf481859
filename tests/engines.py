"""More Docker Engines, in network namespaces, over TLS: each stands for a remote machine."""

import ipaddress
import itertools
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests import certificates
from tests.services import missing
from tools import busybox_image

#: Kept free for measurements (RFC 2544), so that it meets no real network.
NETWORKS = ipaddress.IPv4Network("198.18.0.0/15")
NETWORK_SIZE = 4

_numbers = itertools.count()

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
    #: The first process of its namespaces, which a test may pause or kill.
    pid: int

    def pause(self) -> None:
        """Stop it from answering; its containers go on. Let it go on, or end it, afterwards."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused one go on."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it for ever, and all that runs on it, as a power cut would."""
        os.kill(self.pid, signal.SIGKILL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Client:
    """What clients show, and who signed it."""

    authority: certificates.Pair
    pair: certificates.Pair

    @classmethod
    def make(cls) -> "_Client":
        authority = certificates.make("tests", authority=True)
        return cls(authority=authority, pair=certificates.make("client", issuer=authority))


def run(*command: str) -> str:
    """Run a system tool, give its output; raise CalledProcessError with what it said."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


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
    """Run one engine; on leaving, end all its processes and remove its namespace and folder."""
    with several_engines(1) as engines:
        yield engines[0]


@contextmanager
def several_engines(number: int) -> Iterator[list[SecondEngine]]:
    """Run engines that take the same client certificate; they start, and end, at one time."""
    if (reason := why_not()) is not None:
        missing(reason)
    client = _Client.make()
    with ExitStack() as stack:
        engines = [stack.enter_context(_engine(client)) for _ in range(number)]
        # Last in, first out: all are told to end before each is waited for.
        stack.callback(_end_all, engines)
        for engine in engines:
            _wait(engine)
            busybox_image.ensure(engine.docker_host.removeprefix("unix://"))
        yield engines


@contextmanager
def _engine(client: _Client) -> Iterator[SecondEngine]:
    """Start an engine, which is not waited for."""
    folder = Path(tempfile.mkdtemp(prefix="jobsched-engine-"))
    _write_certificates(folder, client)
    try:
        with _network() as (name, gateway, address), _dockerd(folder, name, address) as pid:
            yield SecondEngine(
                address=address,
                port=2376,
                gateway=gateway,
                certificate=(folder / "server.pem").read_text(),
                client_certificate=folder / "client.pem",
                client_key=folder / "client.key",
                client_authority=folder / "authority.pem",
                docker_host=f"unix://{folder}/docker.sock",
                image="busybox:latest",
                pid=pid,
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _network() -> Iterator[tuple[str, str, str]]:
    """Make a namespace joined to this one by two addresses; named by our pid and a number."""
    name = f"jsd{os.getpid()}n{next(_numbers)}"
    first = _free_network()
    gateway, address = str(first + 1), str(first + 2)
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


def _free_network() -> ipaddress.IPv4Address:
    """Give the first address of four that this machine does not use."""
    used = run("ip", "-4", "-oneline", "address")
    while True:
        first = NETWORKS[secrets.randbelow(NETWORKS.num_addresses // NETWORK_SIZE) * NETWORK_SIZE]
        if f" {first + 1}/" not in used:
            return first


@contextmanager
def _dockerd(folder: Path, name: str, address: str) -> Iterator[int]:
    """Run dockerd in namespaces of its own; give the pid of the first process inside."""
    settings = [f"--host=unix://{folder}/docker.sock", f"--host=tcp://{address}:2376"]
    settings += ["--tlsverify", f"--tlscacert={folder}/authority.pem"]
    settings += [f"--tlscert={folder}/server.pem", f"--tlskey={folder}/server.key"]
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
            _end(pid)
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


def _end_all(engines: list[SecondEngine]) -> None:
    for engine in engines:
        _end(engine.pid)


def _end(pid: int) -> None:
    """Ask an engine to end, paused or not; nothing if it has ended."""
    with suppress(OSError):
        # A test may have killed it, and its number may be another process' by now.
        if b"dockerd" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, signal.SIGTERM)


def _write_certificates(folder: Path, client: _Client) -> None:
    """Write a new certificate of the engine's own, and what clients show."""
    server = certificates.make("engine")
    for name, text in {
        "authority.pem": client.authority.certificate_pem,
        "server.pem": server.certificate_pem,
        "server.key": server.key_pem,
        "client.pem": client.pair.certificate_pem,
        "client.key": client.pair.key_pem,
    }.items():
        (folder / name).write_text(text)


def _wait(engine: SecondEngine) -> None:
    """Wait until the engine answers; tell its log if it ends or does not within 30 s."""
    socket = engine.docker_host.removeprefix("unix://")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and Path(f"/proc/{engine.pid}").exists():
        with suppress(OSError):
            if busybox_image.call(socket, "GET", "/_ping")[0] == 200:
                return
        time.sleep(0.02)
    log = Path(socket).with_name("log").read_text()
    missing(f"a second Docker Engine does not come up here: {log[-600:]}")


def _remove_control_groups(name: str) -> None:
    """Remove the empty control groups that containers of an ended engine leave behind."""
    root = Path("/sys/fs/cgroup")
    for top in [root / name, *root.glob(f"*/{name}")]:
        for folder, _, _ in os.walk(top, topdown=False):
            with suppress(OSError):
                Path(folder).rmdir()
