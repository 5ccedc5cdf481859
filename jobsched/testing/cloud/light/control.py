"""What `systemctl`, `poweroff`, `reboot`, `shutdown` and `systemd-run` do in a light machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from . import service, timer
from .unit import full, load

UNITS = Path("/etc/systemd/system")
#: what the first process is told, and ends with
SIGNALS = {"poweroff": signal.SIGUSR1, "halt": signal.SIGUSR1, "reboot": signal.SIGUSR2}
#: verbs that have nothing to do here
EMPTY = {"daemon-reload", "daemon-reexec", "reset-failed", "preset", "set-property"}


def main(name: str, words: list[str]) -> int:
    """Carry out a command; give its exit code."""
    name = Path(name).name
    if name == "systemd-run":
        return _in_background(words)
    if name == "shutdown":
        return _end("reboot" if "-r" in words else "poweroff")
    if name != "systemctl":
        return _end(name)
    options = [word for word in words if word.startswith("-")]
    verb, *units = [word for word in words if not word.startswith("-")] or ["list-units"]
    return _verb(verb, [full(one) for one in units], options)


def start(name: str) -> bool:
    """Start a unit, and first what it needs; say whether it runs or has done what it does."""
    unit = load(name)
    if unit.is_masked or not unit.exists:
        _say(f"Unit {unit.name} is masked or not there.")
        return False
    if service.is_active(unit.name):
        return True
    for key, counts in (("Unit.Requires", True), ("Unit.Wants", False)):
        for wanted in unit.words(key):
            # Targets are points of a boot, of which there is none.
            if not wanted.endswith((".service", ".socket")) or not load(wanted).exists:
                continue
            if not start(wanted) and counts:
                return False
    return _started(unit.name)


def _started(name: str) -> bool:
    unit = load(name)
    if name.endswith(".socket"):
        (service.STATE / f"{name}.active").touch()
        return True
    if name.endswith(".timer"):
        return timer.wait(unit, start)
    if unit.one("Service.Type") == "oneshot":
        return service.run_once(unit)
    return service.supervise(unit)


def _verb(verb: str, units: list[str], options: list[str]) -> int:
    match verb:
        case "start":
            return _all(units, start)
        case "stop" | "kill":
            return _all(units, _stop)
        case "restart" | "reload-or-restart" | "try-restart" | "reload":
            return _all(units, lambda one: _stop(one) and start(one))
        case "enable":
            return _all(units, _enable) or (_all(units, start) if "--now" in options else 0)
        case "disable" | "unmask":
            return _all(units, lambda one: _forget(one, is_mask=verb == "unmask"))
        case "mask":
            return _all(units, _mask) or (_all(units, _stop) if "--now" in options else 0)
        case "is-active" | "status" | "is-failed":
            return _active(units, is_quiet=not {"-q", "--quiet"}.isdisjoint(options))
        case "is-enabled":
            found = all(list(UNITS.glob(f"*.wants/{one}")) for one in units)
            return _told("enabled" if found else "disabled", is_good=bool(found))
        case "is-system-running":
            return _told("running")
        case "cat":
            return _told("\n".join(f"{load(one).values}" for one in units))
        case "poweroff" | "halt" | "reboot":
            return _end(verb)
        case _ if verb in EMPTY or verb.startswith(("list-", "show")):
            return 0
    _say(f"a light machine does not know: systemctl {verb}")
    return 1


def _all(units: list[str], does: object) -> int:
    assert callable(does)  # noqa: S101  # each caller gives a function
    done = [bool(does(one)) for one in units]
    return 0 if all(done) else 1


def _stop(name: str) -> bool:
    service.end(name)
    return True


def _enable(name: str) -> bool:
    unit = load(name)
    if not unit.exists or unit.is_masked:
        _say(f"Unit {name} is masked or not there.")
        return False
    for target in unit.words("Install.WantedBy"):
        link = UNITS / f"{target}.wants" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(UNITS / name)
    return True


def _forget(name: str, *, is_mask: bool) -> bool:
    if is_mask:
        if os.path.realpath(UNITS / name) == "/dev/null":
            (UNITS / name).unlink()
    else:
        for link in UNITS.glob(f"*.wants/{name}"):
            link.unlink()
    return True


def _mask(name: str) -> bool:
    (UNITS / name).unlink(missing_ok=True)
    (UNITS / name).symlink_to("/dev/null")
    return True


def _active(units: list[str], *, is_quiet: bool) -> int:
    found = [service.is_active(one) for one in units]
    if not is_quiet:
        for one in found:
            _told("active" if one else "inactive")
    return 0 if all(found) else 3


def _end(verb: str) -> int:
    os.kill(1, SIGNALS[verb])
    return 0


def _in_background(words: list[str]) -> int:
    while words and words[0].startswith("-"):
        words = words[1:]
    subprocess.Popen(words, start_new_session=True, stdin=subprocess.DEVNULL)
    return 0


def _told(words: str, *, is_good: bool = True) -> int:
    print(words)  # noqa: T201  # it is a command
    return 0 if is_good else 1


def _say(words: str) -> None:
    print(words, file=sys.stderr)  # noqa: T201  # it is a command


__all__ = ["main", "start"]
