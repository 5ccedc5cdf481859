"""What a runner says of itself, before there is any container."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from marshmallow import Schema

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.runner import Runner
from jobsched.domain.job import Container
from jobsched.engine.answer import LONGEST_TEXT
from jobsched.testing.conformance import document
from jobsched.testing.conformance.breach import expect
from jobsched.testing.conformance.containers import Containers
from jobsched.testing.conformance.promise import promised

WORD = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")
A_WORD = "Use a word of small letters, digits and _, at most 63."


class RunnerDeclaration:
    """Class attributes, and what is asked without a machine."""

    @promised(by=Runner, that="the name in the configuration", do=A_WORD)
    async def test_the_name_is_a_word(self, containers: Containers) -> None:
        """The runner has a name that can stand in a configuration."""
        name = getattr(containers.runner, "name", None)
        expect(WORD.match(str(name)), f"name is {name!r}")

    @promised(by=Runner, that="its section in GET /status", do=A_WORD)
    async def test_the_status_section_is_a_word(self, containers: Containers) -> None:
        """The section of the status has a name of its own."""
        section = getattr(containers.runner, "status_section", None)
        expect(WORD.match(str(section)), f"status_section is {section!r}")

    @promised(
        by=Runner,
        that="kinds of Instance.access that it can use",
        do="Set access to a frozenset of words: frozenset({'docker_tls'}).",
    )
    async def test_the_kinds_of_access_are_words(self, containers: Containers) -> None:
        """The core compares the kinds with those of the job's provider, at the door."""
        kinds: object = getattr(containers.runner, "access", None)
        are_words = isinstance(kinds, frozenset) and kinds and all(map(document.is_text, kinds))
        expect(are_words, f"access is {kinds!r}")
        access = containers.instance.access
        can_use = access is None or access.kind in containers.runner.access
        expect(
            can_use, f"the fixture `instance` has an access of the kind {access and access.kind}"
        )

    @promised(
        by=Runner,
        that="checks options.<name> of a job at the door; None: takes no options",
        do="Set options_schema to None or to the marshmallow class itself, not to an object of it.",
    )
    async def test_the_options_have_a_schema_class(self, containers: Containers) -> None:
        """The schema is a class, or there is none."""
        schema = containers.runner.options_schema
        is_class = isinstance(schema, type) and issubclass(schema, Schema)
        expect(schema is None or is_class, f"options_schema is {schema!r}")

    @promised(
        by=Runner.boot_script,
        that="Pure: the same order gives the same bytes",
        do="Make the script from the order and the configuration alone: no clock, no randomness.",
    )
    async def test_the_boot_script_is_pure(self, containers: Containers) -> None:
        """The script is a text, the same again and from another worker."""
        order = MachineOrder(
            deployment=containers.template.deployment,
            job=containers.order(containers.programs.ends_with(0)).job,
            attempt=1,
            launch=1,
            token="ab" * 32,
            boot_script="",
            dies_at=datetime(2030, 1, 1, tzinfo=UTC),
        )
        first = containers.runner.boot_script(order)
        expect(document.is_text(first) or first == "", f"boot_script gave {first!r}")
        for runner in (containers.runner, containers.another):
            again = runner.boot_script(order)
            expect(again == first, f"boot_script gave\n    {first}\n  and then\n    {again}")
        size = len(first.encode())
        expect(size <= LONGEST_TEXT, f"the script has {size} bytes; the most is {LONGEST_TEXT}")

    @promised(
        by=Runner.status,
        that="Always the same keys, nulls without a container",
        do="Give each key each time, with None for what there is not yet.",
    )
    async def test_the_status_always_has_the_same_keys(self, containers: Containers) -> None:
        """Whoever reads the status finds each key, whether there is a container or not."""
        without = document.of(containers.runner.status(None), "status(None)")
        filled = [key for key, value in without.items() if value is not None]
        expect(not filled, f"status(None) gave a value for {filled}")
        container = await containers.prepared(containers.programs.ends_with(0))
        found = document.of(containers.runner.status(container), "status(container)")
        expect(
            found.keys() == without.keys(),
            f"without a container the keys are {sorted(without)}, with one {sorted(found)}",
        )

    @promised(
        by=Runner.status,
        that="Pure",
        do="Read the container that is given, and nothing else: no clock, no engine, no counter.",
    )
    async def test_the_status_is_pure(self, containers: Containers) -> None:
        """The same container gives the same section, again and to another worker."""
        container = await containers.prepared(containers.programs.ends_with(0))
        first = containers.runner.status(container)
        for runner in (containers.runner, containers.another):
            again = runner.status(container)
            expect(again == first, f"status gave {first}, then {again} for the same container")

    @promised(
        by=Runner.status,
        that="it reads what it is given, which may be from an older version of the plugin",
        do="Use state.get(…): the record of a job may be older than this version.",
    )
    async def test_the_status_reads_what_an_older_version_kept(
        self, containers: Containers
    ) -> None:
        """A state with other keys, or none, and an id that was never known are no error."""
        for state in ({}, {"conformance": [1]}):
            old = Container(name="conformance", state=state)
            document.of(containers.runner.status(old), f"status({old})")


__all__ = ["RunnerDeclaration"]
