"""Numbers over time, and the times in which a cap is reached."""

from datetime import UTC, datetime, timedelta

from jobsched.testing.simulator.scenario.line import Span, line_of, most, reached

ZERO = datetime(2026, 1, 1, tzinfo=UTC)


def _at(second: float) -> datetime:
    return ZERO + timedelta(seconds=second)


def _span(since: float, until: float) -> Span:
    return Span(_at(since), _at(until))


def test_each_moment_has_one_number() -> None:
    """What comes in the moment in which another goes takes its place."""
    line = line_of([_span(0, 10), _span(10, 20), _span(5, 15)])
    assert line == [(_at(0), 1), (_at(5), 2), (_at(10), 2), (_at(15), 1), (_at(20), 0)]
    assert most(line) == 2


def test_nothing_is_nothing() -> None:
    """Without anything there is no line, and no cap is reached."""
    assert most(line_of([])) == 0
    assert reached(line_of([]), 1).length == timedelta(0)


def test_a_cap_is_reached_from_to() -> None:
    """It is reached while there are so many; the parts count together."""
    times = reached(line_of([_span(0, 10), _span(5, 15), _span(20, 30), _span(22, 24)]), 2)
    assert list(times.spans) == [_span(5, 10), _span(22, 24)]
    assert times.length == timedelta(seconds=7)


def test_how_much_lies_within() -> None:
    """Of a time, what lies in others counts, whichever begins first."""
    times = reached(line_of([_span(10, 20), _span(30, 40)]), 1)
    within = {
        (0, 5): 0,
        (0, 15): 5,
        (12, 14): 2,
        (15, 35): 10,
        (20, 30): 0,
        (0, 50): 20,
        (45, 50): 0,
    }
    assert within == {one: times.within(_span(*one)).total_seconds() for one in within}
