"""A job's secrets do not reach its log."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobsched.contracts.runner import LogChunk
from jobsched.domain.state import State, state_of
from jobsched.engine.mask import LARGEST, Mask
from jobsched.secrets import ConfiguredSecrets
from jobsched.testing.simulator import Simulation
from jobsched.testing.simulator import simulation as simulator
from jobsched.testing.virtual_time import run

CANARY = "canary-6f1c2b9e"


def masked(secrets: list[str], *pieces: bytes) -> bytes:
    """Give what is kept of an output that comes in these pieces."""
    mask, offset, kept = Mask(secrets), 0, b""
    chunks: list[LogChunk] = []
    for piece in pieces:
        chunks += mask.through(LogChunk(offset=offset, data=piece))
        offset += len(piece)
    for chunk in (*chunks, *mask.rest()):
        assert chunk.offset == len(kept)
        assert len(chunk.data) <= LARGEST
        kept += chunk.data
    return kept


@pytest.mark.parametrize(
    ("secrets", "output", "kept"),
    [
        ([], b"all of it", b"all of it"),
        (["abcd"], b"x abcd y abcdabcd", b"x **** y ********"),
        (["abcd", "abcdef"], b"abcdef abcd", b"****** ****"),
        (["f\u00fcnf"], "f\u00fcnf".encode(), b"*****"),
        (["a+b(c"], b"a+b(c aab(c", b"***** aab(c"),
        # it would be found in every output
        (["abc", ""], b"abc", b"abc"),
    ],
)
def test_stars_take_the_place_of_each_byte(secrets: list[str], output: bytes, kept: bytes) -> None:
    """The longest value counts; what is too short to be told from other words stays."""
    assert masked(secrets, output) == kept


@given(
    st.lists(st.text("ab\u00e9", min_size=4, max_size=7), max_size=3),
    st.lists(st.text("ab\u00e9").map(str.encode), max_size=12),
)
def test_it_does_not_matter_how_the_output_is_cut(secrets: list[str], pieces: list[bytes]) -> None:
    """A secret that begins in one piece and ends in another is masked all the same."""
    whole = b"".join(pieces)
    kept = masked(secrets, *pieces)
    assert kept == masked(secrets, whole)
    assert len(kept) == len(whole)
    assert not [one for one in secrets if one.encode() in kept]


def test_a_large_piece_stays_within_what_a_store_takes() -> None:
    """What was held back of the piece before makes none too large."""
    output = b"x" * (3 * LARGEST)
    pieces = [output[at : at + LARGEST] for at in range(0, len(output), LARGEST)]
    assert masked(["k" * 5000], *pieces) == output


def test_a_secret_that_a_job_prints_is_not_in_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was given to it by name is masked before its output is kept (G5)."""
    secrets = functools.partial(ConfiguredSecrets, values={"database": CANARY})
    monkeypatch.setattr(simulator, "ConfiguredSecrets", secrets)

    async def story() -> None:
        simulation = await Simulation.begin()
        simulation.world.output = f"password={CANARY}\n".encode()
        async with simulation.worker():
            job = await simulation.schedule(secret_env={"PASSWORD": "database"})
            (ended,) = await simulation.ended(job)
        assert state_of(ended) is State.FINISHED
        (part,) = await simulation.store().logs().read(job, 1)
        assert part.data == b"password=" + b"*" * len(CANARY) + b"\n"

    run(story())
