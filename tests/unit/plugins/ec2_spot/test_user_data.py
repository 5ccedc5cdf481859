"""The script that a machine boots with."""

import base64
import gzip
import hashlib
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from jobsched.domain.job import JobId
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot.user_data import MOST_BYTES, encoded, script_for
from tests.unit.plugins.ec2_spot.orders import ORDER

URL = "https://jobs.example.com/callback"


def test_the_machine_knows_who_it_is_and_when_it_ends() -> None:
    """Variables come first, then its end, and only then what may fail."""
    script = script_for(ORDER, URL)
    assert script.startswith("#!/bin/bash\n")
    assert f"JOBSCHED_CALLBACK_URL={URL}\n" in script
    assert "JOBSCHED_CALLBACK_TOKEN=token-of-this-launch\n" in script
    assert f"JOBSCHED_JOB_ID={ORDER.job}\nJOBSCHED_ATTEMPT=2\nJOBSCHED_LAUNCH=3\n" in script
    assert script.index("jobsched-dies.timer") < script.index("curl")
    assert script.endswith(ORDER.boot_script)


def test_the_end_is_told_in_utc() -> None:
    """B7: the machine's own zone does not matter; the same moment gives the same text."""
    assert ORDER.dies_at is not None
    there = replace(ORDER, dies_at=ORDER.dies_at.astimezone(timezone(timedelta(hours=9))))
    assert "JOBSCHED_DIES_AT=2026-11-25T15:30:10Z\n" in script_for(there, URL)
    assert script_for(there, URL) == script_for(ORDER, URL)


@pytest.mark.skipif(shutil.which("bash") is None, reason="it is a script of bash")
def test_bash_understands_it() -> None:
    """Also with signs in it that bash would take for its own."""
    hostile = replace(ORDER, job=JobId("$(touch x) '\"`"), callback_token="a'b$c")
    script = script_for(hostile, "https://x/?a=1&b='2'")
    checked = subprocess.run(["bash", "-n"], input=script.encode(), check=False)
    assert checked.returncode == 0
    head, told = script.partition("# Before")[0], 'printf "%s" "$JOBSCHED_JOB_ID"'
    said = subprocess.run(["bash"], input=f"{head}{told}".encode(), capture_output=True, check=True)
    assert said.stdout.decode() == hostile.job


def test_a_short_script_is_sent_as_it_is() -> None:
    """In base 64, as the API wants it."""
    script = "#" * MOST_BYTES
    assert base64.b64decode(encoded(script)).decode() == script


def test_a_long_script_is_compressed_the_same_each_time() -> None:
    """L6: no time stands in it, so that a repeat is the same request."""
    script = "echo hello\n" * 10_000
    data = base64.b64decode(encoded(script))
    assert gzip.decompress(data).decode() == script
    assert len(data) <= MOST_BYTES
    # bytes 4 to 8 of the format are its time
    assert data[4:8] == bytes(4)
    assert encoded(script) == encoded(script)


def test_a_script_that_is_too_long_is_refused() -> None:
    """EC2 would refuse it each time: the job fails with a sentence."""
    noise = hashlib.shake_256(b"noise").hexdigest(2 * MOST_BYTES)
    with pytest.raises(OperationFailed, match="even when compressed; EC2 takes 16384") as failed:
        encoded(noise)
    assert (failed.value.reason, failed.value.then) == ("configuration", "fail")
