"""What AWS said in passing: errors and losses that the SDK's own tries hide."""

from __future__ import annotations

from typing import Any

from tools.assumptions.outcome import Unseen


class Seen:
    """Listens to a client's answers, try by try.

    Args:
        ec2: boto3's client of EC2.
    """

    def __init__(self, ec2: Any) -> None:
        #: codes and statuses of errors
        self.refused: list[tuple[str, int]] = []
        #: codes in the answers of fleets
        self.of_fleets: list[str] = []
        #: connections without an answer
        self.lost: list[str] = []
        ec2.meta.events.register("response-received.ec2", self._tell)

    def _tell(self, parsed_response: Any = None, exception: Any = None, **_: Any) -> None:
        if exception is not None:
            self.lost.append(type(exception).__name__)
            return
        answer = parsed_response or {}
        if "Code" in answer.get("Error", {}):
            about = answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]
            self.refused.append(about)
        self.of_fleets += [one["ErrorCode"] for one in answer.get("Errors") or ()]

    def status_of(self, *wanted: str, otherwise: str) -> int:
        """Give the status with which a code came; 200: in a fleet's answer.

        Raises:
            Unseen: none of the codes came.
        """
        for word, status in self.refused:
            if word in wanted:
                return status
        if any(one in wanted for one in self.of_fleets):
            return 200
        raise Unseen(otherwise)


__all__ = ["Seen"]
