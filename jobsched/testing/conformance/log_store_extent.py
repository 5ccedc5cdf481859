"""Whose logs are whose: jobs, attempts, processes, and what is forgotten."""

from __future__ import annotations

from jobsched.contracts.log_store import LogStore
from jobsched.testing.conformance.breach import expect
from jobsched.testing.conformance.logs import Logs
from jobsched.testing.conformance.promise import promised


class LogStoreExtent:
    """What belongs together, and what does not."""

    @promised(
        by=LogStore,
        that="Logs of attempts, addressed by byte offset.",
        do="Let job and attempt be part of what a piece is stored under.",
    )
    async def test_attempts_are_kept_apart(self, logs: Logs) -> None:
        """Each attempt of each job has an output of its own, that begins at 0."""
        one, other = logs.job(), logs.job()
        await logs.write(one, 0, b"first", attempt=1)
        await logs.write(one, 0, b"second", attempt=2)
        await logs.write(one, 0, b"tenth", attempt=10)
        await logs.write(other, 0, b"other", attempt=1)
        await logs.expect(one, (0, b"first"), attempt=1)
        await logs.expect(one, (0, b"second"), attempt=2)
        await logs.expect(one, (0, b"tenth"), attempt=10)
        await logs.expect(other, (0, b"other"), attempt=1)

    @promised(
        by=LogStore.delete,
        that="Forget all logs of the job.",
        do="Delete what is stored under the job, of every attempt, and of no other job.",
    )
    async def test_deleting_forgets_all_of_one_job(self, logs: Logs) -> None:
        """All its attempts are gone, and another job's logs are not."""
        one, other = logs.job(), logs.job()
        for attempt in (1, 2):
            await logs.write(one, 0, b"one", attempt=attempt)
            await logs.write(one, 3, b"more", attempt=attempt)
        await logs.write(other, 0, b"other")
        await logs.delete(one)
        await logs.expect_nothing(one, attempt=1)
        await logs.expect_nothing(one, attempt=2)
        await logs.expect(other, (0, b"other"))

    @promised(
        by=LogStore.delete, that="May be repeated.", do="Let it succeed where there is nothing."
    )
    async def test_deleting_may_be_repeated(self, logs: Logs) -> None:
        """Also of a job that never wrote anything."""
        job = logs.job()
        await logs.delete(job)
        await logs.write(job, 0, b"one")
        await logs.delete(job)
        await logs.delete(job)
        await logs.expect_nothing(job)

    @promised(
        by=LogStore,
        that="Every process of the deployment reads what any of them has written.",
        do="Keep nothing in the process: the API reads what workers write.",
    )
    async def test_another_process_reads_it(self, logs: Logs) -> None:
        """Written by one, gone on with by another, read by both."""
        job = logs.job()
        await logs.write(job, 0, b"one")
        await logs.write(job, 3, b"two", by_another=True)
        found = await logs.read(job, by_another=True)
        expect(found == [(0, b"onetwo")], f"the other process read {found}")
        await logs.expect(job, (0, b"onetwo"))


__all__ = ["LogStoreExtent"]
