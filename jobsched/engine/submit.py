"""submit: accept a job; once this returns, it is in the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError

from jobsched.domain.due import due
from jobsched.domain.job import Job, JobId, Json, Retry, Spec
from jobsched.domain.record import record
from jobsched.engine import answer
from jobsched.engine.call import ask
from jobsched.engine.parts import Parts
from jobsched.engine.plan import planned
from jobsched.errors import InvalidInput, OperationFailed, UnknownName
from jobsched.schemas.error import by_field
from jobsched.store.port import Accepted, Idempotency

Errors = dict[str, list[str]]


async def submit(
    parts: Parts, asked: Mapping[str, Any], idempotency: Idempotency | None = None
) -> Accepted:
    """Accept what was asked (the loaded body of ``POST /schedule``).

    A repeat with the same ``idempotency`` gives the same job; without one, each call makes a job.

    Raises:
        InvalidInput: something asked for is not there, or does not go together; by field.
        PluginBug: a plugin's schema of its options failed.
        IdempotencyConflict: the key was used with another body.
        Unavailable: the store took nothing (or, if its answer was lost, all: repeat with the same
        key).
    """
    spec = _spec(parts, asked)
    now = parts.now
    job = Job(id=JobId(parts.services.ids.job()), spec=spec, accepted_at=now)
    try:
        job = record(job, planned(parts, job))
    except OperationFailed as error:
        # the planner's bug is the worker's to retry and to report; the job is accepted all the same
        parts.services.log.warning("job.unplanned", job=job.id, reason=error.reason)
    wanted = due(job, now)
    look_again_at = wanted.look_again_at or now
    accepted = await parts.store.accept(job, look_again_at=look_again_at, idempotency=idempotency)
    if parts.chores and accepted.created:
        await parts.chores.advance_later(accepted.id, look_again_at)
    return accepted


def _spec(parts: Parts, asked: Mapping[str, Any]) -> Spec:
    errors: Errors = {}
    names = {kind: str(asked.get(kind) or "") for kind in ("provider", "runner", "planner")}
    for kind, name in names.items():
        names[kind] = name or parts.registry.defaults[kind]
    _check_names(parts, names, errors)
    options = _options(parts, names, asked.get("options") or {}, errors)
    _check_secrets(parts, asked, errors)
    _check_lateness(parts, asked, errors)
    if errors:
        sentence = "; ".join(text for texts in errors.values() for text in texts)
        raise InvalidInput(sentence, errors=errors)
    given = {key: value for key, value in asked.items() if key not in names}
    given |= {"options": options, "retry": Retry(**(asked.get("retry") or {}))}
    return Spec(**{**parts.job_defaults, **given, **names, "limits": parts.limits})


def _check_names(parts: Parts, names: Mapping[str, str], errors: Errors) -> None:
    for kind in ("provider", "runner", "planner"):
        try:
            getattr(parts.registry, kind)(names[kind])
        except UnknownName as error:
            errors[kind] = [error.message]
    if errors:
        return
    provider, runner = (
        parts.registry.provider(names["provider"]),
        parts.registry.runner(names["runner"]),
    )
    if provider.access.isdisjoint(runner.access):
        offers, uses = ", ".join(sorted(provider.access)), ", ".join(sorted(runner.access))
        sentence = (
            f"the runner {runner.name} cannot reach machines of {provider.name}: it uses {uses}, "
            f"they offer {offers}; name another runner or provider"
        )
        errors["runner"] = [sentence]


def _options(
    parts: Parts, names: Mapping[str, str], asked: Mapping[str, Json], errors: Errors
) -> dict[str, Json]:
    """Check each plugin's options by its own schema; keep them as they were asked (JSON)."""
    schemas: dict[str, type[Schema] | None] = {}
    if not errors:
        provider = parts.registry.provider(names["provider"])
        runner = parts.registry.runner(names["runner"])
        schemas = {provider.name: provider.options_schema, runner.name: runner.options_schema}
    for name, options in asked.items():
        schema = schemas.get(name)
        if schema is None:
            known = ", ".join(sorted(key for key, one in schemas.items() if one)) or "none"
            errors[f"options.{name}"] = [
                f"{name!r} takes no options here; plugins that do: {known}"
            ]
            continue
        try:
            ask(parts, f"{name}.options_schema", _loading(schema, options), answer.nothing)
        except ValidationError as error:
            errors.update(by_field({"options": {name: error.messages}}))
    return dict(asked)


def _loading(schema: type[Schema], options: Json) -> Callable[[], object]:
    return lambda: schema(unknown=RAISE).load(options)


def _check_secrets(parts: Parts, asked: Mapping[str, Any], errors: Errors) -> None:
    for variable, name in (asked.get("secret_env") or {}).items():
        try:
            parts.secrets.value(name)
        except OperationFailed as error:
            errors[f"secret_env.{variable}"] = [error.message]
    if asked.get("registry_auth"):
        try:
            parts.secrets.credential(asked["registry_auth"])
        except OperationFailed as error:
            errors["registry_auth"] = [error.message]


def _check_lateness(parts: Parts, asked: Mapping[str, Any], errors: Errors) -> None:
    late_limit = asked.get("late_limit") or parts.job_defaults["late_limit"]
    if asked["schedule"] + late_limit < parts.now:
        errors["schedule"] = [
            "this is past by more than late_limit: give a later schedule or a longer late_limit",
        ]


__all__ = ["submit"]
