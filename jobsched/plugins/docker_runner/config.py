"""The configuration section ``docker_runner``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

USUAL_SOCKET = "unix:///var/run/docker.sock"
#: their names in the deployment's folder, by our setting
CERTIFICATES = {
    "ca_certificate": "ca-cert.pem",
    "client_certificate": "client-cert.pem",
    "client_key": "client-key.pem",
}
_CAPABILITY = validate.Regexp(r"[A-Z_]+\Z", error="Write a capability as NET_RAW.")
_REGISTRY = validate.Regexp(
    r"[A-Za-z0-9._:/\[\]-]+\Z",
    error="Write a registry as registry.example.com:5000, or a range as 10.0.0.0/16.",
)


def docker_host() -> str:
    """Give the engine that Docker's own tools would use: ``DOCKER_HOST``, else the usual socket."""
    return os.environ.get("DOCKER_HOST") or USUAL_SOCKET


def _number(
    kind: type[fields.Field[Any]], default: float, low: float, high: float, what: str
) -> Any:
    checks = validate.Range(min=low, max=high)
    return kind(load_default=default, validate=checks, metadata={"description": what})


def _path(what: str) -> fields.String:
    # None, not a path: the default depends on the data directory, which a schema does not know.
    return fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=1),
        metadata={"description": what},
    )


class DockerRunnerSchema(Schema):
    """What an operator may set; a job can widen none of it."""

    class Meta:
        """Settings of marshmallow."""

        unknown = RAISE

    docker_host = fields.String(
        load_default=docker_host,
        validate=validate.Length(min=1),
        metadata={"description": "engine of this host, where the provider names none"},
    )
    ca_certificate = _path("what a remote engine trusts; default: ca-cert.pem in ca_dir")
    client_certificate = _path("what a remote engine is shown; default: client-cert.pem in ca_dir")
    client_key = _path("its private key; default: client-key.pem in ca_dir")
    request_timeout = _number(fields.Float, 30, 0.1, 600, "seconds that an engine may be silent")
    pull_silence = _number(fields.Float, 120, 0.1, 3600, "seconds a pull may make no progress")
    threads = _number(fields.Integer, 16, 1, 256, "threads for create, start, inspect, remove")
    stop_threads = _number(fields.Integer, 16, 1, 256, "requests to stop at one time")
    pull_threads = _number(fields.Integer, 8, 1, 256, "pulls at one time")
    log_threads = _number(fields.Integer, 8, 1, 256, "logs collected at one time")
    follow_threads = _number(fields.Integer, 32, 1, 1024, "logs followed at one time")
    watch_threads = _number(fields.Integer, 64, 1, 1024, "engines watched at one time")
    pids_limit = _number(fields.Integer, 4096, 16, 4_194_304, "processes in one container")
    memory_mib = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=6),
        metadata={"description": "memory limit of jobs that name none"},
    )
    # Few programs need these two: raw sockets forge packets on the bridge that containers share,
    # and device files open what the device rules forget.
    cap_drop = fields.List(
        fields.String(validate=_CAPABILITY),
        load_default=lambda: ["MKNOD", "NET_RAW"],
        metadata={"description": "capabilities taken from every container, or ALL"},
    )
    cap_add = fields.List(
        fields.String(validate=_CAPABILITY),
        load_default=list,
        metadata={"description": "capabilities given to every container"},
    )
    # What the log store keeps (1 MiB) fits a thousand times; the limit is for the machine's disk.
    log_max_size = fields.String(
        load_default="50m",
        validate=validate.Regexp(r"[1-9]\d*[kmg]\Z", error="Write a size as 50m."),
        metadata={"description": "size of one log file"},
    )
    log_max_file = _number(fields.Integer, 5, 1, 100, "log files of one container")
    insecure_registries = fields.List(
        fields.String(validate=_REGISTRY),
        load_default=list,
        metadata={"description": "registries that a booted machine's engine speaks to without TLS"},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The loaded section, with every default filled in. Times are in seconds."""

    docker_host: str
    ca_certificate: Path
    client_certificate: Path
    client_key: Path
    request_timeout: float
    pull_silence: float
    threads: int
    stop_threads: int
    pull_threads: int
    log_threads: int
    follow_threads: int
    watch_threads: int
    pids_limit: int
    memory_mib: int | None
    cap_drop: tuple[str, ...]
    cap_add: tuple[str, ...]
    log_max_size: str
    log_max_file: int
    insecure_registries: tuple[str, ...]

    @classmethod
    def of(cls, section: Mapping[str, Any], ca_dir: Path) -> Settings:
        """Make them of the loaded section; certificates that it does not name are in ``ca_dir``."""
        values = dict(section)
        for key, name in CERTIFICATES.items():
            values[key] = Path(values[key] or ca_dir / name)
        for name in ("cap_drop", "cap_add", "insecure_registries"):
            values[name] = tuple(values[name])
        return cls(**values)


__all__ = ["USUAL_SOCKET", "DockerRunnerSchema", "Settings", "docker_host"]
