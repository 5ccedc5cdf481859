"""The sections of the configuration and of a job."""

from pathlib import Path
from typing import Any

import pytest
from marshmallow import ValidationError

from jobsched.plugins.docker_runner import DockerRunnerSchema, OptionsSchema
from tests.unit.plugins.docker_runner.orders import settings


def test_the_engine_is_the_one_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """DOCKER_HOST counts unless the section says otherwise, and empty is as good as unset."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///there.sock")
    assert settings().docker_host == "unix:///there.sock"
    assert settings(docker_host="unix:///here.sock").docker_host == "unix:///here.sock"
    monkeypatch.setenv("DOCKER_HOST", "")
    assert settings().docker_host == "unix:///var/run/docker.sock"


def test_certificates_lie_in_the_deployments_folder() -> None:
    """Each of them can be set."""
    ours = settings(Path("/ca"))
    assert ours.ca_certificate == Path("/ca/ca-cert.pem")
    assert ours.client_certificate == Path("/ca/client-cert.pem")
    assert ours.client_key == Path("/ca/client-key.pem")
    named = settings(Path("/ca"), client_certificate="/c.pem")
    assert named.client_certificate == Path("/c.pem")
    assert named.client_key == Path("/ca/client-key.pem")


@pytest.mark.parametrize(
    "section",
    [
        {"privileged": True},
        {"threads": 0},
        {"request_timeout": 0},
        {"cap_add": ["net_raw"]},
        {"cap_add": ["NET_RAW\n"]},
        {"log_max_size": "unlimited"},
        {"docker_host": ""},
    ],
)
def test_a_wrong_section_is_refused(section: dict[str, Any]) -> None:
    """Unknown keys and values out of range are mistakes at start, not at the first job."""
    with pytest.raises(ValidationError):
        DockerRunnerSchema().load(section)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"user": "nobody"},
        {"user": "1000:1000"},
        {"working_dir": "/srv"},
        {"entrypoint": ["sh", "-c", ""]},
        {"read_only": True},
        {"shm_size_mib": 1024},
    ],
)
def test_good_options_are_taken(options: dict[str, Any]) -> None:
    """All that is offered can be used."""
    assert OptionsSchema().load(options) == options


@pytest.mark.parametrize(
    "options",
    [
        {"privileged": True},
        {"binds": ["/:/host"]},
        {"user": ""},
        {"user": "a:b:c"},
        {"user": "root\n"},
        {"working_dir": "relative"},
        {"working_dir": "/a\0b"},
        {"entrypoint": []},
        {"entrypoint": "sh -c"},
        {"entrypoint": ["a\0"]},
        {"read_only": "yes"},
        {"read_only": None},
        {"shm_size_mib": 0},
        {"shm_size_mib": 1025},
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    """A job cannot ask for more than is offered, or in another shape."""
    with pytest.raises(ValidationError):
        OptionsSchema().load(options)
