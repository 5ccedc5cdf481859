"""``jobsched simulate``: the production code in an imagined world and virtual time."""

from __future__ import annotations

from pathlib import Path

import click

from jobsched.cli import option

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(name="simulate")
@click.option(
    "--scenario",
    type=_FILE,
    metavar="FILE",
    help="A scenario (TOML): so many jobs at these times, such machines, these caps.",
)
@click.option(
    "--plot",
    type=_FILE,
    metavar="FILE",
    help="Also draw the answer to --scenario into FILE, which ends with .svg or .png.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of all that is chance.")
@option.as_json
def command(*, scenario: Path | None, plot: Path | None, seed: int, as_json: bool) -> None:
    """Say how late jobs would start, on how many machines, and what they would cost.

    The scenario's jobs go through jobsched's own code, on imagined machines and in virtual time:
    hours take seconds, and nothing is launched. The same scenario and seed give the same answer.
    """
    if scenario is None:
        raise click.UsageError("name a scenario: --scenario FILE")
    from jobsched.cli import simulate_scenario  # noqa: PLC0415 (the whole engine: not for --help)

    simulate_scenario.answer(scenario, plot, seed, as_json=as_json)


__all__ = ["command"]
