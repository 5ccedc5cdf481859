"""What the kit runs in containers: small programs, as commands of a shell."""

from __future__ import annotations

from dataclasses import dataclass

from jobsched.contracts.runner import INTERRUPTION_FILE

Command = tuple[str, ...]
#: what a program takes that takes memory
TAKEN_MIB = 64


def shell(script: str) -> Command:
    """Give the command of a shell script; plain sh, as in busybox."""
    return ("sh", "-c", script)


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """The commands; an author whose images have no ``sh`` gives others that do the same."""

    #: the last line that a long output ends with
    lines: int = 30_000

    def ends_with(self, code: int) -> Command:
        """End at once, with this code and no output."""
        return shell(f"exit {code}")

    def says(self, out: str, error: str = "") -> Command:
        """Write one text to the first stream and one to the second, and end with 0."""
        return shell(f"printf %s '{out}'; printf %s '{error}' >&2")

    def says_variable(self, name: str) -> Command:
        """Write the value of a variable of the environment, and end with 0."""
        return shell(f'printf %s "${name}"')

    def counts(self) -> Command:
        """Write the numbers from 1 to `lines`, a line each, and end with 0."""
        return ("seq", "1", str(self.lines))

    def counted(self) -> bytes:
        """Give what `counts` writes: more than two chunks."""
        return b"".join(b"%d\n" % number for number in range(1, self.lines + 1))

    def ends_when_asked(self, code: int) -> Command:
        """Say ``ready``, go on until SIGTERM, and end with the code then."""
        loop = "while :; do sleep 1 & wait $!; done"
        return shell(f"trap 'exit {code}' TERM; echo ready; {loop}")

    def never_ends(self) -> Command:
        """Say ``ready``, and go on whatever is asked."""
        return shell("trap '' TERM; echo ready; while :; do sleep 1; done")

    def says_warning(self) -> Command:
        """Say ``ready``, wait until its file tells of an interruption, write that, end with 0."""
        file = f'"${INTERRUPTION_FILE}"'
        waits = f"until grep -q 'interruption.*}}' {file} 2>/dev/null; do sleep 0.05; done"
        return shell(f"echo ready; {waits}; cat {file}")

    def takes_memory(self) -> Command:
        """Fill `TAKEN_MIB` of memory in its first process, and end with 0."""
        return shell(f"exec dd if=/dev/zero of=/dev/null bs={TAKEN_MIB * 1024 * 1024} count=1")

    def does_not_exist(self) -> Command:
        """Name a program that is in no image."""
        return ("/no/such/program",)


__all__ = ["TAKEN_MIB", "Command", "Programs", "shell"]
