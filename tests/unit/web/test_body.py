"""JSON is read strictly."""

import json
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobsched.web.body import DEEPEST, parse
from jobsched.web.errors import Rejected

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_json_is_read_as_the_standard_library_writes_it(value: object) -> None:
    """Whatever is proper JSON is read as it was written."""
    assert value == parse(json.dumps(value).encode())


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """Bytes that are no JSON are refused with a 400, never with another error."""
    statuses = []
    try:
        parse(raw)
    except Rejected as refused:
        statuses.append(refused.status)

    assert set(statuses) <= {HTTPStatus.BAD_REQUEST}


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "at line 1, column 1"),
        (b"{} {}", "at line 1, column 4"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b'"\xff"', "UTF-8"),
        (b"NaN", "NaN"),
        (b"[-Infinity]", "Infinity"),
        (b"1e999", "too large"),
        (b"9" * 10_000, "too long"),
        (b'{"a": {"b": 1, "b": 1}}', "same name twice"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
        (b"[" * 200_000, "deeply"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "deeply"),
        (b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1), "deeply"),
    ],
)
def test_what_is_wrong_with_a_body_is_said(raw: bytes, why: str) -> None:
    """Each kind of bad JSON is refused with a sentence that names what is wrong."""
    with pytest.raises(Rejected) as refused:
        parse(raw)

    assert why in refused.value.detail


def test_nesting_up_to_the_limit_is_read() -> None:
    """The deepest nesting that is allowed is read."""
    value = parse(b"[" * DEEPEST + b"]" * DEEPEST)

    assert json.dumps(value).count("[") == DEEPEST
