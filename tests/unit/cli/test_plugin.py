"""`jobsched plugin new`: what it says, and what it refuses."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jobsched.cli.main import cli


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    """Run `jobsched plugin new WORDS`."""
    return CliRunner().invoke(cli, ["plugin", "new", *words])


def test_the_folder_is_told_and_what_to_type_next(folder: Path) -> None:
    """The path alone is on stdout, so that `cd $(jobsched plugin new acme)` works."""
    found = run("acme")
    assert (found.exit_code, found.stdout) == (0, "jobsched-acme\n")
    assert (folder / "jobsched-acme" / "src" / "jobsched_acme" / "provider.py").is_file()
    for words in ("cd jobsched-acme", "pip install -e", "pytest && mypy --strict src"):
        assert f"  {words}" in found.stderr
    assert "JOBSCHED_PLUGINS=local,docker_runner,acme jobsched plugins" in found.stderr


def test_what_to_type_is_what_a_shell_takes(folder: Path) -> None:
    """A folder with a space in its name is quoted."""
    (folder / "my plugins").mkdir()
    found = run("acme", "--folder", "my plugins")
    assert found.stdout == "my plugins/jobsched-acme\n"
    assert "  cd 'my plugins/jobsched-acme'\n" in found.stderr


def test_json_is_one_object(folder: Path) -> None:
    """It says all of what was made, the folder absolute; stderr is empty."""
    (folder / "there").mkdir()
    found = run("acme-log", "--kind", "notifier", "--folder", "there", "--json")
    document = json.loads(found.stdout)
    assert document.pop("files")[0] == ".gitignore"
    assert document == {
        "name": "acme_log",
        "kind": "notifier",
        "distribution": "jobsched-acme-log",
        "folder": str(folder / "there" / "jobsched-acme-log"),
    }
    assert found.stderr == ""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["Acme"], "'Acme' cannot be a plugin's name"),
        (["local"], "jobsched itself brings a plugin 'local'"),
        (["class"], "a word of Python"),
        (["acme", "--kind", "cloud"], "'cloud' is not one of 'provider', 'runner', 'notifier'"),
        (["acme", "--folder", "no"], "'no' does not exist"),
        ([], "Missing argument 'NAME'"),
    ],
)
def test_what_cannot_be_made_is_a_usage_error(
    folder: Path, words: list[str], sentence: str
) -> None:
    """One sentence, exit code 2, and nothing is written."""
    found = run(*words)
    assert found.exit_code == 2
    assert sentence in found.stderr
    assert list(folder.iterdir()) == []


def test_a_folder_that_exists_is_a_usage_error() -> None:
    """The second time it says so, and how else."""
    run("acme")
    found = run("acme", "--kind", "runner")
    assert (found.exit_code, found.stdout) == (2, "")
    assert "jobsched-acme is there already" in found.stderr
