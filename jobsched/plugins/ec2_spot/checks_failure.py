"""What a failed call means for a check: a wrong setting, a missing right, or that it is unknown."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Iterable
from typing import Final, TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)

from jobsched.contracts.check import Check, Finding
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot.wording import first_of

T = TypeVar("T")

POLICY: Final = "allow it (`python -m jobsched.plugins.ec2_spot.policy` prints the policy)"
#: names that fit into a sentence
MOST_NAMES: Final = 12
#: AWS does not take the credentials ("Common errors"; "Error codes for the Amazon EC2 API")
BAD_CREDENTIALS: Final = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
NO_RIGHT: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
#: calls of checks alone: machines are launched without a right to them
ASIDE: Final = frozenset(
    {"DescribeImages", "DescribeInstanceTypeOfferings", "DescribeKeyPairs", "GetInstanceProfile"}
)
#: what a policy calls a service's actions; all others are ec2's
PREFIXES: Final = {"GetInstanceProfile": "iam", "GetParameter": "ssm"}


class Ec2Check(Check):
    """A check that calls AWS."""

    async def look(self) -> Finding:
        """See the contract."""
        try:
            return await self.judge()
        except OperationFailed as error:
            return of_failure(error)

    @abstractmethod
    async def judge(self) -> Finding:
        """Say how it stands.

        Raises:
            OperationFailed: a call failed; :func:`of_failure` says what that means.
        """


class Needed(OperationFailed):
    """It stands on something that another check looks at, and that is wrong."""

    def __init__(self, check: str) -> None:
        super().__init__("needed", f"not looked at: the check {check} has to pass first")


async def need(check: str, work: Awaitable[T]) -> T:
    """Give what another check looks at.

    Raises:
        Needed: it cannot be had; that check says why.
    """
    try:
        return await work
    except OperationFailed as error:
        raise Needed(check) from error


def listed(names: Iterable[str]) -> str:
    """Write names in a sentence; of many, the first ones and how many more there are. Pure."""
    return first_of(list(dict.fromkeys(names)), MOST_NAMES)


def setting(key: str) -> str:
    """Name a setting as an operator writes it."""
    return f"ec2_spot.{key} (JOBSCHED_EC2_SPOT_{key.upper()})"


def cause_of(error: OperationFailed) -> BaseException | None:
    """Give the error of the SDK that this was made of; None: our own sentence. Pure."""
    cause = error.__cause__
    # a failure that is told to several who asked is raised anew for each
    while isinstance(cause, OperationFailed) and cause.message == error.message:
        cause = cause.__cause__
    return cause if isinstance(cause, ClientError | BotoCoreError) else None


def code_of(error: OperationFailed) -> str:
    """Give AWS' own code; empty: it gave none. Pure."""
    cause = cause_of(error)
    if not isinstance(cause, ClientError):
        return ""
    return str(cause.response.get("Error", {}).get("Code", ""))


def words_of(error: OperationFailed) -> str:
    """Give AWS' own words in one line, else ours. Pure."""
    cause = cause_of(error)
    words = error.message
    if isinstance(cause, ClientError):
        words = str(cause.response.get("Error", {}).get("Message", "")) or words
    return " ".join(words.split())[:300].rstrip(".")


def has_no_keys(error: OperationFailed) -> bool:
    """Whether there are no credentials, or half of them. Pure."""
    return isinstance(cause_of(error), NoCredentialsError | PartialCredentialsError)


def of_failure(error: OperationFailed) -> Finding:
    """Say what a failure means that a check does not look into itself. Pure."""
    cause, code = cause_of(error), code_of(error)
    if isinstance(error, Needed):
        return Finding("unknown", error.message)
    if has_no_keys(error) or code in BAD_CREDENTIALS:
        words = "not looked at, as AWS does not know us"
        return Finding("unknown", f"{words}: see the checks ec2.credentials and ec2.region")
    if isinstance(cause, NoRegionError):
        return Finding("unknown", "not looked at, as no region is set: see the check ec2.region")
    if isinstance(cause, BotoCoreError):
        words = f"AWS could not be asked ({words_of(error)})"
        return Finding("unknown", f"{words}: see the check ec2.region")
    if isinstance(cause, ClientError) and code in NO_RIGHT:
        return _no_right(cause.operation_name)
    if error.reason == "configuration":
        return Finding("fail", f"{code}: {words_of(error)}" if code else words_of(error))
    return Finding(
        "unknown", f"AWS cannot tell now, ask again ({code or 'no code'}): {words_of(error)}"
    )


def _no_right(operation: str) -> Finding:
    action = f"{PREFIXES.get(operation, 'ec2')}:{operation}"
    if operation in ASIDE:
        return Finding("unknown", f"not looked at, as {action} is not permitted: {POLICY}")
    return Finding("fail", f"{action} is not permitted: {POLICY}")


__all__ = [
    "BAD_CREDENTIALS",
    "NO_RIGHT",
    "POLICY",
    "Ec2Check",
    "Needed",
    "cause_of",
    "code_of",
    "has_no_keys",
    "listed",
    "need",
    "of_failure",
    "setting",
    "words_of",
]
