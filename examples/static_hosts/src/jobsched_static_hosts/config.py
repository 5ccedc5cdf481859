"""The configuration section ``static_hosts``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from jobsched.schemas.duration import Duration
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from jobsched_static_hosts.host import Credentials, Host

DOCKER_PORT = 2376


def _needed(key: str) -> dict[str, Any]:
    # The sentence is told where the whole list is written: it names what is missing.
    return {"required": f"each host needs its {key}"}


class HostSchema(Schema):
    """One host: a table ``[[static_hosts.hosts]]``."""

    class Meta:
        """Settings of marshmallow."""

        unknown = RAISE

    name = fields.String(
        required=True,
        error_messages=_needed("name"),
        validate=validate.Regexp(
            r"[a-z0-9][a-z0-9.-]{0,62}\Z", error="write small letters, digits, dots and hyphens"
        ),
    )
    address = fields.String(
        required=True, error_messages=_needed("address"), validate=validate.Length(min=1)
    )
    port = fields.Integer(load_default=DOCKER_PORT, validate=validate.Range(min=1, max=65535))
    certificate = fields.String(
        required=True, error_messages=_needed("certificate"), validate=validate.Length(min=1)
    )


class Hosts(fields.Nested):
    """The hosts: tables of a TOML file, or one text of JSON in an environment variable."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError as error:
                raise ValidationError(f"write a JSON list of hosts: {error}") from error
        return super()._deserialize(value, *args, **kwargs)


def _a_pool(hosts: list[dict[str, Any]]) -> None:
    names = [host["name"] for host in hosts]
    if not names:
        raise ValidationError("name at least one host")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValidationError(f"two hosts have the name {', '.join(twice)}")


def _path(what: str) -> fields.String:
    # None, not a path: the default depends on the data directory, which a schema does not know.
    return fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=1),
        metadata={"description": what},
    )


class StaticHostsSchema(Schema):
    """What an operator can set."""

    class Meta:
        """Settings of marshmallow."""

        unknown = RAISE

    hosts = Hosts(
        HostSchema,
        many=True,
        required=True,
        validate=_a_pool,
        metadata={"description": "the pool: name, address, port, certificate (a PEM file) of each"},
    )
    client_certificate = _path("what hosts are shown; default: client-cert.pem in ca_dir")
    client_key = _path("its private key; default: client-key.pem in ca_dir")
    alive = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=1),
        metadata={"description": "hosts that this deployment uses at one time; default: all"},
    )
    lead = Duration(
        load_default=timedelta(seconds=30),
        metadata={"description": "how long before its start a job takes its host"},
    )
    answer_within = Duration(
        load_default=timedelta(seconds=5),
        least=timedelta(milliseconds=100),
        most=timedelta(seconds=15),
        metadata={"description": "how long a host may take to answer"},
    )


def hosts_of(section: Mapping[str, Any]) -> list[Host]:
    """Give the pool of a loaded section."""
    return [
        Host(
            name=host["name"],
            address=host["address"],
            port=host["port"],
            certificate=Path(host["certificate"]).expanduser(),
        )
        for host in section["hosts"]
    ]


def credentials_of(section: Mapping[str, Any], ca_dir: Path) -> Credentials:
    """Give what hosts are shown; the defaults are those of the runner ``docker_runner``."""
    certificate = section["client_certificate"] or ca_dir / "client-cert.pem"
    key = section["client_key"] or ca_dir / "client-key.pem"
    return Credentials(certificate=Path(certificate).expanduser(), key=Path(key).expanduser())


__all__ = ["HostSchema", "StaticHostsSchema", "credentials_of", "hosts_of"]
