"""The command line in this process, against a server that answers as it was told."""

from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result

from jobsched.cli.main import cli
from tests.unit.cli import fake_api

Run = Callable[..., Result]


@pytest.fixture
def api() -> Iterator[fake_api.FakeApi]:
    """A server that answers as the test tells it."""
    with fake_api.running() as found:
        yield found


@pytest.fixture
def run(api: fake_api.FakeApi) -> Run:
    """Run `jobsched WORDS` against it."""

    def call(*words: str, stdin: str | None = None, **env: str) -> Result:
        found = CliRunner().invoke(
            cli, words, input=stdin, env={"JOBSCHED_URL": api.url, "JOBSCHED_TOKEN": "", **env}
        )
        # a traceback on expected things is a fault in itself
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        return found

    return call
