"""Fixtures that an author may give, and need not."""

from __future__ import annotations

from typing import TypeVar

import pytest

T = TypeVar("T")


def optional(request: pytest.FixtureRequest, name: str, default: T) -> T:
    """Give the author's fixture of that name, wherever it is defined; the default without one."""
    try:
        found: T = request.getfixturevalue(name)
    except pytest.FixtureLookupError as error:
        # It may also be a fixture of the author's fixture that is missing.
        if error.argname != name:
            raise
        return default
    return found


def deployment_of(request: pytest.FixtureRequest) -> str:
    """Give the deployment that the plugin works for.

    The fixture ``deployment``, else that of the fixture ``services``, from which the plugin is made
    as a rule.
    """
    told = optional(request, "deployment", "")
    # Made only if need be: services have a folder on the disk.
    services = None if told else optional(request, "services", None)
    return told or getattr(services, "deployment", None) or "conformance"


__all__ = ["deployment_of", "optional"]
