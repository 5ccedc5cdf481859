"""Which server program is taken for a data directory."""

from pathlib import Path

import pytest

from jobsched import embedded
from jobsched.embedded import ServerBinary, folder
from jobsched.errors import ConfigError

OLD = ServerBinary(path=Path("/usr/bin/redis-server"), kind="redis", version=(6, 2, 14))
REDIS = ServerBinary(path=Path("/usr/bin/redis-server"), kind="redis", version=(7, 0, 15))
VALKEY = ServerBinary(path=Path("/wheel/valkey-server"), kind="valkey", version=(9, 1, 2))


@pytest.mark.parametrize(
    ("binaries", "identity", "expected"),
    [
        ([REDIS, VALKEY], {}, REDIS),
        ([OLD, VALKEY], {}, VALKEY),
        ([REDIS, VALKEY], {"kind": "valkey", "version": "9.0.0"}, VALKEY),
        ([REDIS], {"kind": "redis", "version": "7.4.1"}, REDIS),
    ],
    ids=["first", "recent", "fits the directory", "same major"],
)
def test_the_first_that_can_open_the_directory_is_taken(
    binaries: list[ServerBinary], identity: dict[str, str], expected: ServerBinary
) -> None:
    """PATH goes first, unless it is too old or cannot read what is there."""
    assert expected == embedded.choose(binaries, identity)


@pytest.mark.parametrize(
    ("binaries", "identity", "words"),
    [
        ([], {}, "install redis-server"),
        ([], {}, r"pip install 'jobsched\[embedded\]'"),
        ([], {}, "JOBSCHED_REDIS_URL"),
        ([OLD], {}, "is redis 6.2.14, and 7.0 is needed"),
        ([REDIS], {"kind": "valkey", "version": "9.1.2"}, "written by valkey 9.1.2"),
        ([REDIS], {"kind": "redis", "version": "8.0.0"}, "written by redis 8.0.0"),
    ],
)
def test_a_refusal_says_what_to_do(
    binaries: list[ServerBinary], identity: dict[str, str], words: str
) -> None:
    """No program, an old one, another kind and an older major are told in one sentence."""
    with pytest.raises(ConfigError, match=words):
        embedded.choose(binaries, identity)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "redis", "version": 7}'])
def test_an_unreadable_identity_is_refused(tmp_path: Path, text: str) -> None:
    """A server.json that says nothing is an error: a guess could empty the directory."""
    (tmp_path / "server.json").write_text(text)
    with pytest.raises(ConfigError, match="cannot be read"):
        folder.read_identity(tmp_path)


def test_data_without_an_identity_are_refused(tmp_path: Path) -> None:
    """Data of nobody knows which server are left alone."""
    (tmp_path / "appendonlydir").mkdir()
    (tmp_path / "appendonlydir" / "appendonly.aof.manifest").touch()
    with pytest.raises(ConfigError, match=r"no server\.json"):
        folder.read_identity(tmp_path)


def test_a_socket_folder_of_others_is_not_used(tmp_path: Path) -> None:
    """A recorded folder that others may enter is not trusted."""
    directory = tmp_path / ("deep" * 30)
    directory.mkdir()
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    (directory / "socket-folder").write_text(str(shared))
    assert embedded.find_socket(directory) is None
