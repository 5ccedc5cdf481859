"""The end of a container's processes: politely with a grace, or at once."""

from __future__ import annotations

from datetime import timedelta
from signal import SIGKILL, SIGTERM

from jobsched.contracts.services import Clock, Pool
from jobsched.errors import RunnerFailed
from jobsched.plugins.process_runner import processes
from jobsched.plugins.process_runner.folder import Folder
from jobsched.plugins.process_runner.processes import Session

#: How long a shim may take to write down the end of what was killed, before it is killed itself …
SHIM_SECONDS = 5.0
#: … and how long killed processes may take to vanish.
KILL_SECONDS = 20.0
#: Pause between two looks at processes that shall end; they are not ours, so nothing tells us.
PAUSE_SECONDS = 0.05


class End:
    """Ends sessions."""

    def __init__(self, clock: Clock, files: Pool) -> None:
        self._clock = clock
        self._files = files

    async def stop(self, folder: Folder, session: Session, grace: timedelta) -> None:
        """Send SIGTERM to all, after ``grace`` SIGKILL to who is left; may be repeated."""
        deadline = self._clock.monotonic() + grace.total_seconds()
        told = False
        while (await self._files.run(folder.status)).phase == "running":
            if self._clock.monotonic() >= deadline:
                await self.kill(session)
                return
            if not told:
                # Once, and not before there is a command: a second one would hit what it runs to
                # clean up.
                numbers = await self._files.run(processes.members, session)
                processes.send(numbers, SIGTERM)
                told = bool(numbers)
            await self._clock.sleep(PAUSE_SECONDS)

    async def kill(self, session: Session) -> None:
        """Send SIGKILL until nobody is left, the shim included.

        Raises:
            RunnerFailed: ``stop_failed``: a process hangs in the kernel.
        """
        begun = self._clock.monotonic()
        while True:
            numbers = await self._files.run(processes.members, session)
            led = await self._files.run(processes.is_led, session)
            if not numbers and not led:
                return
            waited = self._clock.monotonic() - begun
            if waited > KILL_SECONDS:
                raise RunnerFailed("stop_failed", "a killed process does not end", effect="unknown")
            if led and waited > SHIM_SECONDS:
                numbers.append(session.number)
            processes.send(numbers, SIGKILL)
            await self._clock.sleep(PAUSE_SECONDS)


__all__ = ["End"]
