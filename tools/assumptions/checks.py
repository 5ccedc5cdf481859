"""All checks, in the order in which they are run: what ends the machine comes late."""

from __future__ import annotations

from tools.assumptions import calls, chance, ended, launched, outcome, refused
from tools.assumptions.account import Account
from tools.assumptions.outcome import Check, Unseen

#: the rule's name on the page → its check
CHECKS = {
    name: check
    for module in (refused, launched, calls, ended, chance)
    for name, check in outcome.CHECKS.items()
    if check.__module__ == module.__name__
}
HOLDS, DOES_NOT, COULD_NOT = "holds", "does not hold", "could not check"


def run(account: Account) -> dict[str, str]:
    """Run all checks, with one line for each; give what was found of each rule."""
    found = {}
    for name, check in CHECKS.items():
        found[name], words = _outcome(check, account)
        print(f"{found[name]:<16} {name}{words}")
    return found


def _outcome(check: Check, account: Account) -> tuple[str, str]:
    try:
        check(account)
    except AssertionError as error:
        return DOES_NOT, f": {error}"
    except Unseen as error:
        return COULD_NOT, f": {error}"
    except Exception as error:  # noqa: BLE001  # whatever is odd about one answer, the other rules are checked
        return COULD_NOT, f": {type(error).__name__}: {error}"
    return HOLDS, ""


__all__ = ["CHECKS", "COULD_NOT", "DOES_NOT", "HOLDS", "run"]
