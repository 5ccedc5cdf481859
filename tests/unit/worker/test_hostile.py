"""A plugin that does what no contract allows ends only its own attempts, by the rules."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from marshmallow import Schema, fields, validates

from jobsched.contracts.runner import ContainerStatus
from jobsched.domain.job import Attempt, Job, Limits
from jobsched.domain.state import State, reason_of, state_of
from jobsched.engine.call import PluginBug
from jobsched.errors import RunnerFailed, Unavailable
from jobsched.testing.simulator import violations
from jobsched.testing.virtual_time import run
from tests.unit.worker.hostile import (
    BROKEN,
    CHUNKS,
    PLANS,
    RUBBISH,
    WRONG_INSIDE,
    Calls,
    Scene,
    Work,
    after_the_effect,
    answering,
    clinging,
    hanging,
    raising,
    replaced,
    with_bystanders,
)

MOST = Limits().plugin_errors
ONCE = {"max_attempts": 1}
How = Callable[[Work], Work]


def story(work: Coroutine[Any, Any, None]) -> None:
    """Run a test's story in virtual time."""
    run(work)


def last(job: Job) -> Attempt:
    """Give the job's last attempt."""
    assert job.attempt is not None
    return job.attempt


def on_bad(method: str) -> dict[str, str]:
    """Name the bad part whose method this is."""
    return {"provider": "bad"} if method in OF_PROVIDER else {"runner": "bad"}


def break_method(scene: Scene, method: str, how: How) -> Calls:
    """Replace a method of the bad provider or runner."""
    return replaced(scene.provider if method in OF_PROVIDER else scene.runner, method, how)


def paused(calls: Calls) -> bool:
    """Whether the pauses between calls grow as a back-off does: never a hot loop."""
    gaps = [later - one for one, later in zip(calls.at, calls.at[1:], strict=False)]
    return all(gap >= 0.7 * 2**number for number, gap in enumerate(gaps))


#: these break before they could have an effect
AT_ONCE = {"an error before it is awaited", "a method that is not async"}
OF_PROVIDER = {"offers", "freeze", "provision", "find", "describe_all", "terminate"}
BEFORE = ("offers", "freeze", "provision", "prepare")


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("method", [*BEFORE, "inspect"])
def test_a_method_that_breaks_ends_its_own_attempt(method: str, how: str) -> None:
    """It is asked again a few times, with back-off; then the attempt ends, and nothing is left."""

    async def told() -> None:
        scene = await Scene.begin()
        calls = break_method(scene, method, BROKEN[how])
        ended = await with_bystanders(scene, retry=ONCE, **on_bad(method))
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "plugin_error")
        assert not last(ended).outcome.started  # type: ignore[union-attr] # it has ended
        assert len(calls) == MOST
        assert paused(calls)
        assert len(scene.heard.told("plugin.failed")) == MOST
        assert scene.heard.told("job.bug") == []
        assert violations(scene.simulation, [ended]) == []

    story(told())


@pytest.mark.parametrize("given", RUBBISH)
@pytest.mark.parametrize("method", [*BEFORE, "inspect"])
def test_rubbish_for_an_answer_ends_its_own_attempt(method: str, given: str) -> None:
    """What is no answer of the contract counts as a bug, wherever it comes from."""

    async def told() -> None:
        scene = await Scene.begin()
        calls = break_method(scene, method, RUBBISH[given])
        ended = await with_bystanders(scene, retry=ONCE, **on_bad(method))
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "plugin_error")
        assert f"bad.{method} gave" in last(ended).outcome.message  # type: ignore[union-attr] # it has ended
        assert len(calls) == MOST
        assert paused(calls)
        assert scene.heard.told("job.bug") == []
        assert violations(scene.simulation, [ended]) == []

    story(told())


