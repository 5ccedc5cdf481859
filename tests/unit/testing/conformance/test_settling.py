"""Looking again until something is so."""

from datetime import timedelta

from jobsched.testing.conformance.settling import settled


async def test_looks_until_it_is_so() -> None:
    """The first look that shows it ends the wait."""
    seen = iter([1, 2, 3, 4])

    async def look() -> int:
        return next(seen)

    assert await settled(look, lambda number: number == 3, within=timedelta(seconds=30)) == 3


async def test_gives_the_last_look_when_time_is_over() -> None:
    """What was seen after the time is given, so or not so; without time there is one look."""
    looks = 0

    async def look() -> int:
        nonlocal looks
        looks += 1
        return looks

    assert await settled(look, lambda _: False, within=timedelta(0)) == 1
    assert await settled(look, lambda _: False, within=timedelta(milliseconds=60)) > 2
