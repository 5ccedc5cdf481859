"""The machine image (AMI) of a launch, by the SSM parameter that names the newest one."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from jobsched.contracts.services import Clock
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.failure import has_code
from jobsched.plugins.ec2_spot.kept import Kept

#: a burst of launches asks once; a launch keeps what it was told in its frozen request
KEEP: Final = timedelta(minutes=1)
#: what precedes every AMI's id
AMI: Final = "ami-"
_ECS: Final = "/aws/service/ecs/optimized-ami/amazon-linux-2023"
#: (architecture, with GPUs) → where AWS publishes its newest image that has Docker in it
#: ("Retrieving Amazon ECS-optimized Linux AMI metadata"). There is none for arm64 with GPUs.
PUBLISHED: Final = {
    ("x86_64", False): f"{_ECS}/recommended/image_id",
    ("arm64", False): f"{_ECS}/arm64/recommended/image_id",
    ("x86_64", True): f"{_ECS}/gpu/recommended/image_id",
}


class Images:
    """Finds the image of a launch.

    Args:
        aws: the way to SSM.
        configured: an AMI's id, or the name of an SSM parameter that holds one, with ``{arch}``
            where the architecture goes; None: what AWS publishes.
        clock: tells how old an answer is, so that launches of one minute share it; None: every
            look-up asks.
    """

    def __init__(self, aws: Aws, configured: str | None, clock: Clock | None = None) -> None:
        self._aws = aws
        self._configured = configured
        self._clock = clock
        self._kept: dict[str, Kept[str]] = {}

    async def find(self, arch: str, *, gpus: bool) -> str:
        """Give the AMI's id; one call at the most.

        May be repeated; a later answer may be a newer image.

        Args:
            arch: ``x86_64`` or ``arm64``.
            gpus: whether the job uses graphics processors.

        Raises:
            OperationFailed: there is no such image, or it cannot be told now.
        """
        name = parameter_of(self._configured, arch, gpus=gpus)
        if name.startswith(AMI):
            return name
        if self._clock is None:
            return await self._look(name)
        if name not in self._kept:
            self._kept[name] = Kept(partial(self._look, name), self._clock, KEEP)
        return await self._kept[name].get()

    async def _look(self, name: str) -> str:
        try:
            answer = await self._aws.call("get_parameter", "ssm", Name=name)
        except OperationFailed as error:
            if not has_code(error, ("ParameterNotFound", "ParameterVersionNotFound")):
                raise
            raise _wrong(f"there is no SSM parameter {name} in this region") from error
        image = str(answer["Parameter"]["Value"])
        if not image.startswith(AMI):
            raise _wrong(f"the SSM parameter {name} holds {image[:80]!r}, which is no AMI's id")
        return image


def parameter_of(configured: str | None, arch: str, *, gpus: bool) -> str:
    """Give the AMI's id or the name of the SSM parameter to be read. Pure.

    Raises:
        OperationFailed: nothing is configured, and AWS publishes none; the job cannot be served.
    """
    if configured:
        return configured.replace("{arch}", arch)
    published = PUBLISHED.get((arch, gpus))
    if published is None:
        raise OperationFailed(
            "configuration",
            f"no image with GPUs is known for {arch}: set ec2_spot.image",
            then="fail",
        )
    return published


def _wrong(sentence: str) -> OperationFailed:
    return OperationFailed("configuration", f"{sentence}: see ec2_spot.image", then="breaker")


__all__ = ["AMI", "PUBLISHED", "Images", "parameter_of"]
