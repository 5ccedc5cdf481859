"""The seconds of a machine's life, as the demo shows them."""

from typing import Any

from jobsched.cli import demo_life

AT = "2026-11-30T12:00:{:02d}Z"


def launch(**more: Any) -> dict[str, Any]:
    """A launch of a status: every time is known, a second after the one before."""
    names = ("begun", "provisioned", "ready", "ended", "terminated", "gone")
    seconds = (0, 1, 3, 16, 22, 29)
    times = {f"{name}_at": AT.format(at) for name, at in zip(names, seconds, strict=True)}
    container = {"started_at": AT.format(7)}
    return {"instance_id": "i-1", "containers": [container], **times, **more}


def lives(*launches: dict[str, Any]) -> list[dict[str, Any]]:
    """The lives of a job's machines."""
    job = {"name": "now", "attempts": [{"no": 2, "launches": list(launches)}]}
    return list(demo_life.lives([job]))


def test_each_part_of_a_life_has_its_seconds() -> None:
    """From the request to the confirmed end."""
    (life,) = lives(launch())
    assert [life[part] for part in demo_life.PARTS] == [1, 2, 4, 9, 6, 7]
    assert demo_life.row(life) == (
        *("i-1", "now", "2"),
        *("1.0 s", "2.0 s", "4.0 s", "9.0 s", "6.0 s", "7.0 s"),
    )


def test_a_part_that_never_was_is_empty() -> None:
    """A machine that was lost before its job began, and one that was refused."""
    lost, refused = lives(
        launch(containers=[{"started_at": None}], ended_at=None),
        launch(instance_id=None, provisioned_at=None, ready_at=None, containers=[]),
    )
    parts = dict.fromkeys(("ready", "running", "finishing"))
    assert parts == {name: lost[name] for name in parts}
    assert (lost["boot"], lost["gone"]) == (2, 7)
    assert demo_life.row(refused)[:5] == ("", "now", "2", "", "")


def test_a_machine_that_was_gone_at_once_has_a_whole_life() -> None:
    """A look saw it gone before the answer to its end was written down."""
    (life,) = lives(launch(terminated_at=None))
    assert (life["finishing"], life["gone"]) == (13, 0)
