"""No script that writes is left out of the races."""

import re
from pathlib import Path

from jobsched.store import script
from tests.integration.store.beds import RedisBed

LUA = Path(script.__file__).parent / "lua"
#: Which test races a script; one that writes and is not here fails.
RACED = {
    "accept": ["test_one_id_makes_one_job", "test_one_key_makes_one_job"],
    "acknowledge": ["test_each_change_is_acknowledged_once"],
    "bind": ["test_a_name_is_bound_once"],
    "changes": ["test_each_change_goes_to_one_consumer", "test_changes_of_the_dead_go_to_one"],
    "check": ["test_an_empty_store_gets_one_owner"],
    "clear_alarm": ["test_an_alarm_is_new_once"],
    "claim": ["test_each_job_is_claimed_once", "test_a_wanted_job_is_claimed_once"],
    "examine": ["test_many_that_look_leave_no_entry_out"],
    "halt": ["test_a_provider_is_halted_once", "test_nothing_begins_while_it_is_halted"],
    "hold_back": ["test_who_is_held_back_goes_to_nobody"],
    "let_go": ["test_who_is_held_back_goes_to_nobody"],
    "lock": ["test_a_lock_has_one_holder_among_many", "test_a_lock_has_one_holder_at_a_time"],
    "log_delete": ["test_deleted_logs_leave_nothing"],
    "log_write": ["test_logs_of_many_writers_are_intact"],
    "overdue": ["test_what_is_claimed_is_not_overdue"],
    "permit": ["test_a_permit_is_used_by_one"],
    "prune": ["test_an_ended_job_is_pruned_once"],
    "raise_alarm": ["test_an_alarm_is_new_once"],
    "refill": [
        "test_a_refill_wakes_what_fits",
        "test_a_refill_spends_no_slot_that_others_take",
        "test_a_refill_and_launches_keep_the_pace",
    ],
    "release": ["test_a_release_loses_nothing", "test_a_released_job_has_one_holder"],
    "renew": ["test_an_expired_lease_goes_to_one", "test_no_fact_is_missed_by_the_holder"],
    "repair": [
        "test_a_repair_hands_no_job_to_two",
        "test_a_repair_takes_no_slot_that_is_taken_meanwhile",
    ],
    "restore": ["test_of_many_restores_one_comes_to_its_end"],
    "resume": ["test_a_resume_wakes_what_fits", "test_nothing_begins_while_it_is_halted"],
    "save": [
        "test_one_of_many_saves_wins",
        "test_the_cap_of_machines_is_never_passed",
        "test_the_hourly_cap_is_never_passed",
        "test_the_pace_is_never_passed",
        "test_slots_are_handed_on",
    ],
    "see_reaper": ["test_suspects_are_found_once_by_all"],
    "see_worker": ["test_the_living_workers_are_known"],
    "set_aside": ["test_a_broken_record_is_set_aside_by_many"],
    "stamp": ["test_an_empty_store_gets_one_owner"],
    "suspect": ["test_suspects_are_found_once_by_all"],
    "unlock": ["test_a_lock_has_one_holder_at_a_time"],
    "use_permit": ["test_a_permit_is_used_by_one"],
    "wait_in_line": ["test_nothing_begins_while_it_is_halted"],
    "wake": ["test_a_woken_job_is_claimed_once", "test_a_wake_takes_no_lease"],
}
_COMMAND = re.compile(r"(?<![\w.])(?:redis\.)?p?call\('(\w+)'")
_ANY_CALL = re.compile(r"(?<![\w.])(?:redis\.)?p?call\s*\(")
_TEST = re.compile(r"^async def (test_\w+)", re.MULTILINE)


def commands(text: str) -> set[str]:
    """Give the commands that a piece of Lua calls; all must be literal, or nobody could tell."""
    text = re.sub(r"--.*", "", text)
    assert len(_COMMAND.findall(text)) == len(_ANY_CALL.findall(text)), text
    return set(_COMMAND.findall(text))


async def writing(bed: RedisBed) -> set[str]:
    """Give the scripts that call a command which writes, themselves or through the prelude."""
    texts = {name: (LUA / f"{name}.lua").read_text() for name in script.names()}
    # In order: a function of the prelude calls only those above it.
    helpers = (LUA / "prelude.lua").read_text().split("local function ")[1:]
    writers: set[str] = set()

    async def writes(text: str) -> bool:
        known = await bed.raw.execute_command("COMMAND", "INFO", *commands(text), "PING")
        flags = known.values() if isinstance(known, dict) else known
        called = set(re.findall(r"(\w+)\(", text))
        return any("write" in one["flags"] for one in flags) or bool(called & writers)

    for helper in helpers:
        name, body = helper.split("(", 1)
        if await writes(body):
            writers.add(name)
    assert writers == {"schedule", "join", "wake_line"}
    return {name for name, text in texts.items() if await writes(text)}


async def test_every_script_that_writes_is_raced(redis_bed: RedisBed) -> None:
    """Each script that changes the store is named in the table, with race tests that there are."""
    found = await writing(redis_bed)
    # It sees what it should see.
    assert {"save", "refill", "stamp", "changes"} <= found
    assert not {"read", "list", "slots", "workers", "overdue", "past_retention", "halted"} & found
    assert found <= RACED.keys(), f"not raced: {sorted(found - RACED.keys())}"
    assert RACED.keys() <= set(script.names())
    tests = {
        test
        for path in Path(__file__).parent.glob("test_race*.py")
        for test in _TEST.findall(path.read_text())
    }
    assert {test for several in RACED.values() for test in several} <= tests
