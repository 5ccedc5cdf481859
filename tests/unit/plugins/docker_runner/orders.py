"""Orders and settings for tests of `docker_runner`."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from jobsched.contracts.order import ContainerOrder
from jobsched.domain.job import JobId
from jobsched.plugins.docker_runner import DockerRunnerSchema, Settings


def settings(ca_dir: Path = Path("/nowhere"), **section: Any) -> Settings:
    """Settings as the configuration would load them."""
    return Settings.of(DockerRunnerSchema().load(section), ca_dir)


def order(**fields: Any) -> ContainerOrder:
    """An order of a small job; anything may be set otherwise."""
    usual: dict[str, Any] = {
        "deployment": "test",
        "job": JobId("j" * 32),
        "attempt": 1,
        "launch": 2,
        "name": f"jobsched-{'j' * 32}-1-2",
        "image": "busybox",
        "command": (),
        "environment": (),
        "pull": "missing",
        "timeout": timedelta(hours=1),
        "grace": timedelta(seconds=10),
    }
    return ContainerOrder(**usual | fields)
