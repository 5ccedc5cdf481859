"""The section of the configuration, as a file and as the environment give it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from marshmallow import ValidationError

from jobsched_static_hosts.config import StaticHostsSchema, credentials_of, hosts_of
from jobsched_static_hosts.host import Credentials, Host

RED = {"name": "red", "address": "192.0.2.10", "certificate": "/etc/jobsched/red.pem"}


def loaded(**section: Any) -> dict[str, Any]:
    """Load a section."""
    found: dict[str, Any] = StaticHostsSchema().load(section)
    return found


@pytest.mark.parametrize("hosts", [[RED], json.dumps([RED])], ids=["tables", "JSON"])
def test_hosts_are_tables_or_json(hosts: object) -> None:
    """What a file says in tables, an environment variable says in JSON."""
    section = loaded(hosts=hosts)
    expected = Host(
        name="red", address="192.0.2.10", port=2376, certificate=Path("/etc/jobsched/red.pem")
    )
    assert hosts_of(section) == [expected]
    assert (section["lead"], section["alive"]) == (timedelta(seconds=30), None)


@pytest.mark.parametrize(
    ("hosts", "sentence"),
    [
        ([], "name at least one host"),
        ([RED, RED], "two hosts have the name red"),
        ([{"name": "red", "address": "192.0.2.10"}], "each host needs its certificate"),
        ("red", "write a JSON list of hosts"),
    ],
)
def test_a_pool_that_is_none_is_refused(hosts: object, sentence: str) -> None:
    """With a sentence that says what to write."""
    with pytest.raises(ValidationError) as refused:
        loaded(hosts=hosts)
    assert sentence in str(refused.value.messages)


def test_hosts_are_shown_the_deployments_own_certificate(tmp_path: Path) -> None:
    """Without a setting it is the one that the runner shows."""
    usual = credentials_of(loaded(hosts=[RED]), tmp_path)
    assert usual == Credentials(
        certificate=tmp_path / "client-cert.pem", key=tmp_path / "client-key.pem"
    )
    own = loaded(hosts=[RED], client_certificate="/a.pem", client_key="/a.key")
    assert credentials_of(own, tmp_path) == Credentials(
        certificate=Path("/a.pem"), key=Path("/a.key")
    )
