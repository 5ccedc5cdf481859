"""The pages: which hooks and classes stand on which, in which order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jobsched import errors
from jobsched.contracts import (
    callback,
    change,
    check,
    log_store,
    order,
    planner,
    provider,
    runner,
    services,
)
from jobsched.domain import facts, job
from jobsched.hooks import specs
from tools.reference.docstring import parse
from tools.reference.markdown import anchor, plain, wrapped
from tools.reference.section import methods_of, of_class, of_function

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
ANEW = "make docs"
NOTE = f"<!-- written by `{ANEW}` from the docstrings: change those, not this page -->"

#: in the order in which they are called in a process's life, as they are defined
HOOKS = tuple(one for one in vars(specs).values() if hasattr(one, "jobsched_spec"))
#: what a plugin implements, and what goes in and out there
CONTRACTS: tuple[type, ...] = (
    provider.Provider,
    provider.InstanceStatus,
    provider.OwnedMachine,
    provider.Caps,
    runner.Runner,
    runner.ContainerStatus,
    runner.LogChunk,
    runner.MachineWarning,
    planner.Planner,
    planner.History,
    callback.CallbackAction,
    log_store.LogStore,
    log_store.LogPart,
    check.Check,
    check.Finding,
    order.MachineOrder,
    order.ContainerOrder,
    order.Credential,
    change.Change,
)
#: what the core lends
LENT: tuple[type, ...] = (
    services.Services,
    services.Clock,
    services.Ids,
    services.Spawn,
    services.Pool,
    services.Task,
    services.Log,
)
#: what is stored, and passes through the contracts
STORED: tuple[type, ...] = (
    job.Offer,
    job.Instance,
    job.Access,
    job.Container,
    job.Plan,
    job.Job,
    job.Spec,
    job.Attempt,
    job.Launch,
    job.Outcome,
    facts.Noted,
)


def pages() -> dict[Path, str]:
    """Give every generated page, by its file."""
    made = {"hooks.md": _hooks(), "contracts.md": _contracts()}
    return {FOLDER / name: "\n\n".join(parts) + "\n" for name, parts in made.items()}


def _hooks() -> Iterator[str]:
    yield "# Hooks"
    yield NOTE
    doc = parse(specs)
    yield from (wrapped(one) for one in (doc.summary, *doc.text))
    yield wrapped(
        "What a hook brings are instances of the [contracts](contracts.md). In the examples types "
        "are left out; `hookimpl` is `from jobsched import hookimpl`. How to begin: "
        "[write a provider](../how-to/write-a-provider.md)."
    )
    rows = [
        f"| [`{hook.__name__}`](#{anchor(hook.__name__)}) | {plain(parse(hook).summary)} |"
        for hook in HOOKS
    ]
    yield "\n".join(["| hook | |", "|---|---|", *rows])
    for hook in HOOKS:
        yield from of_function(hook, f"## `{hook.__name__}`")


def _contracts() -> Iterator[str]:
    yield "# Contracts"
    yield NOTE
    yield wrapped(
        "What a plugin hands over through its [hooks](hooks.md) are instances of these classes; "
        "the core calls them, and stores what they answer. Each method says when it is called, "
        "whether that may be repeated, what it may raise and how long it may take. The "
        "conformance kit tries these sentences ([test a plugin](../how-to/test-a-plugin.md)). In "
        "the examples types are left out."
    )
    for title, classes in (
        ("What a plugin implements, and what goes in and out", CONTRACTS),
        ("What the core lends to a plugin", LENT),
        ("What is stored with a job", STORED),
        ("What fails as expected", (errors.OperationFailed,)),
    ):
        yield "\n".join([f"| {title} | |", "|---|---|", *map(_row, classes)])
    for cls in (*CONTRACTS, *LENT, *STORED, errors.OperationFailed):
        yield from of_class(cls)


def _row(cls: type) -> str:
    links = [f"[`{name}`](#{anchor(f'{cls.__name__}.{name}')})" for name, _ in methods_of(cls)]
    what = " ".join(links) or plain(parse(cls).summary)
    return f"| [`{cls.__name__}`](#{anchor(cls.__name__)}) | {what} |"


__all__ = ["ANEW", "CONTRACTS", "HOOKS", "LENT", "STORED", "pages"]
