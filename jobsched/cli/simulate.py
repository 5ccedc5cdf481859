"""``jobsched simulate``: the production code in imagined worlds and virtual time."""

from __future__ import annotations

import os
from pathlib import Path

import click

from jobsched.cli import option

_FILE = click.Path(dir_okay=False, path_type=Path)
#: beyond it nothing but faults would happen
HOTTEST = 10
#: what says which of the two is asked for
STORM = ("jobs", "heat", "lossy", "seeds", "covered", "history", "processes")


@click.command(name="simulate")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    default=1000,
    show_default=True,
    help="Let so many jobs run in worlds where everything goes wrong.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="S",
    default=1,
    show_default=True,
    help="Of all that is chance.",
)
@click.option(
    "--heat",
    type=click.FloatRange(min=0, max=HOTTEST),
    metavar="H",
    default=1.0,
    show_default=True,
    help=f"How often things go wrong, up to {HOTTEST}; 1 is far more often than in life.",
)
@click.option("--lossy", is_flag=True, help="The store loses its last second now and then.")
@click.option(
    "--seeds",
    type=_FILE,
    metavar="FILE",
    help="Try the worlds of FILE first, and add those to it that break a promise.",
)
@click.option(
    "--covered",
    is_flag=True,
    help="Fail unless all was reached that must be, and the figures are met that are promised up "
    "to heat 1: few extra machines (not asked with --lossy) and short orphans. Takes 10,000 jobs.",
)
@click.option("--history", type=_FILE, metavar="FILE", help="Write all that happened into FILE.")
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    metavar="N",
    default=lambda: os.cpu_count() or 1,
    show_default="one for each core",
    help="Use so many; the answer is the same with any number.",
)
@click.option(
    "--scenario",
    type=_FILE,
    metavar="FILE",
    help="Answer a question instead (TOML): so many jobs, such machines, these caps.",
)
@click.option(
    "--plot",
    type=_FILE,
    metavar="FILE",
    help="Also draw the answer to --scenario into FILE, which ends with .svg or .png.",
)
@option.as_json
@click.pass_context
def command(
    context: click.Context,
    *,
    jobs: int,
    seed: int,
    heat: float,
    lossy: bool,
    seeds: Path | None,
    covered: bool,
    history: Path | None,
    processes: int,
    scenario: Path | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Let jobs go through jobsched's own code, on imagined machines and in virtual time.

    Hours take seconds, nothing is launched, and the same seed gives the same answer.

    Without --scenario everything goes wrong beside everything else: workers die and stand still,
    calls and answers are lost, machines never boot, are taken back or cut off. Each change of each
    job is held against what jobsched promises; exit code 1 says that a promise was broken.

    With --scenario it says how late jobs of yours would start, on how many machines, and what they
    would cost.
    """
    _check(context, is_scenario=scenario is not None)
    if heat != heat:  # noqa: PLR0124 - not a number
        raise click.UsageError("--heat is a number")
    # the whole engine: not for --help
    if scenario is not None:
        from jobsched.cli import simulate_scenario  # noqa: PLC0415

        simulate_scenario.answer(scenario, plot, seed, as_json=as_json)
        return
    from jobsched.cli import simulate_storm  # noqa: PLC0415

    asked = simulate_storm.Asked(
        jobs=jobs,
        seed=seed,
        heat=heat,
        lossy=lossy,
        seeds=seeds,
        covered=covered,
        history=history,
        processes=processes,
        as_json=as_json,
    )
    simulate_storm.answer(asked)


def _check(context: click.Context, *, is_scenario: bool) -> None:
    """Refuse options that would say nothing."""
    only = STORM if is_scenario else ("plot",)
    unset = click.core.ParameterSource.DEFAULT
    wrong = [name for name in only if context.get_parameter_source(name) != unset]
    if wrong:
        beside = "goes not with --scenario" if is_scenario else "needs --scenario"
        raise click.UsageError(f"--{wrong[0]} {beside}")


__all__ = ["command"]
