"""One call as it arrives: the service, region and operation that it is for, and its parameters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from moto.core.request import Request

#: how each service writes its errors: as EC2, as the older query services, or as JSON
PROTOCOLS: Final = {
    "ec2": "ec2",
    "iam": "query",
    "sts": "query",
    "ssm": "json",
    "pricing": "json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of AWS."""

    service: str
    region: str
    operation: str
    request: Request

    @property
    def protocol(self) -> str:
        """Say how its service writes errors."""
        return PROTOCOLS.get(self.service, "json")

    @property
    def action(self) -> str:
        """Give the action that a policy names."""
        return f"{self.service}:{self.operation}"

    @property
    def is_dry_run(self) -> bool:
        """Whether nothing shall be done."""
        return self.request.form.get("DryRun", "").lower() == "true"

    def parameters(self) -> dict[str, Any]:
        """Give its parameters: those in JSON as they are, those of a query flat."""
        if self.protocol == "json":
            return dict(json.loads(self.request.get_data() or b"{}"))
        return dict(self.request.form.items())


def read(request: Request) -> Call:
    """Read whom a request is for from its signature, and what it asks from body or header."""
    scope = request.headers.get("Authorization", "").partition("Credential=")[2]
    parts = scope.split(",")[0].split("/")
    region, service = (parts[2], parts[3]) if len(parts) > 3 else ("", "")  # noqa: PLR2004  # key/day/region/service/…
    target = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    return Call(
        service=service,
        region=region,
        operation=request.form.get("Action") or target,
        request=request,
    )


__all__ = ["Call", "read"]
