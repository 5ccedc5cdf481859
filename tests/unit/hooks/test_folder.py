"""Plugins that are one file: found by name in a folder, loaded only if they are named."""

import grp
import json
import os
import pwd
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobsched.errors import (
    ConfigError,
    DuplicateName,
    PluginError,
    PluginLoadFailed,
    PluginNotFound,
)
from jobsched.hooks import trust
from jobsched.hooks.folder import PRIVATE
from jobsched.hooks.load import Plugins, load
from jobsched.hooks.report import Origin
from tests.distributions import Distributions

GOOD = """\
from jobsched import hookimpl


@hookimpl
def jobsched_planners():
    return []
"""


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """No test sees the modules of another."""
    yield
    for name in [one for one in sys.modules if one.startswith(PRIVATE)]:
        del sys.modules[name]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder of plugins, which only its owner can write to."""
    made = tmp_path / "plugins"
    made.mkdir(mode=0o700)
    return made


def write(path: Path, code: str = GOOD) -> Path:
    """Write a file that only its owner can write to."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(code)
    path.chmod(0o600)
    return path


def opened(folder: Path, *names: str) -> Plugins:
    """Load the named plugins of the folder."""
    return load(names, plugins_dir=folder)


def reason(folder: Path, *names: str) -> str:
    """Say why the one broken plugin cannot be used."""
    (broken,) = opened(folder, *names).report.broken
    return broken.reason


def test_a_named_file_is_a_plugin(folder: Path) -> None:
    """Its hooks are registered, and the report says where it lies."""
    file = write(folder / "acme.py")
    plugins = opened(folder, "acme")
    plugins.report.check()
    (acme,) = plugins.report.loaded
    assert plugins.report.origins["acme"] == Origin(file=str(file))
    assert acme.hooks == ("jobsched_planners",)
    assert plugins.manager.has_plugin("acme")


def test_a_named_package_is_a_plugin(folder: Path) -> None:
    """A folder with an __init__.py may import its own modules, relatively."""
    imports = "\n\nfrom . import cost\nfrom .price import PRICE\n\nTOTAL = PRICE + cost.COST\n"
    write(folder / "acme" / "__init__.py", GOOD + imports)
    write(folder / "acme" / "cost.py", "COST = 3\n")
    write(folder / "acme" / "price.py", "PRICE = 4\n")
    plugins = opened(folder, "acme")
    plugins.report.check()
    assert vars(plugins.manager.get_plugin("acme"))["TOTAL"] == 7


def test_a_file_that_is_not_named_is_not_run(folder: Path) -> None:
    """Lying in the folder is not enough; the report tells that it is there."""
    write(folder / "acme.py", "raise SystemExit(3)\n")
    plugins = opened(folder)
    assert "acme" in plugins.report.unused
    assert plugins.report.origins["acme"].file == str(folder / "acme.py")
    plugins.report.check()
    assert f"{PRIVATE}.acme" not in sys.modules


def test_files_that_cannot_be_named_are_left_out(folder: Path) -> None:
    """Neither a hidden file, nor a text, nor a folder without __init__.py is a plugin."""
    for name in (".acme.py", "Acme.py", "ac-me.py", "acme.txt", "_acme.py", "acme/x.txt"):
        write(folder / name)
    assert set(load([]).report.unused) == set(opened(folder).report.unused)


def test_the_folder_is_not_on_the_import_path(folder: Path) -> None:
    """A plugin named as a module of Python's own shadows nothing, before and after it is loaded."""
    path = list(sys.path)
    write(folder / "json.py", GOOD + "\n\nimport json  # noqa\n\nDUMPS = json.dumps\n")
    plugins = opened(folder, "json")
    plugins.report.check()
    assert path == sys.path
    assert sys.modules["json"] is json
    assert vars(plugins.manager.get_plugin("json"))["DUMPS"] is json.dumps


def test_a_plugin_is_imported_once(folder: Path) -> None:
    """The configuration's reading and the parts' gathering get the same module, as of installed."""
    write(folder / "acme.py")
    first, second = (opened(folder, "acme").manager.get_plugin("acme") for _ in range(2))
    assert first is second


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import no_such_module_anywhere\n", "ModuleNotFoundError"),
        ("def x(:\n", "SyntaxError"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
        ("x = 1\n", "it has no hook"),
        ("JOBSCHED_API = 99\n", "upgrade jobsched"),
    ],
)
def test_a_broken_file_is_told_and_hides_nobody(folder: Path, code: str, words: str) -> None:
    """The reason is that of an installed one; the other plugins are loaded."""
    write(folder / "acme.py", code)
    write(folder / "good.py")
    report = opened(folder, "acme", "good").report
    assert [one.name for one in report.loaded] == ["good"]
    assert words in report.broken[0].reason
    with pytest.raises(PluginLoadFailed, match="plugin acme"):
        report.check()


def test_a_file_that_was_mended_is_imported_anew(folder: Path) -> None:
    """A failed import leaves nothing behind, of the package's own modules neither."""
    write(folder / "acme" / "__init__.py", "from . import price\nraise ValueError\n")
    write(folder / "acme" / "price.py", "PRICE = 7\n")
    assert "ValueError" in reason(folder, "acme")
    assert [one for one in sys.modules if one.startswith(f"{PRIVATE}.acme")] == []
    write(folder / "acme" / "__init__.py", GOOD)
    opened(folder, "acme").report.check()


