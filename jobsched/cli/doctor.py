"""``jobsched doctor``: what is wrong, before the first job meets it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jobsched.cli import option, output, setting

if TYPE_CHECKING:
    from jobsched.bootstrap.doctor import Result
    from jobsched.config import Config
    from jobsched.contracts.check import Check

#: Somebody should look, or something could not be looked at.
WARNED = 1
#: Jobs will not run, or not safely.
FAILED = 2
STORE_LOG = "jobsched.store.redis"
COLOURS = {"pass": "green", "warn": "yellow", "fail": "red", "unknown": "magenta"}
#: The longest verdict, and most names of checks.
VERDICT, NAME = 7, 22


@click.command(name="doctor")
@click.option(
    "--only",
    metavar="NAME",
    multiple=True,
    help="A check (redis, redis.memory), or a plugin with all of its checks; may be repeated.",
)
@click.option("--ec2", is_flag=True, help="The same as --only ec2_spot.")
@click.option(
    "--fix",
    is_flag=True,
    help="Rebuild index entries that contradict their record; changes nothing else.",
)
@setting.file
@option.as_json
def command(
    *, only: tuple[str, ...], ec2: bool, fix: bool, file: Path | None, as_json: bool
) -> None:
    """Look at what this deployment needs, and say what to do where something is wrong.

    Changes nothing (but with --fix), and needs no server that runs. Each line is one check: pass,
    warn, fail, or unknown where it could not be looked at.

    Exit codes: 0 all pass, 1 a warning or something unknown, 2 a failure.
    """
    import asyncio  # noqa: PLC0415 (not for --help, nor what follows)
    import logging  # noqa: PLC0415

    from jobsched import log  # noqa: PLC0415

    log.configure()
    # each check that opens the store would warn of what redis.durability tells
    logging.getLogger(STORE_LOG).setLevel(logging.ERROR)
    wanted = (*only, "ec2_spot") if ec2 else only
    verdicts = asyncio.run(_tell(wanted, file, fix=fix, as_json=as_json))
    if not as_json:
        counted = ", ".join(f"{verdicts[one]} {one}" for one in COLOURS if verdicts[one])
        output.progress(counted)
    if code := _code(verdicts):
        raise click.exceptions.Exit(code)


async def _tell(
    only: tuple[str, ...], file: Path | None, *, fix: bool, as_json: bool
) -> Counter[str]:
    """Write each result as it comes; give how many there are of each verdict."""
    from jobsched.bootstrap import doctor  # noqa: PLC0415 (everything of the server)

    verdicts: Counter[str] = Counter()
    async for result in doctor.examine(file=file, only=only, fix=fix, also=[of_processes]):
        if as_json:
            output.document(asdict(result))
        else:
            output.data(_line(result))
        verdicts[result.verdict] += 1
    return verdicts


def of_processes(config: Config) -> list[Check]:
    """Give the checks of what the API and the worker are made of."""
    from jobsched.web.check import Aiohttp, ApiToken  # noqa: PLC0415
    from jobsched.worker.check import Arq  # noqa: PLC0415

    return [ApiToken(config), Aiohttp(), Arq(config)]


def _line(result: Result) -> str:
    verdict = click.style(result.verdict.ljust(VERDICT), fg=COLOURS[result.verdict])
    return f"{verdict}  {result.check.ljust(NAME)}  {result.sentence}"


def _code(verdicts: Counter[str]) -> int:
    if verdicts["fail"]:
        return FAILED
    return WARNED if verdicts["warn"] or verdicts["unknown"] else 0


__all__ = ["command", "of_processes"]
