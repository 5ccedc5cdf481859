"""Jobs on machines that boot a real systemd and run the user data that the plugin sent."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import signal
import ssl
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import docker
import pytest
import redis as redis_client

from jobsched.testing.cloud import LocalCloud
from jobsched.testing.ec2 import Machine
from tests.acceptance.cloud import ecs_optimized
from tests.acceptance.cloud.site import Site, site
from tests.acceptance.product import WITHIN
from tests.acceptance.registry import PASSWORD, USERNAME, private_registry
from tests.certificates import make
from tests.services import RedisServer

pytestmark = [
    pytest.mark.redis,
    pytest.mark.docker,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]

#: where a machine keeps the user data that it has run (cloud-init)
USER_DATA = "/var/lib/cloud/instance/user-data.txt"
TOKEN = "JOBSCHED_CALLBACK_TOKEN="
ENGINE_PORT = 2376
#: asks the metadata service, as a container that wants the machine's credentials would; any answer
#: counts, a refusal (401) too. By `nc`: the `wget` of Debian's static busybox crashes.
ASKS_METADATA = (
    r"if printf 'GET /latest/meta-data/ HTTP/1.0\r\n\r\n' | nc -w 3 169.254.169.254 80 2>/dev/null "
    "| grep -q HTTP; then echo open; else echo closed; fi"
)
#: a job that goes on for ever in its first attempt, and is well in the next one
SAVES_ITS_WORK = (
    "trap 'cat $JOBSCHED_INTERRUPTION_FILE; exit 5' TERM; echo ready; "
    '[ "$JOBSCHED_ATTEMPT" = 1 ] || exit 0; while :; do sleep 0.1; done'
)
#: goes on until somebody makes a file in the container
WAITS = "while [ ! -e /go ]; do sleep 0.1; done"
FOR_EVER = "trap 'exit 0' TERM; while :; do sleep 0.1; done"


def launches(document: dict[str, Any], attempt: int = 0) -> list[dict[str, Any]]:
    """Give the launches of an attempt."""
    return list(document["attempts"][attempt]["launches"])


def sent(here: Site, machine: Machine) -> bytes:
    """Give the user data of the machine's launch, as they were sent."""
    wanted = machine.tags["jobsched:launch"], machine.tags["jobsched:job"]
    for request in here.ec2.requests("CreateFleet"):
        tags = {
            tag["Key"]: tag["Value"]
            for one in request["TagSpecifications"]
            for tag in one["Tags"]
            if one["ResourceType"] == "instance"
        }
        if (tags["jobsched:launch"], tags["jobsched:job"]) == wanted:
            (config,) = request["LaunchTemplateConfigs"]
            specification = config["LaunchTemplateSpecification"]
            return base64.b64decode(specification["LaunchTemplateSpecificationUserData"])
    raise AssertionError(wanted)


