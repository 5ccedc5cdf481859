"""The sections of the configuration that are the core's own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate
from platformdirs import user_data_path

from jobsched.domain.job import Limits
from jobsched.schemas.duration import Duration

DEFAULT_PLUGINS = ("local", "docker_runner")
LONGEST_TIMEOUT = timedelta(days=7)
LONGEST_GRACE = timedelta(seconds=90)
#: Below it, a step that is to be repeated would be repeated without a pause.
SHORTEST_PAUSE = timedelta(milliseconds=1)
LEAST_SECRET = 16
NAME = r"[a-z][a-z0-9_]{0,62}\Z"


def _help(text: str, *, secret: bool = False) -> dict[str, Any]:
    return {"description": text, "secret": secret}


class Section(Schema):
    """A section of the configuration; a key that is not known is refused."""

    class Meta:
        """Settings of marshmallow."""

        unknown = RAISE


class Words(fields.List[str]):
    """A list of words, or one text with commas between them."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[str | None]:
        if isinstance(value, str):
            value = [word.strip() for word in value.split(",") if word.strip()]
        return super()._deserialize(value, attr, data, **kwargs)


class Folder(fields.String):
    """A folder: ``~`` is the user's own, and the result is absolute."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        return Path(str(text)).expanduser().absolute()


def _no_root(path: Path) -> None:
    if not path.name:
        raise ValidationError("this is the root of the file system: name a folder")


def _name(default: str, text: str) -> fields.String:
    checks = validate.Regexp(NAME, error="a name is a word of small letters, digits and _")
    return fields.String(load_default=default, validate=checks, metadata=_help(text))


class CoreSchema(Section):
    """``[jobsched]``: what the process is, and what it works with."""

    redis_url = fields.String(
        load_default="",
        validate=validate.Regexp(
            r"((rediss?|unix)://.+)?\Z", error="write redis://, rediss:// or unix:// and an address"
        ),
        metadata=_help("Redis or Valkey of the deployment; empty: one of this machine's own"),
    )
    data_dir = Folder(
        load_default=lambda: user_data_path("jobsched"),
        validate=_no_root,
        metadata=_help("where this machine keeps jobsched's files"),
    )
    plugins = Words(
        fields.String(validate=validate.Regexp(NAME, error="this cannot be a plugin's name")),
        load_default=lambda: list(DEFAULT_PLUGINS),
        metadata=_help("plugins that are loaded; an installed one that is not named is not"),
    )
    plugins_dir = Folder(
        load_default=None,
        allow_none=True,
        metadata=_help("folder of single-file plugins, NAME.py, that plugins may name too"),
    )
    provider = _name("local", "where machines come from, for jobs that name no provider")
    runner = _name("docker_runner", "how containers are run, for jobs that name no runner")
    planner = _name("on_time", "when capacity is asked for, for jobs that name no planner")
    log_store = _name("redis_logs", "where logs are kept")
    api_host = fields.String(
        load_default="127.0.0.1",
        validate=validate.Length(min=1),
        metadata=_help("address that the API binds to; any but loopback needs api_token"),
    )
    api_port = fields.Integer(
        load_default=8080,
        validate=validate.Range(min=0, max=65535),
        metadata=_help("port of the API; 0: any that is free"),
    )
    api_token = fields.String(
        load_default="",
        validate=validate.Regexp(
            rf"([!-~]{{{LEAST_SECRET},}})?\Z",
            error=f"a token has at least {LEAST_SECRET} characters and no spaces",
        ),
        metadata=_help("token that guards the API", secret=True),
    )
    secret = fields.String(
        load_default="",
        validate=validate.Regexp(
            rf"(.{{{LEAST_SECRET},}})?\Z",
            error=f"a secret has at least {LEAST_SECRET} characters",
        ),
        metadata=_help(
            "secret of the deployment, the same everywhere; empty: kept in data_dir", secret=True
        ),
    )
    deployment = fields.String(
        load_default="",
        validate=validate.Regexp(
            r"([a-z0-9][a-z0-9-]{0,31})?\Z",
            error="at most 32 small letters, digits and hyphens",
        ),
        metadata=_help("id of the deployment, the same everywhere; empty: kept in data_dir"),
    )
    ca_dir = Folder(
        load_default=None,
        allow_none=True,
        metadata=_help("the deployment's certificates; empty: ca in data_dir"),
    )
    dispatch = fields.String(
        load_default="loop",
        validate=validate.OneOf(["loop", "arq"]),
        metadata=_help("who takes a job's steps: the worker's own loop, or arq alone"),
    )
    callback_url = fields.String(
        load_default="",
        validate=validate.Regexp(
            r"(https?://\S+)?\Z", error="write http:// or https:// and an address"
        ),
        metadata=_help("where machines reach POST /callback; empty: they post nothing"),
    )
    trace_plugins = fields.Boolean(
        load_default=False,
        error_messages={"invalid": "write true or false (in the environment also 1 or 0)"},
        metadata=_help("log every call of a plugin, with what it gave and how long it took"),
    )


_LIMITS_HELP = {
    "provisioning": "a request for a machine, until its id is known",
    "booting": "a machine, until it is ready",
    "prepare": "pulling the image and creating the container",
    "start": "starting the container; after that the start is in doubt",
    "hold": "how long after its start time a container that is ready is held",
    "collect": "collecting logs after the end, before the machine is given back regardless",
    "evidence": "what a store may forget: a container is started, and its machine is given back, "
    "this long after what came before was saved; 0 with appendfsync always",
    "spare": "what is added to all other times to get a machine's latest end",
    "machines": "machines that one attempt may use",
    "tries": "containers that one machine may be tried with before it is replaced",
    "plugin_errors": "failures of one command by a plugin's bug before the attempt ends",
    "inspect": "how often a running container is inspected where something tells of its end",
    "inspect_unwatched": "how often where nothing does",
    "backoff": "first pause between two tries of one command",
    "backoff_most": "longest pause between two tries of one command",
    "round": "first pause between two rounds of offers",
    "round_most": "longest pause between two rounds of offers",
    "terminate_again": "how often giving a machine back is repeated until it is gone",
    "find_again": "how often a launch in doubt is looked for",
    "token": "how long a launch's request may be sent again",
}
_PAUSES = frozenset(
    {
        "inspect",
        "inspect_unwatched",
        "backoff",
        "backoff_most",
        "round",
        "round_most",
        "terminate_again",
        "find_again",
    }
)


def _limit(name: str, default: object) -> fields.Field[Any]:
    text = _help(_LIMITS_HELP[name])
    if isinstance(default, timedelta):
        least = SHORTEST_PAUSE if name in _PAUSES else None
        return Duration(load_default=default, least=least, metadata=text)
    return fields.Integer(load_default=default, validate=validate.Range(min=1), metadata=text)


class JobLimits(Section):
    """What jobs get that say nothing, and what is kept of them."""

    timeout = Duration(
        load_default=timedelta(hours=1),
        least=timedelta(seconds=1),
        most=LONGEST_TIMEOUT,
        metadata=_help("running time of a container, where the job says nothing"),
    )
    grace = Duration(
        load_default=timedelta(seconds=10),
        most=LONGEST_GRACE,
        metadata=_help("time between SIGTERM and SIGKILL, where the job says nothing"),
    )
    late_limit = Duration(
        load_default=timedelta(hours=24),
        metadata=_help("how late a container may start, where the job says nothing"),
    )
    retention = Duration(
        load_default=timedelta(days=30),
        least=timedelta(seconds=1),
        metadata=_help("how long ended jobs are kept"),
    )


#: ``[limits]``: the above, and every field of :class:`jobsched.domain.job.Limits`.
LimitsSchema: type[Schema] = type(
    "LimitsSchema",
    (JobLimits,),
    {one.name: _limit(one.name, one.default) for one in dataclasses.fields(Limits)},
)


class WorkerSchema(Section):
    """``[worker]``: how much one worker takes on."""

    hands = fields.Integer(
        load_default=1000,
        validate=validate.Range(min=1, max=100_000),
        metadata=_help("jobs in hand at one time"),
    )
    claim = fields.Integer(
        load_default=500,
        validate=validate.Range(min=1, max=1000),
        metadata=_help("jobs claimed in one call"),
    )
    lease = Duration(
        load_default=timedelta(seconds=30),
        least=timedelta(seconds=1),
        metadata=_help("how long a claim lasts without renewal"),
    )
    sweep_every = Duration(
        load_default=timedelta(seconds=20),
        least=timedelta(milliseconds=100),
        metadata=_help("how often all machines are described"),
    )


class RegistrySchema(Section):
    """A login at a registry of images: ``[registries.<name>]``."""

    username = fields.String(required=True, metadata=_help("who logs in"))
    password = fields.String(required=True, metadata=_help("password or token", secret=True))


#: Sections with fixed keys.
SECTIONS: Mapping[str, type[Schema]] = {
    "jobsched": CoreSchema,
    "limits": LimitsSchema,
    "worker": WorkerSchema,
}
#: Sections whose keys are names of the operator's own → what one value is, and a line of help.
NAMED: Mapping[str, tuple[fields.Field[Any] | type[Schema], str]] = {
    "callbacks": (_name("", "plugin"), "action -> plugin whose implementation is taken"),
    "secrets": (
        fields.String(metadata=_help("secret", secret=True)),
        "name -> value, for secret_env of jobs",
    ),
    "registries": (RegistrySchema, "name -> username and password, for registry_auth of jobs"),
}

__all__ = [
    "DEFAULT_PLUGINS",
    "NAMED",
    "SECTIONS",
    "CoreSchema",
    "Folder",
    "LimitsSchema",
    "RegistrySchema",
    "Section",
    "Words",
    "WorkerSchema",
]
