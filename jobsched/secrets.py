"""Secrets of a running process: the deployment's own, and those that jobs name."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from jobsched.contracts.order import Credential
from jobsched.domain.job import JobId
from jobsched.errors import OperationFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredSecrets:
    """Secrets from the configuration (:class:`jobsched.engine.parts.Secrets`)."""

    #: the deployment's secret: who has it can make every token
    deployment_secret: str = field(repr=False)
    #: by name in small letters: the environment writes names in capitals, so case tells nothing
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    registries: Mapping[str, Credential] = field(default_factory=dict, repr=False)

    def value(self, name: str) -> str:
        """Give a configured secret.

        Raises:
            OperationFailed: there is none; the attempt ends with ``credentials``.
        """
        found = self.values.get(name.lower())
        return found if found is not None else _missing("secret", name, "secrets")

    def credential(self, name: str) -> Credential:
        """Give a configured registry credential; raise the same."""
        found = self.registries.get(name.lower())
        return found or _missing("registry credential", name, "registries")

    def token(self, job: JobId, attempt: int, launch: int) -> str:
        """Give the launch token: 64 hexadecimal digits, the same whoever computes it."""
        return self._hmac("launch", job, attempt, launch)

    def callback_token(self, job: JobId, attempt: int, launch: int) -> str:
        """Give the bearer token of the launch's machine; the launch token does not tell it."""
        return self._hmac("callback", job, attempt, launch)

    @property
    def fingerprint(self) -> str:
        """Give what the store may know of the secret, to tell whose it is."""
        return fingerprint(self.deployment_secret)

    def _hmac(self, label: str, job: JobId, attempt: int, launch: int) -> str:
        message = f"{label}|{job}|{attempt}|{launch}"
        return hmac.new(
            self.deployment_secret.encode(), message.encode(), hashlib.sha256
        ).hexdigest()


def fingerprint(secret: str) -> str:
    """Give 16 hexadecimal digits that tell two secrets apart and nothing else about them."""
    return hashlib.sha256(f"jobsched fingerprint|{secret}".encode()).hexdigest()[:16]


def _missing(kind: str, name: str, section: str) -> NoReturn:
    raise OperationFailed(
        "credentials", f"there is no {kind} {name!r} in [{section}] of the workers", then="fail"
    )


__all__ = ["ConfiguredSecrets", "fingerprint"]