def callback(here: Site, machine: Machine, **said: Any) -> int:
    """Post what a machine would, with its token; give the status."""
    _, _, token = machine.user_data.partition(TOKEN)
    token = token.split()[0].strip("'\"")
    body = {"job_id": machine.tags["jobsched:job"], "instance_id": machine.id, **said}
    request = urllib.request.Request(  # noqa: S310 - our own API
        f"{here.made.url}/callback",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    return here.made.answer(request)[0]


@pytest.mark.parametrize(("cloud", "release"), [("local_cloud", "12"), ("newer_cloud", "13")])
def test_a_job_runs_on_a_machine_that_boots(
    redis_server: RedisServer,
    request: pytest.FixtureRequest,
    busybox_image: str,
    cloud: str,
    release: str,
) -> None:
    """From the request to its logs, over TLS that lets in nobody else; then nothing runs.

    The machine ran exactly what was sent, and the container could not ask the metadata service.
    """
    with site(redis_server, request.getfixturevalue(cloud), busybox_image) as here:
        job = here.made.schedule(f"{ASKS_METADATA}; {WAITS}")
        machine = here.until_running(job)
        assert here.cloud.run(machine.id, "cat", "/etc/debian_version").stdout.startswith(release)
        digest, *_ = here.cloud.run(machine.id, "sha256sum", USER_DATA).stdout.split()
        assert digest == hashlib.sha256(sent(here, machine)).hexdigest()
        _refuses_strangers(machine)
        name = here.made.status(job)["attempts"][0]["launches"][0]["containers"][0]["name"]
        here.cloud.run(machine.id, "docker", "exec", name, "touch", "/go")
        (document,) = here.finished(job)
        assert document["docker"]["container_exit_code"] == 0
        assert here.logs(job) == "closed\n"
    assert here.ec2.machine(machine.id).state == "terminated"


def test_a_job_runs_on_a_machine_like_those_of_ecs(
    redis_server: RedisServer, ecs_cloud: LocalCloud, busybox_image: str
) -> None:
    """Docker starts beside the user data, and the agent of ECS would start after them.

    The engine keeps the image's options, the agent does not start, and nothing is installed.
    """
    with site(redis_server, ecs_cloud, busybox_image) as here:
        job = here.made.schedule(f"ulimit -n; {ASKS_METADATA}; {WAITS}")
        machine = here.until_running(job)
        _refuses_strangers(machine)

        def said(*command: str) -> str:
            return here.cloud.run(machine.id, *command).stdout.strip()

        here.made.until(lambda: said("systemctl", "is-active", "cloud-final") == "active", job)
        assert said("systemctl", "is-enabled", "ecs", "docker") == "masked\nenabled"
        assert said("systemctl", "list-jobs") == "No jobs running."
        assert said("ls", "/root") == ""
        name = launches(here.made.status(job))[0]["containers"][0]["name"]
        here.cloud.run(machine.id, "docker", "exec", name, "touch", "/go")
        here.finished(job)
        assert here.logs(job) == f"{ecs_optimized.FILES_OPEN}\nclosed\n"


def _refuses_strangers(machine: Machine) -> None:
    """The engine speaks to nobody without a certificate of the deployment's authority."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    assert machine.ip_address is not None
    stranger = http.client.HTTPSConnection(
        machine.ip_address, ENGINE_PORT, timeout=10, context=context
    )

    def ask() -> None:
        stranger.request("GET", "/_ping")
        stranger.getresponse()

    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask()
    stranger.close()


def test_an_interruption_is_told_and_the_job_runs_again_elsewhere(
    redis_server: RedisServer, local_cloud: LocalCloud, busybox_image: str
) -> None:
    """X7: notice, file, SIGTERM, logs, another machine; each with its seconds."""
    with site(redis_server, local_cloud, busybox_image) as here:
        job = here.made.schedule(
            SAVES_ITS_WORK, retry={"on": ["interruption"], "max_attempts": 2, "backoff": "1s"}
        )
        machine = here.until_running(job)
        here.made.until(lambda: here.cloud.run(machine.id, "true").returncode == 0)
        here.ec2.interrupt(machine.id, notice=True, seconds=60)
        (document,) = here.finished(job)
        first, second = document["attempts"]
        assert (first["outcome"]["reason"], first["outcome"]["code"]) == ("interrupted", 5)
        ready, written = here.logs(job, attempt=1).splitlines()
        told = json.loads(written)
        assert (ready, told["kind"]) == ("ready", "interruption")
        deadline = datetime.fromisoformat(told["deadline"])
        assert timedelta() < deadline - datetime.now(UTC) < timedelta(seconds=60)
        seconds = first["launches"][0]["interruption"]["seconds"]
        in_order = [seconds[step] for step in ("stopping", "warned", "ended", "logs", "gone")]
        assert in_order == sorted(in_order)
        assert second["launches"][0]["instance_id"] != machine.id
        assert here.logs(job, attempt=2) == "ready\n"


def test_a_boot_that_fails_is_told_with_its_step(
    redis_server: RedisServer, local_cloud: LocalCloud, busybox_image: str, tmp_path: Any
) -> None:
    """B2: the machine says which step failed and goes; the job ends with it."""
    wrong = tmp_path / "ca-cert.pem"
    wrong.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    settings = {
        "JOBSCHED_DOCKER_RUNNER_CA_CERTIFICATE": str(wrong),
        "JOBSCHED_LIMITS_MACHINES": "1",
    }
    with site(redis_server, local_cloud, busybox_image, **settings) as here:
        job = here.made.schedule("true", retry={"max_attempts": 1})
        (document,) = here.made.ended(job)
        assert (document["status"], document["reason"]) == ("failed", "boot_failed")
        (launch,) = launches(document)
        assert launch["released"].startswith("boot_failed: start Docker")
        (machine,) = here.machines()
        here.until_nothing_runs()
        assert here.ec2.machine(machine.id).state == "terminated"


def test_a_machine_that_is_lost_while_it_waits_is_replaced(
    redis_server: RedisServer, local_cloud: LocalCloud, busybox_image: str
) -> None:
    """A machine is had ahead of time; another takes its place, and the job is on time."""
    with site(redis_server, local_cloud, busybox_image, JOBSCHED_EC2_SPOT_LEAD="60s") as here:
        start_at = datetime.now(UTC) + timedelta(seconds=40)
        job = here.made.schedule("echo on time", schedule=start_at.isoformat())
        here.made.until(lambda: here.made.status(job)["status"] == "ready", job)
        (machine,) = here.machines()
        here.ec2.end(machine.id)
        (document,) = here.finished(job)
        first, second = launches(document)
        assert (first["instance_id"], first["containers"][0]["started_at"]) == (machine.id, None)
        started_at = datetime.fromisoformat(second["containers"][0]["started_at"])
        assert timedelta() <= started_at - start_at < timedelta(seconds=2)
        assert here.logs(job) == "on time\n"


def test_machines_end_by_themselves_when_all_else_is_dead(
    redis_server: RedisServer, local_cloud: LocalCloud, busybox_image: str
) -> None:
    """P5, with API, workers and Redis killed: the machine powers off at its ``dies_at``."""
    limits = {"PROVISIONING": 20, "BOOTING": 20, "PREPARE": 10, "COLLECT": 1, "SPARE": 1}
    settings = {f"JOBSCHED_LIMITS_{name}": f"{value}s" for name, value in limits.items()}
    with site(redis_server, local_cloud, busybox_image, **settings) as here:
        job = here.made.schedule(FOR_EVER, timeout="5s")
        machine = here.until_running(job)
        dies_at = datetime.fromisoformat(launches(here.made.status(job))[0]["dies_at"])
        for process in here.made.processes:
            process.send_signal(signal.SIGKILL)
            process.wait()
        redis_server.kill()
        assert here.ec2.machine(machine.id).tags["jobsched:dies-at"]
        here.until_nothing_runs()
        ended = here.ec2.machine(machine.id)
        assert ended.terminated_at is not None
        assert timedelta() <= ended.terminated_at - dies_at < timedelta(seconds=15)


def test_no_machine_powers_off_because_redis_was_emptied(
    redis_server: RedisServer, local_cloud: LocalCloud, busybox_image: str
) -> None:
    """Q8: machines are answered 503 and ask again; only who knows better says 410."""
    with site(redis_server, local_cloud, busybox_image) as here:
        job = here.made.schedule(WAITS)
        machine = here.until_running(job)
        name = launches(here.made.status(job))[0]["containers"][0]["name"]
        with redis_client.Redis.from_url(redis_server.url) as client:
            client.flushall()
        here.cloud.run(machine.id, "docker", "exec", name, "touch", "/go")
        # The end of the container makes the machine speak; it goes on, as nobody hears it.
        deadline = time.monotonic() + WITHIN
        while (asked := _asked_in_vain(here, machine)) < 3:
            assert time.monotonic() < deadline, asked
            time.sleep(0.2)
        assert callback(here, machine, action="terminate", why="ended") == 503
        assert here.ec2.machine(machine.id).state == "running"
        assert here.cloud.run(machine.id, "true").returncode == 0
        here.ec2.end(machine.id)


def _asked_in_vain(here: Site, machine: Machine) -> int:
    """Count the answers of 503 that the machine's own journal tells of."""
    return here.cloud.run(machine.id, "journalctl", "--no-pager").stdout.count(
        "was answered with 503"
    )


def test_a_token_of_an_older_launch_opens_nothing(
    redis_server: RedisServer, local_cloud: LocalCloud, busybox_image: str
) -> None:
    """C6: whoever kept it is told that it is over (410), and changes nothing."""
    with site(redis_server, local_cloud, busybox_image, JOBSCHED_EC2_SPOT_LEAD="60s") as here:
        start_at = datetime.now(UTC) + timedelta(seconds=30)
        job = here.made.schedule("echo well", schedule=start_at.isoformat())
        here.made.until(lambda: here.made.status(job)["status"] == "ready", job)
        (old,) = here.machines()
        here.ec2.end(old.id)
        here.made.until(lambda: len(launches(here.made.status(job))) == 2, job)
        assert callback(here, old, action="terminate", why="boot_failed") == 410
        certificate = make("thief").certificate_pem
        assert callback(here, old, action="update", certificate=certificate) == 410
        (document,) = here.finished(job)
        assert len(launches(document)) == 2


def test_a_wrong_certificate_is_not_spoken_to(
    redis_server: RedisServer, local_cloud: LocalCloud, busybox_image: str
) -> None:
    """D9: the first certificate is bound; whoever shows another one is no machine of ours."""
    with site(redis_server, local_cloud, busybox_image) as here:
        local_cloud.slow_down(3)
        try:
            job = here.made.schedule("echo well")
            here.made.until(lambda: bool(here.machines()), job)
        finally:
            local_cloud.slow_down(0)
        (machine,) = here.machines()
        first_told, told_later = (make(name).certificate_pem for name in ("one", "another"))
        here.made.until(
            lambda: callback(here, machine, action="update", certificate=first_told) == 200, job
        )
        assert callback(here, machine, action="update", certificate=told_later) == 409
        (document,) = here.finished(job)
        first, second = launches(document)
        assert first["instance_id"] == machine.id
        assert (first["containers"], len(second["containers"])) == ([], 1)
        assert "not the certificate" in here.made.logs()


def test_an_image_of_a_private_registry_is_pulled(
    redis_server: RedisServer,
    local_cloud: LocalCloud,
    busybox_image: str,
    docker_client: docker.DockerClient,
) -> None:
    """With the credential that the job names, by a machine that has never seen it."""
    with private_registry() as registry:
        registry.push(docker_client, busybox_image, "1")
        registry.stop()
        # the same images, where machines reach them
        registry.host, registry.port = local_cloud.gateway, 0
        registry.start()
        settings = {
            "JOBSCHED_DOCKER_RUNNER_INSECURE_REGISTRIES": f"{registry.host}:{registry.port}",
            "JOBSCHED_REGISTRIES_OURS_USERNAME": USERNAME,
            "JOBSCHED_REGISTRIES_OURS_PASSWORD": PASSWORD,
        }
        with site(redis_server, local_cloud, busybox_image, **settings) as here:
            image = f"{registry.repository}:1"
            job = here.made.schedule("echo pulled", docker_image=image, registry_auth="ours")
            here.finished(job)
            assert here.logs(job) == "pulled\n"
            assert PASSWORD not in here.made.logs()
