"""The one list of calls to the outside is whole: it is compared with the source, by parsing it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import jobsched
from jobsched.contracts.log_store import LogStore
from jobsched.contracts.provider import Provider
from jobsched.contracts.runner import Runner
from jobsched.domain import facts
from jobsched.engine.outside import EFFECTS, POINTS, READS
from jobsched.engine.parts import Chores
from jobsched.store.port import Store

SOURCE = Path(jobsched.__file__).parent
#: who may call the outside
CALLERS = ("engine", "worker", "hooks", "web", "bootstrap")
PORTS = {
    "store": Store,
    "provider": Provider,
    "runner": Runner,
    "logs": LogStore,
    "chores": Chores,
}
#: how the callers call what they ask; both kinds of store are called so
RECEIVERS = {
    "store": ("store", "logs"),
    "_store": ("store",),
    "source": ("store",),
    "log_store": ("logs",),
    "provider": ("provider",),
    "runner": ("runner",),
    "chores": ("chores",),
}
#: given by the store itself, and at once: where it keeps logs; and what only bootstrap closes
NOT_ASKED = {"store.logs", "chores.close"}
#: with something of the name of an effect that is none
OTHERS = {
    *("facts", "errors", "limits", "_pace"),
    *("tasks", "dispatch", "signature", "writer", "os", "embedded"),
    # the doctor's own, of Redis itself
    "client",
}
#: aiohttp has runners too
NOT_OURS = {"web/serve.py"}


def _methods(port: type) -> set[str]:
    """Give what may be asked of it: what may take its time, and what gives a stream or a value."""
    found = inspect.getmembers(port, inspect.isfunction)
    return {name for name, _ in found if not name.startswith("_")}


@pytest.mark.parametrize("kind", PORTS)
def test_every_method_of_a_port_is_listed_once(kind: str) -> None:
    """A new method of a store or contract either has an effect, and a name, or has none."""
    declared = EFFECTS[kind] | READS[kind]
    saved = {"save"} if kind == "store" else set()
    assert declared | saved == _methods(PORTS[kind])
    assert EFFECTS[kind] & READS[kind] == set()


def _attributes() -> Iterator[tuple[str, ast.Attribute]]:
    for folder in CALLERS:
        for path in sorted((SOURCE / folder).rglob("*.py")):
            at = str(path.relative_to(SOURCE))
            if at in NOT_OURS:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute):
                    yield f"{at}:{node.lineno}", node


def _receiver(node: ast.Attribute) -> str:
    match node.value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


@cache
def _asked() -> dict[tuple[str, str], list[str]]:
    """Give the call sites of what is asked of the outside, by what it is and what is asked."""
    found: dict[tuple[str, str], list[str]] = {}
    for at, node in _attributes():
        for kind in RECEIVERS.get(_receiver(node), ()):
            if node.attr in _methods(PORTS[kind]):
                found.setdefault((kind, node.attr), []).append(at)
    return found


def test_every_call_site_has_a_name() -> None:
    """What is asked of a store, provider, runner or log store anywhere is on one of the lists."""
    of_ports = {name: _methods(port) | _values(port) for name, port in PORTS.items()}
    strangers = [
        f"{at}: {_receiver(node)}.{node.attr}"
        for at, node in _attributes()
        if (kinds := RECEIVERS.get(_receiver(node)))
        and not any(node.attr in of_ports[kind] for kind in kinds)
        and f"{kinds[0]}.{node.attr}" not in NOT_ASKED
    ]
    assert strangers == []


def test_nobody_calls_the_outside_by_another_word() -> None:
    """What has the name of an effect is asked of a store or plugin, or of something well known."""
    effects = {name for names in EFFECTS.values() for name in names}
    strangers = [
        f"{at}: {_receiver(node)}.{node.attr}"
        for at, node in _attributes()
        if node.attr in effects and _receiver(node) not in {*RECEIVERS, *OTHERS}
    ]
    assert strangers == []


def _values(port: Any) -> set[str]:
    return {name for one in port.__mro__ for name in getattr(one, "__annotations__", {})}


def test_every_name_has_a_call_site() -> None:
    """No fail-point is left of a call that is not made any more."""
    kinds = [kind for kind in EFFECTS if kind != "save"]
    named = {(kind, name) for kind in kinds for name in EFFECTS[kind]}
    assert named - set(_asked()) == set()


def test_every_fact_that_is_saved_has_a_call_site() -> None:
    """Each kind of fact is made somewhere outside the domain: no save is called by one in vain."""
    made = set()
    for path in SOURCE.rglob("*.py"):
        if any(path.is_relative_to(SOURCE / aside) for aside in ("domain", "testing")):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                function = node.func
                match function:
                    case ast.Name(id=name) | ast.Attribute(attr=name):
                        made.add(name)
    # only a plugin's action notes something
    assert EFFECTS["save"] - made == {"Noted"}


def test_a_save_is_called_by_every_kind_of_fact() -> None:
    """A new kind of fact is a new place in a job's life, and has its point."""
    assert {f"save.{kind.__name__}" for kind in facts.KINDS} <= set(POINTS)