@pytest.mark.parametrize(
    ("method", "given"), [(method, what) for method, all_ in WRONG_INSIDE.items() for what in all_]
)
def test_an_answer_that_is_wrong_inside_is_rubbish_too(method: str, given: str) -> None:
    """Every field is checked: nothing reaches the record that does not come back as it was."""

    async def told() -> None:
        scene = await Scene.begin()
        calls = break_method(scene, method, answering(WRONG_INSIDE[method][given]))
        ended = await with_bystanders(scene, retry=ONCE, **on_bad(method))
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "plugin_error")
        assert len(calls) == MOST
        assert paused(calls)
        assert scene.heard.told("job.bug") == []
        assert violations(scene.simulation, [ended]) == []

    story(told())


@pytest.mark.parametrize("how", [one for one in BROKEN if one not in AT_ONCE])
def test_a_machine_whose_launch_broke_is_found_and_given_back(how: str) -> None:
    """Its effect is unknown: the machine that is there after all is found, and terminated."""

    async def told() -> None:
        scene = await Scene.begin()
        calls = break_method(scene, "provision", after_the_effect(BROKEN[how]))
        ended = await with_bystanders(scene, retry=ONCE, provider="bad")
        assert reason_of(ended) == "plugin_error"
        assert len(calls) == MOST
        assert len(scene.simulation.world.machines) == 1 + 3
        assert violations(scene.simulation, [ended]) == []

    story(told())


@pytest.mark.parametrize("how", BROKEN)
def test_a_start_that_breaks_is_withdrawn_before_the_attempt_ends(how: str) -> None:
    """Each start has its own grant and container; the last doubt is resolved like any other."""

    async def told() -> None:
        scene = await Scene.begin()
        calls = break_method(scene, "start", BROKEN[how])
        withdrawn = replaced(scene.runner, "withdraw", lambda work: work)
        ended = await with_bystanders(scene, retry=ONCE, runner="bad")
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "plugin_error")
        assert not last(ended).outcome.started  # type: ignore[union-attr] # it has ended
        assert (len(calls), len(withdrawn)) == (MOST, MOST)
        assert paused(calls)
        assert len(scene.simulation.world.starts) == 3
        assert violations(scene.simulation, [ended]) == []

    story(told())


@pytest.mark.parametrize("how", ["a KeyError", "a cancel of its own", "an exit"])
def test_a_start_that_broke_after_its_effect_is_adopted(how: str) -> None:
    """The container runs: it is found running and ends well, started once."""

    async def told() -> None:
        scene = await Scene.begin()
        calls = break_method(scene, "start", after_the_effect(BROKEN[how]))
        ended = await with_bystanders(scene, runner="bad")
        assert (state_of(ended), len(ended.past), len(calls)) == (State.FINISHED, 0, 1)
        assert set(scene.simulation.world.starts.values()) == {1}
        assert violations(scene.simulation, [ended]) == []

    story(told())


@pytest.mark.parametrize("method", ["withdraw", "inspect"])
def test_a_doubt_that_cannot_be_resolved_ends_the_attempt_unretried(method: str) -> None:
    """The container may have run: the attempt ends with the bug, and is followed by none."""

    async def told() -> None:
        scene = await Scene.begin()
        granted = False

        def after_a_grant(work: Work) -> Work:
            async def called(*args: Any, **kwargs: Any) -> Any:
                if granted:
                    raise KeyError(method)
                return await work(*args, **kwargs)

            return called

        def noting(work: Work) -> Work:
            async def called(*args: Any, **kwargs: Any) -> Any:
                nonlocal granted
                granted = True
                await work(*args, **kwargs)
                raise KeyError("start")

            return called

        scene.simulation.world.runs = 1000
        if method == "withdraw":
            starts = break_method(scene, "start", BROKEN["a KeyError"])
            broken = break_method(scene, "withdraw", BROKEN["a KeyError"])
        else:
            starts = break_method(scene, "start", noting)
            broken = break_method(scene, "inspect", after_a_grant)
        job = await scene.schedule(runner="bad")
        async with scene.at_work():
            (ended,) = await scene.ended(job)
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "plugin_error")
        assert last(ended).outcome.started  # type: ignore[union-attr] # it has ended
        assert (len(starts), ended.past) == (1, ())
        assert len(broken) <= MOST
        assert violations(scene.simulation, [ended]) == []

    story(told())


