"""As much of IAM as our policy uses: statements, wildcards, StringEquals."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

Context = Mapping[str, str]


def allows(
    policy: Mapping[str, Any], action: str, resource: str, context: Context | None = None
) -> bool:
    """Whether one statement allows the action on the resource, in a request of this context."""
    return any(
        action in statement["Action"]
        and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        and _holds(statement.get("Condition", {}), context or {})
        for statement in policy["Statement"]
    )


def actions_of(policy: Mapping[str, Any]) -> Sequence[str]:
    """All actions that are allowed in some case; each once."""
    return sorted({action for one in policy["Statement"] for action in one["Action"]})


def _holds(conditions: Mapping[str, Any], context: Context) -> bool:
    assert set(conditions) <= {"StringEquals"}, "an operator that this does not know"
    wanted: Mapping[str, str | list[str]] = conditions.get("StringEquals", {})
    return all(
        context.get(key) in ([value] if isinstance(value, str) else value)
        for key, value in wanted.items()
    )
