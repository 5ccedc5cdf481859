"""Whether arq is set up as the worker needs it: `jobsched doctor`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from jobsched.config import Config
from jobsched.contracts.check import Check, Finding
from jobsched.queue import from_bytes, to_bytes
from jobsched.worker.settings import arq_options

#: a task that was killed with its worker is run again only after this
LONGEST: Final = timedelta(seconds=60)
#: of one task, each after a worker was killed in it
MOST_TRIES: Final = 5
#: nobody connects to it
NOWHERE: Final = "redis://127.0.0.1:1/0"


class Arq(Check):
    """It writes and reads JSON, keeps no result, and runs no task long or for ever."""

    name = "arq"

    def __init__(self, config: Config) -> None:
        self._config = config

    async def look(self) -> Finding:
        """See the contract."""
        options = arq_options(self._config, self._config.value("redis_url") or NOWHERE)
        if wrong := wrong_in(options):
            return Finding("fail", f"arq's settings: {'; '.join(wrong)}")
        return Finding("pass", "arq speaks JSON, keeps no result, and ends each task within 60 s")


def wrong_in(options: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with the parameters of arq's worker. Pure."""
    wrong = []
    if (options.get("job_serializer"), options.get("job_deserializer")) != (to_bytes, from_bytes):
        wrong.append("not JSON on both sides (arq's own pickle runs the code of who writes it)")
    if options.get("keep_result") != 0:
        wrong.append("keep_result is not 0: a task of the same id would be dropped for an hour")
    if not 1 <= options.get("max_tries", 0) <= MOST_TRIES:
        wrong.append(f"max_tries is not 1 to {MOST_TRIES}")
    if not _is_short(options.get("job_timeout")):
        wrong.append("job_timeout is more than 60 s: what a killed worker had waits that long")
    tasks = (*options.get("functions", ()), *options.get("cron_jobs", ()))
    ill = [one.name for one in tasks if one.keep_result_s != 0 or not _is_short(one.timeout_s)]
    return [*wrong, *(f"{name} keeps a result, or may take more than 60 s" for name in ill)]


def _is_short(span: timedelta | float | None) -> bool:
    if isinstance(span, timedelta):
        return span <= LONGEST
    return span is not None and span <= LONGEST.total_seconds()


__all__ = ["Arq", "wrong_in"]