@pytest.mark.parametrize("how", [hanging, clinging])
@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("offers", "expired"),
        ("freeze", "expired"),
        ("provision", "expired"),
        ("prepare", "pull_failed"),
        ("start", "machine_lost"),
        ("inspect", "outcome_unknown"),
    ],
)
def test_a_method_that_hangs_ends_its_own_attempt(method: str, reason: str, how: How) -> None:
    """It is given up after its time, even if it does not listen, until a deadline."""

    async def told() -> None:
        scene = await Scene.begin()
        calls = break_method(scene, method, how)
        late = timedelta(hours=3)
        bad = await scene.schedule(retry=ONCE, late_limit=late, **on_bad(method))
        good = [await scene.schedule() for _ in range(3)]
        async with scene.at_work():
            assert len(await scene.ended(*good, within=20)) == 3
            (ended,) = await scene.ended(bad, within=5 * 3600)
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, reason)
        assert calls.most_in_a_second == 1
        # never sooner than its 60 seconds
        assert len(calls) <= 3 * 60
        assert scene.heard.told("job.bug") == []
        assert violations(scene.simulation, [ended]) == []

    story(told())


def test_a_container_that_is_always_said_to_be_gone_is_not_made_for_ever() -> None:
    """A runner that lies in the words of the contract is believed a few times."""

    async def told() -> None:
        scene = await Scene.begin()
        calls = break_method(scene, "inspect", answering(ContainerStatus(phase="gone")))
        ended = await with_bystanders(scene, retry=ONCE, runner="bad")
        limits = Limits()
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "machine_lost")
        assert len(calls) == limits.machines * limits.tries
        assert violations(scene.simulation, [ended]) == []

    story(told())


@pytest.mark.parametrize("how", ["a KeyError", "a cancel of its own", "an exit"])
def test_a_retry_follows_as_before_any_start(how: str) -> None:
    """The container never started, so the job's own retries follow, each on its own machine."""

    async def told() -> None:
        scene = await Scene.begin()
        calls = break_method(scene, "prepare", BROKEN[how])
        ended = await with_bystanders(scene, runner="bad")
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "plugin_error")
        assert len(ended.past) == 2
        assert len(calls) == 3 * MOST
        assert scene.simulation.world.most_alive <= 1 + 3
        assert violations(scene.simulation, [ended]) == []

    story(told())


def test_the_word_unavailable_is_no_bug() -> None:
    """An author who says it means: ask again; with back-off, and not by losing the lease."""

    async def told() -> None:
        scene = await Scene.begin()
        times = 0

        def at_first(work: Work) -> Work:
            async def called(*args: Any, **kwargs: Any) -> Any:
                nonlocal times
                times += 1
                if times <= 7:
                    raise Unavailable("the cloud is closed")
                return await work(*args, **kwargs)

            return called

        calls = break_method(scene, "provision", at_first)
        ended = await with_bystanders(scene, provider="bad")
        assert (state_of(ended), len(ended.past)) == (State.FINISHED, 0)
        assert len(calls) == 8
        assert paused(calls)
        assert scene.heard.told("job.left") == []

    story(told())


@pytest.mark.parametrize("how", [*BROKEN, *RUBBISH])
def test_a_termination_that_breaks_is_tried_until_it_works(how: str) -> None:
    """The outcome stands; the machine is given back as soon as its plugin is mended."""

    async def told() -> None:
        scene = await Scene.begin()
        good = scene.provider.terminate
        calls = break_method(scene, "terminate", {**BROKEN, **RUBBISH}[how])
        job = await scene.schedule(provider="bad")
        async with scene.at_work():
            await scene.simulation.clock.sleep(3600)
            stuck = await scene.job(job)
            assert (state_of(stuck), reason_of(stuck)) == (State.FINISHING, "finished")
            # the pauses have grown to a minute
            assert len(calls) < 90
            scene.provider.terminate = good  # type: ignore[method-assign] # mended
            (ended,) = await scene.ended(job, within=120)
        assert state_of(ended) is State.FINISHED
        assert violations(scene.simulation, [ended]) == []

    story(told())