def test_a_name_that_is_installed_too_is_refused_naming_both(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the file nor the installed one wins by where it lies."""
    site = tmp_path / "site"
    site.mkdir()
    Distributions(site, monkeypatch).install("acme", "", distribution="jobsched-acme")
    file = write(folder / "acme.py")
    with pytest.raises(DuplicateName, match=f"{file}, jobsched-acme .*: keep one"):
        opened(folder, "acme").report.check()
    assert f"{PRIVATE}.acme" not in sys.modules


def test_a_file_and_a_package_of_one_name_are_refused_naming_both(folder: Path) -> None:
    """Python itself would take the package without a word."""
    write(folder / "acme.py")
    write(folder / "acme" / "__init__.py")
    with pytest.raises(DuplicateName, match=r"plugins/acme, .*plugins/acme\.py"):
        opened(folder, "acme").report.check()


def test_a_name_that_is_nowhere_is_told_with_both_places(folder: Path) -> None:
    """The sentence names the folder, and a file in it whose name is near."""
    write(folder / "acme.py")
    with pytest.raises(PluginNotFound, match=f"nor in {folder}; did you mean 'acme'"):
        opened(folder, "amce").report.check()


@pytest.mark.parametrize("kind", ["nothing", "file"])
def test_a_folder_that_is_none_is_refused(folder: Path, kind: str) -> None:
    """The sentence names the setting and what to do."""
    wrong = folder / "none"
    if kind == "file":
        wrong.touch()
    with pytest.raises(ConfigError, match=f"{wrong} .*JOBSCHED_PLUGINS_DIR.*make it"):
        opened(wrong)


@pytest.mark.parametrize(("mode", "who"), [(0o707, "everybody"), (0o1777, "everybody")])
def test_a_folder_that_others_can_write_to_is_refused(folder: Path, mode: int, who: str) -> None:
    """They could put code into a process that holds credentials; one that is not used says so."""
    folder.chmod(mode)
    with pytest.raises(ConfigError, match=f"{who} can write to {folder}: chmod"):
        opened(folder)


def test_a_cache_that_others_can_write_to_is_refused(folder: Path) -> None:
    """Python runs what lies there in the place of the file."""
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__").chmod(0o777)
    with pytest.raises(ConfigError, match=r"can write to .*__pycache__"):
        opened(folder)


@pytest.mark.parametrize("writable", ["acme", "acme/__init__.py", "acme/price.py"])
def test_a_plugin_that_others_can_write_to_is_broken(folder: Path, writable: str) -> None:
    """The others of the folder can be used all the same, and its code is not run."""
    write(folder / "acme" / "__init__.py", "raise SystemExit(3)\n")
    write(folder / "acme" / "price.py", "")
    write(folder / "good.py")
    path = folder / writable
    path.chmod(path.stat().st_mode | stat.S_IWOTH)
    report = opened(folder, "acme", "good").report
    assert [one.name for one in report.loaded] == ["good"]
    assert f"everybody can write to {path}: chmod" in report.broken[0].reason


def test_a_link_counts_as_what_it_leads_to(folder: Path, tmp_path: Path) -> None:
    """A safe folder with a link into an open one is not safe."""
    open_folder = tmp_path / "open"
    target = write(open_folder / "acme.py")
    (folder / "acme.py").symlink_to(target)
    opened(folder, "acme").report.check()
    sys.modules.pop(f"{PRIVATE}.acme")
    open_folder.chmod(0o777)
    assert f"everybody can write to {open_folder}" in reason(folder, "acme")


def test_a_link_that_leads_nowhere_harms_nothing(folder: Path) -> None:
    """Editors leave such links beside what they have open."""
    write(folder / "acme" / "__init__.py")
    (folder / "acme" / ".#price.py").symlink_to("user@host.123")
    opened(folder, "acme").report.check()


@pytest.mark.parametrize(
    ("name", "members", "trusted"),
    [
        ("alice", [], "yes"),
        ("alice", ["alice"], "yes"),
        ("alice", ["bob"], "no"),
        ("staff", [], "no"),
    ],
)
def test_only_the_owners_own_group_may_write(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, members: list[str], trusted: str
) -> None:
    """Systems with a group for each user make files writable for it; more than one is too many."""
    folder.chmod(0o720)
    group = (name, "x", 4711, members)
    user = ("alice", "x", os.geteuid(), 4711, "", "/", "/bin/sh")
    monkeypatch.setattr(grp, "getgrgid", lambda _: grp.struct_group(group))
    monkeypatch.setattr(pwd, "getpwuid", lambda _: pwd.struct_passwd(user))
    assert trusted == ("no" if trust.danger(folder) else "yes")


def test_another_users_folder_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A root that runs jobsched does not run what any user puts into a folder of theirs."""
    write(folder / "acme.py")
    os.chown(folder, 54321, -1) if os.geteuid() == 0 else monkeypatch.setattr(
        os, "geteuid", lambda: os.getuid() + 1
    )
    with pytest.raises(ConfigError, match="neither root nor the user of this process"):
        opened(folder, "acme")


def test_what_is_mounted_read_only_is_trusted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In containers, folders come from outside with any owner and mode; nobody inside writes."""
    folder.chmod(0o777)
    found = os.statvfs(folder)
    values = [*found[:8], found.f_flag | os.ST_RDONLY, found.f_namemax]
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(values))
    assert trust.danger(folder) == ""


def test_plugin_errors_name_the_plugin(folder: Path) -> None:
    """A file is told by the name that the configuration knows."""
    write(folder / "acme.py", "x = 1\n")
    with pytest.raises(PluginError) as caught:
        opened(folder, "acme").report.check()
    assert caught.value.plugin == "acme"
