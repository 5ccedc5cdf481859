"""What every script of a machine may use: post, fail, step."""

import json
from pathlib import Path

import pytest

from jobsched.contracts.order import MachineOrder
from jobsched.domain.job import JobId
from jobsched.plugins.ec2_spot.user_data import script_for
from tests.unit.user_data.machine import TOKEN, Machine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

JOB = "j" * 32


def script(machine: Machine, half: str) -> str:
    """The script of a machine whose runner needs this."""
    order = MachineOrder(
        deployment="test",
        job=JobId(JOB),
        attempt=1,
        launch=2,
        token="0" * 64,
        boot_script=half,
        callback_token=TOKEN,
    )
    return script_for(order, machine.url)


def slept(machine: Machine) -> list[int]:
    """For how many seconds the script paused."""
    return [int(call.split()[1]) for call in machine.calls if call.startswith("sleep ")]


def test_a_post_carries_who_speaks_and_what_is_added(machine: Machine) -> None:
    """The three known fields, the action's own ones, and the launch's token."""
    half = """post hello '{"a": 1, "b": {"c": []}}'\npost hello\npost hello '{ }'\n"""
    half += 'post hello "{\\"text\\": $(json $\'a "b" \\\\ c\\nd \\t \\xc3\\xa4\')}"\n'
    ended = machine.run(script(machine, half))
    assert ended.returncode == 0, ended.stdout
    known = {"action": "hello", "job_id": JOB, "instance_id": "i-0123456789abcdef0"}
    assert machine.world.posts == [
        known | {"a": 1, "b": {"c": []}},
        known,
        known,
        known | {"text": 'a "b" \\ c\nd ? ??'},
    ]
    assert set(machine.world.tokens) == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("code", [0, 301, 401, 404, 409, 422, 500, 503])
def test_what_is_not_accepted_is_posted_again(machine: Machine, code: int) -> None:
    """410 alone is believed; whatever else may be a fault that somebody repairs (C2)."""
    machine.world.answers = [code, code]
    ended = machine.run(script(machine, "post hello\n"))
    assert ended.returncode == 0, ended.stdout
    assert len(machine.world.posted("hello")) == 3
    assert not machine.powered_off
    assert slept(machine) == [1, 2]


def test_the_pauses_grow_up_to_a_minute(machine: Machine) -> None:
    """An API that comes back after hours is not run down, and finds its machines there."""
    machine.world.answers = [503] * 9
    machine.run(script(machine, "post hello\n"))
    assert slept(machine) == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_launch_that_is_over_is_the_machines_end(machine: Machine) -> None:
    """B4, C6: 410 powers the machine off, and nothing comes after it."""
    machine.world.answers = [503, 410]
    ended = machine.run(script(machine, "post hello\npost never\n"))
    assert ended.returncode == 1
    assert "the API says that this launch is over: powering off" in ended.stdout
    assert [one["action"] for one in machine.world.posts] == ["hello", "hello"]
    assert machine.powered_off


def test_a_proxy_says_nothing_of_a_launch(machine: Machine) -> None:
    """A balancer whose routes were taken away answers 410 to all machines, with a page."""
    machine.world.answers = [410]
    machine.world.content_type = "text/html"
    ended = machine.run(script(machine, "post hello\n"))
    assert ended.returncode == 0, ended.stdout
    assert len(machine.world.posted("hello")) == 2
    assert not machine.powered_off


def test_the_commands_serve_programs_too(machine: Machine) -> None:
    """A service of a runner that is written in another language calls them by path."""
    half = """/usr/local/lib/jobsched/post hello '{"a": 1}'; /usr/local/lib/jobsched/fail oil\n"""
    machine.run(script(machine, half))
    assert machine.world.posted("hello")[0]["a"] == 1
    assert machine.world.posted("terminate")[0]["step"] == "oil"
    assert machine.powered_off


@pytest.mark.parametrize(
    ("half", "step"),
    [
        ("step 'mix \"the\" oil' false\n", 'mix "the" oil (exit code 1)'),
        ("mix() { return 7; }\nstep mix mix\n", "mix (exit code 7)"),
        ("fail 'no oil'\n", "no oil"),
        ("exit 3\n", "the script ended with exit code 3"),
        ("set -e\nfalse\ntrue\n", "the script ended with exit code 1"),
        ("if then\n", "the script ended with exit code 2"),
        ("true && false\n", "the script ended with exit code 1"),
        ("set -u\necho $no_such\n", "the script ended with exit code 1"),
        (f"fail {'x' * 300}\n", "x" * 200),
    ],
)
def test_a_step_that_fails_is_told_and_is_the_machines_end(
    machine: Machine, half: str, step: str
) -> None:
    """B2: however a runner's half goes wrong, the API hears of it, and the machine goes."""
    ended = machine.run(script(machine, half))
    assert ended.returncode != 0
    (told,) = machine.world.posts
    assert (told["action"], told["why"], told["step"]) == ("terminate", "boot_failed", step)
    assert machine.powered_off
    assert "boot failed" in (machine.root / "console").read_text()


