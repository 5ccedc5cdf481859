"""What makes a Docker Engine of a machine, and what watches over its container."""

import json
import subprocess
from typing import Any

import pytest

from jobsched.plugins.docker_runner.boot_script import boot_script
from tests.certificates import make
from tests.unit.plugins.docker_runner.orders import settings
from tests.unit.user_data.machine import OPENSSL, SLEEP, Machine
from tests.unit.user_data.test_commands import JOB, script

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

MINE = f"--filter label=jobsched.job={JOB}"


def booted(machine: Machine, **section: Any) -> str:
    """Boot a machine with this runner's half; give what it said."""
    certificate = make("ca", authority=True).certificate_pem
    (machine.root / "ca-cert.pem").write_text(certificate)
    half = boot_script(settings(machine.root, **section))
    return machine.run(script(machine, half)).stdout


def step_of(machine: Machine) -> str:
    """The step at which the boot failed."""
    (told,) = machine.world.posts
    assert told["why"] == "boot_failed"
    assert machine.powered_off
    return str(told["step"])


def test_the_engine_gets_its_port_from_systemd(machine: Machine) -> None:
    """Its own unit stays as it is, and it starts only when the metadata service is closed."""
    said = booted(machine)
    assert not machine.powered_off, said
    socket = machine.etc("systemd/system/docker.socket.d/jobsched.conf").read_text()
    assert socket == "[Socket]\nListenStream=0.0.0.0:2376\n"
    service = machine.etc("systemd/system/docker.service.d/jobsched.conf").read_text()
    assert "Requires=jobsched-no-metadata.service\nAfter=jobsched-no-metadata.service" in service
    closing = machine.etc("systemd/system/jobsched-no-metadata.service").read_text()
    assert 'PREROUTING -t mangle -d 169.254.169.254 -j DROP"' in closing
    assert machine.calls.index("systemctl mask ecs.service") < machine.calls.index(
        "systemctl start docker.service"
    )
    assert [call for call in machine.calls if call.startswith("systemctl")][-4:] == [
        "systemctl stop docker.service docker.socket",
        "systemctl enable docker.socket docker.service",
        "systemctl start docker.service",
        "systemctl enable --now jobsched-container.service",
    ]


