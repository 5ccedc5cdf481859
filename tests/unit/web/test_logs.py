"""The output of an attempt is given as text."""

from typing import Any, cast

import pytest
from aiohttp.test_utils import TestClient

from jobsched.contracts.log_store import LogPart
from jobsched.domain import facts
from jobsched.engine.parts import Parts
from jobsched.web.logs import joined
from tests.unit.web import kit

Api = TestClient[Any, Any]


def keep(parts: Parts, *kept: LogPart) -> None:
    """Put output into the log store."""
    cast("kit.FakeLogs", parts.registry.log_store).kept[kit.ID, 1] = list(kept)


async def test_output_is_text_that_no_browser_runs(
    api: Api, store: kit.FakeStore, parts: Parts
) -> None:
    """Whatever a container wrote is given as it was, as plain text (G6)."""
    store.jobs = {kit.ID: kit.make_job(*kit.GOOD)}
    written = b"<script>alert(1)</script>\x1b[31m\xff"
    keep(parts, LogPart(offset=0, data=written))

    answer = await api.get(f"/logs/{kit.ID}")

    assert (200, written) == (answer.status, await answer.read())
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Jobsched-Logs"] == "complete"


async def test_a_job_that_has_not_begun_has_an_empty_log(api: Api, store: kit.FakeStore) -> None:
    """No output yet is no error."""
    store.jobs = {kit.ID: kit.make_job()}

    answer = await api.get(f"/logs/{kit.ID}")

    assert (
        answer.status,
        await answer.text(),
        answer.headers["X-Jobsched-Logs"],
    ) == (200, "", "pending")


@pytest.mark.parametrize(("attempt", "status"), [(1, 200), (2, 404), (0, 422)])
async def test_an_attempt_is_asked_for_by_its_number(
    api: Api, store: kit.FakeStore, attempt: int, status: int
) -> None:
    """An attempt that there was not is a 404."""
    store.jobs = {kit.ID: kit.make_job(*kit.GOOD)}

    answer = await api.get(f"/logs/{kit.ID}?attempt={attempt}")

    assert status == answer.status


async def test_each_attempt_has_its_own_log(api: Api, store: kit.FakeStore, parts: Parts) -> None:
    """Without a number the latest attempt is meant; the first one's output stays reachable."""
    again = facts.Planned(at=kit.after(90), attempt=2, plan=kit.GOOD[0].plan)  # type: ignore[union-attr] # it is Planned
    failed = [
        facts.Ended(at=kit.after(35), attempt=1, launch=1, no=0, code=3)
        if isinstance(fact, facts.Ended)
        else fact
        for fact in kit.GOOD
    ]
    spec = kit.make_spec(retry=kit.Retry(on=("error",)))
    store.jobs = {kit.ID: kit.make_job(*failed, again, spec=spec)}
    keep(parts, LogPart(offset=0, data=b"the first"))

    latest = await api.get(f"/logs/{kit.ID}")
    first = await api.get(f"/logs/{kit.ID}?attempt=1")

    assert [await latest.text(), await first.text()] == ["", "the first"]


@pytest.mark.parametrize(
    ("found", "standing"),
    [
        (kit.until(facts.Started), "pending"),
        (kit.until(facts.Ended), "pending"),
        (kit.until(facts.LogsStored), "complete"),
        (
            (
                *kit.until(facts.Ended),
                facts.LogsStored(at=kit.after(40), attempt=1, launch=1, complete=False),
            ),
            "incomplete",
        ),
        (
            (
                *kit.until(facts.Started),
                facts.Gone(at=kit.after(40), attempt=1, launch=1, why="interrupted"),
                facts.Removed(at=kit.after(41), attempt=1, launch=1),
            ),
            "incomplete",
        ),
        (
            (
                *kit.until(facts.Planned),
                facts.GivenUp(at=kit.after(40), attempt=1, reason="no_capacity"),
            ),
            "complete",
        ),
    ],
    ids=["running", "ended", "stored", "stored in part", "lost with the machine", "never started"],
)
async def test_the_answer_says_whether_output_is_missing(
    api: Api, store: kit.FakeStore, found: tuple[facts.Fact, ...], standing: str
) -> None:
    """A header says whether more may come, and whether something is lost."""
    store.jobs = {kit.ID: kit.make_job(*found)}

    answer = await api.get(f"/logs/{kit.ID}")

    assert standing == answer.headers["X-Jobsched-Logs"]


def test_a_gap_is_marked() -> None:
    """Where something was cut out for size, a mark says how much."""
    parts = [LogPart(offset=0, data=b"head"), LogPart(offset=10, data=b"tail")]

    assert joined(parts) == b"head\n[... 6 bytes were cut out for size ...]\ntail"


def test_a_gap_at_the_beginning_is_marked() -> None:
    """Output whose beginning is lost does not look whole."""
    assert joined([LogPart(offset=5, data=b"tail")]).startswith(b"\n[... 5 bytes")


def test_parts_that_meet_are_joined_without_a_mark() -> None:
    """Parts without a gap, or that overlap, give each byte once."""
    parts = [
        LogPart(offset=0, data=b"abc"),
        LogPart(offset=3, data=b"def"),
        LogPart(offset=4, data=b"efgh"),
        LogPart(offset=1, data=b"bc"),
    ]

    assert joined(parts) == b"abcdefgh"
