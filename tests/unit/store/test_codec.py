"""A job is written and read without a loss."""

import json
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobsched.domain import job as domain
from jobsched.domain.job import Instance, Job, Limits, Spec
from jobsched.errors import NewerRecord, UnreadableRecord
from jobsched.store import codec

json_values: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5)
)
json_values |= st.lists(json_values, max_size=2)
times = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  the strategy adds the zone
spans = st.timedeltas(timedelta(0), timedelta(days=400))
objects = st.dictionaries(st.text(max_size=5), json_values, max_size=2)


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Give a strategy for a type of the record."""
    if hint in {datetime, timedelta, str, int, bool, float, NoneType}:
        return {datetime: times, timedelta: spans, str: st.text(max_size=5)}.get(
            hint, st.from_type(hint)
        )
    if hint is Decimal:
        return st.decimals(0, 1000, places=4)
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        return st.builds(hint, **{field.name: values(hints[field.name]) for field in fields(hint)})
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin is tuple:
        return st.lists(values(inner[0]), max_size=1).map(tuple)
    if origin is dict:
        texts = st.text(max_size=3)
        return objects if inner[1] is Any else st.dictionaries(texts, values(inner[1]), max_size=1)
    if origin in {Union, UnionType}:
        return st.one_of(*(values(one) for one in reversed(inner)))
    return values(hint.__supertype__)


given_job = st.deferred(lambda: values(Job))


@given(given_job)
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_job_is_read_as_it_was_written(job: Job) -> None:
    """Whatever the fields hold, reading gives back what was written."""
    assert codec.decode(codec.encode(job)) == job


def example() -> Job:
    """A small job."""
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    spec = Spec(schedule=at, docker_image="busybox", provider="p", runner="r", planner="d")
    return Job(id=domain.JobId("a" * 32), spec=spec, accepted_at=at)


def test_empty_fields_are_left_out_and_other_defaults_are_written() -> None:
    """A later version with other limits still reads what was meant; what is empty takes no room."""
    written = json.loads(codec.encode(example()))
    assert "attempt" not in written
    assert "env" not in written["spec"]
    assert "labels" not in written["spec"]
    assert set(written["spec"]["limits"]) == {field.name for field in fields(Limits)}
    assert "retry" in written["spec"]
    assert written["schema"] == 1
    assert len(codec.encode(example())) < 900


@pytest.mark.parametrize(
    "document",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"id": 7}', codec.encode(example())[:-1]],
)
def test_a_broken_document_is_unreadable(document: bytes) -> None:
    """What is no job raises UnreadableRecord, whatever it is."""
    with pytest.raises(UnreadableRecord) as caught:
        codec.decode(document)
    assert not isinstance(caught.value, NewerRecord)


def test_a_newer_schema_is_not_even_parsed() -> None:
    """The schema is checked first: a newer record is not called broken."""
    with pytest.raises(NewerRecord):
        codec.decode(b"{", domain.SCHEMA + 1)


def test_a_field_of_a_later_version_is_passed_over() -> None:
    """A document with more fields is read, as its schema says that it can be."""
    written = json.loads(codec.encode(example()))
    written["spec"]["later"] = {"a": 1}
    assert codec.decode(json.dumps(written).encode()) == example()


def test_what_an_earlier_version_did_not_know_has_its_default() -> None:
    """A document without a field whose default is not empty is read as one that has the default."""
    written = json.loads(codec.encode(example()))
    del written["spec"]["timeout"], written["spec"]["retry"]
    del written["spec"]["limits"]["machines"], written["spec"]["limits"]["token"]
    assert codec.decode(json.dumps(written).encode()) == example()
    del written["spec"]["limits"]
    assert codec.decode(json.dumps(written).encode()) == example()


def test_limits_are_those_of_the_document() -> None:
    """Limits that were read before are not taken for those of another job."""
    tight = replace(example(), spec=replace(example().spec, limits=Limits(machines=1)))
    written = [codec.encode(job) for job in (example(), tight, example())]
    assert [codec.decode(one).spec.limits.machines for one in written] == [5, 1, 5]


def test_broken_limits_are_unreadable() -> None:
    """Limits are checked like all else, though they are read apart."""
    written = json.loads(codec.encode(example()))
    written["spec"]["limits"]["machines"] = "many"
    with pytest.raises(UnreadableRecord):
        codec.decode(json.dumps(written).encode())


def test_what_is_no_json_is_refused_when_it_is_written() -> None:
    """A plugin's state that is no JSON raises TypeError and is not written otherwise."""
    spec = replace(example().spec, options={"p": {"a": object()}})
    with pytest.raises(TypeError):
        codec.encode(replace(example(), spec=spec))


def dataclasses_in(module: Any) -> list[type[Any]]:
    """Give the dataclasses of a module."""
    return [one for one in vars(module).values() if isinstance(one, type) and is_dataclass(one)]


def test_every_part_of_a_job_has_a_twin() -> None:
    """The codec knows every dataclass of the record."""
    known: dict[type[Any], Any] = {}
    codec._twin(Job, known, codec._to_write)
    assert set(known) == set(dataclasses_in(domain))


def test_a_machine_with_a_code_of_zero_keeps_it() -> None:
    """Zero is left out only where it is the default."""
    at = example().accepted_at
    ending = domain.Ending(at=at, code=0)
    launch = domain.Launch(
        no=1,
        begun_at=at,
        token="t",
        offer=0,
        request="{}",
        dies_at=at,
        settles_until=at,
        destroys_machine=False,
        ending=ending,
        logs_complete=False,
        instance=Instance(id="i"),
    )
    plan = domain.Plan(provision_at=at, start_at=at)
    attempt = domain.Attempt(no=1, planned_at=at, plan=plan, launches=(launch,))
    job = replace(example(), attempt=attempt)
    assert codec.decode(codec.encode(job)) == job
