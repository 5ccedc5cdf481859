"""What a provider says of itself, before there is any machine."""

from __future__ import annotations

import re
from datetime import timedelta

from marshmallow import Schema

from jobsched.contracts.provider import Caps, Provider
from jobsched.domain.job import Instance
from jobsched.testing.conformance import document
from jobsched.testing.conformance.breach import expect
from jobsched.testing.conformance.machines import Machines
from jobsched.testing.conformance.promise import promised

WORD = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")
A_WORD = "Use a word of small letters, digits and _, at most 63."


class ProviderDeclaration:
    """Class attributes, and what is asked without a machine."""

    @promised(by=Provider, that="the name in the configuration", do=A_WORD)
    async def test_the_name_is_a_word(self, machines: Machines) -> None:
        """The provider has a name that can stand in a configuration."""
        name = getattr(machines.provider, "name", None)
        expect(WORD.match(str(name)), f"name is {name!r}")

    @promised(by=Provider, that="its section in GET /status", do=A_WORD)
    async def test_the_status_section_is_a_word(self, machines: Machines) -> None:
        """The section of the status has a name of its own."""
        section = getattr(machines.provider, "status_section", None)
        expect(WORD.match(str(section)), f"status_section is {section!r}")

    @promised(
        by=Provider,
        that="kinds of Access that its machines offer",
        do="Set access to a frozenset of words: frozenset({'docker_tls'}).",
    )
    async def test_the_kinds_of_access_are_words(self, machines: Machines) -> None:
        """The core compares the kinds with those of the job's runner, at the door."""
        kinds: object = getattr(machines.provider, "access", None)
        are_words = isinstance(kinds, frozenset) and kinds and all(map(document.is_text, kinds))
        expect(are_words, f"access is {kinds!r}")

    @promised(
        by=Provider,
        that="checks options.<name> of a job at the door; None: takes no options",
        do="Set options_schema to None or to the marshmallow class itself, not to an object of it.",
    )
    async def test_the_options_have_a_schema_class(self, machines: Machines) -> None:
        """The schema is a class, or there is none."""
        schema = machines.provider.options_schema
        is_class = isinstance(schema, type) and issubclass(schema, Schema)
        expect(schema is None or is_class, f"options_schema is {schema!r}")

    @promised(
        by=Provider,
        that='how long after a request "not found" means unknown',
        do="Set lead and settles_within to a timedelta of 0 or more.",
    )
    async def test_times_are_not_negative(self, machines: Machines) -> None:
        """The lead and the time to settle are times."""
        for name in ("lead", "settles_within"):
            time = getattr(machines.provider, name)
            is_time = isinstance(time, timedelta) and time >= timedelta(0)
            expect(is_time, f"{name} is {time!r}")

    @promised(
        by=Caps,
        that="How many machines a provider may have",
        do="Set caps to a jobsched.contracts.provider.Caps of whole numbers above 0, or None.",
    )
    async def test_caps_leave_room_for_a_machine(self, machines: Machines) -> None:
        """Each cap is a number of at least one, or none."""
        caps: object = machines.provider.caps
        expect(isinstance(caps, Caps), f"caps is {caps!r}")
        caps_of = machines.provider.caps
        for cap in (caps_of.alive, caps_of.hourly, caps_of.per_second):
            expect(cap is None or cap > 0, f"caps is {caps!r}")

    @promised(
        by=Provider.host,
        that="Give the id of the only host whose workers can use the machines",
        do="Give None, or an id that is the same in each process of one host and on no other.",
    )
    async def test_the_host_has_one_id(self, machines: Machines) -> None:
        """The host is None or a text, the same at each call and to each worker."""
        told = await machines.ask(machines.provider.host())
        expect(told is None or document.is_text(told), f"host gave {told!r}")
        for provider in (machines.provider, machines.another):
            again = await machines.ask(provider.host())
            expect(again == told, f"host gave {told!r}, then {again!r}")

    @promised(
        by=Provider.status,
        that="always the same keys, nulls without a machine",
        do="Give each key each time, with None for what there is not yet.",
    )
    async def test_the_status_always_has_the_same_keys(self, machines: Machines) -> None:
        """Whoever reads the status finds each key, whether there is a machine or not."""
        without = document.of(machines.provider.status(None), "status(None)")
        filled = [key for key, value in without.items() if value is not None]
        expect(not filled, f"status(None) gave a value for {filled}")
        launched = await machines.launch()
        found = document.of(machines.provider.status(launched.instance), "status(instance)")
        expect(
            found.keys() == without.keys(),
            f"without a machine the keys are {sorted(without)}, with one {sorted(found)}",
        )

    @promised(
        by=Provider.status,
        that="Pure; called at each request of a status; at once",
        do="Read the instance that is given, and nothing else: no clock, no cloud, no counter.",
    )
    async def test_the_status_is_pure(self, machines: Machines) -> None:
        """The same machine gives the same section, again and to another worker."""
        launched = await machines.launch()
        first = machines.provider.status(launched.instance)
        for provider in (machines.provider, machines.another):
            again = provider.status(launched.instance)
            expect(again == first, f"status gave {first}, then {again} for the same machine")

    @promised(
        by=Provider.status,
        that="it reads what it is given, which may be from an older version of the plugin",
        do="Use state.get(…): the record of a job may be older than this version.",
    )
    async def test_the_status_reads_what_an_older_version_kept(self, machines: Machines) -> None:
        """A state with other keys, or none, and a machine without an access are no error."""
        for state in ({}, {"conformance": [1]}):
            old = Instance(id="conformance", state=state)
            document.of(machines.provider.status(old), f"status({old})")


__all__ = ["A_WORD", "WORD", "ProviderDeclaration"]
