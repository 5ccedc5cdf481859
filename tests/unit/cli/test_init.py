"""`jobsched init` makes a deployment's id and secret, and says which count."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from jobsched.cli.main import cli


def init(data_dir: Path, *words: str, **variables: str) -> Result:
    """Run `jobsched init` on a data directory."""
    given = {"JOBSCHED_DATA_DIR": str(data_dir), "JOBSCHED_PLUGINS": "local", **variables}
    return CliRunner().invoke(cli, ["init", *words], env=given)


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    """A second run tells the same id, which is the one in the file."""
    first, second = init(tmp_path), init(tmp_path)

    assert (first.exit_code, second.exit_code) == (0, 0)
    kept = (tmp_path / "deployment").read_text().strip()
    assert first.stdout == second.stdout == f"deployment {kept}\n"
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_configured_id_is_the_one_that_counts(tmp_path: Path) -> None:
    """The id of the environment is told, with where it comes from, and no secret is shown."""
    secret = "a-secret-of-many-letters-0123456789"
    found = init(tmp_path, JOBSCHED_DEPLOYMENT="acme", JOBSCHED_SECRET=secret)
    as_json = init(tmp_path, "--json", JOBSCHED_DEPLOYMENT="acme", JOBSCHED_SECRET=secret)

    assert found.stdout == "deployment acme\n"
    assert "environment JOBSCHED_DEPLOYMENT says another" in found.stderr
    assert "environment JOBSCHED_SECRET says another" in found.stderr
    assert secret not in found.output
    assert json.loads(as_json.stdout)["deployment"] == "acme"