def test_its_certificate_is_its_own(machine: Machine) -> None:
    """P-256, signed by itself; its key is root's alone, as is whom it lets in."""
    booted(machine)
    folder = machine.etc("jobsched/docker")
    shown = subprocess.run(
        ["openssl", "x509", "-noout", "-text", "-in", str(folder / "cert.pem")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "prime256v1" in shown.stdout
    assert (folder / "key.pem").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "client-ca.pem").read_text() == (machine.root / "ca-cert.pem").read_text()


def test_what_the_image_set_stays(machine: Machine) -> None:
    """TLS and registries come to it; the rest is the image's."""
    daemon = machine.etc("docker/daemon.json")
    daemon.write_text('{"live-restore": false, "mtu": 9001, "insecure-registries": ["a:1"]}')
    booted(machine, insecure_registries=["b:2", "10.0.0.0/8"])
    folder = machine.etc("jobsched/docker")
    assert json.loads(daemon.read_text()) == {
        "live-restore": False,
        "mtu": 9001,
        "insecure-registries": ["10.0.0.0/8", "a:1", "b:2"],
        "tlsverify": True,
        "tlscacert": f"{folder}/client-ca.pem",
        "tlscert": f"{folder}/cert.pem",
        "tlskey": f"{folder}/key.pem",
    }


@pytest.mark.parametrize("before", [None, "", " \n"])
def test_without_settings_there_are_ours(machine: Machine, before: str | None) -> None:
    """No file, and an empty one (D10)."""
    if before is not None:
        machine.etc("docker/daemon.json").write_text(before)
    booted(machine)
    settings = json.loads(machine.etc("docker/daemon.json").read_text())
    assert settings["live-restore"] is True
    assert "insecure-registries" not in settings


def test_settings_that_cannot_be_read_are_a_failed_boot(machine: Machine) -> None:
    """The engine would not start either."""
    machine.etc("docker/daemon.json").write_text("{")
    booted(machine)
    assert step_of(machine) == "write daemon.json (exit code 1)"


def test_a_port_that_nobody_serves_is_a_failed_boot(machine: Machine) -> None:
    """Systemd holds it open where the engine was told of other ones, and nothing ever answers."""
    serves = f'[ "$1" != s_client ] || exec {SLEEP} 3600; exec {OPENSSL} "$@"'
    machine.stand_in("openssl", serves)
    booted(machine)
    assert step_of(machine) == "speak to Docker over TLS (exit code 1)"


def test_an_engine_that_does_not_start_is_a_failed_boot(machine: Machine) -> None:
    """Its failure is not hidden by what comes after it (B7)."""
    machine.stand_in("systemctl", '[ "$*" != "start docker.service" ] || exit 5')
    booted(machine)
    assert step_of(machine) == "start Docker (exit code 5)"


@pytest.mark.parametrize("shown", ["", make("another").certificate_pem])
def test_an_engine_that_shows_another_certificate_is_a_failed_boot(
    machine: Machine, shown: str
) -> None:
    """A unit without "-H fd://" takes no port from systemd: found here, not by a worker."""
    (machine.root / "shown").write_text(shown)
    booted(machine)
    assert step_of(machine) == "speak to Docker over TLS (exit code 1)"


#: what there is in the place of Docker's program: containers are files
DOCKER = """
case $1 in
  ps) case $* in *status=exited*) cat "$ROOT/ended" ;; *) cat "$ROOT/there" ;; esac 2>/dev/null ;;
  events) exec tail -n +1 -f "$ROOT/events" --pid "$(cat "$ROOT/engine")" ;;
esac
"""


@pytest.fixture
def engine(machine: Machine) -> subprocess.Popen[str]:
    """An engine of paper, on a machine that has booted: what ends its stream of events."""
    booted(machine)
    assert machine.world.posts == []
    (machine.root / "docker").write_text(DOCKER)
    (machine.root / "events").touch()
    started = machine.start(f"exec {SLEEP} 100")
    (machine.root / "engine").write_text(str(started.pid))
    return started


@pytest.fixture
def watcher(machine: Machine, engine: subprocess.Popen[str]) -> subprocess.Popen[str]:
    """The service that watches."""
    assert engine.poll() is None
    return machine.start((machine.commands / "container").read_text())


def test_readiness_is_told_as_long_as_it_lives(
    machine: Machine, engine: subprocess.Popen[str], watcher: subprocess.Popen[str]
) -> None:
    """C: a callback that was accepted and lost is told again, with the same certificate."""
    assert engine.poll() is None
    told = machine.until(3, "update")
    certificate = machine.etc("jobsched/docker/cert.pem").read_text()
    assert {one["certificate"] for one in told} == {certificate.strip()}

    def pauses(since: int) -> list[str]:
        """Give what was done between one post and the next, since some call."""
        calls = [one for one in machine.calls[since:] if one == "sleep 30" or "curl" in one]
        posts = [number for number, one in enumerate(calls) if "curl" in one]
        return calls[posts[-2] : posts[-1]][1:] if len(posts) > 1 else []

    assert pauses(0) == ["sleep 30"]
    # also once the container is there, half as often: the store may lose that it ever spoke
    (machine.root / "there").write_text("c1\n")
    before = len(machine.calls)
    machine.wait(lambda: pauses(before) == ["sleep 30", "sleep 30"])
    assert watcher.poll() is None


def test_the_end_of_a_container_is_told_at_once(
    machine: Machine, watcher: subprocess.Popen[str]
) -> None:
    """The engine's event is the sign; nothing is told before it."""
    machine.until(1, "update")
    assert machine.world.posted("terminate") == []
    with (machine.root / "events").open("a") as events:
        events.write("c1\n")
    assert [one["why"] for one in machine.until(1, "terminate")] == ["ended"]
    assert any(MINE in call and "--filter event=die" in call for call in machine.calls)
    assert watcher.poll() is None


def test_an_end_that_nobody_heard_is_seen(
    machine: Machine, engine: subprocess.Popen[str], watcher: subprocess.Popen[str]
) -> None:
    """The engine was restarted meanwhile: after that a look tells."""
    machine.until(1, "update")
    (machine.root / "ended").write_text("c1\n")
    engine.kill()
    engine.wait()
    assert machine.until(1, "terminate")[0]["why"] == "ended"
    assert watcher.poll() is None