@pytest.mark.parametrize("half", ["step oil false\n", "false\ntrue\n"])
def test_a_half_that_ends_at_errors_does_not_keep_a_machine(machine: Machine, half: str) -> None:
    """B2: under set -e, too, the machine goes that can neither tell nor write on its console."""
    machine.world.always = {"terminate": 503}
    (machine.root / "console").mkdir()
    machine.run(script(machine, f"set -e\n{half}"))
    assert machine.world.posted("terminate")
    assert machine.powered_off


def test_a_half_that_ends_at_errors_posts_until_it_is_heard(machine: Machine) -> None:
    """C2: under set -e, too, an API that cannot be reached is no failed boot."""
    machine.world.answers = [0, 0]
    ended = machine.run(script(machine, "set -e\npost hello\n"))
    assert ended.returncode == 0, ended.stdout
    assert [one["action"] for one in machine.world.posts] == ["hello"] * 3


def test_nothing_follows_a_step_that_failed(machine: Machine) -> None:
    """The steps before it were done."""
    machine.run(script(machine, "step a true\nstep b false\nstep c post never\n"))
    assert machine.world.posted("never") == []
    assert machine.calls[-1] == "systemctl poweroff"


def test_a_failed_boot_ends_though_nobody_listens(machine: Machine) -> None:
    """The wait for the API has an end: the machine costs money."""
    machine.world.always = {"terminate": 503}
    machine.run(script(machine, "fail oil\n"))
    assert "timeout 120 post terminate" in "\n".join(machine.calls)
    assert machine.powered_off


def test_a_power_off_that_systemd_refuses_is_forced(machine: Machine) -> None:
    """There is one more way to end."""
    half = f"touch {machine.root}/broken\nfail oil\n"
    machine.run(script(machine, half))
    assert machine.calls[-1] == "poweroff -f"


def test_a_runner_that_needs_nothing_has_a_machine_at_once(machine: Machine) -> None:
    """The provider's half says itself that the machine is ready."""
    ended = machine.run(script(machine, ""))
    assert ended.returncode == 0
    assert [one["action"] for one in machine.world.posts] == ["update"]


def test_the_token_is_read_by_root_alone(machine: Machine) -> None:
    """P8: in no list of processes, no environment, no output, and in one file of mode 0600."""
    half = "post hello\nenv\nset\nexport -p\nstep oil false\n"
    ended = machine.run(script(machine, half))
    assert "curl" in (machine.root / "seen").read_text()
    assert TOKEN not in (machine.root / "seen").read_text()
    assert TOKEN not in "\n".join((ended.stdout, *machine.calls))
    holders = [path for path in _files(machine.root) if TOKEN in path.read_text(errors="replace")]
    assert sorted(holders) == [machine.etc("jobsched/authorization"), machine.root / "script-0"]
    for path in (machine.etc("jobsched/authorization"), machine.etc("jobsched/machine")):
        assert path.stat().st_mode & 0o777 == 0o600
    assert machine.etc("jobsched").stat().st_mode & 0o777 == 0o700


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_machine_knows_who_it_is_after_a_reboot(machine: Machine) -> None:
    """Its services read it from a file."""
    machine.run(script(machine, "post hello\n"))
    known = machine.etc("jobsched/machine").read_text().splitlines()
    assert known == [
        f"JOBSCHED_JOB_ID={JOB}",
        "JOBSCHED_ATTEMPT=1",
        "JOBSCHED_LAUNCH=2",
        "JOBSCHED_DIES_AT=''",
        f"JOBSCHED_CALLBACK_URL={machine.url}",
        "JOBSCHED_INSTANCE_ID=i-0123456789abcdef0",
    ]


def test_signs_of_bash_in_what_is_told_are_no_signs(machine: Machine) -> None:
    """A callback address may hold what bash would take for its own."""
    url = f"{machine.url}?a=$(touch+x)&b='`{{1..3}}"
    order = MachineOrder(
        deployment="test",
        job=JobId(JOB),
        attempt=1,
        launch=1,
        token="",
        boot_script="",
        callback_token="a'b$c\"",
    )
    ended = machine.run(script_for(order, url))
    assert ended.returncode == 0, ended.stdout
    assert machine.world.tokens == ["Bearer a'b$c\""]
    assert json.dumps(machine.world.posts)


def test_what_is_missing_is_installed(machine: Machine) -> None:
    """Tried a few times: mirrors fail, and another may hold the lock."""
    half = 'need sh && need no-such-command some-package; echo "code $?"\n'
    told = machine.run(script(machine, half)).stdout
    assert "code 1" in told
    installs = [call for call in machine.calls if call.startswith("apt-get")]
    wanted = "apt-get -q -y -o DPkg::Lock::Timeout=120 install some-package"
    assert installs == ["apt-get -q update", wanted] * 5


def test_a_machine_that_cannot_learn_its_id_fails(machine: Machine) -> None:
    """It says so as an unknown one: the token tells whose it is."""
    machine.world.metadata.clear()
    machine.run(script(machine, "post never\n"))
    (told,) = machine.world.posts
    assert told["instance_id"] == "unknown"
    assert told["step"] == "ask EC2 which machine this is (exit code 1)"