@pytest.mark.parametrize("how", [*BROKEN, *(one for one in RUBBISH if one != "a mapping")])
def test_a_sweep_that_breaks_hides_nobody_else(how: str) -> None:
    """Nothing is concluded from what was not said: jobs of it and of others end well."""

    async def told() -> None:
        scene = await Scene.begin(runs=100.0)
        calls = break_method(scene, "describe_all", {**BROKEN, **RUBBISH}[how])
        jobs = [await scene.schedule(provider="bad"), await scene.schedule()]
        async with scene.at_work():
            ended = await scene.ended(*jobs, within=200)
        assert [state_of(job) for job in ended] == [State.FINISHED] * 2
        assert 4 <= len(calls) <= 8
        assert violations(scene.simulation, ended) == []

    story(told())


def test_rubbish_about_one_machine_does_not_hide_the_others() -> None:
    """A machine of which rubbish is said is not gone; one that is really gone is seen to be."""

    async def told() -> None:
        scene = await Scene.begin(runs=200.0)
        first, second = [
            await scene.schedule(provider="bad", retry={"max_attempts": 1}) for _ in range(2)
        ]

        def rubbish_for_one(work: Work) -> Work:
            async def called(known: Any) -> Any:
                described = dict(await work(known))
                described[_token(await scene.job(first))] = "rubbish"
                return {**described, 7: None, "stranger": object()}

            return called

        break_method(scene, "describe_all", rubbish_for_one)
        async with scene.at_work():
            await scene.simulation.clock.sleep(50)
            launch = last(await scene.job(second)).launches[0]
            scene.simulation.world.end(scene.simulation.world.machines[launch.token])
            ended = await scene.ended(first, second)
        assert [reason_of(job) for job in ended] == ["finished", "machine_lost"]
        assert scene.heard.told("job.bug") == []

    story(told())


def _token(job: Job) -> str:
    return last(job).launches[0].token


@pytest.mark.parametrize(
    ("method", "how"),
    [
        *itertools.product(["logs", "write"], [*BROKEN, "hanging"]),
        *itertools.product(["logs"], CHUNKS),
    ],
)
def test_output_that_cannot_be_kept_costs_the_output_alone(method: str, how: str) -> None:
    """The outcome stands, and the machine is given back within the time that logs have (G3)."""

    async def told() -> None:
        scene = await Scene.begin()
        part = scene.runner if method == "logs" else scene.logs
        if how in CHUNKS:
            calls = replaced(part, "logs", _yielding(CHUNKS[how]))
        else:
            calls = replaced(part, method, {**BROKEN, "hanging": hanging}[how])
        job = await scene.schedule(runner="bad")
        async with scene.at_work():
            (ended,) = await scene.ended(job, within=200)
        assert state_of(ended) is State.FINISHED
        assert last(ended).launches[0].logs_complete is False
        assert len(calls) <= 12
        assert violations(scene.simulation, [ended]) == []

    story(told())


def _yielding(given: object) -> How:
    def how(work: Work) -> Work:
        del work

        async def called(*args: Any, **kwargs: Any) -> Any:
            del args, kwargs
            yield given

        return called

    return how


@pytest.mark.parametrize("how", [*BROKEN, *RUBBISH])
def test_a_watch_that_breaks_is_done_without(how: str) -> None:
    """The end of the container is seen by looking; nobody else's stream is cut."""

    async def told() -> None:
        scene = await Scene.begin(runs=30.0)
        calls = break_method(scene, "watch", {**BROKEN, **RUBBISH}[how])
        ended = await _finishing(scene, runner="bad")
        assert (state_of(ended), len(ended.past)) == (State.FINISHED, 0)
        assert calls.most_in_a_second <= 2
        assert scene.heard.told("job.bug") == []
        assert violations(scene.simulation, [ended]) == []

    story(told())


async def _finishing(scene: Scene, **asked: Any) -> Job:
    job = await scene.schedule(**asked)
    async with scene.at_work():
        # without a hint it is looked at every five minutes, where a runner says that it can watch
        (ended,) = await scene.ended(job, within=400)
    return ended


