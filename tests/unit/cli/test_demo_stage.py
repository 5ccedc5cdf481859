"""What happens to the demo's jobs while they run."""

from typing import Any

from jobsched.cli.demo_stage import Interrupter
from jobsched.cli.sample import INTERRUPTED


class Ec2:
    """Notes whose machine is taken away."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def interrupt(self, machine: str, *, notice: bool, seconds: float) -> None:
        """Note it, if it is told ahead."""
        if notice and seconds > 0:
            self.taken.append(machine)


def job(name: str, status: str, machine: str) -> dict[str, Any]:
    """A job's document."""
    return {"id": name, "name": name, "status": status, "aws": {"instance_id": machine}}


def test_one_machine_is_taken_away_once() -> None:
    """That of the sample that wants to see it, in its first attempt, once it runs."""
    ec2 = Ec2()
    meanwhile = Interrupter(ec2)
    name = INTERRUPTED.name
    for status, machine in (("booting", "i-1"), ("running", "i-1"), ("running", "i-2")):
        meanwhile([job("now", "running", "i-0"), job(name, status, machine)])
    assert ec2.taken == ["i-1"]
