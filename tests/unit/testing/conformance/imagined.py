"""The kit's programs in the imagined world, and its clock."""

import asyncio
from dataclasses import dataclass

from jobsched.contracts.order import ContainerOrder
from jobsched.services import StoreClock
from jobsched.testing.conformance.program import Command, Programs
from jobsched.testing.fakes import FakeProgram, FakeWorld

FOR_EVER = 3600.0
#: what counts, counted once: it is written and compared in thousands of tests
COUNTED = Programs().counted()


class HastyClock(StoreClock):
    """Real time, in which nobody sleeps for long."""

    async def sleep(self, seconds: float) -> None:
        """Return soon."""
        await asyncio.sleep(seconds / 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImaginedPrograms(Programs):
    """Each command is a word and its arguments."""

    def ends_with(self, code: int) -> Command:
        """End at once."""
        return ("end", str(code))

    def says(self, out: str, error: str = "") -> Command:
        """Say two texts."""
        return ("say", out + error)

    def says_variable(self, name: str) -> Command:
        """Say the value of a variable."""
        return ("say-variable", name)

    def counts(self) -> Command:
        """Count."""
        return ("count",)

    def counted(self) -> bytes:
        """Give what was counted."""
        return COUNTED

    def ends_when_asked(self, code: int) -> Command:
        """Run until asked."""
        return ("listen", str(code))

    def never_ends(self) -> Command:
        """Run for ever."""
        return ("last",)

    def says_warning(self) -> Command:
        """Wait for a warning."""
        return ("hear",)

    def takes_memory(self) -> Command:
        """Want too much."""
        return ("hoard",)

    def does_not_exist(self) -> Command:
        """Be nothing."""
        return ("nothing",)


def imagine(order: ContainerOrder) -> FakeProgram:
    """Do what the command says."""
    match order.command:
        case ("end", code):
            return FakeProgram(code=int(code))
        case ("say", text):
            return FakeProgram(output=text.encode())
        case ("say-variable", name):
            values = dict(entry.split("=", 1) for entry in order.environment)
            return FakeProgram(output=values[name].encode())
        case ("count",):
            return FakeProgram(output=COUNTED)
        case ("listen", code):
            return FakeProgram(runs=FOR_EVER, output=b"ready\n", asked=int(code))
        case ("hear",):
            return FakeProgram(runs=FOR_EVER, output=b"ready\n", awaits_warning=True)
        case ("hoard",):
            return FakeProgram(code=137, oom=True)
        case ("last",):
            return FakeProgram(runs=FOR_EVER, output=b"ready\n", asked=None)
        case ():
            return FakeProgram()
        case _:
            return FakeProgram(exists=False)


def empty_world() -> FakeWorld:
    """A world in which machines are ready at once, and the kit's programs run."""
    return FakeWorld(clock=HastyClock(), boot=0, imagine=imagine)