def test_a_watch_that_names_rubbish_is_opened_again_in_peace() -> None:
    """What is no name hints at nothing, and does not make the worker spin."""

    async def told() -> None:
        scene = await Scene.begin(runs=30.0)
        calls = break_method(scene, "watch", _yielding({"not": "a name"}))
        ended = await _finishing(scene, runner="bad")
        assert state_of(ended) is State.FINISHED
        assert calls.most_in_a_second <= 2
        assert len(calls) < 100
        assert scene.heard.told("plugin.failed")

    story(told())


@pytest.mark.parametrize("how", [*RUBBISH, "a KeyError", "an exit"])
def test_a_boot_script_that_breaks_ends_its_own_attempt(how: str) -> None:
    """It is asked outside of any wait, and guarded all the same."""

    async def told() -> None:
        scene = await Scene.begin()
        errors = {"a KeyError": KeyError("script"), "an exit": SystemExit(1)}

        def at_once(work: Work) -> Work:
            del work

            def called(order: Any) -> Any:
                if how in errors:
                    raise errors[how]
                return _GIVEN[how]

            return called

        calls = break_method(scene, "boot_script", at_once)
        ended = await with_bystanders(scene, retry=ONCE, runner="bad")
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "plugin_error")
        assert len(calls) == MOST
        assert paused(calls)
        assert scene.simulation.world.machines.keys() == {
            token for token, one in scene.simulation.world.machines.items() if one.phase == "gone"
        }

    story(told())


_GIVEN: dict[str, object] = {
    "nothing": None,
    "a number": 7,
    "a mapping": {"script": "true"},
    "a list of texts": ["true"],
    "an object": object(),
}


@pytest.mark.parametrize("how", [*PLANS, "a KeyError", "a cancel of its own", "an exit"])
def test_a_planner_that_breaks_loses_no_job(how: str) -> None:
    """The job is accepted all the same; a worker asks again, and reports what it sees."""

    async def told() -> None:
        scene = await Scene.begin()
        errors = {
            "a KeyError": KeyError("plan"),
            "a cancel of its own": asyncio.CancelledError(),
            "an exit": SystemExit(1),
        }

        def at_once(work: Work) -> Work:
            del work

            def called(*args: Any) -> Any:
                del args
                if how in errors:
                    raise errors[how]
                return PLANS[how]

            return called

        calls = replaced(scene.planner, "plan", at_once)
        ended = await with_bystanders(scene, planner="bad")
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "plugin_error")
        assert "bad.plan" in last(ended).outcome.message  # type: ignore[union-attr] # it has ended
        # at the door, and once for each attempt
        assert len(calls) == 1 + 3
        assert scene.simulation.world.most_alive <= 3

    story(told())


def test_words_of_an_expected_failure_are_kept_readable() -> None:
    """A message of a megabyte, with half a character in it, neither fills nor breaks the record."""

    async def told() -> None:
        scene = await Scene.begin()
        error = RunnerFailed("image_not_found", "\ud800" + "x" * 1_000_000, then="fail")
        calls = break_method(scene, "prepare", raising(error))
        ended = await with_bystanders(scene, runner="bad")
        assert (reason_of(ended), len(calls)) == ("image_not_found", 1)
        message = last(ended).outcome.message  # type: ignore[union-attr] # it has ended
        assert message.startswith("?xxx")
        assert len(message) == 2000

    story(told())


async def _refusing(asked: dict[str, Any]) -> str:
    scene = await Scene.begin()
    scene.provider.options_schema = BadSchema  # type: ignore[misc] # this one's own
    with pytest.raises(PluginBug) as failed:
        await scene.schedule(provider="bad", options={"bad": asked})
    assert len(scene.heard.told("plugin.failed")) == 1
    return failed.value.message


class BadSchema(Schema):
    """A schema of options that looks at what is not there."""

    size = fields.Integer()

    @validates("size")
    def check(self, value: int, **_: Any) -> None:
        """Break."""
        raise KeyError(value)


def test_a_schema_of_options_that_breaks_is_told_by_name() -> None:
    """The job cannot be checked, so it is not accepted; the answer says whose bug it is."""
    assert run(_refusing({"size": 1})) == "bad.options_schema failed: KeyError"
