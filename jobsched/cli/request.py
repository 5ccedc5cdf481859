"""The body of ``POST /schedule``, put together from a file and options."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import IO, Any

import click

#: Options whose value goes into the body under the same name, as it is.
PLAIN = (
    "name",
    "timeout",
    "grace",
    "late_limit",
    "provider",
    "runner",
    "planner",
    "pull",
    "registry_auth",
)


def request(
    *,
    image: str | None,
    words: Sequence[str],
    file: IO[str] | None,
    at: str | None,
    delay: timedelta | None,
    env: Sequence[str],
    label: Sequence[str],
    secret_env: Sequence[str],
    options: Sequence[str],
    resource: Sequence[str],
    retry: int | None,
    retry_on: Sequence[str],
    **plain: str | None,
) -> dict[str, Any]:
    """Give the body: what the file says, changed by what the options say."""
    body = _read(file) if file else {}
    if image:
        body["docker_image"] = image
    if "docker_image" not in body:
        raise click.UsageError("name an image, or a --file that does")
    if words:
        body["cmd"] = list(words)
    body.update(_schedule(body, at, delay))
    body.update({name: plain[name] for name in PLAIN if plain.get(name) is not None})
    if env:
        body["env"] = [*body.get("env", []), *env]
    _merge(body, "labels", dict(_pair("--label", entry) for entry in label))
    _merge(body, "secret_env", dict(_pair("--secret-env", entry) for entry in secret_env))
    for key, value in (_pair("--resource", entry) for entry in resource):
        _merge(body, "resources", {key: _value(value)})
    for entry in options:
        plugin, key, value = _option(entry)
        _merge(body, "options", {})
        _merge(body["options"], plugin, {key: value})
    if retry is not None:
        _merge(body, "retry", {"max_attempts": retry})
    if retry_on:
        _merge(body, "retry", {"on": list(retry_on)})
    return body


def _read(file: IO[str]) -> dict[str, Any]:
    try:
        body = json.load(file)
    except ValueError as error:
        raise click.BadParameter(f"this is no JSON: {error}", param_hint="--file") from error
    if not isinstance(body, dict):
        raise click.BadParameter("this must be a JSON object", param_hint="--file")
    return body


def _schedule(body: dict[str, Any], at: str | None, delay: timedelta | None) -> dict[str, str]:
    if at is not None and delay is not None:
        raise click.UsageError("--at and --in exclude each other")
    if at is not None:
        return {"schedule": at}
    if delay is None and "schedule" in body:
        return {}
    try:
        when = datetime.now(UTC) + (delay or timedelta(0))
    except OverflowError as error:
        raise click.BadParameter("this is too far ahead", param_hint="--in") from error
    return {"schedule": when.isoformat().replace("+00:00", "Z")}


def _merge(body: dict[str, Any], name: str, found: dict[str, Any]) -> None:
    if found or name == "options":
        there = body.get(name)
        body[name] = {**there, **found} if isinstance(there, dict) else found


def _pair(name: str, entry: str) -> tuple[str, str]:
    key, equals, value = entry.partition("=")
    if not equals or not key:
        raise click.BadParameter(f"{entry!r}: write it as KEY=VALUE", param_hint=name)
    return key, value


def _option(entry: str) -> tuple[str, str, Any]:
    path, value = _pair("--option", entry)
    plugin, dot, key = path.partition(".")
    if not (plugin and dot and key):
        raise click.BadParameter(f"{entry!r}: write PLUGIN.KEY=VALUE", param_hint="--option")
    return plugin, key, _value(value)


def _value(text: str) -> Any:
    """Read a value as JSON where it is some (`2`, `true`, `["a"]`), else take it as a string."""
    try:
        return json.loads(text)
    except ValueError:
        return text


__all__ = ["PLAIN", "request"]
