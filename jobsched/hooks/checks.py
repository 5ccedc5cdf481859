"""Asking plugins for checks, and looking at what they look at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import get_args

from pluggy import HookImpl

from jobsched import log
from jobsched.contracts.check import Check, Finding, Verdict
from jobsched.contracts.services import Services
from jobsched.errors import BadHookResult, DuplicateName, JobschedError, PluginError
from jobsched.hooks.call import ask
from jobsched.hooks.load import Plugins
from jobsched.hooks.patience import Broke, NoAnswer, patiently
from jobsched.hooks.specs import Sections
from jobsched.hooks.trace import trace_part

HOOK = "jobsched_checks"
#: What the contract promises.
WITHIN = timedelta(seconds=60)
#: What a check can be named.
NAME = re.compile(r"(?=.{1,63}\Z)[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*\Z")
VERDICTS = get_args(Verdict)
LONGEST_SENTENCE = 1000

_log = log.get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A check, and whose it is."""

    plugin: str
    check: Check

    @property
    def name(self) -> str:
        """What it looks at."""
        return self.check.name


def collect_checks(plugins: Plugins, services: Services) -> tuple[Sequence[Brought], Plugins]:
    """Ask each plugin for its checks; none is looked at yet.

    Returns:
        The checks of plugins that work, plugin by plugin, each in its own order; and the plugins
        with a report of what each brings and which are broken.
    """
    found: list[Brought] = []
    names: dict[str, list[str]] = {}
    broken: list[PluginError] = []
    implementations = plugins.manager.hook.jobsched_checks.get_hookimpls()
    # Sorted, so that nothing depends on the order of the configuration.
    for implementation in sorted(implementations, key=lambda one: one.plugin_name):
        plugin = implementation.plugin_name
        try:
            checks = _checks(implementation, plugins.config_of(plugin), services)
            names[plugin] = _names(plugin, checks)
        except PluginError as error:
            broken.append(error)
            continue
        if plugins.is_traced:
            checks = [trace_part(one, Check, plugin=plugin, kind="check") for one in checks]
        found += [Brought(plugin=plugin, check=one) for one in checks]
    report = plugins.report.bringing("checks", names).failing(broken)
    return found, replace(plugins, report=report)


async def look(brought: Brought, within: timedelta = WITHIN) -> Finding:
    """Give what a check finds. Never raises for what it does: that is ``unknown``, with its name.

    May be repeated.
    """
    what = f"{brought.plugin}.{brought.name}"
    try:
        given: object = await patiently(what, brought.check.look, within)
    except NoAnswer:
        return Finding("unknown", f"{what} gave no answer within {within.total_seconds():g} s")
    except JobschedError as error:
        return Finding("unknown", _readable(f"{what} could not look: {error.message}"))
    except (Exception, Broke) as error:  # noqa: BLE001 - one that is broken hides no other
        _log.exception("check.failed", plugin=brought.plugin, check=brought.name)
        # the text of an error that nobody has thought of may hold anything
        kind = str(error) if isinstance(error, Broke) else type(error).__name__
        return _bug(brought, f"failed: {kind}")
    wrong = wrong_in(given)
    if isinstance(given, Finding) and not wrong:
        return given
    _log.error("check.failed", plugin=brought.plugin, check=brought.name, why=wrong)
    return _bug(brought, wrong)


def wrong_in(given: object) -> str:
    """Say what is wrong with what a check gave; empty: nothing."""
    if not isinstance(given, Finding):
        return f"gave {type(given).__name__}, and no Finding"
    if given.verdict not in VERDICTS:
        return f"gave a verdict that is none of {', '.join(VERDICTS)}"
    sentence: object = given.sentence
    if not (isinstance(sentence, str) and sentence.strip()):
        return "gave no sentence"
    if len(sentence) > LONGEST_SENTENCE or not sentence.isprintable():
        return f"gave more than one line, or more than {LONGEST_SENTENCE} characters"
    return ""


def _bug(brought: Brought, why: str) -> Finding:
    return Finding(
        "unknown",
        f"{brought.plugin}.{brought.name} {why}; this is a fault of the plugin {brought.plugin}, "
        "and the log says where",
    )


def _readable(text: str) -> str:
    """Give one line that fits."""
    return " ".join(text.split())[:LONGEST_SENTENCE]


def _checks(implementation: HookImpl, config: Sections, services: Services) -> Sequence[Check]:
    plugin = implementation.plugin_name
    checks = ask(implementation, HOOK, config=config, services=services)
    if not isinstance(checks, list | tuple):
        message = f"gave {type(checks).__name__}; it must give a list of checks"
        raise BadHookResult(plugin, message, hook=HOOK)
    return checks


def _names(plugin: str, checks: Sequence[object]) -> list[str]:
    """Give their names; raise for what is none, or has none."""
    names: list[str] = []
    for one in checks:
        what = f"the class {one.__name__}" if isinstance(one, type) else type(one).__name__
        if not isinstance(one, Check):
            message = f"gave {what}, which is no {Check.__module__}.{Check.__name__}"
            raise BadHookResult(plugin, message, hook=HOOK)
        name: object = getattr(one, "name", None)
        if not (isinstance(name, str) and NAME.match(name)):
            message = f"{what}.name is {name!r}; it must be words of small letters, digits and _"
            raise BadHookResult(plugin, f"{message}, with dots between", hook=HOOK)
        if name in names:
            raise DuplicateName(plugin, f"gave two checks named {name!r}", hook=HOOK)
        names.append(name)
    return names


__all__ = ["NAME", "WITHIN", "Brought", "collect_checks", "look", "wrong_in"]
